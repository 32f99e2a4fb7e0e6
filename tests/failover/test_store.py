"""The promises of DESIGN.md, section 4, and the traps of a failover, on a real PostgreSQL and a line that is cut."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stores.backends import postgres_sql
from stores.backends.failover import copy_side, postgres_side, resync
from stores.backends.failover.known import Known
from stores.backends.json_text import decode
from stores.errors import CommitUnknown, DocumentError, StoreBusy, StoreError, StoreUnavailable
from tests.failover.conftest import Begin, Process, refresh
from tests.fixtures.proxy import Proxy, terminate

pytestmark = [pytest.mark.django_db(databases=["default", "store"], transaction=True), pytest.mark.usefixtures("calm")]


def cut(proxy: Proxy) -> None:
    proxy.refuse()
    proxy.cut()


def in_postgres(dashboard: psycopg.Connection, kind: str = "state") -> Any:
    row = dashboard.execute("SELECT data FROM json_store WHERE kind = %s", [kind]).fetchone()
    return None if row is None else row[0]


def revision(dashboard: psycopg.Connection) -> int:
    row = dashboard.execute("SELECT revision FROM json_store WHERE kind = 'state'").fetchone()
    assert row is not None
    return int(row[0])


def dashboard_writes(dashboard: psycopg.Connection, **keys: Any) -> None:
    """Read-modify-write under the row's lock, as the dashboard does it."""
    with dashboard.transaction():
        found = dashboard.execute("SELECT data FROM json_store WHERE kind = 'state' FOR UPDATE").fetchone()
        assert found is not None
        text = json.dumps({**found[0], **keys})
        dashboard.execute("UPDATE json_store SET data = %s::jsonb, updated_at = now() WHERE kind = 'state'", [text])


def increment(store: Any, key: str = "n", by: int = 1) -> None:
    with store.transaction() as held:
        document = held.read()
        held.write({**document, key: document.get(key, 0) + by})


def file_of(process: Process) -> Any:
    with open(process.store.fallback.path, encoding="utf-8") as file:
        return json.load(file)


def backend(process: Process) -> str:
    return process.host.mode().backend


# --- promises 2 and 3: one order, and a first call that decides ----------------------------------------------------------


def test_calls_go_on_when_postgresql_goes_and_all_of_it_is_there_when_it_is_back(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection
) -> None:
    one, two = begin(), begin()
    one.store.write({"n": 1})
    assert two.store.read() == {"n": 1}
    cut(proxy)
    increment(two.store)
    assert backend(one) == "filesystem"
    assert one.store.read() == {"n": 2}
    increment(one.store)
    one.store.write({"n": 3, "m": "one"})
    assert file_of(one) == {"n": 3, "m": "one"}
    assert in_postgres(dashboard) == {"n": 1}
    proxy.accept()
    report = two.store.resync()
    assert (report.applied, report.stopped, backend(one)) == (True, "", "postgres")
    assert in_postgres(dashboard) == {"n": 3, "m": "one"} == one.store.read() == two.store.read()
    increment(one.store)
    assert two.store.read() == {"n": 4, "m": "one"}


def test_the_first_call_on_a_black_hole_decides_in_time_and_later_ones_at_once(begin: Begin, proxy: Proxy) -> None:
    """Trap 1: a black hole is not a closed port. Trap 2: a pool hides death."""
    one = begin(deadline=0.5)
    one.store.write({"n": 1})
    proxy.frozen.set()
    start = time.monotonic()
    increment(one.store)
    first = time.monotonic() - start
    start = time.monotonic()
    for _ in range(20):
        increment(one.store)
    assert one.store.read() == {"n": 22}
    later = time.monotonic() - start
    assert (first < 3, later < 3) == (True, True)
    assert backend(one) == "filesystem"


