"""Advice in a Django project's own terms: the line for Meta.indexes, and a migration that is ready to be put into the app."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from textwrap import indent
from typing import Any, cast

from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.migrations import AddIndex, AlterField, RemoveIndex, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.models import ForeignKey, Index, Model

from opsadmin.advisor.django_index import CannotSay, Fields, django_index
from opsadmin.advisor.django_migration import CannotMigrate, MigrationFile, Migrations
from opsadmin.advisor.django_models import MetaPlace, ModelTable, field_place, is_own_model, meta_place, model_tables
from opsadmin.advisor.django_source import source_of
from opsadmin.advisor.drops import create_again, forbids
from opsadmin.advisor.facts import ExistingIndex, Table
from opsadmin.advisor.index_name import name_parts
from opsadmin.advisor.spec import IndexSpec
from opsadmin.core.result import Result
from opsadmin.postgres.names import identifier

#: Operator classes that an extension brings, and types whose default one in GIN and GiST does.
_TRIGRAMS = frozenset({"gin_trgm_ops", "gist_trgm_ops"})
_SCALARS = frozenset(
    {
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "double precision",
        "real",
        "text",
        "character varying",
        "date",
        "uuid",
    }
    | {"timestamp with time zone", "time", "interval", "boolean"}
)


@dataclass(frozen=True, kw_only=True)
class DjangoAdvice(Result):
    """What a person changes in the project. `model`: its label. `place`: what to change where, as a sentence; `change`: the
    source to put there, `imports` what it needs; all three empty where the model's class stays as it is, and `reason` says
    why. `migration`: a file's text, `path` where it goes, `command` what runs it; empty where no migration can do it, and
    `reason` says why. `already`: what to run instead where the database has the change already."""

    model: str
    place: str = ""
    change: str = ""
    imports: tuple[str, ...] = ()
    migration: str = ""
    path: str = ""
    command: str = ""
    already: str = ""
    reason: str = ""

    @property
    def text(self) -> str:
        """All of it, to read and to copy."""
        parts = [f"# {self.reason}"] if self.reason else []
        if self.change:
            parts.append("\n".join([f"# {self.place}", *self.imports, self.change]))
        if self.migration:
            head = f"# {self.path}\n# Run: {self.command}"
            if self.already:
                head += f"\n# Where it is done already: {self.already}"
            parts.append(f"{head}\n{self.migration.rstrip()}")
        return "\n\n".join(parts)


def django_text(spec: IndexSpec, name: str, database: str) -> DjangoAdvice | None:
    """How the project gets the index; None where the table belongs to no model. For several use one `DjangoProject`.

    Raises Django's database errors."""
    return DjangoProject(database).add(spec, name)


def django_drop(index: ExistingIndex, table: Table, database: str) -> DjangoAdvice | None:
    """How the project gets rid of the index; None where the table belongs to no model."""
    return DjangoProject(database).drop(index, table)


