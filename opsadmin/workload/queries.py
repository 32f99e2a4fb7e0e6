"""The statements that cost the most, by pg_stat_statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.catalogue.names import close_to
from opsadmin.core.blocks import Block, Code, Note, Table, said, said_bytes, said_number, said_seconds
from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.postgres.masking import masked, one_line
from opsadmin.postgres.names import quoted
from opsadmin.postgres.session import Session
from opsadmin.workload.named import names_table
from opsadmin.workload.recorder import Recorder, information_of, readable_recorder

#: What the statements may be ordered by, the greatest first.
ORDERS = ("total_time", "mean_time", "max_time", "calls", "rows", "io", "wal", "resources")
#: `resources` shows what takes at least that share of one of them.
RESOURCES_SHARE = 0.05
#: A text beyond that is cut; asked for by its queryid, beyond the second.
CHARACTERS, ALL_CHARACTERS = 10_000, 1_000_000
#: What stands in place of a text that the role may not see.
UNSEEN = "<insufficient privilege>"

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Query(Result):
    """A statement, over all roles and callers that sent it (`roles`, `entries` of pg_stat_statements). Times in
    milliseconds; `share`: of the execution time of all recorded statements of the database, 0 to 1. `resources`: its
    share of each resource, those it takes nothing of left out. `io_time` is 0 while track_io_timing is off; `plan_time`
    while pg_stat_statements.track_planning is. `toplevel` is False for what only ran within functions. `since`: when
    counting began.

    `sql` has `'***'` for constants that PostgreSQL did not replace by `$1`, and ends early where `is_cut`. `hidden`: the
    role may not see these statements, so that they are one row, without queryid and with `note` saying what helps."""

    queryid: int | None
    sql: str
    calls: int
    total_time: float
    mean_time: float
    min_time: float
    max_time: float
    stddev_time: float
    plan_time: float
    rows: int
    share: float
    resources: dict[str, float]
    shared_blks_hit: int
    shared_blks_read: int
    shared_blks_dirtied: int
    shared_blks_written: int
    temp_blks_read: int
    temp_blks_written: int
    io_blks: int
    io_time: float
    wal_bytes: int
    block_size: int
    database: str
    roles: tuple[str, ...]
    entries: int
    toplevel: bool
    since: datetime | None
    is_cut: bool
    hidden: bool
    note: str

    @property
    def role(self) -> str:
        """The roles that sent it, for people."""
        return ", ".join(self.roles)

    def as_dict(self) -> dict[str, Any]:
        """`queryid` as text: it has more digits than a number in JavaScript keeps."""
        return {
            **super().as_dict(),
            "queryid": None if self.queryid is None else str(self.queryid),
            "role": self.role,
        }


class TopQueries(list[Query]):
    """The list, which knows how to show itself. `found`: how many there are in all; `notes`: what one must know to judge
    them."""

    def __init__(self, queries: Iterable[Query], *, found: int, sort_by: str, notes: tuple[Note, ...] = ()) -> None:
        super().__init__(queries)
        self.found = found
        self.sort_by = sort_by
        self.notes = notes

    def blocks(self) -> list[Block]:
        if len(self) == 1 and self[0].queryid is not None:
            return [*self.notes, Code(_("Statement"), self[0].sql), _table([self[0]], self.sort_by)]
        return [*self.notes, _table(self, self.sort_by, self.found)]


def top_queries(
    session: Session,
    *,
    limit: int = 10,
    offset: int = 0,
    sort_by: str = "total_time",
    text: str = "",
    role: str = "",
    table: str = "",
    min_calls: int = 1,
    queryid: int | None = None,
    recorder: Recorder | None = None,
) -> TopQueries:
    """The most expensive statements of the database in an order of `ORDERS`. `offset`: how many to pass over; `found` of
    the answer is 0 where that leaves none. `text`: only those that hold it, in upper or
    lower case (in what is shown: constants are not searched). `table`: only those that name it (`names_table`). Two statements, one
    where the `recorder` is known already; one more where there are no rows.

    Raises `OperationFailed` with the steps where pg_stat_statements cannot be read; `OperationError` for an unknown
    queryid or role; psycopg's errors."""
    recorder = readable_recorder(session, recorder)
    # Texts are searched here, in what is shown.
    searched = bool(text or table)
    values = {
        "limit": recorder.places if searched else limit,
        "offset": 0 if searched or queryid is not None else offset,
        "sort_by": sort_by,
        "text": text or None,
        "role": role or None,
        "min_calls": min_calls,
        "queryid": queryid,
        "characters": ALL_CHARACTERS if queryid is not None else CHARACTERS,
        "resources_share": RESOURCES_SHARE,
    }
    rows = session.rows(_question("statements", recorder), values)
    # Of a list without rows nobody knows it yet.
    counting = rows[0] if rows else session.one(_question("reset", recorder))
    assert counting is not None  # noqa: S101  # one row
    since = counting["stats_reset"]
    queries = [_query(row, recorder, since) for row in rows]
    if text:
        queries = [one for one in queries if one.hidden or text.lower() in one.sql.lower()]
    if table:
        queries = [one for one in queries if one.hidden or names_table(one.sql, table)]
    found = len(queries) if searched else (rows[0]["found"] if rows else 0)
    if queryid is not None and not queries:
        raise OperationError(
            _("pg_stat_statements has no statement %(queryid)d in the database %(database)s any more, or the role "
              "%(role)s may not see it.") % {"queryid": queryid, "database": recorder.database, "role": recorder.role},
            parameter="queryid",
            hint=_("get_top_queries lists those that there are."),
        )  # fmt: skip
    if role and not queries:
        _require_role(session, role)
    notes = _notes(recorder, queries, since, counting["now"], counting["dealloc"])
    passed = offset if searched else 0
    return TopQueries(queries[passed : passed + limit], found=found, sort_by=sort_by, notes=notes)


