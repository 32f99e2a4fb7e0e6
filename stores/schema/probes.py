"""Questions to the rows that decide whether a mend is safe. Each statement answers true where it is NOT; they run
only for what differs, and read without a lock stronger than ACCESS SHARE."""

from __future__ import annotations

from collections.abc import Sequence

from stores.schema.create import quoted


def any_row(table: str) -> str:
    """Whether the table has rows. `table` is qualified and quoted, here and below."""
    return f"SELECT EXISTS (SELECT FROM {table})"  # noqa: S608 (quoted names, here and below)


def any_null(table: str, column: str) -> str:
    return f"SELECT EXISTS (SELECT FROM {table} WHERE {quoted(column)} IS NULL)"  # noqa: S608


def any_duplicate(table: str, columns: Sequence[str], *, nulls: bool) -> str:
    """Whether two rows have the same key; with `nulls`, also whether a part of a key is NULL. Without it a key with
    a NULL is no duplicate, as a unique index has it."""
    names = ", ".join(quoted(column) for column in columns)
    null = " OR ".join(f"{quoted(column)} IS NULL" for column in columns)
    twice = f"EXISTS (SELECT FROM {table} WHERE NOT ({null}) GROUP BY {names} HAVING count(*) > 1)"
    return f"SELECT {twice} OR EXISTS (SELECT FROM {table} WHERE {null})" if nulls else f"SELECT {twice}"  # noqa: S608


def loses_as_jsonb(table: str, column: str) -> str:
    """Whether a json value would lose a key: jsonb keeps the last of two equal ones. Fails where a value cannot be
    converted at all (a \\u0000), which counts as not safe too."""
    name = quoted(column)
    return f"""\
WITH RECURSIVE node (value) AS (
    SELECT {name} FROM {table} WHERE {name} IS NOT NULL AND {name}::jsonb IS NOT NULL
    UNION ALL
    SELECT child.value FROM node, LATERAL (
        SELECT value FROM json_each(CASE json_typeof(node.value) WHEN 'object' THEN node.value END)
        UNION ALL
        SELECT value FROM json_array_elements(CASE json_typeof(node.value) WHEN 'array' THEN node.value END)
    ) AS child
)
SELECT EXISTS (
    SELECT FROM node
    WHERE json_typeof(value) = 'object'
        AND (SELECT count(*) <> count(DISTINCT key) FROM json_object_keys(value) AS key))"""  # noqa: S608 (quoted)
