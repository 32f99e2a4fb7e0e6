"""Why an index that would help alone is not advised."""

from __future__ import annotations

import pytest

from opsadmin.advisor.explore import Known
from opsadmin.advisor.left_out import MOST, left_out_of
from opsadmin.advisor.search import Choice
from opsadmin.advisor.spec import IndexSpec, Key
from tests.opsadmin.advisor.conftest import Shop

MB = 1_000_000


def spec(*columns: str, include: tuple[str, ...] = ()) -> IndexSpec:
    return IndexSpec(1, "public.t", tuple(Key.of(one) for one in columns), include)


def reasons(plans: list[dict[int, float]], chosen: int, *, upkeep=(0.0, 0.0, 0.0), budget=10 * MB, most=None):
    known = [Known(1.0, 7, 100.0, plans=one) for one in plans]
    sizes = [2 * MB, 4 * MB, 8 * MB]
    size = sum(one for place, one in enumerate(sizes) if chosen >> place & 1)
    candidates = [spec("a"), spec("b"), spec("c")]
    found = left_out_of(known, candidates, sizes, upkeep, Choice(chosen, size, 0), budget=budget, most=most)
    return {one.ddl.split("(")[1][0]: (round(one.gain, 3), round(one.gain_beside, 3), one.reason) for one in found}


def test_every_reason():
    """Three candidates, of which a is chosen or none."""
    both = [{1: 10.0, 2: 20.0}]
    assert reasons(both, 1) == {"b": (0.8, 0.0, "What it brings the chosen ones bring already.")}
    apart = [{1: 10.0}, {4: 10.0}]
    gain, beside, why = reasons(apart, 1, budget=9 * MB)["c"]
    assert (gain, beside) == (0.45, 0.45)
    assert why.startswith("Beside the chosen ones, which bring more for their size, there is no room for its 7")
    assert "more than the budget" in reasons(apart, 1, budget=3 * MB)["c"][2]
    assert "Writes to its table" in reasons(apart, 1, upkeep=(0.0, 0.0, 91.0))["c"][2]
    assert reasons(apart, 1, most=1)["c"][2] == "As many indexes as were asked for bring more."
    assert (
        reasons([{1: 10.0, 2: 10.0, 3: 9.0}], 1)["b"][2] == "Beside the chosen ones it would take off only 1.00 % more."
    )


def test_what_is_not_worth_a_line():
    assert reasons([{1: 99.5}, {2: 10.0}], 2) == {}  # too little
    assert reasons([], 0) == {}
    assert reasons([{1: 10.0}], 1) == {}  # chosen


def test_of_each_way_into_a_table_the_best():
    candidates = [spec("a"), spec("a", "b"), spec("a", include=("c",)), *(spec(f"x{one}") for one in range(20))]
    known = [Known(1.0, 0, 1000.0, plans={1 << one: 500.0 - one for one in range(len(candidates))})]
    found = left_out_of(known, candidates, [1] * 23, [0.0] * 23, Choice(0, 0, 0), budget=float("inf"), most=None)
    assert len(found) == MOST
    assert sum("(a" in one.ddl for one in found) <= 1


def test_in_the_advice(shop: Shop):
    advice = shop.advise(
        "SELECT * FROM orders WHERE customer_id = 7", "SELECT * FROM items WHERE order_id = 5", indexes=1
    )
    (made,) = advice.recommendations
    other = next(one for one in advice.left_out if one.table != made.table)
    assert other.reason == "As many indexes as were asked for bring more."
    assert other.gain == pytest.approx(other.gain_beside)
    assert "Looked at and left out" in [getattr(block, "title", "") for block in advice.blocks()]
