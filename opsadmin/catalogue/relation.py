"""One table, view, materialized view or foreign table, with everything that belongs to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.catalogue.dependencies import MOST, dependencies_of
from opsadmin.catalogue.find import pick
from opsadmin.catalogue.kinds import RELATIONS
from opsadmin.catalogue.locks import Definitions, definitions_of
from opsadmin.catalogue.parts import (
    Column,
    Constraint,
    Dependency,
    ExtendedStatistics,
    Index,
    Partitioning,
    Policy,
    Privilege,
    Publication,
    Relative,
    Rule,
    Sizes,
    Statistics,
    Trigger,
    made,
    privileges_of,
    statistics_of,
    without_secrets,
)
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import dependency_blocks, figures, notes_of, privileges_block, table
from opsadmin.core.blocks import Block, Code, Figures
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session


@dataclass(frozen=True, kw_only=True)
class RelationDetails(Result):
    """What psql's `\\d+` says, and more. `identity` is the quoted name for SQL. `notes`: what is missing, and why.
    `parents`, `children`: partitioned tables and partitions, or those of inheritance; `children_total` where there are
    more than are listed. `definition`: a view's query. `counted_since`: since when scans and tuples are counted."""

    schema: str
    name: str
    kind: str
    identity: str
    owner: str
    comment: str | None
    notes: tuple[str, ...]
    persistence: str
    tablespace: str | None
    access_method: str | None
    options: tuple[str, ...]
    toast_options: tuple[str, ...]
    of_type: str | None
    extension: str | None
    rows: int | None
    sizes: Sizes | None
    row_security: bool
    row_security_forced: bool
    replica_identity: str
    populated: bool | None
    updatable: bool | None
    xid_age: int | None
    multixact_age: int | None
    server: str | None
    foreign_options: tuple[str, ...]
    partitioning: Partitioning | None
    bound: str | None
    parents: tuple[Relative, ...]
    children: tuple[Relative, ...]
    children_total: int
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]
    constraints: tuple[Constraint, ...]
    referenced_by: tuple[Constraint, ...]
    triggers: tuple[Trigger, ...]
    rules: tuple[Rule, ...]
    policies: tuple[Policy, ...]
    extended_statistics: tuple[ExtendedStatistics, ...]
    publications: tuple[Publication, ...]
    privileges: tuple[Privilege, ...]
    privileges_are_default: bool
    statistics: Statistics | None
    counted_since: datetime | None
    uses: tuple[Dependency, ...]
    used_by: tuple[Dependency, ...]
    definition: str | None

    def blocks(self) -> list[Block]:
        shown: list[Block] = [Figures(self.identity, self._figures()), *notes_of(self.notes)]
        shown.append(
            table(
                _("Columns"),
                self.columns,
                *(
                    "name",
                    "type",
                    "nullable",
                    "default",
                    "identity",
                    "generated",
                    "expression",
                    "sequence",
                    "collation",
                ),
                *("storage", "compression", "statistics_target", "options", "foreign_options", "n_distinct"),
                *("null_fraction", "comment"),
                empty=_("It has no columns."),
            )
        )
        if self.indexes:
            shown.append(
                table(
                    _("Indexes"),
                    self.indexes,
                    *(
                        "name",
                        "access_method",
                        "columns",
                        "include",
                        "unique",
                        "primary",
                        "valid",
                        "size_bytes",
                        "scans",
                    ),
                    *("last_used_at", "constraint", "definition", "comment"),
                )
            )
        fields = ("name", "kind", "columns", "definition", "validated", "deferrable", "deferred", "comment")
        if self.constraints:
            shown.append(table(_("Constraints"), self.constraints, *fields))
        if self.referenced_by:
            shown.append(table(_("Referenced by"), self.referenced_by, "table", "name", "definition", "validated"))
        others: tuple[tuple[str, tuple[Any, ...], tuple[str, ...]], ...] = (
            (_("Triggers"), self.triggers, ("name", "state", "timing", "events", "function", "definition", "comment")),
            (_("Rules"), self.rules, ("name", "event", "instead", "state", "definition")),
            (_("Policies"), self.policies, ("name", "command", "permissive", "roles", "using", "check")),
            (_("Statistics objects"), self.extended_statistics, ("name", "kinds", "columns", "definition")),
            (_("Publications"), self.publications, ("name", "how", "events")),
        )
        shown.extend(table(title, parts, *names) for title, parts, names in others if parts)
        shown.extend(self._relatives())
        if self.statistics:
            since = f" ({_('since')} {self.counted_since:%Y-%m-%d %H:%M %Z})" if self.counted_since else ""
            counters = tuple(field.name for field in dataclasses.fields(Statistics))
            shown.append(Figures(_("Activity") + since, figures(self.statistics, *counters)))
        shown.append(privileges_block(self.privileges, self.privileges_are_default))
        shown.extend(dependency_blocks(self.uses, self.used_by))
        if self.definition:
            shown.append(Code(_("Definition"), self.definition))
        return shown

    def _figures(self) -> tuple[tuple[str, str], ...]:
        facts = figures(self, "kind", "owner", "comment", "rows")
        if self.sizes:
            estimated = f" ({_('estimated')})" if self.sizes.is_estimated else ""
            facts += tuple(
                (label, value + estimated)
                for label, value in figures(
                    self.sizes, "total_bytes", "heap_bytes", "toast_bytes", "maps_bytes", "index_bytes"
                )
            )
        if self.partitioning:
            key = self.partitioning.key or f"{self.partitioning.strategy} ({', '.join(self.partitioning.columns)})"
            facts += ((_("Partitioned by"), key),)
        facts += figures(
            self,
            *(
                "bound",
                "persistence",
                "access_method",
                "tablespace",
                "options",
                "toast_options",
                "of_type",
                "extension",
            ),
            *("replica_identity", "populated", "updatable", "xid_age", "multixact_age", "server", "foreign_options"),
        )
        if self.row_security or self.row_security_forced:
            on = _("on, for the owner too") if self.row_security_forced else _("on")
            facts += ((_("Row level security"), on if self.row_security else _("forced, but not on")),)
        return facts

    def _relatives(self) -> list[Block]:
        shown: list[Block] = []
        if self.parents:
            shown.append(table(_("Part of") if self.bound else _("Inherits"), self.parents, "name", "kind"))
        if self.children or self.partitioning:
            more = ""
            if self.children_total > len(self.children):
                more = _("%(shown)d of %(total)d.") % {"shown": len(self.children), "total": self.children_total}
            title = _("Partitions") if self.partitioning else _("Inherited by")
            fields = ("name", "bound", "kind", "leaves", "rows", "total_bytes")
            shown.append(table(title, self.children, *fields, empty=_("It has no partitions."), more=more))
        return shown


