"""The engine of the health report: cards, batches, thresholds, what cannot look."""

import json
import threading

import psycopg
import pytest
from django.db import connections

from opsadmin.api import OperationError, analyze_db_health
from opsadmin.core.finding import NotLookedAt, Status
from opsadmin.health.batch import single_sql
from opsadmin.health.card import CardError, fill, parse_card
from opsadmin.health.catalog import PostgresCheck, checks
from opsadmin.health.limits import Limits
from opsadmin.health.run import examine
from opsadmin.models import CheckThreshold, IgnoredFinding

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

CARD = """-- title: Large tables
-- threshold: min_rows = 5; rows (our choice)
-- says: {object} has {rows} rows, and {size_bytes}; from {min_rows} on that is many.
-- why: It is slow.
-- hint: Look at {object}.
-- fix: TRUNCATE {object};
-- source: nobody
-- examined: {tables} tables
SELECT 'public.x' AS object, 1234567 AS rows, 2048 AS size_bytes WHERE 7 >= :min_rows
"""


def made(sql, id="table.large"):
    return PostgresCheck(id, ((0, parse_card(id, sql)),))


def test_a_card_says_its_row_and_its_threshold():
    found = examine("store", [made(CARD)], Limits())
    (finding,) = found.results["table.large"].findings
    assert finding.message == "public.x has 1 234 567 rows, and 2 kB; from 5 on that is many."
    assert (finding.hint, finding.fix_sql) == ("Look at public.x.", "TRUNCATE public.x;")
    assert finding.threshold == "min_rows = 5 (rows (our choice)); source: nobody"
    assert found.results["table.large"].examined.endswith(" tables")


def test_a_row_says_its_own_number_and_not_the_threshold_of_that_name():
    card = parse_card(
        "query.slow",
        "-- title: x\n-- threshold: mean_seconds = 1 s; x\n-- says: It takes {mean_seconds}.\n-- why: x\n-- source: x\nSELECT 1",
    )
    values = {"mean_seconds": 1.0}
    assert fill(card.says, card, {"mean_seconds": 1.51}, values) == "It takes 1.51 s."
    assert fill(card.says, card, {}, values) == "It takes 1 s."


def test_thresholds_and_ignores_are_the_operators():
    assert examine("store", [made(CARD)], Limits({"table.large.min_rows": 8})).results["table.large"].findings == ()
    ignoring = examine("store", [made(CARD)], Limits(ignored=(("table.*", "public.x"),)))
    assert ignoring.results["table.large"].status is Status.OK
    assert ignoring.ignored == 1


@pytest.mark.parametrize(
    "text, said",
    [
        ("-- title: x\nSELECT 1", "no `says:`"),
        (CARD.replace("source", "sauce"), "knows no 'sauce'"),
        (CARD.replace(":min_rows", ":max_rows"), "max_rows"),
        (CARD.replace("= 5;", "= many;"), "a threshold is written"),
        (CARD.split("SELECT")[0], "no SQL"),
    ],
)
def test_a_card_that_is_written_wrongly_is_refused(text, said):
    with pytest.raises(CardError, match=said):
        parse_card("table.large", text)


def test_a_check_that_fails_costs_no_other_finding(store_db):
    bad = made(CARD.replace("1234567 AS rows", "1 / (SELECT count(*) * 0 FROM tables) AS rows"), "table.bad")
    found = examine("store", [made(CARD, "table.a"), bad, made(CARD, "table.z")], Limits())
    assert [found.results[id].status for id in ("table.a", "table.z")] == [Status.WARNING] * 2
    assert "division by zero" in found.results["table.bad"].unavailable.reason


def test_a_role_without_rights_is_told_what_it_lacks():
    card = CARD.replace("-- says", "-- needs: role pg_read_server_files\n-- says")
    result = examine("store", [made(card)], Limits()).results["table.large"]
    assert result.status is Status.UNKNOWN
    assert "GRANT pg_read_server_files TO" in result.unavailable.fix


