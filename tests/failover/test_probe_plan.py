"""When a host looks for PostgreSQL next."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from stores.backends.failover.probe_plan import (
    FIRST_SECONDS,
    LONGEST_SECONDS,
    ProbePlan,
    find_plan,
    plan_after,
    read_plan,
    write_plan,
)


def test_the_first_look_is_soon_and_all_processes_share_it(tmp_path: Path) -> None:
    path = str(tmp_path / "probe")
    assert find_plan(path, 2) is None
    plan = read_plan(path, 2)
    assert 0 < plan.seconds_left() <= FIRST_SECONDS
    assert read_plan(path, 2) == plan == find_plan(path, 2)
    # A plan of another epoch is none.
    assert find_plan(path, 3) is None
    assert (read_plan(path, 3).attempts, read_plan(path, 3).epoch) == (0, 3)


def test_failures_make_the_looks_rare_but_never_too_rare(tmp_path: Path) -> None:
    path = str(tmp_path / "probe")
    plan = read_plan(path, 1)
    longest = 0.0
    for attempt in range(1, 50):
        plan = plan.after_failure("no", answers=attempt % 2 == 0)
        assert (plan.attempts, plan.error, plan.answers) == (attempt, "no", attempt % 2 == 0)
        assert 0.7 * min(FIRST_SECONDS * 2**attempt, LONGEST_SECONDS) < plan.seconds_left() <= LONGEST_SECONDS
        longest = max(longest, plan.seconds_left())
    assert longest > 0.7 * LONGEST_SECONDS
    write_plan(path, plan)
    assert read_plan(path, 1) == plan
    assert len({plan_after(1, 9).seconds_left() for _ in range(20)}) > 15, "jitter"


def test_a_plan_of_before_the_machines_start_is_due() -> None:
    assert ProbePlan(1, 3, time.monotonic() + 90_000).seconds_left() == 0
    assert ProbePlan(1, 3, time.monotonic() - 5).seconds_left() == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"epoch": 1}', '{"epoch": 1, "attempts": "x"}', "null", "3"])
def test_a_damaged_plan_is_made_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "probe"
    path.write_text(content)
    assert read_plan(str(path), 1).attempts == 0
    assert json.loads(path.read_text())["epoch"] == 1


def test_a_plan_that_cannot_be_written_comes_early(tmp_path: Path) -> None:
    plan = read_plan(str(tmp_path / "missing" / "probe"), 1)
    assert plan.seconds_left() > 0
