"""Questions that are refused before anything is asked of PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stores.backends.history import HistoryQuestionError, HistoryService
from stores.errors import StoreError

START = datetime(2026, 3, 28, 20, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"granularity": "second"}, "minute, 5min, 15min, hour, day"),
        ({"metrics": ["temperature; DROP TABLE state_history"]}, "Allowed: temperature, humidity"),
        ({"metrics": []}, "No metric"),
        ({"start": datetime(2026, 1, 1)}, "time zone"),
        ({"limit": 0}, "from 1"),
        ({"limit": True}, "from 1"),
        ({"granularity": ["day"]}, "minute, 5min"),
        ({"timezone": None}, "IANA"),
        ({"timezone": "Mars/Base"}, "IANA"),
        ({"timezone": "../etc/passwd"}, "IANA"),
        ({"end": START + timedelta(days=365)}, "coarser granularity"),
    ],
)
def test_a_question_that_makes_no_sense_says_what_does(arguments, says):
    question = {"start": START, "end": START + timedelta(hours=1), **arguments}
    with HistoryService("host=/nowhere") as history, pytest.raises(HistoryQuestionError, match=says) as caught:
        history.query(**question)
    assert isinstance(caught.value, StoreError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("wrong", [0, -1, 10_001, True, 1.5])
def test_latest_is_bounded(wrong):
    with HistoryService("host=/nowhere") as history, pytest.raises(HistoryQuestionError, match="from 1 to 10,000"):
        history.latest(wrong)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), True, "24"])
def test_hours_are_a_sensible_number(wrong):
    with pytest.raises(HistoryQuestionError, match="hours must be"):
        HistoryService("host=/nowhere", retention_hours=wrong)
    with HistoryService("host=/nowhere") as history:
        with pytest.raises(HistoryQuestionError, match="hours must be"):
            history.aggregates(wrong)
        with pytest.raises(HistoryQuestionError, match="hours must be"):
            history.prune(hours=wrong)
