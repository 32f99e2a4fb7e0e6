"""Write documents from PostgreSQL into files in the dashboard's format. What to do with each file is decided first,
for all of them, so that a refusal leaves every file as it was."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from django.utils.translation import gettext as _

from stores.backends.durable_file import set_aside, sync_directory
from stores.backends.json_file import JsonStore
from stores.backends.json_text import encode
from stores.backends.protocol import Document
from stores.errors import Problem, StoreError
from stores.sync.differences import Change, differences
from stores.sync.files import Source, read_source
from stores.sync.plan import Domain, Held, Reason, masked_changes


class ExportFailed(StoreError):
    """A file could not be written."""


@dataclass(frozen=True)
class FilePlan:
    """What would happen to one file. `changes` lead from a file that is there to PostgreSQL's document, secrets masked;
    `problems` are what keeps a file that is there from being compared; `document` is what would be written."""

    kind: str
    path: str
    verdict: Literal["write", "same", "refuse"]
    reasons: tuple[Reason, ...] = ()
    problems: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    present: Source | None = None
    document: Document = field(default_factory=dict)
    updated_at: datetime | None = None

    @property
    def replaces(self) -> bool:
        return self.present is not None and not self.present.missing

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "verdict": self.verdict,
            "reasons": [{"code": reason.code, "message": reason.message} for reason in self.reasons],
            "changes": [change.as_dict() for change in self.changes],
            "updated_at": self.updated_at.isoformat() if self.updated_at else None,
        }


def file_text(kind: str, document: Document, domain: Domain) -> str:
    """The document as the dashboard writes it: indent 2, not ASCII-escaped, a newline at the end, keys in its order
    (jsonb keeps none)."""
    return encode(domain.order(kind, document), indent=2) + "\n"


def plan_file(
    kind: str, present: Source, held: Held, *, force: bool, may_make_directory: bool, domain: Domain
) -> FilePlan:
    """What to do with the file `present`, which may be missing."""
    plan = FilePlan(kind, present.path, "refuse", present=present, updated_at=held.updated_at)
    if held.exists and held.document is None:
        message = _("What PostgreSQL holds is not a document; it cannot be a file that the dashboard reads.")
        return replace(plan, reasons=(Reason("damaged", message),))
    if present.missing:
        directory = Path(present.path).parent
        if not may_make_directory and not directory.is_dir():
            message = _("There is no directory %(directory)s. Make it first, or check the path.")
            return replace(plan, reasons=(Reason("no_directory", message % {"directory": directory}),))
    elif not present.readable:
        return replace(plan, reasons=tuple(Reason("unreadable", problem.message) for problem in present.problems))
    document = domain.order(kind, held.document or {})
    changes: list[Change] = []
    if present.document is not None:
        changes = differences(present.document, document)
        if not changes:
            return replace(plan, verdict="same")
        changes = masked_changes(kind, changes, present.document, document, domain)
    plan = replace(
        plan,
        changes=tuple(changes),
        problems=() if present.missing else present.problems,
        document=document,
    )
    if plan.replaces and not force:
        message = (
            _("The file holds something else. Run it again with --force to replace it; a copy is kept beside it.")
            if present.document is not None
            else _("The file there is not a document. Run it again with --force to replace it; a copy is kept.")
        )
        return replace(plan, reasons=(Reason("differs", message),))
    return replace(plan, verdict="write")


def write_files(plans: Sequence[FilePlan], *, writer: str) -> dict[str, str]:
    """Write every file whose verdict is `write`; the path of the copy of each replaced file, by kind.

    Raises `ExportFailed`, which says which files were written before."""
    copies: dict[str, str] = {}
    done: list[str] = []
    for plan in plans:
        if plan.verdict != "write":
            continue
        store = JsonStore(plan.path, kind=plan.kind, writer=lambda: writer)
        try:
            with store.transaction() as transaction:
                now = read_source(plan.kind, Path(plan.path))
                if now != plan.present:
                    if now.document is not None and not differences(now.document, plan.document or {}):
                        continue  # the site refreshed this very copy meanwhile
                    raise StoreError(_("The file changed while it was being compared. Run the command again."))
                if plan.replaces:
                    copies[plan.kind] = _keep_copy(os.path.realpath(plan.path))
                transaction.write(plan.document)
        except (StoreError, OSError) as error:
            values = {"reason": error, "done": ", ".join(done) or _("none")}
            message = _("%(reason)s Files written before it: %(done)s.")
            raise ExportFailed(message % values) from None
        done.append(plan.path)
    return copies


def _keep_copy(target: str) -> str:
    """The file under a second name with the present time, which keeps its content when it is replaced."""
    name = f"{os.path.basename(target)}.bak-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    copy = set_aside(target, name)
    os.chmod(copy, 0o600)  # the file gets this mode as well, at once
    sync_directory(os.path.dirname(target))
    return copy
