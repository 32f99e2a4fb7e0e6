"""Fixtures every test may use. One family per file in tests/fixtures."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """The site database in a file, as it is in use: one in memory, shared by threads, refuses the second of them at once
    instead of letting it wait."""
    from django.db import connections

    settings = connections["default"].settings_dict
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        settings["TEST"]["NAME"] = str(tmp_path_factory.mktemp("site") / "site.sqlite3")
        settings["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"


@pytest.fixture(autouse=True)
def _own_host(tmp_path_factory: pytest.TempPathFactory, settings):
    """Each test is a host of its own: what an earlier test saw of the database is not what this one meets."""
    from django.utils import translation

    from stores import registry

    directory: Path = tmp_path_factory.mktemp("host")
    settings.STORE_DIR = directory
    settings.STORE_PATHS = {kind: directory / f"{kind}.json" for kind in ("settings", "state")}
    yield
    registry.close_all()
    # A request leaves its language on the thread.
    translation.deactivate()


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    """Static files straight from the apps: the manifest that production uses is made by collectstatic."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
