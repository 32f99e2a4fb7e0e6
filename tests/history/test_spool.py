"""The spool: readings on disk, over deaths, full disks, damaged files and COMMITs that nobody answered."""

from __future__ import annotations

import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from stores.backends import history_file
from stores.backends.history import HistoryService
from stores.backends.history_line import decode_file
from stores.backends.history_row import row_from_state
from stores.backends.spool import Spool, SpoolFull
from stores.schema.adopt import adopt
from tests.fixtures.proxy import proxy_to
from tests.history.test_service import until

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture
def directory(tmp_path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def make(store_db, directory):
    """Services on the spool that never flush by themselves, unless told to."""
    made = []

    def make(dsn=store_db, **settings) -> HistoryService:
        service = HistoryService(
            dsn, **{"spool_dir": directory, "batch_rows": 10**6, "batch_seconds": 10**6, "deadline": 2, **settings}
        )
        made.append(service)
        return service

    yield make
    for service in made:
        service.close()


@pytest.fixture
def stored(store_db):
    def stored(columns="last_action", dsn=store_db):
        with psycopg.connect(dsn) as connection:
            return [row[0] for row in connection.execute(f"SELECT {columns} FROM state_history ORDER BY id")]

    return stored


@pytest.fixture
def ids(store_db):
    """`ids()`: how many batches the table of ids knows."""

    def ids():
        with psycopg.connect(store_db) as connection:
            return connection.execute("SELECT count(*) FROM history_replay").fetchone()[0]

    return ids


def files(directory: Path) -> list[str]:
    return sorted(path.suffix.lstrip(".") for path in directory.iterdir() if path.suffix in (".open", ".ready"))


def one_file(directory: Path) -> Path:
    [found] = [path for path in directory.iterdir() if path.suffix in (".open", ".ready")]
    return found


def left_behind(directory: Path, dsn: str, *actions: str) -> None:
    """Readings of a process that was killed."""
    child = os.fork()
    if child == 0:
        try:
            history = HistoryService(dsn, spool_dir=directory, batch_rows=10**6, batch_seconds=10**6)
            for action in actions:
                history.record({"last_action": action})
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


# --- readings, files, ids ------------------------------------------------------------------------------------------
def test_a_reading_is_on_the_disk_when_record_returns_and_gone_when_it_is_written(make, directory, stored):
    history = make()
    assert not directory.exists()
    assert history.record({"last_action": "é\n\t\"'", "last_temperature": 21.25}, "Europe/Paris") is True
    [values] = decode_file(one_file(directory).read_bytes()).rows
    assert values[1:5] == ("21.3", None, "unknown", "é\n\t\"'")
    status = history.status()
    assert (status.pending, status.spooled_bytes > 0, status.spool_limit) == (1, True, 64 * 2**20)
    assert abs(status.oldest_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert history.flush() == 1
    assert (files(directory), history.pending) == ([], 0)
    assert stored() == ["é\n\t\"'"]
    assert stored("timestamp") == [status.oldest_at]
    assert history.status().oldest_at is None


def test_nobody_else_may_read_it(make, directory):
    make().record({})
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_them_to_the_directory_s_owner(make, directory):
    os.chown(directory.parent, 65534, 65534)
    make().record({})
    assert {path.stat().st_uid for path in (directory, *directory.iterdir())} == {65534}


def test_ids_are_forgotten_days_after_their_files_are_gone(make, ids, stored, store_db):
    with make() as history:
        for number in range(40):
            history.record({"last_action": str(number)})
            history.flush()
    assert ids() == 40, "a copy of the directory may come by"
    with psycopg.connect(store_db) as connection:
        connection.execute("UPDATE history_replay SET replayed_at = replayed_at - interval '3 days'")
    with make() as history:
        history.record({"last_action": "40"})
        history.flush()
    assert ids() == 1
    assert len(stored()) == 41


def test_ids_of_the_dead_are_cleared_away_but_those_of_other_hosts_stay(make, directory, store_db, ids):
    with make() as history:
        history.record({})
    spool = Spool(directory)
    spool.append(row_from_state({}, "UTC", datetime.now(UTC)))
    name = spool.complete()
    first, _ = spool.range_of_ids()
    rows = [(first, 4), (name.id, 4), ("ffffffff-0000-8000-8000-000000000000", 4), (2**128 - 1, 400)]
    with psycopg.connect(store_db) as connection:
        for found, days in rows:
            connection.execute(
                "INSERT INTO history_replay (id, replayed_at) VALUES (%s, now() - %s * interval '1 day')",
                (f"{found:032x}" if isinstance(found, int) else found, days),
            )
    living = make()
    living.record({})
    assert living.flush() == 1
    with psycopg.connect(store_db) as connection:
        left = {row[0] for row in connection.execute("SELECT id FROM history_replay")}
    assert {str(found) for found in left} >= {str(name.id), rows[2][0]}
    assert not left & {UUID(int=rows[0][0].int), UUID(int=rows[3][0])}
    spool.close()


def test_many_threads_and_services_lose_nothing(make, stored, directory):
    services = [make(batch_rows=20) for _ in range(3)]

    def work(worker):
        for number in range(100):
            assert services[worker % 3].record({"last_action": f"{worker}-{number}"})
            if number % 30 == 0:
                services[(worker + 1) % 3].flush()

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(work, range(6)))
    for history in services:
        history.flush()
    until(lambda: services[0].pending == 0)
    assert len(set(stored())) == len(stored()) == 600
    until(lambda: files(directory) == [])


def test_a_child_process_has_its_own_file(make, stored, directory):
    history = make()
    history.record({"last_action": "parent"})
    child = os.fork()
    if child == 0:
        try:
            history.record({"last_action": "child"})
            os._exit(0 if len(files(directory)) == 2 and history.flush() == 1 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert stored() == ["child"]
    assert history.flush() == 1
    assert stored() == ["child", "parent"]


def test_a_child_that_lives_on_does_not_keep_its_dead_parent_s_file(make, directory, store_db, stored):
    program = (
        "import os, signal, sys, time; from stores.backends.history import HistoryService\n"
        "history = HistoryService(sys.argv[1], spool_dir=sys.argv[2], batch_rows=9, batch_seconds=9**9)\n"
        "history.record({'last_action': 'parent'})\n"
        "if os.fork() == 0: print(os.getpid(), flush=True); sys.stdout = None; time.sleep(60)\n"
        "else: os.kill(os.getpid(), signal.SIGKILL)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, store_db, directory], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    try:
        parent.wait(timeout=10)
        make()
        until(lambda: stored() == ["parent"])
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_a_clock_that_steps_back_loses_and_mixes_nothing(make, stored, monkeypatch):
    history = make()
    start = datetime.now(UTC)
    moments = iter([start, start - timedelta(hours=2), start - timedelta(hours=2), start - timedelta(hours=1)])

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return next(moments, start)

    monkeypatch.setattr("stores.backends.history.datetime", Clock)
    for number in range(4):
        assert history.record({"last_action": f"a{number}"})
        if number == 0:
            history._buffer.spool.complete()  # two files: the later one's time is before the earlier one's
    history.flush()
    assert history.pending == 0
    assert sorted(stored()) == ["a0", "a1", "a2", "a3"]
    assert sorted(stored("timestamp")) == [
        start - timedelta(hours=2), start - timedelta(hours=2) + timedelta(microseconds=1),
        start - timedelta(hours=1), start,
    ]  # fmt: skip


# --- the dead ------------------------------------------------------------------------------------------------------
def test_what_a_killed_process_left_is_written_by_one_that_starts(make, directory, store_db, stored):
    left_behind(directory, store_db, "a", "b")
    assert files(directory) == ["open"]
    history = make()  # by its thread: it is asked for nothing
    until(lambda: files(directory) == [])
    assert (stored(), history.pending) == (["a", "b"], 0)


def test_what_a_killed_process_left_is_written_by_one_that_runs(make, directory, store_db, stored, monkeypatch):
    monkeypatch.setattr("stores.backends.history.SWEEP_SECONDS", 0.05)
    living = make()
    living.record({"last_action": "mine"})
    left_behind(directory, store_db, "his")
    until(lambda: stored() == ["his"])
    assert living.pending == 1


def test_a_process_killed_between_commit_and_delete_leaves_nothing_double(make, directory, store_db, stored, ids):
    child = os.fork()
    if child == 0:
        try:
            history_file.Locked.remove = lambda self: os.kill(os.getpid(), signal.SIGKILL)
            history = HistoryService(store_db, spool_dir=directory, batch_rows=10**6, batch_seconds=10**6)
            history.record({"last_action": "once"})
            history.flush()
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert (stored(), files(directory), ids()) == (["once"], ["ready"], 1)
    with make() as history:
        until(lambda: files(directory) == [])
        assert history.pending == 0
    assert (stored(), ids()) == (["once"], 1)


def test_of_two_that_take_over_one_file_one_writes_it(make, directory, store_db, stored):
    for round_number in range(5):
        left_behind(directory, store_db, *(f"{round_number}-{number}" for number in range(200)))
        spools = [Spool(directory) for _ in range(4)]
        meet = threading.Barrier(4)

        def adopt_and_take(spool, meet=meet):
            meet.wait()
            return [file for name in spool.waiting() if (file := spool.take(name)) is not None]

        with ThreadPoolExecutor(4) as workers:
            taken = [file for found in workers.map(adopt_and_take, spools) for file in found]
        assert len(taken) == 1
        taken[0].release()
        make().flush()
    until(lambda: files(directory) == [])
    assert len(stored()) == len(set(stored())) == 1000


def test_a_file_that_goes_while_its_lock_is_awaited_is_not_taken(directory, store_db, monkeypatch):
    """Between opening and locking, another process has written and deleted it, or cleared it away as empty."""
    left_behind(directory, store_db, "a")
    spool = Spool(directory)
    [name] = spool.waiting()
    real, meanwhile = history_file.fcntl.flock, []

    def flock(descriptor, how):
        if meanwhile:
            meanwhile.pop()()
        real(descriptor, how)

    monkeypatch.setattr(history_file.fcntl, "flock", flock)
    meanwhile.append(one_file(directory).unlink)
    assert spool.take(name) is None
    meanwhile.append(lambda: one_file(directory).unlink())
    spool._host = b"abcdef"
    spool.append(row_from_state({"last_action": "kept"}, "UTC", datetime.now(UTC)))
    assert len(decode_file(one_file(directory).read_bytes()).rows) == 1
    spool.close()


def test_the_id_settles_it_where_two_send_the_same_file(make, directory, stored, store_db, tmp_path):
    """As after a copy of the directory: no lock of this host could know. The id does, also where the other one comes after
    all was sent."""
    left_behind(directory, store_db, "once")
    found = one_file(directory)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / found.name).write_bytes(found.read_bytes())
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / found.name).write_bytes(found.read_bytes())
    histories = [make(), make(spool_dir=tmp_path / "copy")]
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda history: history.flush(), histories))
    until(lambda: not any(history.pending for history in histories))
    for history in histories:
        history.close()
    late = make(spool_dir=tmp_path / "late")
    late.flush()
    until(lambda: not late.pending)
    assert files(tmp_path / "late") == []
    assert stored() == ["once"]


