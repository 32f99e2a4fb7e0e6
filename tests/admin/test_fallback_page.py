"""The page "Store & fallback" and the badge of every page, on a real PostgreSQL behind a line that can be cut."""

import re
import time
from datetime import timedelta
from timeit import timeit

import psycopg
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import RequestFactory
from django.utils import timezone

from stores import context, get_store, registry, switching, timeline
from stores.backends.failover.probe_plan import find_plan
from stores.fallback.journals import growth, waiting_writes
from tests.fixtures.outage import KEY

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

PAGE = "/admin/ops/store-fallback/"


@pytest.fixture(params=["down", "black_hole"])
def silent(request, outage, settings):
    """Both ways in which PostgreSQL can be away."""
    settings.STORE_DEADLINE_SECONDS = 0.4
    registry.close_all()

    def fall_silent():
        getattr(outage, request.param)()
        return outage

    return fall_silent


def page(client, query=""):
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    assert KEY not in answer.text
    return answer


def confirm(client, action, reason="because", **more):
    data = {"action": action, "reason": reason, "epoch": registry.host().mode().epoch, **more}
    answer = client.post(PAGE, data)
    assert KEY not in answer.text
    return answer


def banner(answer):
    found = re.search(r'<div class="ops-banner is-(\w+)" role="status">(.*?)</div>', answer.text, re.DOTALL)
    return (found[1], " ".join(re.sub(r"<[^>]+>", " ", found[2]).split())) if found else None


def lit(answer):
    """The states that the pictures light up."""
    return set(re.findall(r'class="machine-state is-(\w+) is-lit"', answer.text))


class TestOverview:
    def test_on_postgresql(self, admin_client, outage):
        registry.close_all()  # brings the copies up to date
        answer = page(admin_client)
        assert lit(answer) == {"postgres"}
        found = {document.kind: document for document in answer.context["look"].documents}
        assert found["settings"].row.revision == 2
        assert found["settings"].sides == ()
        assert answer.context["look"].error == ""
        assert banner(answer) is None

    def test_a_copy_that_differs_is_shown_with_both_values(self, admin_client, outage):
        switching.switch("filesystem", "a look at both", "test")
        outage.write("settings", mode="summer")
        outage.dashboard("settings", mode="auto")
        answer = page(admin_client)
        (settings, state) = answer.context["look"].documents
        assert [(side.path, side.before, side.after) for side in settings.sides] == [("mode", '"auto"', '"summer"')]
        assert state.sides == ()
        assert settings.waiting.writes == 1
        assert lit(answer) == {"manual"}

    def test_it_works_without_postgresql(self, admin_client, silent):
        outage = silent()
        started = time.monotonic()
        answer = page(admin_client)
        first = time.monotonic() - started
        assert lit(answer) == {"automatic"}
        outage.write("state", last_action="on")
        started = time.monotonic()
        answer = page(admin_client)
        second = time.monotonic() - started
        look = answer.context["look"]
        assert look.error
        assert not look.asked
        assert look.documents[0].known.revision == 2
        assert look.documents[0].row is None
        assert [side.path for side in look.documents[1].sides] == ["last_action"]
        assert "last known revision 2" in answer.text
        assert look.writes == 1
        # Generous: what counts is that nothing waits for PostgreSQL any more.
        assert first < 3
        assert second < 3

    def test_it_can_be_told_to_ask(self, admin_client, outage):
        outage.down()
        assert not page(admin_client).context["look"].asked
        answer = page(admin_client, "?ask=1")
        assert answer.context["look"].asked
        assert "PostgreSQL was asked and did not answer" in answer.text

    def test_the_next_probe_and_its_last_error(self, admin_client, outage):
        outage.down()
        get_store("settings").read()
        host = registry.host()
        until = time.monotonic() + 15
        while not ((plan := find_plan(host.probe_path, host.mode().epoch)) and plan.attempts):
            assert time.monotonic() < until
            time.sleep(0.02)
        answer = page(admin_client)
        assert answer.context["look"].plan.attempts >= 1
        assert answer.context["look"].plan.error in answer.text

    def test_a_stop_is_shown_and_can_be_decided(self, admin_client, outage):
        switching.switch("filesystem", "maintenance", "test")
        outage.write("settings", mode="summer")
        with psycopg.connect(outage.dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE json_store, json_store_revision")
        answer = page(admin_client, "?preview=postgres")
        assert answer.context["stopped"]
        assert not answer.context["may_confirm"]
        confirm(admin_client, "postgres")
        assert registry.host().mode().backend == "filesystem"
        assert lit(page(admin_client)) == {"decision"}
        answer = page(admin_client, "?preview=postgres&strategy=ours")
        assert answer.context["may_confirm"]
        assert [document["whole"] for document in answer.context["documents"]] == [True, True]
        assert "taken whole" in answer.text
        assert confirm(admin_client, "postgres", strategy="ours").status_code == 302
        assert registry.host().mode().backend == "postgres"
        assert get_store("settings").read()["mode"] == "summer"

    def test_many_switches_are_paged(self, admin_client, outage):
        for number in range(9):
            switching.switch("filesystem", f"out {number}", "test")
            switching.switch("postgres", f"back {number}", "test")
        answer = page(admin_client)
        assert answer.context["switches"].paginator.count == timeline.count_switches() == 19
        assert "back 8" in answer.text
        assert "out 0" not in answer.text
        assert "out 0" in page(admin_client, "?page=2").text

    def test_a_directory_that_cannot_be_used(self, admin_client, outage, settings, tmp_path):
        blocked = tmp_path / "file"
        blocked.write_text("")
        settings.STORE_DIR = blocked / "inside"
        registry.close_all()
        answer = admin_client.get(PAGE)
        assert answer.status_code == 200
        assert "cannot be used" in answer.text
        assert "Store not known" in answer.text


class TestWhatWaited:
    def test_it_rises_with_each_write_and_falls_at_the_return(self, outage):
        begun = timezone.now()
        host = registry.host()
        for _ in range(2):
            switching.switch("filesystem", "out", "test")
            for number in range(3):
                outage.write("state", last_action=f"{number}")
            assert waiting_writes(host) == 3
            switching.switch("postgres", "back", "test")
        assert waiting_writes(host) == 0
        found = {one.kind: one for one in growth(host, begun, timezone.now())}
        assert [number for _, number in found["state"].steps] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 0]
        assert [number for _, number in found["settings"].steps] == [0, 0, 0, 0]
        moments = [moment for moment, _ in found["state"].points]
        assert moments == sorted(moments)

    def test_what_a_person_took_over_goes_on_rising(self, outage):
        begun = timezone.now()
        outage.down()
        outage.write("state", last_action="1")
        switching.switch("filesystem", "stay there", "test")
        outage.write("state", last_action="2")
        found = {one.kind: one for one in growth(registry.host(), begun, timezone.now())}
        assert [number for _, number in found["state"].steps] == [0, 1, 2, 2]

    def test_the_page_draws_it(self, admin_client, outage):
        assert page(admin_client).context["waited"].pictures == []
        switching.switch("filesystem", "out", "test")
        outage.write("state", last_action="1")
        waited = page(admin_client).context["waited"]
        assert len(waited.pictures) == 2
        assert [(kind, number) for _, kind, number in waited.lines] == [("state", 1)]


