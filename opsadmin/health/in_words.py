"""What a report says, in the language of who reads it: it was made in the language of who asked, or of the site's schedule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from opsadmin.health.card import Card, put
from opsadmin.health.catalog import checks

#: A finding's text by the card's.
_TEXTS = {"message": "says", "hint": "hint", "why": "why"}


def finding_in_words(finding: Mapping[str, Any]) -> Mapping[str, Any]:
    """A finding's `as_dict()`; what its check's card says in the present language, the rest as it is."""
    words, cards = finding.get("values"), _cards().get(finding["check"], ())
    if not words:
        return finding
    said = dict(finding)
    for name, text in _TEXTS.items():
        for card in cards:
            template = getattr(card, text)
            # A row may say it in words of its own, and those stay.
            if template and finding.get(name) in _versions(template, words):
                said[name] = put(_(template), words)
                break
    return said


def title_in_words(check: str, title: str) -> str:
    """The check's title; as it is where its card has another one."""
    for card in _cards().get(check, ()):
        if title in _versions(card.title, {}):
            return _(card.title)
    return title


def _versions(template: str, words: Mapping[str, str]) -> set[str]:
    """What the template makes in every language that there is."""
    found = set()
    for language in _languages():
        with override(language):
            try:
                found.add(put(_(template), words))
            except KeyError:  # another release's card
                continue
    return found


@cache
def _languages() -> tuple[str, ...]:
    locale = Path(__file__).parents[1] / "locale"
    return ("en", *sorted(path.name for path in locale.glob("*") if path.is_dir()))


@cache
def _cards() -> dict[str, tuple[Card, ...]]:
    return {one.id: tuple(card for _since, card in one.variants) for one in checks()}
