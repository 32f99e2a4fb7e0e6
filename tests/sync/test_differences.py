"""What is told apart, where it is said to be, and in which order."""

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.sync.differences import Change, differences, path_text, same

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)
documents = st.dictionaries(st.text(max_size=8), json_values, max_size=6)


def changes(before, after):
    return [(change.path, change.action, change.before, change.after) for change in differences(before, after)]


def test_added_removed_changed_in_the_order_of_the_new_document():
    before = {"gone": 1, "mode": "summer", "kept": 0, "winter": {"min_temp": 19.0, "max_temp": 22.5}}
    after = {"new": None, "winter": {"max_temp": 23.0, "min_temp": 19.0}, "kept": 0, "mode": "winter"}
    assert differences(before, after) == [
        Change("new", "added", None, None),
        Change("winter.max_temp", "changed", 22.5, 23.0),
        Change("mode", "changed", "summer", "winter"),
        Change("gone", "removed", 1, None),
    ]


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (10**22, 1e22, True),
        (0.1, Decimal("0.1"), True),
        (0.1, Decimal("0.1000000000000000055511151231257827"), False),
        (Decimal("1e400"), Decimal("10e399"), True),
        (2**70, float(2**70), False),  # the float is written 1.1805916207174113e+21, which is another decimal
        (True, 1, False),
        (False, 0, False),
        (None, False, False),
        (None, "", False),
        ("1", 1, False),
        ([], {}, False),
        ([1, [2, {"a": True}]], [1.0, [2, {"a": True}]], True),
        ([1, [2, {"a": True}]], [1.0, [2, {"a": 1}]], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    ],
)
def test_equal_where_jsonb_says_so(left, right, equal):
    assert same(left, right) is equal
    assert (differences({"k": left}, {"k": right}) == []) is equal


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("winter", "min_temp"), "winter.min_temp"),
        (("time_windows", 0, "start"), "time_windows[0].start"),
        (("a.b", "c"), '["a.b"].c'),
        (("a", "b c"), 'a["b c"]'),
        (("a[0]",), '["a[0]"]'),
        (("a", "0"), 'a["0"]'),
        (("",), '[""]'),
        (('say "hi"',), r'["say \"hi\""]'),
        (("salon été",), '["salon été"]'),
        (("\u202eevil",), r'["\u202eevil"]'),
        (("\ud800",), r'["\ud800"]'),
    ],
)
def test_paths(keys, text):
    assert path_text(keys) == text


@settings(deadline=None)
@given(st.lists(st.text(max_size=4) | st.integers(0, 99)), st.lists(st.text(max_size=4) | st.integers(0, 99)))
def test_two_places_never_share_a_path(left, right):
    assert (path_text(tuple(left)) == path_text(tuple(right))) == (left == right)


def test_lists_of_one_length_are_compared_by_element():
    assert changes({"w": [{"start": "06:30"}, 2]}, {"w": [{"start": "07:00"}, 2]}) == [
        ("w[0].start", "changed", "06:30", "07:00")
    ]
    assert changes({"w": [1, 2]}, {"w": [1, 3]}) == [("w[1]", "changed", 2, 3)]


def test_plain_list_of_another_length_is_one_value():
    assert changes({"days": [0, 1]}, {"days": [0, 1, 2]}) == [("days", "changed", [0, 1], [0, 1, 2])]


def test_window_put_in_front_is_one_addition():
    first, second, new = {"start": "06:00"}, {"start": "18:00"}, {"start": "12:00"}
    assert changes({"w": [first, second]}, {"w": [new, first, second]}) == [("w[0]", "added", None, new)]
    assert changes({"w": [first, new, second]}, {"w": [first, second]}) == [("w[1]", "removed", new, None)]
    assert changes({"w": [first]}, {"w": [first, first]}) == [("w[1]", "added", None, first)]
    assert changes({"w": [first, second]}, {"w": [new, new, second]}) == [
        ("w[0].start", "changed", "06:00", "12:00"),
        ("w[1]", "added", None, new),
    ]


def test_json_form_tells_null_from_nothing():
    found = {change.path: change.as_dict() for change in differences({"r": None, "c": 1}, {"a": None, "c": None})}
    assert found["a"] == {"path": "a", "action": "added", "after": None}
    assert found["r"] == {"path": "r", "action": "removed", "before": None}
    assert found["c"] == {"path": "c", "action": "changed", "before": 1, "after": None}


@settings(max_examples=50, deadline=None)
@given(documents)
def test_nothing_changed_from_a_copy(document):
    assert differences(document, json.loads(json.dumps(document))) == []


@settings(max_examples=50, deadline=None)
@given(documents, documents)
def test_both_ways_find_the_same_places(one, other):
    forth, back = differences(one, other), differences(other, one)
    assert sorted(change.path for change in forth) == sorted(change.path for change in back)
    assert (forth == []) == same(one, other)


@settings(max_examples=50, deadline=None)
@given(documents, documents)
def test_keys_lead_to_the_value(one, other):
    def follow(document, keys):
        for key in keys:
            document = document[key]
        return document

    for change in differences(one, other):
        if change.action != "added":
            assert follow(one, change.keys) is change.before
        if change.action != "removed":
            assert follow(other, change.keys) is change.after


def nested(depth, leaf, width=0):
    value = leaf
    for level in range(depth):
        value = [value, *range(width)] if level % 2 else {"k": value}
    return {"top": value}


def test_deep_documents():
    found = differences(nested(2_000, 1), nested(2_000, 2))
    assert [(change.before, change.after) for change in found] == [(1, 2)]


def test_deep_lists_of_different_length_stay_linear():
    # Each level's lists differ in length, so each looks at its first element before going into it.
    leaf = list(range(200_000))
    started = time.monotonic()
    found = differences(nested(200, [*leaf, 0], 1), nested(200, [*leaf, 1], 2))
    assert time.monotonic() - started < 60  # comparing anew at each level takes minutes
    assert found
