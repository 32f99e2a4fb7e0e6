"""What the advisor says, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.advisor.drops import Drop
from opsadmin.advisor.left_out import LeftOut
from opsadmin.core.blocks import Block, Code, Figures, Note, Table, said_bytes, said_number, said_seconds
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.postgres.masking import one_line


@dataclass(frozen=True, kw_only=True)
class Helped(Result):
    """A statement that an index serves: its number in the advice's `queries`; costs in the planner's unit; `share`: of the
    workload's cost, 0 to 1. `cost_after`: with all indexes of the advice, not this one alone."""

    query: int
    cost_before: float
    cost_after: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Verified(Result):
    """What was measured of an index that was really built. `how`: "copy" or "trial" (on the table itself); `rows_share`: of
    the rows that were there, 0 to 1. Blocks of 8 kB, in a cache or not, and milliseconds: of one run of the statements that use
    it, on average by how often they count, without it and with it, the other indexes being there. `blocks_before`: None where
    a statement did not come to an end without it."""

    how: str
    rows_share: float
    blocks_before: int | None
    blocks_after: int
    ms_before: float
    ms_after: float


@dataclass(frozen=True, kw_only=True)
class Recommendation(Result):
    """An index to make. `size_bytes`: as it would be on disk. Costs are the workload's, in the planner's unit, weighted:
    before and after this index, those above it in the list being there; what several bring only together is shared out among
    them. `gain`: the share of the workload's cost before all that it takes off, 0 to 1. `write_overhead`: how much more a write of a row does (1: twice as much) beside what the table's heap
    and indexes cost already. `basis`: "planner" (HypoPG), "stand-in" (a stand-in that HypoPG can pretend, with what the
    access method costs more) or "model" (arithmetic). `promise`: what the helped statements cost after, for what they cost
    before, once all of the advice is there. `django`: what to change in the project, empty where the table
    belongs to no model. `verified`: None where it was not asked for, or could not be done."""

    name: str
    ddl: str
    table: str
    columns: tuple[str, ...]
    using: str
    predicate: str
    include: tuple[str, ...]
    size_bytes: int
    cost_before: float
    cost_after: float
    gain: float
    write_overhead: float
    queries: tuple[Helped, ...]
    reason: str
    basis: str
    django: str = ""
    promise: float = 0.0
    verified: Verified | None = None


@dataclass(frozen=True, kw_only=True)
class AdvisedQuery(Result):
    """A statement of the workload. `weight`: how often its cost counts; `share`: its part of the workload's cost before.
    `total_ms`, `calls`, `queryid`: as measured, where it was."""

    sql: str
    weight: float
    share: float
    cost_before: float
    cost_after: float
    queryid: str = ""
    calls: int = 0
    total_ms: float = 0.0


@dataclass(frozen=True, kw_only=True)
class NotAnalyzed(Result):
    """A statement that could not be analysed, and why."""

    query: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FrontierPoint(Result):
    """What a size buys: the workload's cost with the best set of indexes that size found."""

    size_bytes: int
    cost: float
    indexes: int
    is_chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Refuted(Result):
    """An index that the estimates were for, and the measurement was against. `reason`: what was measured, as a sentence."""

    recommendation: Recommendation
    reason: str
    verified: Verified | None = None


@dataclass(frozen=True, kw_only=True)
class Measured(Result):
    """A statement of the advice, run before and after: with the indexes that were confirmed. `query`: its number in the
    advice's `queries`. Blocks are None where it did not come to an end in the time that it had. `is_worse`: clearly.
    `why_not`: why it was not run, empty where it was."""

    query: int
    blocks_before: int | None = None
    blocks_after: int | None = None
    ms_before: float = 0.0
    ms_after: float = 0.0
    is_worse: bool = False
    why_not: str = ""


