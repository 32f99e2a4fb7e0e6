"""The schemas of a database."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import table
from opsadmin.core.blocks import Block
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session


@dataclass(frozen=True)
class Schema(Result):
    """A schema and how much is in it. `kind`: user, extension (made by one), temporary or system. `size_bytes` is
    estimated by the last VACUUM or ANALYZE of what is in it, TOAST included. `may_use`, `may_create`: what our role is
    allowed."""

    name: str
    owner: str
    kind: str
    comment: str | None
    tables: int
    views: int
    indexes: int
    sequences: int
    functions: int
    size_bytes: int
    may_use: bool
    may_create: bool
    extension: str | None


class Schemas(list[Schema]):
    """The list, which knows how to show itself."""

    def blocks(self) -> list[Block]:
        fields = ("name", "owner", "kind", "tables", "views", "indexes", "sequences", "functions", "size_bytes")
        return [
            table(
                _("Schemas"),
                self,
                *fields,
                "comment",
                more=_("Sizes are estimated by the last VACUUM or ANALYZE of each table."),
            )
        ]


def list_schemas(session: Session) -> Schemas:
    """Every schema, the user's first. One statement.

    Raises psycopg's errors."""
    return Schemas(Schema(**row) for row in session.rows(question("schemas")))
