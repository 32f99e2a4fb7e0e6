"""Conflicts in the admin: list, the three values side by side, settling."""

import json

import psycopg
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from stores import conflicts, get_store, registry
from stores.models import StoreConflict
from tests.fixtures.outage import KEY

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

LIST = "/admin/stores/storeconflict/"
SECRETS = (KEY, "oThErKeY77")


@pytest.fixture
def conflict(outage):
    """The one about `mode`: winter before, summer on the copy, auto in PostgreSQL."""
    outage.make_conflict()
    return StoreConflict.objects.get(path="mode")


def address(conflict):
    return f"{LIST}{conflict.pk}/change/"


def take(client, conflict, decision, **more):
    return client.post(address(conflict), {"decision": decision, **more})


def no_secret(answer):
    assert not [secret for secret in SECRETS if secret in answer.text]
    return answer


class TestList:
    def test_open_ones_first_and_taken_over_from_the_files(self, admin_client, conflict):
        StoreConflict.objects.update(settled_at=timezone.now(), settled_by="admin:lead")
        StoreConflict.objects.filter(pk=conflict.pk).update(settled_at=None, settled_by="", at="2020-01-01T00:00Z")
        shown = list(admin_client.get(LIST).context["cl"].result_list)
        assert shown[0] == conflict
        assert len(shown) > 1

    @pytest.mark.parametrize(
        ("query", "paths"),
        [("state=open", {"mode"}), ("state=person", {"ifttt_webhooks.off"}), ("state=rule", set())],
    )
    def test_filters(self, admin_client, conflict, query, paths):
        StoreConflict.objects.exclude(pk=conflict.pk).update(settled_at=timezone.now(), settled_by="admin:lead")
        answer = no_secret(admin_client.get(f"{LIST}?{query}"))
        assert {found.path for found in answer.context["cl"].result_list} == paths

    def test_filter_by_resync(self, admin_client, conflict):
        found = admin_client.get(f"{LIST}?resync={conflict.resync}").context["cl"].result_list
        assert conflict in found
        assert admin_client.get(f"{LIST}?resync=nonsense").status_code == 200

    def test_nobody_adds_or_deletes(self, admin_client, conflict):
        assert admin_client.get(f"{LIST}add/").status_code == 403
        assert admin_client.get(f"{LIST}{conflict.pk}/delete/").status_code == 403

    def test_one_that_does_not_exist(self, admin_client, outage):
        assert admin_client.get(f"{LIST}{'0' * 64}/change/").status_code == 404


class TestOne:
    def test_the_three_values_and_which_one_is_in_the_document(self, admin_client, conflict):
        answer = admin_client.get(address(conflict))
        found = [(column.side, column.text, column.kept) for column in answer.context["columns"]]
        kept = get_store("settings").read()["mode"]
        assert found == [
            ("base", '"winter"', False),
            ("ours", '"summer"', kept == "summer"),
            ("theirs", '"auto"', kept == "auto"),
        ]
        assert not answer.context["is_none_of_them"]

    def test_secrets_stay_hidden(self, admin_client, conflict):
        secret = StoreConflict.objects.get(path="ifttt_webhooks.off")
        answer = no_secret(admin_client.get(address(secret)))
        assert "The values are secret" in answer.text
        no_secret(take(admin_client, secret, "ours"))
        no_secret(take(admin_client, secret, "ours", confirm=1))
        no_secret(admin_client.get(address(secret)))

    def test_a_key_that_is_not_there_is_not_null(self, admin_client, conflict):
        StoreConflict.objects.filter(pk=conflict.pk).update(has_base=False, base=None, has_theirs=True, theirs=None)
        columns = {column.side: column.text for column in admin_client.get(address(conflict)).context["columns"]}
        assert (columns["base"], columns["theirs"]) == ("not there", "null")

    def test_changed_since(self, admin_client, conflict, outage):
        outage.write("settings", mode="autumn")
        answer = admin_client.get(address(conflict))
        assert answer.context["is_none_of_them"]
        assert "autumn" in answer.text


