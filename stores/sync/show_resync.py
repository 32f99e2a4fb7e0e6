"""What `switch_store` and `resync_store` show of the two sides of a document. They get masked values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stores.backends.failover.mode import Mode
from stores.backends.failover.report import DocumentResync, ResyncReport
from stores.sync.merge import ABSENT
from stores.sync.show import Block, changes_table, count_changes, safe, value_text

#: As many digits of a conflict's id as a person has to type.
ID_LENGTH = 8


def value_or_absent(value: Any) -> str:
    """The value as JSON on one line, or that it is not there."""
    return _("(not there)") if value is ABSENT else value_text(value)


def resync_blocks(report: ResyncReport) -> list[Block]:
    """What becomes, or would become, of each document."""
    return [_block(document, report) for document in report.documents]


def _block(document: DocumentResync, report: ResyncReport) -> Block:
    outcome, good = {
        "same": (_("the same, nothing to do"), None),
        "ours": (_("the copy goes to PostgreSQL"), True),
        "theirs": (_("the copy follows PostgreSQL"), True),
        "merged": (_("merged"), True),
        "stop": (_("a person must decide"), False),
    }[document.verdict]
    if report.stopped and document.verdict not in ("stop", "same"):
        outcome, good = _("waits for the other document"), None
    elif document.revision is not None:
        outcome = _("written as revision %d") % document.revision
    more: list[RenderableType] = []
    if document.verdict == "stop":
        more += _changes(_("From PostgreSQL to the copy"), document.ours_changed)
    else:
        more += _changes(_("Changed on the copy"), document.ours_changed)
        more += _changes(_("Changed in PostgreSQL"), document.theirs_changed)
    if document.conflicts:
        more.append(Text(_("Changed on both sides:"), "bold"))
        more += (line for conflict in document.conflicts for line in conflict_lines(conflict))
    more += [Text(safe(note), "dim") for note in document.notes]
    return Block(document.kind, document.path, outcome, good, _note(document), more=more)


def _changes(title: str, changes: Sequence[Any]) -> list[RenderableType]:
    if not changes:
        return []
    return [Text(f"{title} ({count_changes(changes)}):", "bold"), changes_table(changes)]


def _note(document: DocumentResync) -> str:
    there = (
        _("PostgreSQL has no row.")
        if document.theirs_revision is None
        else _("PostgreSQL is at revision %(revision)d.") % {"revision": document.theirs_revision}
    )
    if not document.writes:
        return there
    writes = ngettext("%(count)d write on the copy waits", "%(count)d writes on the copy wait", document.writes) % {
        "count": document.writes
    }
    if document.base_revision is not None:
        writes = _("%(writes)s since revision %(revision)d") % {"writes": writes, "revision": document.base_revision}
    return f"{writes}. {there}"


def conflict_lines(conflict: Any, about: str = "") -> list[RenderableType]:
    """A conflict's three values one below the other, and which of them the document has for now. `conflict` has path,
    base, ours, theirs, kept and rule; `about` is shown beside its path."""
    settled = getattr(conflict, "settled", False)
    sign, style = ("✓", "green") if settled else ("?", "yellow")
    title = Text(f"{sign}  ", f"bold {style}").append(safe(conflict.path), "bold")
    if about:
        title.append(f"  {safe(about)}", "dim")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for side, name in (("base", _("before")), ("ours", _("copy")), ("theirs", "PostgreSQL")):
        value = Text(value_or_absent(getattr(conflict, side)))
        if conflict.kept == side:
            kept = _("kept")
            value.append(f"  ({kept}: {safe(conflict.rule)})", "dim")
        table.add_row(Text(name, "dim"), value)
    return [title, Padding(table, (0, 0, 0, 3))]


def backend_name(backend: str) -> str:
    """For a sentence."""
    return "PostgreSQL" if backend == "postgres" else _("the JSON copies")


def described_mode(mode: Mode, *, past: bool = False) -> str:
    """Where the host is, or was, since when, by whom and why."""
    values = {
        "name": backend_name(mode.backend),
        "at": f"{mode.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "who": _("by itself") if mode.automatic else mode.who or "?",
        "reason": mode.reason or "?",
    }
    if past:
        return _("Before: on %(name)s, since %(at)s (%(who)s): %(reason)s") % values
    return _("Now on %(name)s, since %(at)s (%(who)s): %(reason)s") % values


def ago(moment: datetime, now: datetime) -> str:
    """`just now`, `12 s ago`, `12 min ago`, `3 h ago`."""
    seconds = max(0.0, (now - moment).total_seconds())
    if seconds < 2:
        return _("just now")
    if seconds < 90:
        return _("%d s ago") % seconds
    if seconds < 90 * 60:
        return _("%d min ago") % (seconds / 60)
    if seconds < 48 * 3600:
        return _("%d h ago") % (seconds / 3600)
    return _("%d days ago") % (seconds / 86400)