def test_threads_that_increment_through_a_cut_lose_nothing(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection
) -> None:
    one, two = begin(), begin()
    one.store.write({"n": 0})
    done = {"sure": 0, "unknown": 0}
    count = threading.Lock()
    started = threading.Barrier(5)

    def work(process: Process) -> None:
        started.wait()
        for _ in range(30):
            try:
                increment(process.store)
            except StoreBusy:
                continue
            except CommitUnknown:
                what = "unknown"
            else:
                what = "sure"
            with count:
                done[what] += 1

    threads = [threading.Thread(target=work, args=(process,)) for process in (one, one, two, two)]
    for thread in threads:
        thread.start()
    started.wait()
    while revision(dashboard) < 20:
        time.sleep(0.001)
    cut(proxy)
    for thread in threads:
        thread.join(60)
    proxy.accept()
    two.store.resync()
    assert done["sure"] > 60
    assert done["sure"] <= in_postgres(dashboard)["n"] <= done["sure"] + done["unknown"]


def test_eight_first_writes_into_a_missing_row_meet_no_suspicion(
    begin: Begin, dashboard: psycopg.Connection, tmp_path: Path
) -> None:
    """Trap 9: FOR UPDATE locks nothing where there is no row. Another host makes it while we look."""
    for turn in range(10):
        dashboard.execute("TRUNCATE json_store, json_store_revision")
        hosts = []
        for name in range(4):
            place = tmp_path / f"host-{turn}-{name}"
            place.mkdir()
            hosts.append(begin(directory=place))
        ready = threading.Barrier(4)
        failures: list[BaseException] = []

        def write(process: Process, ready: threading.Barrier = ready, failures: Any = failures) -> None:
            ready.wait()
            try:
                process.store.write({"n": 1})
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=write, args=(process,)) for process in hosts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not failures
        assert [backend(process) for process in hosts] == ["postgres"] * 4


# --- transactions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("away", [False, True])
def test_blocks_join_and_exceptions_go_back_to_their_own_start(begin: Begin, proxy: Proxy, away: bool) -> None:
    one = begin()
    one.store.write({"a": 0})
    if away:
        cut(proxy)
    with one.store.transaction() as outer:
        outer.write({"a": 1})
        with pytest.raises(ValueError, match="inner"):
            with one.store.transaction() as inner:
                assert inner.read() == {"a": 1}
                one.store.write({"a": 2})
                assert inner.read() == {"a": 2}
                raise ValueError("inner")
        assert one.store.read() == {"a": 1}
    assert one.store.read() == {"a": 1}
    with pytest.raises(ValueError, match="outer"):
        with one.store.transaction() as held:
            held.write({"a": 9})
            raise ValueError("outer")
    assert one.store.read() == {"a": 1}
    with pytest.raises(StoreError, match="over"):
        held.read()
    with pytest.raises(DocumentError):
        one.store.write({"a": float("nan")})
    with one.store.transaction() as held:
        pass
    assert one.store.read() == {"a": 1}
    assert (backend(one) == "filesystem") is away


def test_a_block_whose_line_died_does_not_swallow_another_increment(
    begin: Begin, dashboard: psycopg.Connection, store_db: str
) -> None:
    """Two equal changes look like one to a merge, but two increments are two."""
    one, two = begin(dsn=f"{store_db} application_name=dies"), begin()
    one.store.write({"n": 5})
    with pytest.raises(StoreBusy, match="Nothing was written"):
        with one.store.transaction() as held:
            document = held.read()
            terminate(store_db, "dies")
            increment(two.store)
            held.write({**document, "n": document["n"] + 1})
    assert in_postgres(dashboard) == {"n": 6}
    increment(one.store)
    assert in_postgres(dashboard) == {"n": 7}


def test_a_block_whose_line_died_takes_another_writers_keys_along(
    begin: Begin, dashboard: psycopg.Connection, store_db: str
) -> None:
    one = begin(dsn=f"{store_db} application_name=dies")
    one.store.write({"n": 5, "list": [1]})
    with one.store.transaction() as held:
        document = held.read()
        terminate(store_db, "dies")
        dashboard_writes(dashboard, list=[1, 2], deep={"a": 1})
        held.write({**document, "n": 6})
    assert in_postgres(dashboard) == {"n": 6, "list": [1, 2], "deep": {"a": 1}}
    assert backend(one) == "postgres"


