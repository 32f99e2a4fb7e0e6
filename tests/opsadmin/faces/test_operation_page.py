"""The generated page of an operation: form, preview, confirmation, result, permission."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError

from opsadmin.core import operation as registry
from opsadmin.core.errors import OperationFailed
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.core.result import Result
from opsadmin.models import OperationRun
from opsadmin.perform import load

pytestmark = pytest.mark.django_db(databases=["default", "store"])
RUN = "/admin/ops/run/"
ODD = "a\"b.c d'é%<script>alert(1)</script>"


@dataclass(frozen=True)
class Everything(OnDatabase):
    name: str = parameter(help="Whose.", spellings=("object_name",))
    kind: str = parameter("table", help="Which kind.", choices=("table", "view"))
    areas: str = parameter("all", help="Where.", choices=("all", "index", "vacuum"), several=True)
    limit: int = parameter(10, help="How many.", minimum=1, maximum=100)
    share: float | None = parameter(None, help="How much.", minimum=0)
    deep: bool = parameter(True, help="Look deep.")
    names: list[str] = parameter([], help="More of them.")


@dataclass(frozen=True)
class Sql(OnDatabase):
    sql: str = parameter(help="The statement.", multiline=True)
    queries: list[str] = parameter([], help="More statements.", multiline=True)
    options: dict = parameter({}, help="Odd ones.")


@dataclass(frozen=True)
class Row(Result):
    name: str
    size_bytes: int


@dataclass(frozen=True)
class Said(Result):
    got: str
    took_ms: float
    definition: str
    rows: list[Row] = field(default_factory=list)


@pytest.fixture(autouse=True)
def did() -> Iterator[list]:
    """The operations of these tests, and what they were asked."""
    load()
    before = dict(registry._operations)
    asked: list = []
    common = {"group": "samples"}

    @operation("sample_read", title="Read it", summary="Reads.", parameters=Everything, **common)
    def read(given: Everything, call: Call) -> Said:
        asked.append((given, call.caller))
        if given.name == "down":
            raise OperationFailed("PostgreSQL does not answer.", hint="Wait.")
        if given.name == "gone":
            raise OperationalError("connection to server at 10.1.2.3 failed: password=hunter2")
        if given.name == "bug":
            raise KeyError("hunter2")
        return Said(given.name, 1.5, "line 1\nline 2", [Row(ODD, 2048 + n) for n in range(given.limit * 10)])

    @operation("sample_sql", title="Run SQL", summary="Runs.", parameters=Sql, **common)
    def run_sql(given: Sql, call: Call) -> Row:
        asked.append((given, call.caller))
        return Row("it ran", 1)

    @operation(
        "sample_write",
        title="Write it",
        summary="Writes.",
        parameters=Everything,
        effect=Effect.WRITES,
        permission="opsadmin.add_checkthreshold",
        **common,
    )
    def write(given: Everything, call: Call) -> Row:
        asked.append((given, call.caller))
        return Row(given.name, 1)

    def show(given: Everything, call: Call) -> Preview:
        refusal = "A constraint holds it." if given.name == "pk" else ""
        return Preview((f"The index {given.name} goes.",), f"DROP INDEX {given.name};", refusal)

    @operation(
        "sample_drop",
        title="Drop it",
        summary="Drops.",
        parameters=Everything,
        effect=Effect.DESTROYS,
        permission="opsadmin.delete_checkthreshold",
        preview=show,
        **common,
    )
    def drop(given: Everything, call: Call) -> Row:
        asked.append((given, call.caller))
        return Row(given.name, 1)

    yield asked
    registry._operations.clear()
    registry._operations.update(before)


@pytest.fixture
def looker(client, django_user_model):
    """May look, and nothing else."""
    user = django_user_model.objects.create_user("looker", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_database"))
    client.force_login(user)
    return client


def token_in(page: str) -> str:
    return re.search(r'name="_form" value="([^"]+)"', page)[1]


def test_the_index_shows_what_one_may_do(looker):
    page = looker.get(RUN).text
    assert "sample_read" in page
    assert "sample_write" not in page
    assert "sample_read" not in looker.get(RUN, {"q": "sql"}).text
    assert "sample_sql" in looker.get(RUN, {"q": "SQL run"}).text
    assert "No operation is called" in looker.get(RUN, {"q": "<nothing>"}).text


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_permission_it_is_forbidden(looker, did, method):
    assert getattr(looker, method)(f"{RUN}sample_drop/", {"name": "x", "_step": "run"}).status_code == 403
    assert getattr(looker, method)(f"{RUN}sample_write/", {"name": "x"}).status_code == 403
    assert not did


def test_without_any_permission_there_is_nothing(client, django_user_model, did):
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert client.get(RUN).status_code == 403
    assert client.get(f"{RUN}sample_read/?name=x").status_code == 403
    assert not did


def test_an_unknown_operation_is_not_found(admin_client):
    assert admin_client.get(f"{RUN}nothing_of_the_kind/").status_code == 404


def test_the_form_is_made_from_the_parameters(looker, did):
    page = looker.get(f"{RUN}sample_read/").text
    assert not did
    assert re.search(r'<input type="text" name="name"[^>]* required', page)
    assert re.search(r'<select name="kind"', page)
    assert page.count('type="checkbox" name="areas"') == 3
    assert re.search(r'<input type="number" name="limit" value="10"[^>]*min="1"[^>]*max="100"', page)
    assert '<input type="hidden" name="deep" value="false">' in page
    assert re.search(r'type="checkbox" name="deep" value="true"[^>]* checked', page)
    assert re.search(r'<textarea name="names"', page)
    assert 'name="database"' not in page  # there is one PostgreSQL
    assert "aria-invalid" not in page


def test_an_address_with_parameters_is_done_at_once(looker, did):
    page = looker.get(f"{RUN}sample_read/", {"object_name": ODD, "areas": "index,vacuum", "deep": "false"}).text
    given, caller = did[0]
    assert (given.name, given.areas, given.deep, given.limit) == (ODD, "index,vacuum", False, 10)
    assert (caller.name, caller.door, caller.address) == ("looker", "page", "127.0.0.1")
    assert "<script>alert" not in page
    assert "2 kB" in page
    assert "line 1\nline 2" in page
    assert "manage.py ops sample_read --name" in page
    assert "--no-deep" in page


def test_a_form_sends_boxes_and_lines(looker, did):
    looker.get(
        f"{RUN}sample_read/",
        {
            "_run": "1",
            "name": "x",
            "areas": ["index", "vacuum"],
            "deep": ["false", "true"],
            "names": "a\r\nb c\r\n\r\n",
            "share": "",
        },
    )
    given, _ = did[0]
    assert (given.areas, given.deep, given.names, given.share) == ("index,vacuum", True, ["a", "b c"], None)


def test_the_link_of_a_result_leads_to_it_again(looker, did):
    page = looker.get(f"{RUN}sample_read/", {"name": ODD, "names": ["a", "b"], "deep": "false", "share": "0.5"}).text
    link = re.search(r'href="([^"]+)">Link to this', page)[1].replace("&amp;", "&")
    looker.get(link)
    assert did[0][0] == did[1][0]


@pytest.mark.parametrize(
    "given, field, said",
    [
        ({"name": "x", "limit": "0"}, "limit", "must be at least 1"),
        ({"name": "x", "limit": "many"}, "limit", "must be a whole number"),
        ({"name": "x", "kind": "wiew"}, "kind", "must be one of table, view"),
        ({"name": "x", "names": "[1"}, "names", "is no JSON list"),
        ({"_run": "1"}, "name", "is missing"),
    ],
)
def test_an_error_stands_at_its_field(looker, did, given, field, said):
    page = looker.get(f"{RUN}sample_read/", given).text
    assert not did
    error = re.search(rf'<p class="ops-error" id="id_{field}_error">([^<]*)</p>', page)
    assert said in error[1].replace("&#x27;", "'")
    assert page.count('aria-invalid="true"') == 1


def test_an_unknown_parameter_is_told(looker, did):
    page = looker.get(f"{RUN}sample_read/", {"name": "x", "colour": "red"}).text
    assert not did
    assert "There is no parameter &#x27;colour&#x27;" in page


@pytest.mark.parametrize(
    "name, said",
    [
        ("down", "PostgreSQL does not answer. Wait."),
        ("gone", "PostgreSQL does not answer."),
        ("bug", "The operation itself failed (KeyError)"),
    ],
)
def test_what_could_not_be_done_is_a_banner(looker, name, said):
    answer = looker.get(f"{RUN}sample_read/", {"name": name})
    assert answer.status_code == 200
    assert said in answer.text
    assert "hunter2" not in answer.text
    assert "10.1.2.3" not in answer.text


def test_a_result_as_json(looker):
    answer = looker.get(f"{RUN}sample_read/", {"name": ODD, "limit": "1", "_format": "json"})
    assert answer["Content-Disposition"] == 'attachment; filename="sample_read.json"'
    assert json.loads(answer.content)["rows"][0] == {"name": ODD, "size_bytes": 2048}
    answer = looker.get(f"{RUN}sample_read/", {"name": "down", "_format": "json"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "OperationFailed")


def test_long_tables_are_cut(looker):
    page = looker.get(f"{RUN}sample_read/", {"name": "x", "limit": "90"}).text
    assert "500 of 900 rows are shown." in page
    assert page.count("<tr><td>") == 500
    page = looker.get(f"{RUN}sample_read/", {"name": "x", "limit": "90", "_rows": "all"}).text
    assert page.count("<tr><td>") == 900


def test_sql_is_sent_by_post_and_not_run_by_a_link(looker, did):
    page = looker.get(f"{RUN}sample_sql/", {"sql": "SELECT pg_terminate_backend(1)"}).text
    assert not did
    assert "Nothing was done yet." in page
    assert "SELECT pg_terminate_backend(1)</textarea>" in page
    text = "SELECT 'a;b';\r\nSELECT 2;"
    page = looker.post(f"{RUN}sample_sql/", {"sql": text, "queries": text, "options": '{"a": [1]}'}).text
    assert "it ran" in page
    given, _ = did[0]
    assert given.sql == "SELECT 'a;b';\nSELECT 2;"
    assert given.queries == ["SELECT 'a;b'", "SELECT 2"]
    assert given.options == {"a": [1]}
    assert looker.post(f"{RUN}sample_sql/", {"sql": "1", "_format": "json"}).json() == {
        "name": "it ran",
        "size_bytes": 1,
    }


def test_a_link_of_another_site_is_not_run(looker, did):
    page = looker.get(f"{RUN}sample_read/", {"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"}).text
    assert not did
    assert "Nothing was done yet." in page
    looker.get(f"{RUN}sample_read/", {"name": "x"}, headers={"Sec-Fetch-Site": "none"})
    assert len(did) == 1


def test_a_write_is_shown_first_and_done_once(admin_client, did):
    address = f"{RUN}sample_write/"
    assert "Show what it would do" in admin_client.get(address, {"name": "x"}).text
    page = admin_client.post(address, {"name": ODD, "_step": "preview"}).text
    assert "What would happen" in page
    assert not did
    form = {"name": ODD, "_step": "run", "_form": token_in(page)}
    page = admin_client.post(address, form).text
    assert "Done" in page
    assert did[0][0].name == ODD
    page = admin_client.post(address, form).text
    assert "This form was sent before." in page
    assert len(did) == 1
    run = OperationRun.objects.get()
    assert (run.operation, run.caller, run.door, run.outcome) == ("sample_write", "admin", "page", "done")


def test_what_destroys_asks_with_the_objects_name(admin_client, did):
    address = f"{RUN}sample_drop/"
    page = admin_client.post(address, {"name": "orders_idx", "_step": "preview"}).text
    assert "DROP INDEX orders_idx;" in page
    assert "<strong>orders_idx</strong>" in page
    page = admin_client.post(address, {"name": "orders_idx", "_step": "run", "_form": token_in(page)}).text
    assert "Nothing was done: confirm it first." in page
    assert not did
    form = {"name": "orders_idx", "_step": "run", "_form": token_in(page), "_confirm": "yes"}
    assert "Done" in admin_client.post(address, form).text
    assert len(did) == 1


def test_what_is_refused_cannot_be_sent(admin_client, did):
    page = admin_client.post(f"{RUN}sample_drop/", {"name": "pk", "_step": "preview"}).text
    assert "A constraint holds it." in page
    assert 'name="_form"' not in page


def test_a_write_needs_the_forms_secret(django_user_model, did):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("lead", password="x"))
    assert client.post(f"{RUN}sample_write/", {"name": "x", "_step": "run"}).status_code == 403
    assert not did


def test_the_sidebar_has_all_operations_last(looker):
    page = looker.get(RUN).text
    operations = page[page.index('class="app-operations') :]
    found = re.findall(r'id="operations-(\w+)"', operations)
    assert found[-1] == "ops_run"


def test_a_result_leads_back_to_the_page_it_belongs_to(admin_client):
    page = admin_client.get(f"{RUN}list_tasks/?_run=1").text
    assert re.search(r'href="/admin/ops/progress/"[^>]*>Back to Runs<', page)
    page = admin_client.get(f"{RUN}list_incidents/?database=store").text
    assert re.search(r'href="/admin/ops/logbook/\?database=store"[^>]*>Back to Incidents &amp; decisions<', page)
