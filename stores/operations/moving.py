"""Operations that move documents: into PostgreSQL, and back into files. From here they use the configured files only: a
caller from afar must not name files of the server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import parameter
from stores.backends.protocol import KINDS
from stores.operations.told import MANAGE, OnStore, Told, previewed, told, who
from stores.runs.export import export
from stores.runs.migrate import MigrationRun, migrate

GROUP = "store"


@dataclass(frozen=True)
class MigrateToPostgres(OnStore):
    apply: bool = parameter(False, help="Write. Without it, say what would be done.")
    force: bool = parameter(False, help="Replace different documents in PostgreSQL; they stay as revisions.")
    strict: bool = parameter(False, help="Refuse values that the dashboard's form would not take, and unknown keys.")


def _paths() -> dict[str, Path]:
    return {kind: Path(settings.STORE_PATHS[kind]) for kind in KINDS}


def _migrate(parameters: MigrateToPostgres, call: Call, *, apply: bool) -> MigrationRun:
    return migrate(
        _paths(),
        asked=False,
        apply=apply,
        force=parameters.force,
        strict=parameters.strict,
        writer=who(call, "migrate_to_postgres"),
    )


def preview_migration(parameters: MigrateToPostgres, call: Call) -> Preview | None:
    if not parameters.apply:
        return None  # it is a dry run itself
    return previewed(_migrate(parameters, call, apply=False))


@operation(
    "migrate_to_postgres",
    title=_("Migrate to PostgreSQL"),
    summary=_(
        "Move settings.json and state.json into PostgreSQL, both or neither. A dry run unless apply is true; the dry run "
        "comes to the same verdict."
    ),
    group=GROUP,
    effect=Effect.WRITES,
    parameters=MigrateToPostgres,
    permission=MANAGE,
    preview=preview_migration,
)
def migrate_to_postgres(parameters: MigrateToPostgres, call: Call) -> Told:
    return told(_migrate(parameters, call, apply=parameters.apply))


@dataclass(frozen=True)
class ExportStore(OnStore):
    force: bool = parameter(False, help="Replace different files; a copy of each is kept.")


@operation(
    "export_store",
    title=_("Export to files"),
    summary=_("Write the documents in PostgreSQL into settings.json and state.json, in the dashboard's format."),
    group=GROUP,
    effect=Effect.WRITES,
    parameters=ExportStore,
    permission=MANAGE,
)
def export_store(parameters: ExportStore, call: Call) -> Told:
    return told(export(_paths(), named=False, force=parameters.force, writer=who(call, "export_store")))
