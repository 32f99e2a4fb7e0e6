"""Whether the workload can do without an index that is there: planned with it hidden, the chosen indexes being there
(HypoPG 1.4 and newer). What another index seems to cover is not always as cheap; and an index that covers nothing by its
definition may still have lost its last reader to a new one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.advisor.drops import Drop, Why, may_be_superseded, superseded
from opsadmin.advisor.facts import ExistingIndex, Table
from opsadmin.advisor.planner import NotAnalyzed
from opsadmin.advisor.workbench import Workbench

#: An index stays where without it the whole workload costs more by this part, or one statement of it. Our choice: the
#: planner's costs are no closer to the truth.
MOST_OF_ALL, MOST_OF_ONE = 0.01, 0.25
#: Plans asked for to this end.
MOST_EXPLAINS = 300
#: Scans that are more than the calls by this part have other readers.
OTHER_READERS = 1.1

#: Calls of a statement a second, by its place; 0 where nobody counted.
CallRate = Callable[[int], float]


@dataclass(frozen=True)
class Tried:
    """`drops`: what can go; `notes`: what seemed so and stays, with the reason."""

    drops: tuple[Drop, ...]
    notes: tuple[str, ...]


def tried_without(bench: Workbench, mask: int, drops: Sequence[Drop], calls: CallRate) -> Tried:
    """Of the `drops` those that the workload does not miss under the set `mask`, and indexes besides that it no longer needs.
    The same drops where the server cannot hide indexes. `calls`: says of a statement's place its calls a second."""
    if not bench.planner.hides:
        return Tried(tuple(drops), ())
    trial = _Trial(bench, mask)
    kept: list[Drop] = []
    notes: list[str] = []
    for one in drops:
        if one.why == Why.DUPLICATE:
            # Its twin is the same to the planner, and nothing else may lean on it.
            trial.hide(one.oid)
            kept.append(one)
    # The largest first: of two that stand in for each other that one goes.
    for one in sorted(drops, key=lambda one: (-one.bytes, one.index)):
        if one.why == Why.DUPLICATE:
            continue
        loss = trial.loss(one.oid)
        if loss is None:
            kept.append(one)
        elif loss.is_little:
            trial.hide(one.oid)
            kept.append(replace(one, reason=f"{one.reason} {_said(loss)}", cost_without=loss.of_all))
        else:
            notes.append(_missed(one.index, loss))
    gone = {one.oid for one in kept}
    for index, table in _candidates(bench, gone, calls):
        loss = trial.loss(index.oid)
        if loss is not None and loss.is_little:
            trial.hide(index.oid)
            one = superseded(index, table)
            kept.append(replace(one, reason=f"{one.reason} {_said(loss)}", cost_without=loss.of_all))
    return Tried(tuple(sorted(kept, key=lambda one: (one.table, one.index))), tuple(notes))


@dataclass(frozen=True)
class _Loss:
    """What the workload costs more without an index, as a part of what it costs: all of it, and the statement that misses it
    most. `statements`: that could have used it."""

    of_all: float
    of_one: float
    statements: int

    @property
    def is_little(self) -> bool:
        return self.of_all <= MOST_OF_ALL and self.of_one <= MOST_OF_ONE


class _Trial:
    """The workload under a set, and what was hidden so far."""

    def __init__(self, bench: Workbench, mask: int) -> None:
        self._bench = bench
        self._mask = mask
        self._hidden: frozenset[int] = frozenset()
        #: Of each statement what it costs now, and the existing indexes in its plan.
        self._now: dict[int, tuple[float, frozenset[str]]] = {}
        self._next: dict[int, tuple[float, frozenset[str]]] = {}
        self._asked = 0
        self._where: Mapping[int, tuple[ExistingIndex, Table]] = {
            index.oid: (index, table) for table in bench.tables.values() for index in table.indexes
        }

    def loss(self, oid: int) -> _Loss | None:
        """What hiding one more would cost; None where it could not be tried."""
        if oid not in self._where:
            return None
        index, table = self._where[oid]
        concerned = [place for place, one in enumerate(self._bench.statements) if table.oid in one.relations]
        self._next = {}
        try:
            for place in concerned:
                if place not in self._now:
                    self._now[place] = self._asked_for(place, self._hidden)
                # What a plan does not use, it does not miss.
                if index.name in self._now[place][1]:
                    self._next[place] = self._asked_for(place, self._hidden | {oid})
        except (NotAnalyzed, _Enough):
            return None
        statements = self._bench.statements
        total = sum(one.weight * self._now.get(place, (one.base,))[0] for place, one in enumerate(statements))
        more = {place: cost - self._now[place][0] for place, (cost, _used) in self._next.items()}
        return _Loss(
            max(0.0, sum(statements[place].weight * rise for place, rise in more.items()) / total) if total else 0.0,
            max((rise / self._now[place][0] for place, rise in more.items() if self._now[place][0]), default=0.0),
            len(concerned),
        )

    def hide(self, oid: int) -> None:
        """From now on; after `loss` of it, or before any."""
        self._hidden |= {oid}
        self._now.update(self._next)
        self._next = {}

    def _asked_for(self, place: int, hidden: Collection[int]) -> tuple[float, frozenset[str]]:
        if self._asked >= MOST_EXPLAINS or self._bench.planner.seconds_left < 2:
            raise _Enough
        self._asked += 1
        return self._bench.without(place, self._mask, hidden)


class _Enough(Exception):
    """There is no more time for it."""


def _candidates(bench: Workbench, gone: Collection[int], calls: CallRate) -> Iterator[tuple[ExistingIndex, Table]]:
    """Indexes that plans of the workload use as things are, and nobody else: how often they were read is what those statements
    were called. The largest first."""
    found: list[tuple[ExistingIndex, Table]] = []
    for table in bench.tables.values():
        for index in table.indexes:
            readers = [place for place, one in enumerate(bench.statements) if index.name in one.existing]
            if readers and index.oid not in gone and may_be_superseded(index, table, gone):
                rate = index.scans / table.since_seconds if table.since_seconds else float("inf")
                if rate <= OTHER_READERS * _sum(calls(place) for place in readers):
                    found.append((index, table))
    return iter(sorted(found, key=lambda one: (-one[0].bytes, one[0].schema, one[0].name)))


def _sum(numbers: Iterable[float]) -> float:
    """0 where one of them is not known."""
    found = list(numbers)
    return sum(found) if all(found) else 0.0


def _said(loss: _Loss) -> str:
    text = ngettext(
        "Tried with it hidden: the %(n)d statement on its table costs",
        "Tried with it hidden: the %(n)d statements on its table cost",
        loss.statements,
    ) % {"n": loss.statements}
    more = _("no more") if loss.of_all < 0.0005 else _("%(percent).1f %% more") % {"percent": 100 * loss.of_all}
    return f"{text} {more}."


def _missed(name: str, loss: _Loss) -> str:
    return _(
        "%(index)s stays, though others seem to do its work: tried with it hidden, the workload costs %(all).1f %% more,"
        " and one statement %(one).0f %%."
    ) % {"index": name, "all": 100 * loss.of_all, "one": 100 * loss.of_one}
