"""What the page SQL keeps: each person's own history, and statements with a name."""

from __future__ import annotations

import html
import re

import pytest
from django.db import DatabaseError
from django.test import Client

from opsadmin.models import AskedStatement, Retention, SavedStatement
from opsadmin.pages import sql_kept
from opsadmin.pages.sql_kept import Ended, note_asked
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.test_sql import PAGE, ask

pytestmark = pytest.mark.django_db
RIGHTS = ("opsadmin.view_database", "opsadmin.execute_sql")


def history_of(page: str) -> str:
    return page.partition('id="history"')[2].partition('id="saved"')[0]


def test_what_was_asked_is_kept_once_and_fills_the_form_in(analyst, shop):
    ask(analyst, "SELECT 40 + $1::int AS n", params="[2]")
    ask(analyst, "SELECT 40 + $1::int AS n", params="[2]")
    ask(analyst, "SELECT * FROM orders", "explain")
    ask(analyst, "SELECT nope")
    rows = AskedStatement.objects.order_by("asked_at")
    assert [(row.times, row.action, row.rows, bool(row.error)) for row in rows] == [
        (2, "run", 1, False),
        (1, "explain", None, False),
        (1, "run", None, True),
    ]
    shown = history_of(analyst.get(PAGE).text)
    assert shown.index("SELECT nope") < shown.index("SELECT * FROM orders") < shown.index("SELECT 40 + $1")
    assert "1 row · " in shown
    assert "2 times" in shown
    page = analyst.get(PAGE, {"asked": rows[0].pk}).text
    assert "SELECT 40 + $1::int AS n</textarea>" in page
    assert "[2]</textarea>" in page
    assert 'id="result"' not in page


def test_each_person_has_an_own_one(analyst, shop, client):
    ask(analyst, "SELECT 4711")
    key = AskedStatement.objects.get().pk
    other = Client()
    other.force_login(person("other", *RIGHTS))
    assert "4711" not in other.get(PAGE).text
    assert "4711" not in other.get(PAGE, {"asked": key}).text
    assert "0 statements are forgotten" in other.post(PAGE, {"action": "forget_asked", "key": key}, follow=True).text
    assert AskedStatement.objects.count() == 1


def test_the_whole_list_is_searched_paged_and_forgotten(analyst):
    user = person("analyst 2", *RIGHTS)
    for number in range(30):
        note_asked(user, "store", f"SELECT {number} AS odd_{number % 2}", "", "run", Ended(1, 2.0))
    analyst.force_login(user)
    assert "all 30" in analyst.get(PAGE).text
    page = analyst.get(PAGE, {"history": "", "text": "ODD_1"}).text
    assert "1–15 of 15" in page
    page = analyst.get(PAGE, {"history": "", "page": 2}).text
    assert "26–30 of 30" in page
    assert "asked nothing with that text" in analyst.get(PAGE, {"history": "", "text": "<b>"}).text
    key = AskedStatement.objects.first().pk
    assert "1 statement is forgotten" in analyst.post(PAGE, {"action": "forget_asked", "key": key}, follow=True).text
    assert "29 statements are" in analyst.post(PAGE, {"action": "forget_asked", "key": "all"}, follow=True).text
    assert "Nothing yet" in analyst.get(PAGE, {"history": ""}).text