# --- PostgreSQL away ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("when", ["before", "after", "silent"])
def test_a_line_cut_at_commit_leaves_each_reading_once(make, store_db, stored, directory, when):
    proxy = proxy_to(store_db)
    try:
        history = make(proxy.dsn(store_db), deadline=0.5)
        history.record({"last_action": "a"})
        history.flush()
        history.record({"last_action": "b"})
        proxy.cut_at(b"COMMIT", when)
        assert history.flush() == 0
        assert proxy.happened.wait(10)
        assert (history.enabled, history.pending) == (False, 1)
        history.record({"last_action": "c"})
        proxy.thaw()
        until(lambda: history.enabled, 30)
        history.flush()
        until(lambda: history.pending == 0)
        assert stored() == ["a", "b", "c"]
        assert files(directory) == []
    finally:
        proxy.close()


def test_an_outage_is_replayed_in_order_of_time_in_files_of_bounded_size(make, store_db, stored, directory):
    proxy = proxy_to(store_db)
    proxy.refuse()
    try:
        history = make(proxy.dsn(store_db), batch_rows=10)
        left_behind(directory, store_db, "first")
        for number in range(2500):
            history.record({"last_action": str(number)})
        until(lambda: not history.enabled)
        status = history.status()
        assert (status.pending, status.refused) == (2501, 0)
        assert "PostgreSQL" in status.reason
        assert len(files(directory)) <= 5  # the dead one's, two or three of a thousand, the open one
        proxy.accept()
        until(lambda: history.enabled, 30)
        assert history.record({"last_action": "last"})
        history.flush()
        assert history.pending == 0
        assert stored() == ["first", *map(str, range(2500)), "last"]
        assert stored("timestamp") == sorted(stored("timestamp"))
    finally:
        proxy.close()


