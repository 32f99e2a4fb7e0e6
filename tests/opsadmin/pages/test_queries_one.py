"""The page "Queries": one statement, its figures and its plan."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import psycopg
import pytest
from django.utils.html import escape

from opsadmin.pages.actions import details_url
from opsadmin.pages.patient import Answer
from opsadmin.pages.queries_one import statement
from opsadmin.pages.queries_text import gist, laid_out, marked_up
from tests.opsadmin.pages.counted import at_once, content, link_to

pytestmark = pytest.mark.django_db(databases=["default", "store"])
PAGE = "/admin/ops/queries/"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("opsadmin.pages.queries_read.ask", at_once)
    monkeypatch.setattr("opsadmin.pages.queries_plan.ask", at_once)


def look(client, status: int = 200, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == status
    return content(answer.text)


def test_one_statement(reader, sent):
    for _ in range(2):
        sent.execute("SELECT o.id FROM orders AS o WHERE o.id > 0 ORDER BY o.note")
    page = look(reader, **link_to(look(reader), "ORDER"))
    assert re.search(r"<dt>Rows</dt><dd class=\"ops-figure\">2 000</dd><dd class=\"ops-quiet\">1 000 a call", page)
    assert 'aria-label="The text of the statement"' in page
    assert "Seq Scan" in page
    assert "plan for any value of $1" in page
    assert escape(details_url("store", "public", "orders")) in page
    assert "/admin/ops/run/get_top_queries/?queryid=" in page
    assert "Nothing of:" in page


def test_the_way_back_keeps_the_list(reader, sent):
    sent.execute("SELECT 4711 AS here")
    one = link_to(look(reader, text="as here", sort="calls"), "here")
    assert f'href="{PAGE}?sort=calls&amp;text=as+here"' in look(reader, **one)


def test_a_statement_without_a_plan(reader, sent):
    sent.execute("VACUUM orders")
    page = look(reader, **link_to(look(reader), "VACUUM"))
    assert "VACUUM" in page.partition('id="plan-head"')[2]
    assert "Mean time" in page


def test_a_table_that_is_locked_does_not_hold_the_page_up(reader, sent, counted_dsn):
    sent.execute("SELECT count(*) AS here FROM orders")
    one = link_to(look(reader), "here")
    with psycopg.connect(counted_dsn) as other:
        other.execute("LOCK TABLE orders")
        page = look(reader, **one)
    assert "A table of the statement is locked" in page
    assert "Mean time" in page


def test_planning_that_takes_long_is_left_for_later(reader, sent, monkeypatch):
    sent.execute("SELECT count(*) AS here FROM orders")
    monkeypatch.setattr("opsadmin.pages.queries_plan.ask", lambda *key: Answer(running=True))
    page = look(reader, **link_to(look(reader), "here"))
    assert "PostgreSQL is still planning" in page
    assert "Mean time" in page


def test_statements_that_are_not_there(reader, sent):
    assert "has no statement 1 in the database" in look(reader, status=404, queryid="1")
    for wrong in ("x", "9" * 40, "1; DROP TABLE orders", "<b>"):
        page = look(reader, status=404, queryid=wrong)
        assert escape(wrong) in page
        assert "must be a whole number" in page


def test_long_texts(reader, sent):
    for count in (300, 1600):
        columns = ", ".join(f"o.id AS a_rather_long_name_of_a_column_{number}" for number in range(count))
        sent.execute(f"SELECT o.id AS of_{count}, {columns} FROM orders AS o LIMIT 1")
        last = f"a_column_{count - 1}"
        page = look(reader, **link_to(look(reader), f"of_{count},"))
        is_short = count == 300
        assert (last in page) is is_short
        assert ("its beginning" in page) is not is_short
        # Too long for an address, and then too long to edit.
        assert bool(re.search(r'<form method="post"[^>]*>.*name="sql" value="SELECT o.id AS of_300', page)) is is_short
        assert len(page.encode()) < 500_000


def test_odd_names(reader, sent):
    sent.execute('CREATE SCHEMA "Odd ""S"" é"')
    try:
        sent.execute('CREATE TABLE "Odd ""S"" é"."a.b <i>" AS SELECT 1 AS "select"')
        sent.execute('SELECT x."select" AS here FROM "Odd ""S"" é"."a.b <i>" AS x')
        page = look(reader, **link_to(look(reader), "here"))
    finally:
        sent.execute('DROP SCHEMA "Odd ""S"" é" CASCADE')
    assert escape(details_url("store", 'Odd "S" é', "a.b <i>")) in page
    assert "b <i>" not in page


# --- what is said of it ---------------------------------------------------------------------------------------------
QUIET = {
    "queryid": "1",
    "sql": "SELECT 1",
    "is_cut": False,
    "calls": 10,
    "total_time": 100.0,
    "mean_time": 10.0,
    "min_time": 5.0,
    "max_time": 20.0,
    "stddev_time": 1.0,
    "plan_time": 0.0,
    "rows": 10,
    "share": 0.5,
    "resources": {"time": 0.5},
    "shared_blks_hit": 100,
    "shared_blks_read": 0,
    "shared_blks_dirtied": 0,
    "shared_blks_written": 0,
    "temp_blks_read": 0,
    "temp_blks_written": 0,
    "io_blks": 0,
    "io_time": 0.0,
    "wal_bytes": 0,
    "block_size": 8192,
    "roles": ["app"],
    "toplevel": True,
    "since": "2026-01-01T00:00:00+00:00",
}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "change, words",
    [
        ({}, ""),
        ({"temp_blks_written": 1280}, "A call writes 1 MB to temporary files"),
        ({"shared_blks_read": 100_000}, "A call reads 78.1 MB that PostgreSQL had not in its cache, 99.9 %"),
        ({"rows": 1_000_000}, "A call gives 100 000 rows"),
        ({"calls": 4_320_000}, "It is sent 100 times a second"),
        ({"max_time": 5000.0}, "It takes 10 ms on average, and once took 5 s"),
    ],
)
def test_what_stands_out(change, words):
    signs = statement({**QUIET, **change}, NOON).signs
    assert signs[0].startswith(words) if words else not signs


def test_rates_and_what_is_not_measured():
    notes = {
        calls: next(tile.note for tile in statement({**QUIET, "calls": calls}, NOON).tiles if tile.title == "Calls")
        for calls in (432_000, 1440, 24, 1)
    }
    assert list(notes.values()) == ["10 a second", "2 a minute", "2 an hour", "2 a day"]
    read = statement({**QUIET, "io_blks": 12, "shared_blks_read": 12}, None)
    assert ("not measured", "track_io_timing is off") in [(one.total, one.call) for one in read.costs]
    assert not [tile.note for tile in read.tiles if tile.title == "Calls"][0]


# --- its text -------------------------------------------------------------------------------------------------------
def test_the_text_is_laid_out_and_stays_the_same():
    sql = (
        'SELECT "from".a, left(b, $1), EXTRACT(year FROM c) FROM "from" LEFT OUTER JOIN (SELECT a FROM t WHERE x = $2 '
        "AND y BETWEEN $3 AND $4) AS s ON (s.a = \"from\".a) WHERE (d >= $5 AND e <> ' FROM ') AND f IS DISTINCT FROM g "
        "ORDER BY 1 LIMIT $6"
    )
    assert laid_out(sql).splitlines() == [
        'SELECT "from".a, left(b, $1), EXTRACT(year FROM c)',
        'FROM "from"',
        "LEFT OUTER JOIN (SELECT a",
        "    FROM t",
        "    WHERE x = $2",
        '      AND y BETWEEN $3 AND $4) AS s ON (s.a = "from".a)',
        "WHERE (d >= $5 AND e <> ' FROM ')",
        "  AND f IS DISTINCT FROM g",
        "ORDER BY 1",
        "LIMIT $6",
    ]
    assert " ".join(laid_out(sql).split()) == sql


@pytest.mark.parametrize(
    "sql, short",
    [
        ("SELECT a,\n  b -- all\nFROM t", "SELECT a, b FROM t"),
        (
            (
                'SELECT DISTINCT "t"."first_column", EXTRACT(year FROM "t"."when"), a IS DISTINCT FROM b, (SELECT 1 FROM x) FROM "t" '
                'INNER JOIN u ON (t.id = u.id) WHERE "t"."id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AND (a, b) = ($11, $12)'
            ),
            'SELECT DISTINCT … FROM "t" INNER JOIN u ON (t.id = u.id) WHERE "t"."id" IN (…) AND (a, b) = ($11, $12)',
        ),
        (
            (
                "INSERT INTO orders (first_column, second_column, third_column, fourth_column) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING"
            ),
            "INSERT INTO orders (…) VALUES (…) ON CONFLICT (id) DO NOTHING",
        ),
        (
            "WITH x AS (SELECT a_long_name_of_a_column, another_one FROM t) SELECT count(*) FROM x WHERE EXISTS (SELECT 1 FROM y)",
            "WITH x AS (SELECT … FROM t) SELECT count(*) FROM x WHERE EXISTS (SELECT 1 FROM y)",
        ),
        ("SELECT " + "x" * 300, "SELECT " + "x" * 192 + "…"),
    ],
)
def test_the_gist_of_a_long_text(sql, short):
    assert gist(sql, 200) == short


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT 'it''s' AS \"<b>\", $tag$ <i> $tag$ /* nested /* <u> */ */ -- end <s>",
        "SELECT ( ( ( ))))))) FROM" + " AND" * 40,
        "SELECT 'not closed",
        "é" * 100 + ' "never closed FROM x WHERE y',
    ],
)
def test_odd_texts(sql):
    assert len(gist(sql, 50)) <= 50
    shown = str(marked_up(laid_out(sql)))
    bare = re.sub(r"</?(?:b|i|var)>", "", shown)
    assert bare.split() == escape(sql).split()