def test_a_check_in_python_says_what_it_examined():
    card = parse_card(
        "table.odd", "title: Odd\nsays: {object} is odd.\nwhy: It is.\nsource: nobody\nthreshold: least = 3; of all"
    )

    def look(look):
        look.examined = "4 tables"
        look.skipped.append(NotLookedAt("public.y", "it is locked"))
        return look.session.rows("SELECT 'public.x' AS object WHERE %(least)s = 3", look.values)

    found = examine("store", [PostgresCheck("table.odd", ((0, card),), look)], Limits())
    assert found.results["table.odd"].findings[0].message == "public.x is odd."
    assert found.results["table.odd"].examined == "4 tables"
    assert found.not_looked_at == [NotLookedAt("public.y", "it is locked")]


def test_every_check_runs_on_this_server(store_db):
    report = analyze_db_health(database="store")
    failed = [one for one in report.checks if one.unavailable and "refused" in one.unavailable.reason]
    assert failed == []
    assert report.statements <= 25
    assert json.dumps(report.as_dict())


@pytest.mark.parametrize("check", checks(), ids=lambda one: one.id)
def test_every_question_can_be_pasted_into_psql(check, superuser_dsn):
    if check.look is None:
        with psycopg.connect(superuser_dsn) as connection:
            card = check.card(connection.info.server_version // 10_000)
            cursor = connection.execute(
                single_sql(card, Limits().values(card), connection.info.server_version // 10_000)
            )
            columns = {column.name for column in cursor.description}
            known = columns | {one.name for one in card.thresholds}
            assert "object" in columns
            assert card.placeholders() <= known


def test_the_sites_models_change_thresholds_and_ignore(store_db):
    CheckThreshold.objects.create(name="connection.idle_in_transaction.warning_seconds", value=0)
    idle = "connection.idle_in_transaction"
    with psycopg.connect(store_db, application_name="left behind") as connection:
        connection.execute("SELECT 1")
        report = analyze_db_health(checks=idle)
        (finding,) = [one for one in report.findings if "left behind" in one.object]
        assert finding.fix_sql == f"SELECT pg_terminate_backend({connection.info.backend_pid});"
        IgnoredFinding.objects.create(check_id=idle, object="*left behind*", reason="a test")
        again = analyze_db_health(checks=idle)
        assert "left behind" not in str(again.findings)
        assert again.detail["ignored"] == 1


def test_a_name_that_is_not_known_is_told_what_is():
    with pytest.raises(OperationError) as caught:
        analyze_db_health(checks="index,nonsense")
    assert "index" in caught.value.allowed
    assert "'nonsense'" in caught.value.message


def test_the_spelling_of_another_server_is_understood():
    assert {one.area for one in analyze_db_health(health_type="index").checks} == {"index", "connection"}


def test_a_locked_table_holds_nothing_up(store_db):
    with psycopg.connect(store_db) as connection:
        connection.execute("LOCK TABLE state_history IN ACCESS EXCLUSIVE MODE")
        done = threading.Event()
        reports = []

        def ask():
            reports.append(analyze_db_health())
            connections.close_all()
            done.set()

        threading.Thread(target=ask, daemon=True).start()
        assert done.wait(20)
        assert not [one for one in reports[0].checks if one.unavailable and "lock" in one.unavailable.reason]
        (passed_over,) = reports[0].not_looked_at
        assert passed_over.object == "public.state_history"
        assert f"pid {connection.info.backend_pid}" in passed_over.reason


def test_a_dead_server_is_a_finding(monkeypatch):
    wrapper = connections["store"]
    wrapper.close()
    monkeypatch.setitem(wrapper.settings_dict, "HOST", "/nonexistent")
    try:
        report = analyze_db_health()
        assert report.overall_status is Status.CRITICAL
        assert report.findings[0].check == "connection.answers"
        assert report.detail["answers"] is False
        assert "/nonexistent" not in json.dumps(report.as_dict()["findings"][0])
    finally:
        wrapper.close()
