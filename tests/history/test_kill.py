"""Processes that record and are killed at any moment: what they acknowledged is in the table, once."""

from __future__ import annotations

import os

import pytest

from tests.history.kill_workload import run

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

#: HISTORY_KILLS=1000 kills a thousand each.
TIMES = int(os.environ.get("HISTORY_KILLS", "40"))


@pytest.mark.parametrize("postgres", ["up", "down", "flapping"])
def test_what_a_killed_process_acknowledged_is_written_once(store_db, tmp_path, postgres):
    result = run(TIMES, dsn=store_db, spool_dir=tmp_path / "spool", postgres=postgres, at_once=2)
    assert (result.lost, result.duplicated, result.left, result.ids) == (0, 0, 0, 0)
    assert (result.kills, result.acknowledged >= TIMES) == (TIMES, True)
    assert result.longest_call_s < 5
