"""What is said where pg_stat_statements cannot be read."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from opsadmin.api import OperationFailed, get_top_queries
from opsadmin.postgres.capabilities import capabilities_of
from opsadmin.postgres.session import read_only
from opsadmin.workload.recorder import recorder_of, require_readable
from tests.opsadmin.workload.conftest import BARE, alias_at


def test_not_created_in_this_database(workload):
    workload.execute("DROP EXTENSION pg_stat_statements")
    try:
        with pytest.raises(OperationFailed, match="is loaded, but not created in the database workload_") as failed:
            get_top_queries()
        assert failed.value.hint.endswith("CREATE EXTENSION pg_stat_statements;")
    finally:
        workload.execute("CREATE EXTENSION pg_stat_statements")


def test_in_a_schema_of_an_odd_name_that_the_role_may_not_use(workload, workload_dsn):
    workload.execute('CREATE SCHEMA "100% ""monitoring"""')
    workload.execute('ALTER EXTENSION pg_stat_statements SET SCHEMA "100% ""monitoring"""')
    workload.execute('REVOKE EXECUTE ON FUNCTION "100% ""monitoring""".pg_stat_statements FROM PUBLIC')
    try:
        workload.execute("SELECT 4711 AS here")
        assert get_top_queries(text="as here")
        with alias_at(make_conninfo(workload_dsn, user=BARE)):
            with pytest.raises(OperationFailed, match=f"The role {BARE} may not read pg_stat_statements") as failed:
                get_top_queries()
        for line in failed.value.hint.splitlines():
            workload.execute(line)
        with alias_at(make_conninfo(workload_dsn, user=BARE)):
            assert get_top_queries(text="as here")
    finally:
        workload.execute(f"REVOKE pg_read_all_stats FROM {BARE}")
        workload.execute("ALTER EXTENSION pg_stat_statements SET SCHEMA public")
        workload.execute("GRANT EXECUTE ON FUNCTION pg_stat_statements TO PUBLIC")
        workload.execute('DROP SCHEMA "100% ""monitoring"""')


def test_the_steps_lead_from_a_server_without_it_to_answers(pg_stat_statements, new_postgres, django_db_blocker):
    superuser = new_postgres.dsn("store", user="postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DROP EXTENSION pg_stat_statements")
    new_postgres.stop()
    new_postgres.settings["shared_preload_libraries"] = "auto_explain"
    new_postgres.start()
    with django_db_blocker.unblock(), alias_at(superuser):
        with pytest.raises(OperationFailed, match="neither loaded nor created in the database store") as failed:
            get_top_queries()
        load, restart, create = [line.partition(". ")[2] for line in failed.value.hint.splitlines()]
        assert restart == "Restart the server."
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(load.removeprefix("As a superuser: "))
            connection.execute(create.removeprefix("In the database store: "))
        with pytest.raises(OperationFailed, match="created in the database store, but the server has not loaded it"):
            get_top_queries()
        connections["store"].close()
        new_postgres.stop()
        new_postgres.start()
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("SELECT 4711 AS here")
            assert connection.execute("SHOW shared_preload_libraries").fetchone() == (
                "auto_explain, pg_stat_statements",
            )
        assert get_top_queries(text="as here")


@pytest.mark.parametrize(
    "host, facts, message, hint",
    [
        ("Neon", {"version": None}, "is loaded, but not created", "1. The role must be one of the Neon console's"),
        ("Azure", {"version": None}, "is loaded, but not created", "1. First allow pg_stat_statements"),
        (
            "Amazon RDS",
            {"places": None},
            "has not loaded it",
            "Add pg_stat_statements to shared_preload_libraries in the",
        ),
        ("Neon", {"places": None, "version": None}, "neither loaded nor created", "1. Neon loads it by itself"),
        (
            "",
            {"places": None, "version": None, "available": None},
            "has no pg_stat_statements",
            "1. Install PostgreSQL's",
        ),
        (
            "Neon",
            {"places": None, "version": None, "available": None},
            "has no pg_stat_statements",
            "1. Ask Neon's support",
        ),
        ("", {"places": None, "libraries": None, "reads_settings": False}, "has not loaded it", "SHOW shared_preload"),
        (
            "",
            {"places": None, "libraries": None},
            "has not loaded it",
            "shared_preload_libraries = 'pg_stat_statements';",
        ),
    ],
)
def test_steps_of_each_host(workload, host, facts, message, hint):
    with read_only("store") as session:
        recorder, capabilities = recorder_of(session), capabilities_of(session)
    with pytest.raises(OperationFailed, match=message) as failed:
        require_readable(replace(recorder, **facts), replace(capabilities, host=host))
    assert hint in failed.value.hint


def test_recording_that_was_switched_off_is_said(workload, workload_dsn):
    database = psycopg.conninfo.conninfo_to_dict(workload_dsn)["dbname"]
    for setting, value, word in (
        ("pg_stat_statements.track", "none", "track is none"),
        ("compute_query_id", "off", "off"),
    ):
        workload.execute(f"ALTER DATABASE {database} SET {setting} = {value}")
        try:
            connections["store"].close()
            found = get_top_queries()
            assert found.blocks()[0].text.startswith("Nothing new is recorded:")
            assert word in found.blocks()[0].text
        finally:
            workload.execute(f"ALTER DATABASE {database} RESET {setting}")
    connections["store"].close()
    assert "Nothing new" not in get_top_queries().blocks()[0].text
