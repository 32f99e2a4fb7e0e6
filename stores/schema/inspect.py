"""What a database has of the store's tables: reads the catalogs (and which documents exist) and returns plain data.

One statement for the catalogs, one for the rows where they may be read. Works for a role with few rights: what it may
not see is listed under `unavailable`, with the reason and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from stores.errors import StoreMisconfigured
from stores.schema.create import expected_functions, quoted
from stores.schema.expected import TABLES

STATEMENT = Path(__file__).with_name("inspect.sql").read_text(encoding="utf-8")

#: Waiting behind somebody's ALTER TABLE is not looking: give up soon and say so.
LOCK_TIMEOUT_MS = 2000
STATEMENT_TIMEOUT_MS = 15000


@dataclass(frozen=True)
class FoundColumn:
    """`identity` is "a" (always), "d" (by default) or ""."""

    name: str
    type: str
    default: str | None
    not_null: bool
    identity: str
    generated: bool

    @property
    def fed(self) -> bool:
        """Whether an INSERT without the column gets the next number of a sequence."""
        return bool(self.identity) or (self.default or "").startswith("nextval(")


@dataclass(frozen=True)
class FoundIndex:
    """`definition` is what follows ON table; `columns` its plain key columns in order."""

    name: str
    definition: str
    columns: tuple[str, ...]
    unique: bool
    primary: bool
    valid: bool
    deferrable: bool
    constraint: bool


@dataclass(frozen=True)
class FoundTrigger:
    """`plain`: FOR EACH ROW without WHEN, column list or arguments. `here`: its function is in the store's schema."""

    name: str
    enabled: bool
    timing: str
    plain: bool
    function: str
    here: bool


@dataclass(frozen=True)
class FoundFunction:
    """`plain`: plpgsql, SECURITY DEFINER, search_path pinned. `owner_may_keep`: its owner has every right on
    json_store_revision and json_store_host (None while both are missing)."""

    name: str
    source: str
    plain: bool
    public: bool
    owner: str
    owner_may_keep: bool | None


@dataclass(frozen=True)
class FoundTable:
    """`kind` as pg_class.relkind has it. `dashboard_owned`: None where no dashboard role was asked about."""

    name: str
    kind: str
    owner: str
    unlogged: bool
    row_security: bool
    owned: bool
    privileges: tuple[str, ...]
    dashboard_owned: bool | None
    columns: tuple[FoundColumn, ...] = ()
    indexes: tuple[FoundIndex, ...] = ()
    triggers: tuple[FoundTrigger, ...] = ()
    constraints: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> FoundColumn | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Elsewhere:
    """A table of the same name in another schema; `position` on the search path, None where not on it."""

    schema: str
    name: str
    position: int | None


@dataclass(frozen=True)
class Dashboard:
    """The dashboard's role and its rights on the schema."""

    role: str
    exists: bool
    usage: bool
    create: bool


@dataclass(frozen=True)
class Unavailable:
    """Something that could not be looked at."""

    what: str
    reason: str
    fix: str


@dataclass(frozen=True)
class Inspection:
    """The whole look. `position` is the schema's place on the search path (None: not on it). `documents` are the
    rows of json_store and `unkept` those whose present revision is not kept; both None where not known."""

    schema: str
    schema_owner: str
    role: str
    server_version: int
    in_recovery: bool
    usage: bool
    create: bool
    position: int | None
    tables: dict[str, FoundTable]
    functions: dict[str, FoundFunction]
    elsewhere: tuple[Elsewhere, ...]
    taken: dict[str, str]
    dashboard: Dashboard | None
    documents: tuple[str, ...] | None
    unkept: tuple[str, ...] | None
    unavailable: tuple[Unavailable, ...]


def store_schema(cursor: Any) -> str:
    """The schema in which an unqualified `json_store` is found by this role, else the one where it would be made.

    Raises `StoreMisconfigured` where the role's search path leads nowhere."""
    cursor.execute(
        "SELECT coalesce((SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
        "ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass('json_store')), current_schema())"
    )
    found: str | None = cursor.fetchone()[0]
    if found is None:
        raise StoreMisconfigured(
            _(
                "The role's search_path names no schema that it may use, so there is no place for the tables. "
                "The owner of the schema runs: GRANT USAGE, CREATE ON SCHEMA public TO the role."
            )
        )
    return found


