"""What both sides of an outage changed differently: taken over from the files that a resync leaves, shown to a person
with the values of both sides, and settled.

A resync never waits for a person: the document keeps one side (`StoreConflict.kept`) until somebody decides."""

from __future__ import annotations

import glob
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from stores import registry
from stores.backends import durable_file
from stores.errors import DocumentError, StoreError, StoreUnavailable
from stores.models import StoreConflict
from stores.sync.conflict_id import conflict_id
from stores.sync.differences import same
from stores.sync.masking import masked_value
from stores.sync.merge import ABSENT, Conflict, apply_decision, value_at
from stores.writer import writing_as

logger = logging.getLogger(__name__)

#: Who settles what a rule decides for good.
BY_RULE = "rule"

_SIDES = ("base", "ours", "theirs")


class ConflictSettled(StoreError):
    """This conflict is settled already."""


class ValueChanged(StoreError):
    """The value was changed since the conflict arose. Nothing was written. `present` is what may be shown of it."""

    def __init__(self, message: str, present: Any) -> None:
        super().__init__(message)
        self.present = present


@dataclass(frozen=True)
class ConflictValues:
    """The three values of a conflict, and `present`, what the document holds now; `ABSENT` where the key is not there,
    and for a present value that cannot be read."""

    base: Any
    ours: Any
    theirs: Any
    present: Any = ABSENT

    def masked(self, conflict: StoreConflict) -> ConflictValues:
        """What may be shown of them."""
        keys = tuple(conflict.keys)
        return ConflictValues(*(masked_value(conflict.kind, keys, value) for value in vars(self).values()))


# --- taking over ----------------------------------------------------------------------------------------------------
def collect() -> int:
    """Take the conflicts that resyncs left in the host's directory over into the site database; how many there were.

    A file goes only when all of it is in the database; one that cannot be understood is kept under another name.
    What cannot be taken over now waits for the next time. Raises `StoreError` only where the host's directory cannot be
    used at all."""
    count = 0
    for path in sorted(glob.glob(os.path.join(glob.escape(registry.host().conflicts), "*.json"))):
        try:
            with open(path, "rb") as file:
                rows = _rows(json.loads(file.read()))
        except FileNotFoundError:
            continue  # another process was quicker
        except OSError as error:
            logger.error("[store] The conflicts in %s cannot be read: %s.", path, error.strerror)
            continue
        except (ValueError, KeyError, TypeError, AttributeError):
            _set_aside(path)
            continue
        try:
            StoreConflict.objects.bulk_create(rows, ignore_conflicts=True)
        except DatabaseError as error:
            logger.warning("[store] The conflicts in %s wait: the site database failed (%s).", path, error)
            continue
        count += len(rows)
        with suppress(OSError):
            os.unlink(path)
    return count


def _rows(content: dict[str, Any]) -> list[StoreConflict]:
    at = datetime.fromisoformat(content["at"])
    rows = []
    for found in content["conflicts"]:
        conflict = Conflict.from_dict(found)
        row = StoreConflict(
            id=conflict_id(content["resync"], content["kind"], conflict.path),
            resync=content["resync"],
            kind=str(content["kind"]),
            path=conflict.path,
            keys=list(conflict.keys),
            kept=conflict.kept,
            rule=conflict.rule,
            epoch=int(content["epoch"]),
            at=at,
            revision=content["revision"],
        )
        for side in _SIDES:
            value = getattr(conflict, side)
            setattr(row, f"has_{side}", value is not ABSENT)
            setattr(row, side, None if value is ABSENT else value)
        if conflict.settled:
            kept = conflict.ours if conflict.kept == "ours" else conflict.theirs
            row.settled_at, row.settled_by, row.decision = at, BY_RULE, conflict.kept
            row.decided = None if kept is ABSENT else kept
        rows.append(row)
    return rows


def _set_aside(path: str) -> None:
    try:
        kept = durable_file.set_aside(path, os.path.basename(path) + ".damaged")
        with suppress(FileNotFoundError):
            os.unlink(path)
    except OSError as error:
        logger.error("[store] %s holds no conflicts that could be understood: %s.", path, error.strerror)
    else:
        logger.error("[store] %s holds no conflicts that could be understood. It is kept as %s.", path, kept)


# --- looking --------------------------------------------------------------------------------------------------------
def open_conflicts() -> list[StoreConflict]:
    """Those that wait for a person, newest first. Raises `StoreError` where the site database fails."""
    collect()
    with _site_database():
        return list(StoreConflict.objects.filter(settled_at=None))