def test_a_long_outage_makes_no_crowd_of_files(make, directory):
    history = make("host=/nowhere dbname=store")
    for number in range(30):
        history.record({"last_action": str(number)})
        history._gate._next_try = 0.0  # as if half a minute had passed
        history.flush()
    assert (history.pending, len(files(directory))) == (30, 2)


def test_while_postgresql_is_away_what_is_written_is_synced(make, directory, monkeypatch):
    synced = []
    real = os.fsync

    def fsync(descriptor):
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    history = make("host=/nowhere dbname=store", batch_rows=1)
    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr("stores.backends.history.SYNC_SECONDS", 0.02)
    history.record({})
    until(lambda: not history.enabled)
    history.record({})
    until(lambda: {".open", ".ready", ""} <= {Path(path).suffix for path in synced})
    assert str(directory) in synced


def test_close_says_what_stays_and_the_next_process_writes_it(make, directory, stored, caplog):
    history = make("host=/nowhere dbname=store")
    history.record({"last_action": "waits"})
    with caplog.at_level(logging.WARNING):
        history.close()
    assert f"1 readings wait in {directory}" in caplog.text
    assert "lost" not in caplog.text.replace("was lost or could not", "")
    assert files(directory) == ["ready"]
    make()
    until(lambda: stored() == ["waits"])