def test_the_oldest_ones_go_and_long_ones_are_not_kept(db):
    Retention.objects.create(name="asked_statements", value=3)
    user = person("analyst")
    for number in range(5):
        note_asked(user, "store", f"SELECT {number}", "", "run", Ended(1, 1.0))
    note_asked(user, "store", "SELECT 1 -- " + "x" * sql_kept.LONGEST, "", "run", Ended(1, 1.0))
    assert list(AskedStatement.objects.values_list("sql", flat=True)) == ["SELECT 4", "SELECT 3", "SELECT 2"]


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("SELECT 'postgres://u:hunter2@h/d'", "SELECT 'postgres://u:***@h/d'"),
        ("SELECT 'password=hunter2 host=h'", "SELECT 'password=*** host=h'"),
        ("SELECT 1 -- token: hunter2", "SELECT 1 -- token: ***"),
        ("SELECT * FROM u WHERE password = $1 AND token = x", "SELECT * FROM u WHERE password = $1 AND token = x"),
        ("SELECT 'Ann''s', E'a\\'b', $x$ y $x$", "SELECT 'Ann''s', E'a\\'b', $x$ y $x$"),
    ],
)
def test_secrets_are_not_kept(db, sql, kept):
    note_asked(person("analyst"), "store", sql, "", "run", Ended(1, 1.0))
    assert AskedStatement.objects.get().sql == kept


def save(client: Client, sql: str, name: str, **more: str) -> str:
    return client.post(PAGE, {"sql": sql, "name": name, "action": "save", **more}, follow=True).text


def test_a_statement_gets_a_name(analyst):
    assert "Saved as night&#x27;s sums." in save(analyst, "SELECT 1", "  night's \n sums ")
    page = save(analyst, "SELECT 2", "night's sums", params="[1]")
    assert "in place of the one before" in page
    assert "SELECT 2</textarea>" in page
    row = SavedStatement.objects.get()
    assert (row.sql, row.params, row.is_shared) == ("SELECT 2", "[1]", False)
    analyst.post(PAGE, {"action": "forget_saved", "key": row.pk})
    assert not SavedStatement.objects.exists()


def test_sharing(analyst):
    save(analyst, "SELECT 1", "mine")
    save(analyst, "SELECT 2", "ours", shared="on")
    other = Client()
    other.force_login(person("other", *RIGHTS))
    page = other.get(PAGE).text
    assert ">mine<" not in page
    assert re.search(r">ours</a>\s*<span class=\"ops-quiet\">shared by analyst", page)
    ours = SavedStatement.objects.get(name="ours")
    assert "SELECT 2</textarea>" in other.get(PAGE, {"saved": ours.pk}).text
    other.post(PAGE, {"action": "forget_saved", "key": ours.pk})
    assert SavedStatement.objects.count() == 2
    other.force_login(person("chief", is_superuser=True))
    other.post(PAGE, {"action": "forget_saved", "key": ours.pk})
    assert SavedStatement.objects.get().name == "mine"


@pytest.mark.parametrize(
    ("sql", "name", "said"),
    [
        ("SELECT 1", " ", "Give it one"),
        (" ", "x", "There is no statement"),
        ("SELECT 1", "x" * 101, "has 101 characters; 100 are allowed"),
        ("SELECT " + "1" * 20_000, "x", "20007 characters; 20000 can be saved"),
        ("SELECT 'postgres://u:hunter2@h/d'", "x", "looks like a password"),
    ],
)
def test_what_cannot_be_saved_stays_in_the_form(analyst, sql, name, said):
    page = save(analyst, sql, name)
    assert said in page
    assert html.escape(sql.strip()[:20]) in page
    assert not SavedStatement.objects.exists()


def test_not_more_than_there_is_place_for(analyst, monkeypatch):
    monkeypatch.setattr(sql_kept, "MOST_SAVED", 1)
    save(analyst, "SELECT 1", "one")
    assert "Forget one first" in save(analyst, "SELECT 2", "two")
    assert "in place of" in save(analyst, "SELECT 2", "one")


def test_a_site_database_that_refuses_costs_no_answer(analyst, monkeypatch):
    def refuse(*_args, **_more):
        raise DatabaseError

    for name in ("asked_by", "saved_for", "save"):
        monkeypatch.setattr(f"opsadmin.pages.sql_lists.{name}", refuse)
    monkeypatch.setattr(AskedStatement.objects, "update_or_create", refuse)
    page = ask(analyst, "SELECT 40 + 2 AS n")
    assert "42" in page
    assert "cannot be shown" in page
    assert "did not take it" in save(analyst, "SELECT 1", "one")
