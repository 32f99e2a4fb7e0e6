"""The quick way writes what the careful way writes, and leaves alone what it must not judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.backends.json_quick import _MOST_VALUES, quick_text
from stores.backends.json_rules import MAX_DEPTH
from stores.backends.json_text import _write, encode
from stores.errors import DocumentError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.text(), VALUES))
def test_the_same_text_or_none(document):
    assert quick_text(document) in (None, _write(document, None))


def nested(depth):
    document = inner = {}
    for _ in range(depth - 1):
        inner["a"] = inner = {}
    return document


@pytest.mark.parametrize(
    "value", [1e16, 1e-5, -0.0, 0.0, float("nan"), float("inf"), 2**63, -(2**63) - 1, (1,), {1: 2}, object(), True + 0j]
)
def test_what_needs_a_closer_look_is_left(value):
    assert quick_text({"key": value}) is None


@pytest.mark.parametrize("value", [9999999999999998.0, 1e-4, -1.5, 2**63 - 1, -(2**63), "é", [], {}, None, True])
def test_what_is_harmless_is_not(value):
    assert quick_text({"key": value}) == _write({"key": value}, None)


def test_depth_is_counted_alike():
    assert quick_text(nested(MAX_DEPTH)) == encode(nested(MAX_DEPTH))
    assert quick_text(nested(MAX_DEPTH + 1)) is None
    with pytest.raises(DocumentError):
        encode(nested(MAX_DEPTH + 1))


def test_little_that_stands_for_much_is_left():
    many = ["x" * 1000] * (_MOST_VALUES // 4)
    assert quick_text({"a": many}) is None
    doubled = ["x"]
    for _ in range(60):
        doubled = [doubled, doubled]
    assert quick_text({"a": doubled}) is None


def test_a_cycle_is_left():
    document = {}
    document["self"] = document
    assert quick_text(document) is None
    with pytest.raises(DocumentError):
        encode(document)
