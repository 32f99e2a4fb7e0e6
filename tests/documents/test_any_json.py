"""Whatever a document holds, judging and showing it does not fail."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.documents import DEFINITIONS, known_keys, masked, ordered, validate

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(["23:59", "winter", "https://h/x", "2026-07-18T14:22:07Z", "9" * 5000, 10**4000]),
)
NAMES = st.one_of(
    st.sampled_from(sorted(known_keys("settings") | known_keys("state") | {"days", "start", "min_temp", "max_temp"})),
    st.text(st.characters(codec=None), max_size=8),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


@given(kind=st.sampled_from(sorted(DEFINITIONS)), document=VALUES, strict=st.booleans())
def test_validate_never_fails(kind, document, strict):
    for remark in validate(kind, document, strict=strict):
        str(remark).encode()  # can be printed
        assert len(str(remark)) < 600


@given(kind=st.sampled_from(sorted(DEFINITIONS)), document=st.dictionaries(NAMES, VALUES, max_size=6))
def test_order_loses_nothing_and_masks_keep_the_form(kind, document):
    assert ordered(kind, document).keys() == document.keys()
    assert masked(kind, document).keys() == document.keys()


@pytest.mark.parametrize("kind", DEFINITIONS)
@pytest.mark.parametrize("key", ["winter", "ifttt_webhooks", "time_windows", "pending_off_repeat", "other"])
def test_nesting_exhausts_nothing(kind, key):
    deep = "x"
    for _ in range(5_000):
        deep = [{"winter": deep}]
    document = {key: deep}
    try:
        validate(kind, document)
        masked(kind, document)
        ordered(kind, document)
    finally:
        while isinstance(deep, list):  # taken apart by hand: freeing it whole would recurse
            deep = deep[0].pop("winter")


def test_a_number_too_long_to_print():
    (remark,) = validate("settings", {"poll_interval_seconds": 10**5000})
    assert remark.message == "A number of 16610 bits is out of range: it must be 60 to 3600 s."


def test_the_looser_judgement_finds_no_more():
    document = {
        "poll_interval_seconds": 20,
        "idle_poll_interval_seconds": 20,
        "mode": 1,
        "off_repeat_count": Decimal(3),
    }
    loose = {remark.path for remark in validate("settings", document, strict=False)}
    assert loose < {remark.path for remark in validate("settings", document)}
    assert json.dumps(sorted(loose)) == '["mode", "off_repeat_count"]'
