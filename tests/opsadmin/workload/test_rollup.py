"""Adding up over time: nothing is lost, nothing is counted twice, and the order of the looks does not matter."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsadmin.workload.cells import Cell, add_cells, cells_of, packed
from opsadmin.workload.levels import DAYS, HOURS, LEVELS, MINUTES, level_for, stretches
from opsadmin.workload.sums import StatementSums, Sums, added, percentile

NOW = datetime(2026, 11, 23, 10, 7, 12, tzinfo=UTC)

moments = st.integers(600, 500 * 86_400).map(lambda seconds: NOW - timedelta(seconds=seconds))
amounts = st.floats(0, 1e9).map(lambda value: round(value, 3))


def sums_of(values: list[float]) -> Sums:
    return Sums(*values)


statements = st.dictionaries(
    st.tuples(st.integers(1, 60).map(str), st.sampled_from(("app", 'Odd|"Röle" 100%', "role 7"))),
    st.lists(amounts, min_size=10, max_size=10).map(sums_of),
    min_size=1,
    max_size=25,
)


@given(st.lists(st.tuples(amounts, st.floats(0.1, 1e6)), min_size=1, max_size=20), st.randoms())
@settings(max_examples=25, deadline=None)
def test_cells_add_up_in_any_order(looks: list[tuple[float, float]], chance: random.Random) -> None:
    cells = [cell for sum, weight in looks if (cell := Cell.of(sum, weight)) is not None]
    assert len(cells) == len(looks)

    def whole(order: list[Cell]) -> Cell:
        found: dict[str, Cell] = {}
        for one in order:
            # As a sample does: packed and unpacked each time.
            found = cells_of(packed(add_cells(found, {"x": one})))
        return found["x"]

    straight = whole(cells)
    chance.shuffle(cells)
    shuffled = whole(cells)
    assert straight.as_list() == pytest.approx(shuffled.as_list(), abs=1e-3)
    assert straight.sum == pytest.approx(sum(sum_ for sum_, _ in looks), rel=1e-6, abs=1e-3)
    assert straight.low <= straight.value * (1 + 1e-6) + 1e-3
    assert straight.value <= straight.high * (1 + 1e-6) + 1e-3
    assert straight.low >= 0


def test_a_figure_that_says_nothing_is_no_cell() -> None:
    for sum, weight in ((1.0, 0.0), (1.0, -1.0), (float("nan"), 1.0), (float("inf"), 1.0), (1.0, float("inf"))):
        assert Cell.of(sum, weight) is None


@given(st.lists(statements, min_size=1, max_size=12), st.randoms(), st.integers(1, 8))
@settings(max_examples=25, deadline=None)
def test_statements_that_are_cut_off_go_to_the_rest(looks, chance: random.Random, most: int) -> None:
    whole = [StatementSums(added(by.values()), Sums(), by) for by in looks]

    def rolled(order: list[StatementSums]) -> StatementSums:
        found = order[0].cut(most)
        for one in order[1:]:
            found = StatementSums.of_data(found.as_data()) + one
            found = found.cut(most)
        return found

    expected = added(one.total for one in whole).values()
    for _ in range(2):
        found = rolled(whole)
        kept = added((found.rest, *found.by.values())).values()
        assert len(found.by) <= most
        assert kept == pytest.approx(expected, rel=1e-6, abs=1e-2)
        assert found.total.values() == pytest.approx(expected, rel=1e-6, abs=1e-2)
        assert min(kept) >= 0
        chance.shuffle(whole)


def test_a_statement_is_kept_for_whatever_it_takes_much_of() -> None:
    by = {(str(number), "app"): Sums(calls=10, ms=1000 - number) for number in range(50)}
    by["wal", "app"] = Sums(calls=1, ms=0.1, wal_bytes=1e9)
    by["calls", "app"] = Sums(calls=100_000, ms=0.2)
    by["temp", "app"] = Sums(calls=1, ms=0.1, temp=5000)
    kept = StatementSums(Sums(), Sums(), by).cut(6).by
    assert {("wal", "app"), ("calls", "app"), ("temp", "app"), ("0", "app")} <= set(kept)


@given(moments, moments, moments)
@settings(max_examples=80, deadline=None)
def test_stretches_follow_each_other_without_gap_or_overlap(one: datetime, two: datetime, three: datetime) -> None:
    start, middle, end = sorted((one, two, three))
    before, after = (list(stretches(*pair, NOW)) for pair in ((start, middle), (middle, end)))
    for found in (before, after, [*before, *after]):
        for left, right in zip(found, found[1:], strict=False):
            assert left.end == right.start
    for stretch in (*before, *after):
        assert stretch.level.begin(stretch.start) == stretch.start < stretch.end
        assert stretch.level.begin(stretch.end) == stretch.end
        # What it needs is kept still, or nothing finer is.
        assert stretch.start >= NOW - stretch.level.kept - DAYS.width or stretch.level is DAYS
    # Few rows for whatever time.
    assert sum((each.end - each.start) / each.level.width for each in after) <= 500 + 2 * 24 + 2 * 12


def test_the_present_sample_counts_as_a_whole() -> None:
    found = list(stretches(NOW - timedelta(hours=1), NOW, NOW))
    assert {one.level for one in found} == {MINUTES}
    assert found[0].start == datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    assert found[-1].end == datetime(2026, 11, 23, 10, 10, tzinfo=UTC)
    month = list(stretches(NOW - timedelta(days=30), NOW, NOW))
    assert [one.level for one in month] == [HOURS, DAYS, HOURS, MINUTES]


def test_a_line_is_read_from_samples_that_are_still_there() -> None:
    def level(hours: float, points: int = 200) -> str:
        return level_for(NOW - timedelta(hours=hours), NOW, NOW, points).name

    assert [level(1), level(48), level(50), level(24 * 30), level(24 * 33)] == [
        "minutes",
        "minutes",
        "hour",
        "hour",
        "day",
    ]
    assert level(48, 20) == "hour"
    # A day long ago, although it is short.
    assert level_for(NOW - timedelta(days=90), NOW - timedelta(days=89), NOW, 200) is DAYS


def test_how_much_is_kept_is_bounded() -> None:
    assert [level.most for level in LEVELS] == [589, 769, 401]


def test_percentile_takes_calls_for_as_long_as_their_mean() -> None:
    assert percentile([]) is None
    assert percentile([(5.0, 1)]) == 5.0
    assert percentile([(1.0, 94), (100.0, 6)]) == 100.0
    assert percentile([(1.0, 95), (100.0, 5)]) == 1.0
    assert percentile([(1.0, 0), (3.0, 2)]) == 3.0
