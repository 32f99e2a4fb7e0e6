"""The page "Index ideas" on a real PostgreSQL."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.follow.begin import begin
from opsadmin.models import OperationRun, SeenAnswer
from opsadmin.pages import ideas_ask, patient
from opsadmin.pages.ideas_kept import QUERIES, WORKLOAD, keep, kept
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import BARE, content, point_at
from tests.opsadmin.pages.ideas_advice import advice, recommendation

# It is asked for in a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
PAGE = "/admin/ops/ideas/"
TABLE = 'public."Visits ""of"" <été>"'
STATEMENT = f"""SELECT * FROM {TABLE} WHERE "dev.ice" = 7 AND note <> 'secret of mine'"""

OTHER = f"SELECT note FROM {TABLE} WHERE id = 5"


@pytest.fixture
def visits(sent) -> Iterator[psycopg.Connection]:
    """A table with an odd name, and statements that read it to its end."""
    sent.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
    sent.execute(f"""CREATE TABLE {TABLE} AS SELECT n AS id, n % 5000 AS "dev.ice", 'x' || n AS note
        FROM generate_series(1, 20000) AS n""")
    sent.execute(f"ANALYZE {TABLE}")
    for _ in range(3):
        sent.execute(STATEMENT)
    yield sent
    assert ideas_ask.join()
    sent.execute(f"DROP TABLE {TABLE}")


def look(client, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    assert patient.join()
    return content(answer.text)


def ask(client, kind: str = WORKLOAD, **given: object) -> str:
    """Ask, and wait for the answer. What the page then shows."""
    answer = client.post(PAGE, {"action": "ask", "kind": kind, **given})
    assert answer.status_code == 302, content(answer.text)
    assert ideas_ask.join()
    return look(client, **dict(re.findall(r"(\w+)=(\w+)", answer["Location"])))


def test_the_running_workload(reader, visits):
    look(reader)  # on a busy machine the first visit does not wait for the count
    page = look(reader)
    assert "Ask for ideas" in page
    assert re.search(r"\d+ statements? (is|are) counted\.", page)
    assert SeenAnswer.objects.filter(name__startswith="index_ideas").count() == 0  # the page asks for nothing by itself
    page = ask(reader, time_limit=20)
    assert "for the running workload, made" in page
    assert "by reader" in page
    assert "Indexes to make" in page
    ddl = f'ON {TABLE} USING btree ("dev.ice")'
    assert html.escape(ddl) in page
    assert 'name="create" value="1"' in page
    number = visits.execute(
        "SELECT queryid FROM pg_stat_statements WHERE query LIKE '%dev.ice%' AND calls = 3 AND dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    assert f"/admin/ops/queries/?queryid={number[0]}" in page
    assert "secret" not in page
    assert "secret" not in str(SeenAnswer.objects.get(name="index_ideas.workload").data)
    assert "by the server&#x27;s own planner" in page
    assert OperationRun.objects.count() == 0


def test_given_statements(reader, visits):
    given = f"{STATEMENT};\n{OTHER};SELECT * FROM nowhere; -- no more\n"
    page = ask(reader, QUERIES, statements=given, max_indexes=2)
    assert "for given statements, made" in page
    assert "2 indexes of" in page
    assert "Not analysed" in page
    assert "nowhere" in page
    # Whoever gave them finds them again; what is kept for all has no constants.
    assert "secret of mine" in page
    assert 'id="ideas-queries-max_indexes" name="max_indexes" value="2"' in page
    assert "secret" not in str(SeenAnswer.objects.get(name="index_ideas.queries").data)
    (again,) = re.findall(r'name="again" value="([^"]+)"', page)
    size = re.findall(r'name="max_size_mb" value="([^"]+)"', page)[0]
    page = ask(reader, QUERIES, again=again, max_size_mb=size)
    assert "1 index of" in page
    last = kept("store", QUERIES)
    assert last is not None
    assert last.key != again
    assert last.given["max_size_mb"] == float(size)
    texts = [one["sql"] for one in last.advice["queries"]]
    assert texts == [STATEMENT.replace("'secret of mine'", "'***'"), OTHER]


def test_another_person_does_not_see_the_constants(reader, visits, client):
    ask(reader, QUERIES, statements=f"{STATEMENT}; {OTHER}")
    client.force_login(person("bruno", is_superuser=True))
    page = look(client)
    assert "by reader" in page
    assert "secret" not in page
    assert "For another size give the statements again" in page
    key = SeenAnswer.objects.get(name="index_ideas.queries").data["asked"]["key"]
    answer = client.post(PAGE, {"action": "ask", "kind": QUERIES, "again": key})
    assert answer.status_code == 200
    assert "were not kept whole. Give them again." in content(answer.text)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": WORKLOAD, "max_size_mb": "-1"}, "max_size_mb is -1; it must be at least 0."),
        ({"kind": WORKLOAD, "time_limit": "many"}, "time_limit is &#x27;many&#x27;; it must be a whole number."),
        ({"kind": WORKLOAD, "max_size_mb": "nan"}, "max_size_mb is nan"),
        ({"kind": QUERIES, "statements": " ; -- nothing\n"}, "There is no statement. Write one, then ask again."),
        ({"kind": QUERIES, "statements": "SELECT 1;" * 201}, "These are 201 statements; up to 200 are taken at once."),
        ({"kind": QUERIES, "statements": "x" * 200_001}, "That is 200001 characters"),
        ({"kind": QUERIES, "statements": "SELECT \0"}, "it must be a list of texts of valid characters"),
    ],
)
def test_what_is_asked_for_wrongly(reader, sent, given, said):
    answer = reader.post(PAGE, {"action": "ask", **given})
    page = content(answer.text)
    assert answer.status_code == 200
    assert said in page
    assert ideas_ask.standing("store") == ideas_ask.Standing()
    assert patient.join()


def test_an_address_only_fills_the_form_in(reader, visits):
    page = look(reader, sql="SELECT 'a <b>'")
    assert "SELECT &#x27;a &lt;b&gt;&#x27;</textarea>" in page
    assert "<details open>" in page
    queryid = visits.execute(
        "SELECT queryid FROM pg_stat_statements WHERE query LIKE '%dev.ice%' AND calls = 3 AND dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    assert "WHERE &quot;dev.ice&quot; = $1 AND note &lt;&gt; $2</textarea>" in look(reader, queryid=queryid[0])
    assert "12345" in look(reader, queryid=12345)
    assert ideas_ask.standing("store") == ideas_ask.Standing()
    one = content(reader.get("/admin/ops/queries/", {"queryid": queryid[0]}).text)
    assert f"/admin/ops/ideas/?queryid={queryid[0]}&amp;database=store" in one
    assert patient.join()


def test_an_idea_is_handed_on(reader, visits):
    ask(reader)
    last = kept("store", WORKLOAD)
    assert last is not None
    names = [one["name"] for one in last.advice["recommendations"]]
    number = 1 + next(place for place, name in enumerate(names) if "dev" in name)
    answer = reader.post(PAGE, {"action": "do", "key": last.key, "create": number})
    assert answer.status_code == 200
    page = content(answer.text)
    assert "What would happen" in page
    assert html.escape(TABLE) in page
    assert OperationRun.objects.count() == 0
    assert 'name="_step" value="run"' in page
    given = html.unescape(re.search(r'name="advice" value="([^"]+)"', page)[1])
    assert 0 < json.loads(given)["promise"] < 0.9
    assert json.loads(given)["queries"][0]["queryid"]


@pytest.mark.parametrize("given", [{}, {"create": "3"}, {"create": "0"}, {"create": "x"}, {"drop": "9" * 5000}])
def test_an_idea_that_is_not_there(reader, sent, given):
    keep("store", WORKLOAD, advice(), by="anna", key="k", given={})
    for key in ("k", "older"):
        answer = reader.post(PAGE, {"action": "do", "key": key, **given}, follow=True)
        assert "Other advice was made meanwhile" in answer.text
    assert patient.join()


def test_permissions(client, sent):
    client.force_login(person("nobody"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"action": "ask", "kind": WORKLOAD}).status_code == 403
    keep("store", WORKLOAD, advice(), by="anna", key="k", given={})
    client.force_login(person("looker", "opsadmin.view_database"))
    page = look(client)
    assert "Indexes to make" in page
    assert 'name="create"' not in page
    assert 'name="drop"' not in page
    assert client.post(PAGE, {"action": "do", "key": "k", "create": "1"}).status_code == 403
    assert client.post(PAGE, {"action": "do", "key": "k", "drop": "1"}).status_code == 403


def test_followed_indexes(reader, visits, counted_dsn, monkeypatch):
    assert "Did indexes keep their promise" not in look(reader)
    ddl = f'CREATE INDEX "idx <é>" ON {TABLE} ("dev.ice")'
    visits.execute(ddl)
    queryid = visits.execute(
        "SELECT queryid FROM pg_stat_statements WHERE query LIKE '%dev.ice%' AND calls = 3 AND dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    followed = begin("store", ddl, "idx <é>", queries=[{"queryid": queryid[0]}], promise=0.1)
    assert followed is not None
    page = look(reader)
    section = page.partition("Did indexes keep their promise")[2]
    assert "<code>public.&quot;idx &lt;é&gt;&quot;</code>" in section
    assert "<dt>Promised</dt><dd>−90 %</dd>" in section
    assert 'class="idea-there"' not in page
    idea = recommendation(1, name="idx <é>", table=TABLE)
    keep("store", WORKLOAD, advice(recommendations=(idea,)), by="anna", key="k", given={})
    page = look(reader)
    assert "It is there" in page
    assert 'name="create"' not in page
    # What was said last is there without PostgreSQL too.
    point_at(monkeypatch, make_conninfo(counted_dsn, host="/nowhere"))
    section = look(reader).partition("Did indexes keep their promise")[2]
    assert "<code>public.&quot;idx &lt;é&gt;&quot;</code>" in section


def test_both_kinds_have_their_own(reader, sent):
    keep("store", WORKLOAD, advice(), by="anna", key="k", given={"max_indexes": 3})
    keep("store", QUERIES, advice(1), by="bruno", key="l", given={"queries": ["SELECT $1"]})
    SeenAnswer.objects.filter(name="index_ideas.workload").update(taken_at=timezone.now() - timedelta(days=3))
    page = look(reader)
    assert "by bruno" in page
    assert "SELECT $1</textarea>" in page
    page = look(reader, advice="workload")
    assert "made 3 d ago" in page
    assert "by anna" in page
    assert 'name="max_indexes" value="3"' in page
    assert "by bruno" in look(reader, advice="wrong")


def test_without_pg_stat_statements_or_hypopg(reader, visits):
    visits.execute("DROP EXTENSION hypopg")
    visits.execute("DROP EXTENSION pg_stat_statements")
    try:
        page = look(reader)
        assert "CREATE EXTENSION pg_stat_statements" in page
        assert "CREATE EXTENSION hypopg;" in page
        assert "Statements are not counted here" in page
        assert "Ideas for the running workload" not in page
        page = ask(reader, QUERIES, statements=STATEMENT)
        assert "Reckoned by a model" in page
        assert html.escape(TABLE) in page
        page = ask(reader, WORKLOAD)
        assert "There is no advice for the running workload." in page
        assert "pg_stat_statements" in page
    finally:
        visits.execute("CREATE EXTENSION pg_stat_statements")
        visits.execute("CREATE EXTENSION hypopg")


def test_a_role_that_may_not_read(reader, visits, counted_dsn, monkeypatch):
    point_at(monkeypatch, make_conninfo(counted_dsn, user=BARE))
    page = ask(reader, QUERIES, statements=STATEMENT)
    assert "No statement could be analysed." in page
    assert "permission denied" in page
    page = ask(reader)
    assert html.escape(f'GRANT pg_read_all_stats TO "{BARE}";') in page
    assert html.escape(TABLE) not in page.partition("</textarea>")[2]


def test_postgresql_is_down(reader, sent, counted_dsn, monkeypatch):
    keep("store", WORKLOAD, advice(), by="anna", key="k", given={})
    SeenAnswer.objects.update(taken_at=timezone.now() - timedelta(hours=2))
    point_at(monkeypatch, make_conninfo(counted_dsn, host="/nowhere"))
    page = look(reader)
    assert "PostgreSQL does not answer" in page
    assert "What is below is the last advice" in page
    assert "(2 h ago)" in page
    assert page.count("<fieldset disabled>") == 2
    assert "Indexes to make" in page
    assert "/nowhere" not in page
    page = ask(reader)
    assert "There is no advice for the running workload." in page
    assert "/nowhere" not in page
