"""`manage.py adopt_database` as its operator meets it."""

from __future__ import annotations

import json

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo

from tests.schema.conftest import look_at, rows, run, shape
from tests.schema.starting_points import SAFE, UNSAFE


def as_role(role: str) -> None:
    """Let Django's alias connect as another role."""
    connections["store"].close()
    connections["store"].settings_dict["USER"] = role


@pytest.fixture
def as_bare(alias, home, roles):
    before = connections["store"].settings_dict["USER"]
    as_role(roles["bare"])
    yield roles["bare"]
    as_role(before)


def test_check_changes_nothing_and_says_so(alias, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run(alias, SAFE["old dashboard"])
    before = look_at(alias)
    code, text = command("--check")
    assert code == 3
    assert "character varying(50)" in text
    assert "run adopt_database --apply" in text
    assert look_at(alias) == before


def test_apply_adopts_and_records_the_migrations(alias, command):
    run(alias, SAFE["old dashboard"])
    code, text = command("--apply", "--yes")
    assert code == 0, text
    assert "were mended" in text
    with psycopg.connect(alias) as connection:
        assert connection.execute("SELECT count(*) FROM django_migrations WHERE app = 'stores'").fetchone()[0] > 0
    code, text = command()
    assert (code, text.strip()) == (0, "The schema public is as it should be.")


def test_what_a_person_decides_is_exit_code_4(alias, command):
    run(alias, UNSAFE["times without a zone"][0])
    assert command("--check")[0] == 4
    code, text = command("--apply", "--yes")
    assert code == 4
    assert "AT TIME ZONE 'UTC'" in " ".join(text.split())


def test_notes_do_not_count(alias, command):
    call_command("migrate", database="store", verbosity=0)
    run(alias, "CREATE INDEX mine ON state_history (error_count)")
    code, text = command()
    assert code == 0
    assert "mine" in text


def test_the_script_for_a_dba_does_the_same(alias, command, reference):
    run(alias, SAFE["old dashboard"])
    before = rows(alias)
    code, script = command("--sql")
    assert code == 0
    run(alias, script)
    assert shape(alias) == reference
    assert rows(alias)["json_store"][0]["data"] == before["json_store"][0]["data"]


def test_json(alias, command):
    code, text = command("--json")
    report = json.loads(text)
    assert code == 3
    assert report["schema"] == "public"
    assert {item["object"] for item in report["applied"]} > {"json_store", "state_history", "stores.0001_initial"}
    assert set(report["applied"][0]) == {
        "object", "kind", "found", "expected", "severity", "sql", "why", "table", "lock",
    }  # fmt: skip


def test_it_fits_80_columns(alias, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    run(alias, SAFE["old dashboard"])
    _code, text = command()
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_lock_is_named_and_nothing_changes(alias, command):
    run(alias, SAFE["old dashboard"])
    before = look_at(alias)
    with psycopg.connect(alias, application_name="somebody's psql") as other:
        other.execute("SELECT * FROM state_history")
        code, text = command("--apply", "--yes", "--lock-timeout", "200")
        assert code == 1
        assert "state_history" in text
        assert f"pid {other.info.backend_pid}, somebody's psql, idle in transaction" in text
        assert "Nothing was changed" in text
    assert look_at(alias) == before


def test_a_look_does_not_wait_for_a_locked_table(alias, command):
    call_command("migrate", database="store", verbosity=0)
    with psycopg.connect(alias, application_name="alter") as other:
        other.execute("LOCK TABLE json_store")
        code, text = command("--check")
        assert code == 1
        assert "alter" in text


def test_a_role_without_rights_is_told_what_it_lacks(as_bare, home, command):
    run(home["dashboard"], SAFE["dashboard"])
    code, text = command("--check")
    flat = " ".join(text.split())
    assert code == 4, text
    assert "Not available: which documents json_store holds" in flat
    assert "GRANT SELECT, INSERT, UPDATE, DELETE" in flat
    code, text = command("--apply", "--yes")
    assert code == 1
    assert f"The role {as_bare} may not change" in text
    assert "--sql" in text


def test_the_dashboards_role_must_own_what_it_makes_again(alias, home, roles, command):
    run(home["super"], SAFE["dashboard"])
    run(home["super"], f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {roles['dashboard']}")
    _code, text = command("--dashboard-role", roles["dashboard"])
    assert "which only an owner may: GRANT ALL is not enough" in " ".join(text.split())
    _code, text = command("--dashboard-role", "nobody_of_this_name")
    assert "no such role" in " ".join(text.split())
    run(home["super"], f"REVOKE CREATE ON SCHEMA public FROM {roles['dashboard']}")
    _code, text = command("--dashboard-role", roles["dashboard"])
    assert f'GRANT USAGE, CREATE ON SCHEMA "public" TO "{roles["dashboard"]}"' in " ".join(text.split())


def test_an_owner_who_lacks_nothing_is_fine(alias, home, roles, command):
    run(home["dashboard"], SAFE["dashboard"])
    run(home["super"], f"GRANT {roles['dashboard']} TO CURRENT_USER, store")
    code, text = command("--apply", "--yes", "--dashboard-role", roles["dashboard"])
    assert code == 0, text


def test_a_dead_server_is_a_sentence_without_address(alias, command, tmp_path):
    connection = connections["store"]
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(HOST=str(tmp_path), PASSWORD="hunter2")
    try:
        code, text = command("--check")
    finally:
        connection.close()
        connection.settings_dict.update(before)
    assert code == 1
    assert text.startswith("The database behind store cannot be adopted now")
    assert "hunter2" not in text
    assert str(tmp_path) not in text


def test_an_unknown_alias_names_the_known_ones(command):
    code, text = command("--database", "default")
    assert code == 2
    assert "There are: store" in text


def test_migrate_refuses_where_the_store_could_not_work(alias):
    from django.core.management import CommandError

    run(alias, UNSAFE["the same key twice"][0])
    with pytest.raises(CommandError, match="json_store primary key is none, expected kind"):
        call_command("migrate", database="store", verbosity=0)
    assert "revision" not in rows(alias)["json_store"][0]


def test_a_search_path_that_leads_nowhere(alias, command):
    run(alias, f"ALTER DATABASE {make_name(alias)} SET search_path = nowhere")
    code, text = command()
    assert code == 1
    assert "search_path names no schema" in text


def make_name(dsn: str) -> str:
    return psycopg.conninfo.conninfo_to_dict(make_conninfo(dsn))["dbname"]


def test_json_stays_json_while_postgresql_is_down(alias, command, monkeypatch):
    monkeypatch.setitem(connections["store"].settings_dict, "HOST", "/nowhere")
    connections["store"].close()
    code, text = command("--json")
    assert code == 1
    assert "Nothing was changed" in json.loads(text)["error"]
