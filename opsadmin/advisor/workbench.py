"""The planner and the candidates brought together: statements, the indexes that could serve each, what each set costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opsadmin.advisor.candidates import candidates_of, stand_ins_of
from opsadmin.advisor.facts import Table, tables_of
from opsadmin.advisor.operators import dictionary_of
from opsadmin.advisor.planner import TRIED, NotAnalyzed, Planner, Statement
from opsadmin.advisor.reading import uses_of
from opsadmin.advisor.search import bits
from opsadmin.advisor.spec import IndexSpec
from opsadmin.advisor.usage import TableUse

#: Candidates of one statement, and of all.
MOST_OF_ONE, MOST = 80, 1500
#: Tables whose oid is smaller are the server's own.
FIRST_NORMAL_OID = 16384


@dataclass
class Workload:
    """One statement that can be planned. `number`: its place among those that were given. `own`: bits of its candidates;
    `stands_for`: what is tried in place of an index that HypoPG cannot pretend."""

    number: int
    statement: Statement
    weight: float
    uses: list[TableUse] = field(default_factory=list)
    own: int = 0
    base: float = 0.0
    existing: frozenset[str] = frozenset()
    stands_for: dict[int, tuple[IndexSpec, ...]] = field(default_factory=dict)

    @property
    def relations(self) -> frozenset[int]:
        return frozenset(use.relid for use in self.uses)


class Workbench:
    """`indexes`: the candidates, by their number. `failed`: statements that cannot be analysed, with the reason."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.indexes: list[IndexSpec] = []
        self.statements: list[Workload] = []
        self.tables: Mapping[int, Table] = {}
        self.failed: list[tuple[int, str]] = []

    def read(self, texts: Sequence[tuple[str, float]]) -> None:
        """Let the server read the statements, given with their weights."""
        self.planner.expect(text for text, _weight in texts)
        for number, (text, weight) in enumerate(texts):
            if self.planner.seconds_left < 2:
                self.failed.append((number, "There was no time left for it."))
                continue
            try:
                self.statements.append(Workload(number, self.planner.read(text), weight))
            except NotAnalyzed as error:
                self.failed.append((number, str(error)))

    def look(self) -> None:
        """Ask the catalogue about the tables, and the planner about each statement as it is."""
        with self.planner.catalogue() as ask:
            dictionary = dictionary_of(ask, (node for one in self.statements for node in one.statement.tree))
            for one in self.statements:
                one.uses = uses_of(one.statement.tree, dictionary)
            relations = {use.relid for one in self.statements for use in one.uses if use.relid >= FIRST_NORMAL_OID}
            self.tables = tables_of(ask, relations)
        self.planner.settle()
        kept = []
        for one in self.statements:
            try:
                found = self.planner.cost(one.statement, (), one.relations)
            except NotAnalyzed as error:
                self.failed.append((one.number, str(error)))
                continue
            one.base, one.existing = found.cost, found.existing
            kept.append(one)
        self.statements = kept

    def propose(self) -> None:
        """Make the candidates of every statement, and let HypoPG say which it cannot make."""
        found: dict[IndexSpec, int] = {}
        for one in sorted(self.statements, key=lambda one: (-one.weight * one.base, one.number)):
            own: dict[IndexSpec, None] = {}
            for use in one.uses:
                if use.relid in self.tables:
                    own.update(dict.fromkeys(candidates_of(use, self.tables[use.relid])))
            for spec in list(own)[:MOST_OF_ONE]:
                if spec not in found and len(found) >= MOST:
                    continue
                one.own |= 1 << found.setdefault(spec, len(found))
        self.indexes = list(found)
        for one in self.statements:
            for index in bits(one.own):
                if self.indexes[index].using not in TRIED:
                    one.stands_for[index] = tuple(
                        stand_in
                        for use in one.uses
                        if use.relid == self.indexes[index].relid
                        for stand_in in stand_ins_of(self.indexes[index], use, self.tables[use.relid])
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
        # A method that HypoPG does not know can only be tried for the conditions it was proposed for.
        for index in bits(found & ~one.own):
            if self.indexes[index].using not in TRIED:
                found &= ~(1 << index)
        return found

    def cost(self, place: int, mask: int) -> tuple[float, int]:
        """The cost of the statement at that place under a set, and the indexes its plan uses."""
        one = self.statements[place]
        real: dict[IndexSpec, int] = {}
        for index in bits(mask):
            if index in one.stands_for:
                real.update(dict.fromkeys(one.stands_for[index], index))
            else:
                real[self.indexes[index]] = index
        try:
            found = self.planner.cost(one.statement, real, one.relations)
        except NotAnalyzed:
            return one.base, 0
        used = 0
        extra = 0.0
        for spec in found.used:
            index = real[spec]
            used |= 1 << index
            if spec != self.indexes[index]:
                extra += self.surcharge(self.indexes[index])
        return found.cost + extra, used

    def surcharge(self, spec: IndexSpec) -> float:
        """What a scan of the index costs more than one of its stand-in: the way down through its entries, a posting page
        for each, and looking at the row again."""
        return 20.0

    def make(self, indexes: Iterable[int]) -> None:
        """Pretend indexes, so that their sizes are known."""
        self.planner.make([self.indexes[one] for one in indexes])
