"""Whether two doors gave the same answer. What a clock says may differ; where the database goes on between two calls only
the shape must be the same."""

from __future__ import annotations

import html
import re
from typing import Any

from benchmarks.doors.calls import TIMES
from benchmarks.doors.ways import Answer

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z|[+-]\d\d:?\d\d)?")
_TOOK = re.compile(r"\d+(\.\d+)? (ms|s|seconds?|minutes?)\b")
_TAG = re.compile(r"<[^>]*>")


def difference(one: Answer, other: Answer, *, exactly: bool) -> str:
    """Where they do not agree, empty where they do."""
    if other.by_words:
        return _missing_words(one, other)
    if one.outcome != other.outcome:
        return f"{one.outcome} there, {other.outcome} here"
    return _differs(one.result, other.result, "", exactly)


def _missing_words(one: Answer, page: Answer) -> str:
    """A page that only a person reads: the sentences must stand in it."""
    found = one.result or {}
    said = () if one.outcome == "done" else ("refusal", "message", "hint")
    wanted = [*found.get("sentences", ()), *(found.get(name, "") for name in said)]
    shown = _plain(html.unescape(_TAG.sub("", page.text)))
    missing = [sentence for sentence in wanted if _plain(sentence) not in shown]
    return f"not on the page: {missing[0]}" if missing else ""


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\d+", "#", _without_times(text)).split())


def _without_times(text: str) -> str:
    return _TOOK.sub("@", _TIME.sub("@", text))


def _differs(one: Any, other: Any, where: str, exactly: bool) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        if exactly and (keys := set(one) ^ set(other)):
            return f"{where or 'answer'}: only one has {', '.join(sorted(keys))}"
        for key in one.keys() & other.keys():
            if key in TIMES or key.endswith(("_ms", "_at")):
                continue
            if found := _differs(one[key], other[key], f"{where}.{key}", exactly):
                return found
        return ""
    if isinstance(one, list) and isinstance(other, list):
        if exactly and len(one) != len(other):
            return f"{where or 'answer'}: {len(one)} and {len(other)}"
        pairs = zip(one, other, strict=exactly) if exactly else zip(one[:1], other[:1], strict=False)
        return next((found for left, right in pairs if (found := _differs(left, right, f"{where}[]", exactly))), "")
    if exactly:
        left, right = (_without_times(value) if isinstance(value, str) else value for value in (one, other))
        return "" if left == right else f"{where or 'answer'}: {str(left)[:80]!r} and {str(right)[:80]!r}"
    if None in (one, other) or (isinstance(one, int | float) and isinstance(other, int | float)):
        return ""
    return "" if type(one) is type(other) else f"{where}: {type(one).__name__} and {type(other).__name__}"