def _require_role(session: Session, role: str) -> None:
    names = [name for (name,) in session.tuples("SELECT rolname FROM pg_roles")]
    if role not in names:
        raise OperationError(
            _("There is no role %(role)s.") % {"role": repr(role)}, parameter="role", allowed=close_to(role, names)
        )


def _question(name: str, recorder: Recorder) -> str:
    sql = (_HERE / f"{name}.sql").read_text(encoding="utf-8")
    sql = sql.replace('"information of pg_stat_statements"', information_of(recorder))
    schema = quoted(recorder.schema or "")
    if name == "statements":
        schema = schema.replace("%", "%%")
    return sql.replace('"schema of pg_stat_statements"', schema)


def _query(row: dict[str, Any], recorder: Recorder, since: datetime | None) -> Query:
    hidden = row["queryid"] is None
    shares = {
        "time": row["share"],
        "blocks": row["accessed_share"],
        "blocks_read": row["read_share"],
        "blocks_dirtied": row["dirtied_share"],
        "wal": row["wal_share"],
    }
    own = {name: row[name] for name in Query.__dataclass_fields__ if name in row}
    return Query(
        **{
            **own,
            "sql": UNSEEN if hidden else masked(row["sql"]),
            "share": float(row["share"] or 0),
            "resources": {name: round(float(share), 4) for name, share in shares.items() if share},
            "roles": tuple(row["roles"]),
            "database": recorder.database,
            "since": row["stats_since"] or since,
            "hidden": hidden,
            "note": _unseen(recorder, row) if hidden else "",
        }
    )


def _unseen(recorder: Recorder, row: dict[str, Any]) -> str:
    return ngettext(
        "The role %(own)s may not see the text of %(count)d statement of %(role)s. %(grant)s",
        "The role %(own)s may not see the texts of %(count)d statements of %(role)s. %(grant)s",
        row["entries"],
    ) % {"own": recorder.role, "count": row["entries"], "role": row["roles"][0], "grant": recorder.grant}


