"""Settings and state in the admin: form, JSON, revisions, lock, rights. Against the store, with real requests."""

import json
import re
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connections
from django.utils import timezone

from stores import get_store, registry
from stores.documents import validate

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

SAMPLE_HOME = Path(__file__).parents[2] / "switchbot_site/local/sample_home"
KEY = "sEcReTkEy42"
WEBHOOK = f"https://maker.ifttt.com/trigger/off/with/key/{KEY}"
LIST = "/admin/stores/jsondocument/"
SETTINGS = f"{LIST}settings/"
STATE = f"{LIST}state/"
FORM = f"{SETTINGS}change/"
RAW = f"{SETTINGS}raw/"
UNKNOWN = {"théme": {"é": [1, 2.5, None, True, "x\ny"], "big": 12345678901234567890, "small": 1e-7}}


class Home:
    """The store, as another program sees it."""

    def __init__(self, dsn):
        self.dsn = dsn

    def sql(self, statement, values=()):
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def put(self, kind, document):
        self.sql("UPDATE json_store SET data = %s WHERE kind = %s", [json.dumps(document), kind])

    def get(self, kind="settings"):
        return self.sql("SELECT data FROM json_store WHERE kind = %s", [kind])[0][0]

    def text(self, key):
        return self.sql("SELECT (data->%s)::text FROM json_store WHERE kind = 'settings'", [key])[0][0]

    def change(self, **values):
        """As the dashboard does: one more write of the whole document."""
        self.put("settings", {**self.get(), **values})

    def last_revision(self, kind="settings"):
        return self.sql(
            "SELECT revision, writer, reason FROM json_store_revision WHERE kind = %s ORDER BY revision DESC LIMIT 1",
            [kind],
        )[0]


@pytest.fixture
def home(store_db):
    found = Home(store_db)
    settings = json.loads((SAMPLE_HOME / "settings.json").read_text())
    found.put("settings", {**settings, "ifttt_webhooks": {"off": WEBHOOK, "fan": ""}, **UNKNOWN})
    found.put("state", json.loads((SAMPLE_HOME / "state.json").read_text()))
    return found


@pytest.fixture
def operator(admin_client, home):
    return admin_client


def fields(page):
    """What a browser would send back of a page's form: its inputs as they stand."""
    form = page.context["form"]
    data = {"base": page.context["base"]}
    for bound in form:
        value = bound.value()
        if isinstance(value, bool):
            if value:
                data[bound.html_name] = "on"
        else:
            data[bound.html_name] = "" if value is None else value
    if form.windows is not None:
        data |= {f"time_windows-{name}_FORMS": 0 for name in ("MIN_NUM", "MAX_NUM")}
        data["time_windows-TOTAL_FORMS"] = form.windows.total_form_count()
        data["time_windows-INITIAL_FORMS"] = form.windows.initial_form_count()
        for row in form.windows:
            for bound in row:
                if (value := bound.value()) not in (None, False):
                    data[bound.html_name] = value
    return data


def save(client, path=FORM, drop=(), page=None, **changes):
    data = fields(page or client.get(path)) | changes
    for name in drop:
        data.pop(name, None)
    return client.post(path, data)


def errors(answer):
    return {name: " ".join(found) for name, found in answer.context["form"].errors.items()}


