"""What a merge keeps, what it calls a conflict, and that neither depth nor width nor later changes hurt it."""

import copy
import json
import pickle
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.backends.json_text import decode, encode
from stores.documents.merge_rules import RULES
from stores.errors import DocumentError
from stores.sync.differences import same
from stores.sync.merge import ABSENT, NO_RULES, Conflict, Merge, apply_decision, merge, value_at

EARLY = datetime(2026, 7, 18, 12, 1, 0, tzinfo=UTC)
LATE = datetime(2026, 7, 18, 12, 3, 4, tzinfo=UTC)


def at(moment):
    return lambda keys: moment


# Few names and values, so that the sides meet in the same places, the state's groups among them.
names = st.sampled_from(
    ["a", "b", "c", "last_temperature", "last_read_at", "last_error", "last_action_at", "pending_off_repeat"]
)
leaves = st.sampled_from([None, True, 1, 1.0, 2, "", "x", "2026-07-18T12:00:00Z", "2026-07-18T13:00:00+00:00"])
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
documents = st.dictionaries(names, values, max_size=5)


@st.composite
def three_sides(draw):
    """A base and two sides that mostly stay close to it."""
    base = draw(documents)

    def side():
        changed = {**base, **draw(st.dictionaries(names, values, max_size=3))}
        for name in draw(st.lists(names, max_size=1)):
            changed.pop(name, None)
        for name, value in list(changed.items()):
            if isinstance(value, dict) and draw(st.booleans()):
                changed[name] = {**value, **draw(st.dictionaries(names, leaves, max_size=2))}
        return changed

    return base, side(), side()


rule_sets = st.sampled_from([NO_RULES, RULES["state"]])
times = st.sampled_from([None, EARLY, LATE])
strategies = st.sampled_from(["rules", "ours", "theirs", "newest"])


def places(document):
    """Every place of the document that is not an object with members, with its value."""
    found, pending = {}, [((), document)]
    while pending:
        keys, value = pending.pop()
        if isinstance(value, dict) and value:
            pending.extend(((*keys, name), member) for name, member in value.items())
        elif keys:
            found[keys] = value
    return found


# Examples


def test_changes_in_different_places_come_together():
    base = {"mode": "winter", "winter": {"min_temp": 19, "max_temp": 22}, "old": 1, "kept": [1]}
    ours = {"mode": "summer", "winter": {"min_temp": 20, "max_temp": 22}, "old": 1, "kept": [1], "mine": {"a": 1}}
    theirs = {"kept": [1], "winter": {"max_temp": 23, "min_temp": 19, "fan_speed": 2}, "mode": "winter"}
    found = merge(base, ours, theirs)
    assert found.conflicts == ()
    assert json.dumps(found.document) == json.dumps(
        {"kept": [1], "winter": {"max_temp": 23, "min_temp": 20, "fan_speed": 2}, "mode": "summer", "mine": {"a": 1}}
    )
    assert [change.path for change in found.ours_changed] == ["mode", "winter.min_temp", "mine"]
    assert [change.path for change in found.theirs_changed] == ["winter.max_temp", "winter.fan_speed", "old"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        (1, 2, 3),
        (1, ABSENT, 3),
        (1, 2, ABSENT),
        (ABSENT, 2, 3),
        (ABSENT, None, 0),
        (True, 1, False),
        ([1], [1, 2], [0, 1]),
        ({"a": 1}, {"a": 2}, 5),
        ({"a": 1}, ABSENT, {"a": 2}),
        (ABSENT, {"a": 1}, []),
        ("", {}, None),
    ],
)
def test_a_place_that_both_changed_is_a_conflict(base, ours, theirs):
    sides = [{} if value is ABSENT else {"k": value} for value in (base, ours, theirs)]
    for strategy, kept in [("ours", ours), ("theirs", theirs)]:
        found = merge(*sides, strategy=strategy)
        assert found.conflicts == (Conflict("k", ("k",), base, ours, theirs, strategy, f"--strategy {strategy}", True),)
        assert found.document == ({} if kept is ABSENT else {"k": kept})
        assert found.open == ()


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        (1, 1.0, 2, 2),  # jsonb: 1 and 1.0 are one number, so ours is untouched
        (1, 2.0, 2, 2),
        (1, ABSENT, ABSENT, ABSENT),
        ({"a": 1}, ABSENT, {"a": 1.0}, ABSENT),
        (ABSENT, {"a": 1}, {"b": 2}, {"b": 2, "a": 1}),
        (5, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}, {"b": 2}, {}),
        ([{"a": 1}], [{"a": 1}], [{"a": 2}], [{"a": 2}]),
    ],
)
def test_no_conflict(base, ours, theirs, result):
    sides = [{} if value is ABSENT else {"k": value} for value in (base, ours, theirs)]
    found = merge(*sides)
    assert found.conflicts == ()
    assert found.document == ({} if result is ABSENT else {"k": result})


