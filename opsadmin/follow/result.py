"""What a review of followed indexes says, as data and as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from opsadmin.core.blocks import Block, Code, Note, Table, said, said_bytes, said_number
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.follow.verdict import State
from opsadmin.postgres.masking import one_line
from opsadmin.workload.queries import said_ms

NOT_KNOWN = "–"


@dataclass(frozen=True, kw_only=True)
class QueryReview(Result):
    """A statement without and with the index; means of a call, None where nothing was counted. `before_since`: since when
    `calls_before` were counted, None where nobody knows."""

    sql: str
    queryids: tuple[str, ...]
    calls_before: int
    calls_after: int
    mean_ms_before: float | None
    mean_ms_after: float | None
    mean_blocks_before: float | None
    mean_blocks_after: float | None
    before_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class IndexReview(Result):
    """The verdict on an index. `index`, `table`: as SQL, with their schema. Gains: the part that is taken off, 0 to 1, less
    than 0 where it became more; None where it is not known. `calls`: of its statements since it is there. `command`: what
    the hint says to do; `undo`: what takes that back. `size_bytes`: as of the last VACUUM or ANALYZE."""

    index: str
    table: str
    state: State
    status: Status
    text: str
    hint: str
    command: str
    undo: str
    ddl: str
    promised_gain: float | None
    time_gain: float | None
    blocks_gain: float | None
    calls: int
    scans: int
    size_bytes: int
    followed_since: datetime
    there_since: datetime | None
    last_used: datetime | None
    queries: tuple[QueryReview, ...]

    def blocks(self) -> Iterator[Block]:
        yield Note(self.status, self.text, self.hint, self.command)
        if self.undo:
            yield Code(_("To make %(index)s again") % {"index": self.index}, self.undo)
        if self.queries:
            yield self._table()

    def _table(self) -> Table:
        rows = [
            (
                said_number("", one.calls_before),
                said_number("", one.calls_after),
                NOT_KNOWN if one.mean_ms_before is None else said_ms(one.mean_ms_before),
                NOT_KNOWN if one.mean_ms_after is None else said_ms(one.mean_ms_after),
                _said_blocks(one.mean_blocks_before),
                _said_blocks(one.mean_blocks_after),
                said("", one.before_since),
                one_line(one.sql, 160),
            )
            for one in self.queries
        ]
        columns = (
            _("Calls before"),
            _("Calls since"),
            _("Mean before"),
            _("Mean since"),
            _("Blocks before"),
            _("Blocks since"),
            _("Before: counted since"),
            _("Statement"),
        )
        return Table(_("Statements of %(index)s") % {"index": self.index}, columns, tuple(rows), frozenset(range(6)))


@dataclass(frozen=True, kw_only=True)
class Review(Result):
    """The verdicts on followed indexes, those to act on first. `notes`: what one must know to judge them."""

    database: str
    taken_at: datetime
    indexes: tuple[IndexReview, ...]
    notes: tuple[Note, ...] = ()

    def blocks(self) -> list[Block]:
        rows = [
            (
                _said_state(one.state),
                _said_change(one.promised_gain),
                _said_change(one.time_gain),
                _said_change(one.blocks_gain),
                said_number("", one.calls),
                said_number("", one.scans),
                said_bytes(one.size_bytes),
                said("", one.there_since),
                one.index,
            )
            for one in self.indexes
        ]
        columns = (
            _("Verdict"),
            _("Promised"),
            _("Time"),
            _("Blocks"),
            _("Calls"),
            _("Scans"),
            _("Size"),
            _("There since"),
            _("Index"),
        )
        empty = _(
            "No index is followed. One that create_index makes on advice is; follow_index begins it for any other."
        )
        table = Table(_("Followed indexes"), columns, tuple(rows), frozenset(range(1, 7)), empty)
        return [*self.notes, table, *(block for one in self.indexes for block in one.blocks())]


def _said_state(state: State) -> str:
    words = {
        State.AWAITED: _("awaited"),
        State.EARLY: _("too early"),
        State.KEPT: _("kept its promise"),
        State.BROKEN: _("did not keep its promise"),
        State.USED: _("used"),
        State.UNUSED: _("unused"),
        State.GONE: _("gone"),
    }
    return words[state]


def _said_change(gain: float | None) -> str:
    if gain is None:
        return NOT_KNOWN
    return f"−{100 * gain:.0f} %" if gain >= 0 else f"+{-100 * gain:.0f} %"


def _said_blocks(blocks: float | None) -> str:
    return NOT_KNOWN if blocks is None else said_number("", round(blocks, 1) if blocks < 100 else round(blocks))
