"""The kinds of objects by the names that operations take, and what PostgreSQL calls them."""

from __future__ import annotations

#: What `list_objects` takes: pg_class.relkind for those that are relations.
LISTED_RELATIONS = {
    "table": ("r", "p"),
    "view": ("v",),
    "materialized_view": ("m",),
    "index": ("i", "I"),
    "sequence": ("S",),
    "foreign_table": ("f",),
}
LISTED_OTHERS = ("function", "type", "extension")
LISTED = (
    "table",
    "view",
    "materialized_view",
    "index",
    "sequence",
    "function",
    "type",
    "extension",
    "foreign_table",
)

#: What `get_object_details` takes. A table is found under its general name too, whatever kind of table it is.
RELATIONS = {
    "table": ("r", "p", "f"),
    "view": ("v",),
    "materialized_view": ("m",),
    "partitioned_table": ("p",),
    "foreign_table": ("f",),
}
#: pg_proc.prokind
ROUTINES = {"function": ("f", "p", "a", "w"), "procedure": ("p",), "aggregate": ("a",)}
#: pg_type.typtype
TYPES = {"type": ("b", "c", "d", "e", "r", "m", "p"), "domain": ("d",)}
DETAILED = (
    "table",
    "view",
    "materialized_view",
    "index",
    "sequence",
    "function",
    "type",
    "extension",
    "schema",
    "partitioned_table",
    "foreign_table",
    "procedure",
    "aggregate",
    "domain",
)


def said_kind(kind: str) -> str:
    """For people: "a materialized view", "an index"."""
    words = kind.replace("_", " ")
    return f"{'an' if words[0] in 'aei' else 'a'} {words}"
