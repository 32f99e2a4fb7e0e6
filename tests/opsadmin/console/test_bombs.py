"""What never ends, or is larger than anybody can hold, ends in time and leaves the process small."""

from __future__ import annotations

import json
import subprocess
import sys

import psycopg
import pytest

from opsadmin.console.session import APPLICATION_NAME
from switchbot_site.local.cluster import SUPERUSER
from tests.opsadmin.console.corpus import cases

#: The promise to whoever waits, and to the process that serves others meanwhile.
SECONDS = 7
MEGABYTES = 64
QUICK = (
    "recursive",
    "series_in_the_list",
    "large_cells",
    "large_array",
    "deep_json",
    "many_small_cells",
    "regular_expression_large",
    "views_upon_views",
    "joins",
    "parentheses",
    "operators",
    "long",
)


def ends_of(shop, seconds: float, statement_ms: int, *names: str) -> dict[str, dict[str, object]]:
    command = [sys.executable, "-m", "tests.opsadmin.console.bombs", str(shop.cluster.sockets), SUPERUSER]
    done = subprocess.run(
        [*command, str(seconds), str(statement_ms), *names], capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout)
    assert {name: end for name, end in ends.items() if end["seconds"] > SECONDS or end["grown_mb"] > MEGABYTES} == {}
    with psycopg.connect(shop.dsn(SUPERUSER)) as connection:
        left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state <> 'idle'"
        assert connection.execute(left, (APPLICATION_NAME,)).fetchone() == (0,)
    return ends


def test_quick_bombs(shop):
    ends = {name: end["end"] for name, end in ends_of(shop, 3, 500, *QUICK).items()}
    assert ends.keys() == set(QUICK)
    assert ends["recursive"].startswith("SqlFailed: The statement took longer than 0.5 seconds")
    assert ends["series_in_the_list"] == "10000 rows, truncated"
    assert "nested more than 100 deep" in ends["parentheses"]
    assert "views and joins are written out" in ends["views_upon_views"]


@pytest.mark.slow
def test_all_bombs_with_the_limits_of_the_site(shop):
    assert len(ends_of(shop, 6, 4500)) == len(cases("bombs"))
