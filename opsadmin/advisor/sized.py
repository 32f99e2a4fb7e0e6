"""The size of every candidate: from the statistics, and where they say nothing, from a few rows."""

from __future__ import annotations

from collections.abc import Hashable

from opsadmin.advisor.facts import Column, Table
from opsadmin.advisor.sampled import FEW, SAMPLED_DOCUMENTS, clustered_question, kept_question
from opsadmin.advisor.sizes import (
    Entries,
    TooWide,
    believed,
    bytes_of,
    combinations_of,
    combinations_question,
    distinct_question,
    entries_question,
    operator_class,
)
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.advisor.workbench import Sized, Workbench

#: What cannot be built gets a size that fits nowhere.
NEVER = 1 << 60
#: What a predicate keeps is looked at in a sample where it is more than that: of less the statistics know more.
SAMPLED_SHARE = 0.05

#: So often combinations of columns are counted in a sample; 50 ms each. Those of the dearest statements come first.
MOST_COUNTED = 6
#: Equal values of a column in such an order lie together.
CLUSTERED = 0.9


def sizes_of(bench: Workbench, *, by_hypopg: bool = False) -> list[Sized]:
    """Of each candidate, or HypoPG's own figures."""
    sizes = Sizes(bench)
    pretended = bench.planner.sizes if by_hypopg else {}
    return [Sized(pretended.get(spec) or sizes.of(spec), sizes.rows(spec)) for spec in bench.indexes]


class Sizes:
    """Each question to the server is asked once, and none when it is late."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._planner = bench.planner
        self._shares: dict[Hashable, float] = {}
        self._combinations: dict[Hashable, float | None] = {}
        self._counted = 0
        self._entries: dict[Hashable, Entries | None] = {}

    def of(self, spec: IndexSpec) -> int:
        """Bytes on disk; `NEVER` where it cannot be built."""
        if spec in self._planner.impossible:
            return NEVER
        table = self._bench.tables[spec.relid]
        share = self._share(spec)
        entries = {key.text: found for key in spec.keys if (found := self._entries_of(spec, key, share)) is not None}
        try:
            return max(table.block, bytes_of(spec, table, self._distinct(spec, share), share, entries=entries))
        except TooWide:
            return NEVER

    def rows(self, spec: IndexSpec) -> float:
        """The rows that it holds."""
        return self._bench.tables[spec.relid].rows * self._share(spec)

    def _share(self, spec: IndexSpec) -> float:
        """What the predicate keeps of the rows."""
        key = (spec.relid, spec.predicate)
        if not spec.predicate:
            return 1.0
        if key not in self._shares:
            if self._bench.is_late:
                return 1.0
            self._shares[key] = self._asked_share(spec)
        return self._shares[key]

    def _asked_share(self, spec: IndexSpec) -> float:
        table = self._bench.tables[spec.relid]
        rows = self._planner.rows_of(f"SELECT 1 FROM {table.identity} WHERE {spec.predicate}")  # noqa: S608  # only planned
        share = min(1.0, (rows if rows is not None else table.rows) / max(1.0, table.rows))
        if share > SAMPLED_SHARE:
            # What columns are to each other no statistics say.
            for row in self._planner.sampled(kept_question(table, spec.predicate)):
                if row["kept"] >= FEW:
                    share = row["kept"] / row["looked_at"]
        return share

    def _distinct(self, spec: IndexSpec, share: float) -> float | None:
        """How many combinations of the keys there are; None where nobody knows."""
        if spec.using != "btree" or spec.include or self._bench.is_late:
            return None
        # The order of the keys does not matter to it.
        key = (spec.relid, spec.predicate, frozenset(one.text for one in spec.keys))
        if key not in self._combinations:
            self._combinations[key] = self._asked_distinct(spec, share)
        return self._combinations[key]

    def _asked_distinct(self, spec: IndexSpec, share: float) -> float | None:
        table = self._bench.tables[spec.relid]
        columns = [table.columns[key.column] for key in spec.keys if key.column in table.columns]
        if any(abs(column.correlation) >= CLUSTERED and _repeats(column, table) for column in columns):
            # ANALYZE looks at single rows, and then thinks them four times as frequent as they are.
            for row in self._planner.sampled(clustered_question(spec, table)):
                if row["looked_at"] >= SAMPLED_DOCUMENTS:
                    return float(row["kinds"] / row["looked_at"] * table.rows * share)
        asked = distinct_question(spec)
        planned = self._planner.rows_of(asked) if asked is not None else None
        if planned is None:
            return None
        found = believed(planned, spec, table, share)
        together = combinations_question(spec, table, share) if found is None else None
        if together is None or self._counted >= MOST_COUNTED:
            return found
        self._counted += 1
        return combinations_of(self._planner.sampled(together), table.rows * share)

    def _entries_of(self, spec: IndexSpec, one: Key, share: float) -> Entries | None:
        """What a GIN index would hold, by a sample of rows."""
        table = self._bench.tables[spec.relid]
        asked = entries_question(spec, table, one, share)
        if asked is None or self._bench.is_late:
            return None
        key = (spec.relid, spec.predicate, one.text, one.opclass)
        if key not in self._entries:
            self._entries[key] = Entries.of(self._planner.sampled(asked), operator_class(one, table))
        return self._entries[key]


def _repeats(column: Column, table: Table) -> bool:
    """Whether its values come several times, and not so often that their number is known for sure."""
    return 200 < column.distinct_values < 0.9 * table.rows