def test_a_database_without_our_tables_loses_nothing(empty_database, make, stored, directory):
    history = make(empty_database)
    history.record({"last_action": "early"})
    assert history.flush() == 0
    status = history.status()
    assert (status.enabled, status.pending) == (False, 1)
    assert "`manage.py migrate --database=store`" in status.reason
    with psycopg.connect(empty_database) as connection:
        adopt(connection.cursor(), "public")
        connection.execute("DROP TABLE history_replay")
    history._takes._next_try = 0.0
    assert history.flush() == 0
    assert history.latest(1) == []  # a question, which the tables can answer, does not make it look well
    assert (history.enabled, "migrate" in history.status().reason) == (False, True)
    with psycopg.connect(empty_database) as connection:
        adopt(connection.cursor(), "public")
    until(lambda: history.pending == 0)  # by itself
    assert stored(dsn=empty_database) == ["early"]


def test_a_database_that_takes_no_writes_is_no_outage_for_questions(make, store_db, stored, superuser_dsn):
    history = make()
    history.record({"last_action": "before"})
    history.flush()
    name = psycopg.conninfo.conninfo_to_dict(store_db)["dbname"]
    with psycopg.connect(superuser_dsn, autocommit=True) as superuser:
        try:
            superuser.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            readonly = make()
            readonly.record({"last_action": "waits"})
            assert readonly.flush() == 0
            for _ in range(3):
                assert readonly.latest(1)[0]["last_action"] == "before"
            status = readonly.status()
            assert (status.enabled, status.pending) == (False, 1)
            assert "takes no writes" in status.reason
        finally:
            superuser.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    readonly._line.recreate()
    until(lambda: readonly.enabled)
    until(lambda: stored() == ["before", "waits"])


# --- what cannot be kept or written --------------------------------------------------------------------------------
def test_at_its_limit_the_oldest_are_kept_and_the_newest_refused(make, stored, caplog):
    history = make(spool_bytes=3000)
    kept = [history.record({"last_action": str(number)}) for number in range(40)]
    assert kept == sorted(kept, reverse=True)
    assert 5 < sum(kept) < 20
    status = history.status()
    assert (status.pending, status.refused) == (sum(kept), 40 - sum(kept))
    assert status.spooled_bytes <= 3000
    assert caplog.text.count("[history] A reading was not kept") == 1  # a minute
    assert "HISTORY_SPOOL_MB" in caplog.text
    history.flush()
    assert stored() == [str(number) for number in range(sum(kept))]
    assert history.record({})


