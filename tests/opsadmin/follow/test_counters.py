"""What was added between two looks at counters that somebody may set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsadmin.follow.counters import Counters, Entry, Reading, added, added_since, scans_added
from opsadmin.follow.shape import shape_of, words_of
from opsadmin.follow.watched import Watched, first_look, found_again, next_look

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def entry(calls, ms=None, queryid="7", since=None):
    return Entry(queryid, Counters(calls, float(calls if ms is None else ms), 10 * calls, calls), since)


def reading(entries, clock=LATER, *, is_whole=True):
    return Reading(clock, entries, is_whole)


@given(st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=5), min_size=1, max_size=5))
def test_no_call_is_counted_twice_or_lost_but_what_ran_between_a_look_and_a_reset(lives):
    """Each life of the counters begins at zero after a reset; a look follows every growth."""
    one = Watched(sql="SELECT 1", shape="s", queryids=("7",))
    for number, life in enumerate(lives):
        total, since = 0, NOON + timedelta(hours=number)
        for step, calls in enumerate(life):
            total += calls
            clock = since + timedelta(minutes=step + 1)
            before = clock - timedelta(minutes=1)
            one = next_look(
                one, reading({"a": entry(total, since=since)}, clock), before - timedelta(seconds=1) if not step else before,
                there=True, was_there=True,
            )  # fmt: skip
    assert one.after.calls == sum(map(sum, lives))
    assert one.after.blocks == 10 * one.after.calls


@pytest.mark.parametrize(
    "now, last, since, calls",
    [
        (entry(10), Counters(4, 4.0, 40, 4), None, 6),
        (entry(3), Counters(4, 4.0, 40, 4), None, 3),  # set back: all of it is new
        (entry(9, ms=1), Counters(4, 4.0, 40, 4), None, 9),  # more calls and less time: set back too
        (entry(10, since=LATER), Counters(4, 4.0, 40, 4), None, 10),  # set back, and grown beyond what was there
        (entry(10, since=NOON), Counters(4, 4.0, 40, 4), None, 6),
        (entry(10), None, None, 10),  # was thrown out, and came back
    ],
)
def test_what_was_set_back_counts_from_zero(now, last, since, calls):
    clock = NOON + timedelta(minutes=1)
    assert added({"a": now}, {"a": last} if last else {}, clock).calls == calls


def test_a_float_that_falls_by_a_billionth_was_not_set_back():
    assert Counters(5, 0.3, 1, 1).since(Counters(5, 0.1 + 0.2, 1, 1)) == Counters(0, 0.0, 0, 0)


def test_the_time_just_before_counts_only_where_all_of_it_is_known():
    now = {"a": entry(100)}
    assert added_since(now, reading({"a": entry(60)}, NOON)).calls == 40
    assert added_since(now, reading({}, NOON)).calls == 100
    assert added_since(now, reading({}, NOON, is_whole=False)) is None
    assert added_since({"a": entry(10)}, reading({"a": entry(60)}, NOON)) is None


def test_the_figures_before_are_those_of_the_last_day_where_there_are_enough():
    one = Watched(sql="SELECT 1", shape="s", queryids=("7",))
    now = reading({"a": entry(1000, ms=1000, since=NOON - timedelta(days=90))})
    lately = first_look(one, now, reading({"a": entry(970, ms=400)}, NOON), is_new=True)
    assert (lately.before.calls, lately.before.mean_ms, lately.before_since) == (30, 20, NOON)
    few = first_look(one, now, reading({"a": entry(990, ms=400)}, NOON), is_new=True)
    assert (few.before.calls, few.before_since) == (1000, NOON - timedelta(days=90))
    assert first_look(one, now, None, is_new=False).before == Counters()


def test_what_ran_while_the_index_came_is_told_to_neither_side():
    one = Watched(
        sql="SELECT 1", shape="s", queryids=("7",), last={"a": entry(10).counters}, before=Counters(10, 10, 0, 0)
    )
    for calls, there, was_there in ((15, False, False), (40, True, False), (42, True, True), (50, False, True)):
        one = next_look(one, reading({"a": entry(calls)}), NOON, there=there, was_there=was_there)
    assert (one.before.calls, one.after.calls) == (15, 2)


def test_a_statement_survives_its_number_and_as_json():
    one = Watched(sql="SELECT 1", shape="s", queryids=("7",), others=("8",), before_since=NOON, promise=0.5)
    assert found_again(one, ["8"]).queryids == ("7",)
    assert found_again(one, ["8", "9"]).queryids == ("7", "9")
    assert found_again(one, ["9", "10"]).queryids == ("7",), "one of the two was the other one"
    assert Watched.of(
        next_look(one, reading({"a": entry(3)}), None, there=True, was_there=True).as_dict()
    ) == next_look(one, reading({"a": entry(3)}), None, there=True, was_there=True)


def test_scans_are_those_of_all_partitions():
    assert scans_added({1: 5, 2: 3}, {1: 2}) == (6, False)
    assert scans_added({1: 5, 2: 3}, {1: 2, 2: 9}) == (6, True)
    assert scans_added({}, {1: 2}) == (0, False)


@pytest.mark.parametrize(
    "one, other",
    [
        ("SELECT * FROM t WHERE a = 5", "select *\n from T where a = $1 -- why"),
        ("SELECT * FROM t WHERE a = -5", "SELECT * FROM t WHERE a = $1"),
        ("SELECT 1 WHERE a IN (1, 2, 3)", "SELECT $1 WHERE a IN ($2 /*, ... */)"),
        ("SELECT 'x' /* route='/a' */;", "SELECT $1"),
        ('SELECT "a" FROM "T"', 'SELECT a FROM "T"'),
    ],
)
def test_two_writings_of_one_statement_have_one_shape(one, other):
    assert shape_of(one) == shape_of(other)
    assert all(word in other.lower() for word in words_of(one))


@pytest.mark.parametrize(
    "one, other",
    [
        ('SELECT a FROM "T"', "SELECT a FROM t"),
        ("SELECT a - 1", "SELECT a, 1"),
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b > 1"),
        ("SELECT a FROM t WHERE 'unclosed", "SELECT a FROM t WHERE "),
    ],
)
def test_two_statements_have_two_shapes(one, other):
    assert shape_of(one) != shape_of(other)