@pytest.mark.parametrize(
    ("strategy", "ours_at", "theirs_at", "kept", "rule", "settled"),
    [
        ("rules", EARLY, LATE, "theirs", "changed later: 12:03:04 against 12:01:00", False),
        ("rules", LATE, EARLY, "ours", "changed later: 12:03:04 against 12:01:00", False),
        ("rules", EARLY, None, "ours", "it is not known which side changed it later", False),
        ("rules", None, LATE, "ours", "it is not known which side changed it later", False),
        ("rules", LATE, LATE, "ours", "it is not known which side changed it later", False),
        ("newest", EARLY, LATE, "theirs", "--strategy newest: changed later: 12:03:04 against 12:01:00", True),
        ("newest", None, None, "ours", "--strategy newest: it is not known which side changed it later", True),
        ("ours", EARLY, LATE, "ours", "--strategy ours", True),
        ("theirs", LATE, EARLY, "theirs", "--strategy theirs", True),
        # A time without a zone is UTC; another zone is the same moment.
        ("rules", EARLY.replace(tzinfo=None), LATE, "theirs", "changed later: 12:03:04 against 12:01:00", False),
        (
            "rules",
            EARLY,
            EARLY.astimezone(timezone(timedelta(hours=2))) + timedelta(days=1),
            "theirs",
            "changed later: 2026-07-19 12:01:00 against 2026-07-18 12:01:00",
            False,
        ),
        (
            "rules",
            EARLY + timedelta(microseconds=5),
            EARLY,
            "ours",
            "changed later: 12:01:00.000005 against 12:01:00.000000",
            False,
        ),
        # No moment in UTC: not known.
        ("rules", EARLY, datetime.max.replace(tzinfo=timezone(-timedelta(hours=2))), "ours", None, False),
    ],
)
def test_which_side_is_kept(strategy, ours_at, theirs_at, kept, rule, settled):
    asked = []

    def ours_time(keys):
        asked.append(keys)
        return ours_at

    base, ours, theirs = ({"winter": {"min_temp": value}} for value in (19, 20, 21))
    found = merge(base, ours, theirs, strategy=strategy, ours_at=ours_time, theirs_at=at(theirs_at))
    (conflict,) = found.conflicts
    assert (conflict.path, conflict.kept, conflict.settled) == ("winter.min_temp", kept, settled)
    assert conflict.rule == (rule or "it is not known which side changed it later")
    assert found.document == (ours if kept == "ours" else theirs)
    assert found.open == (() if settled else (conflict,))
    assert set(asked) <= {("winter", "min_temp")}


def test_conflicts_stand_in_the_order_of_the_document():
    base = {"z": 0, "o": {"y": 0, "x": 0}, "a": 0}
    found = merge(base, {"a": 1, "o": {"x": 1, "y": 1}, "z": 1}, {"z": 2, "o": {"y": 2, "x": 2}, "a": 2})
    assert [conflict.path for conflict in found.conflicts] == ["z", "o.y", "o.x", "a"]


# Properties


@settings(deadline=None)
@given(documents, documents, rule_sets, strategies)
def test_an_untouched_side_takes_the_other(base, changed, rules, strategy):
    for ours, theirs in [(base, changed), (changed, base), (changed, changed)]:
        found = merge(base, ours, theirs, rules, strategy=strategy)
        assert found.conflicts == ()
        assert same(found.document, changed)


