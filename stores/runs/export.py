"""Writing the documents in PostgreSQL into files as the dashboard has them: the way back from a migration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores.errors import StoreError
from stores.runs.run import DONE, FAILED, REFUSED, domain, dsn, host
from stores.sync.apply import read_documents
from stores.sync.export import FilePlan, plan_file, write_files
from stores.sync.files import read_source
from stores.sync.plan import Reason
from stores.sync.show import Block, Paper, count_changes


def export(paths: Mapping[str, Path], *, named: bool, force: bool = False, writer: str) -> ExportRun:
    """Write the documents in PostgreSQL into the files. `named`: the paths were given, so their directories must be
    there; `force` replaces different files and keeps a copy of each. Never raises `StoreError`: the run has it."""
    run = ExportRun()
    try:
        held = read_documents(dsn(), paths)
        run.plans = [
            plan_file(
                kind, read_source(kind, path), held[kind], force=force, may_make_directory=not named, domain=domain()
            )
            for kind, path in paths.items()
        ]
        run.plans = _spared(run.plans)
        if all(plan.verdict != "refuse" for plan in run.plans):
            run.copies = write_files(run.plans, writer=writer)
    except StoreError as error:
        run.error = str(error)
    return run


def _spared(plans: list[FilePlan]) -> list[FilePlan]:
    """The plans, where files that are the store now are refused: what PostgreSQL holds is older than they are."""
    there = host()
    if there is None or there.mode().backend != "filesystem":
        return plans
    live = {os.path.realpath(str(path)) for path in (*there.documents().values(), *settings.STORE_PATHS.values())}
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


class ExportRun:
    """One export and how it ended."""

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
            "message": self.closing()[0],
            "error": self.error or None,
            "documents": {plan.kind: {**plan.as_dict(), "copy": self.copies.get(plan.kind)} for plan in self.plans},
        }

    def closing(self) -> tuple[str, str]:
        """What came of it, and what to do next."""
        if self.error:
            return self.error, ""
        if self.verdict == "refuse":
            return _("Refused: no file was written."), ""
        if self.verdict == "same":
            return _("Nothing to do: the files already hold what PostgreSQL holds."), ""
        count = sum(plan.verdict == "write" for plan in self.plans)
        return ngettext("Done: %d file was written.", "Done: %d files were written.", count) % count, ""

    def show(self, paper: Paper) -> None:
        paper.title(_("Export from PostgreSQL"), "")
        for plan in self.plans:
            paper.block(self._block(plan))
        paper.closing(self.closing()[0], good=self.exit_code == DONE)

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
