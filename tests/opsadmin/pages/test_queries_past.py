"""The page of one statement: what it took over a range, and what a fix did to it. From what was sampled."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.models import Mark
from opsadmin.pages.patient import Answer
from opsadmin.pages.queries_change import changed, said_change
from opsadmin.pages.queries_effect import verdict
from opsadmin.workload.marks import Happened
from opsadmin.workload.one_statement import Effect
from opsadmin.workload.sums import Sums
from tests.opsadmin.pages.counted import content
from tests.opsadmin.pages.sampled import every, write_samples

pytestmark = pytest.mark.django_db
PAGE = "/admin/ops/queries/"
TEXT = "SELECT o.id FROM orders AS o WHERE o.customer_id = $1"

GONE = OperationFailed("PostgreSQL does not answer.")
FORGOTTEN = OperationError("pg_stat_statements has no statement 11 any more.", parameter="queryid")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def answers(monkeypatch):
    """What PostgreSQL says when it is asked for the statement."""

    def set_to(error):
        monkeypatch.setattr("opsadmin.pages.queries_read.ask", lambda *given, **more: Answer(error=error))

    return set_to


def look(client, status=200, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == status
    assert len(answer.content) < 100_000
    return content(answer.text)


def write(now, made, **more):
    def at_look(at):
        ms = 2 if at > made else 50
        return {("11", "app"): Sums(calls=20, ms=20 * ms, max_ms=3 * ms, rows=20)}

    write_samples(every(timedelta(hours=50), now), at_look, {"11": TEXT}, **more)


@pytest.mark.parametrize("error, words", [(GONE, "PostgreSQL does not answer."), (FORGOTTEN, "has no statement 11")])
def test_a_statement_that_postgresql_does_not_tell_of(reader, now, answers, error, words):
    answers(error)
    made = now - timedelta(hours=4)
    write(now, made)
    Mark.objects.create(database="", kind="deploy", at=now - timedelta(hours=20), text="a1b2c3")
    Mark.objects.create(database="store", kind="index_created", at=made, text="orders_<i>_idx")
    page = look(reader, queryid="11")
    assert words in page
    assert "Nothing of it was seen" not in page
    assert "<b>FROM</b> orders" in page
    assert "ops-copy" in page
    assert "Explain in the SQL page" in page
    assert 'class="ops-badge is-ok">It became faster</span>' in page
    assert re.search(
        r"Before the index orders_&lt;i&gt;_idx was made \([^)]+\): 50 ms on average over \d+ calls\.", page
    )
    assert "That is −96 % a call." in page
    assert page.count('<svg class="chart is-wide"') == page.count('<svg class="chart is-narrow"') == 1
    assert page.count('class="chart-number is-deploy"') == page.count('class="chart-number is-index"') == 2
    for heading in ("Mean time (ms a call)", "Longest call (ms)", "Time in all (ms a minute)", "Calls (a minute)"):
        assert page.count(heading) == 2
    assert 50 < page.count('<tr><th scope="row">') <= 98
    assert "sent by app" in page
    assert 'href="?range=7d&amp;queryid=11">7 days' in page
    month = look(reader, queryid="11", range="30d")
    assert "There is nothing" not in month
    assert "The first one was taken at" in month


def test_where_nothing_is_known(reader, now, answers):
    answers(FORGOTTEN)
    page = look(reader, status=404, queryid="11")
    assert "Nothing was sampled yet" in page
    write_samples(every(timedelta(hours=2), now), lambda at: {("12", "app"): Sums(calls=1, ms=1)}, {"12": "SELECT 1"})
    page = look(reader, status=404, queryid="11")
    assert "No sample of the last 24 hours holds this statement by itself" in page
    assert "<svg" not in page.partition('id="past-head"')[2]
    for odd in ("1|app", "%", "(", "\\", "x" * 5000, '"', "\0"):
        assert "No sample of the last" in look(reader, status=404, queryid=odd)


# --- in words -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "before, after, tone, word",
    [
        (Sums(calls=100, ms=1000), Sums(calls=100, ms=100), "ok", "It became faster"),
        (Sums(calls=100, ms=1000), Sums(calls=100, ms=1900), "critical", "It became slower"),
        (Sums(calls=100, ms=1000), Sums(calls=100, ms=1050), "unknown", "No difference to speak of"),
        (Sums(calls=100, ms=1000), Sums(calls=2, ms=2), "unknown", "Too early to tell"),
        (Sums(), Sums(calls=50, ms=2), "unknown", "Too early to tell"),
    ],
)
@pytest.mark.parametrize("kind", ["deploy", "index_created", "index_dropped"])
def test_verdicts(now, before, after, tone, word, kind):
    told = verdict(Effect(Happened(kind, now, None, "it"), before, after))
    assert told is not None
    assert (told.tone, told.word) == (tone, word)
    assert ("not called" in told.text) is not bool(before.calls)
    assert ("That is" in told.text) is (word != "Too early to tell")


def test_changes():
    assert [changed(one) for one in (1.8, -0.04, 9.2, 0)] == ["+180 %", "−4 %", "×10", "+0 %"]
    query = {"is_new": False, "total_time": 10.0, "mean_time": 1.0, "before": {"total_time": 5.0, "mean_time": 4.0}}
    assert "▲</span> +100 %" in said_change(query, "total_time")
    assert "▲</span> +100 %" in said_change(query, "wal")
    assert "▼</span> −75 %" in said_change(query, "mean_time")
    assert said_change({**query, "total_time": 5.01}, "total_time") == "±0 %"
    assert said_change({**query, "before": None}, "total_time") == "–"
    assert ">new</span>" in said_change({**query, "before": None, "is_new": True}, "total_time")
