"""How much room sequences and integer columns have left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import table
from opsadmin.core.blocks import Block, Note
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.health.with_facts import with_facts
from opsadmin.postgres.names import quoted
from opsadmin.postgres.session import Session

#: As many as the question gives.
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Range(Result):
    """A sequence, or an integer column that none feeds (`kind`). `schema`, `name`: of the sequence, or of the column's
    table; `object`: quoted as in SQL. `at`: the last value given, None where there was none; of a column the largest that
    ANALYZE met. `end`: where it ends, by the sequence or the narrowest column that it `feeds`. `cycles`: it begins anew
    there."""

    kind: str
    schema: str
    name: str
    object: str
    feeds: str | None
    type: str | None
    at: int | None
    end: int
    used_percent: float | None
    remaining: int
    cycles: bool


class Ranges(list[Range]):
    """The fullest first, at most 200. `sequences`: how many there are; `counted`: how many were looked at; `hidden`: how
    many our `role` may not read."""

    def __init__(self, ranges: Iterable[Range], *, sequences: int, counted: int, hidden: int, role: str) -> None:
        super().__init__(ranges)
        self.sequences = sequences
        self.counted = counted
        self.hidden = hidden
        self.role = role

    @property
    def missing(self) -> str:
        """Which sequences are not in it, as a sentence; empty where all are."""
        if self.hidden:
            return ngettext(
                "%(n)d sequence may not be read by %(role)s.",
                "%(n)d sequences may not be read by %(role)s.",
                self.hidden,
            ) % {"n": self.hidden, "role": self.role}
        if self.counted < self.sequences:
            left = self.sequences - self.counted
            return ngettext(
                "%(n)d sequence was left out: it is locked, or more than one look opens.",
                "%(n)d sequences were left out: they are locked, or more than one look opens.",
                left,
            ) % {"n": left}
        return ""

    @property
    def grant(self) -> str:
        """What would let our role read them."""
        return f"GRANT pg_read_all_data TO {quoted(self.role)};" if self.hidden else ""

    def blocks(self) -> list[Block]:
        notes: list[Block] = [Note(Status.UNKNOWN, self.missing, command=self.grant)] if self.missing else []
        fields = ("object", "kind", "type", "feeds", "at", "end", "used_percent", "remaining", "cycles")
        empty = _("There are no sequences and no integer columns with values.")
        more = _("Of a column the largest value counts that ANALYZE met, in the 200 largest tables.")
        return [*notes, table(_("Sequences and integer columns"), self, *fields, empty=empty, more=more)]


def number_ranges(session: Session) -> Ranges:
    """Sequences and integer columns by how much of their range is used. One statement; opens at most 300 sequences, none
    that somebody has locked.

    Raises psycopg's errors."""
    # Indexes are most of the relations there are, and of no interest here.
    narrowed = {"relations": "c.relkind IN ('r', 'p', 'm', 'S')"}
    (row,) = session.rows(with_facts(session, question("ranges"), narrowed))
    return Ranges(
        (
            Range(**{**one, "at": _whole(one["at"]), "end": int(one["end"]), "remaining": int(one["remaining"])})
            for one in row["ranges"]
        ),
        sequences=row["sequences"],
        counted=row["counted"],
        hidden=row["hidden"],
        role=row["role"],
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
