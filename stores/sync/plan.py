"""Decide what a migration of files into PostgreSQL would do, from what the files and PostgreSQL hold. Pure: the dry
run and the real run ask the same functions, so they cannot come to different verdicts.

Rules beside the obvious: an empty settings object never replaces settings, as nothing but a mistake looks like that.
An empty state may, with `force`: the dashboard builds its state anew at its next tick, and the old one stays as a
revision. A file that is not there is passed over where nobody named it (a fresh dashboard has no state.json yet)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from django.utils.translation import gettext as _

from stores.backends.json_text import inexact_numbers
from stores.backends.protocol import Document
from stores.documents import Remark
from stores.errors import Problem
from stores.sync.differences import Change, Keys, differences
from stores.sync.files import Source

#: `absent`: there is no file and nobody asked for it. `unknown`: another file is bad, so PostgreSQL was not asked.
DocumentVerdict = Literal["write", "same", "refuse", "absent", "unknown"]
Verdict = Literal["write", "same", "refuse"]
OfDocument = Callable[[str, Document], Document]

HIDDEN = "•••"


@dataclass(frozen=True)
class Held:
    """A document as PostgreSQL holds it. `exists` False: no row. `document` None: what is there is not a document
    (the table takes a list, or a number no reader takes). `text` is jsonb's own text: equal texts, equal values."""

    kind: str
    exists: bool = False
    document: Document | None = None
    text: str = ""
    revision: int | None = None
    updated_at: datetime | None = None
    writer: str = ""


@dataclass(frozen=True)
class Domain:
    """What is known of the dashboard's documents: the `keys` of each kind, how to `mask` the secrets of a document
    and how to `order` its keys as the dashboard does (jsonb keeps no order)."""

    keys: Mapping[str, frozenset[str]]
    mask: OfDocument
    order: OfDocument


@dataclass(frozen=True)
class Reason:
    """Why a document is refused: `code` for scripts (`bad_file`, `missing_file`, `empty_settings`, `differs`,
    `damaged`, `other_kind`, `strict`), `message` with the next step for a person."""

    code: str
    message: str


@dataclass(frozen=True)
class Warned:
    """Something odd that is migrated unchanged: a remark of validation, or `inexact_number`."""

    path: str
    message: str
    code: str


