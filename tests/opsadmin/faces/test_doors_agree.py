"""When two doors' answers count as the same, in benchmarks/doors."""

from __future__ import annotations

import pytest

pytest.importorskip("mcp")
from benchmarks.doors.agree import difference
from benchmarks.doors.ways import Answer


def answer(result, outcome="done", **more):
    return Answer(outcome, result, "", more.pop("text", ""), 1.0, **more)


@pytest.mark.parametrize(
    ("one", "other", "exactly", "where"),
    [
        ({"rows": [[1, "a"]], "elapsed_ms": 3}, {"rows": [[1, "a"]], "elapsed_ms": 9}, True, ""),
        ({"rows": [[1]]}, {"rows": [[2]]}, True, ".rows[][]: '1' and '2'"),
        ({"rows": [[1]]}, {"rows": [[2], [3]]}, False, ""),
        ({"rows": [[1]]}, {"rows": [["1"]]}, False, ".rows[][]: int and str"),
        ({"a": 1, "b": 2}, {"a": 1}, True, "answer: only one has b"),
        (
            {"said": "Since 2026-01-02 03:04:05 UTC, 3 s ago"},
            {"said": "Since 2026-01-02 03:04:06 UTC, 4 s ago"},
            True,
            "",
        ),
        ([1, 2], [1], True, "answer: 2 and 1"),
        ({"a": None}, {"a": "x"}, False, ""),
    ],
)
def test_results(one, other, exactly, where):
    assert difference(answer(one), answer(other), exactly=exactly) == where


def test_outcomes():
    refused = answer({"message": "No."}, "SqlRefused")
    assert difference(refused, answer({"rows": []}), exactly=False) == "SqlRefused there, done here"


def test_a_page_says_the_sentences():
    preview = answer({"sentences": ["The session 5 would end."], "refusal": ""}, "preview")
    page = answer(None, "preview", text="<li>The session 77 would&nbsp;end.</li>", by_words=True)
    assert difference(preview, page, exactly=False) == ""
    other = answer(None, "preview", text="<li>Nothing.</li>", by_words=True)
    assert difference(preview, other, exactly=False) == "not on the page: The session 5 would end."
