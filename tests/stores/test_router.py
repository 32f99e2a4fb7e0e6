"""Each model has one database, and each database its own tables only."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connections, router

from stores.models import HistoryReplay, JsonDocument, LastKnownPage, Revision, StoreConflict, StoreHost, StoreSwitch
from stores.router import SITE_MODELS
from stores.schema.expected import TABLES

IN_POSTGRES = {table.name for table in TABLES}


def test_the_models_of_the_site_are_models():
    """A name that is misspelled or renamed would send its table to PostgreSQL."""
    assert {model._meta.model_name for model in (StoreSwitch, StoreConflict, LastKnownPage)} == SITE_MODELS


@pytest.mark.parametrize("model", [StoreSwitch, StoreConflict, LastKnownPage])
def test_switches_conflicts_and_pages_are_in_the_site_database(model):
    assert (router.db_for_read(model), router.db_for_write(model)) == ("default", "default")
    assert router.allow_migrate_model("default", model)
    assert not router.allow_migrate_model("store", model)
    # makemigrations and a migration's own hints spell the name as the class
    assert router.allow_migrate("default", "stores", model_name=model.__name__)


@pytest.mark.parametrize("model", [JsonDocument, Revision, StoreHost, HistoryReplay])
def test_the_stores_tables_are_in_postgresql(model):
    assert (router.db_for_read(model), router.db_for_write(model)) == ("store", "store")
    assert router.allow_migrate_model("store", model)
    assert not router.allow_migrate_model("default", model)


def test_steps_without_a_model_run_in_postgresql_alone():
    """Adoption is such a step: on the site database it must not run."""
    assert router.allow_migrate("store", "stores")
    assert not router.allow_migrate("default", "stores")
    assert router.allow_migrate("default", "auth")
    assert not router.allow_migrate("store", "auth")
    # A further database that is only looked after gets no tables of ours.
    assert not router.allow_migrate("staging", "auth")
    assert not router.allow_migrate("staging", "stores")


def test_relations_stay_inside_a_database():
    user, group = User(), Group()
    assert router.allow_relation(user, group)
    assert router.allow_relation(StoreSwitch(), user)
    assert router.allow_relation(StoreConflict(), StoreSwitch())
    assert router.allow_relation(JsonDocument(), Revision())
    assert not router.allow_relation(JsonDocument(), user)
    assert not router.allow_relation(StoreSwitch(), JsonDocument())


@pytest.mark.django_db(databases=["default", "store"])
def test_after_migrate_each_database_holds_its_tables_and_no_other():
    found = {alias: set(connections[alias].introspection.table_names()) for alias in ("default", "store")}
    elsewhere = {field.m2m_db_table() for model in apps.get_models() for field in model._meta.local_many_to_many} | {
        model._meta.db_table for model in apps.get_models() if router.db_for_write(model) in (None, "default")
    }
    assert found["store"] == IN_POSTGRES | {"django_migrations"}
    assert found["default"] == elsewhere | {"django_migrations"}
    assert {"stores_storeswitch", "stores_storeconflict", "stores_lastknownpage"} <= found["default"]


@pytest.mark.django_db(databases=["default", "store"])
def test_both_databases_have_every_migration_recorded():
    recorded = {}
    for alias in ("default", "store"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT name FROM django_migrations WHERE app = 'stores' ORDER BY name")
            recorded[alias] = [name for (name,) in cursor.fetchall()]
    assert recorded["default"] == recorded["store"]
    assert recorded["store"][-1] == "0005_manage_store"