class TestForm:
    def test_saving_it_untouched_changes_nothing(self, operator, home):
        for kind, path in (("settings", FORM), ("state", f"{STATE}change/")):
            before = home.sql("SELECT data::text, revision FROM json_store WHERE kind = %s", [kind])
            assert save(operator, path).status_code == 302
            assert home.sql("SELECT data::text, revision FROM json_store WHERE kind = %s", [kind]) == before
        assert not LogEntry.objects.exists()

    def test_one_value(self, operator, home):
        before = home.get()
        texts = {key: home.text(key) for key in before}
        assert save(operator, poll_interval_seconds="90").status_code == 302
        assert home.get() == {**before, "poll_interval_seconds": 90}
        assert {key: home.text(key) for key in before} == {**texts, "poll_interval_seconds": "90"}
        assert home.last_revision()[1:] == ("admin:admin", "form")
        (entry,) = LogEntry.objects.all()
        assert entry.object_id == "settings"
        assert entry.get_change_message() == "poll_interval_seconds: 120 → 90"

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("poll_interval_seconds", "59", "out of range"),
            ("poll_interval_seconds", "sixty", "whole number"),
            ("poll_interval_seconds", "90.5", "whole number"),
            ("poll_interval_seconds", "9" * 5000, "whole number"),
            ("hysteresis_celsius", "nan", "Write a number"),
            ("hysteresis_celsius", "1e1", "Write a number"),
            ("timezone", "Europe/Nowhere", "IANA"),
            ("meter_device_id", "a b", "letters"),
            ("winter-min_temp", "23", "must not exceed"),
            ("winter-max_temp", "18.5", "must not exceed"),
            ("ifttt_webhooks-off", "http://insecure/x", "https://"),
            ("mode", "autumn", "valid choice"),
            ("meter_device_id", "a\0b", "Null characters"),
        ],
    )
    def test_an_error_stands_at_its_field_and_nothing_is_saved(self, operator, home, name, text, said):
        before = home.get()
        answer = save(operator, **{name: text, "off_repeat_count": "4"})
        assert answer.status_code == 200
        assert list(errors(answer)) == [name]
        assert said in errors(answer)[name]
        assert answer.context["form"]["off_repeat_count"].value() == "4"
        assert home.get() == before

    def test_a_comma_is_a_decimal_point(self, operator, home):
        save(operator, **{"winter-min_temp": "19,5", "summer-max_temp": "27"})
        assert (home.get()["winter"]["min_temp"], home.get()["summer"]["max_temp"]) == (19.5, 27)

    def test_absent_keys_stay_absent(self, operator, home):
        home.put("settings", {"mode": "winter"})
        save(operator, off_repeat_count="2")
        assert home.get() == {"mode": "winter", "off_repeat_count": 2}
        save(operator, automation_enabled="false", **{"winter-fan_speed": "3"})
        assert home.get()["automation_enabled"] is False
        assert home.get()["winter"] == {"fan_speed": 3}

    def test_emptied_values(self, operator, home):
        save(operator, poll_interval_seconds="", meter_device_id="", automation_enabled="")
        assert not {"poll_interval_seconds", "automation_enabled"} & home.get().keys()
        assert home.get()["meter_device_id"] == ""

    def test_odd_values_stay_until_they_are_touched(self, operator, home):
        home.change(poll_interval_seconds="120", command_cooldown_seconds=5000, automation_enabled="yes", winter=[1])
        odd = home.get()
        page = operator.get(FORM)
        assert "5000 is out of range" in page.content.decode()
        assert page.context["form"]["poll_interval_seconds"].value() == '"120"'
        save(operator, off_repeat_count="5")
        assert home.get() == {**odd, "off_repeat_count": 5}
        save(operator, poll_interval_seconds="120", automation_enabled="true")
        assert (home.get()["poll_interval_seconds"], home.get()["automation_enabled"]) == (120, True)

    def test_null_in_the_state(self, operator, home):
        assert save(operator, f"{STATE}change/", last_error="it broke\r\ntwice", last_action="").status_code == 302
        assert (home.get("state")["last_error"], home.get("state")["last_action"]) == ("it broke\ntwice", None)
        assert save(operator, f"{STATE}change/").status_code == 302
        assert home.get("state")["last_error"] == "it broke\ntwice"

    def test_the_lock_is_no_input(self, operator):
        assert not [name for name in operator.get(f"{STATE}change/").context["form"].fields if "lock" in name]

    def test_a_form_without_its_base_saves_nothing(self, operator, home):
        before = home.get()
        for base in ("", "forged", operator.get(f"{STATE}change/").context["base"]):
            assert save(operator, base=base, off_repeat_count="7").status_code == 302
        assert home.get() == before


