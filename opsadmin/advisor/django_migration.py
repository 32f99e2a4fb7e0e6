"""A migration as a file: its number and name as makemigrations would choose them, behind the app's latest one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps
from django.contrib.postgres.operations import CreateExtension
from django.db.migrations import Migration, RunSQL
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.exceptions import BadMigrationError, CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.utils.module_loading import module_dir

from opsadmin.advisor.django_models import is_own, shown

_CLASS = "class Migration(migrations.Migration):\n"
#: What PostgreSQL does concurrently it does outside of transactions.
_NOT_ATOMIC = f"""{_CLASS}\
    # Nothing is done CONCURRENTLY inside a transaction. An index whose making was broken off stays there, not valid:
    # drop it before you run this again.
    atomic = False
"""


class CannotMigrate(Exception):
    """No migration can be written: the reason is a sentence."""


@dataclass(frozen=True)
class MigrationFile:
    """`path`: relative to the project."""

    app: str
    name: str
    path: str
    text: str


class Migrations:
    """The project's migrations as they are on disk."""

    @cached_property
    def _loader(self) -> MigrationLoader:
        try:
            return MigrationLoader(None, ignore_no_migrations=True)
        except (BadMigrationError, CircularDependencyError, NodeNotFoundError, ImportError, SyntaxError) as error:
            raise CannotMigrate(
                f"The project's migrations cannot be read ({type(error).__name__}): `manage.py showmigrations` says more."
            ) from error

    @cached_property
    def _state(self) -> ProjectState:
        return self._loader.project_state()

    def state_indexes(self, app: str, model: str) -> frozenset[str]:
        """The names of the indexes that the migrations gave the model's Meta."""
        found = self._state.models.get((app, model.lower()))
        return frozenset(index.name for index in found.options.get("indexes", ())) if found else frozenset()

    def latest(self, app: str) -> str:
        """The name of the app's latest migration.

        Raises `CannotMigrate`."""
        if app not in self._loader.migrated_apps:
            raise CannotMigrate(f"The app {app} has no migrations.")
        leaves = sorted(name for _, name in self._loader.graph.leaf_nodes(app))
        if len(leaves) != 1:
            raise CannotMigrate(
                f"The app {app} has {len(leaves)} latest migrations ({', '.join(leaves)}): merge them first, with"
                " `manage.py makemigrations --merge`."
                if leaves
                else f"The app {app} has no migration yet: begin with `manage.py makemigrations {app}`."
            )
        return str(leaves[0])

    def is_own(self, app: str) -> bool:
        """Whether the app's migrations lie in the project, so that one can be added."""
        directory = self._directory(app)
        return directory is not None and is_own(directory)

    def own_app(self, other_than: str) -> AppConfig | None:
        """An app of the project that has migrations, the first of INSTALLED_APPS. Not this one, wherever it lies."""
        ours = apps.get_containing_app_config(__name__)
        return next(
            (
                config
                for config in apps.get_app_configs()
                if config.label != other_than and config is not ours and self.is_own(config.label)
            ),
            None,
        )

    def extension(self, name: str) -> tuple[str, str] | None:
        """The app and the name of the migration that makes an extension; None where none does."""
        for key, migration in sorted(self._loader.disk_migrations.items()):
            if any(_makes(operation, name) for operation in migration.operations):
                return key
        return None

    def file(
        self,
        app: str,
        operations: Sequence[Operation],
        *,
        fragment: str,
        concurrently: bool,
        after: Iterable[tuple[str, str]] = (),
    ) -> MigrationFile:
        """`fragment`: its name without the number. `after`: further migrations that it stands on.

        Raises `CannotMigrate`."""
        latest = self.latest(app)
        directory = self._directory(app)
        if directory is None:
            raise CannotMigrate(f"The app {app} has no migrations.")
        number = (MigrationAutodetector.parse_number(latest) or 0) + 1
        parts = {"operations": list(operations), "dependencies": [(app, latest), *after]}
        migration = type("Migration", (Migration,), parts)(f"{number:04d}_{fragment}", app)
        text = MigrationWriter(migration, include_header=False).as_string()
        text = text.replace(_CLASS, _NOT_ATOMIC, 1) if concurrently else text
        path = shown(directory / f"{migration.name}.py", apps.get_app_config(app))
        return MigrationFile(app, migration.name, path, text)

    def _directory(self, app: str) -> Path | None:
        module, _ = MigrationLoader.migrations_module(app)
        if module is None or app not in self._loader.migrated_apps:
            return None
        return Path(module_dir(import_module(module)))


def _makes(operation: Operation, extension: str) -> bool:
    if isinstance(operation, CreateExtension):
        return bool(operation.name == extension)
    if isinstance(operation, RunSQL):
        text = str(operation.sql).lower()
        return "create extension" in text and extension in text
    return False
