"""The verdict on a followed index as its template shows it, from what `review_indexes` says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_bytes, said_number
from opsadmin.follow.verdict import State, change_in_words
from opsadmin.pages.actions import names_of


@dataclass(frozen=True)
class Verdict:
    """`status`: how bad that is. `command`: what the hint says to do, `undo` what takes that back."""

    index: str
    index_url: str
    table: str
    status: str
    text: str
    hint: str
    command: str
    undo: str
    figures: tuple[tuple[str, str], ...]


def verdict_of(review: Mapping[str, Any], index_url: str) -> Verdict:
    """`review`: an IndexReview as plain data. `index_url`: the page where the index can be dropped; empty where it is not
    there."""
    return Verdict(
        index=review["index"],
        index_url=index_url,
        table=review["table"],
        status=review["status"],
        text=review["text"],
        hint=review["hint"],
        command=review["command"],
        undo=review["undo"],
        figures=(
            (_("Promised"), _change(review["promised_gain"])),
            (_("Time, measured"), _change(review["time_gain"])),
            (_("Blocks, measured"), _change(review["blocks_gain"])),
            (_("Calls since"), said_number("", review["calls"])),
            (_("Scans"), said_number("", review["scans"])),
            (_("Size"), said_bytes(review["size_bytes"])),
        ),
    )


def there(reviews: Sequence[Mapping[str, Any]]) -> frozenset[tuple[str, str]]:
    """The tables, as SQL has them, and the plain names of the followed indexes that are there."""
    found = []
    for one in reviews:
        names = names_of(one["index"])
        if names and one["there_since"] and one["state"] != State.GONE:
            found.append((one["table"], names[-1]))
    return frozenset(found)


def _change(gain: Any) -> str:
    if gain is None:
        return "–"
    return change_in_words(1 - gain)