class TestSwitching:
    def test_there_and_back(self, admin_client, outage):
        assert "Writes that are under way end first" in page(admin_client, "?preview=filesystem").text
        assert confirm(admin_client, "filesystem", "the server moves").status_code == 302
        mode = registry.host().mode()
        assert (mode.backend, mode.automatic, mode.who, mode.reason) == (
            "filesystem",
            False,
            "admin:admin",
            "the server moves",
        )
        outage.write("settings", poll_interval_seconds=90)
        outage.dashboard("settings", off_repeat_count=3)
        answer = page(admin_client, "?preview=postgres")
        (settings, _state) = answer.context["documents"]
        assert (settings["verdict"], settings["writes"]) == ("merged", 1)
        assert [side.path for side in settings["ours"]] == ["poll_interval_seconds"]
        assert [side.path for side in settings["theirs"]] == ["off_repeat_count"]
        assert confirm(admin_client, "postgres", "it has moved").status_code == 302
        assert registry.host().mode().backend == "postgres"
        document = get_store("settings").read()
        assert (document["poll_interval_seconds"], document["off_repeat_count"]) == (90, 3)
        entries = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
        assert len(entries) == 2
        assert "Reason: the server moves" in entries[0]
        assert KEY not in "".join(entries)

    def test_a_preview_changes_nothing(self, admin_client, outage):
        before = registry.host().mode()
        for action in ("filesystem", "postgres", "resync"):
            page(admin_client, f"?preview={action}")
        assert registry.host().mode() == before
        assert not LogEntry.objects.exists()

    def test_a_reason_is_needed(self, admin_client, outage):
        answer = confirm(admin_client, "filesystem", "   ")
        assert answer.status_code == 200
        assert "needs a reason" in answer.text
        assert registry.host().mode().backend == "postgres"

    def test_a_page_that_is_out_of_date_does_nothing(self, admin_client, outage):
        epoch = registry.host().mode().epoch
        switching.switch("filesystem", "somebody was quicker", "test")
        answer = admin_client.post(PAGE, {"action": "filesystem", "reason": "because", "epoch": epoch})
        assert "switched after this page was shown" in answer.text
        assert registry.host().mode().reason == "somebody was quicker"

    def test_resync_of_a_switched_host_leaves_it_there(self, admin_client, outage):
        switching.switch("filesystem", "maintenance", "test")
        outage.write("state", last_action="on")
        assert "stays on its JSON copies" in page(admin_client, "?preview=resync").text
        assert confirm(admin_client, "resync").status_code == 302
        mode = registry.host().mode()
        assert (mode.backend, mode.automatic) == ("filesystem", False)
        assert waiting_writes(registry.host()) == 0
        with psycopg.connect(outage.dsn) as connection:
            ((data,),) = connection.execute("SELECT data FROM json_store WHERE kind = 'state'").fetchall()
        assert data["last_action"] == "on"

    @pytest.mark.parametrize("action", ["postgres", "resync"])
    def test_without_postgresql_it_says_why_it_cannot(self, admin_client, silent, action):
        outage = silent()
        outage.write("state", last_action="on")
        answer = page(admin_client, f"?preview={action}")
        assert "cannot be done now" in answer.text
        assert not answer.context["may_confirm"]
        answer = confirm(admin_client, action)
        assert answer.status_code == 200
        assert "Nothing was done" in answer.text
        assert registry.host().mode().automatic
        assert waiting_writes(registry.host()) == 1

    def test_a_person_may_keep_a_fallen_host_on_its_copy(self, admin_client, silent):
        silent()
        get_store("settings").read()
        assert "no longer look for PostgreSQL" in page(admin_client, "?preview=filesystem").text
        assert confirm(admin_client, "filesystem", "stay until tomorrow").status_code == 302
        mode = registry.host().mode()
        assert (mode.backend, mode.automatic) == ("filesystem", False)


