"""Samples of a real PostgreSQL: what is counted once, whatever happens between two looks."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connections
from django.utils import timezone

from opsadmin.core.errors import OperationFailed
from opsadmin.models import Mark, Sample, SampledCounters, SampledStatement
from opsadmin.workload import keeping, marks, sampler
from opsadmin.workload.cells import cells_of
from opsadmin.workload.coverage_said import sentences
from opsadmin.workload.metrics import _metrics, register_metric
from opsadmin.workload.sampler import Outcome, next_look, sample, sample_all
from opsadmin.workload.standing import Standing
from opsadmin.workload.sums import StatementSums
from opsadmin.workload.trends import top_between
from opsadmin.workload.windows import coverage
from stores.engine import breaker
from switchbot_site.local.cluster import SUPERUSER, Cluster
from tests.fixtures.postgres import flush_statistics
from tests.opsadmin.pages.counted import point_at
from tests.opsadmin.workload.conftest import APP, BARE, alias_at

pytestmark = pytest.mark.django_db(databases=["default", "store"])

COUNT = "SELECT count(*) FROM orders"


def figures(level: str = "day") -> dict[str, float]:
    """The sums of all samples of that width, by name."""
    found: dict[str, float] = {}
    for row in Sample.objects.filter(kind="metrics", level=level):
        for name, cell in cells_of(row.data).items():
            found[name] = found.get(name, 0.0) + cell.sum
    return found


def statements(level: str = "day") -> dict[str, float]:
    """Calls of each statement by its text."""
    found: dict[str, float] = {}
    texts = dict(SampledStatement.objects.values_list("queryid", "text"))
    for row in Sample.objects.filter(kind="statements", level=level):
        for (queryid, _role), sums in StatementSums.of_data(row.data).by.items():
            found[texts[queryid]] = found.get(texts[queryid], 0.0) + sums.calls
    return found


def flush(session: psycopg.Connection) -> None:
    """What the session did is counted in pg_stat_database now; the question itself is marked as ours."""
    flush_statistics(session, "/* opsadmin */")


def count(session: psycopg.Connection, times: int) -> None:
    for _ in range(times):
        session.execute(COUNT)


def test_counts_what_came_between_two_looks(workload: psycopg.Connection) -> None:
    count(workload, 1)
    workload.execute("ANALYZE orders")  # sizes are those that it saw
    flush(workload)
    first = sample("store")
    assert first.outcome is Outcome.FIRST
    count(workload, 7)
    workload.execute("UPDATE orders SET note = 'secret'")
    flush(workload)
    second = sample("store")
    assert second.outcome is Outcome.LOOKED, second
    assert second.calls == 8
    assert second.statements_sent <= 9  # with BEGIN, the settings, a savepoint and COMMIT
    for level in ("minutes", "hour", "day"):
        assert statements(level) == {COUNT: 7, "UPDATE orders SET note = $1": 1}
        assert figures(level)["up"] == 2
    found = figures()
    assert found["rows_written"] == 1000
    assert found["size_bytes"] > 2e6
    assert found["wal_bytes"] > 0
    assert found["p95_ms"] > 0
    assert found["connections_share"] > 0
    third = sample("store")
    assert third.calls == 0
    assert statements() == {COUNT: 7, "UPDATE orders SET note = $1": 1}
    (sizes,) = Sample.objects.filter(kind="tables", level="hour")
    assert ["public", "orders"] in [one[:2] for one in sizes.data["tables"]]


def test_a_reset_loses_nothing_after_it_and_is_marked(workload: psycopg.Connection) -> None:
    count(workload, 50)
    sample("store")
    count(workload, 9)
    flush(workload)
    # Marked as ours: unmarked, it is counted itself, but not always.
    workload.execute(
        "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database() /* opsadmin */"
    )
    workload.execute("SELECT pg_stat_reset() /* opsadmin */")
    count(workload, 3)
    flush(workload)
    found = sample("store")
    assert found.calls == 3
    assert statements()[COUNT] == 3
    assert 0 < figures()["transactions"] < 50
    (mark,) = Mark.objects.all()
    assert mark.kind == "reset"
    sample("store")
    assert Mark.objects.count() == 1


def test_statements_of_several_roles_are_one_and_can_be_told_apart(workload: psycopg.Connection) -> None:
    sample("store")
    count(workload, 2)
    workload.execute(f"SET ROLE {APP}")
    count(workload, 5)
    workload.execute("RESET ROLE")
    sample("store")
    end = timezone.now() + timedelta(seconds=1)
    (one,) = [each for each in top_between("store", end - timedelta(hours=1), end) if each.sql == COUNT]
    assert (one.calls, one.roles) == (7, ("postgres", APP))
    mine = top_between("store", end - timedelta(hours=1), end, role=APP, sort_by="calls")[0]
    assert mine.calls == 5


def test_a_role_that_sees_little_counts_what_it_sees(workload_dsn: str, workload: psycopg.Connection) -> None:
    count(workload, 30)
    with alias_at(psycopg.conninfo.make_conninfo(workload_dsn, user=BARE)):
        assert sample("store").outcome is Outcome.FIRST
        count(workload, 4)
        found = sample("store")
        assert found.outcome is Outcome.LOOKED
        assert found.calls == 0  # another role's are hidden
    assert figures()["up"] == 2
    # Seen for the first time: since when they were counted is not known, so they are not.
    assert sample("store").calls == 0
    count(workload, 2)
    assert sample("store").calls == 2


def test_a_database_without_pg_stat_statements_has_its_other_figures(superuser_dsn: str) -> None:
    name = f"bare_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        with alias_at(psycopg.conninfo.make_conninfo(superuser_dsn, dbname=name)):
            sample("store")
            found = sample("store")
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert found.outcome is Outcome.LOOKED
    assert found.calls is None
    assert "pg_stat_statements" in found.message
    assert figures()["size_bytes"] > 0
    assert "calls" not in figures()


def test_who_was_overtaken_writes_nothing(workload: psycopg.Connection) -> None:
    sample("store")
    stood = keeping.before("store")
    count(workload, 6)
    assert sample("store").calls == 6
    assert stood.standing is not None
    written = keeping.keep("store", stood.version, timezone.now(), keeping.Figures({}), stood.standing)
    assert not written
    assert keeping.before("store").version == stood.version + 1
    assert sample("store").calls == 0


def test_a_look_is_written_as_a_whole_or_not_at_all(workload: psycopg.Connection, monkeypatch) -> None:
    sample("store")
    count(workload, 5)
    before = (figures(), statements(), keeping.before("store"))

    def dies(*given: object) -> None:
        raise KeyboardInterrupt

    # The last thing of the transaction: its process ends there.
    monkeypatch.setattr(marks, "end", dies)
    with pytest.raises(KeyboardInterrupt):
        sample("store")
    monkeypatch.undo()
    assert (figures(), statements(), keeping.before("store")) == before
    assert sample("store").calls == 5


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_many_at_once_count_each_call_once(workload: psycopg.Connection, workload_dsn: str) -> None:
    sample("store")
    together = threading.Barrier(4)
    outcomes: list[Outcome] = []

    def looks() -> None:
        with alias_at(workload_dsn):
            for _ in range(4):
                together.wait(20)
                outcomes.append(sample("store").outcome)
        connections.close_all()

    threads = [threading.Thread(target=looks) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        count(workload, 5)
    for thread in threads:
        thread.join(30)
    count(workload, 1)
    sample("store")
    assert len(outcomes) == 16
    assert set(outcomes) <= {Outcome.LOOKED, Outcome.OVERTAKEN}
    for level in ("minutes", "hour", "day"):
        assert statements(level) == {COUNT: 201}
    assert keeping.before("store").version == 2 + outcomes.count(Outcome.LOOKED)


def test_survives_a_restart_a_crash_and_an_outage(new_postgres: Cluster, pg_stat_statements: None) -> None:
    dsn = new_postgres.dsn("store", user=SUPERUSER)

    def work(times: int) -> None:
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as session:
            session.execute("CREATE TABLE IF NOT EXISTS orders (id int)")
            count(session, times)
            flush(session)

    with alias_at(dsn):
        work(20)
        sample("store")
        work(3)
        new_postgres.stop()
        new_postgres.start()
        work(4)
        found = sample("store")
        assert found.outcome is Outcome.LOOKED
        assert statements() == {COUNT: 7, "CREATE TABLE IF NOT EXISTS orders (id int)": 2}
        assert [(one.kind, one.text) for one in Mark.objects.all()] == [("restart", "PostgreSQL started.")]

        work(6)
        new_postgres.stop("immediate")
        silent = sample("store")
        assert silent.outcome is Outcome.SILENT
        assert "not answer" in silent.message or "refused" in silent.message
        assert sample("store").outcome is Outcome.SILENT
        (outage,) = marks.marks("store", timezone.now() - timedelta(hours=1), timezone.now(), ["outage"])
        assert outage.goes_on
        new_postgres.start()
        breaker.forget()
        work(2)
        found = sample("store")
        assert found.outcome is Outcome.LOOKED
        # PostgreSQL kept these through that, and lost its other counters: of those only what came after is told.
        assert statements()[COUNT] == 15
        assert 0 < figures()["transactions"] < 100
        assert cells_of(Sample.objects.get(kind="metrics", level="day").data)["up"].weight == 5
        (outage,) = marks.marks("store", timezone.now() - timedelta(hours=1), timezone.now(), ["outage"])
        assert not outage.goes_on
        assert Mark.objects.filter(kind="restart").latest("at").text == "PostgreSQL started; its counters were lost."


def standing(*, sleeps: bool, idle_for: float | None = None) -> Standing:
    now = timezone.now()
    return Standing(clock=now, seen_at=now, system="1.1", started_at=now, sleeps=sleeps, idle_for=idle_for)


def test_a_sleeping_host_is_left_alone_while_nobody_is_at_work(settings) -> None:
    now = timezone.now()

    def due(sleeps: bool, idle_for: float | None) -> timedelta | None:
        turn = next_look("store", keeping.Before(1, standing(sleeps=sleeps, idle_for=idle_for), now))
        return None if turn is None else turn - now

    assert due(False, None) is None
    assert due(True, 10) is None
    assert due(True, 300) == timedelta(hours=1)
    assert due(True, None) == timedelta(hours=1)
    settings.OPSADMIN = {**settings.OPSADMIN, "SAMPLER": {"QUIET_SECONDS": 86400}}
    assert due(True, 300) == timedelta(days=1)
    settings.OPSADMIN = {**settings.OPSADMIN, "KEEP_AWAKE": True}
    assert due(True, 300) is None


def test_the_schedule_waits_and_somebody_who_looks_does_not(workload: psycopg.Connection) -> None:
    workload.execute("ALTER DATABASE " + workload.info.dbname + " SET neon.branch_id = 'br-cool-1'")
    try:
        connections["store"].close()
        assert sample("store").outcome is Outcome.FIRST
        stood = keeping.before("store").standing
        assert stood is not None
        assert stood.sleeps
        SampledCounters.objects.update(data=standing(sleeps=True, idle_for=900).packed())
        waited = sample("store", scheduled=True)
        assert waited.outcome is Outcome.WAITED
        assert waited.statements_sent == 0
        assert waited.next_at is not None
        assert sample("store").outcome is Outcome.LOOKED
    finally:
        workload.execute("ALTER DATABASE " + workload.info.dbname + " RESET neon.branch_id")
        connections["store"].close()


def test_metrics_of_apps_are_kept_and_one_that_fails_is_left_out(workload: psycopg.Connection) -> None:
    def fails(database: str) -> float:
        raise ZeroDivisionError

    register_metric("shop.orders", "Orders", "", lambda database: 12.5)
    register_metric("shop.broken", "Broken", "", fails)
    register_metric("shop.unknown", "Unknown", "", lambda database: float("nan"))
    try:
        sample("store")
        assert figures()["shop.orders"] == 12.5
        assert not {"shop.broken", "shop.unknown"} & set(figures())
        # The store's own are there by themselves.
        assert "store.on_copies" in figures()
        with pytest.raises(ValueError, match="two metrics"):
            register_metric("up", "Up", "", fails)
    finally:
        for name in ("shop.orders", "shop.broken", "shop.unknown"):
            del _metrics[name]


def test_a_statement_that_is_refused_is_no_outage(workload: psycopg.Connection, monkeypatch) -> None:
    sample("store")
    monkeypatch.setattr(sampler, "STATEMENT_MS", 1)
    monkeypatch.setattr("opsadmin.workload.look._counters", lambda version: "SELECT pg_sleep(10)")
    found = sample("store")
    assert found.outcome is Outcome.FAILED
    assert "timeout" in found.message
    assert not Mark.objects.exists()
    assert figures()["up"] == 2
    monkeypatch.undo()
    assert sample("store").outcome is Outcome.LOOKED


def test_the_schedule_looks_at_every_alias_and_marks_a_deploy(
    workload: psycopg.Connection, settings, monkeypatch
) -> None:
    settings.OPSADMIN = {**settings.OPSADMIN, "DEPLOY": "3f2a91bc77aa00112233"}
    assert sample_all().startswith("1 database looked at.")
    sample_all()
    (mark,) = Mark.objects.all()
    assert (mark.kind, mark.database, mark.text) == ("deploy", "", "3f2a91bc77aa")
    settings.OPSADMIN = {**settings.OPSADMIN, "DEPLOY": "77ab01ce"}
    monkeypatch.setattr(marks, "_BEGUN", timezone.now())
    sample_all()
    monkeypatch.setattr(marks, "_BEGUN", mark.at)
    settings.OPSADMIN = {**settings.OPSADMIN, "DEPLOY": "3f2a91bc77aa00112233"}
    sample_all()  # the old process, once more
    assert [one.text for one in Mark.objects.all()] == ["3f2a91bc77aa", "77ab01ce"]


def test_a_site_database_that_refuses_is_told_in_a_sentence(workload: psycopg.Connection, monkeypatch) -> None:
    def refuses(*given: object) -> None:
        from django.db import OperationalError

        raise OperationalError("disk I/O error")

    monkeypatch.setattr(keeping, "_add", refuses)
    monkeypatch.setattr("opsadmin.jobs.patiently.PAUSES", ())
    with pytest.raises(OperationFailed, match="samples are kept there"):
        sample("store")
    assert not Mark.objects.exists()


def test_a_time_of_the_past_is_a_mark_of_its_own() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    for _ in range(2):
        marks.note_mark("store", "incident", "Slow   \n queries", at=at)
    marks.note_mark("store", "incident", "Slow queries", at=at, until=at + timedelta(hours=1))
    (one,) = marks.marks("store", at + timedelta(minutes=30), at + timedelta(days=1))
    assert (one.text, one.until, one.goes_on) == ("Slow queries", at + timedelta(hours=1), False)
    assert marks.marks("store", at + timedelta(hours=2), at + timedelta(days=1)) == []
    with pytest.raises(ValueError, match="party"):
        marks.note_mark("store", "party", "x")


def test_sessions_that_wait_for_a_lock_are_told_beside_the_times(workload: psycopg.Connection) -> None:
    sample("store")
    now = timezone.now()
    (said,) = [one for one in sentences(coverage("store", now - timedelta(hours=1), timezone.now())) if "locks" in one]
    assert said.endswith("No look found a session waiting; what is over between two looks is not seen.")
    with psycopg.connect(workload.info.dsn) as holder, psycopg.connect(workload.info.dsn) as waiter:
        holder.execute("LOCK TABLE orders")
        blocked = threading.Thread(target=lambda: waiter.execute(COUNT))
        blocked.start()
        until = time.monotonic() + 30
        asked = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock' /* opsadmin */"
        while not workload.execute(asked, [waiter.info.backend_pid]).fetchall():
            assert time.monotonic() < until
            time.sleep(0.02)
        sample("store")
        holder.rollback()
        blocked.join(30)
    covered = coverage("store", now - timedelta(hours=1), timezone.now())
    assert covered.waiting == 1
    assert "At a look 1 session was waiting for one" in " ".join(sentences(covered))


def test_what_this_site_does_itself_is_nobody_at_work(new_postgres, monkeypatch) -> None:
    """Its sessions have the look's own name only while they look: idle ones have that of the alias."""
    dsn = new_postgres.dsn("postgres")
    own = str(connections["store"].settings_dict["OPTIONS"].get("application_name"))
    assert own
    point_at(monkeypatch, f"{dsn} application_name={own}")

    def idle_for() -> float | None:
        connections["store"].close()
        sample("store")
        stood = keeping.before("store").standing
        assert stood is not None
        return stood.idle_for

    with psycopg.connect(dsn, autocommit=True, application_name=own) as session:
        session.execute("SELECT 1")
        assert idle_for() is None
        with psycopg.connect(dsn, autocommit=True, application_name="the dashboard") as other:
            other.execute("SELECT 1")
            found = idle_for()
            assert found is not None
            assert 0 <= found < 60
    connections["store"].close()
