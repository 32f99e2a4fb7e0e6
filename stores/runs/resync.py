"""Bringing what was written on this host's JSON copies back into PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores import conflicts, switching
from stores.backends.failover.mode import Mode
from stores.backends.failover.report import ResyncReport
from stores.errors import StoreError
from stores.runs.run import DONE, FAILED, UNDECIDED, dsn
from stores.sync.show import Paper
from stores.sync.show_resync import described_mode, resync_blocks


def resync_store(reason: str, who: str, *, strategy: str = "rules", apply: bool) -> ResyncRun:
    """Bring what the copies have gathered into PostgreSQL, or (`apply` False) say what that would do. Never raises
    `StoreError`: the run has it."""
    run = ResyncRun(apply=apply)
    try:
        dsn()
        run.before = switching.mode()
        if apply:
            run.report = switching.resync(strategy, reason, who)  # type: ignore[arg-type]  # it checks it
        else:
            run.report = switching.preview_resync(strategy)  # type: ignore[arg-type]
        run.after = switching.mode()
        run.waiting = _waiting(run.report)
    except StoreError as error:
        run.error = str(error)
    return run


def _waiting(report: ResyncReport) -> int:
    """How many conflicts wait now."""
    try:
        return len(conflicts.open_conflicts())
    except StoreError:
        return report.open_conflicts if report.applied else 0


class ResyncRun:
    """One resync and how it ended."""

    def __init__(self, *, apply: bool) -> None:
        self.apply = apply
        self.before: Mode | None = None
        self.after: Mode | None = None
        self.report: ResyncReport | None = None
        self.waiting = 0
        self.error = ""

    @property
    def verdict(self) -> str:
        """`resynced` (a dry run: would be), `same`, `stopped` (a person must decide first), `failed`."""
        if self.error or self.report is None or self.before is None:
            return "failed"
        if self.before.backend == "postgres":
            return "same"
        if self.report.stopped:
            return "stopped"
        return "resynced"

    @property
    def exit_code(self) -> int:
        code = {"failed": FAILED, "stopped": UNDECIDED}.get(self.verdict, DONE)
        would_wait = self.report.open_conflicts if self.report is not None and not self.apply else 0
        return UNDECIDED if code == DONE and (self.waiting or would_wait) else code

    def as_dict(self) -> dict[str, Any]:
        message, next_step = self.closing()
        return {
            "command": "resync_store",
            "mode": "apply" if self.apply else "dry-run",
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "message": message,
            "next_step": next_step,
            "error": self.error or None,
            "open_conflicts": self.waiting,
            "before": self.before.as_dict() if self.before else None,
            "after": self.after.as_dict() if self.after else None,
            "report": self.report.as_dict() if self.report else None,
        }

    def closing(self) -> tuple[str, str]:
        """What came of it, and what to do next."""
        report, verdict = self.report, self.verdict
        if verdict == "failed" or report is None or self.before is None:
            return self.error, _("Nothing is lost: run it again when the cause is gone.")
        if verdict == "stopped":
            return report.stopped, _("Nothing was written. Run it again with the --strategy you choose; look first.")
        if verdict == "same":
            return _("Nothing to do: this host is on PostgreSQL."), self._conflicts(self.waiting)
        if not self.apply:
            parts = [self._conflicts(report.open_conflicts), _("Run it again with --apply to do it.")]
            return _("This is what a resync would do."), " ".join(part for part in parts if part)
        if self.after is not None and self.after.backend == "postgres":
            done = _("Done: the copies were brought back, and this host is on PostgreSQL.")
        else:
            done = _("Done: PostgreSQL has what the copies had. This host stays on its JSON copies.")
        undo = _("Every former value of both sides stays as a revision and can be restored in the admin.")
        return done, self._conflicts(self.waiting) or undo

    def _conflicts(self, count: int) -> str:
        if not count:
            return ""
        if self.apply or self.verdict == "same":
            waits = ngettext(
                "%(count)d conflict waits for a decision: resync_store --conflicts",
                "%(count)d conflicts wait for a decision: resync_store --conflicts",
                count,
            )
        else:
            waits = ngettext(
                "%(count)d conflict would wait for a decision.",
                "%(count)d conflicts would wait for a decision.",
                count,
            )
        return waits % {"count": count}

    def show(self, paper: Paper) -> None:
        paper.title(_("Resync"), _("for real (--apply)") if self.apply else _("dry run, nothing is written"))
        if self.before is not None:
            paper.sentences([described_mode(self.before, past=self.apply and self.verdict == "resynced")])
        for block in resync_blocks(self.report) if self.report is not None else ():
            paper.block(block)
        message, next_step = self.closing()
        paper.closing(message, next_step, good=self.verdict in ("resynced", "same"))