@pytest.mark.parametrize("change", ["same key", "other key"])
def test_a_switch_during_a_block(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, store_db: str, change: str
) -> None:
    one, two = begin(dsn=proxy.dsn(store_db)), begin()
    one.store.write({"n": 0})

    def block() -> None:
        with one.store.transaction() as held:
            document = held.read()
            cut(proxy)
            increment(two.store, "n" if change == "same key" else "m")
            assert backend(two) == "filesystem"
            held.write({**document, "n": document["n"] + 1})

    if change == "same key":
        with pytest.raises(StoreBusy, match="Nothing was written"):
            block()
        expected = {"n": 1}
    else:
        block()
        expected = {"n": 1, "m": 1}
    assert one.store.read() == expected
    proxy.accept()
    one.store.resync()
    assert in_postgres(dashboard) == expected


def test_a_block_on_the_copy_keeps_the_host_from_going_back(begin: Begin, proxy: Proxy) -> None:
    one, two = begin(), begin()
    one.store.write({"n": 0})
    cut(proxy)
    increment(one.store)
    proxy.accept()
    with one.store.transaction() as held:
        with pytest.raises(StoreBusy, match="not brought back"):
            two.store.resync(seconds=0.4)
        held.write({"n": 7})
    two.store.resync()
    assert two.store.read() == {"n": 7}


def test_the_dashboards_edit_of_the_copy_during_a_block_is_not_lost(begin: Begin, proxy: Proxy) -> None:
    """Trap 7: the other writer knows nothing of our locks."""
    one = begin()
    one.store.write({"n": 0})
    cut(proxy)
    increment(one.store)
    path = Path(one.store.fallback.path)
    with one.store.transaction() as held:
        document = held.read()
        path.write_text('{"n": 1, "by_hand": true}')
        held.write({**document, "n": 2})
    assert one.store.read() == {"n": 2, "by_hand": True}
    with pytest.raises(StoreBusy, match="Nothing was written"):
        with one.store.transaction() as held:
            path.write_text('{"n": 50, "by_hand": true}')
            held.write({**held.read(), "n": 3})
    assert one.store.read() == {"n": 50, "by_hand": True}


# --- promise 6: writes in doubt -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["write", "transaction"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_in_doubt_counts_once(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, when: str, how: str
) -> None:
    """Trap 3: an unanswered COMMIT is neither done nor undone. The line stays cut, so nobody can look."""
    one = begin()
    one.store.write({"n": 5})

    def gone() -> None:
        proxy.happened.wait(10)
        cut(proxy)

    proxy.cut_at(b"UPDATE json_store", when)
    watcher = threading.Thread(target=gone)
    trap = proxy._serve  # the listener goes at once, so that the second look fails
    assert trap
    proxy.refuse()
    watcher.start()
    if how == "write":
        one.store.write({"n": 6})
    else:
        increment(one.store)
    watcher.join()
    assert (one.store.read(), backend(one)) == ({"n": 6}, "filesystem")
    assert in_postgres(dashboard) == {"n": 5 if when == "before" else 6}
    increment(one.store)
    dashboard_writes(dashboard, m=1)
    proxy.accept()
    report = one.store.resync()
    assert report.open_conflicts == 0
    assert in_postgres(dashboard) == {"n": 7, "m": 1}


def test_a_write_whose_line_broke_is_settled_by_a_second_look(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection
) -> None:
    one = begin()
    one.store.write({"n": 5})
    proxy.cut_at(b"UPDATE json_store", "after")
    increment(one.store)
    assert (in_postgres(dashboard), backend(one)) == ({"n": 6}, "postgres")


