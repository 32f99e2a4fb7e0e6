"""Which model of the project a table belongs to, and where in its source the indexes of its Meta stand."""

from __future__ import annotations

import ast
import inspect
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections, router
from django.db.models import Field, Model

from opsadmin.advisor.facts import question
from opsadmin.advisor.index_name import name_parts
from opsadmin.postgres.session import Session, read_only


@dataclass(frozen=True)
class ModelTable:
    """`is_plain`: the model names it without a schema, and the search path finds it. `is_partitioned`: nothing can be done CONCURRENTLY."""

    model: type[Model]
    schema: str
    name: str
    is_plain: bool
    is_partitioned: bool

    @property
    def fields(self) -> dict[str, Field[Any, Any]]:
        """The model's fields by their column in this table: what a parent's table holds is not here."""
        return {field.column: field for field in self.model._meta.local_concrete_fields if field.column}


@dataclass(frozen=True)
class MetaPlace:
    """Where a class stands: `file` relative to the project, `line` of its Meta's indexes, else of its Meta, else of itself.
    `bases`: what its Meta stands on, else the classes that hand one down."""

    file: str
    line: int
    has_meta: bool
    has_indexes: bool
    bases: tuple[str, ...]


def model_tables(database: str) -> dict[int, ModelTable]:
    """The tables of the project's models on that alias, by oid. Asks the database for the names it knows.

    Raises Django's database errors."""
    wanted: dict[tuple[str, ...], type[Model]] = {}
    for model in _models(database):
        wanted.setdefault(_names(model, database), model)
    with read_only(database) as session:
        _usual_path(session)
        rows = session.rows(question("model_tables"), {"names": sorted({names[-1] for names in wanted})})
    found = {}
    for row in rows:
        named, plain = wanted.get((row["schema"], row["name"])), wanted.get((row["name"],))
        model_of = named or (plain if row["is_visible"] else None)
        if model_of is not None:
            is_partitioned = row["kind"] == "p"
            found[row["oid"]] = ModelTable(model_of, row["schema"], row["name"], named is None, is_partitioned)
    return found


def _models(database: str) -> Iterator[type[Model]]:
    """The models whose tables are on that alias. Of two with one table first the one that migrations look after."""
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        and (router.allow_migrate_model(database, model) or router.db_for_read(model) == database)
    ]
    yield from sorted(models, key=lambda model: (not model._meta.managed, bool(model._meta.auto_created)))


def _names(model: type[Model], database: str) -> tuple[str, ...]:
    """The table's name, with its schema where db_table says one: `"shop"."orders"`, or `shop"."orders` as some write."""
    return tuple(
        part.replace('""', '"') for part in name_parts(connections[database].ops.quote_name(model._meta.db_table))
    )


def _usual_path(session: Session) -> None:
    """The search path that the project's own statements have here."""
    session.rows(
        "SELECT set_config('search_path', s.reset_val, true) FROM pg_settings AS s WHERE s.name = 'search_path'"
    )


# --- its source ---------------------------------------------------------------------------------------------------------
def is_own(path: str | Path) -> bool:
    """Whether a file belongs to the project, not to an installed package."""
    resolved = Path(path).resolve()
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib", "stdlib")}
    return not any(resolved.is_relative_to(one) for one in installed) and not {
        "site-packages",
        "dist-packages",
    } & set(resolved.parts)


def is_own_model(model: type[Model]) -> bool:
    """Whether the project may edit the model's class."""
    try:
        return is_own(inspect.getfile(model))
    except (TypeError, OSError):
        return False


def shown(path: Path, app: AppConfig) -> str:
    """The path as the project's people say it: from the project's directory, else from that of the app's package."""
    resolved = path.resolve()
    roots = [Path(settings.BASE_DIR).resolve()] if getattr(settings, "BASE_DIR", None) else []
    roots.append(Path(app.path).resolve().parents[app.name.count(".")])
    for root in roots:
        if resolved.is_relative_to(root):
            return resolved.relative_to(root).as_posix()
    return resolved.name


def meta_place(model: type[Model]) -> MetaPlace | None:
    """Where the indexes of the model's Meta stand or are to be put; None where the source cannot be read."""
    try:
        file = inspect.getsourcefile(model)
        tree = ast.parse(Path(file or "").read_text(encoding="utf-8"))
    except (TypeError, OSError, SyntaxError, UnicodeDecodeError):
        return None
    node = _class_named(tree, model.__qualname__)
    if node is None:
        return None
    meta = next((one for one in node.body if isinstance(one, ast.ClassDef) and one.name == "Meta"), None)
    indexes = _assigned(meta, "indexes") if meta else None
    inherited = tuple(
        f"{base.__name__}.Meta"
        for base in model.__mro__[1:]
        if issubclass(base, Model) and hasattr(base, "_meta") and base._meta.abstract and "Meta" in vars(base)
    )[:1]
    return MetaPlace(
        shown(Path(file or ""), apps.get_app_config(model._meta.app_label)),
        (indexes or meta or node).lineno,
        has_meta=meta is not None,
        has_indexes=indexes is not None,
        bases=tuple(ast.unparse(base) for base in meta.bases) if meta else inherited,
    )


def field_place(model: type[Model], name: str) -> tuple[str, int] | None:
    """File and line of a field that the model's own class has; None where it has none, or its source cannot be read."""
    try:
        file = inspect.getsourcefile(model)
        tree = ast.parse(Path(file or "").read_text(encoding="utf-8"))
    except (TypeError, OSError, SyntaxError, UnicodeDecodeError):
        return None
    node = _class_named(tree, model.__qualname__)
    found = _assigned(node, name) if node else None
    return (shown(Path(file or ""), apps.get_app_config(model._meta.app_label)), found.lineno) if found else None


def _class_named(tree: ast.Module, qualified: str) -> ast.ClassDef | None:
    found: ast.ClassDef | None = None
    body: list[ast.stmt] = tree.body
    for name in qualified.split("."):
        # The last one of a name is the one that stands.
        found = next((one for one in reversed(body) if isinstance(one, ast.ClassDef) and one.name == name), None)
        if found is None:
            return None
        body = found.body
    return found


def _assigned(node: ast.ClassDef, name: str) -> ast.stmt | None:
    for one in node.body:
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return one
    return None