class TestWindows:
    def test_add_change_remove(self, operator, home):
        home.change(time_windows=[{"days": [4, 0], "start": "06:30", "end": "23:30", "note": "x"}])
        new = {"time_windows-1-days": ["5", "6"], "time_windows-1-start": "22:00", "time_windows-1-end": "06:00"}
        save(operator, **{"time_windows-0-start": "07:00"}, **new)
        assert home.get()["time_windows"] == [
            {"days": [4, 0], "start": "07:00", "end": "23:30", "note": "x"},
            {"days": [5, 6], "start": "22:00", "end": "06:00"},
        ]
        save(operator, **{"time_windows-0-DELETE": "on"})
        assert home.get()["time_windows"] == [{"days": [5, 6], "start": "22:00", "end": "06:00"}]

    def test_errors_stand_in_their_row(self, operator, home):
        before = home.get()
        answer = save(operator, **{"time_windows-0-start": "25:00", "time_windows-1-end": "06:00"})
        first, second = answer.context["form"].windows.forms
        assert list(second.errors) == ["days", "start"]
        answer = save(operator, **{"time_windows-0-start": "25:00"})
        assert list(answer.context["form"].windows.forms[0].errors) == ["start"]
        assert "25:00" in answer.content.decode()
        answer = save(operator, **{"time_windows-0-start": "7:05", "time_windows-0-end": "24:00"})
        assert "two digits each, as 06:30" in str(answer.context["form"].windows.forms[0].errors["start"])
        assert len(answer.context["form"].non_field_errors()) == 1
        assert home.get() == before

    def test_what_is_no_list_of_objects_is_left_alone(self, operator, home):
        for odd in ("x", [1], {"days": []}):
            home.change(time_windows=odd)
            assert "JSON page" in operator.get(FORM).content.decode()
            assert save(operator, off_repeat_interval_seconds=str(len(str(odd)))).status_code == 302
            assert home.get()["time_windows"] == odd

    def test_a_missing_row_count_wipes_nothing(self, operator, home):
        before = home.get()
        assert save(operator, drop=["time_windows-TOTAL_FORMS"]).status_code == 200
        assert home.get() == before


class TestMeanwhile:
    """Somebody else writes between the page and the save."""

    def test_another_key_is_kept(self, operator, home):
        page = operator.get(FORM)
        home.change(mode="winter", extra=1)
        assert save(operator, page=page, poll_interval_seconds="90").status_code == 302
        found = home.get()
        assert (found["mode"], found["extra"], found["poll_interval_seconds"]) == ("winter", 1, 90)

    def test_another_member_of_one_object_is_kept(self, operator, home):
        page = operator.get(FORM)
        home.change(winter={**home.get()["winter"], "fan_speed": 1})
        save(operator, page=page, **{"winter-min_temp": "18"})
        assert (home.get()["winter"]["fan_speed"], home.get()["winter"]["min_temp"]) == (1, 18)

    def test_the_same_key_is_shown_and_not_overwritten(self, operator, home):
        page = operator.get(FORM)
        home.change(poll_interval_seconds=300, mode="winter")
        answer = save(operator, page=page, poll_interval_seconds="90", off_repeat_count="4")
        assert answer.status_code == 200
        (conflict,) = answer.context["conflicts"]
        assert conflict == {"path": "poll_interval_seconds", "base": "120", "theirs": "300", "mine": "90"}
        assert (home.get()["poll_interval_seconds"], home.get()["off_repeat_count"]) == (300, 3)
        # Saving the page that showed it is a decision; the other key that they changed is not undone.
        assert save(operator, page=answer).status_code == 302
        found = home.get()
        assert (found["poll_interval_seconds"], found["off_repeat_count"], found["mode"]) == (90, 4, "winter")

    def test_the_same_change_twice_is_no_conflict(self, operator, home):
        page = operator.get(FORM)
        home.change(poll_interval_seconds=90)
        assert save(operator, page=page, poll_interval_seconds="90").status_code == 302

    def test_two_secrets(self, operator, home):
        page = operator.get(FORM)
        theirs = WEBHOOK.replace(KEY, "tHeIrS")
        home.change(ifttt_webhooks={"off": theirs})
        answer = save(operator, page=page, **{"ifttt_webhooks-off": "https://maker.ifttt.com/x/with/key/mInE"})
        (conflict,) = answer.context["conflicts"]
        assert "tHeIrS" not in answer.content.decode()
        assert conflict["path"] == "ifttt_webhooks.off"
        assert home.get()["ifttt_webhooks"]["off"] == theirs