def test_in_doubt_and_then_refused_by_the_copy_is_unknown(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Nothing was written" must not be said of a write that may have arrived."""
    one = begin()
    one.store.write({"n": 5})

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(copy_side.CopySide, "put", full)
    proxy.cut_at(b"UPDATE json_store", "after")
    proxy.refuse()
    with pytest.raises(CommitUnknown) as caught:
        increment(one.store)
    proxy.accept()
    assert one.store.primary.revision_of(caught.value.token or "") == revision(dashboard)


def test_a_write_that_is_in_postgresql_is_never_called_busy(begin: Begin, dashboard: psycopg.Connection) -> None:
    """Who is told "nothing was written" writes again. The note of what is known is not to be had here."""
    one = begin()
    one.store.write({"n": 1})
    with open(one.host.known("state").path, "rb") as held_by_a_stopped_process:
        fcntl.flock(held_by_a_stopped_process, fcntl.LOCK_EX)
        for attempt in (lambda: increment(one.store), lambda: one.store.write({"n": 9})):
            before = revision(dashboard)
            try:
                attempt()
            except CommitUnknown:
                pass
            except StoreError:
                assert revision(dashboard) == before
        assert one.store.read() == in_postgres(dashboard)


def test_a_late_statement_of_before_the_switch_is_refused(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, store_db: str
) -> None:
    """A middle box delivers it when the host has been away and come back."""
    one = begin()
    one.store.write({"n": 1})
    before = one.host.mode()
    cut(proxy)
    increment(one.store)
    proxy.accept()
    one.store.resync()
    values = one.store.primary.values(
        time.monotonic() + 5, host=one.host.id, epoch=str(before.epoch), data='{"n": -1}', seen=0
    )
    with psycopg.connect(store_db, autocommit=True) as zombie:
        with pytest.raises(psycopg.errors.DatabaseError, match="belongs to epoch") as caught:
            zombie.execute(postgres_sql.UPDATE_OF_HOST, values)
        assert caught.value.sqlstate == "SWF01"
        late = psycopg.ClientCursor(zombie)
        with pytest.raises(psycopg.errors.DatabaseError, match="belongs to epoch"):
            late.execute(postgres_sql.BEGIN_LOCKED_REVISION + ";" + postgres_sql.WRITE_COMMIT_OF_HOST, values)
    assert in_postgres(dashboard) == {"n": 2}
    increment(one.store)
    assert in_postgres(dashboard) == {"n": 3}


def test_a_host_that_lost_its_mode_file_is_fenced_and_finds_its_way_back(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, home: Path
) -> None:
    one = begin()
    one.store.write({"n": 1})
    for _ in range(2):
        cut(proxy)
        increment(one.store)
        proxy.accept()
        one.store.resync()
    (home / "mode").unlink()
    increment(one.store)
    assert one.store.read() == {"n": 4}
    if backend(one) == "filesystem":
        assert one.store.resync().applied
    increment(one.store)
    assert (in_postgres(dashboard), backend(one)) == ({"n": 5}, "postgres")


# --- coming back to another world ---------------------------------------------------------------------------------------


def away_with_a_write(one: Process, proxy: Proxy) -> None:
    one.store.write({"n": 1, "keep": "this"})
    increment(one.store)
    cut(proxy)
    increment(one.store)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM json_store",
        "TRUNCATE json_store, json_store_revision, json_store_host",
        "UPDATE json_store SET data = '{}'",
    ],
)
@pytest.mark.parametrize("in_doubt", [False, True])
def test_emptiness_is_not_merged_into_the_good_copy(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, damage: str, in_doubt: bool
) -> None:
    """Trap 8, also where a write of this very outage had arrived before."""
    one = begin()
    if in_doubt:
        one.store.write({"n": 1, "keep": "this"})
        one.store.read()
        proxy.cut_at(b"UPDATE json_store", "after")
        proxy.refuse()
        increment(one.store, by=2)
        assert in_postgres(dashboard) == {"n": 3, "keep": "this"}
    else:
        away_with_a_write(one, proxy)
    dashboard.execute(damage)
    proxy.accept()
    assert one.store.resync(apply=False).stopped
    report = one.store.resync()
    assert report.stopped
    assert (report.applied, backend(one), one.host.mode().stop) == (False, "filesystem", report.stopped)
    increment(one.store)
    assert one.store.read() == {"n": 4, "keep": "this"}
    report = one.store.resync(strategy="ours")
    assert (report.applied, backend(one), one.host.mode().stop) == (True, "postgres", "")
    assert in_postgres(dashboard) == {"n": 4, "keep": "this"} == one.store.read()
    increment(one.store)
    assert in_postgres(dashboard)["n"] == 5


def test_a_restored_database_stops_the_return_and_theirs_takes_it(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection
) -> None:
    one, two = begin(), begin()
    away_with_a_write(one, proxy)
    restore(dashboard, 2)
    proxy.accept()
    assert "is at revision 2, behind revision 3" in one.store.resync().stopped
    report = one.store.resync(strategy="theirs")
    assert (report.applied, backend(one)) == (True, "postgres")
    assert two.store.read() == {"n": 1, "keep": "this"} == in_postgres(dashboard)
    increment(two.store)
    assert one.store.read()["n"] == 2


