"""One sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from opsadmin.catalogue.dependencies import dependencies_of
from opsadmin.catalogue.find import pick
from opsadmin.catalogue.locks import why
from opsadmin.catalogue.parts import Dependency, Privilege, made, privileges_of
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import dependency_blocks, figures, notes_of, privileges_block
from opsadmin.core.blocks import Block, Code, Figures
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session

#: The largest value of the types that a column with a sequence has.
_LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


@dataclass(frozen=True, kw_only=True)
class SequenceDetails(Result):
    """A sequence. `last_value` is None where it was never drawn from, or where our role may not read it, which the notes
    say. `used_percent` and `values_left` are those of the narrower of the sequence and the column that owns it."""

    schema: str
    name: str
    kind: str
    identity: str
    owner: str
    comment: str | None
    notes: tuple[str, ...]
    persistence: str
    extension: str | None
    data_type: str
    start_value: int
    increment: int
    min_value: int
    max_value: int
    cache_size: int
    cycles: bool
    last_value: int | None
    used_percent: float | None
    values_left: int | None
    owned_by: str | None
    column_type: str | None
    is_identity: bool
    privileges: tuple[Privilege, ...]
    privileges_are_default: bool
    uses: tuple[Dependency, ...]
    used_by: tuple[Dependency, ...]
    definition: str

    def blocks(self) -> list[Block]:
        facts = figures(
            self,
            *("kind", "owner", "comment", "data_type", "last_value", "used_percent", "values_left", "start_value"),
            *("increment", "min_value", "max_value", "cache_size", "cycles", "owned_by", "column_type", "is_identity"),
            *("persistence", "extension"),
        )
        return [
            Figures(self.identity, facts),
            *notes_of(self.notes),
            privileges_block(self.privileges, self.privileges_are_default),
            *dependency_blocks(self.uses, self.used_by),
            Code(_("Definition"), self.definition),
        ]


def sequence_details(session: Session, *, schema: str, name: str) -> SequenceDetails:
    """A sequence.

    Raises `OperationError` that says what there is instead; psycopg's errors."""
    (row,) = pick(
        session,
        schema=schema,
        name=name,
        object_type="sequence",
        ask=lambda names: session.rows(question("sequence"), names),
    )
    uses, used_by, cut = dependencies_of(session, "pg_class", row["oid"])
    state, notes = _state(session, row)
    drawn = state is not None and state["is_called"]
    used, left = _room(row, state["last_value"] if state and drawn else None) if state else (None, None)
    return made(
        SequenceDetails,
        row,
        schema=row["schema_name"],
        kind="sequence",
        notes=(*notes, *cut),
        last_value=state["last_value"] if state and drawn else None,
        used_percent=used,
        values_left=left,
        privileges=privileges_of(row["privileges"]),
        uses=uses,
        used_by=used_by,
        definition=_definition(row),
    )


def _state(session: Session, row: dict[str, Any]) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Where the sequence stands, and what to say where that cannot be seen."""
    if not (row["may_read"] and row["may_use_schema"]):
        usage = (
            "" if row["may_use_schema"] else f"GRANT USAGE ON SCHEMA {row['quoted_schema']} TO {row['quoted_role']}; "
        )
        grant = f"GRANT SELECT ON SEQUENCE {row['identity']} TO {row['quoted_role']};"
        return None, (f"Missing: the last value, because {row['role']} may not read it. {usage}{grant}",)
    place = sql.Identifier(row["schema_name"], row["name"])
    text = sql.SQL("SELECT last_value, is_called FROM {}").format(place).as_string(session.raw)
    try:
        with session.attempt():
            return session.one(text), ()
    except psycopg.Error as error:
        return None, (f"Missing: the last value. {why(session, error)}",)


def _room(row: dict[str, Any], last: int | None) -> tuple[float, int]:
    """How much of the sequence is used, in percent, and how many values are left."""
    step = row["increment"]
    low, high = row["min_value"], row["max_value"]
    if row["column_type"] in _LARGEST:
        high = min(high, _LARGEST[row["column_type"]])
        low = max(low, -_LARGEST[row["column_type"]] - 1)
    first = low if step > 0 else high
    end = high if step > 0 else low
    if last is None:
        return 0.0, max(0, (end - row["start_value"]) // step + 1)
    size = abs(end - first) + 1
    return round(100 * min(1.0, (abs(last - first) + 1) / size), 2), max(0, (end - last) // step)


def _definition(row: dict[str, Any]) -> str:
    unlogged = "UNLOGGED " if row["persistence"] == "unlogged" else ""
    lines = [
        f"CREATE {unlogged}SEQUENCE {row['identity']} AS {row['data_type']}",
        f"    START WITH {row['start_value']} INCREMENT BY {row['increment']}",
        f"    MINVALUE {row['min_value']} MAXVALUE {row['max_value']}",
        f"    CACHE {row['cache_size']}{' CYCLE' if row['cycles'] else ''}",
    ]
    if row["owned_by"] and not row["is_identity"]:
        lines.append(f"    OWNED BY {row['owned_by']}")
    return "\n".join(lines) + ";"
