"""Values of documents as pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from stores.admin.document_save import value_text
from stores.sync.differences import Change
from stores.sync.merge import ABSENT


@dataclass(frozen=True)
class Sides:
    """A place where two documents differ: their values as text."""

    path: str
    before: str
    after: str


def sides_of(changes: Iterable[Change]) -> tuple[Sides, ...]:
    """The changes, whose secrets are hidden already."""
    return tuple(
        Sides(
            change.path or _("(all)"),
            shown(ABSENT if change.action == "added" else change.before),
            shown(ABSENT if change.action == "removed" else change.after),
        )
        for change in changes
    )


def shown(value: Any) -> str:
    """JSON on one line; a key that is not there is not the same as null."""
    return _("not there") if value is ABSENT else value_text(value)