class DjangoProject:
    """The project as it is on one alias, read once: its models' tables and its migrations."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._migrations = Migrations()
        self._added: dict[tuple[str, str], list[tuple[ModelTable, list[Operation]]]] = {}

    @cached_property
    def _tables(self) -> dict[int, ModelTable]:
        return model_tables(self._database)

    def has(self, oid: int) -> bool:
        """Whether the table belongs to a model, and a new index should have a name that Meta.indexes takes."""
        return oid in self._tables

    def together(self) -> list[MigrationFile]:
        """For each app that several new indexes are of: one migration that makes them all, in place of theirs, which all have
        the same number."""
        found = []
        for (app, _alias), parts in self._added.items():
            if len(parts) < 2:
                continue
            operations, seen = [], set()
            for operation in (one for _table, done in parts for one in done):
                # An extension that several of them need is made once.
                sql = str(operation.sql) if isinstance(operation, RunSQL) else ""
                if sql and sql in seen:
                    continue
                seen.add(sql)
                operations.append(operation)
            concurrently = any(not table.is_partitioned for table, _done in parts)
            after = list(dict.fromkeys(one for table, _done in parts for one in self._place(table)[1]))
            found.append(
                self._migrations.file(
                    app, operations, fragment="advised_indexes", concurrently=concurrently, after=after
                )
            )
        return found

    # --- a new index -----------------------------------------------------------------------------------------------------
    def add(self, spec: IndexSpec, name: str) -> DjangoAdvice | None:
        table = self._tables.get(spec.relid)
        if table is None:
            return None
        advice = DjangoAdvice(model=table.model._meta.label)
        try:
            self._check_meta(table)
            index = django_index(spec, name, table.model, Fields(table.fields, self._database))
        except (CannotSay, CannotMigrate) as error:
            return self._with(
                advice,
                table,
                lambda: [*self._extension(spec, table), self._create(spec, name, table)],
                fragment=f"{table.model._meta.model_name}_{name}",
                reason=str(error),
                is_new=True,
            )
        source, imports = source_of(index)
        place, change = _meta_change(table, source)
        advice = replace(advice, place=place, change=change, imports=imports)
        return self._with(
            advice,
            table,
            lambda: [*self._extension(spec, table), self._add(spec, index, table)],
            fragment=f"{table.model._meta.model_name}_{name}",
            is_new=True,
        )

    def _add(self, spec: IndexSpec, index: Index, table: ModelTable) -> Operation:
        model = table.model._meta.model_name or ""
        if table.is_partitioned:
            return AddIndex(model, index)
        if table.is_plain:
            return AddIndexConcurrently(model, index)
        # Django's DROP INDEX says no schema: undone, it would not find the index.
        return SeparateDatabaseAndState(
            database_operations=[self._create(spec, index.name, table)], state_operations=[AddIndex(model, index)]
        )

    def _create(self, spec: IndexSpec, name: str, table: ModelTable) -> RunSQL:
        plain = replace(spec, table=identifier(table.name)) if table.is_plain else spec
        words = "INDEX" if table.is_partitioned else "INDEX CONCURRENTLY"
        sql = plain.ddl(name).replace("CREATE INDEX", f"CREATE {words} IF NOT EXISTS", 1)
        return self._sql(sql, f"DROP {words} IF EXISTS {_index_name(name, table)}", table)

    def _extension(self, spec: IndexSpec, table: ModelTable) -> list[Operation]:
        """What the index needs in a new database, such as that of the tests; it stays when the migration is undone."""
        name = _extension_of(spec, Fields(table.fields, self._database))
        if not name or self._migrations.extension(name):
            return []
        return [self._sql(f"CREATE EXTENSION IF NOT EXISTS {name}", RunSQL.noop, table)]

    # --- an index to drop -------------------------------------------------------------------------------------------------
    def drop(self, index: ExistingIndex, table: Table) -> DjangoAdvice | None:
        owner = self._tables.get(table.oid)
        if owner is None:
            return None
        advice = DjangoAdvice(model=owner.model._meta.label)
        forbidden = forbids(index, table)
        if forbidden:
            return replace(advice, reason=f"The index stays: {forbidden[0].lower()}{forbidden[1:]}")
        fragment = f"remove_{owner.model._meta.model_name}_{index.name}"
        try:
            self._check_meta(owner)
            changed = self._unsay(index, table, owner)
        except (CannotSay, CannotMigrate) as error:
            return self._with(
                advice, owner, lambda: [self._drop(index, table, owner)], fragment=fragment, reason=str(error)
            )
        place, change, operation = changed
        return self._with(replace(advice, place=place, change=change), owner, lambda: [operation], fragment=fragment)

    def _unsay(self, index: ExistingIndex, table: Table, owner: ModelTable) -> tuple[str, str, Operation]:
        """Where the model says the index, what stands there then, and the operation.

        Raises `CannotSay`, `CannotMigrate`."""
        meta = owner.model._meta
        said = next((one for one in meta.indexes if one.name == index.name), None)
        if said is not None:
            if index.name not in self._migrations.state_indexes(meta.app_label, meta.object_name or ""):
                raise CannotSay("The migrations do not know the index: run makemigrations first.")
            return *_meta_without(owner, said), self._remove(index, table, owner)
        field: Any = next((one for column, one in owner.fields.items() if index.keys == (column,)), None)
        if field is None or not self._is_of_field(index, owner):
            raise CannotSay("The model does not know the index: it was made by hand, or by a migration's SQL.")
        if not field.db_index or field.unique:
            raise CannotSay(f"Django made it for LIKE, because {field.name} is unique: the field stays as it is.")
        if any(_is_like(index, other) for other in table.indexes):
            raise CannotSay(
                f"db_index of {field.name} stands for two indexes, and only one of them is to go: the field stays as it is."
            )
        found = field_place(owner.model, field.name)
        if found is None:
            raise CannotSay(f"The field {field.name} comes from an abstract base, and its other models keep the index.")
        altered = field.clone()
        altered.db_index = False
        words = "db_index=False" if isinstance(field, ForeignKey) else "no db_index=True"
        return (
            f"{found[0]}, line {found[1]}: the field {field.name} of {meta.object_name} gets {words}",
            f"# {field.name}: {words}",
            SeparateDatabaseAndState(
                database_operations=[self._drop(index, table, owner)],
                state_operations=[AlterField(meta.model_name or "", field.name, altered)],
            ),
        )

    def _is_of_field(self, index: ExistingIndex, owner: ModelTable) -> bool:
        """Whether Django made the index for a field: by the name that it would give it."""
        editor: Any = connections[self._database].schema_editor(collect_sql=True)
        table = owner.model._meta.db_table
        names = {editor._create_index_name(table, list(index.keys), suffix=suffix) for suffix in ("", "_like")}
        return index.method == "btree" and index.name in {name.strip('"') for name in names}

    def _remove(self, index: ExistingIndex, table: Table, owner: ModelTable) -> Operation:
        model = owner.model._meta.model_name or ""
        if owner.is_partitioned:
            return RemoveIndex(model, index.name)
        if owner.is_plain:
            return RemoveIndexConcurrently(model, index.name)
        return SeparateDatabaseAndState(
            database_operations=[self._drop(index, table, owner)], state_operations=[RemoveIndex(model, index.name)]
        )

    def _drop(self, index: ExistingIndex, table: Table, owner: ModelTable) -> RunSQL:
        words = "INDEX" if owner.is_partitioned else "INDEX CONCURRENTLY"
        again = create_again(index, replace(table, identity=identifier(table.name)) if owner.is_plain else table)
        # Without its definition the migration cannot be undone, and says so.
        undo = again.rstrip(";").replace(words, f"{words} IF NOT EXISTS", 1) if again else None
        return self._sql(f"DROP {words} IF EXISTS {_index_name(index.name, owner)}", undo, owner)

    # --- what both share ----------------------------------------------------------------------------------------------------
    def _check_meta(self, table: ModelTable) -> None:
        """Raises `CannotSay` where the model's Meta is nobody's to edit, or counts for nothing."""
        meta = table.model._meta
        if meta.auto_created:
            owner = cast("type[Model]", meta.auto_created)._meta.object_name  # the class, where it is not False
            raise CannotSay(f"Django made the table for a many-to-many field of {owner}: it has no Meta to edit.")
        if not meta.managed:
            raise CannotSay(
                f"Migrations do not look after {meta.object_name} (managed = False): its Meta changes nothing."
            )
        if not is_own_model(table.model):
            raise CannotSay(f"{meta.label} belongs to an installed package, whose source is not yours to edit.")

    def _with(
        self,
        advice: DjangoAdvice,
        table: ModelTable,
        operations: Callable[[], list[Operation]],
        *,
        fragment: str,
        reason: str = "",
        is_new: bool = False,
    ) -> DjangoAdvice:
        """The advice with its migration, or with the reason why there is none. `is_new`: it makes an index."""
        try:
            alias = self._alias(table)
            done = operations()
            file = self._file(table, done, re.sub(r"\W+", "_", fragment).lower())
            if is_new:
                self._added.setdefault((file.app, alias), []).append((table, done))
        except CannotMigrate as error:
            return replace(advice, reason=f"{reason} {error} Run the DDL by hand.".strip())
        target = "" if alias == DEFAULT_DB_ALIAS else f" --database={alias}"
        command = f"python manage.py migrate {file.app} {file.name}{target}"
        locks = ""
        if table.is_partitioned:
            locks = "The table is partitioned: writes wait while this runs, for nothing is done CONCURRENTLY there."
        return replace(
            advice,
            migration=file.text,
            path=file.path,
            command=command,
            # What is written as SQL says IF NOT EXISTS itself.
            already=f"{command} --fake" if any(isinstance(one, AddIndex) for one in done) else "",
            reason=f"{reason} {locks}".strip(),
        )

    def _alias(self, table: ModelTable) -> str:
        """Where the migration is run. Raises `CannotMigrate` where the routers let it in nowhere."""
        for alias in (self._database, router.db_for_write(table.model)):
            if router.allow_migrate_model(alias, table.model):
                return alias
        raise CannotMigrate(f"The routers let no migration of {table.model._meta.label} into the database.")

    def _file(self, table: ModelTable, operations: list[Operation], fragment: str) -> MigrationFile:
        app, after = self._place(table)
        return self._migrations.file(
            app, operations, fragment=fragment, concurrently=not table.is_partitioned, after=after
        )

    def _place(self, table: ModelTable) -> tuple[str, list[tuple[str, str]]]:
        """The app that the migration goes into, and what else it stands on. Raises `CannotMigrate`."""
        app = table.model._meta.app_label
        after: list[tuple[str, str]] = []
        if not self._migrations.is_own(app):
            if is_own_model(table.model):
                raise CannotMigrate(f"The app {app} has no migrations in the project.")
            own = self._migrations.own_app(app)
            if own is None:
                raise CannotMigrate(f"Neither the app {app} nor another one of the project has migrations of its own.")
            try:
                after.append((app, self._migrations.latest(app)))
            except CannotMigrate:
                pass  # an app without migrations: its tables are made before all others
            app = own.label
        return app, after

    def _sql(self, sql: str, undo: str | None, table: ModelTable) -> RunSQL:
        app = table.model._meta.app_label
        # A router that goes by the model learns it only so.
        by_model = settings.DATABASE_ROUTERS and self._migrations.is_own(app)
        return RunSQL(sql, undo, hints={"model_name": table.model._meta.model_name} if by_model else None)


def _meta_change(table: ModelTable, source: str) -> tuple[str, str]:
    """Where the index is put, and the source as it stands there."""
    model = table.model
    where = meta_place(model)
    if where is None:
        return f"Meta.indexes of {model._meta.label}", f"{source},"
    if where.has_indexes:
        return f"{where.file}, line {where.line}: add to Meta.indexes of {model._meta.object_name}", f"{source},"
    handed_down = [f"*{where.bases[0]}.indexes"] if where.bases and model._meta.indexes else []
    return _new_indexes(model, where, [*handed_down, source])


def _meta_without(table: ModelTable, index: Index) -> tuple[str, str]:
    """Where the index is taken away, and what stood there; or what stands instead of an abstract base's indexes."""
    model = table.model
    where = meta_place(model)
    source = source_of(index)[0]
    if where is None or where.has_indexes:
        at = f"{where.file}, line {where.line}: t" if where else "T"
        gone = "\n".join(f"# {line}" for line in f"{source},".splitlines())
        return f"{at}ake away from Meta.indexes of {model._meta.object_name}", gone
    left = [source_of(one)[0] for one in model._meta.indexes if one.name != index.name]
    place, change = _new_indexes(model, where, left)
    return f"{place}, so that it has not those of its base", change