class TestSecrets:
    def test_keep_replace_clear(self, operator, home):
        save(operator, off_repeat_count="2")
        assert home.get()["ifttt_webhooks"] == {"off": WEBHOOK, "fan": ""}
        new = WEBHOOK.replace(KEY, "nEwKeY")
        save(operator, **{"ifttt_webhooks-off": new})
        assert home.get()["ifttt_webhooks"]["off"] == new
        save(operator, **{"ifttt_webhooks-off-clear": "on"})
        assert home.get()["ifttt_webhooks"]["off"] == ""

    def test_both_at_once_is_an_error(self, operator, home):
        answer = save(operator, **{"ifttt_webhooks-off": WEBHOOK + "x", "ifttt_webhooks-off-clear": "on"})
        assert list(errors(answer)) == ["ifttt_webhooks-off"]

    def test_no_page_and_no_log_holds_a_stored_one(self, operator, home):
        home.change(ifttt_webhooks={"off": WEBHOOK + "2", "odd": [WEBHOOK]}, notes=f"see {WEBHOOK}")
        home.change(mode="winter", last=WEBHOOK)
        save(operator, **{"ifttt_webhooks-off": WEBHOOK + "3"})
        save(operator, **{"ifttt_webhooks-off-clear": "on"})
        number = home.last_revision()[0]
        pages = [LIST, FORM, RAW, f"{SETTINGS}revisions/", f"{SETTINGS}history/", "/admin/"]
        for back in range(4):
            pages += [f"{SETTINGS}revisions/{number - back}/", f"{SETTINGS}revisions/{number - back}/?against=current"]
            pages.append(f"{SETTINGS}revisions/{number - back}/restore/")
        for path in pages:
            answer = operator.get(path)
            assert answer.status_code == 200, path
            assert KEY not in answer.content.decode(), path
        answer = operator.post(RAW, {"base": operator.get(RAW).context["base"], "text": "{"})
        assert KEY not in answer.content.decode()
        assert LogEntry.objects.count() == 2
        assert KEY not in "".join(entry.change_message for entry in LogEntry.objects.all())