def find_conflict(start: str) -> StoreConflict:
    """The conflict whose id begins so. Raises `StoreError` where none does, or more than one."""
    collect()
    with _site_database():
        found = list(StoreConflict.objects.filter(id__startswith=start.strip().lower())[:2]) if start.strip() else []
    if not found:
        raise StoreError(_("There is no conflict %(id)s. List them: resync_store --conflicts") % {"id": start})
    if len(found) > 1:
        raise StoreError(_("More than one conflict begins with %(id)s. Give more of it.") % {"id": start})
    return found[0]


def values(conflict: StoreConflict, *, present: bool = True) -> ConflictValues:
    """The conflict's values, with secrets: `masked` gives what may be shown. `present`: read the document too."""
    base, ours, theirs = (getattr(conflict, side) if getattr(conflict, f"has_{side}") else ABSENT for side in _SIDES)
    now = ABSENT
    if present:
        with suppress(StoreError):
            now = value_at(registry.store_for(conflict.kind).read(), tuple(conflict.keys))
    return ConflictValues(base, ours, theirs, now)


# --- settling -------------------------------------------------------------------------------------------------------
def settle(conflict: StoreConflict, decision: str, value: Any = ABSENT, *, who: str, force: bool = False) -> int | None:
    """Write the decided value, and note who decided. `decision`: "ours", "theirs", "base", or "other" with its `value`
    (`ABSENT`: remove the key). Works on either backend. Answers the revision that this wrote in PostgreSQL; None where
    nothing had to be written, on the copy, and where another write came right after.

    Raises `ConflictSettled`; `ValueChanged` where the document holds none of the three values any more, unless
    `force`; and another `StoreError`. Then nothing was written and the conflict stays open, except after
    `CommitUnknown`: settle it again."""
    if decision not in StoreConflict.Decision.values:
        choices = ", ".join(StoreConflict.Decision.values)
        raise StoreError(
            _("%(given)s is not a decision. Choose one of: %(choices)s.") % {"given": decision, "choices": choices}
        )
    with _site_database(), transaction.atomic():
        # Held until the end, so that two people cannot settle one conflict differently.
        row = StoreConflict.objects.select_for_update().get(pk=conflict.pk)
        if row.settled_at is not None:
            raise ConflictSettled(
                _("%(path)s is settled already: by %(who)s at %(at)s.")
                % {"path": row.path, "who": row.settled_by, "at": f"{row.settled_at:%Y-%m-%d %H:%M:%S %Z}"}
            )
        decided = value if decision == "other" else getattr(values(row, present=False), decision)
        revision = _write(row, decided, who, force=force)
        row.settled_at = timezone.now()
        row.settled_by = who[:150]
        row.decision = decision
        row.decided = None if decided is ABSENT else decided
        if revision is not None:
            row.revision = revision
        row.save()
    conflict.refresh_from_db()
    return revision


def _write(row: StoreConflict, decided: Any, who: str, *, force: bool) -> int | None:
    """Put the decided value in its place; the revision that PostgreSQL gave it."""
    keys = tuple(row.keys)
    known = values(row, present=False)
    with writing_as(who, _reason(row)), registry.store_for(row.kind).transaction() as document:
        before = document.read()
        present = value_at(before, keys)
        if _equal(present, decided):
            return None
        if not force and not any(_equal(present, one) for one in (known.base, known.ours, known.theirs)):
            raise ValueChanged(_changed_since(row, present), masked_value(row.kind, keys, present))
        try:
            after = apply_decision(before, keys, decided)
        except DocumentError as error:
            raise StoreError(str(error)) from None
        document.write(after)
    return _revision_of(row.kind, after)


def _reason(row: StoreConflict) -> str:
    return f"Settle conflict: {row.path}"[:200]


def _changed_since(row: StoreConflict, present: Any) -> str:
    shown = masked_value(row.kind, tuple(row.keys), present)
    if present is ABSENT:
        now = _("is not there any more")
    else:
        text = json.dumps(shown, ensure_ascii=False, default=str)
        now = _("is now %(value)s") % {"value": text if len(text) <= 200 else text[:199] + "…"}
    return _(
        "%(path)s of %(kind)s %(now)s, which is none of the values of the conflict: somebody changed it since. "
        "Nothing was written. Confirm to replace it all the same."
    ) % {"path": row.path, "kind": row.kind, "now": now}


def _equal(one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return same(one, other)


def _revision_of(kind: str, document: dict[str, Any]) -> int | None:
    """PostgreSQL's revision of what was just written there."""
    host = registry.host()
    if host.mode().backend != "postgres":
        return None
    known = host.known(kind).latest()
    return known.revision if known is not None and same(json.loads(known.text), document) else None


@contextmanager
def _site_database() -> Iterator[None]:
    try:
        yield
    except StoreConflict.DoesNotExist:
        raise StoreError(_("This conflict is not there any more.")) from None
    except DatabaseError:
        raise StoreUnavailable(
            _("The site database, which keeps the conflicts, does not answer. Nothing was written. See the site's log.")
        ) from None
