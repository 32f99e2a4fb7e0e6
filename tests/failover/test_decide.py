"""What a resync makes of two sides: every verdict, and every reason to leave the decision to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stores.backends.failover.decide import Ours, Theirs, decide
from stores.documents.merge_rules import NO_RULES

AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
BASE: dict[str, Any] = {"a": 1, "b": 1}
A2: dict[str, Any] = {"a": 2, "b": 1}
B2: dict[str, Any] = {"a": 1, "b": 2}
A3: dict[str, Any] = {"a": 3, "b": 1}


def ours(document: Any = BASE, **more: Any) -> Ours:
    given = {"base": BASE, "base_revision": 5, "writes": 1, **more}
    return Ours("state", "/state.json", document, **given)


def theirs(document: Any = BASE, revision: int | None = 5, **more: Any) -> Theirs:
    return Theirs(document, revision, **{"base": BASE, **more})


@pytest.mark.parametrize(
    "mine, others, verdict, document",
    [
        (ours(), theirs(), "same", BASE),
        (ours(A2), theirs(A2, 6), "same", A2),
        (ours({"b": 1.0, "a": 1}), theirs(), "same", BASE),
        (ours(A2), theirs(), "ours", A2),
        (ours(), theirs(B2, 6), "theirs", B2),
        (ours(A2), theirs(B2, 6), "merged", {"a": 2, "b": 2}),
        (ours({"a": 1}), theirs({**BASE, "c": 1}, 6), "merged", {"a": 1, "c": 1}),
        (ours(None), theirs(B2, 6), "theirs", B2),
        (ours(None, base=None, base_revision=None), theirs(None, None, base=None), "theirs", {}),
        # Nothing was known and nothing is there: the copy is all there is.
        (ours(A2, base=None, base_revision=None), theirs({}, 1, base=None), "ours", A2),
        (ours(A2, base=None, base_revision=None), theirs(None, None, base=None), "ours", A2),
        (ours(A2, base={}, base_revision=1), theirs({}, 1, base={}), "ours", A2),
        # Old revisions are dropped: then nobody can say that the base was another one.
        (ours(A2), theirs(B2, 500, base=None), "merged", {"a": 2, "b": 2}),
    ],
)
def test_verdicts(mine: Ours, others: Theirs, verdict: str, document: Any) -> None:
    found = decide(mine, others, NO_RULES, "rules")
    assert (found.verdict, found.document, found.stop, found.conflicts) == (verdict, document, "", ())


@pytest.mark.parametrize("strategy, value, settled", [("rules", 2, False), ("ours", 2, True), ("theirs", 3, True)])
def test_conflicts_keep_all_three_values(strategy: Any, value: int, settled: bool) -> None:
    found = decide(ours(A2), theirs(A3, 6), NO_RULES, strategy)
    [conflict] = found.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs, conflict.settled) == (1, 2, 3, settled)
    assert found.document["a"] == value
    assert len(found.open) == (0 if settled else 1)


def test_the_later_change_of_a_place_is_kept() -> None:
    mine = ours(A2, changes=((AT + timedelta(minutes=9), {**A2, "c": 1}), (AT, A2)))
    later = theirs(A3, 7, changes=((AT + timedelta(minutes=5), A3),))
    assert decide(mine, later, NO_RULES, "rules").document["a"] == 3
    earlier = theirs(A3, 7, changes=((AT - timedelta(minutes=5), A3),))
    assert decide(mine, earlier, NO_RULES, "rules").document["a"] == 2


STOPS = [
    ("has no row", ours(A2), theirs(None, None, base=None)),
    ("has no row", ours(A2), theirs(None, 9)),
    ("is empty", ours(A2), theirs({}, 9)),
    ("behind revision 5", ours(A2), theirs(B2, 4)),
    ("is not what this host saw", ours(A2), theirs(B2, 9, base=A3)),
    ("not known what state was", ours(A2, base=None, base_revision=None), theirs(B2, 3, base=None)),
    ("does not remember", ours(A2, fenced=4), theirs(B2, 9, host_epoch=3)),
    ("does not remember", ours(A2, fenced=4), theirs(B2, 9, host_epoch=None)),
    # A write of this time had arrived, and then it was emptied or restored.
    ("is empty", ours(A3), theirs({}, 9, arrived=A2, arrived_revision=6, arrived_token="t")),
    ("has no row", ours(A3), theirs(None, None, arrived=A2, arrived_revision=6, arrived_token="t")),
    ("behind revision 6", ours(A3), theirs(B2, 5, arrived=A2, arrived_revision=6, arrived_token="t")),
]


@pytest.mark.parametrize("words, mine, others", STOPS)
def test_reasons_to_stop(words: str, mine: Ours, others: Theirs) -> None:
    found = decide(mine, others, NO_RULES, "rules")
    assert found.verdict == "stop"
    assert words in found.stop
    assert "--strategy" in found.stop
    assert found.ours_changed
    took = decide(mine, others, NO_RULES, "ours")
    assert (took.verdict, took.document, took.stop) == ("ours", mine.document, "")
    assert words in took.notes[0]
    took = decide(mine, others, NO_RULES, "theirs")
    assert (took.verdict, took.document, took.stop) == ("theirs", others.document or {}, "")


@pytest.mark.parametrize(
    "here, there, side",
    [(1, 2, "theirs"), (2, 1, "ours"), (None, 1, "theirs"), (1, None, "ours"), (None, None, "ours")],
)
def test_newest_takes_the_side_that_was_written_last(here: int | None, there: int | None, side: str) -> None:
    def changes(minutes: int | None, document: Any) -> Any:
        return () if minutes is None else ((AT + timedelta(minutes=minutes), document),)

    mine = ours(A2, changes=changes(here, A2))
    others = theirs(B2, 4, changes=changes(there, B2))
    assert decide(mine, others, NO_RULES, "newest").verdict == side


@pytest.mark.parametrize("words, mine, others", STOPS)
def test_equal_sides_never_stop(words: str, mine: Ours, others: Theirs) -> None:
    if others.document:
        found = decide(replace(mine, document=others.document), others, NO_RULES, "rules")
        assert (found.verdict, found.stop) == ("same", "")


def test_what_arrived_moves_the_base() -> None:
    """A write in doubt that is in PostgreSQL counts once, and is no conflict with what came after it here or there."""
    arrived = theirs({**A2, "c": 1}, 8, arrived=A2, arrived_revision=6, arrived_token="t")
    found = decide(ours(A3), arrived, NO_RULES, "rules")
    assert (found.verdict, found.document, found.conflicts) == ("merged", {"a": 3, "b": 1, "c": 1}, ())
    assert (found.base_revision, found.base) == (6, A2)
    assert decide(ours(A2), arrived, NO_RULES, "rules").verdict == "theirs"
    # Without it the same is a conflict, or two increments look like one.
    assert decide(ours(A3), theirs({**A2, "c": 1}, 8), NO_RULES, "rules").conflicts
    # It had arrived, whatever the revisions before it look like.
    assert not decide(ours(A3), replace(arrived, base=B2), NO_RULES, "rules").stop