def restore(dashboard: psycopg.Connection, to: int) -> None:
    """Make the tables what they were at revision `to`, as pg_restore would."""
    dashboard.execute("ALTER TABLE json_store DISABLE TRIGGER USER")
    dashboard.execute(
        "UPDATE json_store AS now SET data = kept.data, revision = kept.revision FROM json_store_revision AS kept "
        "WHERE kept.kind = now.kind AND kept.revision = %s AND now.kind = 'state'",
        [to],
    )
    dashboard.execute("DELETE FROM json_store_revision WHERE kind = 'state' AND revision > %s", [to])
    dashboard.execute("ALTER TABLE json_store ENABLE TRIGGER USER")


def test_a_database_restored_and_written_on_is_recognized(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection
) -> None:
    one = begin()
    away_with_a_write(one, proxy)
    restore(dashboard, 2)
    for value in range(5):
        dashboard_writes(dashboard, other=value)
    proxy.accept()
    assert "is not what this host saw under that number" in one.store.resync().stopped
    assert one.store.read() == {"n": 3, "keep": "this"}


@pytest.mark.parametrize("how", ["read", "write", "transaction"])
@pytest.mark.parametrize("damage", ["restored", "emptied", "deleted"])
def test_a_running_host_notices_that_postgresql_went_back(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, how: str, damage: str
) -> None:
    one = begin()
    one.store.write({"n": 1})
    increment(one.store)
    if damage == "restored":
        restore(dashboard, 2)
    elif damage == "emptied":
        dashboard.execute("TRUNCATE json_store, json_store_revision, json_store_host")
        dashboard.execute("INSERT INTO json_store (kind, data) VALUES ('state', '{}')")
    else:
        dashboard.execute("DELETE FROM json_store")
    if how == "read":
        assert one.store.read() == {"n": 2}
    elif how == "write":
        one.store.write({"n": 3})
    else:
        increment(one.store)
    mode = one.host.mode()
    assert (mode.backend, mode.automatic) == ("filesystem", True)
    assert "seen revision 3" in mode.stop
    assert one.store.resync().stopped
    one.store.resync(strategy="ours")
    assert in_postgres(dashboard) == {"n": 2 if how == "read" else 3} == one.store.read()


def test_postgresql_that_takes_no_writes(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, store_db: str
) -> None:
    one = begin(dsn=proxy.dsn(store_db, options="-c default_transaction_read_only=on"))
    two = begin()
    two.store.write({"n": 1})
    assert one.store.read() == {"n": 1}
    assert backend(one) == "postgres"
    increment(one.store)
    assert (one.store.read(), backend(two)) == ({"n": 2}, "filesystem")
    with pytest.raises(StoreUnavailable, match="takes no writes"):
        one.store.resync()
    assert backend(one) == "filesystem"
    two.store.resync()
    assert in_postgres(dashboard) == {"n": 2}


# --- the copy -----------------------------------------------------------------------------------------------------------


def test_without_any_copy_the_error_is_told_and_nothing_changes(begin: Begin, proxy: Proxy) -> None:
    one = begin()
    cut(proxy)
    for attempt in (one.store.read, lambda: one.store.write({}), lambda: increment(one.store)):
        with pytest.raises(StoreUnavailable):
            attempt()
    assert backend(one) == "postgres"
    assert not one.store.health_check()
    proxy.accept()
    assert one.store.read() == {}


def test_the_copy_is_refreshed_and_never_goes_backwards(begin: Begin) -> None:
    """Trap 5: two processes commit A then B, and refresh the file B then A."""
    one, two = begin(), begin()
    one.store.write({"n": 1})
    two.store.write({"n": 2})
    refresh(two)
    assert file_of(one) == {"n": 2}
    one.store._background._dirty.add("state")
    refresh(one)
    assert file_of(one) == {"n": 2}


