"""The Overview: what it shows of a report, when it looks, and what it does without PostgreSQL."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.translation import override

from opsadmin.core.errors import OperationFailed
from opsadmin.core.finding import Finding, Status
from opsadmin.health.card import put
from opsadmin.health.catalog import checks
from opsadmin.health.in_words import finding_in_words
from opsadmin.models import Condition, HealthSnapshot, IgnoredFinding, Incident
from opsadmin.pages import looks, overview, tiles
from opsadmin.pages.actions import names_of
from opsadmin.pages.tiles import Tile, register_tile
from opsadmin.retention.surplus import NEWEST, superfluous
from stores import get_store
from stores.engine import breaker
from switchbot_site.local.catalogues import compile_catalogues
from tests.fixtures.outage import outage  # noqa: F401
from tests.fixtures.sampled import fill
from tests.opsadmin.pages.reports import ODD, analysing, healthy, sick

# A look goes on in a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
PAGE = "/admin/ops/overview/"


def look(client, query: str = "") -> str:
    """The page after the look that it begins."""
    client.get(f"{PAGE}{query}")
    assert looks.join()
    return client.get(f"{PAGE}{query}").text


@pytest.fixture
def looker(client, django_user_model):
    """May look, and nothing else."""
    user = django_user_model.objects.create_user("looker", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_database"))
    client.force_login(user)
    return client


@pytest.fixture
def own_tiles() -> Iterator[None]:
    before = list(tiles._tiles)
    yield
    tiles._tiles[:] = before


def test_the_real_thing(admin_client, store_db):
    page = look(admin_client)
    assert re.search(r"PostgreSQL \d+", page)
    for name in ("Health", "Store mode", "Connections", "Database size"):
        assert re.search(rf"<dt>(<a [^>]*>)?{name}(</a>)?</dt>", page), name
    snapshot = HealthSnapshot.objects.get()
    assert snapshot.facts["max_connections"] == 200
    assert snapshot.facts["size_bytes"] > 1_000_000
    assert snapshot.report["findings"] == sorted(
        snapshot.report["findings"], key=lambda one: one["severity"] != "critical"
    )


def test_only_with_the_permission(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    with analysing(healthy) as asked:
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"action": "check"}).status_code == 403
    assert not asked


def test_a_healthy_report(looker):
    with analysing(healthy) as asked:
        page = look(looker)
    assert "Nothing needs you." in page
    assert "3 checks looked and found nothing wrong." in page
    assert "41 indexes" in page
    assert asked == ["looker"]


def test_a_sick_report(admin_client):
    with analysing(sick):
        page = look(admin_client)
    assert "5 to look at" in page
    assert "of 9 checks, 1 could not look" in page
    order = [
        page.index(text)
        for text in ("blocks 3 sessions", "Dead rows: 2", "Unused index: 35", "Slow queries", "checks are fine")
    ]
    assert order == sorted(order)
    assert page.count("DROP INDEX CONCURRENTLY public.idx_") == 40  # 20 shown, each by itself and all at once
    assert "public.idx_20 " not in page
    assert "15 more." in page
    assert '<a href="#finding-0">Follows from pid 4211</a>' in page
    assert "<b>" not in page
    assert "public.&quot;a.b &#x27;c&#x27; %s é&lt;b&gt;&quot;" in page
    assert "CREATE EXTENSION pg_stat_statements;" in page
    assert "<code>index.unused</code> · 50 scans; source: our choice" in page
    assert "pid 99 (migrate) holds ACCESS EXCLUSIVE on it." in page
    assert "2 findings ignored" in page
    assert '/admin/ops/store-fallback/">Store &amp; fallback' in page


def test_filters(admin_client):
    with analysing(sick):
        look(admin_client)
        page = admin_client.get(f"{PAGE}?area=vacuum").text
        assert "Dead rows: 2" in page
        assert "Unused index" not in page
        assert "Follows from pid 4211</p>" in page  # which is not on this page
        assert "5 to look at" in page  # of the whole, all the same
        page = admin_client.get(f"{PAGE}?all=index.unused").text
        assert "public.idx_34" in page
        assert "more." not in page
        assert "Nothing needs you." in admin_client.get(f"{PAGE}?area=%3Cb%3E").text


def test_a_report_serves_for_half_a_minute(looker):
    with analysing(healthy) as asked:
        look(looker)
        looker.get(PAGE)
        assert len(asked) == 1
        looker.post(PAGE, {"action": "check"})
        assert looks.join()
        assert len(asked) == 2
        looker.get(f"{PAGE}?fresh=1")
        assert looks.join()
        assert len(asked) == 3
        HealthSnapshot.objects.update(taken_at=timezone.now() - timedelta(seconds=31))
        looks._looks.clear()
        looker.get(PAGE)
        assert looks.join()
        assert len(asked) == 4


def test_no_page_waits_for_a_long_look_and_there_is_one_at_a_time(looker):
    going = threading.Event()

    def slowly():
        assert going.wait(30)
        return sick()

    with analysing(healthy):
        look(looker)
    with analysing(slowly) as asked:
        begun = time.monotonic()
        page = looker.get(f"{PAGE}?fresh=1").text
        again = looker.get(f"{PAGE}?fresh=1").text
        assert time.monotonic() - begun < 2 * looks.PATIENCE_SECONDS + 2
        going.set()
        assert looks.join()
    assert len(asked) == 1
    for shown in (page, again):
        assert "A new look is under way." in shown
        assert "Nothing needs you." in shown
    assert "5 to look at" in looker.get(PAGE).text


def test_the_first_look_takes_long(looker):
    going = threading.Event()

    def slowly():
        assert going.wait(30)
        return healthy()

    with analysing(slowly):
        page = looker.get(PAGE).text
        going.set()
        assert looks.join()
    assert "The first look is under way." in page
    assert "Nothing needs you." in looker.get(PAGE).text


def failing_with(error: Exception):
    def fail(*args):
        raise error

    return fail


@pytest.mark.parametrize(
    "error, said",
    [
        (OperationFailed("PostgreSQL refused: too many clients."), "PostgreSQL refused: too many clients."),
        (KeyError("hunter2"), "The look itself failed (KeyError)."),
    ],
)
def test_a_look_that_fails(looker, error, said):
    with analysing(failing_with(error)) as asked:
        page = look(looker)
        assert said in page
        assert "hunter2" not in page
        assert "It was never seen from here" in page
        assert len(asked) == 1  # the second page heeded what the first one met
    with analysing(healthy):
        looker.post(PAGE, {"action": "check"})
        assert looks.join()
        assert "Nothing needs you." in looker.get(PAGE).text


@pytest.mark.parametrize("how", ["down", "black_hole"])
def test_postgresql_is_gone(admin_client, outage, how, monkeypatch):  # noqa: F811
    monkeypatch.setitem(connections["store"].settings_dict["OPTIONS"], "connect_timeout", 2)
    look(admin_client)
    HealthSnapshot.objects.update(taken_at=timezone.now() - timedelta(hours=2))
    getattr(outage, how)()
    looks._looks.clear()
    begun = time.monotonic()
    first = admin_client.get(PAGE)
    assert time.monotonic() - begun < looks.PATIENCE_SECONDS + 3  # 1.5 s on an idle machine
    assert first.status_code == 200
    assert looks.join()
    page = admin_client.get(PAGE).text
    assert "PostgreSQL does not answer." in page
    assert "What is below was seen last, as of" in page
    assert "(2 h ago)" in page
    assert re.search("These work without it:.*Store &amp; fallback", page)
    assert "Database size" in page
    assert HealthSnapshot.objects.count() == 1
    report = HealthSnapshot.objects.get().report
    assert "127.0.0.1" not in page
    outage.back()
    breaker.forget()  # it refuses connects for some seconds after a failure
    admin_client.post(PAGE, {"action": "check"})
    assert looks.join()
    assert HealthSnapshot.objects.count() == 2
    assert report["server"] in admin_client.get(PAGE).text


def test_never_seen_and_gone(admin_client, outage):  # noqa: F811
    outage.down()
    page = look(admin_client)
    assert "It was never seen from here" in page
    assert "PostgreSQL does not answer." in page
    assert "Store mode" in page
    # The host turns to its copy, and an incident opens: still one banner, that tells all of it.
    get_store("settings").read()
    Incident.objects.create(
        database="store", cause="outage", severity="critical", title="It is away", opened_at=timezone.now()
    )
    page = admin_client.get(PAGE).text
    (banner,) = re.findall(r'<div class="ops-banner.*?</div>', page, re.DOTALL)
    assert "PostgreSQL does not answer.</strong>" in banner
    assert "Reads and writes go to the copy; no write waits" in banner
    assert "It is away. Open for" in banner
    assert "These work without it:" in banner
    assert "PostgreSQL does not answer since" in admin_client.get(PAGE.replace("overview", "logbook")).text


def test_all_databases_at_a_glance_tell_which_is_silent(looker, monkeypatch):
    look(looker)
    assert "All databases" not in look(looker), "there is one"
    monkeypatch.setattr(overview, "postgres_aliases", lambda: ("store", "replica", "staging"))
    since = timezone.now() - timedelta(minutes=7)
    Condition.objects.create(
        database="replica", subject="connection.answers", title="Gone", severity="critical", since=since
    )
    Condition.objects.create(database="store", subject="connection.answers", title="Gone", severity="ok", since=since)
    page = " ".join(look(looker).partition("All databases")[2].partition("</section>")[0].split())
    store, replica, staging = page.split('<li class="ops-operation">')[1:]
    assert "ago, score" in store
    assert "does not answer" not in store
    assert f"does not answer since {timezone.localtime(since):%H:%M}" in replica
    assert ">Critical<" in replica
    assert "not looked at yet" in staging
    assert ">Not known<" in staging


def test_the_site_database_does_not_keep_it(looker, monkeypatch):
    from django.db import OperationalError

    monkeypatch.setattr(HealthSnapshot, "save", failing_with(OperationalError("disk full")))
    with analysing(healthy):
        assert "Nothing needs you." in look(looker)


def test_ignoring_a_finding(admin_client):
    with analysing(sick) as asked:
        look(admin_client)
        page = admin_client.get(PAGE, {"ignore": "vacuum.dead_rows", "object": 'public."a[b]*"'}).text
        assert 'value="public.&quot;a[[]b][*]&quot;"' in page
        form = {"action": "ignore", "check_id": "vacuum.dead_rows", "object": "public.orders", "reason": ""}
        page = admin_client.post(PAGE, form).text
        assert "This field is required." in page
        past = {**form, "reason": "x", "until": "2020-01-01T00:00"}
        assert "That is past." in admin_client.post(PAGE, past).text
        everything = {**form, "reason": "x", "check_id": "*", "object": "**"}
        assert "That would ignore every finding." in admin_client.post(PAGE, everything).text
        assert not IgnoredFinding.objects.exists()
        page = admin_client.post(PAGE, {**form, "reason": "it is a queue"}, follow=True).text
        assert looks.join()
        assert len(asked) == 2
    ignored = IgnoredFinding.objects.get()
    assert (ignored.object, ignored.reason, ignored.until) == ("public.orders", "it is a queue", None)
    page = admin_client.get(PAGE).text
    assert "it is a queue · for good" in page
    # The report of this test does not know of it; the page leaves it out all the same.
    assert "public.orders is not as it should be" not in page
    assert "3 findings ignored" in page
    assert "5 to look at" in page
    with analysing(sick):
        admin_client.post(PAGE, {"action": "stop", "ignored": ignored.pk})
        admin_client.post(PAGE, {"action": "stop", "ignored": "x"})
        assert looks.join()
    assert not IgnoredFinding.objects.exists()


def test_ignoring_needs_permission(looker):
    with analysing(sick):
        page = look(looker)
    assert ">Ignore<" not in page
    assert looker.get(PAGE, {"ignore": "index.unused"}).status_code == 403
    form = {"action": "ignore", "check_id": "*", "object": "*", "reason": "x"}
    assert looker.post(PAGE, form).status_code == 403
    kept = IgnoredFinding.objects.create(check_id="a", object="b", reason="c")
    assert looker.post(PAGE, {"action": "stop", "ignored": kept.pk}).status_code == 403
    assert IgnoredFinding.objects.exists()


def test_tiles_of_other_apps(looker, own_tiles):
    register_tile(lambda database: Tile("Queue", "12", f"of {database}", "warning", "/secret/", "auth.change_user"))
    register_tile(lambda database: None)
    register_tile(failing_with(ValueError("odd")))
    with analysing(healthy):
        page = look(looker)
    assert re.search(r"<dt>Queue</dt><dd class=\"ops-figure is-warning\">12</dd><dd class=\"ops-quiet\">of store", page)
    assert "/secret/" not in page


def test_trends(admin_client):
    fill()
    with analysing(healthy):
        page = look(admin_client)
    tile = re.search(
        r"p95 latency(</a>)?</dt><dd class=\"ops-figure\">([\d.]+) ms</dd><dd class=\"ops-quiet\">([^<]+)</dd>", page
    )
    assert tile
    assert re.fullmatch(r"24 h, [+−][\d.]+ ms on the day before · mean [\d.]+ ms", tile[3])
    assert re.search(r"Cache hit</dt><dd class=\"ops-figure\">99\.\d %</dd>", page)
    assert re.search(r"[+−][\d.]+ MB in 2 days", page)
    assert "95 % of statements took at most " in page
    assert "Deploy: 3f9c1a7d20be" in page.replace("deploy", "Deploy")
    assert "state_history_data_idx" in page
    assert re.search(r"It did not answer for [^<]* of the last [^<]* answered\.", page)
    assert page.count("chart-spark") == 5
    assert re.search(r"<b>SELECT</b> count|SELECT count", page)


def test_nothing_was_sampled_yet(looker):
    with analysing(healthy):
        page = look(looker)
    assert "No statement was sampled in the last 24 h." in page
    assert "p95 latency" not in page


def test_a_site_database_that_tells_no_trends(looker, monkeypatch):
    fill(hours=2)
    monkeypatch.setattr("opsadmin.pages.overview.trends_of", failing_with(DatabaseError()))
    monkeypatch.setattr("opsadmin.pages.overview.past_of", failing_with(DatabaseError()))
    with analysing(healthy):
        page = look(looker)
    assert "Health" in page
    assert "Most time spent in" not in page


def test_the_home_page_leads_there(admin_client, looker):
    assert "How PostgreSQL is, worst first" in admin_client.get("/admin/").text
    with analysing(healthy):
        look(admin_client)
    assert re.search(r'class="ops-badge is-ok">Fine</span> read \d+ s ago', admin_client.get("/admin/").text)


def test_the_operations_page_shows_a_report_alike(admin_client):
    with analysing(sick):
        page = admin_client.get("/admin/ops/run/analyze_db_health/?checks=index").text
    assert "Unused index: 35" in page
    assert "public.idx_34" in page
    assert ">Ignore<" not in page


def test_what_is_kept():
    now = timezone.now()
    every_minute = [(number, now - timedelta(minutes=number)) for number in range(2000)]
    gone = set(superfluous(every_minute, 200))
    kept = [number for number, _ in every_minute if number not in gone]
    assert kept[:NEWEST] == list(range(NEWEST))
    assert len(kept) <= NEWEST + 2000 // 60 + 1
    every_hour = [(number, now - timedelta(hours=number)) for number in range(1000)]
    assert len(every_hour) - len(superfluous(every_hour, 200)) == 200


@pytest.mark.parametrize(
    "object, names",
    [
        ("public.orders", ["public", "orders"]),
        ('"My schema"."a.b""c"', ["My schema", 'a.b"c']),
        ("public.orders.id", ["public", "orders", "id"]),
        ("pid 4211", []),
        ("public.", []),
        ("", []),
        ("f(integer, text)", []),
        (ODD, ["public", "a.b 'c' %s é<b>"]),
    ],
)
def test_names_in_an_object(object, names):
    assert names_of(object) == names


def test_a_report_is_read_in_the_language_of_the_reader(admin_client, store_db):
    """Whoever looked: the texts of the checks' cards are said anew, what fills them stays."""
    compile_catalogues()
    card = next(one for one in checks() if one.id == "index.duplicate").card(15)
    words = {"object": "public.b", "size_bytes": "16 kB", "kept": "public.a", "table_object": "public.t", "because": ""}
    finding = Finding(
        check="index.duplicate",
        area="index",
        severity=Status.WARNING,
        object="public.b",
        message=put(card.says, words),
        hint="Its own words.",
        why=put(card.why, words),
        values=words,
    )
    said = finding_in_words(finding.as_dict())
    assert said["message"] == finding.message
    with override("fr"):
        french = finding_in_words(finding.as_dict())
        assert "fait le même travail que public.a" in french["message"]
        assert "16 kB" in french["message"]
        assert french["hint"] == "Its own words."
        assert french["why"] != finding.why
        # And back: the report was made in French, the reader reads English.
    assert finding_in_words(french) == said
    assert finding_in_words({**finding.as_dict(), "values": {}}) == {**finding.as_dict(), "values": {}}
    look(admin_client)
    page = admin_client.get(PAGE, headers={"accept-language": "fr"}).text
    assert "Index en double" in page
    assert "does the same work" not in page
