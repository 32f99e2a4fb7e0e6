"""Candidates that would help alone and were not chosen, with the reason. Pure: what plans cost in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from opsadmin.advisor.explore import Known
from opsadmin.advisor.search import Choice
from opsadmin.advisor.spec import IndexSpec
from opsadmin.core.blocks import said_bytes
from opsadmin.core.result import Result

#: Of the workload's cost; who brings less alone is not worth a line. Our choice.
LEAST_ALONE = 0.01
#: Beside the chosen ones this is nothing.
LEAST_BESIDE = 0.0005
#: The best of them.
MOST = 10


@dataclass(frozen=True, kw_only=True)
class LeftOut(Result):
    """An index that was looked at and not chosen. `gain`: the share of the workload's cost that it would take off alone;
    `gain_beside`: that it would beside the chosen ones, 0 to 1. `reason`: why it was not chosen, as a sentence."""

    ddl: str
    table: str
    size_bytes: int
    gain: float
    gain_beside: float
    reason: str


def left_out_of(
    known: Sequence[Known],
    candidates: Sequence[IndexSpec],
    sizes: Sequence[int],
    upkeep: Sequence[float],
    choice: Choice,
    *,
    budget: float,
    most: int | None,
) -> tuple[LeftOut, ...]:
    """Those that would bring most alone first, of each way into a table the best. `sizes` (bytes) and `upkeep` by the number
    of the candidate; `budget`: bytes; `most`: indexes."""
    total = sum(one.weight * one.base for one in known)
    gains = {one: _gain(known, 1 << one) for one in range(len(candidates)) if not choice.mask >> one & 1}
    taken = sum(one.weight * _cost(one, choice.mask) for one in known)
    found: list[LeftOut] = []
    ways = set()
    for one in sorted(gains, key=lambda one: (-gains[one], sizes[one], one)):
        spec = candidates[one]
        way = spec.relid, spec.using, spec.keys[0]
        if not total or gains[one] < LEAST_ALONE * total or len(found) == MOST:
            break
        if way in ways:
            continue
        ways.add(way)
        more = taken - sum(each.weight * _cost(each, choice.mask | 1 << one) for each in known)
        found.append(
            LeftOut(
                ddl=spec.ddl(),
                table=spec.table,
                size_bytes=sizes[one],
                gain=gains[one] / total,
                gain_beside=more / total,
                reason=_why_not(
                    beside=more / total,
                    pays=more > upkeep[one],
                    size=sizes[one],
                    left=budget - choice.size,
                    budget=budget,
                    is_full=most is not None and choice.mask.bit_count() >= most,
                ),
            )
        )
    return tuple(found)


def _gain(known: Sequence[Known], mask: int) -> float:
    """By the plans that need exactly those."""
    return sum(one.weight * max(0.0, one.base - one.plans.get(mask, one.base)) for one in known)


def _cost(one: Known, mask: int) -> float:
    return min([one.base, *(cost for needed, cost in one.plans.items() if not needed & ~mask)])


def _why_not(*, beside: float, pays: bool, size: int, left: float, budget: float, is_full: bool) -> str:
    if size > budget:
        return _("It takes %(size)s alone, which is more than the budget.") % {"size": said_bytes(size)}
    if beside < LEAST_BESIDE:
        return _("What it brings the chosen ones bring already.")
    if not pays:
        return _("Writes to its table would cost more than it takes off.")
    if size > left:
        return _("Beside the chosen ones, which bring more for their size, there is no room for its %(size)s.") % {
            "size": said_bytes(size)
        }
    if is_full:
        return _("As many indexes as were asked for bring more.")
    return _("Beside the chosen ones it would take off only %(percent).2f %% more.") % {"percent": 100 * beside}