def test_a_foreign_edit_while_postgresql_is_in_use_is_kept_and_goes_nowhere(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, home: Path
) -> None:
    one = begin()
    one.store.write({"n": 1})
    refresh(one)
    path = home / "state.json"
    path.write_text('{"by": "hand"}')
    increment(one.store)
    refresh(one)
    cut(proxy)
    assert one.store.read() == {"n": 2}
    assert [json.loads(found.read_text()) for found in home.glob("state.json.changed-*")] == [{"by": "hand"}]
    proxy.accept()
    one.store.resync()
    assert in_postgres(dashboard) == {"n": 2}


def test_a_foreign_edit_of_before_is_not_taken_after_a_kill_in_between(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the journal's base and the file: what another program had put there is old."""
    one = begin()
    one.store.write({"n": 1})
    (home / "state.json").write_text('{"n": 0}')
    cut(proxy)
    die_at(monkeypatch, "journal.based")
    with pytest.raises(Killed):
        increment(one.store)
    monkeypatch.undo()
    two = begin()
    assert two.store.read() == {"n": 1}
    increment(two.store)
    proxy.accept()
    two.store.resync()
    assert in_postgres(dashboard) == {"n": 2}


class Killed(BaseException):
    """The process ends here."""


def die_at(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    from stores.backends.failover import host, journal

    def reached(name: str) -> None:
        if name == step:
            raise Killed(step)

    for module in (host, journal, copy_side, postgres_side, resync):
        monkeypatch.setattr(module, "reached", reached)


def test_a_foreign_edit_of_the_copy_in_use_is_a_write(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, home: Path
) -> None:
    one = begin()
    one.store.write({"n": 1})
    cut(proxy)
    increment(one.store)
    (home / "state.json").write_text('{"n": 2, "by": "hand"}')
    assert one.store.read() == {"n": 2, "by": "hand"}
    increment(one.store)
    (home / "state.json").write_text('{"n": 4, "by": "hand"}')
    proxy.accept()
    one.store.resync()
    assert in_postgres(dashboard) == {"n": 4, "by": "hand"}


@pytest.mark.parametrize("damage", ["deleted", "torn", "empty", "a list"])
def test_a_lost_or_damaged_copy_in_use_comes_back_from_the_journal(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, home: Path, damage: str
) -> None:
    one, two = begin(), begin()
    one.store.write({"n": 1})
    cut(proxy)
    increment(one.store)
    path = home / "state.json"
    damaged = {"torn": path.read_bytes()[:5], "empty": b"", "a list": b"[1]"}.get(damage)
    if damaged is None:
        path.unlink()
    else:
        path.write_bytes(damaged)
    assert two.store.read() == {"n": 2} == one.store.read()
    if damaged is not None:
        assert [found.read_bytes() for found in home.glob("state.json.damaged-*")] == [damaged]
    increment(two.store)
    proxy.accept()
    one.store.resync()
    assert in_postgres(dashboard) == {"n": 3}


def test_the_journals_last_record_may_rot_while_the_copy_has_it(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, home: Path
) -> None:
    """Trap 11: a tail that is damaged is not a tail that was never finished."""
    one = begin()
    one.store.write({"n": 1})
    cut(proxy)
    increment(one.store)
    increment(one.store)
    [(_, segment)] = one.host.journal("state", one.host.mode().epoch).segments()
    data = bytearray(Path(segment).read_bytes())
    data[-3] ^= 1
    Path(segment).write_bytes(data)
    two = begin()
    assert two.store.read() == {"n": 3}
    increment(two.store)
    proxy.accept()
    two.store.resync()
    assert in_postgres(dashboard) == {"n": 4}


@pytest.mark.parametrize("how", ["write", "transaction"])
@pytest.mark.parametrize("full", ["the copy's", "the journal's"])
def test_a_full_disk_refuses_the_write_and_keeps_what_was(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, how: str, full: str
) -> None:
    """RLIMIT_FSIZE ends a write half way, as a full disk does."""
    one, two = begin(), begin()
    one.store.write({"n": 1})
    cut(proxy)
    for fill in ("a", "b", "c"):
        one.store.write({"n": 2, "fill": fill * 20_000})
    before = {"n": 2, "fill": "c" * 20_000}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    journalled = one.host.journal("state", one.host.mode().epoch).size()
    assert journalled > 60_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000 if full == "the copy's" else journalled + 50, limits[1]))
    try:
        with pytest.raises(StoreError, match="(?i)space|disk|large|limit"):
            if how == "write":
                one.store.write({**before, "n": 3})
            else:
                increment(one.store)
        assert one.store.read() == before == two.store.read()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert one.store.read() == before == two.store.read()
    increment(two.store)
    increment(one.store)
    proxy.accept()
    one.store.resync()
    assert in_postgres(dashboard) == {**before, "n": 4}


