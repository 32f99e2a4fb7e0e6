"""One index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from opsadmin.catalogue.dependencies import MOST, dependencies_of
from opsadmin.catalogue.find import pick
from opsadmin.catalogue.locks import definitions_of
from opsadmin.catalogue.parts import Dependency, Index, IndexKey, Relative, made
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.relation_read import index_of
from opsadmin.catalogue.words import dependency_blocks, figures, notes_of, table
from opsadmin.core.blocks import Block, Code, Figures
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session


@dataclass(frozen=True, kw_only=True)
class IndexDetails(Result):
    """An index: `facts` as in its table's details, `keys` by column (those that are not `is_key` are INCLUDEd),
    `predicate` of a partial one. `parents`, `children`: of a partitioned index."""

    schema: str
    name: str
    kind: str
    identity: str
    table: str
    owner: str
    comment: str | None
    notes: tuple[str, ...]
    extension: str | None
    rows: int | None
    facts: Index
    keys: tuple[IndexKey, ...]
    predicate: str | None
    parents: tuple[Relative, ...]
    children: tuple[Relative, ...]
    children_total: int
    counted_since: datetime | None
    uses: tuple[Dependency, ...]
    used_by: tuple[Dependency, ...]
    definition: str | None

    def blocks(self) -> list[Block]:
        facts = figures(self, "kind", "table", "owner", "comment", "rows", "extension", "predicate") + figures(
            self.facts,
            *("access_method", "unique", "primary", "valid", "ready", "size_bytes", "scans", "tuples_read"),
            *("tuples_fetched", "last_used_at", "constraint", "clustered", "replica_identity", "nulls_not_distinct"),
            *("options", "tablespace"),
        )
        if self.counted_since:
            facts += ((_("Counted since"), f"{self.counted_since:%Y-%m-%d %H:%M %Z}"),)
        shown: list[Block] = [Figures(self.identity, facts), *notes_of(self.notes)]
        fields = ("name", "expression", "is_key", "type", "operator_class", "collation", "descending", "nulls_first")
        shown.append(table(_("Columns"), self.keys, *fields))
        if self.parents:
            shown.append(table(_("Part of"), self.parents, "name"))
        if self.children:
            more = ""
            if self.children_total > len(self.children):
                more = _("%(shown)d of %(total)d.") % {"shown": len(self.children), "total": self.children_total}
            shown.append(table(_("Partitions"), self.children, "name", "kind", "rows", "total_bytes", more=more))
        shown.extend(dependency_blocks(self.uses, self.used_by))
        if self.definition:
            shown.append(Code(_("Definition"), self.definition))
        return shown


def index_details(session: Session, *, schema: str, name: str) -> IndexDetails:
    """An index.

    Raises `OperationError` that says what there is instead; psycopg's errors."""
    (row,) = pick(
        session,
        schema=schema,
        name=name,
        object_type="index",
        ask=lambda names: session.rows(question("index"), names),
    )
    oid, identity = row["oid"], row["identity"]
    facts = session.rows(question("indexes"), {"table": row["table_oid"], "index": oid})[0]
    relatives = session.rows(question("relatives"), {"oid": oid, "limit": MOST})
    uses, used_by, cut = dependencies_of(session, "pg_class", oid)
    written = definitions_of(session, row["table_oid"], identity=identity, index=oid)
    index = index_of(facts, written)
    children = [one for one in relatives if one["is_child"]]
    keys = (
        made(IndexKey, key, expression=None if key["name"] else written.get("index_column", key["position"]))
        for key in row["keys"]
    )
    return made(
        IndexDetails,
        row,
        schema=row["schema_name"],
        comment=facts["comment"],
        notes=(*written.notes, *cut),
        facts=index,
        keys=tuple(keys),
        predicate=written.get("index_predicate", oid),
        parents=tuple(made(Relative, one) for one in relatives if not one["is_child"]),
        children=tuple(made(Relative, one) for one in children),
        children_total=children[0]["total"] if children else 0,
        uses=uses,
        used_by=used_by,
        definition=index.definition,
    )