@settings(max_examples=300, deadline=None)
@given(three_sides(), rule_sets, strategies, times, times)
def test_nothing_is_invented_and_nothing_dropped_silently(sides, rules, strategy, ours_at, theirs_at):
    base, ours, theirs = sides
    found = merge(base, ours, theirs, rules, strategy=strategy, ours_at=at(ours_at), theirs_at=at(theirs_at))
    conflicts = {conflict.keys: conflict for conflict in found.conflicts}
    assert len(conflicts) == len(found.conflicts)
    for conflict in found.conflicts:
        side = {"ours": ours, "theirs": theirs}[conflict.kept]
        assert same_or_absent(value_at(found.document, conflict.keys), value_at(side, conflict.keys))
        assert not same_or_absent(conflict.ours, conflict.theirs)
        for name, document in [("base", base), ("ours", ours), ("theirs", theirs)]:
            assert same_or_absent(getattr(conflict, name), value_at(document, conflict.keys))
    for keys, value in places(found.document).items():
        assert any(same_or_absent(value, value_at(side, keys)) for side in (ours, theirs)) or value == {}
    before = places(base)
    for side in (ours, theirs):
        after = places(side)
        for keys in {*before, *after}:
            wanted = value_at(side, keys)
            if same_or_absent(wanted, value_at(base, keys)):
                continue  # that side left it alone
            if any(keys[: len(place)] == place for place in conflicts):
                continue  # shown to a person
            held = value_at(found.document, keys)
            # Where one side emptied an object or made one, the other's members may be in it.
            both_objects = isinstance(held, dict) and isinstance(wanted, dict)
            assert same_or_absent(held, wanted) or both_objects


def same_or_absent(one, other):
    return one is other if ABSENT in (one, other) else same(one, other)


@settings(max_examples=200, deadline=None)
@given(three_sides(), rule_sets)
def test_ours_and_theirs_are_mirrors(sides, rules):
    base, one, other = sides
    forth, back = merge(base, one, other, rules, strategy="ours"), merge(base, other, one, rules, strategy="theirs")
    assert same(forth.document, back.document)
    assert {conflict.path for conflict in forth.conflicts} == {conflict.path for conflict in back.conflicts}


@settings(max_examples=200, deadline=None)
@given(three_sides(), rule_sets, times, times)
def test_conflicts_go_through_json(sides, rules, ours_at, theirs_at):
    for conflict in merge(*sides, rules, ours_at=at(ours_at), theirs_at=at(theirs_at)).conflicts:
        text = json.dumps(conflict.as_dict())
        back = Conflict.from_dict(json.loads(text))
        assert json.dumps(back.as_dict()) == text
        assert back == conflict
        assert [getattr(back, side) is ABSENT for side in ("base", "ours", "theirs")] == [
            getattr(conflict, side) is ABSENT for side in ("base", "ours", "theirs")
        ]
        assert Conflict.from_dict(decode(encode(conflict.as_dict()))) == conflict


@settings(max_examples=200, deadline=None)
@given(three_sides(), rule_sets)
def test_deciding_as_kept_changes_nothing(sides, rules):
    found = merge(*sides, rules)
    for conflict in found.conflicts:
        value = conflict.ours if conflict.kept == "ours" else conflict.theirs
        assert same(apply_decision(found.document, conflict.keys, value), found.document)
        other = conflict.theirs if conflict.kept == "ours" else conflict.ours
        decided = apply_decision(found.document, conflict.keys, other)
        assert same_or_absent(value_at(decided, conflict.keys), other)


def containers(value):
    found, pending = [], [value]
    while pending:
        value = pending.pop()
        if isinstance(value, (dict, list)):
            found.append(id(value))
            pending.extend(value.values() if isinstance(value, dict) else value)
    return found


@settings(max_examples=200, deadline=None)
@given(three_sides(), rule_sets)
def test_the_result_shares_nothing(sides, rules):
    before = json.dumps(sides)
    found = merge(*sides, rules)
    parts = containers(found.document)
    for conflict in found.conflicts:
        parts += [part for value in (conflict.base, conflict.ours, conflict.theirs) for part in containers(value)]
    for change in (*found.ours_changed, *found.theirs_changed):
        parts += containers(change.before) + containers(change.after)
    given_parts = {part for side in sides for part in containers(side)}
    assert not given_parts & set(parts)
    assert len(parts) == len(set(parts))
    assert json.dumps(sides) == before


# Size


def nested(depth, leaf):
    for _ in range(depth):
        leaf = {"k": leaf}
    return leaf


