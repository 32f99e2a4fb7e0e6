"""Operations that look: the store's health, a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from opsadmin.core.blocks import Block, Code, Figures, said
from opsadmin.core.finding import CheckResult, HealthReport
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import parameter
from opsadmin.core.result import Result
from opsadmin.health.areas import register_area
from opsadmin.health.notes import register_note
from stores import documents, registry
from stores.backends.protocol import KINDS
from stores.health import store_health
from stores.operations.told import VIEW, OnStore, in_words
from stores.router import STORE_ALIAS
from stores.schema.expected import TABLES
from stores.sync.show import as_json

GROUP = "store"


def store_checks(database: str) -> tuple[CheckResult, ...]:
    """The family `store` of `analyze_db_health`: it belongs to the store's alias alone."""
    return store_health().checks if database == STORE_ALIAS else ()


register_area("store", store_checks)

# docs/decisions/0003: it knows them by name only, and dropping one helps until its next start.
for _table in (table for table in TABLES if table.name in ("json_store", "state_history")):
    for _index in _table.indexes:
        register_note(
            "index.*",
            f"*.{_index.name}",
            _(
                "The dashboard makes this index at each of its starts, so dropping it does not last: take it out of the "
                "dashboard's code first, or ignore this finding."
            ),
        )


@operation(
    "store_health",
    title=_("Store health"),
    summary=_(
        "Where the dashboard's documents live now (PostgreSQL or the JSON copies), and whether backends, copies, journals, "
        "history, documents and disk are well. Answers while PostgreSQL is down."
    ),
    group=GROUP,
    parameters=OnStore,
    permission=VIEW,
)
def look_at_store(parameters: OnStore, call: Call) -> HealthReport:
    return store_health()


@dataclass(frozen=True)
class GetDocument(OnStore):
    kind: str = parameter(help="Which document: settings or state.", choices=tuple(KINDS))


@dataclass(frozen=True)
class ShownDocument(Result):
    """A document as the store has it now, secrets masked, and where it was read from."""

    kind: str
    backend: str
    revision: int | None
    updated_at: Any
    writer: str | None
    document: dict[str, Any]

    def blocks(self) -> list[Block]:
        names = ("kind", "backend", "revision", "updated_at", "writer")
        figures = tuple((name.replace("_", " "), said(name, getattr(self, name))) for name in names)
        return [Figures("", figures), Code("document", as_json(self.document, indent=2))]


@operation(
    "get_document",
    title=_("Document"),
    summary=_("The dashboard's settings or state as the store has it now, secrets masked."),
    group=GROUP,
    parameters=GetDocument,
    permission=VIEW,
)
def get_document(parameters: GetDocument, call: Call) -> ShownDocument:
    with in_words():
        store = registry.store_for(parameters.kind)
        document = store.read()
        status = store.status()
    return ShownDocument(
        parameters.kind,
        status.backend,
        status.revision,
        status.updated_at,
        status.writer,
        documents.masked(parameters.kind, document),
    )
