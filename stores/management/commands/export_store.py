"""Write the documents in PostgreSQL into files as the dashboard has them: the way back from migrate_to_postgres."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores.backends.protocol import KINDS
from stores.errors import StoreError
from stores.sync.apply import read_documents
from stores.sync.command import DONE, FAILED, REFUSED, SyncCommand
from stores.sync.export import FilePlan, file_text, plan_file, write_files
from stores.sync.files import read_source
from stores.sync.plan import Held, Reason
from stores.sync.show import Block, Paper, as_json, count_changes

BOTH = "both"


class Command(SyncCommand):
    help = (
        "Write the documents in PostgreSQL into settings.json and state.json, in the dashboard's format. Without "
        "paths it writes both files to their configured places; with one path, that document alone. A different file "
        "is replaced only with --force, and a copy of it is kept. Exit code: 0 done or nothing to do, 1 failed, "
        "2 refused."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        self.add_paths(parser)
        parser.add_argument("--force", action="store_true", help="Replace different files; copies are kept.")
        parser.add_argument(
            # call_command() knows an option by the first of its names, and `stdout` is its stream to write to.
            "--print",
            "--stdout",
            dest="printed",
            nargs="?",
            const=BOTH,
            choices=[*KINDS, BOTH],
            help="Print instead of writing files: one document, or both in one object with their names as keys.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object about the run and nothing else.")

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        named = any(options[f"{kind}_path"] for kind in KINDS)
        if options["printed"]:
            if named or options["json"] or options["force"]:
                raise CommandError(_("--stdout prints the documents and goes with no other option."), returncode=2)
            return self._print(options["printed"])
        paths = self.paths(options)
        run = _Run()
        try:
            held = read_documents(self.dsn(), paths)
            run.plans = [
                plan_file(
                    kind,
                    read_source(kind, path),
                    held[kind],
                    force=options["force"],
                    may_make_directory=not named,
                    domain=self.domain(),
                )
                for kind, path in paths.items()
            ]
            run.plans = self._spared(run.plans)
            if all(plan.verdict != "refuse" for plan in run.plans):
                run.copies = write_files(run.plans, writer="command:export_store")
        except StoreError as error:
            run.error = str(error)
        if options["json"]:
            return run.exit_code, as_json(run.as_dict(), indent=2) + "\n"
        run.show(paper := self.paper())
        return run.exit_code, paper.text()

    def _spared(self, plans: list[FilePlan]) -> list[FilePlan]:
        """The plans, where files that are the store now are refused: what PostgreSQL holds is older than they are."""
        host = self.host()
        if host is None or host.mode().backend != "filesystem":
            return plans
        live = {os.path.realpath(str(path)) for path in (*host.documents().values(), *settings.STORE_PATHS.values())}
        message = _(
            "This host is on its JSON copies, so this file is the store now; PostgreSQL's document is not. Name another "
            "path, or bring the copies back first: switch_store postgres --reason TEXT."
        )
        reason = Reason("in_use", message)
        return [
            replace(plan, verdict="refuse", reasons=(reason,))
            if os.path.realpath(plan.path) in live and plan.verdict != "same"
            else plan
            for plan in plans
        ]

    def _print(self, which: str) -> tuple[int, str]:
        kinds = KINDS if which == BOTH else (which,)
        try:
            held = read_documents(self.dsn(), kinds)
            texts = {kind: file_text(kind, _document(held[kind]), self.domain()) for kind in kinds}
        except StoreError as error:
            raise CommandError(str(error), returncode=FAILED) from None
        if which != BOTH:
            return DONE, texts[which]
        members = [f'  "{kind}": {text.rstrip().replace(chr(10), chr(10) + "  ")}' for kind, text in texts.items()]
        return DONE, "{\n" + ",\n".join(members) + "\n}\n"


def _document(held: Held) -> dict[str, Any]:
    if held.exists and held.document is None:
        raise StoreError(_("What PostgreSQL holds as %(kind)s is not a document.") % {"kind": held.kind})
    return held.document or {}


class _Run:
    """One run of the command and how it ended."""

    def __init__(self) -> None:
        self.plans: list[FilePlan] = []
        self.copies: dict[str, str] = {}
        self.error = ""

    @property
    def verdict(self) -> str:
        """`write` (done), `same`, `refuse` or `failed`."""
        if self.error:
            return "failed"
        verdicts = {plan.verdict for plan in self.plans}
        return "refuse" if "refuse" in verdicts else "write" if "write" in verdicts else "same"

    @property
    def exit_code(self) -> int:
        return {"failed": FAILED, "refuse": REFUSED}.get(self.verdict, DONE)

    def as_dict(self) -> dict[str, Any]:
        return {
            "command": "export_store",
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "message": self.closing(),
            "error": self.error or None,
            "documents": {plan.kind: {**plan.as_dict(), "copy": self.copies.get(plan.kind)} for plan in self.plans},
        }

    def closing(self) -> str:
        if self.error:
            return self.error
        if self.verdict == "refuse":
            return _("Refused: no file was written.")
        if self.verdict == "same":
            return _("Nothing to do: the files already hold what PostgreSQL holds.")
        count = sum(plan.verdict == "write" for plan in self.plans)
        return ngettext("Done: %d file was written.", "Done: %d files were written.", count) % count

    def show(self, paper: Paper) -> None:
        paper.title(_("Export from PostgreSQL"), "")
        for plan in self.plans:
            paper.block(self._block(plan))
        paper.closing(self.closing(), good=self.exit_code == DONE)

    def _block(self, plan: FilePlan) -> Block:
        outcome, good = {
            "write": (_("written"), True),
            "same": (_("the same, nothing to do"), None),
            "refuse": (_("refused"), False),
        }[plan.verdict]
        if plan.verdict == "write" and self.verdict != "write":
            outcome, good = _("not written"), None
        return Block(
            plan.kind, plan.path, outcome, good, self._note(plan), plan.changes, plan.problems, (), plan.reasons
        )

    def _note(self, plan: FilePlan) -> str:
        """What becomes of the file there."""
        if plan.kind in self.copies:
            return _("The file that was there is kept as %(copy)s.") % {"copy": self.copies[plan.kind]}
        counted = count_changes(plan.changes)
        return _("From the file to PostgreSQL's document: %(counts)s.") % {"counts": counted} if counted else ""
