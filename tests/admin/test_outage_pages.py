"""Every page while PostgreSQL is away: 200, a banner, and what it showed last."""

import re
import threading
import time

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.db import connections
from django.utils import timezone

from stores import get_store, registry
from stores.engine.patience import waiting_at_most
from stores.fallback import last_known
from stores.fallback.asking import refusal_of
from stores.models import LastKnownPage
from tests.fixtures.outage import KEY, WEBHOOK

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

HISTORY = "/admin/stores/statehistory/"
AUTOMATION = "/admin/stores/automationstate/"
EVENTS = "/admin/stores/historyentry/"
DOCUMENTS = "/admin/stores/jsondocument/"
SETTINGS = f"{DOCUMENTS}settings/"
REVISIONS = f"{SETTINGS}revisions/"
PAGES = (
    "/admin/",
    "/admin/stores/",
    "/admin/auth/user/",
    "/admin/ops/store-health/",
    "/admin/ops/store-fallback/",
    "/admin/stores/storeconflict/",
    HISTORY,
    f"{HISTORY}?start=nonsense",
    f"{HISTORY}1/change/",
    f"{HISTORY}export/",
    AUTOMATION,
    f"{AUTOMATION}?q=device",
    f"{AUTOMATION}1/change/",
    f"{AUTOMATION}1/history/",
    f"{AUTOMATION}1/delete/",
    f"{AUTOMATION}add/",
    EVENTS,
    DOCUMENTS,
    f"{SETTINGS}change/",
    f"{SETTINGS}raw/",
    f"{SETTINGS}history/",
    REVISIONS,
    f"{REVISIONS}1/",
    f"{REVISIONS}1/restore/",
    f"{DOCUMENTS}state/release-lock/",
)


@pytest.fixture(autouse=True)
def _nothing_looked_at():
    last_known._looked.clear()


@pytest.fixture
def rows(outage):
    with psycopg.connect(outage.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO state_history (temperature, humidity, last_action) VALUES (21.5, 40, 'heat <on>')"
        )
        connection.execute(
            "INSERT INTO automation_state (device_id, key, value) VALUES ('meter-1', 'hook', %s)", [f'"{WEBHOOK}"']
        )
        connection.execute("INSERT INTO history_entries (device_id, kind) VALUES ('meter-1', 'opened')")
    return outage


def last(answer):
    """The last known rows on the page; None where it shows none."""
    known = answer.context["known"]
    return None if known is None else [dict(zip(known.headers, row, strict=True)) for row in known.rows]


class TestEveryPage:
    @pytest.mark.parametrize("how", ["down", "black_hole"])
    def test_it_answers_and_says_so(self, admin_client, rows, how):
        for path in PAGES:
            assert admin_client.get(path).status_code in (200, 302), path
        getattr(rows, how)()
        get_store("settings").read()
        assert registry.host().mode().automatic
        for path in PAGES:
            took = 1.0
            for _ in range(3):
                started = time.monotonic()
                answer = admin_client.get(path)
                took = min(took, time.monotonic() - started)
                assert answer.status_code == 200, path
                assert "PostgreSQL does not answer since" in answer.text, path
                assert KEY not in answer.text, path
                if took < 0.9:
                    break
            # The host knows, so no page waits for PostgreSQL: what waits does so each time, a busy machine does not.
            assert took < 0.9, (path, took)

    def test_they_come_back_by_themselves(self, admin_client, rows):
        admin_client.get(HISTORY)
        rows.down()
        get_store("settings").read()
        assert "Last known" in admin_client.get(HISTORY).text
        rows.back()
        until = time.monotonic() + 20
        while registry.host().mode().backend != "postgres":
            assert time.monotonic() < until
            time.sleep(0.05)
        answer = admin_client.get(HISTORY)
        assert "Last known" not in answer.text
        assert "does not answer" not in answer.text


class TestFirstPage:
    """The host does not know yet: nobody used the store since PostgreSQL went."""

    @pytest.mark.parametrize("how", ["down", "black_hole"])
    def test_it_waits_once_and_tells_the_host(self, admin_client, rows, settings, how):
        for _ in range(2):
            assert admin_client.get(AUTOMATION).status_code == 200
        settings.STORE_DEADLINE_SECONDS = 0.5
        registry.close_all()
        getattr(rows, how)()
        connections["store"].close_if_unusable_or_obsolete()  # as a server does at the start of each request
        started = time.monotonic()
        answer = admin_client.get(AUTOMATION)
        took = time.monotonic() - started
        assert answer.status_code == 200
        assert "PostgreSQL does not answer" in answer.text
        assert last(answer)
        assert took < 3
        until = time.monotonic() + 10
        while registry.host().mode().backend == "postgres":
            assert time.monotonic() < until, "nobody told the host"
            time.sleep(0.02)
        assert "PostgreSQL does not answer since" in admin_client.get(AUTOMATION).text
        for thread in threading.enumerate():
            if thread.name == "store-look":
                thread.join(10)


