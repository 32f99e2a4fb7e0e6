"""The dashboard's own statements on an adopted database, as a role that is no superuser."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.schema.conftest import adopt_at, look_at, rows, run
from tests.schema.starting_points import DASHBOARD, DOCUMENTS

READ = "SELECT data FROM json_store WHERE kind = %s"
LOCK = "SELECT data FROM json_store WHERE kind = %s FOR UPDATE"
UPSERT = (
    "INSERT INTO json_store (kind, data, updated_at) VALUES (%s, %s, NOW()) "
    "ON CONFLICT (kind) DO UPDATE SET data = EXCLUDED.data, updated_at = NOW()"
)
HISTORY = (
    "INSERT INTO state_history (timestamp, temperature, humidity, assumed_aircon_power, last_action, "
    "api_requests_today, error_count, last_temperature_stale, timezone, metadata) VALUES "
)
BUCKETS = {
    "minute": "date_trunc('minute', timestamp)",
    "5min": "date_trunc('hour', timestamp) + floor(extract(minute FROM timestamp) / 5) * interval '5 minutes'",
    "15min": "date_trunc('hour', timestamp) + floor(extract(minute FROM timestamp) / 15) * interval '15 minutes'",
    "hour": "date_trunc('hour', timestamp)",
    "day": "date_trunc('day', timestamp)",
}
GROUPED = """
SELECT {bucket} AS bucket, AVG(temperature), AVG(humidity),
       MODE() WITHIN GROUP (ORDER BY assumed_aircon_power), MODE() WITHIN GROUP (ORDER BY last_action),
       MAX(api_requests_today), SUM(error_count), BOOL_OR(last_temperature_stale)
FROM state_history WHERE timestamp >= %s AND timestamp < %s GROUP BY bucket ORDER BY bucket
"""
PRUNE = "DELETE FROM state_history WHERE timestamp < NOW() - INTERVAL '24 hours'"


@pytest.fixture(params=["the dashboard made the tables", "the site made them"])
def adopted(request, home, roles):
    """Addresses per role, after adoption by the site's role."""
    if request.param == "the dashboard made the tables":
        run(home["dashboard"], DASHBOARD)
        run(home["super"], f"GRANT {roles['dashboard']} TO {roles['site']}")
    else:
        run(home["super"], f"GRANT {roles['site']} TO {roles['dashboard']}")
    assert adopt_at(home["site"], dashboard_role=roles["dashboard"]).undecided == ()
    return home


def objects(dsn):
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()


def test_its_start_makes_nothing_new(adopted):
    before = objects(adopted["super"]), look_at(adopted["super"])
    run(adopted["dashboard"], DASHBOARD)
    assert (objects(adopted["super"]), look_at(adopted["super"])) == before


def test_its_documents(adopted):
    with psycopg.connect(adopted["dashboard"]) as connection:
        assert connection.execute(READ, ["settings"]).fetchone() == ({},)
        for number in range(3):
            (data,) = connection.execute(LOCK, ["state"]).fetchone()
            connection.execute(UPSERT, ["state", Jsonb({**data, f"tick{number}": number})])
            connection.commit()
        connection.execute(UPSERT, ["quota", Jsonb({"a": 1})])
        connection.execute("DELETE FROM json_store WHERE kind = 'quota'")
        connection.execute(UPSERT, ["quota", Jsonb({"a": 2})])
    found = rows(adopted["super"])
    assert {r["kind"]: r["data"] for r in found["json_store"]} == {
        "settings": {}, "state": {"tick0": 0, "tick1": 1, "tick2": 2}, "quota": {"a": 2},
    }  # fmt: skip
    assert [r["revision"] for r in found["json_store_revision"] if r["kind"] == "state"] == [1, 2, 3, 4]
    assert [r["data"] for r in found["json_store_revision"] if r["kind"] == "quota"] == [{"a": 1}, {"a": 2}]


def test_its_history(adopted):
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
    readings = [
        (start + timedelta(minutes=10 * n), 20 + n / 10, None, "on" if n % 3 else "off", "x" * 255, n, 0, n == 5,
         "Europe/Paris", json.dumps({"last_tick": n}))
        for n in range(190)
    ]  # fmt: skip
    row = "(" + ", ".join(["%s"] * 10) + ")"
    with psycopg.connect(adopted["dashboard"]) as connection:
        connection.execute(HISTORY + ", ".join([row] * len(readings)), [v for reading in readings for v in reading])
        for bucket, size in (("minute", 24), ("5min", 24), ("15min", 16), ("hour", 4), ("day", None)):
            found = connection.execute(
                GROUPED.format(bucket=BUCKETS[bucket]), [start, start + timedelta(hours=4)]
            ).fetchall()
            assert size is None or len(found) == size
            assert max(r[5] for r in found) == 23
            assert [r[7] for r in found].count(True) == 1
        assert {r[3] for r in found} == {"on"}
        pruned = connection.execute(PRUNE).rowcount
    # 30 hours ago, one every 10 minutes; what is older than 24 hours goes
    assert 36 <= pruned <= 43
    assert len(rows(adopted["super"])["state_history"]) == 190 - pruned


def test_racing_first_writers_lose_nothing(adopted):
    each, failures = 40, []
    barrier = threading.Barrier(2)

    def count():
        try:
            with psycopg.connect(adopted["dashboard"]) as connection:
                barrier.wait(10)
                for _ in range(each):
                    (data,) = connection.execute(LOCK, ["state"]).fetchone()
                    connection.execute(UPSERT, ["state", Jsonb({"count": data.get("count", 0) + 1})])
                    connection.commit()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    found = rows(adopted["super"])
    assert next(r for r in found["json_store"] if r["kind"] == "state")["data"] == {"count": 2 * each}
    assert next(r for r in found["json_store"] if r["kind"] == "state")["revision"] == 2 * each + 1


def test_a_mere_grantee_can_write_documents(home, roles):
    run(home["dashboard"], DASHBOARD + DOCUMENTS)
    run(home["super"], f"GRANT {roles['dashboard']} TO {roles['site']}")
    adopt_at(home["site"])
    run(home["dashboard"], f"GRANT SELECT, INSERT, UPDATE ON json_store TO {roles['bare']}")
    with psycopg.connect(home["bare"], application_name="elsewhere") as connection:
        connection.execute(UPSERT, ["settings", Jsonb({"mode": "summer"})])
    newest = max(
        (r for r in rows(home["super"])["json_store_revision"] if r["kind"] == "settings"), key=lambda r: r["revision"]
    )
    assert (newest["data"], newest["writer"]) == ({"mode": "summer"}, f"elsewhere as {roles['bare']}")
