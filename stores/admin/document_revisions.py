"""The kept revisions of a document: pages of them by key, and what one changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from stores.admin.document_save import value_text
from stores.admin.document_seal import seal
from stores.backends.protocol import Document
from stores.models import Revision
from stores.sync.differences import Change, differences

PAGE = 25
SIGNS = {"added": "+", "removed": "−", "changed": "~"}


@dataclass(frozen=True)
class Row:
    """A revision in the list; `changes` None: the one before is not kept any more."""

    revision: Revision
    changes: int | None
    places: list[str]


@dataclass(frozen=True)
class ShownChange:
    """A change as a page shows it: sign and word beside the colour."""

    sign: str
    action: str
    word: str
    path: str
    before: str
    after: str


def as_document(data: Any) -> Document:
    """What a row holds; the table takes anything, a list is shown as a document with one odd key."""
    return data if isinstance(data, dict) else {"(not an object)": data}


def rows_before(kind: str, before: int | None) -> tuple[list[Row], int | None]:
    """One page, newest first, and where the next one begins."""
    kept = Revision.objects.filter(kind=kind).order_by("-revision")
    if before is not None:
        kept = kept.filter(revision__lt=before)
    found = list(kept[: PAGE + 1])
    rows = []
    for index, revision in enumerate(found[:PAGE]):
        changes = None
        if index + 1 < len(found):
            changes = changes_between(kind, found[index + 1].data, revision.data)
        rows.append(
            Row(revision, None if changes is None else len(changes), [change.path for change in (changes or [])[:3]])
        )
    return rows, found[PAGE - 1].revision if len(found) > PAGE else None


def revision_or_none(kind: str, number: int) -> Revision | None:
    return Revision.objects.filter(kind=kind, revision=number).first()


def revision_before(kind: str, number: int) -> Revision | None:
    return Revision.objects.filter(kind=kind, revision__lt=number).order_by("-revision").first()


def changes_between(kind: str, before: Any, after: Any) -> list[Change]:
    """The changes with placeholders for secrets."""
    return differences(seal(kind, as_document(before))[0], seal(kind, as_document(after))[0])


def shown(changes: list[Change]) -> list[ShownChange]:
    words = {"added": _("added"), "removed": _("removed"), "changed": _("changed")}
    return [
        ShownChange(
            SIGNS[change.action],
            change.action,
            words[change.action],
            change.path,
            "" if change.action == "added" else value_text(change.before),
            "" if change.action == "removed" else value_text(change.after),
        )
        for change in changes
    ]


def log_text(changes: list[Change], reason: str = "") -> str:
    """For the admin's log: the places and values, cut to what a person reads there."""
    parts = []
    for change in shown(changes)[:20]:
        if change.action == "changed":
            parts.append(f"{change.path}: {change.before[:60]} → {change.after[:60]}")
        else:
            parts.append(f"{change.sign} {change.path}: {(change.after or change.before)[:60]}")
    if len(changes) > 20:
        parts.append(_("and %(count)d more") % {"count": len(changes) - 20})
    return f"{reason}: {'; '.join(parts)}" if reason else "; ".join(parts)
