"""What an index would do that no planner can be shown: by the model of the planner's formulas, and by stand-ins that it can
be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opsadmin.advisor.candidates import Answered, answered_by, named
from opsadmin.advisor.facts import Table
from opsadmin.advisor.formulas import Scan, Settings, btree_index, gist_index
from opsadmin.advisor.lines import Lines
from opsadmin.advisor.model import Condition as Modelled
from opsadmin.advisor.model import Plan, cost_with, gin_surcharge
from opsadmin.advisor.planner import Planner
from opsadmin.advisor.searched import entries_searched
from opsadmin.advisor.size_gin import operator_class
from opsadmin.advisor.sizes import TooWide, bytes_of, gin_shape
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.advisor.usage import Condition, TableUse
from opsadmin.postgres.names import identifier

#: A key without an order in the table: on a column with one, the planner would take neighbours for granted.
_NO_ORDER = Key("(1)")
#: Entries that a value of a parameter is searched for, by the operator class: a pattern has more trigrams than a document
#: has parts. Our choice.
_ENTRIES = {"gin_trgm_ops": 6.0, "jsonb_ops": 3.0}


class Pretender:
    """Costs of indexes that HypoPG cannot make, or of all where it is not there. Asks the planner for the rows of single
    conditions, each once."""

    def __init__(self, lines: Lines[Planner], settings: Settings) -> None:
        self._lines = lines
        self._settings = settings
        self._rows: dict[str, float | None] = {}
        self._folded: dict[tuple[int, str], str] = {}
        self._sizes: dict[IndexSpec, int] = {}

    # --- stand-ins --------------------------------------------------------------------------------------------------
    def stand_in_of(self, table: Table, condition: Condition) -> IndexSpec | None:
        """A b-tree of the rows for which the condition holds, which is read as a whole: it finds the same rows, at nearly the
        same cost. None where the condition is not the same for ever."""
        if not condition.clause:
            return None
        text = self._as_planned(table, named(condition.clause, table))
        return IndexSpec(table.oid, table.identity, (_NO_ORDER,), predicate=text) if text else None

    def _as_planned(self, table: Table, clause: str) -> str:
        """The clause as the planner sees it, functions of constants worked out: HypoPG leaves a predicate as it is written."""
        key = (table.oid, clause)
        with self._lines.lock:
            if key not in self._folded:
                asked = f"SELECT 1 FROM {table.identity} WHERE {clause}"  # noqa: S608  # only planned
                plan = self._lines.mine.plan_of(asked)
                self._folded[key] = _condition_of(plan) if plan is not None and table.kind != "p" else ""
        return self._folded[key]

    def surcharge(self, spec: IndexSpec, table: Table, condition: Condition) -> float:
        """What a scan of the index for the condition costs more than one of its stand-in."""
        share = self._share(table, [named(condition.clause, table)])
        if spec.using == "gin":
            entries = _entries(operator_class(spec.keys[0], table), condition)
            return gin_surcharge(table, share, entries, gin_shape(spec, table), self._settings)
        pages = max(1.0, self._size(spec, table) / table.block)
        scan = Scan(rows=table.rows, pages=table.pages, index_pages=pages, indexed=table.rows, selectivity=share)
        partial = replace(scan, index_pages=max(1.0, scan.fetched / 360), indexed=scan.fetched, quals=0)
        return max(0.0, gist_index(scan, self._settings).total - btree_index(partial, self._settings).total)

    # --- the model --------------------------------------------------------------------------------------------------
    def saving(self, plan: Plan, spec: IndexSpec, use: TableUse, table: Table) -> float:
        """What the index takes off the plan's cost, for that appearance of its table."""
        condition = self._condition(spec, use, table)
        if condition is None:
            return 0.0
        if condition.joined and _is_looked_up(plan, use, table, condition.selectivity * table.rows):
            condition = replace(condition, joined=False)
        cost = cost_with(plan, table, spec, self._size(spec, table), condition, self._settings)
        return 0.0 if cost is None else max(0.0, float(plan["Total Cost"]) - cost)

    def _size(self, spec: IndexSpec, table: Table) -> int:
        if spec not in self._sizes:
            share = 1.0
            if spec.predicate:
                share = self._share(table, [spec.predicate])
            try:
                self._sizes[spec] = bytes_of(spec, table, share=share)
            except TooWide:
                self._sizes[spec] = 1 << 60
        return self._sizes[spec]

    def _condition(self, spec: IndexSpec, use: TableUse, table: Table) -> Modelled | None:
        found: Answered | None = answered_by(spec, use, table)
        if found is None:
            return None
        joins = [one for one in found.conditions if one.joins]
        # What cannot be guessed is not counted on.
        single = [one for one in found.conditions if one.estimate and not one.joins]
        if not (single or joins or found.ordered):
            return None
        share = self._share(table, [named(one.estimate, table) for one in single])
        for one in joins:
            column = table.column(one.place.column)
            if column is None:
                return None
            share /= max(1.0, column.distinct_values or table.rows)
        opclass = operator_class(spec.keys[0], table) if spec.using == "gin" else ""
        return Modelled(
            selectivity=share,
            predicate_share=self._share(table, [named(one.estimate, table) for one in found.of_predicate]),
            quals=max(1, len(found.conditions) - len(found.of_predicate)),
            conditions=found.all,
            entries=sum(_entries(opclass, one) for one in found.conditions) if opclass else 1.0,
            shape=gin_shape(spec, table) if opclass else None,
            alias=use.alias,
            joined=bool(joins),
            joins=_columns_of(joins, table),
            ordered=found.ordered,
            only=found.only,
        )

    def _share(self, table: Table, clauses: Sequence[str]) -> float:
        """The share of the table's rows for which all hold, as the planner guesses."""
        if not clauses:
            return 1.0
        query = f"SELECT 1 FROM {table.identity} WHERE {' AND '.join(sorted(clauses))}"  # noqa: S608  # only planned
        with self._lines.lock:
            if query not in self._rows:
                self._rows[query] = self._lines.mine.rows_of(query)
        rows = self._rows[query]
        return 1.0 if rows is None else min(1.0, rows / max(1.0, table.rows))


def _columns_of(conditions: Sequence[Condition], table: Table) -> tuple[str, ...]:
    """The columns that they stand on; none where one stands on an expression."""
    columns = [table.column(one.place.column) for one in conditions]
    names = [identifier(column.name) for column in columns if column is not None]
    return tuple(names) if len(names) == len(columns) else ()


def _entries(opclass: str, condition: Condition) -> float:
    return float(entries_searched(opclass, condition.text)) if condition.text else _ENTRIES.get(opclass, 1.0)


def _is_looked_up(plan: Plan, use: TableUse, table: Table, rows: float) -> bool:
    """Whether the table is read once for each row of another one already, as in a correlated subquery: then its scan knows
    the condition with the other table."""
    for node in _nodes(plan):
        if node.get("Relation Name") == table.name and node.get("Alias", use.alias) == use.alias:
            return float(node["Plan Rows"]) <= 2 * max(1.0, rows)
    return False


def _condition_of(plan: Mapping[str, Any]) -> str:
    """The condition of a plan of one table with one condition; empty where it holds for no row or for all."""
    for node in _nodes(plan):
        for name in ("Recheck Cond", "Index Cond", "Filter"):
            if name in node:
                return str(node[name])
    return ""


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