class TestRaw:
    def post(self, client, text, page=None, **more):
        page = page or client.get(RAW)
        return client.post(RAW, {"base": page.context["base"], "text": text, **more})

    def confirm(self, client, preview, **more):
        data = {"base": preview.context["base"], "text": preview.context["text"], "_save": "1", **more}
        return client.post(RAW, {**data, "previewed": preview.context["previewed"]})

    def document(self, client):
        return json.loads(client.get(RAW).context["text"])

    def test_preview_then_save(self, operator, home):
        before = home.get()
        document = {**self.document(operator), "hysteresis_celsius": 0.5, "new": {"a": [1]}}
        del document["mode"]
        preview = self.post(operator, json.dumps(document))
        shown = [(change.sign, change.path) for change in preview.context["changes"]]
        assert sorted(shown) == [("+", "new"), ("~", "hysteresis_celsius"), ("−", "mode")]
        assert home.get() == before
        assert self.confirm(operator, preview).status_code == 302
        expected = {**before, "hysteresis_celsius": 0.5, "new": {"a": [1]}}
        del expected["mode"]
        assert home.get() == expected
        assert home.last_revision()[1:] == ("admin:admin", "JSON")

    def test_nothing_is_saved_unseen(self, operator, home):
        before = home.get()
        preview = self.post(operator, json.dumps({**self.document(operator), "mode": "winter"}))
        other = json.dumps({**self.document(operator), "mode": "winter", "off_repeat_count": 9})
        answer = self.confirm(operator, preview, text=other)
        assert (answer.status_code, home.get()) == (200, before)
        assert self.post(operator, other, _save="1").status_code == 200
        assert home.get() == before

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{\n  "mode": \n}', r"line 3, column 1"),
            ('{"a": 1, "a": 2}', r"line 1, column 10"),
            ("[1]", r"object"),
            ('{"a": "\\u0000"}', r"line 1, column 7.*NUL"),
            ('{"a": NaN}', r"line 1"),
            ('{"a": 1e400}', r"line 1"),
            ("", r"empty"),
            ("{}", r"wipe"),
            ('{"ifttt_webhooks": {"off": "https://maker.ifttt.com/…••••00000000"}}', r"no stored address"),
        ],
    )
    def test_what_cannot_be_stored_is_refused(self, operator, home, text, said):
        before = home.get()
        answer = self.post(operator, text, _save="1", anyway="1")
        assert answer.status_code == 200
        assert re.search(said, " ".join(map(str, answer.context["problems"])))
        assert answer.context["text"] == text
        assert home.get() == before

    def test_tolerated_values_want_a_word(self, operator, home):
        preview = self.post(operator, json.dumps({**self.document(operator), "poll_interval_seconds": 20}))
        assert [remark.path for remark in preview.context["fresh"]] == ["poll_interval_seconds"]
        answer = self.confirm(operator, preview)
        assert (answer.status_code, answer.context["must_tick"]) == (200, True)
        assert home.get()["poll_interval_seconds"] == 120
        assert self.confirm(operator, answer, anyway="1").status_code == 302
        assert home.get()["poll_interval_seconds"] == 20

    def test_placeholders_keep_and_new_addresses_replace(self, operator, home):
        document = self.document(operator)
        assert document["ifttt_webhooks"]["off"].startswith("https://maker.ifttt.com/…••••")
        document["ifttt_webhooks"]["winter"] = document["ifttt_webhooks"]["off"]
        document["ifttt_webhooks"]["fan"] = "https://maker.ifttt.com/x/with/key/nEw"
        assert self.confirm(operator, self.post(operator, json.dumps(document))).status_code == 302
        assert home.get()["ifttt_webhooks"] == {
            "winter": WEBHOOK,
            "off": WEBHOOK,
            "fan": "https://maker.ifttt.com/x/with/key/nEw",
        }

    def test_meanwhile(self, operator, home):
        page = operator.get(RAW)
        mine = json.dumps({**json.loads(page.context["text"]), "off_repeat_count": 5})
        home.change(mode="winter")
        assert self.confirm(operator, self.post(operator, mine, page)).status_code == 302
        assert (home.get()["mode"], home.get()["off_repeat_count"]) == ("winter", 5)
        page = operator.get(RAW)
        mine = json.dumps({**json.loads(page.context["text"]), "off_repeat_count": 6})
        home.change(off_repeat_count=7, mode="summer")
        answer = self.post(operator, mine, page)
        assert [conflict["theirs"] for conflict in answer.context["conflicts"]] == ["7"]
        assert home.get()["off_repeat_count"] == 7
        preview = self.post(operator, answer.context["text"], answer)
        assert [change.path for change in preview.context["changes"]] == ["off_repeat_count"]


class TestRevisions:
    def test_list_diff_restore(self, operator, home):
        before = home.get()
        first = home.last_revision()[0]
        home.change(mode="winter", extra=1)
        page = operator.get(f"{SETTINGS}revisions/")
        assert [row.changes for row in page.context["rows"]][:1] == [2]
        page = operator.get(f"{SETTINGS}revisions/{first + 1}/")
        shown = {(change.sign, change.path, change.before, change.after) for change in page.context["changes"]}
        assert shown == {("~", "mode", '"summer"', '"winter"'), ("+", "extra", "", "1")}
        path = f"{SETTINGS}revisions/{first}/restore/"
        page = operator.get(path)
        assert {(change.word, change.path) for change in page.context["changes"]} == {
            ("changed", "mode"),
            ("removed", "extra"),
        }
        assert home.get()["mode"] == "winter"
        assert operator.post(path, {"base": page.context["base"]}).status_code == 302
        assert home.get() == before
        assert home.last_revision() == (first + 2, "admin:admin", f"restore of revision {first}")
        assert "restore of revision" in LogEntry.objects.get().change_message

    def test_a_restore_writes_only_what_was_shown(self, operator, home):
        first = home.last_revision()[0]
        home.change(mode="winter")
        path = f"{SETTINGS}revisions/{first}/restore/"
        page = operator.get(path)
        home.change(off_repeat_count=9)
        answer = operator.post(path, {"base": page.context["base"]})
        assert answer.status_code == 200
        assert {change.path for change in answer.context["changes"]} == {"mode", "off_repeat_count"}
        assert home.get()["off_repeat_count"] == 9
        assert operator.post(path).status_code == 200

    def test_a_restored_state_keeps_the_lock(self, operator, home):
        first = home.last_revision("state")[0]
        held = {"automation_in_progress": True, "automation_lock_token": 20000, "automation_lock_owner": "w"}
        home.put("state", {**home.get("state"), **held, "last_temperature": 30.5})
        path = f"{STATE}revisions/{first}/restore/"
        operator.post(path, {"base": operator.get(path).context["base"]})
        found = home.get("state")
        assert found["last_temperature"] == 26.4
        assert {key: found[key] for key in held} == held

    def test_pages_of_revisions(self, operator, home):
        for number in range(60):
            home.change(off_repeat_interval_seconds=number + 1)
        seen, query = [], ""
        while query is not None:
            page = operator.get(f"{SETTINGS}revisions/{query}")
            seen += [row.revision.revision for row in page.context["rows"]]
            query = f"?before={page.context['following']}" if page.context["following"] else None
        assert seen == list(range(home.last_revision()[0], 0, -1))

    def test_odd_addresses(self, operator):
        for path in (f"{SETTINGS}revisions/99999/", f"{SETTINGS}revisions/{2**70}/", f"{LIST}other/raw/"):
            assert operator.get(path).status_code == 404
        assert operator.get(f"{SETTINGS}revisions/?before=x").status_code == 200
        assert operator.get(f"{LIST}other/change/").status_code == 404


