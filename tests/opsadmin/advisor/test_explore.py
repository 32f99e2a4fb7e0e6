"""The exploration against a made-up planner that knows every plan."""

from __future__ import annotations

import time
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsadmin.advisor.explore import Each, Explorer, Known, one_by_one
from opsadmin.advisor.lines import Lines
from opsadmin.advisor.search import bits

INDEXES = 6
ALL = (1 << INDEXES) - 1
Plans = list[list[tuple[int, float]]]


class Oracle:
    """A planner whose statements have those plans: the cheapest that can be made is the one that it makes."""

    def __init__(self, bases: list[float], plans: Plans) -> None:
        self.bases = bases
        self.plans = plans
        self.asked: Counter[tuple[int, int]] = Counter()

    def __call__(self, number: int, mask: int) -> list[tuple[float, int]]:
        self.asked[number, mask] += 1
        return [self.cost(number, mask)]

    def cost(self, number: int, mask: int) -> tuple[float, int]:
        made = [(cost, needed) for needed, cost in self.plans[number] if not needed & ~mask]
        return min([(self.bases[number], 0), *made])

    def explorer(
        self, sizes: list[int], *, most: int = 10_000, until: float = float("inf"), each: Each = one_by_one
    ) -> Explorer:
        known = [Known(1.0, ALL, base, ALL) for base in self.bases]
        return Explorer(self, known, sizes, most=most, until=until, each=each)


@st.composite
def oracles(draw: st.DrawFn) -> Oracle:
    bases = [float(draw(st.integers(100, 1000))) for _ in range(draw(st.integers(1, 4)))]
    plans = [
        draw(st.lists(st.tuples(st.integers(1, ALL), st.integers(1, int(base)).map(float)), max_size=8))
        for base in bases
    ]
    return Oracle(bases, plans)


many = settings(max_examples=80, deadline=None, derandomize=True)


@many
@given(oracles(), st.integers(0, ALL))
def test_every_answer_is_the_planners(oracle: Oracle, mask: int) -> None:
    """Also the ones that are inferred from a larger set's."""
    explorer = oracle.explorer([1] * INDEXES)
    for number in range(len(oracle.bases)):
        explorer.ladder(number, ALL, 1000)
        assert explorer.cost(number, mask)[0] == oracle.cost(number, mask)[0]
        for used, cost in explorer.known[number].plans.items():
            assert cost == oracle.cost(number, used)[0]


@many
@given(oracles())
def test_nothing_is_asked_twice(oracle: Oracle) -> None:
    explorer = oracle.explorer([1 + one for one in range(INDEXES)])
    for number in range(len(oracle.bases)):
        explorer.tiers([number], [100, 6, 3, 6], 50)
    explorer.refine(12, [0.0] * INDEXES, None, ())
    assert set(oracle.asked.values()) <= {1}
    assert explorer.asked == oracle.asked.total()


@many
@given(oracles())
def test_the_ladder_finds_every_plan_that_matters(oracle: Oracle) -> None:
    """Given room: a set's cost is then known without the planner, as far as a hundredth of the base matters."""
    explorer = oracle.explorer([1] * INDEXES)
    for number in range(len(oracle.bases)):
        explorer.ladder(number, ALL, 10_000)
    for number, base in enumerate(oracle.bases):
        plans = explorer.known[number].plans
        for mask in range(ALL + 1):
            real = oracle.cost(number, mask)[0]
            if real < 0.99 * base:
                assert min(cost for used, cost in plans.items() if not used & ~mask) == real


@many
@given(oracles(), st.integers(1, 40))
def test_what_is_chosen_is_as_dear_as_it_is_said_to_be(oracle: Oracle, budget: int) -> None:
    sizes = [2 + 3 * one for one in range(INDEXES)]
    explorer = oracle.explorer(sizes)
    explorer.tiers(range(len(oracle.bases)), [budget], 10)
    choice = explorer.refine(budget, [0.0] * INDEXES, None, ())
    assert choice.size == sum(sizes[one] for one in bits(choice.mask)) <= budget
    real = sum(oracle.cost(number, choice.mask)[0] for number in range(len(oracle.bases)))
    assert abs(choice.cost - real) < 1e-6
    singles = [sum(oracle.cost(number, 1 << one)[0] for number in range(len(oracle.bases))) for one in range(INDEXES)]
    assert choice.cost <= min([cost for one, cost in enumerate(singles) if sizes[one] <= budget], default=choice.cost)


def test_questions_are_limited() -> None:
    pairs = [(1 << one | 1 << other, 10.0 + one) for one, other in combinations(range(INDEXES), 2)]
    oracle = Oracle([100.0] * 20, [pairs] * 20)
    explorer = oracle.explorer([1] * INDEXES, most=33)
    explorer.tiers(range(20), [8, 4], 10)
    choice = explorer.refine(4, [0.0] * INDEXES, 2, ())
    assert oracle.asked.total() <= 33 + len(oracle.bases)
    assert choice.mask.bit_count() <= 2


def test_no_time_no_questions() -> None:
    oracle = Oracle([100.0] * 20, [[(1, 10.0)]] * 20)
    explorer = oracle.explorer([1] * INDEXES, until=time.monotonic() - 1)
    choice = explorer.refine(4, [0.0] * INDEXES, None, ())
    assert not oracle.asked
    assert (choice.mask, choice.cost) == (0, 2000.0)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(oracles(), st.integers(5, 60))
def test_several_lines_find_what_one_finds(oracle: Oracle, most: int) -> None:
    """Also where the limit of questions is reached."""
    lines = Lines("first")
    lines.all.append("second")
    found = []
    for each in (one_by_one, lines.each):
        explorer = oracle.explorer([1 + one for one in range(INDEXES)], most=most, each=each)
        explorer.tiers(range(len(oracle.bases)), [100, 6, 3], 4)
        choice = explorer.refine(6, [0.0] * INDEXES, None, ())
        found.append((choice, explorer.asked, [one.plans for one in explorer.known]))
    assert found[0] == found[1]
    assert found[0][1] <= most + len(oracle.bases)


def test_each_line_has_its_own_numbers() -> None:
    lines = Lines("first")
    lines.all.append("second")
    done: dict[str, list[int]] = {"first": [], "second": []}
    lines.each(range(7), lambda number: done[lines.mine].append(number))
    assert done == {"first": [0, 2, 4, 6], "second": [1, 3, 5]}
    assert lines.mine == "first"


def test_the_error_of_a_line_ends_all() -> None:
    lines = Lines("first")
    lines.all.append("second")

    def fails(number: int) -> None:
        if number == 1:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        lines.each(range(100), fails)
    assert lines.mine == "first"
