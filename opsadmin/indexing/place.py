"""Where an index would go: the table, what is there already, and the index's exact form, found by making it on an empty copy
of the table that is rolled back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.advisor.facts import Table as Facts
from opsadmin.advisor.facts import tables_of
from opsadmin.advisor.sizes import TooWide, bytes_of
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.indexing.questions import rows
from opsadmin.indexing.wanted import MOST_BYTES, PARAMETER, Wanted
from opsadmin.postgres.names import identifier, quoted
from opsadmin.postgres.session import MARKER

#: To look takes no lock that anybody holds for long.
LOOK_MS = 5000
LOCK_MS = 1000
_AS_USUAL = f"SET LOCAL search_path TO DEFAULT {MARKER}".encode()
#: A copy may have the name of a table of the catalogue.
_OURS = f"SET LOCAL search_path = pg_catalog, pg_temp {MARKER}".encode()


@dataclass(frozen=True)
class Present:
    """An index of the table. `form`: what stands behind USING, as PostgreSQL writes it."""

    oid: int
    name: str
    identity: str
    is_valid: bool
    is_unique: bool
    is_being_built: bool
    definition: str
    form: str


@dataclass(frozen=True)
class Place:
    """`table`: its facts, as `sql/table.sql` has them. `name`: the index's, as it is stored. `form` as in `Present`, empty
    where it could not be found out. `size_bytes`: what it will take, None where nobody knows; `note`: why. `key_texts`,
    `predicate`: as SQL."""

    table: dict[str, Any]
    indexes: tuple[Present, ...]
    name: str
    name_taken: str
    form: str
    unique: bool
    is_expression: bool
    size_bytes: int | None
    note: str = ""
    key_texts: tuple[str, ...] = ()
    predicate: str = ""

    @property
    def oid(self) -> int:
        return int(self.table["oid"])

    @property
    def identity(self) -> str:
        return f"{identifier(self.table['schema_name'])}.{identifier(self.name)}"

    @property
    def twin(self) -> Present | None:
        """A valid index of the same definition."""
        alike = (one for one in self.indexes if one.form == self.form and one.is_unique == self.unique)
        return next((one for one in alike if one.is_valid), None) if self.form else None

    @property
    def namesake(self) -> Present | None:
        """The table's index of that name."""
        return next((one for one in self.indexes if one.name == self.name), None)

    @property
    def leftovers(self) -> tuple[Present, ...]:
        """Invalid indexes of the table that nobody builds at the moment."""
        return tuple(one for one in self.indexes if not one.is_valid and not one.is_being_built)

    @property
    def under_way(self) -> tuple[Present, ...]:
        return tuple(one for one in self.indexes if one.is_being_built)


