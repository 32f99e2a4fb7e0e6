"""What the catalogue's fields are called on a page, and tables of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.catalogue.parts import Dependency, Privilege
from opsadmin.core.blocks import Note, Table, label_of, said
from opsadmin.core.finding import Status

_LABELS = {
    "name": gettext_lazy("Name"),
    "kind": gettext_lazy("Kind"),
    "owner": gettext_lazy("Owner"),
    "comment": gettext_lazy("Comment"),
    "rows": gettext_lazy("Rows (estimate)"),
    "size_bytes": gettext_lazy("Size"),
    "total_bytes": gettext_lazy("With indexes and TOAST"),
    "table": gettext_lazy("Of"),
    "arguments": gettext_lazy("Arguments"),
    "returns": gettext_lazy("Returns"),
    "language": gettext_lazy("Language"),
    "extension": gettext_lazy("Extension"),
    "version": gettext_lazy("Version"),
    "available_version": gettext_lazy("Available"),
    "type": gettext_lazy("Type"),
    "nullable": gettext_lazy("Nullable"),
    "default": gettext_lazy("Default"),
    "generated": gettext_lazy("Generated"),
    "identity": gettext_lazy("Identity"),
    "collation": gettext_lazy("Collation"),
    "storage": gettext_lazy("Storage"),
    "compression": gettext_lazy("Compression"),
    "statistics_target": gettext_lazy("Statistics target"),
    "n_distinct": gettext_lazy("Distinct values"),
    "null_fraction": gettext_lazy("NULL fraction"),
    "definition": gettext_lazy("Definition"),
    "columns": gettext_lazy("Columns"),
    "scans": gettext_lazy("Scans"),
    "last_used_at": gettext_lazy("Last used"),
    "valid": gettext_lazy("Valid"),
    "unique": gettext_lazy("Unique"),
    "state": gettext_lazy("State"),
    "deferrable": gettext_lazy("Deferrable"),
    "command": gettext_lazy("Command"),
    "roles": gettext_lazy("Roles"),
    "using": gettext_lazy("Using"),
    "check": gettext_lazy("Check"),
    "bound": gettext_lazy("Bound"),
    "grantee": gettext_lazy("Role"),
    "grantor": gettext_lazy("Granted by"),
    "privileges": gettext_lazy("Privileges"),
    "grantable": gettext_lazy("May pass on"),
    "how": gettext_lazy("How"),
    "object": gettext_lazy("Object"),
    "tables": gettext_lazy("Tables"),
    "views": gettext_lazy("Views"),
    "indexes": gettext_lazy("Indexes"),
    "sequences": gettext_lazy("Sequences"),
    "functions": gettext_lazy("Functions"),
    "schema": gettext_lazy("Schema"),
    "partition_of": gettext_lazy("Partition of"),
    "partitions": gettext_lazy("Partitions"),
    "validated": gettext_lazy("Validated"),
    "events": gettext_lazy("Events"),
    "heap_bytes": gettext_lazy("Rows alone"),
    "toast_bytes": gettext_lazy("TOAST"),
    "maps_bytes": gettext_lazy("Free space and visibility maps"),
    "index_bytes": gettext_lazy("Indexes"),
    "xid_age": gettext_lazy("Age in transactions"),
    "multixact_age": gettext_lazy("Age in multixacts"),
    "seq_scan": gettext_lazy("Sequential scans"),
    "seq_tup_read": gettext_lazy("Rows read by sequential scans"),
    "idx_scan": gettext_lazy("Index scans"),
    "idx_tup_fetch": gettext_lazy("Rows fetched by index scans"),
    "n_tup_ins": gettext_lazy("Rows inserted"),
    "n_tup_upd": gettext_lazy("Rows updated"),
    "n_tup_del": gettext_lazy("Rows deleted"),
    "n_tup_hot_upd": gettext_lazy("Rows updated in place (HOT)"),
    "n_live_tup": gettext_lazy("Live rows"),
    "n_dead_tup": gettext_lazy("Dead rows"),
    "n_mod_since_analyze": gettext_lazy("Rows changed since ANALYZE"),
    "n_ins_since_vacuum": gettext_lazy("Rows inserted since VACUUM"),
    "last_seq_scan": gettext_lazy("Last sequential scan"),
    "last_idx_scan": gettext_lazy("Last index scan"),
    "vacuum_count": gettext_lazy("VACUUMs"),
    "autovacuum_count": gettext_lazy("Autovacuums"),
    "analyze_count": gettext_lazy("ANALYZEs"),
    "autoanalyze_count": gettext_lazy("Autoanalyzes"),
    "access_method": gettext_lazy("Access method"),
    "leaves": gettext_lazy("Tables below"),
    "is_key": gettext_lazy("In the key"),
}


_NEWS_WHERE_FALSE = frozenset({"nullable", "valid", "validated", "permissive"})


def label(field: str) -> str:
    """The heading of a field."""
    return str(_LABELS[field]) if field in _LABELS else label_of(field)


def table(title: str, items: Sequence[Any], *fields: str, empty: str = "", more: str = "") -> Table:
    """A table of those fields of each item; a column in which nothing is said is left out, the first one never."""
    shown = [
        field
        for position, field in enumerate(fields)
        if position == 0 or any(_says_something(field, getattr(item, field)) for item in items)
    ]
    numeric = frozenset(
        position
        for position, field in enumerate(shown)
        if any(is_number(getattr(item, field)) for item in items)
        and all(getattr(item, field) is None or is_number(getattr(item, field)) for item in items)
    )
    return Table(
        title,
        tuple(label(field) for field in shown),
        tuple(tuple(said(field, getattr(item, field)) for field in shown) for item in items),
        numeric,
        empty or _("Nothing."),
        more,
    )


def figures(item: Any, *fields: str) -> tuple[tuple[str, str], ...]:
    """Pairs of label and value of the fields that say something."""
    return tuple(
        (label(field), said(field, getattr(item, field)))
        for field in fields
        if getattr(item, field) not in (None, "", ())
    )


def _says_something(field: str, value: Any) -> bool:
    """A "no" is worth a column only where it is the news."""
    if value is False:
        return field in _NEWS_WHERE_FALSE
    return value not in (None, "", ())


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def notes_of(notes: Sequence[str]) -> list[Note]:
    """What is missing, each as a note."""
    return [Note(Status.UNKNOWN, text) for text in notes]


def privileges_block(privileges: Sequence[Privilege], are_default: bool) -> Table:
    """Who may do what."""
    title = _("Privileges (by default)") if are_default else _("Privileges")
    fields = ("grantee", "privileges", "grantable", "grantor")
    return table(title, privileges, *fields, empty=_("Nobody may do anything with it."))


def dependency_blocks(uses: Sequence[Dependency], used_by: Sequence[Dependency]) -> list[Table]:
    """What it uses and what uses it, where there is something."""
    untracked = _("The bodies of PL/pgSQL functions are not tracked by PostgreSQL.")
    return [
        table(title, parts, "kind", "name", "how", "columns", more=untracked)
        for title, parts in ((_("Uses"), uses), (_("Used by"), used_by))
        if parts
    ]