@pytest.mark.parametrize("depth", [200, 1_000, 5_000])
def test_deep_documents(depth):
    base, ours, theirs = nested(depth, {"v": 0}), nested(depth, {"v": 0, "mine": 1}), nested(depth, {"v": 0, "o": [2]})
    found = merge(base, ours, theirs)
    assert value_at(found.document, ("k",) * depth) == {"v": 0, "o": [2], "mine": 1}
    assert found.conflicts == ()
    (conflict,) = merge(base, nested(depth, {"v": 1}), nested(depth, {"v": 2})).conflicts
    assert (len(conflict.keys), conflict.ours, conflict.theirs) == (depth + 1, 1, 2)
    decided = apply_decision(ours, conflict.keys, nested(depth, 0))
    assert value_at(decided, conflict.keys + ("k",) * depth) == 0
    (whole,) = merge({}, {"x": nested(depth, 1)}, {"x": [nested(depth, 2)]}).conflicts
    assert value_at(Conflict.from_dict(whole.as_dict()).theirs, (0, *("k",) * depth)) == 2


def test_wide_and_deep_documents_stay_linear():
    # Comparing whole subtrees anew at each level would look at 200 million values, three times.
    leaf = {f"k{number}": number for number in range(200_000)}
    base, ours, theirs = nested(1_000, leaf), nested(1_000, {**leaf, "k1": -1}), nested(1_000, {**leaf, "k2": -2})
    started = time.monotonic()
    found = merge(base, ours, theirs)
    assert time.monotonic() - started < 30
    assert value_at(found.document, ("k",) * 1_000) == {**leaf, "k1": -1, "k2": -2}


# Places and decisions


def test_value_at():
    document = {"a": {"b": [{"c": None}]}, "s": "text"}
    assert value_at(document, ("a", "b", 0, "c")) is None
    assert value_at(document, ()) is document
    for keys in [("x",), ("a", "x"), ("s", 0), ("a", 0), ("a", "b", "c"), ("a", "b", 1), ("a", "b", -1), ("s", "t")]:
        assert value_at(document, keys) is ABSENT


def test_apply_decision():
    document = {"winter": {"min_temp": 19, "max_temp": 22}, "l": [1]}
    value = [{"days": [1]}]
    decided = apply_decision(document, ("winter", "windows"), value)
    assert decided == {"winter": {"min_temp": 19, "max_temp": 22, "windows": value}, "l": [1]}
    value[0]["days"].append(2)
    decided["l"].append(3)
    assert decided["winter"]["windows"] == [{"days": [1]}]
    assert document == {"winter": {"min_temp": 19, "max_temp": 22}, "l": [1]}
    assert apply_decision(document, ("winter", "min_temp"), ABSENT) == {"winter": {"max_temp": 22}, "l": [1]}
    assert apply_decision(document, ("winter", "min_temp"), None)["winter"]["min_temp"] is None
    assert apply_decision(document, ("new",), 0)["new"] == 0


@pytest.mark.parametrize("keys", [("gone", "min_temp"), ("winter", "gone", "x", "y"), ("gone",)])
def test_removing_what_is_gone_already(keys):
    document = {"winter": {"min_temp": 19}}
    assert apply_decision(document, keys, ABSENT) == document


@pytest.mark.parametrize(
    ("keys", "value", "named"),
    [
        (("gone", "min_temp"), 1, "gone.min_temp cannot be set: gone is not an object"),
        (("winter", "min_temp", "x"), 1, "winter.min_temp.x cannot be set: winter.min_temp is not an object"),
        (("winter", "min_temp", "x"), ABSENT, "winter.min_temp is not an object"),
        (("winter", "gone", "x", "y"), 1, "winter.gone is not an object"),
        (("l", 0), 1, "l[0] cannot be set: l is not an object"),
        ((), {}, "names no place"),
    ],
)
def test_a_decision_whose_place_is_gone(keys, value, named):
    with pytest.raises(DocumentError) as refused:
        apply_decision({"winter": {"min_temp": 19}, "l": [1]}, keys, value)
    assert named in str(refused.value)


def test_absent_stays_itself():
    conflict = Conflict("k", ("k",), ABSENT, None, {"a": []}, "ours", "", False)
    for found in (copy.deepcopy(conflict), pickle.loads(pickle.dumps(conflict))):
        assert found == conflict
        assert found.base is ABSENT
    assert conflict.as_dict() == {
        "path": "k",
        "keys": ["k"],
        "ours": None,
        "theirs": {"a": []},
        "kept": "ours",
        "rule": "",
        "settled": False,
    }


def test_a_merge_can_stand_for_an_unchanged_document():
    found = Merge({"a": 1})
    assert (found.conflicts, found.open, found.ours_changed) == ((), (), ())
