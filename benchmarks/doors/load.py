"""One process of the load, until it is ended: `python -m benchmarks.doors.load write|read`."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime

import django
import psycopg

SLOW = (
    "SELECT count(*) FROM state_history AS a, state_history AS b WHERE a.temperature > b.temperature",
    "SELECT sum(n::numeric * n) FROM generate_series(1, 500000) AS n",
    "SELECT avg(temperature) FROM state_history WHERE extract(hour FROM timestamp) = 14",
)


def write() -> None:
    """The dashboard at work, only faster: a count under the store's lock, and a reading."""
    from stores import get_history, get_store

    state, history = get_store("state"), get_history()
    say_begun()
    while True:
        with state.transaction() as inside:
            found = inside.read()
            found["api_requests_total"] = int(found.get("api_requests_total") or 0) + 1
            found["last_tick"] = datetime.now(UTC).isoformat()
            inside.write(found)
        history.record({**found, "last_temperature": 21.5, "last_humidity": 50})
        time.sleep(0.05)


def read() -> None:
    """Statements that take longer than they should."""
    from stores.registry import store_dsn

    with psycopg.connect(store_dsn(), autocommit=True, application_name="slow report") as connection:
        say_begun()
        while True:
            for sql in SLOW:
                connection.execute(sql.encode())
                time.sleep(0.2)


def say_begun() -> None:
    print("begun", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
    django.setup()
    {"write": write, "read": read}[sys.argv[1]]()