def test_the_limit_is_that_of_all_processes(make, directory, store_db):
    left_behind(directory, store_db, *map(str, range(10)))
    full = sum(path.stat().st_size for path in directory.iterdir())
    spool = Spool(directory, limit=full + 10)
    with pytest.raises(SpoolFull):
        spool.append(row_from_state({}, "UTC", datetime.now(UTC)))
    assert files(directory) == ["open"]  # and no empty one beside it


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a disk of 64 KiB."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", where], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small tmpfs can be mounted by root only, and not in every container")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def test_a_full_disk_refuses_and_tears_nothing(make, small_disk, stored, caplog):
    history = make(spool_dir=small_disk / "spool")
    kept = [history.record({"last_action": f"{number}-{'x' * 200}"}) for number in range(300)]
    assert 20 < sum(kept) < 290
    assert history.status().refused == 300 - sum(kept)
    assert "the disk is full" in caplog.text
    [path] = [path for path in (small_disk / "spool").iterdir() if path.suffix == ".open"]
    readings = decode_file(path.read_bytes())
    assert (len(readings.rows), readings.damaged, readings.torn) == (sum(kept), [], 0)
    assert history.flush() == sum(kept)
    assert history.record({"last_action": "again"})
    history.flush()
    assert len(stored()) == sum(kept) + 1


def test_a_write_that_the_system_cuts_short_leaves_none_of_the_line(directory, store_db, make, stored):
    """By a limit for the size of files, which strikes in the middle of a line."""
    program = (
        "import resource, sys; from stores.backends.history import HistoryService\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "history = HistoryService('host=/nowhere dbname=store', spool_dir=sys.argv[1])\n"
        "print(sum(history.record({'last_action': 'y' * 100}) for _ in range(100)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, directory], check=True, timeout=30, capture_output=True, text=True
    )
    kept = int(found.stdout)
    assert 5 < kept < 30
    assert "limit for a file's size" in found.stderr
    readings = decode_file(one_file(directory).read_bytes())
    assert (len(readings.rows), readings.damaged, readings.torn) == (kept, [], 0)
    make().flush()
    until(lambda: len(stored()) == kept)


def test_a_spool_that_cannot_be_written_falls_back_to_memory_and_says_so(make, tmp_path, stored):
    (tmp_path / "file").write_text("no directory")
    history = make(spool_dir=tmp_path / "file" / "spool")
    assert history.record({"last_action": "memory"})
    status = history.status()
    assert (status.pending, status.refused) == (1, 0)
    assert "readings wait in memory" in status.spool_error
    assert history.flush() == 1
    assert stored() == ["memory"]
    (tmp_path / "file").unlink()
    assert history.record({"last_action": "disk"})
    assert (history.status().spool_error, files(tmp_path / "file" / "spool")) == (None, ["open"])


def test_a_torn_tail_is_cut_off(make, directory, store_db, stored, caplog):
    left_behind(directory, store_db, "a", "b", "torn")
    path = one_file(directory)
    path.write_bytes(path.read_bytes()[:-20])
    history = make()
    until(lambda: files(directory) == [])
    assert (stored(), history.status().damaged) == (["a", "b"], 0)
    assert "unfinished line" in caplog.text
    assert not list(directory.glob("damaged-*"))


def test_an_empty_or_wholly_torn_file_is_cleared_away(make, directory, store_db):
    for content in (b"", b"1 00"):
        left_behind(directory, store_db, "a")
        one_file(directory).write_bytes(content)
        make().flush()
        until(lambda: files(directory) == [])


@pytest.mark.parametrize("damage", [b"1 00000000 [1]", b"", b"\0" * 50, b"7 something of a later version", b"\xff\xfe"])
def test_a_damaged_line_in_the_middle_is_set_aside_and_the_rest_written(make, directory, store_db, stored, damage):
    left_behind(directory, store_db, "a", "b", "c")
    path = one_file(directory)
    lines = path.read_bytes().split(b"\n")
    lines[1] = damage
    path.write_bytes(b"\n".join(lines))
    history = make()
    until(lambda: files(directory) == [])
    assert stored() == ["a", "c"]
    [kept] = directory.glob("damaged-*")
    assert kept.read_bytes() == damage + b"\n"
    status = history.status()
    assert (status.damaged, status.damaged_files, status.pending) == (1, 1, 0)


