"""Move settings.json and state.json into PostgreSQL, both or neither. A dry run unless --apply is given: it asks the
same questions as the real run, so it comes to the same verdict and the same exit code."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores import documents
from stores.backends.protocol import KINDS
from stores.errors import StoreError
from stores.fallback.journals import waiting_writes
from stores.sync.apply import look, write_documents
from stores.sync.command import DONE, FAILED, REFUSED, SyncCommand
from stores.sync.files import read_source
from stores.sync.plan import DocumentPlan, MigrationPlan, plan_files, plan_migration
from stores.sync.show import Block, Paper, as_json, count_changes


class Command(SyncCommand):
    help = (
        "Move the dashboard's settings.json and state.json into PostgreSQL, in one transaction. Shows what would "
        "change and writes nothing unless --apply is given. Without paths it takes both files from their configured "
        "places; with one path, that document alone. Exit code: 0 done or nothing to do, 1 PostgreSQL failed, "
        "2 refused."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        self.add_paths(parser)
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            "--dry-run", action="store_true", help="Show what would be done and write nothing (the default)."
        )
        mode.add_argument("--apply", action="store_true", help="Write.")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Replace different documents in PostgreSQL; the present ones stay as revisions.",
        )
        parser.add_argument(
            "--strict",
            action="store_true",
            help="Refuse values that the dashboard's form would not take, and unknown keys; else they are only named.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        paths = self.paths(options)
        run = _Run(apply=options["apply"])
        sources = [read_source(kind, path) for kind, path in paths.items()]
        plan = plan_files(sources, asked=any(options[f"{kind}_path"] for kind in KINDS))
        try:
            if plan is None:
                found = look(self.dsn(), [source.kind for source in sources if source.document is not None])
                plan = plan_migration(
                    sources,
                    found.held,
                    {
                        source.kind: documents.validate(source.kind, source.document, strict=options["strict"])
                        for source in sources
                        if source.document is not None
                    },
                    force=options["force"],
                    strict=options["strict"],
                    domain=self.domain(),
                )
                run.plan = plan
                if plan.verdict == "write" and found.obstacle:
                    raise found.obstacle
                run.waiting = self._waiting() if plan.verdict == "write" else 0
                if run.apply and run.verdict == "write":
                    run.revisions = write_documents(
                        self.dsn(),
                        plan.to_write,
                        found.held,
                        writer="command:migrate_to_postgres",
                        reason=_reason(plan),
                    )
            run.plan = plan
        except StoreError as error:
            run.error = str(error)
        if options["json"]:
            return run.exit_code, as_json(run.as_dict(), indent=2) + "\n"
        run.show(paper := self.paper())
        return run.exit_code, paper.text()

    def _waiting(self) -> int:
        """Writes on this host's copies that PostgreSQL lacks: written past them, PostgreSQL's side would seem to have
        changed too, and the resync would find conflicts where there are none."""
        host = self.host()
        return 0 if host is None else waiting_writes(host)


class _Run:
    """One run of the command and how it ended."""

    def __init__(self, *, apply: bool) -> None:
        self.apply = apply
        self.waiting = 0
        self.plan: MigrationPlan | None = None
        self.revisions: dict[str, int] = {}
        self.error: str = ""

    @property
    def verdict(self) -> str:
        """`write` (a dry run would write, a real run has), `same`, `refuse` or `failed`."""
        if self.error or self.plan is None:
            return "failed"
        return "refuse" if self.waiting else self.plan.verdict

    @property
    def exit_code(self) -> int:
        return {"failed": FAILED, "refuse": REFUSED}.get(self.verdict, DONE)

    def as_dict(self) -> dict[str, Any]:
        plans = self.plan.documents if self.plan else ()
        message, next_step = self.closing()
        return {
            "command": "migrate_to_postgres",
            "mode": "apply" if self.apply else "dry-run",
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "written": bool(self.revisions),
            "message": message,
            "next_step": next_step,
            "error": self.error or None,
            "documents": {
                plan.kind: {**plan.as_dict(), "revision_written": self.revisions.get(plan.kind)} for plan in plans
            },
        }

    def closing(self) -> tuple[str, str]:
        """What came of it, and what to do next."""
        if self.error:
            return self.error, ""
        if self.waiting:
            refused = ngettext(
                "Refused: this host is on its JSON copies, and %(count)d write there waits to be brought back.",
                "Refused: this host is on its JSON copies, and %(count)d writes there wait to be brought back.",
                self.waiting,
            )
            return refused % {"count": self.waiting}, _(
                "Bring them back first: resync_store --apply, or switch_store postgres --reason TEXT. Both merge."
            )
        if self.verdict == "refuse":
            return _("Refused: nothing was written."), ""
        if self.verdict == "same":
            return _("Nothing to do: PostgreSQL already holds what the files hold."), ""
        plan = self.plan
        count = len(plan.to_write) if plan else 0
        if self.revisions:
            done = ngettext(
                "Done: %d document was written and read back.",
                "Done: %d documents were written in one transaction and read back.",
                count,
            )
            return done % count, _("The previous values are kept as revisions and can be restored in the admin.")
        would = ngettext("%d document would be written.", "%d documents would be written.", count)
        return would % count, _("Run it again with --apply to write.")

    def show(self, paper: Paper) -> None:
        mode = _("for real (--apply)") if self.apply else _("dry run, nothing is written")
        paper.title(_("Migrate to PostgreSQL"), mode)
        for plan in self.plan.documents if self.plan else ():
            paper.block(self._block(plan))
        message, next_step = self.closing()
        paper.closing(message, next_step, good=self.exit_code == DONE)

    def _block(self, plan: DocumentPlan) -> Block:
        outcome, good = {
            "write": (_("would be written"), True),
            "same": (_("the same, nothing to do"), None),
            "refuse": (_("refused"), False),
            "absent": (_("no file, left as it is"), None),
            "unknown": (_("not compared"), None),
        }[plan.verdict]
        if plan.verdict == "write" and self.verdict != "write":
            outcome, good = _("not written"), None
        elif plan.kind in self.revisions:
            outcome = _("written as revision %d") % self.revisions[plan.kind]
        return Block(
            plan.kind,
            plan.path,
            outcome,
            good,
            _note(plan, written=plan.kind in self.revisions),
            plan.changes,
            plan.problems,
            plan.warnings,
            plan.reasons,
        )


def _note(plan: DocumentPlan, *, written: bool) -> str:
    """What PostgreSQL holds, or held before it was written, and how much changes."""
    held = plan.held
    if held is None:
        return ""
    where = _("Before") if written else _("In PostgreSQL")
    if not held.exists or held.document == {}:
        there = _("nothing yet")
    else:
        values = {
            "revision": held.revision,
            "at": f"{held.updated_at:%Y-%m-%d %H:%M:%S %Z}" if held.updated_at else "?",
            "writer": held.writer or "?",
        }
        there = _("revision %(revision)d, written %(at)s by %(writer)s") % values
    counted = count_changes(plan.changes)
    return f"{where}: {there}; {counted}." if counted else f"{where}: {there}."


def _reason(plan: MigrationPlan) -> str:
    """For the revision: the files, by name."""
    return ", ".join(Path(document.path).name for document in plan.documents if document.verdict == "write")
