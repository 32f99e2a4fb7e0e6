"""What VACUUM needs a server of its own for: autovacuum at work, sessions and standbys that hold it back, settings, a
session that died. Real thresholds, but for those of time."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.test import override_settings
from psycopg import sql

from opsadmin.core.finding import Finding, HealthReport
from opsadmin.health.report import health_report
from switchbot_site.local.places import make_private
from tests.fixtures.postgres import flush_statistics, new_cluster
from tests.sick_database.conftest import looking_as
from tests.sick_database.plant import Bed, the_bed

SETTINGS = {
    "autovacuum": "on",
    "autovacuum_naptime": "1s",
    "autovacuum_max_workers": "1",
    "max_prepared_transactions": "5",
    "wal_level": "replica",
    "wal_receiver_status_interval": "1s",
    "hot_standby_feedback": "on",
    "shared_preload_libraries": "",
}

Looks = Callable[..., HealthReport]


@pytest.fixture(scope="module")
def server() -> Iterator[Bed]:
    directory = Path(tempfile.mkdtemp(prefix="swops-vacuum-"))
    directory.chmod(0o755)
    cluster = new_cluster(directory / "pg", **SETTINGS)
    try:
        with (cluster.data / "pg_hba.conf").open("a", encoding="utf-8") as file:
            file.write("local replication all trust\n")
        with the_bed(cluster) as bed:
            bed.superuser.execute("SELECT pg_reload_conf()")
            yield bed
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def look(django_db_setup: None, django_db_blocker) -> Iterator[Looks]:
    """A function: the report on a server as a role sees it."""

    def asked(bed: Bed, checks: str, *, role: str = "superuser", **thresholds: float) -> HealthReport:
        with (
            django_db_blocker.unblock(),
            override_settings(OPSADMIN={"THRESHOLDS": thresholds}),
            looking_as(bed, role) as alias,
        ):
            return health_report(alias, checks)

    return asked


def by(report: HealthReport, check: str) -> dict[str, Finding]:
    assert [one for one in report.checks if one.check == check]
    return {one.object: one for one in report.findings if one.check == check}


@pytest.fixture
def deleted_from(server: Bed) -> Iterator[str]:
    """A table that autovacuum leaves alone, with rows to delete."""
    server.superuser.execute("CREATE TABLE deleted_from (id int PRIMARY KEY) WITH (autovacuum_enabled = off)")
    server.superuser.execute("INSERT INTO deleted_from SELECT generate_series(1, 2000)")
    flush_statistics(server.superuser)
    server.superuser.execute("VACUUM ANALYZE deleted_from")
    yield "deleted_from"
    server.superuser.execute("DROP TABLE deleted_from")


def delete(bed: Bed, table: str) -> None:
    """Half of its rows, and a VACUUM that comes after it."""
    bed.superuser.execute(f"DELETE FROM {table} WHERE id % 2 = 0".encode())
    flush_statistics(bed.superuser)
    bed.superuser.execute(f"VACUUM {table}".encode())
    flush_statistics(bed.superuser)


def test_an_old_snapshot_and_the_dead_rows_that_follow(server, look, deleted_from):
    reader = server.open("a long report")
    reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    try:
        reader.execute("SELECT 1 FROM deleted_from LIMIT 1")
        delete(server, deleted_from)
        a_moment = {"vacuum.old_snapshot.proven_seconds": 600}
        assert by(look(server, "vacuum", **a_moment), "vacuum.old_snapshot") == {}
        report = look(server, "vacuum", **{"vacuum.old_snapshot.proven_seconds": 0})
        (name,) = by(report, "vacuum.old_snapshot")
        assert name == f"pid {reader.info.backend_pid} (a long report)"
        message = by(report, "vacuum.old_snapshot")[name].message
        assert (
            "of the 1 000 dead rows here, those deleted since must stay, and a VACUUM that came meanwhile had to leave some"
            in message
        )
        result = look(server, "vacuum.old_snapshot", role="bare")
        assert next(one for one in result.checks if one.check == "vacuum.old_snapshot").unavailable is not None
    finally:
        reader.close()


def test_dead_rows_that_autovacuum_is_about_to_remove_are_no_news(server, look):
    server.superuser.execute("CREATE TABLE about_to (id int PRIMARY KEY)")
    try:
        with server.open("keeps autovacuum waiting") as keeper:
            server.superuser.execute("INSERT INTO about_to SELECT generate_series(1, 2000)")
            keeper.execute("LOCK TABLE about_to IN SHARE UPDATE EXCLUSIVE MODE")
            server.superuser.execute("DELETE FROM about_to WHERE id % 2 = 0")
            flush_statistics(server.superuser)
            assert by(look(server, "vacuum"), "vacuum.dead_rows") == {}
            found = by(look(server, "vacuum", **{"vacuum.dead_rows.busy_rows": 1000}), "vacuum.dead_rows")
            assert "1 000 dead rows, 50 % of all" in found["public.about_to"].message
    finally:
        server.superuser.execute("DROP TABLE about_to")


def test_dead_rows_name_what_holds_them(server, look, deleted_from):
    server.superuser.execute("BEGIN; CREATE TABLE never_made (id int); PREPARE TRANSACTION 'lost in transit'")
    try:
        delete(server, deleted_from)
        young = look(server, "vacuum")
        assert by(young, "vacuum.prepared_transaction") == {}
        assert by(young, "vacuum.dead_rows")["public.deleted_from"].caused_by == ""
        at_once = {"vacuum.prepared_transaction.old_seconds": 0, "vacuum.dead_rows.holder_seconds": 0}
        old = look(server, "vacuum", **at_once)
        assert (
            "of the 1 000 dead rows here, those deleted since must stay"
            in by(old, "vacuum.prepared_transaction")["lost in transit"].message
        )
        dead = by(old, "vacuum.dead_rows")["public.deleted_from"]
        assert dead.caused_by == "lost in transit"
        assert dead.hint.startswith("First end the prepared transaction lost in transit")
    finally:
        server.superuser.execute("ROLLBACK PREPARED 'lost in transit'")


def test_what_ends_a_prepared_transaction_is_run_in_its_own_database(server, look):
    gid = "it's 100 %\\ {lost}"
    elsewhere = server.open("elsewhere", database="postgres", autocommit=True)
    begin = sql.SQL("BEGIN; CREATE TABLE never_made (id int); PREPARE TRANSACTION {}")
    end = sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(gid))
    try:
        for connection, name in ((elsewhere, gid), (server.superuser, "here")):
            connection.execute(begin.format(sql.Literal(name)))
        found = by(
            look(server, "vacuum", **{"vacuum.prepared_transaction.old_seconds": 0}), "vacuum.prepared_transaction"
        )
        assert found[gid].fix_sql == ""
        assert f"connect to the database postgres: there, COMMIT PREPARED {sql.Literal(gid).as_string().strip()}" in (
            found[gid].hint
        )
        assert found["here"].fix_sql == "ROLLBACK PREPARED 'here';"
    finally:
        elsewhere.execute(end)
        server.superuser.execute("ROLLBACK PREPARED 'here'")
        elsewhere.close()


def test_settings_that_slow_autovacuum_down(server, look):
    assert by(look(server, "vacuum"), "vacuum.settings") == {}
    wrong = {
        "autovacuum_vacuum_scale_factor": "0.9",
        "autovacuum_analyze_threshold": "1000000",
        "autovacuum_vacuum_insert_threshold": "-1",
        "autovacuum_vacuum_cost_delay": "'90ms'",
        "autovacuum_vacuum_cost_limit": "50",
        "track_counts": "off",
    }
    for name, value in wrong.items():
        server.superuser.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
    server.superuser.execute("SELECT pg_reload_conf()")
    server.until("SELECT FROM pg_settings WHERE name = 'track_counts' AND setting = 'off'")
    try:
        report = look(server, "vacuum")
        assert set(by(report, "vacuum.settings")) == set(wrong) - {"autovacuum_vacuum_cost_limit", "track_counts"}
        assert by(report, "vacuum.autovacuum_off")["track_counts"].fix_sql.startswith("ALTER SYSTEM SET track_counts")
        for finding in by(report, "vacuum.settings").values():
            *repairs, reload = finding.fix_sql.rstrip(";").split("; ")
            assert repairs, finding
            assert reload == "SELECT pg_reload_conf()"
            for repair in repairs:
                server.superuser.execute(repair.encode())
        server.superuser.execute("SELECT pg_reload_conf()")
        server.until("SELECT FROM pg_settings WHERE name = 'autovacuum_vacuum_cost_delay' AND setting = '2'")
        assert by(look(server, "vacuum"), "vacuum.settings") == {}
    finally:
        for name in wrong:
            server.superuser.execute(f"ALTER SYSTEM RESET {name}".encode())
        server.superuser.execute("SELECT pg_reload_conf()")
        server.until("SELECT FROM pg_settings WHERE name = 'track_counts' AND setting = 'on'")


def test_tables_that_wait_for_the_only_worker(server, look):
    slow = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1"
    server.superuser.execute(f"CREATE TABLE slow (id int, t text) WITH ({slow})".encode())
    server.superuser.execute("INSERT INTO slow SELECT g, repeat('x', 1000) FROM generate_series(1, 4000) AS g")
    server.superuser.execute("DELETE FROM slow WHERE id % 2 = 0")
    flush_statistics(server.superuser)
    server.until("SELECT FROM pg_stat_progress_vacuum WHERE relid = 'slow'::regclass")
    try:
        for number in range(6):
            server.superuser.execute(f"CREATE TABLE waits_{number} AS SELECT generate_series(1, 1000) AS id".encode())
            server.superuser.execute(f"DELETE FROM waits_{number}".encode())
        flush_statistics(server.superuser)
        found = by(look(server, "vacuum"), "vacuum.workers_busy")["autovacuum_max_workers"]
        assert "(public.slow), and 6 tables wait, public.waits_" in found.message
    finally:
        server.superuser.execute("DROP TABLE slow")


def test_what_is_locked_is_passed_over(server, look):
    server.superuser.execute("CREATE TABLE locked (id serial PRIMARY KEY); CREATE TABLE free (id serial PRIMARY KEY)")
    server.superuser.execute("INSERT INTO locked VALUES (5); INSERT INTO free VALUES (5)")
    server.superuser.execute("CREATE SEQUENCE changing MAXVALUE 10; SELECT setval('changing', 9)")
    with server.open("a migration") as migration:
        migration.execute(
            "ALTER TABLE locked ADD note text; ALTER SEQUENCE changing CACHE 2; ALTER TABLE free SET (fillfactor = 90)"
        )
        report = look(server, "sequence,vacuum,table")
        assert set(by(report, "sequence.behind")) == {"public.free_id_seq"}
        assert {"public.locked", "1 sequences"} <= {one.object for one in report.not_looked_at}
        assert [one for one in report.checks if one.unavailable is not None] == []
        migration.rollback()
    report = look(server, "sequence")
    assert set(by(report, "sequence.behind")) == {"public.free_id_seq", "public.locked_id_seq"}
    assert set(by(report, "sequence.running_out")) == {"public.changing"}


def test_a_role_that_may_read_no_sequence_is_told_so(server, look):
    server.superuser.execute("CREATE TABLE hidden (id serial PRIMARY KEY); INSERT INTO hidden VALUES (5)")

    def result():
        report = look(server, "sequence.behind", role="bare")
        return next(one for one in report.checks if one.check == "sequence.behind")

    try:
        for grant in ("SELECT 1", "GRANT SELECT ON SEQUENCE hidden_id_seq TO bare"):
            server.superuser.execute(grant.encode())
            lack = result().unavailable
            assert lack is not None, result()
            assert "The role bare may not read" in lack.reason
            assert lack.fix == "GRANT pg_read_all_data TO bare;"
        server.superuser.execute("GRANT SELECT ON hidden TO bare")
        assert "public.hidden_id_seq" in [one.object for one in result().findings]
    finally:
        server.superuser.execute("DROP TABLE hidden")


def test_a_standby_that_reads_something_old(server, look, deleted_from):
    directory = Path(tempfile.mkdtemp(prefix="swops-vacuum-standby-"))
    directory.chmod(0o755)
    cluster = dataclasses.replace(server.cluster, data=directory / "pg")
    try:
        make_private(cluster.data, cluster.user)
        server.cluster.run(
            "pg_basebackup",
            *("-h", str(server.cluster.sockets), "-p", "5432", "-U", "postgres", "-D", str(cluster.data)),
            *("-R", "-c", "fast", "--no-sync"),
        )
        for lock in cluster.data.glob(".s.PGSQL.*.lock"):
            lock.unlink()  # the primary's, copied with the rest
        cluster.start()
        with psycopg.connect(cluster.dsn("sick", user="postgres")) as reader:
            reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            reader.execute("SELECT 1")
            server.until("SELECT FROM pg_stat_replication WHERE backend_xmin IS NOT NULL")
            delete(server, deleted_from)
            assert by(look(server, "vacuum"), "vacuum.held_by_standby") == {}
            report = look(server, "vacuum", **{"vacuum.held_by_standby.age": 1})
            (found,) = by(report, "vacuum.held_by_standby").values()
            assert "hot_standby_feedback makes this server wait" in found.message
            standby = look(Bed(cluster), "vacuum,sequence,table")
            assert [one.unavailable for one in standby.checks if one.unavailable] == []
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


def answers(server: Bed) -> bool:
    try:
        psycopg.connect(server.dsn()).close()
    except psycopg.OperationalError:
        return False
    return True


def test_temporary_tables_of_a_session_that_died(server, look):
    session = server.open("dies", autocommit=True)
    session.execute("CREATE TEMPORARY TABLE left_over (id int)")
    server.superuser.execute("ALTER SYSTEM SET autovacuum = off")
    server.superuser.execute("CHECKPOINT")  # the table is on disk
    os.kill(session.info.backend_pid, signal.SIGKILL)
    with pytest.raises(psycopg.OperationalError):
        server.superuser.execute("SELECT pg_sleep(30)")
    deadline = time.monotonic() + 30
    while not answers(server):
        assert time.monotonic() < deadline
    (found,) = by(look(server, "vacuum"), "vacuum.orphaned_temporary").values()
    assert found.object.endswith(".left_over")
    assert found.fix_sql == f"DROP TABLE {found.object};"
