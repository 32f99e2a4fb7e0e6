"""Switching this host, all its processes at once, between PostgreSQL and its JSON copies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores import switching
from stores.comparison import Comparison
from stores.errors import StoreError
from stores.runs.run import DONE, FAILED, UNDECIDED, dsn
from stores.switching import ReasonMissing, SwitchPreview, SwitchReport
from stores.sync.show import Block, Paper, count_changes
from stores.sync.show_resync import ago, backend_name, described_mode, resync_blocks


def switch_store(to: str, reason: str, who: str, *, strategy: str = "rules", dry_run: bool = False) -> SwitchRun:
    """Switch this host to the backend `to`, or say what that would do. `strategy`: who wins where both sides changed
    something, on the way to PostgreSQL.

    Raises `ReasonMissing` where a reason is needed and there is none; every other `StoreError` stands in the run."""
    run = SwitchRun(to, dry_run=dry_run)
    try:
        if not run.dry_run:
            reason = switching.checked_reason(reason)
        dsn()
        if run.dry_run:
            run.preview = switching.preview_switch(to, strategy)  # type: ignore[arg-type]  # it checks both
        else:
            run.report = switching.switch(to, reason, who, strategy=strategy)  # type: ignore[arg-type]
    except ReasonMissing:
        raise
    except StoreError as error:
        run.error = str(error)
    return run


class SwitchRun:
    """One switch, or its dry run, and how it ended."""

    def __init__(self, to: str, *, dry_run: bool) -> None:
        self.to = to
        self.dry_run = dry_run
        self.preview: SwitchPreview | None = None
        self.report: SwitchReport | None = None
        self.error = ""

    @property
    def verdict(self) -> str:
        """`switched` (a dry run: would be), `same`, `stopped` (a person must decide first), `failed`."""
        if self.preview is not None:
            if self.preview.needs_decision:
                return "stopped"
            if self.preview.blockers:
                return "failed"
            return "switched" if self.preview.changes else "same"
        if self.report is not None and not self.error:
            if self.report.stopped:
                return "stopped"
            return "switched" if self.report.changed else "same"
        return "failed"

    @property
    def _conflicts(self) -> int:
        found = self.preview or self.report
        return found.resync.open_conflicts if found is not None and found.resync is not None else 0

    @property
    def exit_code(self) -> int:
        code = {"failed": FAILED, "stopped": UNDECIDED}.get(self.verdict, DONE)
        return UNDECIDED if code == DONE and self._conflicts else code

    def as_dict(self) -> dict[str, Any]:
        message, next_step = self.closing()
        found = self.preview or self.report
        return {
            "command": "switch_store",
            "to": self.to,
            "dry_run": self.dry_run,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "message": message,
            "next_step": next_step,
            "error": self.error or None,
            **(found.as_dict() if found is not None else {}),
        }

    def closing(self) -> tuple[str, str]:
        """What came of it, and what to do next."""
        verdict, name = self.verdict, backend_name(self.to)
        if verdict == "failed":
            error = self.error or " ".join(self.preview.blockers if self.preview else ())
            return error, _("The host stays where it is.")
        if verdict == "stopped":
            return _("Not switched: a person must decide first."), _(
                "Look at both sides with: resync_store --dry-run. Then switch with --strategy ours (the copy), theirs "
                "(PostgreSQL) or newest."
            )
        if verdict == "same":
            return _("Nothing to do: this host is on %(name)s already.") % {"name": name}, ""
        if self.dry_run:
            return _("This host would be switched to %(name)s.") % {"name": name}, _(
                "Run it again without --dry-run and with --reason."
            )
        assert self.report is not None  # noqa: S101  # else it failed
        done = _("Done: this host is on %(name)s; it took %(seconds).1f s.") % {
            "name": name,
            "seconds": self.report.elapsed_ms / 1000,
        }
        if self.report.problems:
            return done, " ".join(self.report.problems)
        return done, self._next_step()

    def _next_step(self) -> str:
        if self._conflicts:
            waits = ngettext(
                "%(count)d conflict waits for a decision: resync_store --conflicts",
                "%(count)d conflicts wait for a decision: resync_store --conflicts",
                self._conflicts,
            )
            return waits % {"count": self._conflicts}
        if self.to == "filesystem":
            return _("The way back: switch_store postgres --reason TEXT")
        return _("Every former value stays as a revision and can be restored in the admin.")

    def show(self, paper: Paper) -> None:
        mode = _("dry run, nothing is changed") if self.dry_run else ""
        paper.title(_("Switch to %(name)s") % {"name": backend_name(self.to)}, mode)
        found = self.preview or self.report
        if found is not None:
            before = self.preview.mode if self.preview is not None else found.before  # type: ignore[union-attr]
            paper.sentences([described_mode(before, past=not self.dry_run and self.verdict == "switched")])
        if found is not None and found.resync is not None:
            for block in resync_blocks(found.resync):
                paper.block(block)
        elif self.preview is not None and self.preview.changes:
            for document in self.preview.documents:
                paper.block(_block(document, self.to))
        if self.preview is not None and self.preview.changes and self.preview.sentences:
            paper.sentences(self.preview.sentences)
        if self.report is not None and self.report.stopped:
            paper.sentences([self.report.stopped])
        message, next_step = self.closing()
        paper.closing(message, next_step, good=self.verdict in ("switched", "same"))


def _block(document: Comparison, to: str) -> Block:
    if to == "postgres":  # which does not answer
        waits = ngettext("%d write waits", "%d writes wait", document.waiting.writes) % document.waiting.writes
        return Block(document.kind, document.path, waits, None, _note(document))
    if document.error:
        outcome, good = _("the copy cannot be read"), None
    elif not document.exists:
        outcome, good = _("no copy yet, it would be made"), None
    elif document.same is None:
        outcome, good = _("not compared"), None
    elif document.same:
        outcome, good = _("the copy is the same"), None
    else:
        outcome, good = _("the copy would be brought up to date"), None
    return Block(document.kind, document.path, outcome, good, _note(document), document.changes)


def _note(document: Comparison) -> str:
    now = datetime.now(UTC)
    parts = []
    if document.revision is not None:
        parts.append(
            _("PostgreSQL is at revision %(revision)d, written by %(writer)s.")
            % {"revision": document.revision, "writer": document.writer or "?"}
        )
    if document.seen_at is None:
        parts.append(_("This host has not read it from PostgreSQL yet."))
    else:
        parts.append(
            _("This host saw revision %(revision)d %(ago)s.")
            % {"revision": document.known_revision, "ago": ago(document.seen_at, now)}
        )
    if document.changes and document.revision is not None:
        parts.append(_("From the copy to PostgreSQL: %(counted)s.") % {"counted": count_changes(document.changes)})
    if document.error:
        parts.append(document.error)
    return " ".join(parts)
