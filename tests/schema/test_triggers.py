"""The triggers of json_store: every change numbered and kept, and nobody's write broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import Jsonb

from switchbot_site.local.cluster import SUPERUSER
from tests.fixtures.postgres import new_cluster, require_server
from tests.schema.conftest import adopt_at, rows, run, shape
from tests.schema.test_dashboard import UPSERT


@pytest.fixture
def dsn(empty_database):
    adopt_at(empty_database)
    return empty_database


def numbers(dsn: str, kind: str = "state") -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [
            number
            for (number,) in connection.execute(
                "SELECT revision FROM json_store_revision WHERE kind = %s ORDER BY 1", [kind]
            )
        ]


def present(dsn: str, kind: str = "state") -> int:
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT revision FROM json_store WHERE kind = %s", [kind]).fetchone()[0]


@pytest.mark.parametrize("kind, newest", [("state", 200), ("settings", 1000)])
def test_the_newest_revisions_stay_whatever_is_rewritten_unchanged(dsn, kind, newest):
    run(
        dsn,
        f"DO $$ BEGIN FOR n IN 1..{newest + 50} LOOP "
        f"UPDATE json_store SET data = jsonb_build_object('n', n) WHERE kind = '{kind}'; END LOOP; "
        f"FOR n IN 1..{newest} LOOP UPDATE json_store SET updated_at = now() WHERE kind = '{kind}'; END LOOP; "
        f"UPDATE json_store SET data = '{{\"n\": 0}}' WHERE kind = '{kind}'; END $$",
    )
    last = newest + 52
    assert numbers(dsn, kind) == list(range(last - newest + 1, last + 1))
    assert present(dsn, kind) == last


def test_an_unchanged_write_is_kept_when_its_writer_must_find_it(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT set_config('switchbot.token', gen_random_uuid()::text, true)")
        connection.execute(UPSERT, ["state", Jsonb({})])
        connection.commit()
        connection.execute(UPSERT, ["state", Jsonb({})])
    assert numbers(dsn) == [1, 2]


def test_numbers_are_never_used_twice(dsn):
    with psycopg.connect(dsn, autocommit=True) as connection:
        for step in (
            "UPDATE json_store SET data = '{\"a\": 1}' WHERE kind = 'state'",
            "DELETE FROM json_store WHERE kind = 'state'",
            "INSERT INTO json_store (kind, data) VALUES ('state', '{\"a\": 2}')",
            "TRUNCATE json_store",
            "INSERT INTO json_store (kind, data, revision) VALUES ('state', '{\"a\": 3}', 1)",
            "UPDATE json_store SET data = '{\"a\": 4}', revision = 1 WHERE kind = 'state'",
            "TRUNCATE json_store_revision",
            "UPDATE json_store SET data = '{\"a\": 5}' WHERE kind = 'state'",
        ):
            connection.execute(step)
    assert numbers(dsn) == [6]
    assert present(dsn) == 6


def test_a_row_from_an_older_backup_goes_on_behind_the_kept_ones(dsn):
    run(dsn, "DO $$ BEGIN FOR n IN 1..9 LOOP UPDATE json_store SET data = to_jsonb(n); END LOOP; END $$")
    run(dsn, "ALTER TABLE json_store DISABLE TRIGGER USER; UPDATE json_store SET revision = 3")
    run(dsn, "ALTER TABLE json_store ENABLE TRIGGER USER; UPDATE json_store SET data = '{\"later\": true}'")
    assert numbers(dsn) == list(range(1, 12))
    assert present(dsn) == 11


def test_copy_into_the_store_is_kept(dsn):
    with psycopg.connect(dsn) as connection:
        with connection.cursor().copy("COPY json_store (kind, data) FROM STDIN") as copy:
            copy.write_row(("quota", '{"a": 1}'))
            copy.write_row(("other", '{"b": 1}'))
    assert (numbers(dsn, "quota"), numbers(dsn, "other")) == ([1], [1])


def test_many_at_once_on_a_missing_row(dsn):
    """Deletes, first writes and updates of one row from four sessions: none fails, numbers rise."""
    failures = []
    barrier = threading.Barrier(4)

    def work(worker):
        try:
            with psycopg.connect(dsn, autocommit=True) as connection:
                barrier.wait(10)
                for number in range(40):
                    if number % 4 == worker:
                        connection.execute("DELETE FROM json_store WHERE kind = 'state'")
                    with connection.transaction():
                        connection.execute(UPSERT, ["state", Jsonb({"worker": worker, "number": number})])
                        if number % 8 == 0:
                            connection.execute(UPSERT, ["state", Jsonb({"worker": worker})])
                            connection.execute("DELETE FROM json_store WHERE kind = 'state'")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(UPSERT, ["state", Jsonb({"last": True})])
    newest = max((r for r in rows(dsn)["json_store_revision"] if r["kind"] == "state"), key=lambda r: r["revision"])
    assert (newest["data"], newest["revision"]) == ({"last": True}, present(dsn))


def program(name: str, dsn: str, *arguments: str, **more) -> subprocess.CompletedProcess:
    path = require_server().bin / name
    if not path.exists():
        pytest.skip(f"this PostgreSQL has no {name}")
    return subprocess.run([path, "-d", dsn, *arguments], capture_output=True, text=True, check=False, **more)


@pytest.fixture
def second_database():
    name = f"second_{os.getpid()}"
    with psycopg.connect(os.environ["POSTGRES_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(os.environ["POSTGRES_URL"], dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_dump_and_restore_carry_everything_over(dsn, second_database, superuser_dsn, tmp_path):
    run(dsn, "DO $$ BEGIN FOR n IN 1..30 LOOP UPDATE json_store SET data = to_jsonb(n); END LOOP; END $$")
    run(dsn, "DELETE FROM json_store_revision WHERE revision < 5")
    dump = tmp_path / "dump"
    done = program("pg_dump", dsn, "-Fc", "-f", str(dump))
    assert done.returncode == 0, done.stderr
    # the comment of an extension, where there is one, takes its owner
    everybody = make_conninfo(superuser_dsn, dbname=conninfo_to_dict(second_database)["dbname"])
    done = program("pg_restore", everybody, "--exit-on-error", str(dump))
    assert done.returncode == 0, done.stderr
    assert rows(second_database) == rows(dsn)
    assert shape(second_database) == shape(dsn)
    assert adopt_at(second_database).applied == ()
    # data only, into tables that have the triggers
    run(second_database, "TRUNCATE json_store, json_store_revision, state_history, automation_state, history_entries")
    done = program("pg_restore", second_database, "--exit-on-error", "--data-only", "--disable-triggers", str(dump))
    assert done.returncode == 0, done.stderr
    assert rows(second_database) == rows(dsn)


@pytest.fixture
def publisher():
    """A cluster that can replicate to itself; its commits can wait for the subscriber."""
    directory = Path(tempfile.mkdtemp(prefix="swops-one-"))
    directory.chmod(0o755)
    cluster = new_cluster(directory / "pg", wal_level="logical", synchronous_standby_names="subscriber")
    yield cluster.dsn("postgres", user=SUPERUSER)
    cluster.stop("immediate")
    shutil.rmtree(directory, ignore_errors=True)


def test_a_logical_replica_takes_the_revisions_as_they_are(publisher):
    one, two = (make_conninfo(publisher, dbname=name) for name in ("one", "two"))
    for name, dsn in (("one", one), ("two", two)):
        run(publisher, f"CREATE DATABASE {name}")
        adopt_at(dsn)
    run(one, "CREATE PUBLICATION store FOR TABLE json_store, json_store_revision")
    run(one, "SELECT pg_create_logical_replication_slot('subscriber', 'pgoutput')")
    address = sql.Literal(one)
    with psycopg.connect(two, autocommit=True) as connection:
        connection.execute("TRUNCATE json_store_revision")
        connection.execute(
            sql.SQL(
                "CREATE SUBSCRIPTION subscriber CONNECTION {} PUBLICATION store "
                "WITH (create_slot = false, copy_data = false)"
            ).format(address)
        )
    with psycopg.connect(one) as connection:
        connection.execute("SET statement_timeout = '20s'")
        connection.execute("SET synchronous_commit = remote_apply")  # the commit returns once the other side has it
        connection.execute("DO $$ BEGIN FOR n IN 1..20 LOOP UPDATE json_store SET data = to_jsonb(n); END LOOP; END $$")
    assert rows(two)["json_store"] == rows(one)["json_store"]
    written = [row for row in rows(one)["json_store_revision"] if row["revision"] > 1]
    assert rows(two)["json_store_revision"] == written
