"""A database that an earlier release of the site left: it gets what was added since, and keeps its rows."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from tests.schema.conftest import kept, rows, run, shape
from tests.schema.starting_points import READINGS

#: The trigger functions as the release with migration 0001 alone made them.
FUNCTIONS = Path(__file__).with_name("functions_0001.sql").read_text(encoding="utf-8").replace("%(schema)s", '"public"')


@pytest.fixture
def at_0001(alias):
    """The alias at migration 0001, with documents, revisions and readings."""
    call_command("migrate", "stores", "0001", database="store", verbosity=0)
    # Adoption brings the schema of today about at once; the older release had less.
    run(alias, "DROP TABLE json_store_host, history_replay")
    run(alias, FUNCTIONS)
    run(alias, 'UPDATE json_store SET data = \'{"mode": "summer"}\'')
    run(alias, READINGS)
    connections["store"].close()
    return alias


def recorded(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT name FROM django_migrations WHERE app = 'stores' ORDER BY name").fetchall()
    return [name for (name,) in found]


def test_migrate_brings_it_up(at_0001, reference, command):
    before = rows(at_0001)
    assert recorded(at_0001) == ["0001_initial"]
    call_command("migrate", database="store", verbosity=0)
    assert recorded(at_0001)[:2] == ["0001_initial", "0002_hosts"]
    after = rows(at_0001)
    assert after.pop("json_store_host") == after.pop("history_replay") == []
    assert after == before
    assert shape(at_0001) == reference
    assert command("--check")[0] == 0


def test_the_check_names_what_differs_and_apply_mends_it(at_0001, reference, command):
    before = rows(at_0001)
    code, text = command("--check", "--json")
    assert code == 3
    report = json.loads(text)
    assert [(item["object"], item["found"]) for item in report["applied"] if item["kind"] != "migration"] == [
        ("json_store_host", "missing"),
        ("history_replay", "missing"),
        ("json_store_count()", "another version"),
    ]
    assert "stores.0002_hosts" in {item["object"] for item in report["applied"]}
    assert report["left"] == []
    assert rows(at_0001) == before
    code, text = command("--apply", "--yes")
    assert code == 0, text
    assert shape(at_0001) == reference
    assert kept(before, rows(at_0001))
    assert recorded(at_0001)[:2] == ["0001_initial", "0002_hosts"]
    assert command("--check")[0] == 0
