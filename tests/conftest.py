"""Fixtures every test may use. One family per file in tests/fixtures."""

import pytest


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    """Static files straight from the apps: the manifest that production uses is made by collectstatic."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
