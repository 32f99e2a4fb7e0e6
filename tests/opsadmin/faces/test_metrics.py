"""The door for Prometheus: what a scraper reads, how often it costs the database anything, and what it reads in an outage."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

pytest.importorskip("prometheus_client")
from django.test import Client
from prometheus_client import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain_text
from psycopg import sql

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.finding import CheckResult, Finding, HealthReport, Status, Unavailable
from opsadmin.faces import metrics as door
from opsadmin.faces import metrics_reading
from opsadmin.faces.metrics_collector import registry_of
from opsadmin.faces.metrics_reading import QUESTION, Reading, Readings
from opsadmin.faces.tokens import issue
from tests.fixtures.outage import outage  # noqa: F401
from tests.opsadmin.faces.people import person

USE, LOOK = "opsadmin.use_api", "opsadmin.view_database"
Samples = dict[tuple[str, ...], float]

on_databases = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture(autouse=True)
def _fresh(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(door, "_readings", Readings())


@pytest.fixture
def secret(db: None) -> str:
    return issue(person("prometheus", USE, LOOK), "scraper")[1]


def scrape(secret: str, method: str = "get", path: str = "/metrics/", **headers: str) -> Any:
    return getattr(Client(enforce_csrf_checks=True), method)(
        path, headers={"Authorization": f"Bearer {secret}", **headers}
    )


def samples_of(text: str, parser: Any = plain_text) -> Samples:
    return {
        (
            sample.name.removeprefix("opsadmin_"),
            *(
                sample.labels[name]
                for name in ("database", "area", "check", "state", "severity")
                if name in sample.labels
            ),
        ): sample.value
        for family in parser(text)
        for sample in family.samples
    }


def report(*results: CheckResult, **more: Any) -> HealthReport:
    return HealthReport(tuple(results), "store, PostgreSQL 15", datetime.now(UTC) - timedelta(seconds=30), 1500, **more)


def finding(severity: Status, *objects: str) -> Finding:
    return Finding("index.unused", "index", severity, "public.a", "Unused.", objects=objects)


# --- what is read ----------------------------------------------------------------------------------------------------


@on_databases
def test_a_scrape_of_a_real_server(secret):
    with psycopg.connect(os.environ["POSTGRES_URL"]) as held:
        held.execute("SELECT 1")  # its transaction stays open
        answer = scrape(secret)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    found = samples_of(answer.content.decode())
    assert found["up", "store"] == 1
    assert found["connections_max", "store"] == 200
    assert found["connections", "store", "active"] >= 1
    assert found["connections", "store", "idle in transaction"] >= 1
    assert 0 < found["oldest_transaction_age_seconds", "store"] < 600
    assert found["transaction_id_age", "store"] > 0
    assert found["multixact_id_age", "store"] >= 0
    assert found["database_size_estimate_bytes", "store"] > 1_000_000
    assert found["report_up", "store"] == 1
    assert 0 <= found["report_age_seconds", "store"] < 60
    assert 0 < found["report_duration_seconds", "store"] < 60
    assert 0 <= found["health_score", "store"] <= 100
    statuses = [value for key, value in found.items() if key[0] in ("health_status", "check_status")]
    assert statuses
    assert set(statuses) <= {0, 1, 2, 3}


@on_databases
@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_openmetrics_where_the_scraper_wants_it(secret, path):
    answer = scrape(secret, path=path, Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert samples_of(answer.content.decode(), openmetrics)["up", "store"] == 1


@on_databases
def test_postgresql_down(secret, outage):  # noqa: F811
    outage.down()
    begun = time.monotonic()
    answer = scrape(secret)
    assert answer.status_code == 200
    assert time.monotonic() - begun < 10
    found = samples_of(answer.content.decode())
    assert found["up", "store"] == 0
    assert found["health_status", "store", "connection"] == Status.CRITICAL.rank
    assert not any(key[0] in ("connections", "transaction_id_age") for key in found)
    outage.back()


def test_a_role_that_may_not_look_at_others(superuser_dsn):
    role = f"metrics_bare_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        try:
            with psycopg.connect(superuser_dsn) as held:
                held.execute("SELECT 1")
                with psycopg.connect(psycopg.conninfo.make_conninfo(superuser_dsn, user=role)) as bare:
                    connections, most, oldest, xid, multixact, size = bare.execute(QUESTION).fetchone()
        finally:
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
    assert json.loads(connections)["active"] == 1
    assert json.loads(connections)["hidden"] >= 2
    assert oldest is None
    assert most == 200
    assert xid > 0
    assert multixact >= 0
    assert size > 0


def test_the_gauges_of_a_report():
    findings = (finding(Status.WARNING, "public.a", "public.b"), finding(Status.WARNING), finding(Status.CRITICAL))
    unused = CheckResult("index.unused", "index", "Unused", Status.CRITICAL, findings)
    fine = CheckResult("index.invalid", "index", "Invalid", Status.OK, examined="3 indexes")
    blind = CheckResult("buffer.hits", "buffer", "Hits", Status.UNKNOWN, unavailable=Unavailable("No privilege."))
    seen = Reading(
        "store", report(unused, fine, blind), {"connections": {"idle": 2, "hidden": 3}, "connections_max": 9}
    )
    found = samples_of(generate_latest(registry_of([seen, Reading('odd "name"\n', None, None)])).decode())
    assert found["findings", "store", "index.unused", "warning"] == 3
    assert found["findings", "store", "index.unused", "critical"] == 1
    assert found["findings", "store", "index.invalid", "warning"] == 0
    assert found["check_status", "store", "index.unused"] == 3
    assert found["check_status", "store", "index.invalid"] == 0
    assert found["health_status", "store", "index"] == 3
    assert found["health_status", "store", "buffer"] == 1
    assert found["health_score", "store"] == 49
    assert found["report_duration_seconds", "store"] == 1.5
    assert 29 < found["report_age_seconds", "store"] < 60
    assert found["connections", "store", "active"] == 0
    assert found["connections", "store", "hidden"] == 3
    assert found["oldest_transaction_age_seconds", "store"] == 0
    assert found["up", 'odd "name"\n'] == 0
    assert found["report_up", 'odd "name"\n'] == 0


@on_databases
@pytest.mark.parametrize("failure", [OperationError("wrong"), OperationFailed("not done"), RuntimeError("a fault")])
def test_a_report_that_cannot_be_had(monkeypatch, failure):
    def perform(*args: Any) -> None:
        raise failure

    monkeypatch.setattr(metrics_reading, "perform", perform)
    reading = metrics_reading.read("store")
    assert reading.up
    assert reading.report is None


@on_databases
def test_a_database_that_there_is_not(secret, settings):
    settings.OPSADMIN = {**settings.OPSADMIN, "METRICS_DATABASES": ["store", "stroe"]}
    answer = scrape(secret)
    assert answer.status_code == 500
    assert "'stroe'; it must be one of store" in answer.json()["error"]["message"]


# --- who may read it -------------------------------------------------------------------------------------------------


@pytest.mark.django_db(databases=["default"])
class TestWhoMay:
    def test_a_token_is_needed(self):
        answer = scrape("ops_wrong")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_the_permission_to_look_is_needed(self):
        answer = scrape(issue(person("anna", USE), "scraper")[1])
        assert answer.status_code == 403
        assert LOOK in answer.json()["error"]["message"]

    @pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
    def test_only_get(self, secret, method):
        answer = scrape(secret, method)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"

    def test_without_the_extra(self, secret, monkeypatch):
        monkeypatch.setattr(door, "find_spec", lambda name: None)
        answer = scrape(secret)
        assert answer.status_code == 501
        assert "pip install" in answer.json()["error"]["message"]
        with pytest.raises(OperationError, match="pip install"):
            door.run_metrics()


# --- how often the database is asked ---------------------------------------------------------------------------------


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Reader:
    """Stands in for the look at a database: counts, and may be held up."""

    def __init__(self) -> None:
        self.count = 0
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, database: str) -> Reading:
        self.count += 1
        self.entered.set()
        assert self.go_on.wait(20)
        return Reading(database, None, {"number": self.count})


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Reader]:
    found = Reader()
    monkeypatch.setattr(metrics_reading, "read", found)
    settings.OPSADMIN = {"METRICS_DATABASES": ["store"], "METRICS_SECONDS": 60}
    yield found
    found.go_on.set()


def test_one_reading_serves_for_a_while(reader):
    clock = Clock()
    readings = Readings(clock)
    assert [readings.latest() for _ in range(3)] == [readings.latest()] * 3
    assert reader.count == 1
    clock.now += 59
    readings.latest()
    assert reader.count == 1
    clock.now += 2
    assert readings.latest()[0].figures == {"number": 2}


def test_many_scrapers_at_once_are_one_reading(reader):
    readings = Readings()
    reader.go_on.clear()
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(readings.latest())) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert reader.entered.wait(20)
    reader.go_on.set()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 8
    assert reader.count == 1


def test_while_another_reads_the_former_reading_serves_unless_it_is_old(reader):
    clock = Clock()
    readings = Readings(clock)
    first = readings.latest()
    clock.now += 61
    reader.entered.clear()
    reader.go_on.clear()
    slow = threading.Thread(target=readings.latest)
    slow.start()
    assert reader.entered.wait(20)
    assert readings.latest() is first
    clock.now += 60 * metrics_reading.STALE_SPANS
    late: list[Any] = []
    waiting = threading.Thread(target=lambda: late.append(readings.latest()))
    waiting.start()
    reader.go_on.set()
    slow.join(20)
    waiting.join(20)
    assert late[0][0].figures == {"number": 2}


def test_a_reading_that_fails_does_not_block_the_next(reader, monkeypatch):
    readings = Readings()
    with monkeypatch.context() as broken:
        broken.setattr(metrics_reading, "databases", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            readings.latest()
    assert readings.latest()[0].up


# --- as a file -------------------------------------------------------------------------------------------------------


@on_databases
def test_the_same_on_the_command_line(capsys, tmp_path):
    assert door.run_metrics() == 0
    assert samples_of(capsys.readouterr().out)["up", "store"] == 1
    path = tmp_path / "opsadmin.prom"
    assert door.run_metrics(["--output", str(path)]) == 0
    assert samples_of(path.read_text())["up", "store"] == 1
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR
    assert [one.name for one in tmp_path.iterdir()] == ["opsadmin.prom"]


@on_databases
def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(OperationFailed, match="could not be written: No such file"):
        door.run_metrics(["--output", str(tmp_path / "none" / "opsadmin.prom")])
