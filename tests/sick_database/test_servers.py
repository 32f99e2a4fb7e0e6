"""What takes a server of its own: one that is full, one with a small cache, a primary with its standby, a damaged disk.
Real thresholds, but for those of time."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.test import override_settings

from opsadmin.core.finding import Finding, HealthReport
from opsadmin.health.report import health_report
from switchbot_site.local.cluster import Cluster
from switchbot_site.local.places import make_private
from tests.fixtures.postgres import flush_statistics, new_cluster
from tests.sick_database.conftest import looking_as
from tests.sick_database.plant import Bed, the_bed

SETTINGS = {
    "shared_buffers": "1MB",
    "max_connections": "20",
    "wal_level": "logical",
    "min_wal_size": "32MB",
    "max_wal_size": "32MB",
    "max_replication_slots": "4",
    "wal_retrieve_retry_interval": "100ms",
    "wal_receiver_status_interval": "1s",
    "archive_mode": "on",
    "shared_preload_libraries": "",
}
AT_ONCE = {
    "replication.slot_inactive.inactive_seconds": 0,
    "replication.lag.warning_seconds": 0.1,
    "replication.standby_lag.warning_seconds": 0.1,
    "replication.archiver_behind.stuck_seconds": 0.1,
}

#: Where nothing is wrong: on a busy machine a standby is a moment behind.
UNHURRIED = {"replication.lag.warning_seconds": 30, "replication.standby_lag.warning_seconds": 30}

Looks = Callable[..., HealthReport]


@pytest.fixture(scope="module")
def primary() -> Iterator[Bed]:
    """Its archive_command waits for as long as there is a file named `hold`."""
    directory = Path(tempfile.mkdtemp(prefix="swops-primary-"))
    directory.chmod(0o755)
    hold = f"while [ -e {directory / 'hold'} ]; do sleep 0.1; done"
    cluster = new_cluster(directory / "pg", **SETTINGS, archive_command=hold)
    try:
        with (cluster.data / "pg_hba.conf").open("a", encoding="utf-8") as file:
            file.write("local replication all trust\n")
        with the_bed(cluster) as bed:
            bed.superuser.execute("SELECT pg_reload_conf()")
            yield bed
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def standby(primary: Bed) -> Iterator[Bed]:
    """A standby of the primary, with a slot there, once it streams."""
    directory = Path(tempfile.mkdtemp(prefix="swops-standby-"))
    directory.chmod(0o755)
    cluster = dataclasses.replace(primary.cluster, data=directory / "pg")
    try:
        make_private(cluster.data, cluster.user)
        primary.cluster.run(
            "pg_basebackup",
            *("-h", str(primary.cluster.sockets), "-p", "5432", "-U", "postgres", "-D", str(cluster.data)),
            *("-R", "-C", "-S", "of_the_standby", "-c", "fast", "--no-sync"),
        )
        for lock in cluster.data.glob(".s.PGSQL.*.lock"):
            lock.unlink()  # the primary's, copied with the rest
        cluster.start()
        primary.until("SELECT FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL")
        bed = Bed(cluster)
        yield bed
        bed.clear()
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def look(django_db_setup: None, django_db_blocker) -> Iterator[Looks]:
    """A function: the report on a server as a role sees it."""

    def asked(bed: Bed, checks: str = "all", *, role: str = "superuser", **thresholds: float) -> HealthReport:
        with (
            django_db_blocker.unblock(),
            override_settings(OPSADMIN={"THRESHOLDS": {**AT_ONCE, **thresholds}}),
            looking_as(bed, role) as alias,
        ):
            return health_report(alias, checks)

    return asked


def by(report: HealthReport, check: str) -> dict[str, Finding]:
    return {one.object: one for one in report.findings if one.check == check}


def switch(bed: Bed, count: int) -> None:
    for _ in range(count):
        bed.superuser.execute("SELECT pg_logical_emit_message(false, 'x', 'x'), pg_switch_wal()")


def alone(bed: Bed, sessions: int) -> None:
    """Only so many are there: a session that was closed leaves the server some time later."""
    bed.until(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' HAVING count(*) = %s", [sessions]
    )


def caught_up(primary: Bed) -> None:
    primary.until("SELECT FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn() AND state = 'streaming'")


def set_and_reload(bed: Bed, change: str) -> None:
    (before,) = bed.superuser.execute("SELECT pg_conf_load_time()").fetchone()
    bed.superuser.execute(f"ALTER SYSTEM {change}".encode())
    bed.superuser.execute("SELECT pg_reload_conf()")
    bed.until("SELECT WHERE pg_conf_load_time() > %s", [before])


def test_a_server_that_is_full(primary, look):
    assert not by(look(primary, "connection"), "connection.instance_limit")
    alone(primary, 1)
    # One is the bed's own, one will be the look's: 14 of the 17 that are not reserved.
    crowd = [psycopg.connect(primary.dsn(), application_name="crowd") for _ in range(12)]
    try:
        for role in ("superuser", "bare"):
            alone(primary, 13)
            (finding,) = by(look(primary, "connection", role=role), "connection.instance_limit").values()
            assert finding.object == "max_connections"
            assert finding.message.startswith(
                "14 of 17 connections are taken (82.4 %), most by crowd (role postgres, 12)"
            )
    finally:
        for one in crowd:
            one.close()
    primary.until("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'crowd' HAVING count(*) = 0")


def test_a_cache_that_is_too_small(primary, look):
    with psycopg.connect(primary.dsn(), autocommit=True) as connection:
        for statement in (
            "CREATE TABLE read_again AS SELECT g AS id, repeat('x', 200) AS filler FROM generate_series(1, 20000) AS g",
            "CREATE TABLE read_once (LIKE read_again)",
            "INSERT INTO read_once SELECT * FROM read_again",
            "CREATE TABLE in_the_cache AS SELECT g AS id FROM generate_series(1, 2000) AS g",
            "CREATE INDEX read_again_id ON read_again (id, filler)",
            "CREATE INDEX read_once_id ON read_once (id)",
            "VACUUM ANALYZE",
            "SELECT count(filler) FROM read_once",
            "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off",
            *["SELECT count(filler) FROM generate_series(1, 20000, 7) AS g JOIN read_again ON id = g * 7919 % 20000"]
            * 2,
            "RESET ALL",
            *["SELECT count(filler) FROM read_again"] * 20,
            *["SELECT sum(id) FROM in_the_cache"] * 300,
        ):
            connection.execute(statement.encode())
        flush_statistics(connection)
    report = look(primary, "buffer")
    assert set(by(report, "buffer.table_hit_rate")) == {"public.read_again"}
    assert set(by(report, "buffer.index_hit_rate")) == {"public.read_again_id"}
    assert set(by(report, "buffer.database_hit_rate")) == {"database sick"}
    assert "shared_buffers is 1 MB" in by(report, "buffer.database_hit_rate")["database sick"].message


def test_an_archiver_that_hangs(primary, look):
    hold = primary.cluster.data.parent / "hold"
    assert not by(look(primary, "replication"), "replication.archiver_behind")
    primary.until("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready' HAVING count(*) = 0")
    hold.touch()
    try:
        switch(primary, 1)
        primary.until("SELECT FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'")
        primary.until("SELECT FROM pg_stat_archiver WHERE now() - coalesce(last_archived_time, stats_reset) > '0.2 s'")
        found = by(look(primary, "replication", role="monitor"), "replication.archiver_behind")
        assert "1 WAL files wait" in found["archive_command"].message
    finally:
        hold.unlink()
    primary.until("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready' HAVING count(*) = 0")
    assert not by(look(primary, "replication"), "replication.archiver_failing")


def test_all_tables_published(primary, look):
    primary.superuser.execute(
        "CREATE SCHEMA of_all; CREATE TABLE of_all.plain (id int); CREATE TABLE of_all.keyed (id int PRIMARY KEY)"
    )
    primary.superuser.execute(
        "CREATE UNLOGGED TABLE of_all.unlogged (id int); CREATE TABLE of_all.coded (code int NOT NULL UNIQUE)"
    )
    primary.superuser.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    try:
        found = by(look(primary, "replication.no_identity"), "replication.no_identity")
        assert {name for name in found if name.startswith("of_all")} == {"of_all.plain", "of_all.coded"}
        for name in ("of_all.plain", "of_all.coded"):
            primary.superuser.execute(found[name].fix_sql.encode())
        assert "USING INDEX coded_code_key" in found["of_all.coded"].fix_sql
        assert not [name for name in by(look(primary, "replication"), "replication.no_identity") if "of_all" in name]
    finally:
        primary.superuser.execute("DROP PUBLICATION everything")


def test_rights_that_are_mended_as_advised(primary, look):
    primary.superuser.execute(
        """
        CREATE SCHEMA "rights. of"; CREATE ROLE tenant;
        CREATE FUNCTION "rights. of".pathless(x int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT x';
        CREATE TABLE "rights. of".tenants (id int PRIMARY KEY, owner text);
        ALTER TABLE "rights. of".tenants ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON "rights. of".tenants USING (owner = current_user);
        CREATE VIEW "rights. of"."all. of them" AS SELECT * FROM "rights. of".tenants;
        GRANT SELECT ON "rights. of"."all. of them" TO tenant;
        CREATE ROLE "sees all" LOGIN BYPASSRLS; CREATE ROLE "makes roles" LOGIN CREATEROLE;
        """
    )
    expected = {
        "security.definer_search_path": '"rights. of".pathless(x integer)',
        "security.view_past_rls": '"rights. of"."all. of them"',
        "security.bypassrls_login": '"sees all"',
        "security.createrole_login": '"makes roles"',
    }
    if primary.superuser.info.server_version < 150000:
        del expected["security.view_past_rls"]  # no fix that is a statement
    if primary.superuser.info.server_version >= 160000:
        del expected["security.createrole_login"]
    report = look(primary, "security")
    for check, name in expected.items():
        assert set(by(report, check)) == {name}
        primary.superuser.execute(by(report, check)[name].fix_sql.encode())
    report = look(primary, "security")
    assert {check: by(report, check) for check in expected} == dict.fromkeys(expected, {})
    primary.superuser.execute(
        'DROP SCHEMA "rights. of" CASCADE; DROP ROLE tenant; DROP ROLE "sees all"; DROP ROLE "makes roles"'
    )


def test_a_mapping_that_only_its_servers_owner_sees(primary, look):
    primary.superuser.execute(
        """
        CREATE FOREIGN DATA WRAPPER wrapper;
        CREATE SERVER others FOREIGN DATA WRAPPER wrapper; CREATE SERVER own FOREIGN DATA WRAPPER wrapper;
        CREATE USER MAPPING FOR PUBLIC SERVER others OPTIONS (password 'sesame');
        CREATE USER MAPPING FOR PUBLIC SERVER own OPTIONS (user 'guest');
        """
    )
    check = "security.public_user_mapping"
    try:
        (blind,) = (one for one in look(primary, check, role="bare").checks if one.check == check)
        assert "only its owner may" in blind.unavailable.reason
        primary.superuser.execute("GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO bare; ALTER SERVER own OWNER TO bare")
        report = look(primary, check, role="bare")
        (seen,) = (one for one in report.checks if one.check == check)
        assert seen.unavailable is None
        assert seen.findings == ()
        assert [one.object for one in report.not_looked_at] == ["others"]
        assert set(by(look(primary, check), check)) == {"others"}
    finally:
        primary.superuser.execute("DROP FOREIGN DATA WRAPPER wrapper CASCADE")


def test_a_reader_that_keeps_up_while_an_old_transaction_holds_the_wal(primary, look):
    """restart_lsn waits for the transaction's end; the reader has confirmed all there is."""
    primary.superuser.execute("CREATE DATABASE publisher")
    with (
        psycopg.connect(primary.dsn(database="publisher"), autocommit=True) as publisher,
        psycopg.connect(primary.dsn(), application_name="an old transaction") as old,
    ):
        publisher.execute("CREATE TABLE read_at_once (id int PRIMARY KEY)")
        publisher.execute("CREATE PUBLICATION fine FOR TABLE read_at_once")
        publisher.execute("SELECT pg_create_logical_replication_slot('keeps_up', 'pgoutput')")
        primary.superuser.execute("CREATE TABLE read_at_once (id int PRIMARY KEY)")
        address = primary.dsn(database="publisher").replace("'", "''")
        primary.superuser.execute(
            f"CREATE SUBSCRIPTION keeps_up CONNECTION '{address}' PUBLICATION fine"
            " WITH (create_slot = false, slot_name = 'keeps_up', copy_data = false)"
        )
        old.execute("SELECT pg_logical_emit_message(true, 'x', 'x')")
        switch(primary, 4)
        extended = "SELECT FROM pg_replication_slots WHERE slot_name = 'keeps_up' AND wal_status = 'extended'"
        primary.until(f"{extended} AND confirmed_flush_lsn >= pg_current_wal_lsn() - 1000")
        assert not by(look(primary, "replication"), "replication.slot_behind")
        set_and_reload(primary, "SET max_slot_wal_keep_size = '80MB'")
        (finding,) = by(look(primary, "replication"), "replication.slot_behind").values()
        assert "of the 80 MB that may be kept" in finding.message
        assert "an old transaction" in finding.hint
        set_and_reload(primary, "RESET max_slot_wal_keep_size")
        old.rollback()
        primary.superuser.execute("DROP SUBSCRIPTION keeps_up")
    primary.superuser.execute("DROP TABLE read_at_once")
    primary.superuser.execute("DROP DATABASE publisher WITH (FORCE)")


def test_a_standby_that_follows_is_fine(primary, standby, look):
    set_and_reload(primary, "SET synchronous_standby_names = 'walreceiver'")
    primary.until("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")
    caught_up(primary)
    assert [one.message for one in look(primary, "replication", **UNHURRIED).findings] == []
    report = look(standby, "replication,connection,buffer", **UNHURRIED)
    assert [one.message for one in report.findings if one.area != "buffer"] == []
    assert not [one for one in report.checks if one.unavailable and "refused" in one.unavailable.reason]


def test_a_standby_whose_replay_is_paused(primary, standby, look):
    standby.superuser.execute("SELECT pg_wal_replay_pause()")
    standby.until("SELECT WHERE pg_get_wal_replay_pause_state() = 'paused'")
    primary.superuser.execute("CREATE TABLE while_paused (id int PRIMARY KEY)")
    switch(primary, 1)
    primary.until("SELECT FROM pg_stat_replication WHERE replay_lag > '0.2 s'")
    (finding,) = by(look(primary, "replication", role="monitor"), "replication.lag").values()
    assert "(walreceiver)" in finding.object
    assert "there and not replayed" in finding.message
    report = look(standby, "replication", role="monitor")
    assert (
        set(by(report, "replication.replay_paused")) == set(by(report, "replication.standby_lag")) == {"this standby"}
    )
    standby.superuser.execute(by(report, "replication.replay_paused")["this standby"].fix_sql.encode())
    caught_up(primary)
    assert not look(standby, "replication", **UNHURRIED).findings


def test_a_reader_that_falls_behind_and_slots_that_run_out(primary, standby, look):
    primary.superuser.execute("SELECT pg_create_physical_replication_slot('slow_reader', true)")
    (start,) = primary.superuser.execute("SELECT pg_current_wal_lsn()").fetchone()
    reader = psycopg.connect(primary.dsn(), application_name="slow reader", autocommit=True, replication="true")
    try:
        reader.pgconn.exec_(f"START_REPLICATION SLOT slow_reader PHYSICAL {start}".encode())
        switch(primary, 4)
        primary.until("SELECT FROM pg_replication_slots WHERE slot_name = 'slow_reader' AND wal_status = 'extended'")
        primary.until("SELECT FROM pg_replication_slots WHERE slot_name = 'of_the_standby' AND wal_status = 'reserved'")
        report = look(primary, "replication", **{"replication.lag.warning_bytes": 30e6})
        assert set(by(report, "replication.slot_behind")) == {"slow_reader"}
        assert [name for name in by(report, "replication.lag") if "(slow reader)" in name]
        assert not by(report, "replication.places")
        primary.superuser.execute(
            "SELECT pg_create_physical_replication_slot(name) FROM (VALUES ('a'), ('b')) AS s (name)"
        )
        assert "4 of max_replication_slots = 4" in str(by(look(primary, "replication"), "replication.places"))
    finally:
        reader.close()
    primary.until("SELECT FROM pg_replication_slots WHERE slot_name = 'slow_reader' AND NOT active")
    found = by(look(primary, "replication"), "replication.slot_inactive")
    assert set(found) == {"slow_reader"}
    primary.superuser.execute(found["slow_reader"].fix_sql.encode())
    primary.superuser.execute("SELECT pg_drop_replication_slot(name) FROM (VALUES ('a'), ('b')) AS s (name)")


def test_a_standby_that_lost_its_primary(primary, standby, look):
    set_and_reload(standby, "SET primary_conninfo = 'host=/nonexistent'")
    primary.until("SELECT count(*) FROM pg_stat_replication HAVING count(*) = 0")
    assert set(by(look(standby, "replication", role="monitor"), "replication.no_receiver")) == {"this standby"}
    report = look(primary, "replication")
    assert "0 are there" in by(report, "replication.synchronous_standby")["synchronous_standby_names"].message
    assert set(by(report, "replication.slot_inactive")) == {"of_the_standby"}


def test_a_disk_that_damages_pages(primary, look):
    """Last: it stops the server."""
    cluster: Cluster = primary.cluster
    (path,) = primary.superuser.execute("SELECT pg_relation_filepath('read_once')").fetchone()
    primary.clear()
    cluster.stop()
    # From PostgreSQL 18 on they are there already, which is an error of this.
    cluster.run("pg_checksums", "--enable", "--no-sync", "-D", str(cluster.data), check=False)
    with (cluster.data / path).open("r+b") as file:
        file.seek(5000)
        file.write(b"not what was written")
    cluster.start()
    with psycopg.connect(primary.dsn(), autocommit=True) as connection:
        assert not by(look(primary, "buffer"), "buffer.checksum_failures")
        with pytest.raises(psycopg.errors.DataCorrupted):
            connection.execute("SELECT count(filler) FROM read_once")
        flush_statistics(connection)
    for role in ("superuser", "bare"):
        found = by(look(primary, "buffer", role=role), "buffer.checksum_failures")
        assert found["database sick"].severity.value == "critical"