def relation_details(session: Session, *, schema: str, name: str, object_type: str) -> RelationDetails:
    """A relation of that kind.

    Raises `OperationError` that says what there is instead; psycopg's errors."""
    kinds = list(RELATIONS[object_type])
    (facts,) = pick(
        session,
        schema=schema,
        name=name,
        object_type=object_type,
        ask=lambda names: session.rows(question("relation"), {**names, "kinds": kinds}),
    )
    oid = facts["oid"]
    columns = session.rows(question("columns"), {"oid": oid, "schema": facts["schema_name"], "name": facts["name"]})
    indexes = session.rows(question("indexes"), {"table": oid, "index": None}) if facts["has_indexes"] else []
    constraints = session.rows(question("constraints"), {"oid": oid})
    relatives = session.rows(question("relatives"), {"oid": oid, "limit": MOST}) if facts["has_relatives"] else []
    uses, used_by, cut = dependencies_of(session, "pg_class", oid, row_type=facts["row_type"])
    written = definitions_of(session, oid, identity=facts["identity"])
    children = [one for one in relatives if one["is_child"]]
    found = {
        name: facts[name] for name in (field.name for field in dataclasses.fields(RelationDetails)) if name in facts
    }
    return RelationDetails(
        **{
            **{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()},
            "schema": facts["schema_name"],
            "notes": (*written.notes, *_notes(facts, columns), *cut),
            "rows": _sum(children, "rows") if facts["strategy"] else facts["rows"],
            "sizes": _sizes(facts, indexes, children, written),
            "updatable": {"yes": True, "no": False}.get(written.get("updatable") or ""),
            "options": without_secrets(facts["options"]),
            "foreign_options": without_secrets(facts["foreign_options"]),
            "partitioning": Partitioning(
                facts["strategy"], tuple(facts["partition_columns"]), written.get("partition_key")
            )
            if facts["strategy"]
            else None,
            "parents": tuple(made(Relative, one) for one in relatives if not one["is_child"]),
            "children": tuple(made(Relative, one) for one in children),
            "children_total": children[0]["total"] if children else 0,
            "columns": tuple(column_of(one, written) for one in columns),
            "indexes": tuple(index_of(one, written) for one in indexes),
            "constraints": tuple(
                made(Constraint, one, definition=one["definition"] or written.get("constraint", one["oid"]))
                for one in constraints
                if one["own"]
            ),
            "referenced_by": tuple(made(Constraint, one) for one in constraints if one["incoming"]),
            "triggers": tuple(
                made(Trigger, one, definition=one["definition"] or written.get("trigger", one["oid"]))
                for one in facts["triggers"]
            ),
            "rules": tuple(made(Rule, one, definition=written.get("rule", one["oid"])) for one in facts["rules"]),
            "policies": tuple(
                made(
                    Policy,
                    one,
                    using=written.get("policy_using", one["oid"]),
                    check=written.get("policy_check", one["oid"]),
                )
                for one in facts["policies"]
            ),
            "extended_statistics": tuple(
                made(ExtendedStatistics, one, definition=written.get("statistics", one["oid"]))
                for one in facts["extended_statistics"]
            ),
            "publications": tuple(made(Publication, one) for one in facts["publications"]),
            "privileges": privileges_of(facts["privileges"]),
            "statistics": statistics_of(facts["statistics"]),
            "uses": uses,
            "used_by": used_by,
            "definition": written.get("view"),
        }
    )