def test_a_reader_does_not_wait_for_a_block_on_the_copy(begin: Begin, proxy: Proxy) -> None:
    """Trap 14: it sees the old or the new world, and never an error."""
    one, two = begin(), begin()
    one.store.write({"n": 1})
    cut(proxy)
    with one.store.transaction() as held:
        held.write({"n": 2})
        assert two.store.read() == {"n": 1}
    assert two.store.read() == {"n": 2}


# --- hosts and operators ------------------------------------------------------------------------------------------------


def test_two_hosts_and_the_dashboard_on_one_database(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, store_db: str, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    a, b = begin(), begin(dsn=store_db, directory=tmp_path / "b")
    a.store.write({"a": 0, "b": 0, "both": 0})
    assert b.store.read() == {"a": 0, "b": 0, "both": 0}
    cut(proxy)
    increment(a.store, "a")
    increment(a.store, "both", 10)
    increment(b.store, "b")
    increment(b.store, "both", 20)
    dashboard_writes(dashboard, dash=1)
    proxy.accept()
    report = a.store.resync()
    [document] = report.documents
    assert document.verdict == "merged"
    assert [conflict.path for conflict in document.conflicts] == ["both"]
    found = in_postgres(dashboard)
    assert (found["a"], found["b"], found["dash"]) == (1, 1, 1)
    assert found["both"] in (10, 20)
    [kept] = [json.loads(path.read_text()) for path in Path(a.host.conflicts).iterdir()]
    assert {kept["conflicts"][0]["ours"], kept["conflicts"][0]["theirs"]} == {10, 20}
    assert (kept["kind"], kept["revision"], kept["resync"]) == ("state", document.revision, report.token)
    assert a.store.read() == b.store.read() == found
    data = [row[0] for row in dashboard.execute("SELECT data FROM json_store_revision WHERE kind = 'state'")]
    assert {"a": 1, "b": 0, "both": 10} in data


@pytest.mark.parametrize("kind", ["settings", "state"])
def test_the_operators_switch_there_and_back(begin: Begin, dashboard: psycopg.Connection, kind: str) -> None:
    one, two = begin(kind=kind), begin(kind=kind)
    one.store.write({"n": 1})
    one.host.to_filesystem("Planned work", "lead", lambda mode: None, 5)
    increment(two.store)
    assert (in_postgres(dashboard, kind), file_of(two)) == ({"n": 1}, {"n": 2})
    mode = two.host.mode()
    assert (mode.backend, mode.automatic, mode.reason, mode.who) == ("filesystem", False, "Planned work", "lead")
    report = one.store.resync(reason="Done", to_postgres=False)
    assert (report.applied, backend(one)) == (True, "filesystem")
    assert in_postgres(dashboard, kind) == {"n": 2}
    increment(two.store)
    assert one.store.resync(reason="Done").applied
    assert (in_postgres(dashboard, kind), backend(two)) == ({"n": 3}, "postgres")
    assert [record.to_backend for record in one.host.log.latest()][::-1] == [
        "postgres",
        "filesystem",
        "filesystem",
        "postgres",
    ]
    assert not os.listdir(one.host.journals) or os.listdir(one.host.journals) == ["done"]


def test_what_prepare_raises_leaves_the_host_where_it_is(begin: Begin) -> None:
    one = begin()
    one.store.write({"n": 1})

    def fails(mode: object) -> None:
        raise StoreError("No.")

    with pytest.raises(StoreError, match="No"):
        one.host.to_filesystem("Planned", "lead", fails, 5)
    mode = one.host.mode()
    assert (mode.backend, mode.phase, mode.epoch) == ("postgres", "", 1)
    increment(one.store)


def test_store_backend_set_to_filesystem_takes_the_files_as_they_are(
    begin: Begin, dashboard: psycopg.Connection, home: Path
) -> None:
    """The dashboard works on them then. Set back, what is in them comes to PostgreSQL."""
    one = begin()
    one.store.write({"n": 1, "m": 1})
    refresh(one)
    (home / "state.json").write_text('{"n": 1, "m": 1, "by": "dashboard"}')
    two = begin(start="filesystem")
    assert one.store.read() == {"n": 1, "m": 1, "by": "dashboard"} == two.store.read()
    increment(two.store)
    dashboard_writes(dashboard, other=1)
    three = begin(start="postgres")
    assert three.host.mode().automatic
    three.store.resync()
    assert in_postgres(dashboard) == {"n": 2, "m": 1, "by": "dashboard", "other": 1}


def test_a_host_that_begins_on_the_filesystem_needs_no_postgresql(begin: Begin, proxy: Proxy, home: Path) -> None:
    cut(proxy)
    one = begin(start="filesystem")
    assert one.store.read() == {}
    increment(one.store)
    assert (file_of(one), begin(start="filesystem").store.read()) == ({"n": 1}, {"n": 1})
    proxy.accept()
    report = one.store.resync()
    assert (report.stopped, one.store.read(), backend(one)) == ("", {"n": 1}, "postgres")


def test_both_documents_go_and_come_back_together(begin: Begin, proxy: Proxy, dashboard: psycopg.Connection) -> None:
    state, options = begin(), begin(kind="settings")
    state.store.write({"n": 1})
    options.store.write({"m": 1})
    cut(proxy)
    increment(state.store)
    assert backend(options) == "filesystem"
    increment(options.store, "m")
    proxy.accept()
    state.store.resync()
    assert (in_postgres(dashboard), in_postgres(dashboard, "settings")) == ({"n": 2}, {"m": 2})


def test_a_document_whose_place_was_forgotten_is_not_left_behind(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, home: Path
) -> None:
    state, options = begin(), begin(kind="settings")
    state.store.write({"n": 1})
    options.store.write({"m": 1})
    cut(proxy)
    increment(state.store)
    increment(options.store, "m")
    proxy.accept()
    (home / "documents").write_text('{"state": "%s"}' % (home / "state.json"))
    with pytest.raises(StoreError, match="settings"):
        state.store.resync()
    assert backend(state) == "filesystem"
    begin(kind="settings").store.resync()
    assert (in_postgres(dashboard), in_postgres(dashboard, "settings")) == ({"n": 2}, {"m": 2})


def test_a_clock_that_steps_back_changes_nothing(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 4: time does not order writes."""
    one = begin()
    one.store.write({"n": 1})
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 86400 * 365)
    increment(one.store)
    cut(proxy)
    increment(one.store)
    known = one.host.known("state").latest()
    assert known is not None
    assert decode(known.text) == {"n": 2}
    proxy.accept()
    one.store.resync()
    assert in_postgres(dashboard) == {"n": 3}


def test_status_tells_mode_and_known(begin: Begin, proxy: Proxy) -> None:
    one = begin()
    one.store.write({"n": 1})
    status = one.store.status()
    assert (status.backend, status.available, status.detail["known"]["revision"]) == ("postgres", True, 2)
    cut(proxy)
    one.store.read()
    status = one.store.status()
    assert (status.backend, status.available, status.detail["mode"]["automatic"]) == ("filesystem", True, True)
    assert "password" not in str(status.as_dict())


def test_known_is_what_postgresql_said(begin: Begin, dashboard: psycopg.Connection) -> None:
    one = begin()
    one.store.write({"n": 1})
    dashboard_writes(dashboard, m=2)
    one.store.read()
    known = Known(one.host.known("state").path).latest()
    assert known is not None
    assert (known.revision, decode(known.text)) == (3, {"n": 1, "m": 2})


def test_a_reader_does_not_wait_for_who_has_not_begun_the_journal(begin: Begin, proxy: Proxy) -> None:
    """The first read of an epoch, while another process has the document and has not noted the base yet."""
    one, two = begin(), begin()
    one.store.write({"n": 1})
    proxy.refuse()
    proxy.cut()
    one.host.fail_over(one.host.mode(), "tried", "test")
    with one.store.fallback.hold():
        assert two.store.read() == {"n": 1}
    assert not two.host.journal("state", two.host.mode().epoch).segments()
