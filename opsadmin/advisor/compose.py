"""The chosen set, put in words: in the order in which each index brings most for what stands already."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.advisor.advice import AdvisedMigration, Helped, Recommendation
from opsadmin.advisor.django_text import DjangoProject
from opsadmin.advisor.index_name import index_name
from opsadmin.advisor.search import Model, bits
from opsadmin.advisor.spec import IndexSpec
from opsadmin.advisor.upkeep import write_overhead
from opsadmin.advisor.workbench import Workbench
from opsadmin.core.blocks import said_bytes, said_number


def recommendations_of(
    bench: Workbench, model: Model, mask: int, database: str
) -> tuple[tuple[Recommendation, ...], tuple[AdvisedMigration, ...]]:
    """The recommendations, and the migrations that make several of them at once. `database`: the Django alias, empty where
    the project is not asked."""
    total = sum(model.bases)
    found: list[Recommendation] = []
    taken = {index.name for table in bench.tables.values() for index in table.indexes}
    project = DjangoProject(database) if database else None
    for one, before, after in _shared(model, mask):
        spec = bench.indexes[one]
        helped = _helped(bench, model, one, mask)
        name = index_name(spec, taken, for_model=project is not None and project.has(spec.relid))
        taken.add(name)
        advice = project.add(spec, name) if project is not None else None
        found.append(
            Recommendation(
                name=name,
                # PostgreSQL refuses CONCURRENTLY on a partitioned table.
                ddl=spec.ddl(name, concurrently=bench.tables[spec.relid].kind != "p"),
                table=spec.table,
                columns=spec.columns,
                using=spec.using,
                predicate=spec.predicate,
                include=spec.include,
                size_bytes=model.sizes[one],
                cost_before=before,
                cost_after=after,
                gain=(before - after) / total if total else 0.0,
                write_overhead=write_overhead(spec, bench.tables[spec.relid]),
                queries=helped,
                reason=_reason(spec, helped, model.sizes[one], bench),
                basis=bench.basis_of(one),
                django=advice.text if advice is not None else "",
            )
        )
    files = project.together() if project is not None else []
    return tuple(found), tuple(AdvisedMigration(app=one.app, path=one.path, text=one.text) for one in files)


def in_order(model: Model, mask: int) -> list[int]:
    """The index that brings most first; those that only help together stand together."""
    return [one for group, _cost in _steps(model, mask) for one in bits(group)]


def _steps(model: Model, mask: int) -> list[tuple[int, float]]:
    """Which indexes come next, one or those that one plan needs, and the workload's cost after them: those first that bring
    most for each."""
    left, made, cost = mask, 0, model.cost(0)
    needed = [model.used_by(place, mask) for place in range(len(model.bases))]
    steps = []
    while left:
        costs = {
            group: model.cost(made | group)
            for group in (*(1 << one for one in bits(left)), *(used & left for used in needed))
            if group
        }
        group = min(costs, key=lambda one: ((costs[one] - cost) / one.bit_count(), one.bit_count(), one))
        left &= ~group
        made |= group
        cost = costs[group]
        steps.append((group, cost))
    return steps


def _shared(model: Model, mask: int) -> Iterator[tuple[int, float, float]]:
    """Each index with the workload's cost before and after it: what several bring together is shared out among them."""
    before = model.cost(0)
    for group, after in _steps(model, mask):
        each = (before - after) / group.bit_count()
        for one in bits(group):
            yield one, before, before - each
            before -= each
        before = after


def _helped(bench: Workbench, model: Model, one: int, mask: int) -> tuple[Helped, ...]:
    """The statements whose plan uses the index in the end, dearest first."""
    total = sum(model.bases)
    found = []
    for place, statement in enumerate(bench.statements):
        if model.used_by(place, mask) >> one & 1 and statement.weight:
            found.append(
                Helped(
                    query=place,
                    cost_before=statement.base,
                    cost_after=model.cost_of(place, mask) / statement.weight,
                    share=statement.weight * statement.base / total if total else 0.0,
                )
            )
    return tuple(sorted(found, key=lambda each: (-each.share, each.query)))


def _reason(spec: IndexSpec, helped: tuple[Helped, ...], size: int, bench: Workbench) -> str:
    count = len(helped)
    share = sum(one.share for one in helped)
    first = helped[0] if helped else None
    text = ngettext(
        "Serves %(n)d statement, which takes %(share).0f %% of the workload's cost.",
        "Serves %(n)d statements, which take %(share).0f %% of the workload's cost.",
        count,
    ) % {"n": count, "share": 100 * share}
    if first is not None and first.cost_after > 0:
        text += " " + _(
            "With all indexes of this advice the dearest of them costs %(after)s instead of %(before)s."
        ) % {
            "after": said_number("", round(first.cost_after)),
            "before": said_number("", round(first.cost_before)),
        }
    if spec.include:
        text += " " + _("It holds all that they read of the table, so that the table itself need not be read.")
    if spec.predicate:
        text += " " + _("It holds only the rows that they want (%(predicate)s), and takes %(size)s.") % {
            "predicate": spec.predicate,
            "size": said_bytes(size),
        }
    if bench.tables[spec.relid].kind == "p":
        text += " " + _("The table is partitioned: the statement locks it for writes while it runs.")
    match spec.using:
        case "brin":
            text += " " + _("The rows lie in this order on disk: a summary of each range of blocks is enough.")
        case "gin":
            text += " " + _("No b-tree knows the operator: a GIN finds the rows by what is inside the value.")
    return text