@dataclass(frozen=True)
class DocumentPlan:
    """What would happen to one document. Secrets in `changes` are masked; `document` is what would be written."""

    kind: str
    path: str
    verdict: DocumentVerdict
    reasons: tuple[Reason, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Warned, ...] = ()
    changes: tuple[Change, ...] = ()
    held: Held | None = None
    document: Document | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: everything but the documents themselves."""
        held = self.held
        return {
            "path": self.path,
            "verdict": self.verdict,
            "reasons": [asdict(reason) for reason in self.reasons],
            "problems": [asdict(problem) for problem in self.problems],
            "warnings": [asdict(warning) for warning in self.warnings],
            "changes": [change.as_dict() for change in self.changes],
            "held": {
                "exists": held.exists,
                "revision": held.revision,
                "updated_at": held.updated_at.isoformat() if held.updated_at else None,
                "writer": held.writer,
            }
            if held
            else None,
        }


@dataclass(frozen=True)
class MigrationPlan:
    """The documents that were asked for, in the order of `stores.backends.protocol.KINDS`."""

    documents: tuple[DocumentPlan, ...]

    @property
    def verdict(self) -> Verdict:
        """One refused document refuses the whole: both files belong together."""
        verdicts = {document.verdict for document in self.documents}
        if "refuse" in verdicts:
            return "refuse"
        return "write" if "write" in verdicts else "same"

    @property
    def to_write(self) -> dict[str, Document]:
        """What to write, by kind; empty unless the verdict is `write`."""
        if self.verdict != "write":
            return {}
        return {
            plan.kind: plan.document for plan in self.documents if plan.verdict == "write" and plan.document is not None
        }


def plan_files(sources: Sequence[Source], *, asked: bool) -> MigrationPlan | None:
    """The plan as far as the files alone decide it: a refusal, or None where PostgreSQL has to be asked.

    `asked`: the files were named by a person, so each must be there; else one of them must."""
    none_there = all(source.missing for source in sources)
    plans = [_plan_file(source, required=asked or none_there) for source in sources]
    if all(plan.verdict != "refuse" for plan in plans):
        return None
    return MigrationPlan(tuple(plans))


def _plan_file(source: Source, *, required: bool) -> DocumentPlan:
    plan = DocumentPlan(source.kind, source.path, "unknown", problems=source.problems)
    if source.missing:
        if not required:
            return replace(plan, verdict="absent", problems=())
        message = _("There is no such file. Name the right one with --%(kind)s-path.") % {"kind": source.kind}
        return replace(plan, verdict="refuse", reasons=(Reason("missing_file", message),), problems=())
    if source.problems:
        reason = Reason("bad_file", _("The file cannot be migrated as it is. Correct it and run the command again."))
        return replace(plan, verdict="refuse", reasons=(reason,))
    return plan


def plan_migration(
    sources: Sequence[Source],
    held: Mapping[str, Held],
    remarks: Mapping[str, Sequence[Remark]],
    *,
    force: bool,
    strict: bool,
    domain: Domain,
) -> MigrationPlan:
    """The whole plan. Every source holds a document or is absent (`plan_files` answered None); `remarks` are what
    validation says of each document."""
    plans = []
    for source in sources:
        if source.document is None:
            plans.append(DocumentPlan(source.kind, source.path, "absent"))
            continue
        plans.append(
            _plan_document(
                source,
                source.document,
                held[source.kind],
                remarks.get(source.kind, ()),
                force=force,
                strict=strict,
                domain=domain,
            )
        )
    return MigrationPlan(tuple(plans))


def _plan_document(
    source: Source,
    document: Document,
    held: Held,
    remarks: Sequence[Remark],
    *,
    force: bool,
    strict: bool,
    domain: Domain,
) -> DocumentPlan:
    kind = source.kind
    before = domain.order(kind, held.document or {})
    changes = masked_changes(kind, differences(before, document), before, document, domain)
    damaged = held.exists and held.document is None
    plan = DocumentPlan(
        kind,
        source.path,
        "write" if changes or damaged else "same",
        warnings=(
            *(Warned(remark.path, remark.message, remark.code) for remark in remarks),
            *(Warned(found.path, found.message, "inexact_number") for found in inexact_numbers(document)),
        ),
        changes=tuple(changes),
        held=held,
        document=document,
    )
    reasons: list[Reason] = []
    if strict and plan.warnings:
        message = _("With --strict nothing the dashboard would find odd is migrated, and the file has such values.")
        reasons.append(Reason("strict", message))
    if plan.verdict == "write":
        reasons += _objections(document, held, domain.keys, kind, damaged=damaged, force=force)
    return replace(plan, verdict="refuse", reasons=tuple(reasons)) if reasons else plan


def _objections(
    document: Document,
    held: Held,
    known_keys: Mapping[str, frozenset[str]],
    kind: str,
    *,
    damaged: bool,
    force: bool,
) -> list[Reason]:
    """What speaks against writing `document` over what PostgreSQL holds."""
    replaces = damaged or bool(held.document)
    if kind == "settings" and not document and replaces:
        return [
            Reason(
                "empty_settings",
                _(
                    "The file holds an empty object, which would wipe the settings. This is refused with --force too; "
                    "to start over, restore an earlier revision or edit the settings in the admin."
                ),
            )
        ]
    if force:
        return []
    reasons = []
    other = _other_kind(document, kind, known_keys)
    if other:
        message = _(
            "None of the file's keys is one of the dashboard's %(kind)s, but some are of its %(other)s. "
            "Are the two paths swapped? If not, run it again with --force."
        )
        reasons.append(Reason("other_kind", message % {"kind": kind, "other": other}))
    if damaged:
        message = _(
            "What PostgreSQL holds is not a document that could be compared. Look at it first; "
            "--force replaces it and keeps it as a revision."
        )
        reasons.append(Reason("damaged", message))
    elif replaces:
        message = _(
            "PostgreSQL already holds different %(kind)s. If the changes shown are what you want, run it again with "
            "--force; the present value stays as a revision."
        )
        reasons.append(Reason("differs", message % {"kind": kind}))
    return reasons


def _other_kind(document: Document, kind: str, known_keys: Mapping[str, frozenset[str]]) -> str | None:
    """The kind that the document's keys belong to, where they belong to none of its own."""
    keys = document.keys()
    if not keys & known_keys.get(kind, frozenset()):
        for other, known in known_keys.items():
            if other != kind and keys & known:
                return other
    return None


def masked_changes(
    kind: str, changes: Sequence[Change], before: Document, after: Document, domain: Domain
) -> list[Change]:
    """The same changes with the values that the masked documents have in their places."""
    before, after = domain.mask(kind, before), domain.mask(kind, after)
    return [
        replace(
            change,
            before=_at(before, change.keys) if change.action != "added" else None,
            after=_at(after, change.keys) if change.action != "removed" else None,
        )
        for change in changes
    ]


def _at(document: Document, keys: Keys) -> Any:
    """The value at the place; where a mask covers more than this place, the mask."""
    value: Any = document
    for key in keys:
        if not isinstance(value, (dict, list)):
            return value
        try:
            value = value[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return HIDDEN
    return value
