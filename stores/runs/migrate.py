"""Moving settings.json and state.json into PostgreSQL, both or neither, or saying what that would do: a dry run asks
the same questions as the real run, so it comes to the same verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores import documents
from stores.errors import StoreError
from stores.fallback.journals import waiting_writes
from stores.runs.run import DONE, FAILED, REFUSED, domain, dsn, host
from stores.sync.apply import look, write_documents
from stores.sync.files import read_source
from stores.sync.plan import DocumentPlan, MigrationPlan, plan_files, plan_migration
from stores.sync.show import Block, Paper, count_changes


def migrate(
    paths: Mapping[str, Path], *, asked: bool, apply: bool, force: bool = False, strict: bool = False, writer: str
) -> MigrationRun:
    """Plan the move of the files into PostgreSQL and, with `apply`, make it, all in one transaction. `paths`: the file of
    each document; `asked`: they were named, so a missing one is an error. `force` replaces different documents, `strict`
    refuses what the dashboard's form would not take. Never raises `StoreError`: the run has it."""
    run = MigrationRun(apply=apply)
    sources = [read_source(kind, path) for kind, path in paths.items()]
    plan = plan_files(sources, asked=asked)
    try:
        if plan is None:
            found = look(dsn(), [source.kind for source in sources if source.document is not None])
            plan = plan_migration(
                sources,
                found.held,
                {
                    source.kind: documents.validate(source.kind, source.document, strict=strict)
                    for source in sources
                    if source.document is not None
                },
                force=force,
                strict=strict,
                domain=domain(),
            )
            run.plan = plan
            if plan.verdict == "write" and found.obstacle:
                raise found.obstacle
            run.waiting = _waiting() if plan.verdict == "write" else 0
            if run.apply and run.verdict == "write":
                run.revisions = write_documents(dsn(), plan.to_write, found.held, writer=writer, reason=_reason(plan))
        run.plan = plan
    except StoreError as error:
        run.error = str(error)
    return run


def _waiting() -> int:
    """Writes on this host's copies that PostgreSQL lacks: written past them, PostgreSQL's side would seem to have
    changed too, and the resync would find conflicts where there are none."""
    there = host()
    return 0 if there is None else waiting_writes(there)


class MigrationRun:
    """One migration and how it ended."""

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
