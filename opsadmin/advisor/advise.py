"""Advice: which indexes would make the statements cheaper, which can go, and what that costs.

advice = advise({"host": "/run/postgresql", "dbname": "shop"}, [Wanted("SELECT * FROM orders WHERE customer_id = 7")])
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.advisor.advice import Advice, AdvisedQuery, FrontierPoint, NotAnalyzed
from opsadmin.advisor.compose import in_order, recommendations_of
from opsadmin.advisor.drops import Drop, Why, drops_of
from opsadmin.advisor.explore import Explorer, Known
from opsadmin.advisor.facts import question as fact
from opsadmin.advisor.hidden import Tried, tried_without
from opsadmin.advisor.left_out import left_out_of
from opsadmin.advisor.planner import Planner
from opsadmin.advisor.search import Choice, bits
from opsadmin.advisor.sized import sizes_of
from opsadmin.advisor.upkeep import upkeep_of
from opsadmin.advisor.workbench import Workbench
from opsadmin.console.session import Limits, console_session
from opsadmin.console.wire import OutOfTime
from opsadmin.core.errors import OperationFailed
from opsadmin.health.notes import note_on
from opsadmin.plans.asked import asked_of
from opsadmin.plans.relations import question
from opsadmin.plans.server import PlanSession

#: Of plans that are asked for; reached long before on a workload of dozens of statements.
MOST_EXPLAINS = 3000
#: From so many statements on two connections plan at the same time: the server plans one, while we think about the other.
TOGETHER = 6
#: An index that takes off less of the workload's cost is not worth a person's time. Our choice.
LEAST_GAIN = 0.0005
#: Parts of the size of all tables, for sizes that plans are looked for at.
TIERS = (0.5, 0.25, 0.12, 0.06, 0.03, 0.015, 0.007)
#: Parts of the size that the best set without a limit has, for the picture of what a size buys.
FRONTIER = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7)

Progress = Callable[[str, float], None]
#: Says of an advice the numbers of the recommendations that do not hold.
Judge = Callable[[Advice], Collection[int]]
NOBODY: Judge = lambda advice: ()  # noqa: E731  # a constant that others name, too


@dataclass(frozen=True)
class Wanted:
    """A statement to serve. `weight`: how often its cost counts; None: such that costs are to each other as `total_ms` are.
    `queryid`, `calls`, `total_ms`: as pg_stat_statements has them."""

    sql: str
    weight: float | None = 1.0
    queryid: str = ""
    calls: int = 0
    total_ms: float = 0.0


@dataclass(frozen=True)
class Limit:
    """`size_bytes` of all recommended indexes together; `indexes`: how many; `seconds`: of the whole; `by_hypopg`: sizes and costs
    as HypoPG reckons them, and only what it can judge, for comparisons with other tools."""

    size_bytes: float | None = None
    indexes: int | None = None
    seconds: float = 30.0
    explains: int = MOST_EXPLAINS
    by_hypopg: bool = False


def advise(
    address: Mapping[str, Any],
    wanted: Sequence[Wanted],
    limit: Limit | None = None,
    *,
    role: str = "",
    database: str = "",
    window_seconds: float = 0.0,
    progress: Progress = lambda says, share: None,
    judge: Judge = NOBODY,
) -> Advice:
    """Advice for the statements. `address`: of the connection, as libpq names it; `role`: one to change to;
    `window_seconds`: how long the figures of `wanted` were counted, 0 where they were not; `database`: the Django alias,
    for what to change in the project; `judge`: asked of the advice before it is given, once nothing is open any more.

    Raises `OperationFailed` where the server does not answer."""
    limit = limit or Limit()
    begin = time.monotonic()
    limits = Limits(
        seconds=limit.seconds + 5, statement_ms=20_000, resolve_ms=5000, line_bytes=2_000_000_000, lock_ms=500
    )
    try:
        with console_session(address, limits, role=role) as session, contextlib.ExitStack() as others:
            hypo, hides, lacks = hypo_of(PlanSession(session, asked_of("SELECT 1")))
            planner = Planner(session, hypo, hides=hides)

            def second() -> Planner | None:
                # Where the server has no place left one does it alone.
                with contextlib.suppress(psycopg.Error):
                    other = others.enter_context(console_session(address, limits, role=role))
                    return Planner(other, hypo, hides=hides)
                return None

            advisor = _Advisor(planner, wanted, limit, begin, database, window_seconds, progress, lacks, second)
            try:
                advisor.look()
            finally:
                for one in advisor.planners:
                    with contextlib.suppress(psycopg.Error, OutOfTime):
                        one.forget()
    except OutOfTime:
        raise OperationFailed(
            f"The advice was not ready after {limit.seconds:g} s.", hint="Ask for fewer statements, or allow more time."
        ) from None
    except psycopg.Error as error:
        if time.monotonic() - begin >= limit.seconds:
            # The line was cut by us.
            raise OperationFailed(
                f"The advice was not ready after {limit.seconds:g} s.",
                hint="Ask for fewer statements, or allow more time.",
            ) from None
        raise OperationFailed(f"PostgreSQL does not answer ({type(error).__name__}).") from None
    advice = advisor.advice()
    asked = time.monotonic()
    refuted = judge(advice)
    advisor.wait(time.monotonic() - asked)
    return advisor.advice(without=refuted) if refuted else advice


def hypo_of(plans: PlanSession) -> tuple[str, bool, str]:
    """HypoPG's schema, empty where it cannot be used; whether it can hide indexes; why it cannot be used."""
    with plans.catalogue():
        (row,) = plans.rows(question("hypopg"), {})
        usable = plans.rows(fact("hypopg_usable"), {})
    if not usable:
        return (
            "",
            False,
            _("HypoPG is not in the database. CREATE EXTENSION hypopg; makes these costs the planner's own."),
        )
    if not usable[0]["is_usable"]:
        return (
            "",
            False,
            _(
                "The role that looks may not use HypoPG. GRANT USAGE ON SCHEMA %(schema)s makes these costs the planner's own."
            )
            % {"schema": row["schema_name"]},
        )
    return row["schema_name"], bool(row["hides"]), ""


