"""Many checks in one statement: their facts once, then each check's rows as JSON.

The number of statements does not grow with the number of checks, nor with the catalogue, and a fact that ten checks read
is gathered once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opsadmin.health.card import Card, with_numbers
from opsadmin.health.catalog import facts, facts_of

#: Rows of one check that are read in full; what lies beyond is counted.
MAX_ROWS = 200

_FACT_IN_TEXT = re.compile(r"\{([a-z_]+)\}")
#: How a question names what an extension brought, wherever it was installed: "schema of pg_stat_statements".
_SCHEMA_OF = re.compile(r'"schema of ([^"]+)"\.')


def batch_sql(
    cards: Sequence[Card],
    values: Mapping[str, dict[str, float]],
    major: int,
    extensions: Mapping[str, str] | None = None,
    most: int = MAX_ROWS,
) -> str:
    """One statement for all the cards. `values`: the thresholds by check id; `extensions`: each one's schema; `most`: how
    many rows of one check are read in full. Its rows: what (a check's id, or #fact for how many there are of a fact), total, row."""
    known = facts(major)
    counted = sorted({name for card in cards for name in _FACT_IN_TEXT.findall(card.examined) if name in known})
    whole = "\n".join([*(card.sql for card in cards), *(f"FROM {name}" for name in counted)])
    parts = _gathered(facts_of(whole, known), known)
    parts += [f'"{card.id}" AS (\n{with_numbers(card.sql, values[card.id])}\n)' for card in cards]
    asked = [_rows_of(card, most) for card in cards]
    asked += [f"SELECT '#{name}' AS what, count(*) AS total, NULL::text AS row FROM \"{name}\"" for name in counted]  # noqa: S608  # names of files
    return _located("WITH " + ",\n".join(parts) + "\n" + "\nUNION ALL\n".join(asked), extensions or {})


def single_sql(card: Card, values: dict[str, float], major: int) -> str:
    """The check's question as a DBA would paste it into psql: its facts, its numbers, its rows."""
    known = facts(major)
    parts = _gathered(facts_of(card.sql, known), known)
    body = with_numbers(card.sql, values)
    if not parts:
        return _located(body, {})
    if re.match(r"with\s+(?!recursive)", body, re.IGNORECASE):
        body = ",\n" + re.sub(r"^with\s+", "", body, flags=re.IGNORECASE)
    else:
        body = f"\nSELECT * FROM (\n{body}\n) AS found"
    return _located("WITH " + ",\n".join(parts) + body, {})


def _gathered(names: Sequence[str], known: Mapping[str, str]) -> list[str]:
    return [f'"{name}" AS (\n{known[name]}\n)' for name in names]


def _located(sql: str, extensions: Mapping[str, str]) -> str:
    # An extension of unknown place is found by the search_path of whoever pastes the question.
    def schema(match: re.Match[str]) -> str:
        name = extensions.get(match[1])
        return '"{}".'.format(name.replace('"', '""')) if name else ""

    return _SCHEMA_OF.sub(schema, sql)


def rows_by_check(found: Sequence[tuple[Any, ...]]) -> tuple[dict[str, list[dict[str, Any]]], dict[str, int]]:
    """The statement's rows (JSON as text: Django leaves jsonb undecoded) by check, and the totals by check and #fact."""
    rows: dict[str, list[dict[str, Any]]] = {}
    totals: dict[str, int] = {}
    for what, total, row in found:
        totals[what] = total
        if row is not None:
            rows.setdefault(what, []).append(json.loads(row))
    return rows, totals


def _rows_of(card: Card, most: int) -> str:
    # A check's own `weight` puts the worst first; what lies beyond is the mildest.
    order = "r.weight DESC NULLS LAST, " if re.search(r"\bas weight\b", card.sql, re.IGNORECASE) else ""
    return f"""SELECT '{card.id}' AS what, one."how many" AS total, (to_jsonb(one) - 'how many')::text AS row FROM (
    SELECT r.*, count(*) OVER () AS "how many"
    FROM "{card.id}" AS r
    ORDER BY {order}r.object
    LIMIT {most}
) AS one"""  # noqa: S608  # the names of our own files
