"""One table, view, materialized view or foreign table, with everything that belongs to it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

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
)
from opsadmin.catalogue.words import dependency_blocks, figures, notes_of, privileges_block, table
from opsadmin.core.blocks import Block, Code, Figures
from opsadmin.core.result import Result


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
