"""The yardstick: Extend (Schlosser, Kossmann, Boissier: Efficient Scalable Multi-Attribute Index Selection, ICDE 2019),
the best known heuristic on b-trees. It grows the set by the index, or by the further column of one, that saves most for
each byte, until the budget is spent. Sizes and costs are HypoPG's, also
where the budget is meant in real bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks.advisor.contenders import Task, answer_task
from benchmarks.advisor.estimate import cost
from benchmarks.advisor.workload import Query

WIDTH = 3
#: A step must save this share of what is left.
LEAST_GAIN = 0.003
COLUMNS = """
SELECT c.relname, a.attname
FROM pg_class AS c
INNER JOIN pg_attribute AS a ON a.attrelid = c.oid
INNER JOIN pg_type AS t ON t.oid = a.atttypid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    AND t.typname <> 'jsonb'
ORDER BY c.relname, a.attnum
"""
WORD = re.compile(r"[a-z_][a-z0-9_]*")
LITERAL = re.compile(r"'[^']*'")

#: Table and columns.
Index = tuple[str, ...]


def ddl(index: Index) -> str:
    table, *columns = index
    return f"CREATE INDEX ON {table} ({', '.join(columns)})"


@dataclass
class Planner:
    """Costs under sets of hypothetical indexes; no query is planned twice with the same indexes on its tables."""

    connection: psycopg.Connection[Any]
    queries: Sequence[Query]
    tables: dict[str, frozenset[str]]
    known: dict[tuple[str, frozenset[Index]], float] = field(default_factory=dict)
    sizes: dict[Index, int] = field(default_factory=dict)
    made: dict[Index, int] = field(default_factory=dict)
    explains: int = 0

    def total(self, indexes: frozenset[Index]) -> float:
        total = 0.0
        for query in self.queries:
            key = (query.name, frozenset(index for index in indexes if index[0] in self.tables[query.name]))
            if key not in self.known:
                self._imagine(indexes)
                self.known[key] = cost(self.connection, query)
                self.explains += 1
            total += query.weight * self.known[key]
        return total

    def size(self, indexes: Iterable[Index]) -> int:
        total = 0
        for index in indexes:
            if index not in self.sizes:
                self._add(index)
            total += self.sizes[index]
        return total

    def _imagine(self, indexes: frozenset[Index]) -> None:
        for index in [one for one in self.made if one not in indexes]:
            self.connection.execute("SELECT hypopg_drop_index(%s)", [self.made.pop(index)])
        for index in sorted(indexes - self.made.keys()):
            self._add(index)

    def _add(self, index: Index) -> None:
        row = self.connection.execute(
            "SELECT indexrelid, hypopg_relation_size(indexrelid) FROM hypopg_create_index(%s)", [ddl(index)]
        ).fetchone()
        assert row is not None
        self.made[index], self.sizes[index] = row


def extend(planner: Planner, columns: Sequence[Index], budget: int | None) -> frozenset[Index]:
    chosen: frozenset[Index] = frozenset()
    now = planner.total(chosen)
    while True:
        best: tuple[float, frozenset[Index], float] | None = None
        for step in _steps(chosen, columns):
            grown = planner.size(step) - planner.size(chosen)
            if budget is not None and planner.size(step) > budget:
                continue
            saved = now - planner.total(step)
            if saved < LEAST_GAIN * now:
                continue
            worth = saved / max(grown, 1)
            if best is None or worth > best[0]:
                best = (worth, step, now - saved)
        if best is None:
            return chosen
        _, chosen, now = best


def _steps(chosen: frozenset[Index], columns: Sequence[Index]) -> Iterable[frozenset[Index]]:
    for one in columns:
        if one not in chosen:
            yield chosen | {one}
        for index in sorted(chosen):
            if one[0] == index[0] and one[1] not in index[1:] and len(index) <= WIDTH:
                yield (chosen - {index}) | {(*index, one[1])}


def answer(task: Task) -> dict[str, Any]:
    queries = task.queries
    words = {query.name: set(WORD.findall(LITERAL.sub("", query.sql.lower()))) for query in queries}
    with psycopg.connect(task.dsn, autocommit=True) as connection:
        everything: list[Index] = connection.execute(COLUMNS).fetchall()
        tables = {name: frozenset(table for table, _ in everything if table in words[name]) for name in words}
        columns = [one for one in everything if any(one[0] in tables[name] and one[1] in words[name] for name in words)]
        planner = Planner(connection, queries, tables)
        found = extend(planner, columns, task.budget)
    return {"ddl": [ddl(index) for index in sorted(found)], "explains": planner.explains}


if __name__ == "__main__":
    answer_task(answer)
