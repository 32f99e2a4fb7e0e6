"""One schema."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from opsadmin.catalogue.find import unknown_schema
from opsadmin.catalogue.names import readings
from opsadmin.catalogue.parts import DefaultPrivilege, Privilege, made, privileges_of
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.schemas import Schema, list_schemas
from opsadmin.catalogue.words import figures, notes_of, privileges_block, table
from opsadmin.core.blocks import Block, Figures
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session


@dataclass(frozen=True, kw_only=True)
class SchemaDetails(Result):
    """A schema: `facts` as in the list of schemas, who may do what in it, and what will be granted on objects that a role
    makes there."""

    name: str
    kind: str
    identity: str
    owner: str
    comment: str | None
    notes: tuple[str, ...]
    facts: Schema
    privileges: tuple[Privilege, ...]
    privileges_are_default: bool
    default_privileges: tuple[DefaultPrivilege, ...]

    def blocks(self) -> list[Block]:
        counts = ("tables", "views", "indexes", "sequences", "functions", "size_bytes", "may_use", "may_create")
        facts = figures(self, "owner", "comment") + figures(self.facts, "kind", *counts, "extension")
        shown: list[Block] = [Figures(self.identity, facts), *notes_of(self.notes)]
        shown.append(privileges_block(self.privileges, self.privileges_are_default))
        if self.default_privileges:
            fields = ("kind", "made_by", "grantee", "privileges")
            shown.append(table(_("Privileges of new objects"), self.default_privileges, *fields))
        return shown


def schema_details(session: Session, *, name: str) -> SchemaDetails:
    """A schema.

    Raises `OperationError` with the names like it; psycopg's errors."""
    schemas = {one.name: one for one in list_schemas(session)}
    found = next((schemas[one] for one in readings(name) if one in schemas), None)
    row = session.one(question("schema_privileges"), {"name": found.name}) if found else None
    if found is None or row is None:
        raise unknown_schema(name, list(schemas), parameter="name")
    notes = () if found.may_use else ("Our role may not use it: what is in it can be seen here, but not read.",)
    return made(
        SchemaDetails,
        row,
        name=found.name,
        kind="schema",
        owner=found.owner,
        comment=found.comment,
        notes=notes,
        facts=found,
        privileges=privileges_of(row["privileges"]),
        default_privileges=tuple(made(DefaultPrivilege, one) for one in row["default_privileges"]),
    )
