"""Windows: which statements ran lately, from the samples, for who asks by an operation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from opsadmin.api import analyze_workload_indexes, get_top_queries
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.models import Sample
from opsadmin.workload.marks import Happened
from opsadmin.workload.named import names_table
from opsadmin.workload.one_statement import effect_of, statement_line
from opsadmin.workload.sums import Sums
from opsadmin.workload.windows import coverage, first_look
from tests.opsadmin.advisor.conftest import measured_dsn  # noqa: F401
from tests.opsadmin.pages.counted import point_at
from tests.opsadmin.pages.sampled import every, write_samples

pytestmark = pytest.mark.django_db(databases=["default", "store"])


@pytest.fixture
def now():
    return timezone.now()


# --- get_top_queries ------------------------------------------------------------------------------------------------
def test_the_list_of_a_window_needs_no_postgresql(now, monkeypatch):
    monkeypatch.setattr("opsadmin.operations.get_top_queries.read_only", None)
    old = {("1", "app"): Sums(calls=4, ms=400, max_ms=200)}
    late = {("1", "app"): Sums(calls=4, ms=800, max_ms=300), ("2", "job"): Sums(calls=8, ms=8)}
    write_samples(
        every(timedelta(hours=3), now),
        lambda at: late if at > now - timedelta(minutes=58) else old,
        {"1": "SELECT * FROM orders", "2": "SELECT * FROM stock"},
    )
    found = get_top_queries(window="1h")
    assert [one.queryid for one in found] == ["1", "2"]
    # As many looks before as within.
    assert found[0].as_dict()["change"] == pytest.approx(11.5 / 12, abs=0.05)
    assert found[0].calls == found[0].before.calls == 48
    assert found[1].is_new
    assert found[0].share == pytest.approx(800 / 808, rel=0.05)
    assert [one.queryid for one in get_top_queries(window="1h", sort_by="change", limit=1, offset=1)] == ["2"]
    assert [one.queryid for one in get_top_queries(window="6h", table="stock")] == ["2"]
    assert [one.queryid for one in get_top_queries(window="6h", queryid="1")] == ["1"]
    note, table = found.blocks()
    assert "gave a sample" in note.text
    assert [row[2] for row in table.rows][1] == "new"
    statement = get_top_queries(window="6h", role="job").blocks()[1]
    assert statement.text == "SELECT * FROM stock"


@pytest.mark.parametrize("given", [{"sort_by": "change"}, {"window": "1h", "sort_by": "resources"}, {"window": "2h"}])
def test_what_there_is_not(given):
    with pytest.raises(OperationError) as caught:
        get_top_queries(**given)
    assert caught.value.parameter in given
    assert "total_time" in caught.value.allowed or "all" in caught.value.allowed


@pytest.mark.parametrize("ask", [get_top_queries, analyze_workload_indexes])
def test_nothing_was_sampled(ask):
    with pytest.raises(OperationFailed) as caught:
        ask(window="6h")
    assert "Nothing of the last 6h was sampled" in caught.value.message
    assert "sample_database" in caught.value.hint


# --- analyze_workload_indexes ---------------------------------------------------------------------------------------
def test_advice_on_what_ran_lately(now, measured_dsn, monkeypatch):  # noqa: F811
    point_at(monkeypatch, measured_dsn)
    old = {("1", "app"): Sums(calls=50, ms=9000)}
    late = {("2", "app"): Sums(calls=50, ms=9000), ("3", "app"): Sums(calls=9, ms=9), ("4", "app"): Sums(calls=1, ms=1)}
    write_samples(
        every(timedelta(hours=3), now),
        lambda at: late if at > now - timedelta(minutes=58) else old,
        {"1": "SELECT count(*) FROM papers", "2": "SELECT * FROM measured WHERE big = $1", "3": "BEGIN"},
    )
    advice = analyze_workload_indexes(window="1h")
    # The first statement ran before, the third and the fourth have no plan and no text.
    assert [(one.queryid, one.calls, one.total_ms, one.share) for one in advice.queries] == [("2", 600, 108_000, 1.0)]
    assert advice.candidates == 1
    both = analyze_workload_indexes(window="6h", min_calls=500)
    assert [one.queryid for one in both.queries] == ["1", "2"]
    assert any("the whole text; it is left out" in note for note in advice.notes)
    assert any("has no plan (BEGIN" in note for note in advice.notes)
    assert any("gave a sample" in note for note in advice.notes)


# --- what was sampled -----------------------------------------------------------------------------------------------
def test_when_the_first_look_was(now):
    assert first_look("store") is None
    assert coverage("store", now - timedelta(hours=1), now).possible == 0
    looks = every(timedelta(hours=3), now)
    write_samples(looks, lambda at: {}, {})
    assert timedelta() <= looks[0] - first_look("store") < timedelta(minutes=5)
    Sample.objects.exclude(level="day").delete()
    assert first_look("store") == looks[0].replace(hour=0, minute=0, second=0, microsecond=0)


# --- one statement --------------------------------------------------------------------------------------------------
def test_a_line_and_what_an_index_did_to_it(now):
    made = now - timedelta(hours=2)
    odd = 'ro"le|\\ é'

    def at_look(at):
        ms = 1000 if at < now - timedelta(hours=6) else 10 if at > made else 100
        return {("-5", odd): Sums(calls=10, ms=10 * ms, max_ms=ms), ("-55", "app"): Sums(calls=7, ms=7)}

    write_samples(every(timedelta(hours=9), now), at_look, {})
    line = statement_line("store", "-5", now - timedelta(hours=8), now, 200)
    assert {round(one.a_minute(one.sums.calls)) for one in line.stretches} == {2}
    assert sum(one.sums.calls for one in line.stretches) == pytest.approx(960, abs=20)
    marks = [Happened("deploy", now - timedelta(hours=5), None, "a"), Happened("index_created", made, None, "i")]
    effect = effect_of(line, [*marks, Happened("restart", now - timedelta(hours=1), None, "r")])
    assert effect.mark.text == "i"
    # As long before as after: the slow hours long before are not its doing.
    assert effect.before.mean_ms == pytest.approx(100)
    assert effect.after.mean_ms == pytest.approx(10)
    assert effect.change == pytest.approx(-0.9)
    assert effect_of(line, []) is None
    nothing = statement_line("store", "5", now - timedelta(hours=8), now, 20)
    assert not nothing.is_called
    assert effect_of(nothing, marks).change is None
    assert len(nothing.stretches) <= 21


# --- the tables that a text names -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "sql, table, named",
    [
        ("SELECT o.id FROM orders AS o", "orders", True),
        ("SELECT o.id FROM public . orders", "public.orders", True),
        ("SELECT 1 FROM shop.orders", "public.orders", False),
        ("SELECT 1 FROM shop.orders", "orders", True),
        ("SELECT 1 FROM orders", "public.orders", True),
        ("SELECT 'orders' /* orders */ -- orders", "orders", False),
        ("SELECT 1 FROM orders_old, old_orders, my$orders", "orders", False),
        ('SELECT 1 FROM "Odd ""S"" é"."a.b <i>"', '"Odd ""S"" é"."a.b <i>"', True),
        ('SELECT 1 FROM "Orders"', "Orders", False),
        ('SELECT 1 FROM "Orders"', '"Orders"', True),
        ("INSERT INTO orders(id) VALUES ($1)", "ORDERS", True),
        ("SELECT 1", "", False),
        ("SELECT 1", ".", False),
    ],
)
def test_tables_that_a_text_names(sql, table, named):
    assert names_table(sql, table) is named
