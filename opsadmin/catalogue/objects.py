"""The objects of one kind in a schema, a page at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.catalogue.find import known_schema
from opsadmin.catalogue.kinds import LISTED_RELATIONS
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import table
from opsadmin.core.blocks import Block
from opsadmin.core.errors import OperationError
from opsadmin.core.result import Result, plain
from opsadmin.postgres.session import Session

#: What a list may be ordered by.
ORDERS = ("name", "size", "rows")

_ALWAYS = ("schema", "name", "kind", "owner", "rows", "size_bytes", "total_bytes", "comment", "total")


@dataclass(frozen=True, kw_only=True)
class CatalogObject(Result):
    """One object of a list. Rows and sizes are estimates of the last VACUUM or ANALYZE, None where there was none or the
    object has none; a partitioned table's are its partitions' sums. `total_bytes` has indexes and TOAST with it. `total`:
    how many objects there are in all, of which the list is a page.

    The rest is None where the kind does not have it: `table`: what an index is on, which column a sequence belongs to;
    `returns`: what a function returns, the type under a domain; `extension`: the one it is part of."""

    schema: str
    name: str
    kind: str
    owner: str
    rows: int | None = None
    size_bytes: int | None = None
    total_bytes: int | None = None
    comment: str | None = None
    total: int
    table: str | None = None
    partition_of: str | None = None
    partitions: int | None = None
    persistence: str | None = None
    access_method: str | None = None
    unique: bool | None = None
    valid: bool | None = None
    populated: bool | None = None
    arguments: str | None = None
    returns: str | None = None
    language: str | None = None
    version: str | None = None
    available_version: str | None = None
    extension: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """What every object has always, the rest where this one has it."""
        found = {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}
        return {name: value for name, value in found.items() if name in _ALWAYS or value is not None}


class CatalogObjects(list[CatalogObject]):
    """A page of a list. `total`: how many there are in all; None where the page lies behind the last one."""

    def __init__(self, objects: Iterable[CatalogObject], *, offset: int = 0) -> None:
        super().__init__(objects)
        self.offset = offset
        self.total: int | None = self[0].total if self else (None if offset else 0)

    def blocks(self) -> list[Block]:
        sentences = []
        if self.total is not None and self.total > len(self):
            sentences.append(
                _("%(first)d to %(last)d of %(total)d; limit and offset show others.")
                % {"first": self.offset + 1, "last": self.offset + len(self), "total": self.total}
            )
        if any(one.size_bytes is not None for one in self):
            sentences.append(_("Rows and sizes are estimates of the last VACUUM or ANALYZE."))
        fields = [field.name for field in dataclasses.fields(CatalogObject) if field.name not in ("total", "comment")]
        empty = _("There is nothing from %(offset)d on.") % {"offset": self.offset + 1} if self.offset else ""
        return [table(_("Objects"), self, *fields, "comment", empty=empty, more=" ".join(sentences))]


def list_objects(
    session: Session,
    *,
    schema: str = "public",
    object_type: str = "table",
    search: str = "",
    sort_by: str = "name",
    limit: int = 500,
    offset: int = 0,
) -> CatalogObjects:
    """A page of the objects of a kind. Two statements; takes no lock on what it lists.

    Raises `OperationError` for an unknown schema; psycopg's errors."""
    kinds = LISTED_RELATIONS.get(object_type)
    if sort_by != "name" and kinds is None:
        raise OperationError(
            f"sort_by is {sort_by!r}, but a {object_type} has no size and no rows: it is listed by name.",
            parameter="sort_by",
            allowed=("name",),
        )
    values: dict[str, Any] = {"search": search, "limit": limit, "skip": offset}
    if object_type == "extension":
        rows = session.rows(question("list_extensions"), values)
    else:
        values["schema"] = known_schema(session, schema)
        if kinds is None:
            rows = session.rows(question(f"list_{object_type}s"), values)
        else:
            rows = session.rows(question("list_relations"), {**values, "kinds": list(kinds), "sort_by": sort_by})
    return CatalogObjects((CatalogObject(**row) for row in rows), offset=offset)
