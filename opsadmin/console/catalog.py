"""The catalogue's answers to the guard, over the connection that the statement will run on."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from opsadmin.console.facts import CheckedType, Function, Relation, Setting, Stored
from opsadmin.console.functions import READING, RUNNING_SQL, TAKING_TYPE_NAMES
from opsadmin.console.secret_columns import LOOKS, NAMED

DIRECTORY = Path(__file__).parent / "sql"
MARKER = "/* opsadmin */"
_ASKED_AHEAD = ("functions", "relations")


@cache
def question(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")


def _functions(functions: Collection[int], operators: Collection[int]) -> dict[str, Any]:
    """For the question of that name."""
    return {
        "functions": list(functions),
        "operators": list(operators),
        "reading": list(READING),
        "running": [*RUNNING_SQL, *TAKING_TYPE_NAMES],
    }


class ServerCatalog:
    """A `Catalog`. The connection's search_path must be pg_catalog alone while this is asked."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._secret_settings: list[Setting] | None = None
        self._unchecked: set[str] = set()
        #: Answers to what is asked next, by question.
        self._ahead: dict[object, list[dict[str, Any]]] = {}
        #: What is stored in the tables that were asked for, by schema.name.
        self.stored: dict[str, Stored] = {}

    def _rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(f"{sql}\n{MARKER}".encode(), parameters)
            return cursor.fetchall()

    def ahead(self, functions: Collection[int], operators: Collection[int], relations: Collection[int]) -> None:
        self._ahead.clear()
        if not (functions or operators) or not relations:
            return
        # Two questions in one statement: a far server is asked once.
        both = (f"(SELECT coalesce(json_agg(q), '[]') FROM ({question(name)}) AS q)" for name in _ASKED_AHEAD)  # noqa: S608
        values = {**_functions(functions, operators), "relations": list(relations)}
        (answer,) = self._rows(f"SELECT {' AS functions, '.join(both)} AS relations", values)
        self._ahead[frozenset(functions), frozenset(operators)] = answer["functions"]
        self._ahead[frozenset(relations)] = answer["relations"]

    def functions(self, functions: Collection[int], operators: Collection[int]) -> list[Function]:
        rows = self._ahead.pop((frozenset(functions), frozenset(operators)), None)
        if rows is None:
            rows = self._rows(question("functions"), _functions(functions, operators))
        return [Function(**{**row, "settings": tuple(row["settings"]), "types": tuple(row["types"])}) for row in rows]

    def types(self, types: Collection[int]) -> tuple[list[int], list[str]]:
        rows = self._rows(question("types"), {"types": list(types)})
        return [row["function"] for row in rows if row["function"]], [row["tree"] for row in rows if row["tree"]]

    def relations(self, oids: Collection[int]) -> list[Relation]:
        rows = self._ahead.pop(frozenset(oids), None)
        if rows is None:
            rows = self._rows(question("relations"), {"relations": list(oids)})
        for row in rows:
            stored = Stored(**{name: row.pop(name) for name in Stored.__dataclass_fields__})
            if row["kind"] in ("r", "m", "p", "f"):
                self.stored[f"{row['schema']}.{row['name']}"] = stored
        return [
            Relation(
                **{
                    **row,
                    "columns": {int(number): name for number, name in (row["columns"] or {}).items()},
                    "trees": tuple(row["trees"]),
                }
            )
            for row in rows
        ]

    def named(self, names: Collection[str], operators: Collection[str]) -> list[tuple[str, int]]:
        rows = self._rows(question("named"), {"names": list(names), "operators": list(operators)})
        return [(row["what"], row["oid"]) for row in rows]

    def checked_types(self, names: Collection[str] | None) -> list[CheckedType]:
        if names is None:
            rows = self._rows(question("all_checks"))
        elif set(names) <= self._unchecked:
            return []
        else:
            rows = self._rows(question("named_checks"), {"names": list(names)})
            if not rows:
                # Each name leads to its own types: what is known of these, is known of a part of them.
                self._unchecked.update(names)
        return [CheckedType(**{**row, "trees": tuple(row["trees"])}) for row in rows]

    def holds(self, probe: str) -> bool:
        return any(row["holds"] for row in self._rows(question(f"holds_{probe}"), {"looks": LOOKS, "named": NAMED}))

    @property
    def asked_for_secrets(self) -> bool:
        """Whether the settings that hold secrets were asked for: the statement shows settings then."""
        return self._secret_settings is not None

    def secret_settings(self) -> list[Setting]:
        if self._secret_settings is None:
            rows = self._rows(question("secret_settings"), {"looks": LOOKS, "named": NAMED})
            self._secret_settings = [
                Setting(row["name"], tuple(value for value in row["values"] if value)) for row in rows
            ]
        return self._secret_settings