def inspect(cursor: Any, schema: str, dashboard_role: str | None = None) -> Inspection:
    """Look at `schema`, inside a transaction. `cursor`: any DB-API cursor on PostgreSQL.

    Raises `StoreMisconfigured` where there is no such schema, and the driver's errors (a lock timeout, for one)."""
    cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
    cursor.execute(
        STATEMENT,
        {
            "schema": schema,
            "tables": [table.name for table in TABLES],
            "indexes": [index.name for table in TABLES for index in table.indexes],
            "functions": [function.name for function in expected_functions(schema)],
            "dashboard_role": dashboard_role,
        },
    )
    found: dict[str, Any] = json.loads(cursor.fetchone()[0])
    if found["schema"] is None:
        raise StoreMisconfigured(_("There is no schema %(schema)s in this database.") % {"schema": schema})
    tables = {item["name"]: _table(item, found) for item in found["tables"] or ()}
    documents, unkept, unavailable = _rows(cursor, schema, tables, found)
    return Inspection(
        schema=schema,
        schema_owner=found["schema"]["owner"],
        role=found["role"],
        server_version=found["server_version"],
        in_recovery=found["read_only"],
        usage=found["schema"]["usage"],
        create=found["schema"]["create"],
        position=found["schema"]["position"],
        tables=tables,
        functions={item["name"]: FoundFunction(**item) for item in found["functions"] or ()},
        elsewhere=tuple(Elsewhere(**item) for item in found["elsewhere"] or ()),
        taken=found["taken"] or {},
        dashboard=_dashboard(found, dashboard_role),
        documents=documents,
        unkept=unkept,
        unavailable=unavailable,
    )


def _table(item: dict[str, Any], found: dict[str, Any]) -> FoundTable:
    def of(section: str) -> list[dict[str, Any]]:
        rows = [row for row in found[section] or () if row["table"] == item["name"]]
        return [{key: value for key, value in row.items() if key != "table"} for row in rows]

    return FoundTable(
        **{**item, "privileges": tuple(item["privileges"])},
        columns=tuple(FoundColumn(**row) for row in of("columns")),
        indexes=tuple(FoundIndex(**{**row, "columns": tuple(row["columns"])}) for row in of("indexes")),
        triggers=tuple(FoundTrigger(**row) for row in of("triggers")),
        constraints=tuple((row["name"], row["kind"]) for row in of("constraints")),
    )


def _dashboard(found: dict[str, Any], role: str | None) -> Dashboard | None:
    if role is None:
        return None
    rights = found["dashboard"]
    if rights is None:
        return Dashboard(role, exists=False, usage=False, create=False)
    return Dashboard(role, exists=True, usage=rights["usage"], create=rights["create"])


def _rows(
    cursor: Any, schema: str, tables: dict[str, FoundTable], found: dict[str, Any]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None, tuple[Unavailable, ...]]:
    """Which documents exist, and which of them have no kept revision; what could not be read."""
    store, kept = tables.get("json_store"), tables.get("json_store_revision")
    if store is None or store.column("kind") is None:
        return None, None, ()
    readable = found["schema"]["usage"] and "SELECT" in store.privileges
    if not readable or (kept is not None and "SELECT" not in kept.privileges):
        missing = Unavailable(
            what=_("which documents json_store holds"),
            reason=_("the role %(role)s may not read the tables") % {"role": found["role"]},
            fix=_("The owner %(owner)s runs: GRANT SELECT ON ALL TABLES IN SCHEMA %(schema)s TO %(role)s")
            % {"owner": store.owner, "schema": quoted(schema), "role": quoted(found["role"])},
        )
        return None, None, (missing,)
    place = quoted(schema)
    full = "stored.data IS NOT NULL" if store.column("data") is not None else "true"
    countable = store.column("revision") is not None and kept is not None
    unkept = (
        f"{full} AND NOT EXISTS (SELECT FROM {place}.json_store_revision kept "
        "WHERE kept.kind = stored.kind AND kept.revision = stored.revision)"
        if countable
        else full
    )
    cursor.execute(f"SELECT stored.kind, {unkept} FROM {place}.json_store AS stored")  # noqa: S608 (quoted names)
    rows: list[tuple[str, bool]] = cursor.fetchall()
    return tuple(kind for kind, _kept in rows), tuple(kind for kind, missing in rows if missing), ()