class TestRights:
    @pytest.fixture
    def viewer(self, outage, client, django_user_model):
        user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_jsondocument"))
        client.force_login(user)
        return user, client

    def test_who_may_look_sees_no_buttons(self, viewer):
        _, client = viewer
        assert "preview=" not in page(client).text
        assert client.get(f"{PAGE}?preview=filesystem").status_code == 403
        assert confirm(client, "filesystem").status_code == 403
        assert registry.host().mode().backend == "postgres"

    def test_the_permission_of_its_own(self, viewer):
        user, client = viewer
        user.user_permissions.add(Permission.objects.get(codename="switch_store"))
        assert "preview=filesystem" in page(client).text
        assert confirm(client, "filesystem").status_code == 302

    def test_others_see_nothing(self, outage, client, django_user_model):
        client.force_login(django_user_model.objects.create_user("staff", password="x", is_staff=True))
        assert client.get(PAGE).status_code == 403
        assert PAGE not in client.get("/admin/").text


class TestBadge:
    def test_every_page_has_it(self, admin_client, outage):
        for path in ("/admin/", "/admin/auth/user/", "/admin/stores/historyentry/", PAGE):
            assert re.search(r'class="ops-mode is-ok".*PostgreSQL', admin_client.get(path).text), path

    def test_strangers_see_none(self, client, outage):
        assert "ops-mode" not in client.get("/admin/login/").text

    def test_in_an_outage(self, admin_client, outage):
        outage.down()
        outage.write("state", last_action="1")
        outage.write("state", last_action="2")
        answer = admin_client.get("/admin/")
        assert 'class="ops-mode is-critical"' in answer.text
        tone, text = banner(answer)
        assert tone == "critical"
        assert text.startswith("PostgreSQL does not answer since ")
        assert "2 writes wait" in text
        assert f'href="{PAGE}"' in answer.text

    def test_by_hand(self, admin_client, outage):
        switching.switch("filesystem", "the server <moves>", "admin:lead")
        answer = admin_client.get("/admin/")
        tone, text = banner(answer)
        assert tone == "warning"
        assert "by admin:lead" in text
        assert "the server &lt;moves&gt;." in text

    def test_a_host_that_is_set_to_its_files_has_nothing_to_tell(self, admin_client, store_db, settings):
        settings.STORE_BACKEND = "filesystem"
        registry.close_all()
        answer = admin_client.get("/admin/")
        assert banner(answer) is None
        assert "JSON files" in answer.text

    def test_it_costs_microseconds(self, outage, admin_user):
        request = RequestFactory().get("/admin/")
        request.user = admin_user
        once = timeit(lambda: list(context.mode_badge(request)["ops_badges"]), number=200) / 200
        assert once < 0.005  # some 50 µs on a quiet machine; it must never ask a database

    def test_yesterday_has_a_date(self):
        assert re.fullmatch(r"\d\d:\d\d", context.when_text(timezone.now()))
        assert re.fullmatch(r"\d+ \w+ \d{4} \d\d:\d\d", context.when_text(timezone.now() - timedelta(days=3)))