def place_of(connection: psycopg.Connection[Any], wanted: Wanted) -> Place:
    """What there is. Leaves nothing behind.

    Raises `OperationError` where the table or the index cannot be, psycopg's errors."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            f"SET LOCAL statement_timeout = {LOOK_MS} {MARKER}; SET LOCAL lock_timeout = {LOCK_MS} {MARKER}".encode()
        )
        connection.execute(_AS_USUAL)
        table = _table(connection, wanted)
        connection.execute(_OURS)
        there = tuple(Present(**row) for row in rows(connection, "indexes", {"table": table["oid"]}))
        facts = tables_of(lambda text, values: _ask(connection, text, values), [table["oid"]]).get(table["oid"])
        found = Place(table, there, wanted.name, "", "", wanted.unique, False, None)
        found = _tried(connection, wanted, found, facts) if table["may_try"] else _untried(wanted, found)
    return replace(found, name_taken=_taken(connection, found))


def _ask(connection: psycopg.Connection[Any], text: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        cursor.execute(f"{text}\n{MARKER}".encode(), values)
        return cursor.fetchall()


def _table(connection: psycopg.Connection[Any], wanted: Wanted) -> dict[str, Any]:
    found = rows(connection, "table", {"table": wanted.table})
    if not found:
        raise OperationError(_("There is no table %(name)s.") % {"name": wanted.table}, parameter=PARAMETER)
    return found[0]


def _untried(wanted: Wanted, found: Place) -> Place:
    if not wanted.name:
        raise OperationError(
            _("Give the index a name: %(role)s may not make temporary tables here, which finds one.")
            % {"role": found.table["role"]},
            parameter="name",
        )
    note = _("Whether there is such an index already was not found out: %(role)s may not make temporary tables here.")
    return replace(found, note=note % {"role": found.table["role"]})


def _tried(connection: psycopg.Connection[Any], wanted: Wanted, found: Place, facts: Facts | None) -> Place:
    """Make it on an empty temporary table of the same name."""
    name, table = found.table["name"], found.table["identity"]
    try:
        with connection.transaction():
            connection.execute(_AS_USUAL)
            copy = f"CREATE TEMPORARY TABLE pg_temp.{quoted(name)} (LIKE {table}) {MARKER}"
            connection.execute(copy.encode())
            statement = wanted.statement("", f"pg_temp.{quoted(name)}", concurrently=False)
            connection.execute(f"{statement}\n{MARKER}".encode())
            connection.execute(_OURS)
            copied = _one(connection, f"pg_temp.{quoted(name)}")
            (made,) = rows(connection, "indexes", {"table": copied})
            (spec,) = rows(connection, "form", {"index": made["oid"]})
    except psycopg.Error as error:
        if error.sqlstate is None or connection.broken:
            raise
        if error.sqlstate in ("42883", "42804", "42846"):
            # A function of the table's own rows does not take those of a copy.
            return _untried(wanted, found)
        if error.sqlstate[:2] in ("42", "0A", "22", "54"):
            hint = error.diag.message_hint or ""
            raise OperationError(
                _("There can be no such index: %(words)s.") % {"words": error.diag.message_primary},
                parameter=PARAMETER,
                hint=hint,
            ) from None
        raise
    size, note = _size(spec, found, facts)
    return replace(
        found,
        name=wanted.name or _free(connection, found, made["name"]),
        form=made["form"],
        is_expression=any(not column for column in spec["names"]),
        size_bytes=size,
        note=note,
        key_texts=tuple(spec["texts"]),
        predicate=spec["predicate"],
    )


def _one(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute("SELECT to_regclass(%s)::oid::bigint /* opsadmin */", [table]).fetchone()
    assert row is not None  # noqa: S101  # a SELECT without FROM has one row
    return int(row[0])


def _size(spec: dict[str, Any], found: Place, facts: Facts | None) -> tuple[int | None, str]:
    if facts is None:
        return None, ""
    keys = tuple(
        Key(text if name else f"({text})", name or "", opclass or "", bool(order & 1), bool(order & 2))
        for text, name, opclass, order in zip(
            spec["texts"], spec["names"], spec["opclasses"], spec["orders"], strict=True
        )
    )
    wanted = IndexSpec(
        found.oid, found.table["identity"], keys, tuple(spec["include"]), spec["predicate"], spec["method"]
    )
    try:
        return bytes_of(wanted, facts), ""
    except TooWide:
        return None, _("Values of these columns are likely too long for such an index.")
    except (KeyError, ValueError, ArithmeticError, LookupError):
        return None, ""


def _free(connection: psycopg.Connection[Any], found: Place, name: str) -> str:
    """The name that PostgreSQL would choose, with a number where it is taken."""
    chosen, number = name, 0
    while _is_taken(connection, found.table["schema_name"], chosen):
        number += 1
        chosen = name.encode()[: MOST_BYTES - len(str(number))].decode(errors="ignore") + str(number)
        if number > 1000:
            raise OperationFailed(_("No name for the index is free: give it one."), parameter="name")
    return chosen


def _is_taken(connection: psycopg.Connection[Any], schema: str, name: str) -> bool:
    return bool(_kind(connection, schema, name))


def _taken(connection: psycopg.Connection[Any], found: Place) -> str:
    """What has the name already, of another table or kind; empty where nothing has."""
    return "" if found.namesake else _kind(connection, found.table["schema_name"], found.name)


def _kind(connection: psycopg.Connection[Any], schema: str, name: str) -> str:
    row = connection.execute(
        "SELECT c.relkind::text FROM pg_catalog.pg_class AS c"
        " WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = %s) AND c.relname = %s /* opsadmin */",
        [schema, name],
    ).fetchone()
    return str(row[0]) if row else ""