def _new_indexes(model: type[Model], where: MetaPlace, sources: Sequence[str]) -> tuple[str, str]:
    """`indexes` for a class that has none, in its Meta or in a new one."""
    lines = "".join(indent(f"{source},\n", "    ") for source in sources)
    text = f"indexes = [\n{lines}]" if sources else "indexes = []"
    if where.has_meta:
        return f"{where.file}, line {where.line}: add to Meta of {model._meta.object_name}", text
    base = f"({where.bases[0]})" if where.bases else ""
    return (
        f"{where.file}, line {where.line}: add to {model._meta.object_name}",
        f"class Meta{base}:\n{indent(text, '    ')}",
    )


def _index_name(name: str, table: ModelTable) -> str:
    return identifier(name) if table.is_plain else f"{identifier(table.schema)}.{identifier(name)}"


def _is_like(index: ExistingIndex, other: ExistingIndex) -> bool:
    """Whether the two are those that Django makes for one text field with db_index."""
    return (
        index.oid != other.oid
        and other.keys == index.keys
        and (other.name == f"{index.name}_like" or index.name == f"{other.name}_like")
    )


def _extension_of(spec: IndexSpec, fields: Fields) -> str:
    if any(name_parts(key.opclass)[-1] in _TRIGRAMS for key in spec.keys if key.opclass):
        return "pg_trgm"
    if spec.using == "bloom":
        return "bloom"
    if spec.using in ("gin", "gist"):
        plain = [key.column for key in spec.keys if key.column in fields.by_column and not key.opclass]
        if any(fields.type(column) in _SCALARS for column in plain):
            return f"btree_{spec.using}"
    return ""