def _notes(
    recorder: Recorder, queries: list[Query], since: datetime | None, now: datetime, thrown_out: int
) -> tuple[Note, ...]:
    notes = []
    if recorder.sleeps:
        notes.append(Note(Status.WARNING, recorder.sleeps))
    if since is not None:
        text = _("Counted since %(since)s (%(duration)s).") % {
            "since": said("", timezone.localtime(since)),
            "duration": said_seconds((now - since).total_seconds()),
        }
        if thrown_out:
            text += " " + ngettext(
                "There was no place for all: the least used statements were thrown out %(count)d time.",
                "There was no place for all: the least used statements were thrown out %(count)d times.",
                thrown_out,
            ) % {"count": thrown_out}  # fmt: skip
        notes.append(Note(Status.WARNING if thrown_out else Status.OK, text))
    hidden = [one for one in queries if one.hidden]
    if hidden:
        count = sum(one.entries for one in hidden)
        text = ngettext(
            "The text of %(count)d statement of another role is not shown to %(role)s.",
            "The texts of %(count)d statements of other roles are not shown to %(role)s.",
            count,
        ) % {"count": count, "role": recorder.role}
        notes.append(Note(Status.UNKNOWN, text, command=recorder.grant))
    return tuple(notes)


def _table(queries: list[Query], sort_by: str, found: int | None = None) -> Table:
    extra = {"io": _io_columns, "wal": _wal_columns, "resources": _resource_columns}.get(sort_by)
    columns = [_("Share"), _("Total"), _("Calls"), _("Mean"), _("Max"), _("Rows")]
    rows = [
        [
            f"{100 * one.share:.1f} %",
            said_ms(one.total_time),
            said_number("", one.calls),
            said_ms(one.mean_time),
            said_ms(one.max_time),
            said_number("", one.rows),
        ]
        for one in queries
    ]
    if extra is not None:
        names, cells = extra(queries)
        columns += names
        rows = [[*row, *more] for row, more in zip(rows, cells, strict=True)]
    numeric = frozenset(range(len(columns)))
    columns += [_("Role"), _("Query id"), _("Statement")]
    rows = [
        [*row, one.role, "–" if one.queryid is None else str(one.queryid), one_line(one.note or one.sql, 200)]
        for row, one in zip(rows, queries, strict=True)
    ]
    empty = _("No statement is recorded that fits.")
    if sort_by == "resources":
        empty = _("No statement that fits takes 5 % or more of anything.")
    more = ""
    if found is not None and found > len(queries):
        more = _("%(shown)d of %(found)d; limit shows more.") % {"shown": len(queries), "found": found}
    return Table(
        _("Queries"),
        tuple(columns),
        tuple(tuple(row) for row in rows),
        numeric,
        empty,
        more,
    )


def said_ms(milliseconds: float) -> str:
    """Three digits where statements differ by them: most take less than a millisecond."""
    if milliseconds < 1:
        return f"{milliseconds:.3f} ms" if milliseconds else "0 ms"
    return f"{milliseconds:.3g} ms" if milliseconds < 100 else said_seconds(milliseconds / 1000)


def _io_columns(queries: list[Query]) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            said_bytes(one.shared_blks_read * one.block_size),
            said_bytes(one.temp_blks_written * one.block_size),
            said_ms(one.io_time),
        ]
        for one in queries
    ]
    return [_("Read"), _("To temporary files"), _("I/O time")], cells


def _wal_columns(queries: list[Query]) -> tuple[list[str], list[list[str]]]:
    return [_("WAL")], [[said_bytes(one.wal_bytes)] for one in queries]


def _resource_columns(queries: list[Query]) -> tuple[list[str], list[list[str]]]:
    names = {
        "blocks": _("Of blocks"),
        "blocks_read": _("Of reads"),
        "blocks_dirtied": _("Of changes"),
        "wal": _("Of WAL"),
    }
    return list(names.values()), [[f"{100 * one.resources.get(name, 0):.1f} %" for name in names] for one in queries]