class TestSettling:
    @pytest.mark.parametrize(("decision", "value"), [("ours", "summer"), ("theirs", "auto"), ("base", "winter")])
    def test_a_side(self, admin_client, conflict, decision, value):
        before = get_store("settings").read()
        answer = take(admin_client, conflict, decision)
        assert answer.context["decided"] == json.dumps(value)
        assert get_store("settings").read() == before
        assert take(admin_client, conflict, decision, confirm=1).status_code == 302
        assert get_store("settings").read() == {**before, "mode": value}
        conflict.refresh_from_db()
        assert (conflict.settled_by, conflict.decision, conflict.decided) == ("admin:admin", decision, value)
        assert LogEntry.objects.get().object_id == conflict.pk
        page = admin_client.get(address(conflict))
        assert "Take this" not in page.text
        assert "admin:admin" in page.text

    def test_the_write_is_a_revision_with_its_reason(self, admin_client, conflict, outage):
        decision = "ours" if get_store("settings").read()["mode"] == "auto" else "theirs"
        take(admin_client, conflict, decision, confirm=1)
        with psycopg.connect(outage.dsn) as connection:
            row = connection.execute(
                "SELECT writer, reason FROM json_store_revision WHERE kind = 'settings' ORDER BY revision DESC LIMIT 1"
            ).fetchone()
        assert row == ("admin:admin", "Settle conflict: mode")

    def test_another_value(self, admin_client, conflict):
        answer = take(admin_client, conflict, "other", value='"sum')
        assert answer.context["form"].errors["value"]
        answer = take(admin_client, conflict, "other", value='"both"')
        assert answer.context["decided"] == '"both"'
        assert any("not a choice" in remark for remark in answer.context["remarks"])
        assert take(admin_client, conflict, "other", value='"both"', confirm=1).status_code == 302
        assert get_store("settings").read()["mode"] == "both"

    def test_no_key_at_all(self, admin_client, conflict):
        assert take(admin_client, conflict, "other", value="").context["form"].errors["value"]
        answer = take(admin_client, conflict, "other", remove="on")
        assert answer.context["decided"] == "not there"
        take(admin_client, conflict, "other", remove="on", confirm=1)
        assert "mode" not in get_store("settings").read()

    def test_a_mask_is_not_taken_for_the_value(self, admin_client, conflict):
        secret = StoreConflict.objects.get(path="ifttt_webhooks.off")
        answer = take(admin_client, secret, "other", value='"https://maker.ifttt.com/…••••"', confirm=1)
        assert answer.context["form"].errors["value"]

    def test_a_value_that_somebody_changed_since_asks_once_more(self, admin_client, conflict, outage):
        outage.write("settings", mode="autumn")
        answer = take(admin_client, conflict, "ours", confirm=1)
        assert answer.status_code == 200
        assert "changed since" in answer.text
        assert get_store("settings").read()["mode"] == "autumn"
        assert take(admin_client, conflict, "ours", confirm=1, force=1).status_code == 302
        assert get_store("settings").read()["mode"] == "summer"

    def test_in_an_outage_it_goes_to_the_copy(self, admin_client, conflict, outage):
        outage.down()
        assert admin_client.get(address(conflict)).status_code == 200
        assert take(admin_client, conflict, "base").status_code == 200
        assert take(admin_client, conflict, "base", confirm=1).status_code == 302
        assert registry.host().mode().backend == "filesystem"
        assert get_store("settings").read()["mode"] == "winter"

    def test_it_leads_to_the_next_one(self, admin_client, conflict):
        others = StoreConflict.objects.filter(settled_at=None).exclude(pk=conflict.pk)
        (other,) = others
        assert take(admin_client, conflict, "ours", confirm=1).url == address(other)
        assert take(admin_client, other, "ours", confirm=1).url == "/admin/ops/store-fallback/"

    def test_what_is_settled_stays(self, admin_client, conflict):
        conflicts.settle(conflict, "ours", who="somebody quicker")
        assert take(admin_client, conflict, "theirs", confirm=1).status_code == 302
        conflict.refresh_from_db()
        assert (conflict.decision, conflict.settled_by) == ("ours", "somebody quicker")

    def test_nonsense(self, admin_client, conflict):
        assert take(admin_client, conflict, "mine", confirm=1).status_code == 302
        conflict.refresh_from_db()
        assert conflict.settled_at is None


class TestRights:
    def test_who_may_look_cannot_settle(self, client, conflict, django_user_model):
        user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_storeconflict"))
        client.force_login(user)
        assert "Take this" not in client.get(address(conflict)).text
        assert take(client, conflict, "ours", confirm=1).status_code == 403

    def test_others_see_nothing(self, client, conflict, django_user_model):
        client.force_login(django_user_model.objects.create_user("staff", password="x", is_staff=True))
        assert client.get(LIST).status_code == 403
        assert client.get(address(conflict)).status_code == 403