class TestLastKnown:
    def test_the_lists_show_what_they_showed(self, admin_client, rows):
        for path in (HISTORY, AUTOMATION, EVENTS, REVISIONS):
            admin_client.get(path)
        rows.down()
        get_store("settings").read()
        (reading,) = last(admin_client.get(HISTORY))
        assert (reading["Temperature"], reading["Humidity"], reading["Last action"]) == (
            "21.5 °C",
            "40.0 %",
            "heat <on>",
        )
        (state,) = last(admin_client.get(AUTOMATION))
        assert (state["Device"], state["Key"]) == ("meter-1", "hook")
        (event,) = last(admin_client.get(EVENTS))
        assert (event["Device"], event["Kind"]) == ("meter-1", "opened")
        assert [row["Revision"] for row in last(admin_client.get(REVISIONS))] == ["2", "1"]

    def test_secrets_and_markup(self, admin_client, rows):
        for path in (AUTOMATION, HISTORY):
            admin_client.get(path)
        kept = LastKnownPage.objects.get(path=AUTOMATION)
        assert KEY not in str(kept.rows)
        rows.down()
        get_store("settings").read()
        assert "heat &lt;on&gt;" in admin_client.get(HISTORY).text

    def test_with_its_time(self, admin_client, rows):
        admin_client.get(EVENTS)
        LastKnownPage.objects.update(taken_at=timezone.now() - timezone.timedelta(hours=2))
        rows.down()
        get_store("settings").read()
        assert re.search(r"Last known: .* 2\xa0hours ago", admin_client.get(EVENTS).text)

    def test_at_most_once_a_minute(self, admin_client, rows):
        admin_client.get(EVENTS)
        first = LastKnownPage.objects.get(path=EVENTS).taken_at
        last_known._looked.clear()  # another process
        admin_client.get(EVENTS)
        assert LastKnownPage.objects.get(path=EVENTS).taken_at == first
        LastKnownPage.objects.update(taken_at=first - last_known.EVERY)
        last_known._looked.clear()
        admin_client.get(EVENTS)
        assert LastKnownPage.objects.get(path=EVENTS).taken_at > first

    def test_only_the_first_page_is_kept(self, admin_client, rows):
        admin_client.get(f"{EVENTS}?q=nothing")
        assert not LastKnownPage.objects.exists()
        admin_client.get(EVENTS)
        rows.down()
        get_store("settings").read()
        answer = admin_client.get(f"{EVENTS}?q=nothing")
        assert len(last(answer)) == 1
        assert "Your choice of rows does not count here" in answer.text

    def test_a_page_of_one_row_leads_to_the_list(self, admin_client, rows):
        admin_client.get(EVENTS)
        rows.down()
        get_store("settings").read()
        answer = admin_client.get(f"{EVENTS}1/change/")
        assert last(answer) is None
        assert f'href="{EVENTS}"' in answer.text
        assert answer.context["known_elsewhere"].path == EVENTS

    def test_who_may_not_see_the_list_does_not_see_it_now(self, admin_client, client, rows, django_user_model):
        admin_client.get(EVENTS)
        rows.down()
        get_store("settings").read()
        user = django_user_model.objects.create_user("other", password="x", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_statehistory"))
        client.force_login(user)
        assert client.get(EVENTS).status_code == 403

    def test_what_was_never_seen(self, admin_client, rows):
        rows.down()
        get_store("settings").read()
        answer = admin_client.get(EVENTS)
        assert last(answer) is None
        assert "nothing of it was kept" in answer.text

    def test_what_is_sent_is_not_lost_in_silence(self, admin_client, rows):
        rows.down()
        get_store("settings").read()
        answer = admin_client.post(f"{AUTOMATION}add/", {"device_id": "a", "key": "b", "value": "1"})
        assert answer.status_code == 200
        assert "What you sent was not saved" in answer.text


class TestDocuments:
    """They are in the copy, so they are shown and can be written."""

    def test_the_list_names_the_copy_and_the_last_known_revision(self, admin_client, outage):
        outage.down()
        outage.write("settings", mode="summer")
        answer = admin_client.get(DOCUMENTS)
        rows = {row["kind"]: row for row in answer.context["rows"]}
        assert rows["settings"]["status"].backend == "filesystem"
        assert "last known revision 2" in answer.text
        assert '"summer"' in admin_client.get(f"{SETTINGS}raw/").text.replace("&quot;", '"')

    def test_the_log_needs_no_postgresql(self, admin_client, outage):
        outage.down()
        get_store("settings").read()
        answer = admin_client.get(f"{SETTINGS}history/")
        assert "known" not in answer.context
        assert "Change history: settings" in answer.text


class TestPatience:
    def test_a_host_that_came_back_ends_the_pages_pause(self, admin_client, rows):
        rows.down()
        connections["store"].close()
        admin_client.get(EVENTS)  # fails in its own right and opens the breaker
        get_store("settings").read()
        rows.back()
        until = time.monotonic() + 20
        while registry.host().mode().backend != "postgres":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert admin_client.get(EVENTS).context.get("cl") is not None

    def test_a_refused_page_connects_to_nothing(self, outage):
        connections["store"].close()
        before = outage.proxy.connections
        with waiting_at_most(1, refusal="the host knows"), pytest.raises(Exception, match="the host knows"):
            connections["store"].ensure_connection()
        assert outage.proxy.connections == before
        connections["store"].ensure_connection()

    def test_postgresql_that_answers_probes_is_asked(self, outage):
        from dataclasses import replace

        from stores.backends.failover.probe_plan import read_plan, write_plan

        outage.down()
        get_store("settings").read()
        host = registry.host()
        mode = host.mode()
        assert refusal_of(mode)
        write_plan(host.probe_path, replace(read_plan(host.probe_path, mode.epoch), answers=True))
        assert not refusal_of(mode)
        assert not refusal_of(replace(mode, automatic=False))
        assert not refusal_of(replace(mode, stop="PostgreSQL was emptied."))
