"""Bring what was written on this host's JSON copies back into PostgreSQL; list and settle what both sides changed."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores import conflicts, switching
from stores.backends.failover.mode import Mode
from stores.backends.failover.report import ResyncReport
from stores.conflicts import ValueChanged
from stores.errors import StoreError
from stores.models import StoreConflict
from stores.sync.command import DONE, FAILED, REFUSED, UNDECIDED, SyncCommand, command_writer
from stores.sync.merge import ABSENT
from stores.sync.show import Block, Paper, as_json
from stores.sync.show_resync import ID_LENGTH, conflict_lines, described_mode, resync_blocks


class Command(SyncCommand):
    help = (
        "Bring what was written on this host's JSON copies back into PostgreSQL, by a three-way merge of each document. "
        "Shows what would change and writes nothing unless --apply is given. A host that went to its copies by itself "
        "returns to PostgreSQL with it; one that an operator switched stays (switch_store postgres is its way back). "
        "What both sides changed keeps one value and waits for you: --conflicts lists, --settle decides. "
        "Exit code: 0 done or nothing to do, 1 failed, 2 wrong usage, 3 a person must decide: before the resync, or "
        "conflicts wait."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--dry-run", action="store_true", help="Show what would be done (the default).")
        mode.add_argument("--apply", action="store_true", help="Do it.")
        mode.add_argument("--conflicts", action="store_true", help="List the conflicts that wait.")
        mode.add_argument("--settle", metavar="ID", help="Settle a conflict; the first digits of its id are enough.")
        parser.add_argument(
            "--strategy",
            choices=switching.STRATEGIES,
            default="rules",
            help="Who wins where both sides changed something: the documents' rules (the default; they stop where "
            "PostgreSQL was emptied or restored), ours (the copy), theirs (PostgreSQL), or the newest change.",
        )
        parser.add_argument("--reason", default="", metavar="TEXT", help="Why: it is kept with the revisions.")
        parser.add_argument("--take", choices=["ours", "theirs", "base"], help="With --settle: the value that holds.")
        parser.add_argument("--value", metavar="JSON", help="With --settle: another value, as JSON.")
        parser.add_argument(
            "--force", action="store_true", help="With --settle: also where the value was changed since."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        settles = options["settle"] is not None
        if not settles and (options["take"] or options["value"] is not None or options["force"]):
            raise CommandError(_("--take, --value and --force go with --settle ID."), returncode=REFUSED)
        if settles:
            return self._settle(options)
        if options["conflicts"]:
            return self._list(options)
        return self._resync(options)

    # --- the resync ------------------------------------------------------------------------------------------------

    def _resync(self, options: dict[str, Any]) -> tuple[int, str]:
        run = _Run(apply=options["apply"])
        try:
            self.dsn()
            run.before = switching.mode()
            if run.apply:
                run.report = switching.resync(options["strategy"], options["reason"], command_writer("resync_store"))
            else:
                run.report = switching.preview_resync(options["strategy"])
            run.after = switching.mode()
            run.waiting = _waiting(run.report)
        except StoreError as error:
            run.error = str(error)
        if options["json"]:
            return run.exit_code, as_json(run.as_dict(), indent=2) + "\n"
        run.show(paper := self.paper())
        return run.exit_code, paper.text()

    # --- conflicts -------------------------------------------------------------------------------------------------

    def _list(self, options: dict[str, Any]) -> tuple[int, str]:
        try:
            found = conflicts.open_conflicts()
        except StoreError as error:
            return self._failed("list", str(error), options)
        code = UNDECIDED if found else DONE
        shown = [(conflict, conflicts.values(conflict).masked(conflict)) for conflict in found]
        if options["json"]:
            listed = [_as_dict(conflict, values) for conflict, values in shown]
            return code, as_json({"command": "resync_store", "exit_code": code, "conflicts": listed}, indent=2) + "\n"
        paper = self.paper()
        paper.title(_("Conflicts"), "")
        for kind in sorted({conflict.kind for conflict in found}):
            lines = [
                line
                for conflict, values in shown
                if conflict.kind == kind
                for line in conflict_lines(
                    _Shown(conflict, values), f"{conflict.id[:ID_LENGTH]}  {conflict.at:%Y-%m-%d %H:%M:%S %Z}"
                )
            ]
            paper.block(Block(kind, "", "", None, more=lines))
        if not found:
            paper.closing(_("No conflict waits for a decision."))
        else:
            waits = ngettext("%d conflict waits for a decision.", "%d conflicts wait for a decision.", len(found))
            paper.closing(
                waits % len(found), _("Settle one with: resync_store --settle ID --take ours|theirs|base"), good=False
            )
        return code, paper.text()

    def _settle(self, options: dict[str, Any]) -> tuple[int, str]:
        take, text = options["take"], options["value"]
        if (take is None) == (text is None):
            raise CommandError(
                _("Say what holds: --take ours (the copy), theirs (PostgreSQL) or base (before), or --value JSON."),
                returncode=REFUSED,
            )
        value: Any = ABSENT
        if text is not None:
            try:
                value = json.loads(text)
            except ValueError:
                raise CommandError(
                    _("--value is not JSON. A text stands in quotes: --value '\"winter\"'"), returncode=REFUSED
                ) from None
        try:
            conflict = conflicts.find_conflict(options["settle"])
            revision = conflicts.settle(
                conflict, take or "other", value, who=command_writer("resync_store"), force=options["force"]
            )
            left = len(conflicts.open_conflicts())
        except ValueChanged as error:
            return self._failed("settle", f"{error} (--force)", options, code=UNDECIDED)
        except StoreError as error:
            return self._failed("settle", str(error), options)
        message = _("Settled: %(path)s of %(kind)s.") % {"path": conflict.path, "kind": conflict.kind}
        if revision is not None:
            message += " " + _("It is revision %(revision)d.") % {"revision": revision}
        waits = ngettext("%d conflict waits still.", "%d conflicts wait still.", left) % left
        if options["json"]:
            done = {"message": message, "revision": revision, "open_conflicts": left}
            return DONE, as_json({"command": "resync_store", "exit_code": DONE, **done}, indent=2) + "\n"
        paper = self.paper()
        paper.closing(message, waits if left else _("No conflict waits any more."))
        return DONE, paper.text().lstrip("\n")

    def _failed(self, what: str, error: str, options: dict[str, Any], *, code: int = FAILED) -> tuple[int, str]:
        if options["json"]:
            return code, as_json({"command": "resync_store", "exit_code": code, "error": error}, indent=2) + "\n"
        raise CommandError(error, returncode=code)


def _waiting(report: ResyncReport) -> int:
    """How many conflicts wait now."""
    try:
        return len(conflicts.open_conflicts())
    except StoreError:
        return report.open_conflicts if report.applied else 0


class _Shown:
    """A conflict with masked values, as it is shown."""

    def __init__(self, conflict: StoreConflict, values: conflicts.ConflictValues) -> None:
        self.path = conflict.path
        self.base, self.ours, self.theirs = values.base, values.ours, values.theirs
        self.kept, self.rule = conflict.kept, conflict.rule


def _as_dict(conflict: StoreConflict, values: conflicts.ConflictValues) -> dict[str, Any]:
    """A side where the key is not there is left out, so that null stays a value of its own."""
    return {
        "id": conflict.id,
        "kind": conflict.kind,
        "path": conflict.path,
        "at": conflict.at.isoformat(),
        "kept": conflict.kept,
        "rule": conflict.rule,
        **{side: value for side, value in vars(values).items() if value is not ABSENT},
    }


class _Run:
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
