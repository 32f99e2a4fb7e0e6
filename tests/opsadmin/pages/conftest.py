"""Fixtures of these tests."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections
from django.test import Client
from psycopg.conninfo import conninfo_to_dict

from opsadmin.pages import looks, patient
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import counted_database, forget, point_at
from tests.opsadmin.plans.conftest import plan_of, shop, shop_dsn  # noqa: F401


@pytest.fixture(autouse=True)
def _no_looks() -> Iterator[None]:
    """Each test begins without looks of an earlier one, and leaves none behind."""
    looks._looks.clear()
    yield
    assert looks.join()
    looks._looks.clear()


@pytest.fixture(autouse=True)
def _no_questions() -> Iterator[None]:
    """Nor with questions of an earlier one."""
    patient._questions.clear()
    yield
    assert patient.join()
    patient._questions.clear()


@pytest.fixture(scope="session")
def counted_dsn(superuser_dsn: str) -> Iterator[str]:
    """The address of a database whose statements are counted."""
    with counted_database(superuser_dsn) as dsn:
        yield dsn


@pytest.fixture
def sent(counted_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """A session whose statements are counted from now on, in the database that the page is about."""
    point_at(monkeypatch, counted_dsn)
    with psycopg.connect(counted_dsn, autocommit=True, prepare_threshold=None) as connection:
        forget(connection)
        yield connection


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    """The client of a person who may do everything; without a password, whose hash takes long."""
    client.force_login(person("reader", is_superuser=True))
    return client


@pytest.fixture
def here(shop_dsn) -> Iterator[None]:  # noqa: F811
    """The alias `store` is the shop."""
    parts = conninfo_to_dict(shop_dsn)
    wrapper = connections["store"]
    before = wrapper.settings_dict
    wrapper.settings_dict = {**before, "NAME": str(parts["dbname"]), "USER": str(parts["user"])}
    yield
    wrapper.settings_dict = before


@pytest.fixture
def analyst(client, here) -> Client:
    """May look and run statements, and nothing else."""
    client.force_login(person("analyst", "opsadmin.view_database", "opsadmin.execute_sql"))
    return client
