"""The verdict over a table of cases."""

from __future__ import annotations

import pytest

from opsadmin.core.finding import Status
from opsadmin.follow.counters import Counters
from opsadmin.follow.verdict import DAY, Case, Compared, Rules, State, measured_of, verdict_of

INDEX = 'public."Sale idx"'
DDL = 'CREATE INDEX CONCURRENTLY "Sale idx" ON public.sale (customer)'


def ran(before, after, promise=0.1):
    """A statement by (calls, mean ms, mean blocks)."""
    sides = [Counters(calls, calls * ms, calls * blocks, calls) for calls, ms, blocks in (before, after)]
    return Compared(*sides, promise)


def case(*statements, **more):
    values = {"seconds": DAY, "idle_seconds": 0.0, "scans": 100, "bytes": 2**20}
    return Case(index=INDEX, ddl=DDL, statements=statements, **{**values, **more})


SLOW, FAST = (100, 50.0, 1000), (100, 5.0, 10)
NEVER = (0, 0.0, 0)

CASES = [
    ("as promised", case(ran(SLOW, FAST)), State.KEPT, Status.OK, ["−90 %", "−99 %", "100 times"]),
    ("half of what was promised", case(ran(SLOW, (100, 27.5, 900))), State.KEPT, Status.OK, ["−45 %"]),
    ("less than half", case(ran(SLOW, (100, 28.5, 1000))), State.BROKEN, Status.WARNING, ["−43 %", "Promised: −90 %"]),
    ("little was promised, and kept", case(ran(SLOW, (100, 47, 950), 0.9)), State.KEPT, Status.OK, ["−6 %"]),
    ("blocks fell, time did not", case(ran(SLOW, (100, 49, 10))), State.KEPT, Status.OK, ["−2 %", "−99 %"]),
    ("time fell, blocks did not", case(ran(SLOW, (100, 5, 960))), State.USED, Status.OK, ["−90 %", "−4 %"]),
    ("blocks fell, time rose", case(ran(SLOW, (100, 60, 10))), State.BROKEN, Status.WARNING, ["+20 %"]),
    ("all is slower", case(ran(SLOW, (100, 60, 1200))), State.BROKEN, Status.WARNING, ["+20 %", "read 100 times"]),
    ("no blocks before", case(ran((100, 50, 0), (100, 5, 0))), State.KEPT, Status.OK, ["−90 %."]),
    ("faster, but not by it", case(ran(SLOW, FAST), scans=0), State.BROKEN, Status.WARNING, ["not read once", "100 times"]),
    ("one call is missing", case(ran(SLOW, (19, 5, 10))), State.EARLY, Status.UNKNOWN, []),
    ("just enough calls", case(ran(SLOW, (20, 5, 10))), State.KEPT, Status.OK, ["20 times"]),
    ("few calls before", case(ran((3, 50, 1000), FAST)), State.KEPT, Status.OK, ["with only 3 calls before"]),
    ("calls of a statement new since do not count", case(ran(SLOW, (1, 5, 1)), ran(NEVER, FAST)), State.EARLY, Status.UNKNOWN, []),
    ("not called since, not read", case(ran(SLOW, NEVER), scans=0), State.EARLY, Status.UNKNOWN, ["None of its statements"]),
    ("not called since, but read", case(ran(SLOW, NEVER)), State.USED, Status.OK, ["None of its statements"]),
    ("nothing counted before", case(ran(NEVER, FAST)), State.USED, Status.OK, ["before it was there was not counted"]),
    ("no statements", case(), State.USED, Status.OK, ["without statements"]),
    ("no pg_stat_statements", case(ran(NEVER, NEVER), unmeasured="There is none."), State.USED, Status.OK, ["There is none."]),
    ("nothing promised", case(ran(SLOW, FAST, None)), State.USED, Status.OK, ["−90 %", "Nothing was promised"]),
    ("to be dearer was promised", case(ran(SLOW, FAST, 1.2)), State.USED, Status.OK, ["Nothing was promised"]),
    ("almost unused", case(ran(SLOW, NEVER), scans=0, idle_seconds=7 * DAY - 1), State.EARLY, Status.UNKNOWN, []),
    ("unused", case(ran(SLOW, NEVER), scans=0, idle_seconds=7 * DAY), State.UNUSED, Status.WARNING,
     ["1 MB", "not read once in 7 d", "None of its statements was called", "Drop it?"]),
    ("called, but unused", case(ran(SLOW, SLOW), scans=0, idle_seconds=9 * DAY), State.UNUSED, Status.WARNING, ["9 d"]),
    ("used once, and no more", case(ran(SLOW, FAST), scans=1, idle_seconds=8 * DAY), State.UNUSED, Status.WARNING,
     ["for 8 d; before that 1 time"]),
    ("unused, and it guards something", case(scans=0, idle_seconds=9 * DAY, guard="It is the primary key."), State.UNUSED,
     Status.OK, []),
    ("gone", case(ran(SLOW, FAST), is_there=False), State.GONE, Status.UNKNOWN, ["not there any more", "100 times"]),
    ("awaited", case(ran(SLOW, NEVER), is_there=False, was_there=False, scans=0), State.AWAITED, Status.UNKNOWN, []),
    ("being built", case(is_there=False, was_there=False, is_valid=False), State.AWAITED, Status.UNKNOWN, ["not valid yet"]),
    ("invalid", case(ran(SLOW, FAST), is_valid=False), State.BROKEN, Status.WARNING, ["not valid"]),
]  # fmt: skip


