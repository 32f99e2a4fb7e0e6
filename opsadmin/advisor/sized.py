"""The size of every candidate."""

from __future__ import annotations

from opsadmin.advisor.sizes import TooWide, believed, bytes_of, distinct_question
from opsadmin.advisor.spec import IndexSpec
from opsadmin.advisor.workbench import Workbench

#: What cannot be built gets a size that fits nowhere.
NEVER = 1 << 60


def sizes_of(bench: Workbench, *, by_hypopg: bool = False) -> list[int]:
    """Bytes on disk of each candidate, or HypoPG's own figures."""
    combinations: dict[tuple[object, ...], float | None] = {}
    return [_size(bench, spec, combinations, by_hypopg=by_hypopg) for spec in bench.indexes]


def _size(
    bench: Workbench, spec: IndexSpec, combinations: dict[tuple[object, ...], float | None], *, by_hypopg: bool
) -> int:
    planner, table = bench.planner, bench.tables[spec.relid]
    if spec in planner.impossible:
        return NEVER
    if by_hypopg and spec in planner.sizes:
        return planner.sizes[spec]
    share = 1.0
    if spec.predicate and not bench.is_late:
        rows = planner.rows_of(f"SELECT 1 FROM {table.identity} WHERE {spec.predicate}")  # noqa: S608  # only planned
        share = min(1.0, (rows if rows is not None else table.rows) / max(1.0, table.rows))
    distinct = None
    asked = None if bench.is_late else distinct_question(spec)
    if asked is not None:
        # The order of the keys does not matter to how many combinations there are.
        key = (spec.relid, spec.predicate, frozenset(one.text for one in spec.keys))
        if key not in combinations:
            planned = planner.rows_of(asked)
            combinations[key] = None if planned is None else believed(planned, spec, table, share)
        distinct = combinations[key]
    try:
        return max(table.block, bytes_of(spec, table, distinct, share))
    except TooWide:
        return NEVER