class TestLock:
    PATH = f"{STATE}release-lock/"

    def hold(self, home, since):
        held = {"automation_in_progress": True, "automation_locked_at": since, "automation_lock_owner": "worker"}
        home.put("state", {**home.get("state"), **held, "automation_lock_token": 7})

    @pytest.mark.parametrize("since", [timedelta(minutes=6), None, "nonsense"])
    def test_a_stale_one_is_released_and_fenced(self, operator, home, since):
        if isinstance(since, timedelta):
            since = (timezone.now() - since).isoformat()
        self.hold(home, since)
        assert "Release it" in operator.get(f"{STATE}change/").content.decode()
        before = home.get("state")
        assert operator.get(self.PATH).status_code == 200
        assert home.get("state") == before
        assert operator.post(self.PATH).status_code == 302
        released = {"automation_in_progress": False, "automation_locked_at": None, "automation_lock_owner": None}
        assert home.get("state") == {**before, **released, "automation_lock_token": 8}
        assert home.last_revision("state")[2] == "release of a stale automation lock"

    def test_one_in_time_is_not(self, operator, home):
        self.hold(home, (timezone.now() - timedelta(minutes=4)).isoformat())
        before = home.get("state")
        assert "Release it" not in operator.get(f"{STATE}change/").content.decode()
        assert operator.post(self.PATH).status_code == 200
        assert home.get("state") == before

    def test_a_free_one_is_not(self, operator, home):
        before = home.get("state")
        assert operator.post(self.PATH).status_code == 200
        assert home.get("state") == before


class TestRights:
    PAGES = (LIST, FORM, RAW, f"{SETTINGS}revisions/", f"{SETTINGS}revisions/2/", f"{STATE}change/")
    WRITES = (FORM, RAW, f"{SETTINGS}revisions/1/restore/", TestLock.PATH)

    @pytest.fixture
    def viewer(self, home, client, django_user_model):
        user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_jsondocument"))
        client.force_login(user)
        return client

    def test_who_may_look_sees_no_form(self, viewer):
        for path in self.PAGES:
            answer = viewer.get(path)
            assert answer.status_code == 200
            content = answer.content.decode()
            assert 'name="base"' not in content, path
            assert KEY not in content, path

    def test_who_may_look_cannot_write(self, viewer, home):
        before = home.get(), home.get("state")
        for path in self.WRITES:
            assert viewer.post(path, {"text": "{}"}).status_code == 403, path
        assert (home.get(), home.get("state")) == before

    def test_who_may_not_look_is_refused(self, home, client, django_user_model):
        client.force_login(django_user_model.objects.create_user("staff", password="x", is_staff=True))
        for path in {*self.PAGES, *self.WRITES}:
            assert client.get(path).status_code == 403, path

    def test_strangers_are_asked_to_sign_in(self, home, client):
        for path in {*self.PAGES, *self.WRITES}:
            assert "/login/" in client.get(path).url

    def test_nobody_adds_or_deletes(self, operator):
        assert operator.get(f"{LIST}add/").status_code == 403
        assert operator.get(f"{SETTINGS}delete/").status_code == 403