def column_of(facts: dict[str, Any], written: Definitions) -> Column:
    """A column; what a generated one is made from comes from the definitions."""
    return made(
        Column,
        facts,
        foreign_options=without_secrets(facts["foreign_options"]),
        privileges=privileges_of(facts["privileges"]),
        expression=written.get("generated", facts["position"]),
    )


def index_of(facts: dict[str, Any], written: Definitions) -> Index:
    """An index, with its real size where that could be had."""
    size = written.number("index_bytes", facts["oid"]) if facts["size_bytes"] is not None else None
    return made(
        Index,
        facts,
        size_bytes=facts["size_bytes"] if size is None else size,
        size_is_estimated=size is None,
        definition=written.get("index", facts["oid"]),
    )


def _sum(children: Sequence[dict[str, Any]], field: str) -> int | None:
    known = [one[field] for one in children if one[field] is not None]
    return sum(known) if known else None


def _sizes(
    facts: dict[str, Any], indexes: Sequence[dict[str, Any]], children: Sequence[dict[str, Any]], written: Definitions
) -> Sizes | None:
    """Real sizes where no lock stood in the way, else estimates; a partitioned table's are its partitions' sums."""
    if facts["strategy"]:
        return Sizes(None, None, None, None, _sum(children, "total_bytes"), is_estimated=True)
    if facts["estimated_bytes"] is None:
        return None
    heap, maps = written.number("heap_bytes"), written.number("maps_bytes")
    toast = written.number("toast_bytes")
    exact = [written.number("index_bytes", one["oid"]) for one in indexes]
    if heap is None or maps is None or None in exact:
        estimated = sum(one["size_bytes"] or 0 for one in indexes)
        return Sizes(facts["estimated_bytes"], None, None, estimated, facts["estimated_bytes"] + estimated, True)
    index = sum(size for size in exact if size is not None)
    return Sizes(heap, toast, maps, index, heap + maps + index + (toast or 0), is_estimated=False)


def _notes(facts: dict[str, Any], columns: Sequence[dict[str, Any]]) -> list[str]:
    """What our role may not see, with the grant that is missing."""
    if facts["may_read"] or facts["kind"] in ("view", "foreign_table") or not columns:
        return []
    role = facts["quoted_role"]
    usage = "" if facts["may_use_schema"] else f"GRANT USAGE ON SCHEMA {facts['quoted_schema']} TO {role}; "
    grant = f"GRANT SELECT ON {facts['identity']} TO {role};"
    return [
        f"Missing: what ANALYZE found in the columns, because {facts['role']} may not read {facts['identity']}. {usage}{grant}"
    ]
