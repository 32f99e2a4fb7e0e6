"""How much of an index is empty, measured by pgstattuple: it reads the index as a whole, so only what is asked for is
measured, one at a time on the server, and for a bounded time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from opsadmin.core.blocks import Block, Code, Figures, Note, said_bytes, said_number
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.indexing.existing import Existing, existing
from opsadmin.indexing.questions import question
from opsadmin.postgres.capabilities import Capabilities, capabilities_of
from opsadmin.postgres.names import quoted
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import Session, read_only

EXTENSION, ROLE = "pgstattuple", "pg_stat_scan_tables"
#: Random inserts alone leave a B-tree a third empty; from here on the check `index.bloat` tells of one.
MUCH = 50.0


@dataclass(frozen=True, kw_only=True)
class IndexMeasured(Result):
    """`empty_percent`: of what a page holds by its fill factor, and of pages with nothing in them. `freed_bytes`: what a
    rebuild would bring. `fragmented_percent`: leaf pages whose next one lies before them."""

    index: str
    table: str
    size_bytes: int
    empty_percent: float
    freed_bytes: int
    leaf_pages: int
    deleted_pages: int
    fragmented_percent: float | None
    seconds: float

    def blocks(self) -> list[Block]:
        values = {"index": self.index, "percent": said_number("percent", self.empty_percent)}
        if self.empty_percent < MUCH:
            note = Note(Status.OK, _("%(percent)s of %(index)s is empty: that is usual.") % values)
        else:
            note = Note(
                Status.WARNING,
                _("%(percent)s of %(index)s is empty: rebuilding it frees about %(size)s.")
                % {**values, "size": said_bytes(self.freed_bytes)},
            )
        figures = (
            (_("Size"), said_bytes(self.size_bytes)),
            (_("A rebuild frees"), said_bytes(self.freed_bytes)),
            (_("Leaf pages"), said_number("", self.leaf_pages)),
            (_("Pages without anything"), said_number("", self.deleted_pages)),
            (
                _("Out of order"),
                "–" if self.fragmented_percent is None else said_number("percent", self.fragmented_percent),
            ),
        )
        shown: list[Block] = [note, Figures(self.index, figures)]
        if self.empty_percent >= MUCH:
            shown.append(Code(_("What makes it small"), f"REINDEX INDEX CONCURRENTLY {self.index};"))
        return shown


def measure(alias: str, typed: str, *, seconds: float) -> IndexMeasured:
    """Read the index, for that many seconds at most.

    Raises `OperationError` where there is none of that name or none that can be measured, `OperationFailed`."""
    begun = time.monotonic()
    try:
        with read_only(alias, statement_ms=int(seconds * 1000)) as session:
            schema = _schema(capabilities_of(session))
            index = existing(session.raw, typed)
            return _measured(session, index, schema, begun, seconds)
    except DatabaseError as error:
        raise OperationFailed(sentence_of(error)) from error


def _schema(capabilities: Capabilities) -> str:
    """Where the extension is. Raises `OperationFailed` where it cannot be used, with what helps."""
    for need in (f"extension {EXTENSION}", f"role {ROLE}"):
        lack = capabilities.lacks(need)
        if lack is not None:
            raise OperationFailed(
                _("It cannot be measured: %(reason)s") % {"reason": lack.reason},
                hint=_("What lets it: %(fix)s The list shows an estimate meanwhile.") % {"fix": lack.fix},
            )
    return quoted(capabilities.extensions[EXTENSION])


def _measured(session: Session, index: Existing, schema: str, begun: float, seconds: float) -> IndexMeasured:
    values = {"oid": index.oid}
    text = question("measured").replace('"schema of pgstattuple"', schema.replace("%", "%%"))
    try:
        (form,) = session.rows(question("measurable"), values)
        if form["method"] != "btree" or index.is_partitioned:
            reason = _("It is made of its partitions' indexes: measure those.")
            if not index.is_partitioned:
                reason = _("pgstattuple tells of B-trees only how empty they are, and it is %(method)s.") % form
            raise OperationError(f"{index.identity}: {reason}", parameter="index")
        if not form["alone"]:
            raise OperationFailed(
                _("Another index is being measured on this server: one at a time."),
                hint=_("Try again when it is done."),
            )
        (row,) = session.rows(text, {**values, "fill": form["fill"]})
    except psycopg.errors.QueryCanceled:
        raise OperationFailed(
            _("Reading %(index)s took longer than %(seconds)d s, and was given up.")
            % {"index": index.identity, "seconds": seconds},
            hint=_("Try again with more seconds, when the server is less busy."),
        ) from None
    except psycopg.errors.LockNotAvailable:
        raise OperationFailed(
            _("Somebody holds %(index)s so that nobody else can read it.") % {"index": index.identity},
            hint=_("Try again when that is over; list_locks shows who holds what."),
        ) from None
    return IndexMeasured(
        index=index.identity,
        table=index.table_identity,
        seconds=round(time.monotonic() - begun, 3),
        **row,
    )