class TestList:
    def test_it_says_who_and_how_valid(self, operator, home):
        save(operator, off_repeat_count="2")
        page = operator.get(LIST)
        rows = {row["kind"]: row for row in page.context["rows"]}
        assert rows["settings"]["status"].writer == "admin:admin"
        assert (rows["settings"]["problems"], rows["settings"]["unknown"]) == ([], len(UNKNOWN))
        home.change(poll_interval_seconds=5, mode="autumn")
        assert "2 problems" in operator.get(LIST).content.decode()

    def test_an_empty_document_is_not_called_valid(self, operator, home):
        home.sql("DELETE FROM json_store WHERE kind = 'settings'")
        badges = re.findall(r'<span class="ops-badge [^>]*>([^<]*)', operator.get(LIST).content.decode())
        assert badges == ["Empty", "Valid"]

    def test_a_row_that_is_no_document(self, operator, home):
        home.sql("UPDATE json_store SET data = '[1]' WHERE kind = 'settings'")
        for path in (LIST, FORM, RAW):
            answer = operator.get(path)
            assert answer.status_code == 200
            assert "object" in answer.content.decode()
        path = f"{SETTINGS}revisions/{home.last_revision()[0] - 1}/"
        assert operator.get(path).status_code == 200


class TestStoreFails:
    """Another session holds the row: the store refuses after its deadline."""

    @pytest.fixture
    def held(self, home):
        with psycopg.connect(home.dsn) as connection:
            yield lambda: connection.execute("SELECT 1 FROM json_store FOR UPDATE")

    def test_what_was_typed_stays(self, operator, home, held):
        page = operator.get(FORM)
        held()
        answer = save(operator, page=page, poll_interval_seconds="90")
        assert answer.status_code == 200
        assert answer.context["store_error"]
        assert answer.context["form"]["poll_interval_seconds"].value() == "90"
        assert home.get()["poll_interval_seconds"] == 120

    def test_so_does_the_text(self, operator, home, held):
        raw = TestRaw()
        preview = raw.post(operator, json.dumps({**raw.document(operator), "mode": "winter"}))
        held()
        answer = raw.confirm(operator, preview)
        assert answer.context["store_error"]
        assert json.loads(answer.context["text"])["mode"] == "winter"


class TestOutage:
    """Nothing listens where the store should be. The site database works."""

    @pytest.fixture
    def gone(self, operator, home, tmp_path):
        connection = connections["store"]
        where = connection.settings_dict["HOST"]

        def cut():
            registry.close_all()
            connection.close()
            connection.settings_dict["HOST"] = str(tmp_path)

        yield cut
        registry.close_all()
        connection.close()
        connection.settings_dict["HOST"] = where

    def test_pages_say_so(self, operator, gone):
        gone()
        for path in (LIST, FORM, RAW, f"{SETTINGS}revisions/", f"{SETTINGS}revisions/1/", f"{STATE}change/"):
            answer = operator.get(path)
            assert answer.status_code == 200, path
            assert "PostgreSQL does not answer" in answer.content.decode(), path

    def test_saving_goes_on_in_the_copy(self, operator, home, gone):
        page = operator.get(FORM)
        gone()
        answer = save(operator, page=page, poll_interval_seconds="90")
        assert answer.status_code == 302
        assert get_store("settings").status().backend == "filesystem"
        assert get_store("settings").read()["poll_interval_seconds"] == 90

    def test_what_was_typed_stays_where_there_is_no_copy(self, operator, home, gone, settings, tmp_path):
        page = operator.get(FORM)
        settings.STORE_DIR = tmp_path / "other host"
        settings.STORE_PATHS = {kind: tmp_path / "other host" / f"{kind}.json" for kind in ("settings", "state")}
        gone()
        answer = save(operator, page=page, poll_interval_seconds="90")
        assert answer.status_code == 200
        assert answer.context["store_error"]
        assert answer.context["form"]["poll_interval_seconds"].value() == "90"


def test_the_samples_are_what_the_tests_think(home):
    assert [remark.code for remark in validate("settings", home.get())] == ["unknown"]