@pytest.mark.parametrize("named, given, state, status, said", CASES, ids=[one[0] for one in CASES])
def test_the_verdict(named, given, state, status, said):
    found = verdict_of(given)
    assert (found.state, found.status) == (state, status)
    for words in (INDEX, *said):
        assert words in found.text, found.text
    assert "%(" not in found.text + found.hint
    assert "None" not in found.text.replace("None of its statements", "")


def test_every_state_is_in_the_table():
    assert {one[2] for one in CASES} == set(State)


def test_what_to_do_is_said_with_the_very_words():
    unread = verdict_of(case(ran(SLOW, SLOW), scans=0))
    assert unread.command == f"DROP INDEX CONCURRENTLY {INDEX};"
    assert unread.undo == f"{DDL};"
    assert "explain_query" in unread.hint
    whole = verdict_of(case(ran(SLOW, SLOW), scans=0, is_single=False))
    assert whole.command == f"DROP INDEX {INDEX};"
    assert "locked meanwhile" in whole.hint
    guarded = verdict_of(case(ran(SLOW, SLOW), scans=0, guard="It keeps values unique."))
    assert (guarded.command, guarded.undo) == ("", "")
    assert "It keeps values unique." in guarded.hint
    assert verdict_of(case(is_there=False)).command == f"{DDL};"
    assert verdict_of(case(is_valid=False)).command == f"REINDEX INDEX CONCURRENTLY {INDEX};"
    assert verdict_of(case(ran(SLOW, FAST))).command == ""
    # Read less and slower: the index is not what to take away.
    assert verdict_of(case(ran(SLOW, (100, 60, 10)))).command == ""


def test_too_early_says_what_is_missing():
    hint = verdict_of(case(ran(SLOW, (8, 5, 10)), idle_seconds=2 * DAY)).hint
    assert "12 more calls" in hint
    assert "8 of 20" in hint
    assert "5 d" in hint
    blind = verdict_of(case(ran(NEVER, NEVER), scans=0)).hint
    assert "more calls" not in blind
    assert "7 d" in blind


def test_each_statement_counts_as_often_as_it_was_called_since():
    """Rarely called before and often since: what counts is what is asked now."""
    often, rarely = ran((1, 10.0, 100), (90, 1.0, 10), 0.2), ran((900, 10.0, 100), (10, 20.0, 300), 0.6)
    measured = measured_of([often, rarely, ran((5, 1.0, 1), NEVER)])
    assert measured.calls == 100
    assert measured.time == pytest.approx((90 * 1 + 10 * 20) / (100 * 10))
    assert measured.blocks == pytest.approx((90 * 10 + 10 * 300) / (100 * 100))
    assert measured.promise == pytest.approx(0.9 * 0.2 + 0.1 * 0.6)


def test_the_rules_can_be_others():
    given = case(ran(SLOW, (5, 30, 900)), idle_seconds=2 * DAY)
    assert verdict_of(given).state is State.EARLY
    assert verdict_of(given, Rules(min_calls=5)).state is State.BROKEN
    assert verdict_of(given, Rules(min_calls=5, kept_share=0.4)).state is State.KEPT
    assert verdict_of(given, Rules(unused_days=2)).state is State.UNUSED