@dataclass(frozen=True, kw_only=True)
class Verification(Result):
    """How an advice was verified. `how`: "copy" or "trial"; `copied_bytes`: of the copies; `samples`: tables of which only a
    part was copied, with its share. `doubts`: of recommendations that could neither be confirmed nor refuted, by their name,
    why. `complete`: False where its time was over before its end."""

    how: str
    seconds: float
    statements: tuple[Measured, ...]
    copied_bytes: int = 0
    samples: dict[str, float] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class AdvisedMigration(Result):
    """One migration for all recommended indexes of an app's models. `path`: relative to the project."""

    app: str
    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Advice(Result):
    """`lower_bound`: no set of these candidates within the budget costs less, as far as their plans are known.
    `complete`: False where a limit of time ended the search. `refuted`, `verification`: where it was verified.
    `migrations`: of each app that several recommendations are for, one in place of theirs. `left_out`: candidates that would
    help alone, and why they were not chosen."""

    recommendations: tuple[Recommendation, ...]
    drops: tuple[Drop, ...]
    cost_before: float
    cost_after: float
    size_bytes: int
    explain_calls: int
    elapsed_ms: float
    not_analyzed: tuple[NotAnalyzed, ...]
    queries: tuple[AdvisedQuery, ...] = ()
    frontier: tuple[FrontierPoint, ...] = ()
    budget_bytes: int | None = None
    heap_bytes: int = 0
    candidates: int = 0
    lower_bound: float = 0.0
    complete: bool = True
    database: str = ""
    notes: tuple[str, ...] = field(default=())
    refuted: tuple[Refuted, ...] = ()
    verification: Verification | None = None
    migrations: tuple[AdvisedMigration, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def gain(self) -> float:
        """The share of the workload's cost that all recommendations take off."""
        return 1 - self.cost_after / self.cost_before if self.cost_before else 0.0

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "gain": self.gain}

    def blocks(self) -> list[Block]:
        found: list[Block] = [Note(Status.UNKNOWN, note) for note in self.notes]
        found.append(Figures(_("Advice"), tuple(self._figures())))
        found.append(self._table())
        for number, one in enumerate(self.recommendations, 1):
            found.append(Note(Status.OK, f"{number}. {one.reason}"))
            found.append(Code(_("To make it"), f"{one.ddl};"))
            if one.django:
                found.append(Code(_("In the Django project"), one.django))
        found += [
            Code(_("All of the app %(app)s in one migration") % {"app": one.app}, f"# {one.path}\n{one.text}")
            for one in self.migrations
        ]
        found += [
            Note(
                Status.WARNING,
                _("Not worth making: %(ddl)s. %(reason)s") % {"ddl": one.recommendation.ddl, "reason": one.reason},
            )
            for one in self.refuted
        ]
        if self.verification is not None:
            found += _measured(self.verification, self.queries)
        if self.drops:
            found.append(_drops(self.drops))
        if self.left_out:
            found.append(_left_out(self.left_out))
        if self.not_analyzed:
            found.append(
                Table(
                    _("Not analysed"),
                    (_("Why"), _("Statement")),
                    tuple((one.why, one_line(one.query, 160)) for one in self.not_analyzed),
                )
            )
        return found

    def _figures(self) -> list[tuple[str, str]]:
        pairs = [
            (_("Statements"), said_number("", len(self.queries))),
            (_("Cost before"), said_number("", round(self.cost_before))),
            (_("Cost after"), f"{said_number('', round(self.cost_after))} (−{100 * self.gain:.0f} %)"),
            (_("Size"), said_bytes(self.size_bytes)),
        ]
        if self.budget_bytes is not None:
            pairs.append((_("Budget"), said_bytes(self.budget_bytes)))
        pairs += [
            (_("Plans asked for"), said_number("", self.explain_calls)),
            (_("Time"), said_seconds(self.elapsed_ms / 1000)),
        ]
        return pairs

    def _table(self) -> Table:
        rows = [
            (
                f"{100 * one.gain:.1f} %",
                said_bytes(one.size_bytes),
                f"+{100 * one.write_overhead:.0f} %",
                str(len(one.queries)),
                one.ddl,
            )
            for one in self.recommendations
        ]
        return Table(
            _("Indexes to make"),
            (_("Gain"), _("Size"), _("Per write"), _("Statements"), _("Index")),
            tuple(rows),
            frozenset({0, 1, 2, 3}),
            _("No index would make these statements cheaper."),
        )


def _measured(one: Verification, queries: Sequence[AdvisedQuery]) -> list[Block]:
    rows = [
        (
            "–" if each.blocks_before is None else said_number("", each.blocks_before),
            "–" if each.blocks_after is None else said_number("", each.blocks_after),
            said_seconds(each.ms_before / 1000),
            said_seconds(each.ms_after / 1000),
            one_line(queries[each.query].sql, 100),
        )
        for each in one.statements
        if not each.why_not
    ]
    left = [(each.why_not, one_line(queries[each.query].sql, 100)) for each in one.statements if each.why_not]
    found: list[Block] = [
        Table(
            _("Measured"),
            (_("Pages before"), _("Pages after"), _("Time before"), _("Time after"), _("Statement")),
            tuple(rows),
            frozenset({0, 1, 2, 3}),
            _("No statement could be run."),
        )
    ]
    found += [Note(Status.WARNING, f"{name}: {why}") for name, why in one.doubts.items()]
    if left:
        found.append(Table(_("Not run"), (_("Why"), _("Statement")), tuple(left)))
    return found


def _left_out(some: Sequence[LeftOut]) -> Table:
    return Table(
        _("Looked at and left out"),
        (_("Alone"), _("Beside"), _("Size"), _("Why not"), _("Index")),
        tuple(
            (
                f"{100 * one.gain:.1f} %",
                f"{100 * one.gain_beside:.1f} %",
                said_bytes(one.size_bytes),
                one.reason,
                one.ddl,
            )
            for one in some
        ),
        frozenset({0, 1, 2}),
    )


def _drops(drops: Sequence[Drop]) -> Table:
    freed = sum(one.bytes for one in drops)
    return Table(
        _("Indexes to drop"),
        (_("Frees"), _("Why"), _("Statement")),
        tuple((said_bytes(one.bytes), f"{one.reason} {one.caution}".strip(), one.ddl) for one in drops),
        frozenset({0}),
        more=ngettext("%(n)d index, %(size)s.", "%(n)d indexes, %(size)s.", len(drops))
        % {"n": len(drops), "size": said_bytes(freed)},
    )
