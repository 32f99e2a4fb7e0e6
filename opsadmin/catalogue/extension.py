"""One extension."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from opsadmin.catalogue.dependencies import MOST, dependencies_of
from opsadmin.catalogue.find import pick
from opsadmin.catalogue.parts import Dependency, Member, made
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import dependency_blocks, figures, notes_of, table
from opsadmin.core.blocks import Block, Figures
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session


@dataclass(frozen=True, kw_only=True)
class ExtensionDetails(Result):
    """An extension and what it brought. `available_version`: what the server's files would install; `updates_to`: what
    ALTER EXTENSION ... UPDATE can reach from here. `update_sql` is empty where there is nothing newer."""

    schema: str
    name: str
    kind: str
    identity: str
    owner: str
    comment: str | None
    notes: tuple[str, ...]
    version: str
    available_version: str | None
    updates_to: tuple[str, ...]
    update_sql: str
    relocatable: bool
    configuration_tables: tuple[str, ...]
    members: tuple[Member, ...]
    members_total: int
    uses: tuple[Dependency, ...]
    used_by: tuple[Dependency, ...]

    def blocks(self) -> list[Block]:
        facts = figures(
            self,
            *("kind", "schema", "owner", "comment", "version", "available_version", "updates_to", "update_sql"),
            *("relocatable", "configuration_tables"),
        )
        more = ""
        if self.members_total > len(self.members):
            more = _("%(shown)d of %(total)d.") % {"shown": len(self.members), "total": self.members_total}
        return [
            Figures(self.identity, facts),
            *notes_of(self.notes),
            table(_("Members"), self.members, "kind", "name", more=more),
            *dependency_blocks(self.uses, self.used_by),
        ]


def extension_details(session: Session, *, name: str) -> ExtensionDetails:
    """An extension, whatever schema it is in.

    Raises `OperationError` that says which there are; psycopg's errors."""
    (row,) = pick(
        session,
        schema="",
        name=name,
        object_type="extension",
        ask=lambda names: session.rows(question("extension"), {"names": names["names"]}),
    )
    members = session.rows(question("extension_members"), {"oid": row["oid"], "limit": MOST})
    uses, used_by, cut = dependencies_of(session, "pg_extension", row["oid"])
    newer = row["available_version"] not in (None, row["version"]) and row["available_version"] in row["updates_to"]
    notes = [] if row["available_version"] else [f"The server no longer has the files of {row['name']}."]
    return made(
        ExtensionDetails,
        row,
        schema=row["schema_name"],
        kind="extension",
        notes=(*notes, *cut),
        update_sql=f"ALTER EXTENSION {row['identity']} UPDATE;" if newer else "",
        members=tuple(made(Member, one) for one in members),
        members_total=members[0]["total"] if members else 0,
        uses=uses,
        used_by=used_by,
    )
