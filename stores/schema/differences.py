"""What differs between a database and the expected schema, and the statement that mends each difference where that
loses nothing. Pure: an `Inspection` in, a list out, in the order in which the statements must run.

A mend that depends on the rows carries a `probe`; one that depends on another difference names it in `after`;
`settle` (adopt.py) answers both. state_history.id and its like may be fed by a serial or by an identity column: either
gives an INSERT without the column its number, so neither differs from the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from stores.backends.protocol import KINDS
from stores.schema import create, probes
from stores.schema.conversion import conversion
from stores.schema.expected import TABLES, Column, Index, Table, Trigger
from stores.schema.inspect import Elsewhere, FoundColumn, FoundIndex, FoundTable, FoundTrigger, Inspection

Severity = Literal["note", "warning", "critical"]

EXCLUSIVE = "ACCESS EXCLUSIVE"
SHARE = "SHARE"
SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"

_TABLES = {table.name: table for table in TABLES}


@dataclass(frozen=True)
class Difference:
    """One thing that is not as expected.

    `sql` mends it without losing anything; None: nothing needs doing (a note), or a person decides, and `why` says
    what and how. `lock`: what the statement takes on `table` while it runs. `probe`: SQL that answers true where the
    rows forbid the mend, and then `otherwise` is the `why`. `after`: objects that must be as expected first."""

    object: str
    kind: str
    found: str
    expected: str
    severity: Severity
    sql: str | None
    why: str
    table: str = ""
    lock: str = ""
    probe: str | None = None
    otherwise: str = ""
    after: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        shown = asdict(self)
        for name in ("probe", "otherwise", "after"):
            del shown[name]
        return shown


def differences(inspection: Inspection) -> list[Difference]:
    """Everything that differs, in the order in which it is mended."""
    found = [*_place(inspection), *_dashboard(inspection)]
    for table in TABLES:
        found += _table(inspection, table)
    found += _functions(inspection)
    for table in TABLES:
        actual = inspection.tables.get(table.name)
        if actual is None or actual.kind == "r":
            found += _triggers(inspection, table, actual)
    found += _documents(inspection)
    return found


# --- the place and the roles ---------------------------------------------------------------------------------------
def _place(inspection: Inspection) -> Iterator[Difference]:
    if inspection.in_recovery:
        yield Difference(
            "server", "server", _("a replica"), _("a primary"), "critical", None,
            _("This server is a read-only replica. Adopt the primary; the replica follows by itself."),
        )  # fmt: skip
    absent = [table.name for table in TABLES if table.name not in inspection.tables]
    if absent and not inspection.create:
        yield Difference(
            inspection.schema, "privilege", _("no CREATE for %(role)s") % {"role": inspection.role}, "CREATE",
            "critical", None,
            _("The role cannot make tables here. The schema's owner %(owner)s runs: %(sql)s")
            % {
                "owner": inspection.schema_owner,
                "sql": f"GRANT USAGE, CREATE ON SCHEMA {create.quoted(inspection.schema)} "
                f"TO {create.quoted(inspection.role)}",
            },
        )  # fmt: skip
    for table in inspection.tables.values():
        missing = [name for name in ("SELECT", "INSERT", "UPDATE", "DELETE") if name not in table.privileges]
        if missing or not inspection.usage:
            lacking = ", ".join(missing) or "USAGE"
            yield Difference(
                table.name, "privilege", _("no %(rights)s for %(role)s") % {"rights": lacking, "role": inspection.role},
                "SELECT, INSERT, UPDATE, DELETE", "critical", None,
                _("This site's role cannot work with the table. Its owner %(owner)s runs: %(sql)s")
                % {
                    "owner": table.owner,
                    "sql": f"GRANT USAGE ON SCHEMA {create.quoted(inspection.schema)} TO "
                    f"{create.quoted(inspection.role)}; GRANT SELECT, INSERT, UPDATE, DELETE ON "
                    f"{create.place(inspection.schema, _TABLES[table.name])} TO {create.quoted(inspection.role)}",
                },
                table=table.name,
            )  # fmt: skip
    for other in inspection.elsewhere:
        if other.position is None or other.name not in inspection.tables:
            continue
        hides = inspection.position is None or other.position < inspection.position
        yield Difference(
            f"{other.schema}.{other.name}", "elsewhere", _("a second table of this name"), _("only one"),
            "critical" if hides else "note", None,
            _("It stands before ours on the search_path, so unqualified statements go to it. Decide which one holds "
              "the data, and rename or drop the other.")
            if hides
            else _("It stands behind ours on the search_path; nobody reaches it without naming its schema."),
        )  # fmt: skip


def _dashboard(inspection: Inspection) -> Iterator[Difference]:
    role = inspection.dashboard
    if role is None:
        return
    name = create.quoted(role.role)
    if not role.exists:
        yield Difference(
            role.role, "dashboard role", _("no such role"), _("a role that owns the tables"), "critical", None,
            _("The server has no role of this name. Check the name in the dashboard's POSTGRES_URL."),
        )  # fmt: skip
        return
    if not (role.create and role.usage):
        yield Difference(
            role.role, "dashboard role", _("no CREATE on the schema"), "USAGE, CREATE", "critical", None,
            _("The dashboard runs CREATE TABLE IF NOT EXISTS at every start and fails without it. "
              "The schema's owner %(owner)s runs: %(sql)s")
            % {
                "owner": inspection.schema_owner,
                "sql": f"GRANT USAGE, CREATE ON SCHEMA {create.quoted(inspection.schema)} TO {name}",
            },
        )  # fmt: skip
    for table in ("json_store", "state_history"):
        found = inspection.tables.get(table)
        owner = found.owner if found else inspection.role
        if (found.dashboard_owned if found else role.role == inspection.role) or owner == role.role:
            continue
        yield Difference(
            table, "dashboard role", _("owner is %(owner)s") % {"owner": owner},
            _("%(role)s, or a role it is member of") % {"role": role.role}, "critical", None,
            _("The dashboard runs CREATE INDEX IF NOT EXISTS at every start, which only an owner may: GRANT ALL is "
              "not enough. A person who may, decides and runs: %(sql)s")
            % {"sql": f"GRANT {create.quoted(owner)} TO {name}"},
            table=table,
        )  # fmt: skip


# --- tables --------------------------------------------------------------------------------------------------------
_KINDS = {
    "v": "view", "m": "materialized view", "p": "partitioned table", "f": "foreign table", "S": "sequence",
    "i": "index", "I": "index", "c": "type",
}  # fmt: skip


def _table(inspection: Inspection, table: Table) -> Iterator[Difference]:
    found = inspection.tables.get(table.name)
    if found is None:
        other = next((e for e in inspection.elsewhere if e.name == table.name and e.position is not None), None)
        if other is not None:
            yield _table_elsewhere(inspection, table, other)
            return
        free = [index for index in table.indexes if index.name not in inspection.taken]
        yield Difference(
            table.name, "table", _("missing"), _("a table"), "critical",
            ";\n".join(
                [
                    create.create_table(inspection.schema, table),
                    *(create.create_index(inspection.schema, table, index) for index in free),
                ]
            ),
            _("It is made, empty, with its indexes."),
            table=table.name,
        )  # fmt: skip
        for index in table.indexes:
            if index not in free:
                yield from _missing_index(inspection, table, index)
        return
    if found.kind != "r":
        kind = _KINDS.get(found.kind, found.kind)
        yield Difference(
            table.name, "table", kind, _("a table"), "critical", None,
            _("A %(kind)s has the table's name. Adoption does not look into it: rename it, or copy its rows into a "
              "table of the expected columns, then look again.") % {"kind": kind},
            table=table.name,
        )  # fmt: skip
        return
    if found.unlogged:
        yield Difference(
            table.name, "persistence", "UNLOGGED", _("logged"), "critical",
            f"ALTER TABLE {create.place(inspection.schema, table)} SET LOGGED",
            _("An unlogged table is empty after a crash of the server. The table is written anew."),
            table=table.name, lock=EXCLUSIVE,
        )  # fmt: skip
    if found.row_security:
        yield Difference(
            table.name, "row security", _("on"), _("off"), "warning", None,
            _("Policies may hide rows from the dashboard or refuse its writes. Decide whether they are meant: %(sql)s")
            % {"sql": f"ALTER TABLE {create.place(inspection.schema, table)} DISABLE ROW LEVEL SECURITY"},
            table=table.name,
        )  # fmt: skip
    for column in table.columns:
        yield from _column(inspection, table, column, found.column(column.name))
    yield from _extra_columns(inspection, table, found)
    yield from _primary_key(inspection, table, found)
    for column in table.columns:
        actual = found.column(column.name)
        if (column.serial or column.identity) and actual is not None and not actual.fed:
            yield _unfed(inspection, table, column, actual)
    for index in table.indexes:
        yield from _index(inspection, table, index, found)
    yield from _extras(table, found)


def _table_elsewhere(inspection: Inspection, table: Table, other: Elsewhere) -> Difference:
    move = (
        f"ALTER TABLE {create.quoted(other.schema)}.{create.quoted(table.name)} "
        f"SET SCHEMA {create.quoted(inspection.schema)}"
    )
    return Difference(
        table.name, "table", _("in schema %(schema)s") % {"schema": other.schema}, _("a table"), "critical", None,
        _("The table is in another schema of the search_path than the rest; a second one here would split the data. "
          "Move it: %(sql)s") % {"sql": move},
        table=table.name,
    )  # fmt: skip


def _column(inspection: Inspection, table: Table, column: Column, found: FoundColumn | None) -> Iterator[Difference]:
    name = f"{table.name}.{column.name}"
    place = create.place(inspection.schema, table)
    alter = f"ALTER TABLE {place} ALTER COLUMN {create.quoted(column.name)}"
    if found is None:
        demanding = column.not_null and column.default is None and not (column.serial or column.identity)
        yield Difference(
            name, "column", _("missing"), column.type, "critical",
            create.add_column(inspection.schema, table, column),
            _("It is added; rows that are there keep NULL, or get the default where it must not be NULL."),
            table=table.name, lock=EXCLUSIVE,
            probe=probes.any_row(place) if demanding else None,
            otherwise=_("The table has rows, and nobody can say what this column held in them. Add it by hand with the "
                        "right values, or move the rows away."),
        )  # fmt: skip
        return
    if found.generated:
        yield Difference(
            name, "column", _("generated"), column.type, "critical", None,
            _("A generated column refuses the dashboard's values. To make it an ordinary one: %(sql)s")
            % {"sql": f"{alter} DROP EXPRESSION"},
            table=table.name,
        )  # fmt: skip
        return
    retyped = False
    if found.type != column.type:
        difference = _type(inspection, table, column, found)
        retyped = difference.sql is not None
        yield difference
    if column.not_null and not found.not_null:
        yield Difference(
            name, "not null", _("NULL allowed"), "NOT NULL", "warning", f"{alter} SET NOT NULL",
            _("No row holds NULL there."),
            table=table.name, lock=EXCLUSIVE, probe=probes.any_null(place, column.name),
            otherwise=_("Some rows hold NULL there. Fill or remove them, then look again: %(sql)s")
            % {"sql": f"SELECT * FROM {place} WHERE {create.quoted(column.name)} IS NULL"},  # noqa: S608
        )  # fmt: skip
    elif found.not_null and not column.not_null and column.name not in table.primary_key:
        yield Difference(
            name, "not null", "NOT NULL", _("NULL allowed"), "critical", f"{alter} DROP NOT NULL",
            _("The dashboard writes NULL where the meter gave no value, and would fail."),
            table=table.name, lock=EXCLUSIVE,
        )  # fmt: skip
    if column.serial or column.identity:
        return
    if found.identity:
        yield Difference(
            name, "default", "IDENTITY", column.default or _("no default"), "warning", None,
            _("Numbers of a sequence stand in this column. Decide whether they are meant: %(sql)s")
            % {"sql": f"{alter} DROP IDENTITY"},
            table=table.name,
        )  # fmt: skip
    elif _spelled(found.default) != column.default and not retyped:
        yield Difference(
            name, "default", found.default or _("none"), column.default or _("none"),
            "warning" if column.default else "note",
            f"{alter} SET DEFAULT {column.default}" if column.default else f"{alter} DROP DEFAULT",
            _("Counts for rows written from now on; those that are there stay."),
            table=table.name, lock=EXCLUSIVE, after=(f"{name}:type",),
        )  # fmt: skip


#: Other spellings of the same default.
_NOW = re.compile(r"CURRENT_TIMESTAMP|transaction_timestamp\(\)|\('now'::text\)::timestamp with time zone")
_TEXT_CAST = re.compile(r"('(?:[^']|'')*')::(?:text|character varying(?:\(\d+\))?)")


def _spelled(default: str | None) -> str | None:
    if default is None:
        return None
    if default == "NULL" or default.startswith("NULL::"):
        return None
    if _NOW.fullmatch(default):
        return "now()"
    return _TEXT_CAST.sub(r"\1::character varying", default)


def _type(inspection: Inspection, table: Table, column: Column, found: FoundColumn) -> Difference:
    name = f"{table.name}.{column.name}"
    place = create.place(inspection.schema, table)
    quoted = create.quoted(column.name)
    what = conversion(found.type, column.type)
    severity: Severity = "warning"
    sql: str | None = None
    probe = None
    otherwise = ""
    retype = f"ALTER COLUMN {quoted} TYPE {column.type}"
    # A default keeps its old type under a cast: it is taken off and put on anew.
    off, on = "", ""
    if found.default is not None and not found.fed:
        off = f"ALTER COLUMN {quoted} DROP DEFAULT, "
        on = f", ALTER COLUMN {quoted} SET DEFAULT {column.default}" if column.default else ""
    elif column.default is not None and not found.fed:
        on = f", ALTER COLUMN {quoted} SET DEFAULT {column.default}"
    if what == "wider":
        severity = "note"
        why = _("It holds all that the dashboard writes; nothing needs doing.")
    elif what == "widen":
        sql = f"ALTER TABLE {place} {off}{retype}{on}"
        why = _("The wider type holds every value that is there.")
    elif what == "json":
        severity = "critical"
        sql = f"ALTER TABLE {place} {off}{retype} USING {quoted}::jsonb{on}"
        probe = probes.loses_as_jsonb(place, column.name)
        why = _("Every value converts; the table is written anew.")
        otherwise = _(
            "A value holds what jsonb cannot (a \\u0000, or one key twice in an object, of which jsonb keeps the last). "
            "Correct it, then look again."
        )
    elif what == "zone":
        why = _(
            "The stored times do not say their zone, and a guess would move them all. Where they are UTC: %(sql)s"
        ) % {"sql": f"ALTER TABLE {place} ALTER COLUMN {quoted} TYPE {column.type} USING {quoted} AT TIME ZONE 'UTC'"}
    else:
        severity = "critical" if table.name != "state_history" or column.name == "id" else "warning"
        why = _("Converting could lose or refuse values. Look at them, then: %(sql)s") % {
            "sql": f"ALTER TABLE {place} {retype} USING {quoted}::{column.type}"
        }
    return Difference(
        name, "type", found.type, column.type, severity, sql, why,
        table=table.name, lock=EXCLUSIVE if sql else "", probe=probe, otherwise=otherwise,
    )  # fmt: skip


def _unfed(inspection: Inspection, table: Table, column: Column, found: FoundColumn) -> Difference:
    name = f"{table.name}.{column.name}"
    place = create.place(inspection.schema, table)
    quoted = create.quoted(column.name)
    literal = f"{place}".replace("'", "''")
    drop = f"ALTER TABLE {place} ALTER COLUMN {quoted} DROP DEFAULT;\n" if found.default is not None else ""
    return Difference(
        name, "numbering", found.default or _("no sequence"), _("a sequence or identity"), "critical",
        f"{drop}ALTER TABLE {place} ALTER COLUMN {quoted} ADD GENERATED BY DEFAULT AS IDENTITY;\n"
        f"SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('{literal}', '{column.name}'), "
        f"coalesce(max({quoted}), 0) + 1, false) FROM {place}",  # noqa: S608 (quoted names)
        _("An INSERT without the column fails. Numbering goes on behind the highest number that is there."),
        table=table.name, lock=EXCLUSIVE, after=(name, f"{table.name} primary key"),
    )  # fmt: skip


def _extra_columns(inspection: Inspection, table: Table, found: FoundTable) -> Iterator[Difference]:
    known = {column.name for column in table.columns}
    for column in found.columns:
        if column.name in known:
            continue
        demanding = column.not_null and column.default is None and not column.identity and not column.generated
        alter = f"ALTER TABLE {create.place(inspection.schema, table)} ALTER COLUMN {create.quoted(column.name)}"
        yield Difference(
            f"{table.name}.{column.name}", "extra column",
            f"{column.type} NOT NULL" if demanding else column.type, _("not there"),
            "critical" if demanding else "note", None,
            _("It must not be NULL and has no default, so every INSERT of the dashboard fails. Give it a default: "
              "%(default)s SET DEFAULT ...; or allow NULL: %(null)s") % {"default": alter, "null": f"{alter} DROP NOT NULL"}
            if demanding
            else _("Somebody's own column; it disturbs nobody and stays."),
            table=table.name,
        )  # fmt: skip


def _primary_key(inspection: Inspection, table: Table, found: FoundTable) -> Iterator[Difference]:
    name = f"{table.name} primary key"
    wanted = ", ".join(table.primary_key)
    place = create.place(inspection.schema, table)
    key = next((index for index in found.indexes if index.primary), None)
    add = f"ALTER TABLE {place} ADD PRIMARY KEY ({', '.join(create.quoted(column) for column in table.primary_key)})"
    columns = tuple(f"{table.name}.{column}" for column in table.primary_key)
    if key is None:
        present = [column for column in table.primary_key if found.column(column) is not None]
        complete = len(present) == len(table.primary_key)
        yield Difference(
            name, "primary key", _("none"), wanted, "critical", add,
            _("No key is there twice. The dashboard's ON CONFLICT needs it."),
            table=table.name, lock=EXCLUSIVE, after=columns,
            probe=probes.any_duplicate(place, table.primary_key, nulls=True) if complete else None,
            otherwise=_("Some rows have the same key, or none, and only a person can say which one counts. Find them: "
                        "%(sql)s") % {
                "sql": f"SELECT {wanted}, count(*) FROM {place} GROUP BY {wanted} HAVING count(*) > 1"  # noqa: S608
            },
        )  # fmt: skip
    elif set(key.columns) != set(table.primary_key) or key.deferrable:
        shown = ", ".join(key.columns) + (" DEFERRABLE" if key.deferrable else "")
        yield Difference(
            name, "primary key", shown, wanted, "critical", None,
            _("The dashboard's ON CONFLICT (kind) and this site's models need the expected key, not deferrable. Once "
              "nothing refers to the present one: %(sql)s")
            % {"sql": f"ALTER TABLE {place} DROP CONSTRAINT {create.quoted(key.name)}; {add}"},
            table=table.name,
        )  # fmt: skip


# --- indexes -------------------------------------------------------------------------------------------------------
def _columns_of(table: Table, index: Index) -> tuple[str, ...]:
    """The objects that the index needs as they should be: its columns."""
    words = re.findall(r"\w+", index.definition.split("(", 1)[1])
    return tuple(f"{table.name}.{column.name}" for column in table.columns if column.name in words)


def _missing_index(inspection: Inspection, table: Table, index: Index) -> Iterator[Difference]:
    taken = inspection.taken.get(index.name)
    columns = tuple(name.split(".", 1)[1] for name in _columns_of(table, index))
    found = inspection.tables.get(table.name)
    there = found is not None and all(found.column(column) for column in columns)
    place = create.place(inspection.schema, table)
    yield Difference(
        index.name, "index",
        _("missing") if taken is None else _("another object of this name"), f"{table.name} {index.definition}",
        "critical" if index.unique else "warning",
        create.create_index(inspection.schema, table, index) if taken is None else None,
        _("It is built; writes to the table wait meanwhile.")
        if taken is None
        else _("The name is taken (%(where)s), so neither this site nor the dashboard can make the index. Rename that "
               "object.") % {"where": taken or inspection.schema},
        table=table.name, lock=SHARE, after=(table.name, *_columns_of(table, index)),
        probe=probes.any_duplicate(place, columns, nulls=False) if index.unique and there else None,
        otherwise=_("Two rows have the same %(columns)s, and only a person can say which one counts.")
        % {"columns": ", ".join(columns)},
    )  # fmt: skip


def _index(inspection: Inspection, table: Table, index: Index, found: FoundTable) -> Iterator[Difference]:
    actual = next((item for item in found.indexes if item.name == index.name), None)
    if actual is None:
        yield from _missing_index(inspection, table, index)
        return
    name = f"{create.quoted(inspection.schema)}.{create.quoted(index.name)}"
    columns = tuple(column.split(".", 1)[1] for column in _columns_of(table, index))
    unique = (
        probes.any_duplicate(create.place(inspection.schema, table), columns, nulls=False) if index.unique else None
    )
    twice = _("Two rows have the same %(columns)s, and only a person can say which one counts.") % {
        "columns": ", ".join(columns)
    }
    if actual.definition != index.definition or actual.unique != index.unique:
        yield Difference(
            index.name, "index", f"{'UNIQUE ' if actual.unique else ''}{actual.definition}",
            f"{'UNIQUE ' if index.unique else ''}{index.definition}", "warning",
            None
            if actual.constraint
            else f"DROP INDEX {name};\n{create.create_index(inspection.schema, table, index)}",
            _("The dashboard goes by the name and would not make the right one. A constraint uses it: decide whether "
              "that is meant, then drop the constraint and look again.")
            if actual.constraint
            else _("The dashboard goes by the name and would not make the right one. It is built anew."),
            table=table.name, lock=EXCLUSIVE, probe=unique, otherwise=twice, after=_columns_of(table, index),
        )  # fmt: skip
    elif not actual.valid:
        yield Difference(
            index.name, "index", _("invalid"), _("valid"), "warning", f"REINDEX INDEX {name}",
            _("A broken build left it behind: no query uses it, every write pays for it. It is built anew."),
            table=table.name, lock=SHARE, probe=unique, otherwise=twice,
        )  # fmt: skip
    elif index.unique and not actual.constraint:
        yield Difference(
            index.name, "index", _("unique index"), _("unique constraint"), "note",
            create.constrain(inspection.schema, table, index),
            _("The index becomes a constraint's, as the models have it; nothing is built."),
            table=table.name, lock=EXCLUSIVE,
        )  # fmt: skip


def _extras(table: Table, found: FoundTable) -> Iterator[Difference]:
    known = {index.name for index in table.indexes}
    for index in found.indexes:
        if index.name in known or index.primary:
            continue
        yield _extra_index(table, index)
    for name, kind in found.constraints:
        yield Difference(
            name, "extra constraint", {"c": "CHECK", "f": "FOREIGN KEY", "x": "EXCLUDE"}[kind], _("not there"),
            "note" if kind == "c" else "warning", None,
            _("Somebody's own rule on %(table)s. It stays; a value that it refuses, the dashboard cannot write.")
            % {"table": table.name},
            table=table.name,
        )  # fmt: skip
    expected = {trigger.name for trigger in table.triggers}
    for trigger in found.triggers:
        if trigger.name not in expected:
            yield Difference(
                f"{trigger.name} on {table.name}", "extra trigger", f"{trigger.timing} {trigger.function}()",
                _("not there"), "note", None, _("Somebody's own trigger. It stays; its errors fail the write."),
                table=table.name,
            )  # fmt: skip


def _extra_index(table: Table, index: FoundIndex) -> Difference:
    key = index.unique and set(index.columns) != set(table.primary_key)
    return Difference(
        index.name, "extra index", f"{'UNIQUE ' if index.unique else ''}{index.definition}", _("not there"),
        "warning" if key else "note", None,
        _("Somebody's own unique index: the dashboard's inserts fail where it finds a value twice. Decide whether it is "
          "meant.")
        if key
        else _("Somebody's own index on %(table)s. It stays; every write pays for it.") % {"table": table.name},
        table=table.name,
    )  # fmt: skip


# --- functions, triggers, rows -------------------------------------------------------------------------------------
def _functions(inspection: Inspection) -> Iterator[Difference]:
    needs = ("json_store_revision", "json_store_host")
    places = ", ".join(create.place(inspection.schema, _TABLES[name]) for name in needs)
    for function in create.expected_functions(inspection.schema):
        found = inspection.functions.get(function.name)
        name = f"{function.name}()"
        revoke = create.revoke_function(inspection.schema, function.name)
        if found is None or found.source != function.source or not found.plain:
            yield Difference(
                name, "function", _("missing") if found is None else _("another version"), _("this version"),
                "critical", f"{function.sql};\n{revoke}", _("It numbers and keeps the revisions."),
                after=needs,
            )  # fmt: skip
        elif found.public:
            yield Difference(
                name, "function", _("everybody may use it"), _("only its owner"), "warning", revoke,
                _("Whoever may hang it on a table of his own could write revisions."),
            )  # fmt: skip
        if found is not None and found.owner_may_keep is False:
            grant = f"GRANT SELECT, INSERT, UPDATE, DELETE ON {places} TO {create.quoted(found.owner)}"
            yield Difference(
                name, "function", _("owner %(owner)s without rights") % {"owner": found.owner},
                _("rights on %(tables)s") % {"tables": ", ".join(needs)}, "critical", grant,
                _("The trigger runs as its owner, and writes to the store fail."), table="json_store_revision",
                after=needs,
            )  # fmt: skip


def _right(trigger: Trigger, found: FoundTrigger) -> bool:
    return found.timing == trigger.timing and found.function == trigger.function and found.plain and found.here


def _triggers(inspection: Inspection, table: Table, actual: FoundTable | None) -> Iterator[Difference]:
    # On a document that is not jsonb, or without a place for the number, the trigger would fail every write.
    needs = (
        table.name, "json_store.data", "json_store.kind", "json_store.revision", "json_store_revision",
        *(f"json_store_revision.{column.name}" for column in _TABLES["json_store_revision"].columns),
        "json_store_revision primary key", "json_store_count()", "json_store_keep()",
    )  # fmt: skip
    place = create.place(inspection.schema, table)
    for trigger in table.triggers:
        found = next((t for t in actual.triggers if t.name == trigger.name), None) if actual else None
        if found is None or not _right(trigger, found):
            yield Difference(
                f"{trigger.name} on {table.name}", "trigger",
                _("missing") if found is None else f"{found.timing} {found.function}()",
                f"{trigger.timing} {trigger.function}()", "critical",
                create.create_trigger(inspection.schema, table, trigger),
                _("Without it the dashboard's writes leave no revision."),
                table=table.name, lock=SHARE_ROW_EXCLUSIVE, after=needs,
            )  # fmt: skip
        if found is not None and not found.enabled:
            yield Difference(
                f"{trigger.name} on {table.name}", "trigger", _("disabled"), _("enabled"), "critical",
                f"ALTER TABLE {place} ENABLE TRIGGER {create.quoted(trigger.name)}",
                _("Without it the dashboard's writes leave no revision."),
                table=table.name, lock=SHARE_ROW_EXCLUSIVE, after=needs,
            )  # fmt: skip


def _documents(inspection: Inspection) -> Iterator[Difference]:
    unread = bool(inspection.unavailable)
    needs = ("json_store", "json_store.kind", "json_store.data", "json_store primary key")
    documents = inspection.documents or ()
    for kind in () if unread else KINDS:
        if kind not in documents:
            yield Difference(
                f"json_store '{kind}'", "row", _("missing"), "{}", "warning",
                create.create_row(inspection.schema, kind),
                _("While the row is missing nobody can lock it, and two first writers overwrite each other. The "
                  "dashboard reads {} as empty."),
                table="json_store", lock="ROW EXCLUSIVE", after=needs,
            )  # fmt: skip
    if inspection.unkept:
        yield Difference(
            "json_store_revision", "revision",
            _("no revision of %(kinds)s") % {"kinds": ", ".join(sorted(inspection.unkept))},
            _("one of each document"), "warning", create.first_revisions(inspection.schema),
            _("The value a document has now is kept, so that it can be restored."),
            table="json_store_revision", lock="ROW EXCLUSIVE",
            after=(*needs, "json_store.revision", "json_store_revision", "json_store_count()", "json_store_keep()"),
        )  # fmt: skip
