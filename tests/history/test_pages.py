"""The history in the admin: list, paging, chart, export, permissions, outage."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stores.admin.history_export import csv_lines
from stores.admin.history_filter import HistoryFilter
from stores.admin.history_list import Cursor, page_of
from tests.history.conftest import every

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

LIST = "admin:stores_statehistory_changelist"
EXPORT = "admin:stores_statehistory_export"
MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
RANGE = {"range": "custom", "since": "2026-03-01T00:00+00:00", "until": "2026-03-02T00:00+00:00"}


@pytest.fixture
def viewer(client, store_db):
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_statehistory"))
    client.force_login(user)
    return client


def text_of(response) -> str:
    return response.content.decode()


def test_strangers_are_sent_to_the_login(client, store_db):
    for name in (LIST, EXPORT):
        response = client.get(reverse(name))
        assert (response.status_code, "/login/" in response["Location"]) == (302, True)


def test_staff_without_the_permission_is_refused(client, store_db):
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert [client.get(reverse(name)).status_code for name in (LIST, EXPORT)] == [403, 403]


def test_nobody_adds_changes_or_deletes_a_reading(admin_client, readings):
    readings(every(MINUTE, START, 1))
    assert admin_client.get(reverse("admin:stores_statehistory_add")).status_code == 403
    assert admin_client.post(reverse("admin:stores_statehistory_delete", args=[1]), {"post": "yes"}).status_code == 403
    assert admin_client.post(reverse("admin:stores_statehistory_change", args=[1]), {}).status_code == 403


def test_one_reading_shows_all_it_holds_in_local_time(viewer, readings):
    readings([{"timestamp": START, "last_temperature_stale": False, "metadata": '{"last_tick": "<b>12:00</b>"}'}])
    page = text_of(viewer.get(reverse("admin:stores_statehistory_change", args=[1])))
    assert "2026-03-01 13:00:00" in page
    assert "&lt;b&gt;12:00&lt;/b&gt;" in page
    assert "icon-no" not in page


def test_an_empty_table_says_what_to_do(viewer):
    page = text_of(viewer.get(reverse(LIST)))
    assert "There is no reading yet" in page
    assert "POSTGRES_URL" in page
    assert '<svg class="chart' not in page


def test_an_empty_range_leads_to_the_newest_readings(viewer, readings):
    readings(every(MINUTE, START, 3, temperature="21.5"))
    page = text_of(viewer.get(reverse(LIST)))
    assert "There is no reading in this range" in page
    link = re.search(r'href="(\?range=custom[^"]+)">Show the 24 hours', page)[1].replace("&amp;", "&")
    assert len(viewer.get(reverse(LIST) + link).context["page"].rows) == 3


def test_the_list_shows_the_readings_of_the_range_newest_first(viewer, readings):
    readings(
        [
            {"timestamp": START - timedelta(days=2), "temperature": "1.1"},
            {
                "timestamp": START,
                "temperature": "20.5",
                "assumed_aircon_power": "on",
                "last_action": "<b>turned on</b>",
            },
            {
                "timestamp": START + MINUTE,
                "temperature": None,
                "assumed_aircon_power": None,
                "last_temperature_stale": True,
            },
        ]
    )
    page = text_of(viewer.get(reverse(LIST), RANGE))
    body = page[page.index('class="history-list"') :]
    assert body.index("Stale") < body.index("20.5 °C")
    assert "1.1 °C" not in body
    assert "&lt;b&gt;turned on&lt;/b&gt;" in body


CHOICES = [
    ({"power": "on"}, {"on"}),
    ({"power": "off"}, {"off"}),
    ({"power": "unknown"}, {"unknown", "nothing", "strange"}),
    ({"stale": "yes"}, {"on"}),
    ({"stale": "no"}, {"off", "unknown", "nothing", "strange"}),
    ({"power": "on", "stale": "no"}, set()),
]


def test_the_states_narrow_the_list(viewer, readings):
    powers = {"on": "on", "off": "off", "unknown": "unknown", "nothing": None, "strange": "standby"}
    readings(
        {
            "timestamp": START,
            "assumed_aircon_power": power,
            "last_action": name,
            "last_temperature_stale": {"on": True, "off": None}.get(name, False),
        }
        for name, power in powers.items()
    )
    for choice, expected in CHOICES:
        response = viewer.get(reverse(LIST), {**RANGE, **choice})
        assert {reading.last_action for reading in response.context["page"].rows} == expected, choice
    assert "No reading of this range matches" in text_of(response)


def test_paging_shows_each_reading_once_where_many_share_a_time(readings):
    """7 times with 5 readings each, in pages of 3: every page boundary falls between equals."""
    readings(reading for number in range(7) for reading in every(timedelta(0), START + number * MINUTE, 5))
    chosen = HistoryFilter(START - MINUTE, START + timedelta(hours=1))
    seen, cursor, cursors = [], None, []
    while True:
        page = page_of(chosen, cursor, size=3)
        seen += [row.pk for row in page.rows]
        cursors.append(page)
        if not page.older:
            break
        cursor = Cursor.parse(page.older, None)
    assert seen == list(range(35, 0, -1))
    assert cursors[0].newer == ""

    back = []
    page = cursors[-1]
    while page.newer:
        page = page_of(chosen, Cursor.parse(None, page.newer), size=3)
        back = [row.pk for row in page.rows] + back
    assert back == seen[: len(back)] == seen[:33]


WRONG_ADDRESSES = [
    {"older": "nonsense"},
    {"older": "2026-03-01T00:00:00_1"},
    {"older": "9999-12-31T23:59:59-14:00_1"},
    {"newer": "2026-03-01T00:00:00+00:00_99999999999999999999999"},
    {"range": "custom", "since": "yesterday"},
    {"range": "custom"},
    {"range": "custom", "since": "0001-01-01T00:00"},
    {"range": "custom", "since": "2026-03-02T00:00", "until": "2026-03-01T00:00"},
    {"range": "year"},
    {"power": "maybe"},
    {"at": "\0"},
    {"since": "\0", "range": "custom"},
]


def test_a_wrong_address_is_answered_with_a_page(viewer, readings):
    readings(every(MINUTE, timezone.now() - MINUTE, 1, temperature="21.5"))
    for wrong in WRONG_ADDRESSES:
        response = viewer.get(reverse(LIST), wrong)
        assert response.status_code == 200, wrong
        assert viewer.get(reverse(EXPORT), wrong).status_code == 200, wrong
        if wrong.get("range") == "custom":
            assert 'class="history-error"' in text_of(response), wrong


def test_the_number_of_statements_does_not_grow(viewer, readings):
    def statements() -> int:
        with CaptureQueriesContext(connections["store"]) as captured:
            assert viewer.get(reverse(LIST), RANGE).status_code == 200
        return len(captured)

    readings(every(MINUTE, START, 5))
    few = statements()
    readings(every(MINUTE, START, 300, temperature="20"))
    assert statements() == few <= 5
    with CaptureQueriesContext(connections["store"]) as captured:
        viewer.get(reverse(LIST), RANGE)
    assert not [query for query in captured if "COUNT(" in query["sql"] and "date_bin" not in query["sql"]]


def test_the_chart_shows_lines_bands_and_their_table(viewer, readings):
    readings(every(MINUTE, START, 30, temperature="20.5", humidity="40", assumed_aircon_power="on"))
    readings(every(MINUTE, START + 30 * MINUTE, 30, temperature="22", humidity="45", assumed_aircon_power="off"))
    page = text_of(viewer.get(reverse(LIST), RANGE))
    charts = re.findall(r'<svg class="chart is-\w+".*?</svg>', page, re.S)
    assert len(charts) == 2
    for chart in charts:
        ElementTree.fromstring(chart)
    assert "Temperature from 20.5 to 22.0 °C." in page
    assert "Air conditioner on" in page
    assert "Air conditioner off" in page
    assert "Show as table" in page
    assert " style=" not in page
    assert "<script>" not in page
    assert page.count("<tr>") > 12


def test_a_long_range_is_sampled_and_keeps_its_readings(viewer, readings):
    readings(every(timedelta(days=1), START - timedelta(days=400), 400, temperature="20"))
    response = viewer.get(reverse(LIST), {**RANGE, "since": "2025-01-01T00:00"})
    picture = response.context["picture"]
    assert sum(point.readings for point in picture.points) == 400
    assert "spread over 2 days" in picture.note
    assert len(picture.points) <= 301


def test_with_postgresql_away_the_page_says_so(viewer, tmp_path):
    """The address of the alias is changed under the page, to one where nothing listens."""
    connection = connections["store"]
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(HOST=str(tmp_path))
    try:
        for name in (LIST, EXPORT):
            response = viewer.get(reverse(name))
            assert response.status_code == 200
            assert "PostgreSQL does not answer" in text_of(response)
            assert str(tmp_path) not in text_of(response)
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(kept)


def test_a_statement_that_takes_too_long_asks_for_a_shorter_range(viewer, readings, store_db):
    readings(every(MINUTE, START, 3))
    with psycopg.connect(store_db) as other, connections["store"].cursor() as cursor:
        other.execute("LOCK TABLE state_history IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET statement_timeout = '100ms'")
        page = text_of(viewer.get(reverse(LIST), RANGE))
    connections["store"].close()
    assert "Choose a shorter range" in page


def test_the_export_is_csv_of_the_chosen_readings(viewer, readings):
    readings(
        [
            {"timestamp": START - timedelta(days=9), "temperature": "1"},
            {
                "timestamp": START,
                "temperature": "-5.5",
                "last_action": '=HYPERLINK("http://x")',
                "metadata": '{"a": [1]}',
            },
            {"timestamp": START + MINUTE, "temperature": None, "last_action": 'a "quoted", text\nof two lines'},
        ]
    )
    response = viewer.get(reverse(EXPORT), RANGE)
    assert response["Content-Type"].startswith("text/csv")
    assert response["Content-Disposition"] == 'attachment; filename="history_2026-03-01T0100_2026-03-02T0100.csv"'
    found = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))
    assert [row["temperature"] for row in found] == ["", "-5.5"]
    assert [row["last_action"] for row in found] == ['a "quoted", text\nof two lines', '\'=HYPERLINK("http://x")']
    assert found[1]["metadata"] == '{"a": [1]}'
    assert found[1]["timestamp"] == "2026-03-01T12:00:00+00:00"


def test_the_export_comes_in_pieces_and_loses_nothing_among_equal_times(readings):
    readings(reading for number in range(4) for reading in every(timedelta(0), START + number * MINUTE, 5))
    pieces = list(csv_lines(HistoryFilter(START, START + timedelta(hours=1)), batch=3))
    assert len(pieces) == 7
    rows = list(csv.DictReader(io.StringIO("".join(pieces))))
    assert [int(row["id"]) for row in rows] == list(range(20, 0, -1))