def test_every_flipped_bit_is_noticed():
    row = row_from_state({"last_action": "a", "last_temperature": 21}, "UTC", datetime.now(UTC))
    from stores.backends.history_line import decode, encode

    line = encode(row.values())[:-1]
    assert decode(line) is not None
    for bit in range(len(line) * 8):
        broken = bytearray(line)
        broken[bit // 8] ^= 1 << bit % 8
        assert decode(bytes(broken)) is None


def test_a_reading_that_the_table_takes_in_no_way_is_set_aside_alone(empty_database, make, stored, directory):
    with psycopg.connect(empty_database) as connection:
        adopt(connection.cursor(), "public")
        connection.execute("ALTER TABLE state_history ADD CONSTRAINT tick CHECK (metadata->>'last_tick' <> 'bad')")
        connection.execute("ALTER TABLE state_history ADD CHECK (api_requests_today < 1000)")
    history = make(empty_database)
    for tick, requests in (("a", 1), ("bad", 2), ("b", 5000)):
        history.record({"last_tick": tick, "api_requests_total": requests})
    assert history.flush() == 2
    assert stored("metadata->>'last_tick'", empty_database) == ["a", "b"]
    assert stored("metadata->'rejected'->>'api_requests_today'", empty_database) == [None, "5000"]
    [kept] = map(json.loads, (directory / "refused.jsonl").read_text().splitlines())
    assert kept["reading"]["metadata"]["last_tick"] == "bad"
    assert '"tick"' in kept["reason"]
    status = history.status()
    assert (status.pending, status.refused, status.set_aside, status.enabled) == (0, 0, 1, True)
    assert status.refused_bytes > 0
    assert files(directory) == []


def test_a_refused_reading_is_set_aside_once_however_often_it_is_tried(empty_database, make, directory):
    with psycopg.connect(empty_database) as connection:
        adopt(connection.cursor(), "public")
        connection.execute("ALTER TABLE state_history ADD CHECK (metadata->>'last_tick' <> 'bad')")
    proxy = proxy_to(empty_database)
    try:
        history = make(proxy.dsn(empty_database))
        history.record({"last_tick": "bad"})
        proxy.cut_at(b"COMMIT", "before")
        assert history.flush() == 0
        assert len((directory / "refused.jsonl").read_text().splitlines()) == 1
        until(lambda: history.pending == 0)
        assert len((directory / "refused.jsonl").read_text().splitlines()) == 1
    finally:
        proxy.close()


def test_a_reading_that_cannot_be_set_aside_stays_in_the_spool_and_blocks_nobody(
    empty_database, make, directory, stored, caplog
):
    with psycopg.connect(empty_database) as connection:
        adopt(connection.cursor(), "public")
        connection.execute("ALTER TABLE state_history ADD CHECK (metadata->>'last_tick' <> 'bad')")
    directory.mkdir(0o700)
    (directory / "refused.jsonl").mkdir()
    history = make(empty_database)
    history.record({"last_tick": "bad"})
    assert history.flush() == 0
    assert "because of the disk" in caplog.text
    history.record({"last_tick": "good"})
    assert history.flush() == 1
    assert (history.pending, history.enabled) == (1, True)
    (directory / "refused.jsonl").rmdir()
    history.flush()
    assert (history.pending, stored("metadata->>'last_tick'", empty_database)) == (0, ["good"])


def test_files_that_are_not_ours_are_left_alone(make, directory, store_db):
    directory.mkdir(0o700)
    for name in ("notes.txt", "123.ready", "0" * 17 + "-xyz.open"):
        (directory / name).write_text("mine")
    history = make()
    history.record({})
    assert history.flush() == 1
    assert {path.name for path in directory.iterdir()} == {"notes.txt", "123.ready", "0" * 17 + "-xyz.open", "name"}