class _Advisor:
    def __init__(
        self,
        planner: Planner,
        wanted: Sequence[Wanted],
        limit: Limit,
        begin: float,
        database: str,
        window_seconds: float,
        progress: Progress,
        lacks: str,
        second: Callable[[], Planner | None],
    ) -> None:
        self._second = second
        self._wanted = wanted
        self._limit = limit
        self._begin = begin
        self._database = database
        self._window = window_seconds
        self._progress = progress
        self._lacks = lacks
        self._bench = Workbench(planner, begin + 0.6 * limit.seconds)
        self._found: tuple[Explorer, Sequence[float], Choice]
        #: The set that drops were tried under, and what came of it.
        self._tried: tuple[int, Tried]

    @property
    def planners(self) -> Sequence[Planner]:
        return self._bench.lines.all

    def look(self) -> None:
        """All that is asked of the server."""
        bench = self._bench
        self._progress(_("reading the statements"), 0.05)
        bench.read([(one.sql, 1.0 if one.weight is None else one.weight) for one in self._wanted])
        bench.look()
        if len(bench.statements) >= TOGETHER and (second := self._second()) is not None:
            bench.join(second)
        self._weigh()
        self._progress(_("looking for candidates"), 0.15)
        bench.propose()
        bench.make(range(len(bench.indexes)))
        sized = sizes_of(bench, by_hypopg=self._limit.by_hypopg)
        sizes = [one.bytes for one in sized]
        if self._limit.by_hypopg:
            bench.leave_out_modelled()
        else:
            bench.correct(sized)
        upkeep = upkeep_of(bench, sizes, self._window)
        explorer = self._explorer(sizes)
        self._progress(_("asking for plans"), 0.25)
        self._explore(explorer)
        self._progress(_("searching"), 0.6)
        budget = float("inf") if self._limit.size_bytes is None else self._limit.size_bytes
        choice = explorer.refine(budget, upkeep, self._limit.indexes, ())
        choice = self._without_little(explorer, upkeep, choice)
        self._found = explorer, upkeep, choice
        self._tried = choice.mask, tried_without(bench, choice.mask, self._drops(choice.mask), self._calls)

    def wait(self, seconds: float) -> None:
        """For somebody else: that time does not count."""
        self._begin += seconds

    def advice(self, *, without: Collection[int] = ()) -> Advice:
        """What was found, in words and figures; `without`: the recommendations of those numbers."""
        self._progress(_("saying what was found"), 0.9)
        explorer, upkeep, choice = self._found
        if without:
            model = explorer.model([0.0] * len(upkeep))
            ordered = in_order(model, choice.mask)
            mask = sum(1 << one for number, one in enumerate(ordered) if number not in without)
            choice = explorer.model(upkeep).choice(mask)
        return self._advice(explorer, upkeep, choice)

    def _weigh(self) -> None:
        """Costs in the planner's unit, such that they are to each other as the measured times are."""
        timed = [one for one in self._bench.statements if self._wanted[one.number].weight is None and one.base > 0]
        total_ms = sum(self._wanted[one.number].total_ms for one in timed)
        total_cost = sum(one.base * max(1, self._wanted[one.number].calls) for one in timed)
        for one in timed:
            # In units of cost: the workload costs what its calls cost, shared out by time.
            one.weight = self._wanted[one.number].total_ms / total_ms * total_cost / one.base if total_ms else 1.0

    def _explorer(self, sizes: Sequence[int]) -> Explorer:
        bench = self._bench
        known = [
            Known(one.weight, relevant, one.base, one.own)
            for one, relevant in zip(bench.statements, bench.relevant(), strict=True)
        ]
        return Explorer(
            bench.answers,
            known,
            sizes,
            most=self._limit.explains,
            until=self._begin + 0.85 * self._limit.seconds,
            each=bench.lines.each,
        )

    def _explore(self, explorer: Explorer) -> None:
        """Plans of every statement, the dearest first: each gets an even part of the questions."""
        bench = self._bench
        heap = sum(table.bytes for table in bench.tables.values())
        budget = self._limit.size_bytes or float("inf")
        limits = [budget, *(heap * part for part in TIERS if heap * part < budget)]
        most = max(3, min(14, self._limit.explains // (3 * max(1, len(bench.statements)) * len(limits))))
        order = sorted(
            range(len(bench.statements)),
            key=lambda place: -bench.statements[place].weight * bench.statements[place].base,
        )
        explorer.tiers(order, limits, most)

    def _without_little(self, explorer: Explorer, upkeep: Sequence[float], choice: Choice) -> Choice:
        """Without indexes that bring next to nothing."""
        model = explorer.model(upkeep)
        least = LEAST_GAIN * sum(model.bases)
        mask = choice.mask
        while True:
            here = model.cost(mask)
            gains = {one: model.cost(mask & ~(1 << one)) - here for one in bits(mask)}
            poorest = min(gains, key=lambda one: (gains[one], one), default=None)
            if poorest is None or gains[poorest] >= least:
                return model.choice(mask)
            mask &= ~(1 << poorest)

    def _advice(self, explorer: Explorer, upkeep: Sequence[float], choice: Choice) -> Advice:
        bench = self._bench
        model = explorer.model([0.0] * len(upkeep))
        total = sum(model.bases)
        mask, tried = self._tried
        if mask != choice.mask:
            # What was tried was tried with indexes that are not advised any more.
            tried = Tried(tuple(self._drops(choice.mask)), ())
        drops, kept = _without_noted(tried.drops)
        made, migrations = recommendations_of(bench, model, choice.mask, self._database)
        return Advice(
            recommendations=made,
            drops=drops,
            cost_before=total,
            cost_after=model.cost(choice.mask),
            size_bytes=choice.size,
            explain_calls=bench.explains,
            elapsed_ms=1000 * (time.monotonic() - self._begin),
            not_analyzed=tuple(
                NotAnalyzed(query=self._wanted[number].sql, why=why) for number, why in sorted(bench.failed)
            ),
            queries=tuple(
                AdvisedQuery(
                    sql=self._wanted[one.number].sql,
                    weight=one.weight,
                    share=one.weight * one.base / total if total else 0.0,
                    cost_before=one.base,
                    cost_after=model.cost_of(place, choice.mask) / one.weight if one.weight else one.base,
                    queryid=self._wanted[one.number].queryid,
                    calls=self._wanted[one.number].calls,
                    total_ms=self._wanted[one.number].total_ms,
                )
                for place, one in enumerate(bench.statements)
            ),
            frontier=self._frontier(explorer, upkeep, choice),
            budget_bytes=None if self._limit.size_bytes is None else int(self._limit.size_bytes),
            heap_bytes=sum(table.bytes for table in bench.tables.values()),
            candidates=len(bench.indexes),
            lower_bound=model.bound(self._limit.size_bytes or 1e18),
            complete=not explorer.is_over,
            migrations=migrations,
            database=self._database,
            left_out=left_out_of(
                explorer.known,
                bench.indexes,
                explorer.sizes,
                upkeep,
                choice,
                budget=float("inf") if self._limit.size_bytes is None else self._limit.size_bytes,
                most=self._limit.indexes,
            ),
            notes=(*self._notes(), *tried.notes, *kept),
        )

    def _drops(self, mask: int) -> tuple[Drop, ...]:
        bench = self._bench
        return drops_of(
            bench.tables,
            [bench.indexes[one] for one in bits(mask)],
            used=self._used(),
            window_seconds=self._counted(),
        )

    def _calls(self, place: int) -> float:
        """A second, of the statement at that place; 0 where they were not counted."""
        return self._wanted[self._bench.statements[place].number].calls / self._window if self._window else 0.0

    def _counted(self) -> float:
        """Seconds for which scans of indexes are counted, in all of the tables."""
        counted = [table.since_seconds for table in self._bench.tables.values()]
        return min([*counted, *([self._window] if self._window else [])], default=0.0)

    def _used(self) -> set[int]:
        """The oids of the existing indexes that plans use."""
        names: set[str] = set()
        for one in self._bench.statements:
            names |= one.existing
        return {index.oid for table in self._bench.tables.values() for index in table.indexes if index.name in names}

    def _frontier(self, explorer: Explorer, upkeep: Sequence[float], choice: Choice) -> tuple[FrontierPoint, ...]:
        model, plain = explorer.model(upkeep), explorer.model([0.0] * len(upkeep))
        until = min(time.monotonic() + 2.0, self._begin + self._limit.seconds)
        points = {0: FrontierPoint(size_bytes=0, cost=sum(model.bases), indexes=0)}
        largest = max(choice.size, 1)
        begin = [0]
        for part in FRONTIER:
            if time.monotonic() > until:
                break
            found = model.best(part * largest, most=self._limit.indexes, until=until, begin=begin, thorough=False)
            begin = [found.mask]
            if found.size:
                points[found.size] = FrontierPoint(
                    size_bytes=found.size, cost=plain.cost(found.mask), indexes=found.mask.bit_count()
                )
        points[choice.size] = FrontierPoint(
            size_bytes=choice.size, cost=plain.cost(choice.mask), indexes=choice.mask.bit_count(), is_chosen=True
        )
        ordered, best = [], float("inf")
        for _size, point in sorted(points.items()):
            if point.cost < best or point.is_chosen:
                best = point.cost
                ordered.append(point)
        return tuple(ordered)

    def _notes(self) -> list[str]:
        if not self._lacks:
            return []
        model = _("Costs with indexes are reckoned by a model of the planner's formulas.")
        return [f"{model} {self._lacks}"]


def _without_noted(drops: Sequence[Drop]) -> tuple[tuple[Drop, ...], list[str]]:
    """Without those of which an app knows why they are there; and what it says of them."""
    checks = {Why.DUPLICATE: "index.duplicate", Why.UNUSED: "index.unused"}
    notes = {one.index: note_on(checks.get(one.why, "index.redundant"), one.index) for one in drops}
    kept = tuple(one for one in drops if not notes[one.index])
    return kept, list(dict.fromkeys(f"{name}: {note}" for name, note in notes.items() if note))
