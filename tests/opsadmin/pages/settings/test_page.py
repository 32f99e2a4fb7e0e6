"""The page "Settings": what this site decided, what it keeps, and what the role in PostgreSQL lacks."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group
from django.db import connections
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.core.roles import Role
from opsadmin.faces.tokens import issue
from opsadmin.models import ApiToken, CheckThreshold, HealthSnapshot, IgnoredFinding, OperationRun, Retention, RoleGroup
from opsadmin.pages import patient
from opsadmin.pages.settings_checks import ThresholdForm, find
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import point_at

# A question is asked in a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
PAGE = "/admin/ops/settings/"
NAME = "index.unused.min_bytes"


def look(client, status=200, **query):
    """As the person sees it who waits until PostgreSQL answered."""
    for _ in range(3):
        answer = client.get(PAGE, query)
        assert patient.join()
        if "is still being asked" not in answer.text:
            break
    assert answer.status_code == status
    return unescape(answer.text)


def post(client, status=302, **values):
    answer = client.post(PAGE, values)
    assert answer.status_code == status
    return unescape(answer.text)


def last_entry():
    return LogEntry.objects.latest("pk")


def test_a_threshold_is_changed_with_a_reason_and_reset(reader, settings):
    settings.OPSADMIN = {**settings.OPSADMIN, "THRESHOLDS": {NAME: 65536}}
    changed = look(reader)
    assert "64 kB" in changed
    assert 'OPSADMIN["THRESHOLDS"]' in changed
    form = look(reader, threshold=NAME)
    assert 'value="64"' in form
    assert "32 kB" in form
    post(reader, action="set", name=NAME, value="2", unit="MB", reason="small disk")
    assert CheckThreshold.objects.get(name=NAME).value == 2 * 1024**2
    assert last_entry().action_flag == ADDITION
    assert last_entry().change_message == "64 kB → 2 MB: small disk"
    text = look(reader)
    for words in ("2 MB", "32 kB", "changed here", "in place of 64 kB", "small disk"):
        assert words in text
    post(reader, action="set", name=NAME, value="3", unit="MB", reason="larger disk")
    assert last_entry().action_flag == CHANGE
    post(reader, action="reset", name=NAME)
    assert not CheckThreshold.objects.exists()
    assert last_entry().action_flag == DELETION
    assert "It was 3 MB." in last_entry().change_message
    post(reader, action="reset", name=NAME)


@pytest.mark.parametrize(
    ("value", "unit", "reason"),
    [
        ("x", "MB", "r"),
        ("nan", "MB", "r"),
        ("inf", "MB", "r"),
        ("-7", "MB", "r"),
        ("1", "parsecs", "r"),
        ("1", "MB", " "),
        ("", "MB", "r"),
    ],
)
def test_a_wrong_value_changes_nothing_and_says_why(reader, value, unit, reason):
    assert "ops-error" in post(reader, 200, action="set", name=NAME, value=value, unit=unit, reason=reason)
    assert not CheckThreshold.objects.exists()


def test_no_threshold_is_below_nothing_at_the_table_either(admin_client):
    for value, status in (("-7", 200), ("7", 302)):
        fields = {"name": NAME, "value": value, "reason": "r"}
        assert admin_client.post("/admin/opsadmin/checkthreshold/add/", fields).status_code == status
    assert CheckThreshold.objects.get().value == 7


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("index.unused.min_age_seconds", "7", "d"),
        ("index.bloat.min_percent", "50", "%"),
        ("index.boolean.min_rows", "100", ""),
        ("index.brin_uncorrelated.max_correlation", "0.8", ""),
    ],
)
def test_a_number_is_given_in_the_unit_that_people_use(name, value, unit):
    one = find(name)
    assert (ThresholdForm(one).initial["value"], ThresholdForm(one).initial["unit"]) == (value, unit)
    form = ThresholdForm(one, {"value": value, "unit": unit, "reason": "r"})
    assert form.is_valid(), form.errors
    assert form.number() == one.value


def test_every_area_lists_its_numbers(reader):
    text = look(reader)
    for area in ("index", "vacuum", "connection", "configuration"):
        assert f"?area={area}#area-head" in text
    assert NAME in look(reader, area="index")
    assert NAME not in look(reader, area="nowhere")
    assert reader.get(PAGE, {"threshold": "index.no.such"}).status_code == 404
    assert reader.post(PAGE, {"action": "set", "name": "x"}).status_code == 404


def test_a_threshold_of_a_check_that_is_gone_can_be_taken_away(reader):
    CheckThreshold.objects.create(name="gone.check.number", value=5)
    assert "No check has it" in look(reader)
    assert reader.get(PAGE, {"threshold": "gone.check.number"}).status_code == 404
    post(reader, action="reset", name="gone.check.number")
    assert not CheckThreshold.objects.exists()


def test_what_is_ignored_is_listed_and_told_again(reader):
    past = timezone.now() - timedelta(days=1)
    IgnoredFinding.objects.create(check_id="a.b", object="<odd> & name", reason="known")
    over = IgnoredFinding.objects.create(check_id="c.d", object="x", reason="once", until=past)
    text = look(reader)
    assert "<odd> & name" in text
    assert "over since" in text
    post(reader, action="stop", ignored=over.pk)
    assert last_entry().action_flag == DELETION
    assert IgnoredFinding.objects.count() == 1
    for wrong in ("", "x", "9" * 30, over.pk):
        post(reader, action="stop", ignored=wrong)


def test_what_the_role_lacks_comes_with_what_gives_it(reader, superuser_dsn):
    text = look(reader, part="access")
    assert "What the role store may do" in text
    assert 'GRANT pg_read_all_data TO "store";' in text
    assert "superuser" not in text


def test_checks_that_could_not_look_say_what_lets_them(reader):
    report = {
        "checks": [
            {"title": "Blind one", "unavailable": {"reason": "It may not.", "fix": "GRANT pg_monitor TO me;"}},
            {"title": "Another one", "unavailable": {"reason": "It may not.", "fix": "GRANT pg_monitor TO me;"}},
            {"title": "Fine one"},
        ]
    }
    HealthSnapshot.objects.create(database="store", taken_at=timezone.now(), status="ok", score=1, report=report)
    text = look(reader, part="access")
    assert "Blind one · Another one" in text
    assert "GRANT pg_monitor TO me;" in text
    assert "Fine one" not in text


def test_with_postgresql_away_it_says_what_was_seen_last(reader, superuser_dsn, monkeypatch):
    before = look(reader, part="access")
    assert "What the role" in before
    point_at(monkeypatch, make_conninfo(superuser_dsn, host="/nowhere"))
    text = look(reader, part="access")
    assert "PostgreSQL does not answer" in text
    assert "was seen last" in text
    assert 'GRANT pg_read_all_data TO "store";' in text
    for part in ("checks", "kept"):
        assert look(reader, part=part)
    connections["store"].close()


def test_tokens_are_ones_own_unless_one_sees_all(reader, client):
    owner = person("owner", "opsadmin.view_database", "opsadmin.use_api")
    mine, _secret = issue(owner, "mine")
    issue(person("other", "opsadmin.use_api"), "foreign")
    everything = look(reader, part="access")
    assert "foreign" in everything
    assert f"/admin/opsadmin/apitoken/{mine.pk}/delete/" in everything
    client.force_login(owner)
    own = look(client, part="access")
    assert "mine" in own
    assert "foreign" not in own
    revoked = client.post(f"/admin/opsadmin/apitoken/{mine.pk}/delete/", {"post": "yes"})
    assert revoked["Location"] == "/admin/opsadmin/apitoken/"
    assert not ApiToken.objects.filter(user=owner).exists()
    client.force_login(person("nobody", "opsadmin.view_database"))
    assert "API tokens" not in look(client, part="access")


def test_a_role_is_set_back(reader):
    group = RoleGroup.objects.get(role=Role.VIEWER).group
    group.permissions.clear()
    text = look(reader, part="access")
    assert "It lacks:" in text
    post(reader, action="restore", role="viewer")
    assert group.permissions.exists()
    assert last_entry().change_message == "Set back to the permissions of its role."
    Group.objects.all().delete()
    assert "Somebody deleted its group." in look(reader, part="access")
    post(reader, action="restore", role="operator")
    assert RoleGroup.objects.get(role=Role.OPERATOR).group.name == "Ops operator"
    assert reader.post(PAGE, {"action": "restore", "role": "king"}).status_code == 404


def test_what_is_kept_and_told_shows_no_address(reader, settings):
    hook = "https://hooks.example.com/services/T0/B0/sEcReT"
    settings.OPSADMIN = {**settings.OPSADMIN, "ALERTS": {"WEBHOOKS": [{"url": hook}], "EMAIL": ["ada@example.com"]}}
    text = look(reader, part="kept")
    assert "hooks.example.com" in text
    assert "sEcReT" not in text
    assert "ada@example.com" not in text
    assert "90 days" in text
    settings.OPSADMIN = {**settings.OPSADMIN, "ALERTS": {}}
    assert "Nobody is told" in look(reader, part="kept")


def test_how_long_something_is_kept_is_set_confirmed_and_reset(reader):
    for number in range(3):
        row = OperationRun.objects.create(operation="x", effect="writes", caller="a", door="page", outcome="done")
        OperationRun.objects.filter(pk=row.pk).update(started_at=timezone.now() - timedelta(days=number))
    form = look(reader, retention="run_days")
    assert "From 1 day to 3660 days." in form
    for wrong in ({"keep": "0", "reason": "r"}, {"keep": "x", "reason": "r"}, {"keep": "5", "reason": ""}):
        assert "ops-error" in post(reader, 200, action="keep", name="run_days", **wrong)
    asked = post(reader, 200, action="keep", name="run_days", keep="1", reason="small disk")
    assert "The next clean-up forgets 2 rows for good." in asked
    # What was confirmed is that number, and no tighter one that was written beside it since.
    values = {"action": "keep", "name": "run_days", "reason": "small disk"}
    assert "The next clean-up" in post(reader, 200, keep="1", confirmed="2", **values)
    assert not Retention.objects.exists()
    post(reader, keep="1", confirmed="1", **values)
    assert last_entry().change_message == "90 days → 1 day: small disk"
    assert OperationRun.objects.get(operation="set_retention").caller == "reader"
    text = look(reader, part="kept")
    for words in ("90 days by default: small disk", "about 7.29 MB for each database", "Yes, forget them"):
        assert (words in text) == (words != "Yes, forget them")
    post(reader, action="keep_default", name="run_days")
    assert last_entry().change_message == "1 day → 90 days: as by default"
    assert "by default" not in look(reader, part="kept")
    for name in ("no such'", ""):
        assert reader.post(PAGE, {"action": "keep", "name": name, "keep": "1"}).status_code == 404
    assert reader.get(PAGE, {"retention": "x"}).status_code == 404


def test_a_viewer_sees_and_changes_nothing(client):
    client.force_login(person("viewer", "opsadmin.view_database"))
    CheckThreshold.objects.create(name=NAME, value=1)
    row = IgnoredFinding.objects.create(check_id="a.b", reason="known")
    text = look(client)
    assert NAME in text
    assert "?threshold=" not in text
    assert 'value="reset"' not in text
    assert "Stop ignoring" not in text
    assert client.get(PAGE, {"threshold": NAME}).status_code == 403
    assert client.get(PAGE, {"retention": "runs"}).status_code == 403
    assert "?retention=" not in look(client, part="kept")
    for action in ("set", "reset", "stop", "restore", "keep", "keep_default"):
        values = {"action": action, "name": NAME, "value": 5, "reason": "r", "ignored": row.pk, "role": "viewer"}
        assert client.post(PAGE, values).status_code == 403
    assert CheckThreshold.objects.get().value == 1
    client.force_login(person("stranger"))
    assert client.get(PAGE).status_code == 403
