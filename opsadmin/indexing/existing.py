"""An index that is there: found by the name that a person typed, with what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.catalogue.names import close_to, readings
from opsadmin.core.blocks import said, said_bytes, said_number
from opsadmin.core.errors import OperationError
from opsadmin.indexing.questions import rows


@dataclass(frozen=True)
class Existing:
    """As `sql/existing.sql` has it. `identity`, `table_identity`: quoted, with the schema."""

    oid: int
    name: str
    schema_name: str
    identity: str
    table_oid: int
    table_identity: str
    table_kind: str
    owner: str
    is_owner: bool
    role: str
    is_standby: bool
    is_system: bool
    is_valid: bool
    is_exclusion: bool
    constraint_name: str | None
    bytes: int
    scans: int
    counted_since: datetime | None
    is_being_built: bool

    @property
    def is_partitioned(self) -> bool:
        return self.table_kind == "p"

    def about(self) -> str:
        """What it is, as a sentence."""
        if not self.is_valid:
            return _(
                "%(index)s on %(table)s is invalid: left over from an attempt that failed, and read by nobody."
            ) % {
                "index": self.identity,
                "table": self.table_identity,
            }
        since = (
            _(" since %(when)s") % {"when": said("", timezone.localtime(self.counted_since))}
            if self.counted_since
            else ""
        )
        return _("%(index)s on %(table)s has %(size)s and was read %(scans)s times%(since)s.") % {
            "index": self.identity,
            "table": self.table_identity,
            "size": said_bytes(self.bytes),
            "scans": said_number("scans", self.scans),
            "since": since,
        }

    def refusal(self) -> str:
        """Why our role cannot touch it; empty where it can."""
        if self.is_standby:
            return _("This server is a standby: do it on its primary.")
        if self.is_system:
            return _("%(index)s is PostgreSQL's own.") % {"index": self.identity}
        if not self.is_owner:
            return _("%(role)s does not own %(index)s: its owner %(owner)s may do that, or a member of that role.") % {
                "role": self.role,
                "index": self.identity,
                "owner": self.owner,
            }
        if self.is_being_built:
            return _("PostgreSQL is building %(index)s at the moment.") % {"index": self.identity}
        return ""


def existing(connection: psycopg.Connection[Any], typed: str) -> Existing:
    """The index of that name, with its schema or without.

    Raises `OperationError` with the names like it; psycopg's errors."""
    path = _path(connection)
    for schemas, names in _places(typed):
        if names and (found := rows(connection, "existing", {"schemas": schemas or path, "names": names})):
            return Existing(**found[0])
    known = [str(row["identity"]) for row in rows(connection, "known", {})]
    close = close_to(typed, known)
    said_ = _(" Names like it are %(names)s.") % {"names": ", ".join(close)} if close else ""
    raise OperationError(
        _("There is no index %(name)r.%(close)s") % {"name": typed, "close": said_}, parameter="index", allowed=close
    )


def _path(connection: psycopg.Connection[Any]) -> list[str]:
    """The schemas that the role looks in by itself."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO DEFAULT /* opsadmin */")
        row = connection.execute("SELECT pg_catalog.current_schemas(false)::text[] /* opsadmin */").fetchone()
    return list(row[0]) if row is not None else []


def _places(typed: str) -> list[tuple[list[str], list[str]]]:
    """What the name may stand for: as it is, or cut at each of its dots into schema and name."""
    cuts = [at for at, letter in enumerate(typed) if letter == "." and 0 < at < len(typed) - 1]
    return [([], readings(typed)), *((readings(typed[:at]), readings(typed[at + 1 :])) for at in cuts)]
