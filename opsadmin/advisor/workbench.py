"""The planner and the candidates brought together: statements, the indexes that could serve each, what each set costs."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opsadmin.advisor.candidates import MOSTLY_NULL, candidates_of, served_by
from opsadmin.advisor.corrected import Pages, correction
from opsadmin.advisor.existing import trees_of, written_of
from opsadmin.advisor.facts import Table, tables_of
from opsadmin.advisor.formulas import Settings
from opsadmin.advisor.lines import Lines
from opsadmin.advisor.modelled import Pretender
from opsadmin.advisor.operators import dictionary_of
from opsadmin.advisor.planner import TRIED, Costed, NotAnalyzed, Planner, Statement
from opsadmin.advisor.reading import uses_of
from opsadmin.advisor.search import bits
from opsadmin.advisor.spec import IndexSpec
from opsadmin.advisor.usage import Condition, TableUse
from opsadmin.advisor.written import Source

#: Candidates of one statement, and of all.
MOST_OF_ONE, MOST = 80, 1500
#: Statements whose trees are in memory together.
TREES_AT_ONCE = 25
#: Tables whose oid is smaller are the server's own.
FIRST_NORMAL_OID = 16384
#: The part of the time for it that statements may be read in; then they must be planned.
READING = 0.6
NO_TIME = "There was no time left for it."


@dataclass(frozen=True)
class Sized:
    """How large an index would be on disk, and how many rows it would hold."""

    bytes: int
    rows: float


@dataclass
class Workload:
    """One statement that can be planned. `number`: its place among those that were given. `plan`: as it is. `own`: bits of its
    candidates; `stands_for`: what is tried in place of an index that HypoPG cannot pretend, each with its condition;
    `relations`: the tables whose indexes could change its plan."""

    number: int
    statement: Statement
    weight: float
    uses: list[TableUse] = field(default_factory=list)
    relations: frozenset[int] = frozenset()
    own: int = 0
    base: float = 0.0
    plan: Mapping[str, Any] = field(default_factory=dict)
    existing: frozenset[str] = frozenset()
    stands_for: dict[int, tuple[tuple[IndexSpec, Condition], ...]] = field(default_factory=dict)


class Workbench:
    """`indexes`: the candidates, by their number. `failed`: statements that cannot be analysed, with the reason. `until`: the
    time (of monotonic) after which no further statement is looked at."""

    def __init__(self, planner: Planner, until: float = float("inf")) -> None:
        self.lines = Lines(planner)
        self._until = until
        self._begin = time.monotonic()
        self.indexes: list[IndexSpec] = []
        self.statements: list[Workload] = []
        self.tables: Mapping[int, Table] = {}
        self.failed: list[tuple[int, str]] = []
        self._there: frozenset[IndexSpec] = frozenset()
        self._pretender: Pretender | None = None
        self._settings = Settings()
        self._pages: dict[IndexSpec, Pages] = {}
        #: The set that each statement was planned with last, and its plan.
        self._last: dict[int, tuple[frozenset[IndexSpec], Costed]] = {}

    @property
    def planner(self) -> Planner:
        """That of the thread that asks; there is one, until others join."""
        return self.lines.mine

    @property
    def explains(self) -> int:
        """Plans that were asked for."""
        return sum(one.explains for one in self.lines.all)

    def join(self, planner: Planner) -> None:
        """Let another connection plan as well, after `look`."""
        planner.adopt(self.planner, [one.statement for one in self.statements])
        self.lines.all.append(planner)

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self._until or self.planner.seconds_left < 2

    def read(self, texts: Sequence[tuple[str, float]]) -> None:
        """Let the server read the statements, given with their weights."""
        self.planner.expect(text for text, _weight in texts)
        until = self._begin + READING * (self._until - self._begin)
        for number, (text, weight) in enumerate(texts):
            if self.is_late or time.monotonic() >= until:
                self.failed.append((number, NO_TIME))
                continue
            try:
                self.statements.append(Workload(number, self.planner.read(text), weight))
            except NotAnalyzed as error:
                self.failed.append((number, str(error)))
            if len(self.statements) % TREES_AT_ONCE == 0:
                self._use_trees()
        self._use_trees()

    def _use_trees(self) -> None:
        """Say of the statements read last what they do with their tables, and forget how the server read them: a tree takes
        a megabyte."""
        fresh = [one for one in self.statements if one.statement.tree]
        if not fresh:
            return
        with self.planner.catalogue() as ask:
            dictionary = dictionary_of(ask, (node for one in fresh for node in one.statement.tree))
        for one in fresh:
            source = Source.of(one.statement.query, is_utf8=self.planner.is_utf8)
            one.uses = uses_of(one.statement.tree, dictionary, source)
            one.statement.tree.clear()

    def look(self) -> None:
        """Ask the catalogue about the tables, and the planner about each statement as it is."""
        with self.planner.catalogue() as ask:
            relations = {use.relid for one in self.statements for use in one.uses if use.relid >= FIRST_NORMAL_OID}
            # Whoever read a statement holds a lock on its tables.
            self.tables = tables_of(ask, relations, measured=True)
            stored = trees_of(self.tables.values())
            for one in self.statements:
                one.relations = self._family(one)
            self._there = written_of(self.tables.values(), stored, dictionary_of(ask, stored.nodes))
        self._define({use.relid for one in self.statements for use in one.uses})
        self._settings = self.planner.settings()
        self._pretender = Pretender(self.lines, self._settings)
        self.planner.settle()
        kept: list[Workload] = []
        for one in self.statements:
            if kept and self.is_late:
                self.failed.append((one.number, NO_TIME))
                continue
            try:
                found = self.planner.cost(one.statement, (), one.relations)
            except NotAnalyzed as error:
                self.failed.append((one.number, str(error)))
                continue
            one.base, one.existing, one.plan = found.cost, found.existing, found.plan
            kept.append(one)
        self.statements = kept

    def _define(self, relations: Collection[int]) -> None:
        """Note how indexes with an expression or a predicate are made, for whoever drops one and wants it back."""
        special = {
            index.oid
            for relid in relations
            for index in (self.tables[relid].indexes if relid in self.tables else ())
            if index.expressions or index.predicate
        }
        found = self.planner.definitions(special) if special else {}
        self.tables = {
            relid: replace(
                table,
                indexes=tuple(replace(one, definition=found.get(one.oid, one.definition)) for one in table.indexes),
            )
            for relid, table in self.tables.items()
        }

    def _family(self, one: Workload) -> frozenset[int]:
        """Its tables, their partitions, and what they are partitions of."""
        own = {use.relid for use in one.uses}
        roots = {self.tables[relid].root for relid in own if relid in self.tables}
        return frozenset(own | {relid for relid, table in self.tables.items() if table.root in roots})

    def propose(self) -> None:
        """Make the candidates of every statement, and let HypoPG say which it cannot make."""
        found: dict[IndexSpec, int] = {}
        for one in sorted(self.statements, key=lambda one: (-one.weight * one.base, one.number)):
            own: dict[IndexSpec, None] = {}
            for use in one.uses:
                if use.relid in self.tables:
                    own.update(dict.fromkeys(candidates_of(use, self.tables[use.relid])))
            for spec in [spec for spec in own if spec not in self._there][:MOST_OF_ONE]:
                if spec not in found and len(found) >= MOST:
                    continue
                one.own |= 1 << found.setdefault(spec, len(found))
        self.indexes = list(found)
        if self.planner.has_hypo:
            self._find_stand_ins()

    def _find_stand_ins(self) -> None:
        assert self._pretender is not None  # noqa: S101  # look() comes before
        for one in self.statements:
            for index in bits(one.own):
                spec = self.indexes[index]
                if spec.using in TRIED or not self._is_provable(one, spec.relid):
                    continue
                found = {
                    stand_in: condition
                    for use in one.uses
                    if use.relid == spec.relid
                    for condition in served_by(spec, use, self.tables[use.relid])
                    if (stand_in := self._pretender.stand_in_of(self.tables[use.relid], condition)) is not None
                }
                if found:
                    one.stands_for[index] = tuple(found.items())
        self.planner.make(
            {stand_in for one in self.statements for each in one.stands_for.values() for stand_in, _ in each}
        )

    def leave_out_modelled(self) -> None:
        """Keep to what HypoPG itself can judge."""
        for one in self.statements:
            one.own = sum(
                1 << index
                for index in bits(one.own)
                if index not in one.stands_for and not self.is_modelled(one, index)
            )

    def relevant(self) -> list[int]:
        """For each statement, the bits of all candidates on its tables."""
        on: dict[int, int] = {}
        for number, spec in enumerate(self.indexes):
            on[spec.relid] = on.get(spec.relid, 0) | 1 << number
        return [self._those(on, one) for one in self.statements]

    def _those(self, on: Mapping[int, int], one: Workload) -> int:
        found = 0
        for relation in one.relations:
            found |= on.get(relation, 0)
        # What HypoPG cannot pretend can only be tried for the conditions it was proposed for.
        for index in bits(found & ~one.own):
            if self.indexes[index].using not in TRIED or self.is_modelled(one, index):
                found &= ~(1 << index)
        return found

    def cost(self, place: int, mask: int) -> tuple[float, int]:
        """The cost of the statement at that place under a set, and the indexes its plan uses."""
        return self.answers(place, mask)[0]

    def answers(self, place: int, mask: int) -> list[tuple[float, int]]:
        """The same, and what else the plan tells: its cost without what only the model knows, and with one of that each."""
        one = self.statements[place]
        real, modelled = self._told_apart(one, mask)
        plan, cost, used = one.plan, one.base, 0
        if real:
            try:
                found = self._planned(place, one, frozenset(real))
            except NotAnalyzed:
                return [(one.base, 0)]
            plan, cost = found.plan, found.cost + correction(found.plan, self._pages_of, self._settings)
            for spec in sorted(found.used):
                index, condition = real[spec]
                used |= 1 << index
                if condition is not None and self._pretender is not None:
                    cost += self._pretender.surcharge(self.indexes[index], self.tables[spec.relid], condition)
        told = [(cost, used)]
        savings = self._savings(one, plan, modelled)
        for some in (modelled, *([index] for index in modelled if len(modelled) > 1)):
            less, more = self._modelled(one, cost, savings, some)
            if more:
                told.append((less, more | self._beside(one, used, more)))
        return sorted(dict.fromkeys(told))

    def _told_apart(self, one: Workload, mask: int) -> tuple[dict[IndexSpec, tuple[int, Condition | None]], list[int]]:
        """Of a set: what is tried, with whose place it takes and for which condition; what only the model knows."""
        real: dict[IndexSpec, tuple[int, Condition | None]] = {}
        modelled = []
        for index in bits(mask):
            if self.is_modelled(one, index):
                modelled.append(index)
            elif index in one.stands_for:
                real.update({stand_in: (index, condition) for stand_in, condition in one.stands_for[index]})
            else:
                real[self.indexes[index]] = (index, None)
        return real, modelled

    def without(self, place: int, mask: int, hidden: Collection[int]) -> tuple[float, frozenset[str]]:
        """The cost of the statement at that place under what can be tried of a set, indexes that are there being hidden, by
        their oid; the names of those that its plan uses.

        Raises `NotAnalyzed` where it cannot be planned so."""
        one = self.statements[place]
        real, _modelled = self._told_apart(one, mask)
        found = self.planner.cost(one.statement, real, one.relations, hidden)
        return found.cost + correction(found.plan, self._pages_of, self._settings), found.existing

    def _planned(self, place: int, one: Workload, real: frozenset[IndexSpec]) -> Costed:
        """Sets that differ by what only the model knows have one plan."""
        if self._last.get(place, (None,))[0] != real:
            self._last[place] = real, self.planner.cost(one.statement, real, one.relations)
        return self._last[place][1]

    def _beside(self, one: Workload, used: int, modelled: int) -> int:
        """Of the indexes in a plan, those that a modelled one does not stand in the place of."""
        replaced = {self.indexes[index].relid for index in bits(modelled)}
        replaced = {relid for relid in replaced if sum(use.relid == relid for use in one.uses) == 1}
        return sum(1 << index for index in bits(used) if self.indexes[index].relid not in replaced)

    def is_modelled(self, one: Workload, index: int) -> bool:
        """Whether only the model can say what the index does for the statement."""
        if not self.planner.has_hypo:
            return True
        spec = self.indexes[index]
        if spec.using in TRIED and not spec.predicate and all(key.column for key in spec.keys):
            return False
        if not self._is_provable(one, spec.relid):
            return True
        return spec.using not in TRIED and all(
            stand_in in self.planner.impossible for stand_in, _ in one.stands_for.get(index, ())
        )

    def _is_provable(self, one: Workload, relid: int) -> bool:
        """Whether HypoPG can be asked about expressions and predicates: it numbers their table 1, as if it were the first of the
        statement. Of any other it proves nothing, and may read memory that is not its own
        (https://github.com/HypoPG/hypopg/issues/116)."""
        family = {table.oid for table in self.tables.values() if table.root == self.tables[relid].root}
        uses = [use for use in one.uses if use.relid in family]
        return len(uses) == 1 and uses[0].is_first and self.tables[relid].kind != "p"

    def basis_of(self, index: int) -> str:
        """Where the figures of the index come from: "planner", "stand-in" or "model"."""
        if not any(one.own >> index & 1 and not self.is_modelled(one, index) for one in self.statements):
            return "model"
        return "planner" if self.indexes[index].using in TRIED else "stand-in"

    def _savings(self, one: Workload, plan: Mapping[str, Any], indexes: Sequence[int]) -> list[dict[int, float]]:
        """For each appearance of a table, what an index that only the model knows takes off the plan."""
        found: list[dict[int, float]] = [{} for _use in one.uses]
        for use, savings in zip(one.uses, found, strict=True):
            for index in indexes if self._pretender is not None else ():
                spec = self.indexes[index]
                if spec.relid == use.relid and self._pretender is not None:
                    saving = self._pretender.saving(plan, spec, use, self.tables[use.relid])
                    if saving > 0:
                        savings[index] = saving
        return found

    def _modelled(
        self, one: Workload, cost: float, savings: Sequence[Mapping[int, float]], indexes: Sequence[int]
    ) -> tuple[float, int]:
        """The cost with the best of those indexes for each table, and which they are."""
        best: dict[int, tuple[float, int]] = {}
        for use, of_use in zip(one.uses, savings, strict=True):
            for index in indexes:
                if index in of_use:
                    # What is saved at two appearances of a table is mostly one saving.
                    each = of_use[index], -index
                    best[use.relid] = max(best.get(use.relid, each), each)
        saved = sum(saving for saving, _index in best.values())
        used = _sum(-index for _saving, index in best.values())
        # At two tables it can be one, too: a plan costs something in any case.
        return max(cost - saved, 0.001 * cost), used

    def make(self, indexes: Iterable[int]) -> None:
        """Pretend indexes, so that their sizes are known."""
        self.planner.make([self.indexes[one] for one in indexes])

    def correct(self, sizes: Sequence[Sized]) -> None:
        """From now on say costs as if the indexes had those sizes, instead of HypoPG's."""
        for spec, size in zip(self.indexes, sizes, strict=True):
            table, pretended = self.tables[spec.relid], self.planner.sizes.get(spec)
            if spec.using == "btree" and pretended is not None:
                column = table.columns.get(spec.keys[0].column)
                # Where NULLs fill few pages, pages say nothing of the others.
                is_even = column is None or column.null_share < MOSTLY_NULL
                real = size.bytes if is_even else pretended
                self._pages[spec] = Pages(size.rows, pretended / table.block, real / table.block)

    def _pages_of(self, name: str) -> Pages | None:
        spec = self.planner.pretended(name)
        return None if spec is None else self._pages.get(spec)


def _sum(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found
