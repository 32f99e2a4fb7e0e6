"""Each group of the state: what decides it, and that it never comes out mixed."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.documents import known_keys
from stores.documents.merge_rules import RULES
from stores.sync.differences import same
from stores.sync.merge import ABSENT, merge, value_at

STATE = RULES["state"]
EARLY, LATE = datetime(2026, 7, 18, 12, 1, tzinfo=UTC), datetime(2026, 7, 18, 12, 3, 4, tzinfo=UTC)
T0, T1, T2 = "2026-07-18T12:00:00+00:00", "2026-07-18T12:01:00+00:00", "2026-07-18T12:03:04+00:00"


def decided(base, ours, theirs, **options):
    """(side, rule, settled) that all conflicts have in common, None without one; checked both ways round."""
    found = merge(base, ours, theirs, STATE, **options)
    verdicts = {(conflict.kept, conflict.rule, conflict.settled) for conflict in found.conflicts}
    assert len(verdicts) <= 1
    return found, next(iter(verdicts), None)


def test_every_key_of_the_state_is_in_one_group():
    keys = [key for group in STATE.groups for key in group.keys]
    assert sorted(keys) == sorted(known_keys("state"))
    assert set(RULES) == {"settings", "state"}


# The meter


def reading(temperature, read_at, **more):
    return {"last_temperature": temperature, "last_humidity": 40 + temperature, "last_read_at": read_at, **more}


def test_the_newest_reading_wins_whole():
    base = reading(20, T0, last_temperature_stale=False, last_error=None)
    ours = reading(21, T1, last_temperature_stale=True, last_error="timeout")
    theirs = reading(22, T2, last_temperature_stale=False, last_error=None)
    found, verdict = decided(base, ours, theirs)
    assert verdict == ("theirs", "newest last_read_at: 12:03:04 against 12:01:00", True)
    assert found.document == theirs
    # What ours had changed and theirs had not is a conflict too: it is not in the document.
    assert [conflict.path for conflict in found.conflicts] == [
        "last_temperature",
        "last_humidity",
        "last_read_at",
        "last_temperature_stale",
        "last_error",
    ]
    assert (found.open, merge(base, theirs, ours, STATE).document) == ((), theirs)


def test_a_failed_read_does_not_spoil_the_other_sides_reading():
    """No key was changed by both, but key by key the fresh reading would be marked stale."""
    base = reading(20, T0, last_temperature_stale=False, last_error=None)
    ours = {**base, "last_temperature_stale": True, "last_error": "timeout"}
    theirs = {**base, **reading(22, T2)}
    found, verdict = decided(base, ours, theirs)
    assert found.document == theirs
    assert verdict == ("theirs", "newest last_read_at: 12:03:04 against 12:00:00", True)
    assert [conflict.path for conflict in found.conflicts] == ["last_temperature_stale", "last_error"]


def test_two_failed_reads_go_by_the_last_tick():
    base = reading(20, T0, last_error=None, last_tick=T0)
    ours, theirs = ({**base, "last_error": error, "last_tick": tick} for error, tick in [("timeout", T2), ("401", T1)])
    found, verdict = decided(base, ours, theirs)
    assert found.document == ours
    assert verdict is not None
    assert found.open == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "kept", "rule"),
    [
        ("2026-07-18T12:03:04Z", T1, "ours", "newest last_tick: 12:03:04 against 12:01:00"),
        ("2026-07-18T12:03:04", T1, "ours", "newest last_tick: 12:03:04 against 12:01:00"),
        ("2026-07-18T14:00:30+02:00", T1, "theirs", "newest last_tick: 12:01:00 against 12:00:30"),
        ("2026-07-18T12:01:00.25Z", T1, "ours", "newest last_tick: 12:01:00.250000 against 12:01:00.000000"),
        ("2026-07-19T00:00:00Z", T1, "ours", "newest last_tick: 2026-07-19 00:00:00 against 2026-07-18 12:01:00"),
        ("yesterday", T1, "theirs", "newest last_tick: the other side has none"),
        (T1, None, "ours", "newest last_tick: the other side has none"),
        (T1, ABSENT, "ours", "newest last_tick: the other side has none"),
        ("0001-01-01T00:00:00+14:00", T1, "theirs", "newest last_tick: the other side has none"),
    ],
)
def test_times_as_they_are_written(ours, theirs, kept, rule):
    sides = [{} if value is ABSENT else {"last_tick": value} for value in (ours, theirs)]
    found, verdict = decided({"last_tick": T0}, *sides)
    assert verdict == (kept, rule, True)
    assert found.document == sides[kept == "theirs"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("yesterday", "today"),
        (None, ["x"]),
        (None, ABSENT),
        (12, 13),
        ("2026-07-18T12:01:00Z", "2026-07-18T14:01:00+02:00"),
        ("\ud800", "9" * 5000),
    ],
)
def test_what_times_do_not_tell_waits_for_a_person(ours, theirs):
    sides = [{} if value is ABSENT else {"last_tick": value} for value in (ours, theirs)]
    for options, expected in [
        ({}, ("ours", "it is not known which side changed it later", False)),
        (
            {"ours_at": lambda keys: EARLY, "theirs_at": lambda keys: LATE},
            ("theirs", "changed later: 12:03:04 against 12:01:00", False),
        ),
    ]:
        found, verdict = decided({"last_tick": T0}, *sides, **options)
        assert verdict == expected
        assert found.document == sides[expected[0] == "theirs"]


# The air conditioner and its pending repeat


def action(power, action_at, **more):
    return {
        "assumed_aircon_power": power,
        "assumed_aircon_parameter": f"24.5,2,2,{power}",
        "last_action": f"{power} sent",
        "last_action_at": action_at,
        **more,
    }


def repeat(next_run_at, remaining=1):
    return {"remaining": remaining, "interval_seconds": 10, "next_run_at": next_run_at, "state_reason": None}


def test_the_last_action_wins_whole():
    ours, theirs = action("off", T2), action("on", T1, assumed_aircon_mode=2)
    found, verdict = decided(action("off", T0), ours, theirs)
    assert found.document == ours
    assert verdict == ("ours", "newest last_action_at: 12:03:04 against 12:01:00", True)
    # A key that only the loser made is not in the document, so it is shown.
    assert found.conflicts[-1].as_dict().keys() & {"path", "base", "ours", "theirs"} == {"path", "theirs"}
    assert found.conflicts[-1].path == "assumed_aircon_mode"


def test_looks_at_the_device_go_by_the_last_poll():
    base = action("on", T0, last_aircon_poll_at=T0)
    ours = {**base, "assumed_aircon_power": "off", "last_aircon_poll_at": T1}
    theirs = {**base, "assumed_aircon_power": "unknown", "last_aircon_poll_at": T2}
    found, verdict = decided(base, ours, theirs)
    assert found.document == theirs
    assert verdict == ("theirs", "newest last_aircon_poll_at: 12:03:04 against 12:01:00", True)


@pytest.mark.parametrize("polled", [T1, T2])
def test_the_poll_counts_by_itself(polled):
    base = action("on", T0, last_aircon_poll_at=T0)
    ours, theirs = {**base, "last_aircon_poll_at": polled}, {**base, "last_aircon_poll_at": "2026-07-18T12:02:00Z"}
    found, _ = decided(base, ours, theirs)
    assert found.document["last_aircon_poll_at"] == ("2026-07-18T12:02:00Z" if polled == T1 else T2)


def test_the_pending_repeat_goes_by_its_next_run():
    base = {"pending_off_repeat": repeat(T0, 3)}
    ours, theirs = ({"pending_off_repeat": repeat(*fields)} for fields in [(T1, 2), (T2, 1)])
    found, verdict = decided(base, ours, theirs)
    assert found.document == theirs
    assert verdict == ("theirs", "newest pending_off_repeat.next_run_at: 12:03:04 against 12:01:00", True)
    assert [conflict.path for conflict in found.conflicts] == ["pending_off_repeat"]


def test_the_pending_repeat_is_never_mixed():
    base = {"pending_off_repeat": repeat(T0, 3)}
    ours = {"pending_off_repeat": {**repeat(T0, 2)}}
    theirs = {"pending_off_repeat": {**repeat(T1, 3), "state_reason": "x"}}
    found, _ = decided(base, ours, theirs)
    assert found.document == theirs


def test_a_cancelled_repeat_goes_with_the_last_action():
    """Switched on by ours, which ended the repeat of off; theirs still counts it down. Off must not be sent."""
    base = {**action("off", T0), "pending_off_repeat": repeat(T0, 3)}
    ours = {**action("on", T2), "pending_off_repeat": None}
    theirs = {**action("off", T1), "pending_off_repeat": repeat("2026-07-18T13:00:00Z", 2)}
    for sides in [(ours, theirs), (theirs, ours)]:
        found = merge(base, *sides, STATE)
        assert found.document == ours
        assert found.open == ()
    found = merge(base, ours, theirs, STATE)
    assert found.conflicts[-1].rule == "goes with the air conditioner: newest last_action_at: 12:03:04 against 12:01:00"


def test_a_cancelled_repeat_goes_with_the_only_action():
    base = {**action("off", T0), "pending_off_repeat": repeat(T0, 3)}
    ours = {**action("on", T1), "pending_off_repeat": None}
    theirs = {**base, "pending_off_repeat": repeat(T2, 2)}
    for sides, name in [((ours, theirs), "ours"), ((theirs, ours), "theirs")]:
        found, verdict = decided(base, *sides)
        assert found.document == ours
        assert verdict == (name, f"goes with the air conditioner: all its changes are in {name}", True)


def test_a_repeat_without_any_action_waits_for_a_person():
    base = {**action("off", T0), "pending_off_repeat": repeat(T0, 3)}
    ours, theirs = ({**base, "pending_off_repeat": value} for value in (None, repeat(T1, 2)))
    _, verdict = decided(base, ours, theirs)
    assert verdict == ("ours", "it is not known which side changed it later", False)
    # An open decision of the air conditioner leaves what goes with it open as well.
    base, ours, theirs = ({**one, "last_action_at": None, "last_action": name} for one, name in
                          [(base, "0"), (ours, "1"), (theirs, "2")])  # fmt: skip
    found = merge(base, ours, theirs, STATE)
    assert [conflict.path for conflict in found.open] == ["last_action", "pending_off_repeat"]


# The quota


def quota(day, total, **more):
    return {"api_quota_day": day, "api_requests_total": total, "api_requests_remaining": 10_000 - total, **more}


@pytest.mark.parametrize(
    ("ours", "theirs", "rule"),
    [
        (
            quota("2026-07-19", 3),
            quota("2026-07-18", 900),
            "newest api_quota_day: 2026-07-19 against 2026-07-18",
        ),
        (quota("2026-07-18", 901), quota("2026-07-18", 900), "largest api_requests_total: 901 against 900"),
        (quota(None, 901), quota(None, 900), "largest api_requests_total: 901 against 900"),
        (quota("2026-07-18", 901), quota(None, 999), "newest api_quota_day: the other side has none"),
        (
            quota("2026-07-18", 5, api_quota_reset_at=T2, api_requests_limit=1),
            quota("2026-07-18", 5, api_quota_reset_at=T1, api_requests_limit=2),
            "newest api_quota_reset_at: 12:03:04 against 12:01:00",
        ),
        (quota("2026-07-18", Decimal("901.5")), quota("2026-07-18", 901), "largest api_requests_total: 901.5 against 901"),
    ],
)  # fmt: skip
def test_the_quota(ours, theirs, rule):
    for sides, name in [((ours, theirs), "ours"), ((theirs, ours), "theirs")]:
        found, verdict = decided(quota("2026-07-18", 0), *sides)
        assert verdict == (name, rule, True)
        assert found.document == ours


# The lock


def lock(token, at, owner):
    return {
        "automation_in_progress": at is not None,
        "automation_locked_at": at,
        "automation_lock_owner": owner,
        "automation_lock_token": token,
    }


@pytest.mark.parametrize(
    ("winner", "loser", "rule"),
    [
        (lock(9, None, None), lock(8, T2, "web"), "largest automation_lock_token: 9 against 8"),
        (lock(8, T2, "web"), lock(8, T1, "worker"), "newest automation_locked_at: 12:03:04 against 12:01:00"),
        (lock(8, T1, "web"), lock("many", T2, "worker"), "largest automation_lock_token: the other side has none"),
        (lock(8, T1, "web"), lock(True, T2, "worker"), "largest automation_lock_token: the other side has none"),
        (
            lock(10**4000, T1, "web"),
            lock(8, T2, "worker"),
            "largest automation_lock_token: a number of 13288 bits against 8",
        ),
        (lock(1e22, T1, "web"), lock(8, T2, "worker"), "largest automation_lock_token: 1e+22 against 8"),
        (lock(8, T1, "web"), lock(float("nan"), T2, "x"), "largest automation_lock_token: the other side has none"),
    ],
)
def test_the_lock(winner, loser, rule):
    for sides, name in [((winner, loser), "ours"), ((loser, winner), "theirs")]:
        found, verdict = decided(lock(7, T0, "boot"), *sides)
        assert verdict == (name, rule, True)
        assert found.document == winner


# Together


def test_groups_are_decided_apart_and_unknown_keys_by_hand():
    base = {**reading(20, T0), **quota("2026-07-18", 0), "last_tick": T0, "extra": 0, "nested": {"a": 0, "b": 0}}
    ours = {**reading(21, T2), **quota("2026-07-18", 5), "last_tick": T1, "extra": 1, "nested": {"a": 1, "b": 0}}
    theirs = {**reading(22, T1), **quota("2026-07-18", 9), "last_tick": T2, "extra": 2, "nested": {"a": 0, "b": 2}}
    found = merge(base, ours, theirs, STATE)
    assert found.document == {
        **reading(21, T2),
        **quota("2026-07-18", 9),
        "last_tick": T2,
        "extra": 1,
        "nested": {"a": 1, "b": 2},
    }
    assert [conflict.path for conflict in found.open] == ["extra"]


def test_a_group_that_one_side_changed_comes_from_it():
    base = {**reading(20, T0), **action("off", T0), **quota("2026-07-18", 0)}
    ours, theirs = {**base, **reading(21, T1)}, {**base, **action("on", T1), **quota("2026-07-18", 1)}
    found = merge(base, ours, theirs, STATE)
    assert found.document == {**base, **reading(21, T1), **action("on", T1), **quota("2026-07-18", 1)}
    assert found.conflicts == ()


def test_different_keys_of_a_group_merge_where_no_time_tells():
    base = {"last_temperature": 20, "last_humidity": 40, "last_error": "x"}
    ours, theirs = {**base, "last_temperature": 21}, {"last_temperature": 20, "last_humidity": 41}
    for strategy in ["rules", "ours", "theirs", "newest"]:
        found = merge(base, ours, theirs, STATE, strategy=strategy)
        assert (found.document, found.conflicts) == ({"last_temperature": 21, "last_humidity": 41}, ())


def test_the_side_that_has_all_changes_is_no_conflict():
    base, half, whole = reading(20, T0), {**reading(20, T0), "last_temperature": 22}, reading(22, T2)
    for sides in [(half, whole), (whole, half)]:
        found = merge(base, *sides, STATE)
        assert (found.document, found.conflicts) == (whole, ())
    # Not even where the other side's time is the newer one: nothing of it is missing.
    whole = {**half, "last_read_at": "2026-07-18T11:00:00Z"}
    for sides, strategy in [((half, whole), "ours"), ((whole, half), "theirs"), ((half, whole), "rules")]:
        found = merge(base, *sides, STATE, strategy=strategy)
        assert (found.document, found.conflicts) == (whole, ())


@pytest.mark.parametrize(("strategy", "expected"), [("ours", "ours"), ("theirs", "theirs"), ("newest", "theirs")])
def test_strategies_take_groups_whole(strategy, expected):
    asked = []

    def ours_at(keys):
        asked.append(keys)
        return EARLY

    base, ours, theirs = reading(20, T0), {**reading(21, T2), "last_error": "x"}, reading(22, T1)
    found, (kept, rule, settled) = decided(
        base, ours, theirs, strategy=strategy, ours_at=ours_at, theirs_at=lambda keys: LATE
    )
    assert found.document == (ours if expected == "ours" else theirs)
    assert (kept, settled) == (expected, True)
    if strategy == "newest":
        assert rule == "--strategy newest: changed later: 12:03:04 against 12:01:00"
        assert asked == [("last_temperature",), ("last_humidity",), ("last_read_at",), ("last_error",)]


def test_newest_without_times_asks_the_document():
    base, ours, theirs = reading(20, T0), reading(21, T1), reading(22, T2)
    found, verdict = decided(base, ours, theirs, strategy="newest")
    assert found.document == theirs
    assert verdict == ("theirs", "--strategy newest: newest last_read_at: 12:03:04 against 12:01:00", True)


def test_settings_are_left_to_a_person():
    base = {
        "winter": {"min_temp": 19, "max_temp": 22},
        "time_windows": [{"days": [0], "start": "06:00"}],
        "mode": "summer",
    }
    ours = {**base, "winter": {"min_temp": 20, "max_temp": 22}, "time_windows": []}
    theirs = {
        **base,
        "winter": {"min_temp": 18, "max_temp": 23},
        "time_windows": [*base["time_windows"], {"days": [1], "start": "07:00"}],
    }
    found = merge(base, ours, theirs, RULES["settings"], ours_at=lambda keys: EARLY, theirs_at=lambda keys: LATE)
    assert [conflict.path for conflict in found.open] == ["winter.min_temp", "time_windows"]
    assert found.conflicts == found.open
    assert found.document == theirs
    unknown = merge(base, ours, theirs, RULES["settings"])
    assert unknown.document == {**ours, "winter": {"min_temp": 20, "max_temp": 23}}
    assert len(unknown.open) == 2


# Whatever the state holds

moments = st.sampled_from([None, T0, T1, T2, "2026-07-18T14:00:00+02:00", "x", "2026-07-18", 7])
members = st.one_of(moments, st.sampled_from([True, False, 0, 1, 1.0, 2.5, {}, {"next_run_at": T1}, [T1]]))
states = st.dictionaries(st.sampled_from(sorted(known_keys("state"))), members, max_size=12)


@settings(max_examples=300, deadline=None)
@given(states, states, states)
def test_a_group_in_conflict_comes_from_one_side(base, ours, theirs):
    found = merge(base, ours, theirs, STATE)
    in_conflict = {conflict.keys[0] for conflict in found.conflicts}
    for group in STATE.groups:
        held, mine, others = (
            {key: value for key, value in document.items() if key in group.keys}
            for document in (found.document, ours, theirs)
        )
        one_side = same(held, mine) or same(held, others)
        told = any(measure.decide(ours, theirs) for measure in group.measures)
        assert one_side or not (told or in_conflict & set(group.keys))
    for conflict in found.conflicts:
        json.dumps(conflict.as_dict())
        assert conflict.rule.isprintable()
        assert len(conflict.rule) < 200
        kept = conflict.ours if conflict.kept == "ours" else conflict.theirs
        held = value_at(found.document, conflict.keys)
        assert held is kept or same(held, kept)


@settings(max_examples=300, deadline=None)
@given(states, states, states)
def test_what_a_rule_settles_is_the_same_from_both_sides(base, one, other):
    forth, back = merge(base, one, other, STATE), merge(base, other, one, STATE)
    open_keys, open_back = ({conflict.keys[0] for conflict in found.open} for found in (forth, back))
    for group in STATE.groups:
        is_open = bool(open_keys & set(group.keys))
        assert is_open == bool(open_back & set(group.keys))
        for key in () if is_open else group.keys:
            held, held_back = forth.document.get(key, ABSENT), back.document.get(key, ABSENT)
            assert held is held_back or same(held, held_back)
