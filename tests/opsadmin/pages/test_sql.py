"""The page SQL: what it fills in, what it runs and for whom, what it says of errors, and what its files hold."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import time

import psycopg
import pytest
from django.db import connections
from django.test import Client

from opsadmin.pages.sql_result import MOST_CELLS, MOST_ROWS
from tests.opsadmin.faces.people import person

pytestmark = pytest.mark.django_db
PAGE = "/admin/ops/sql/"


def ask(client: Client, sql: str, action: str = "run", **more: str) -> str:
    answer = client.post(PAGE, {"sql": sql, "action": action, **more})
    assert answer.status_code == 200
    return answer.text


def said(page: str) -> str:
    """The words of the page, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.partition('id="result"')[2])).split())


def test_only_with_a_permission(client, here):
    client.force_login(person("nobody"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"sql": "SELECT 1", "action": "run"}).status_code == 403


def test_who_may_only_look_explains_and_does_not_run(client, here):
    client.force_login(person("looker", "opsadmin.view_database"))
    page = client.get(PAGE).text
    assert "the permission opsadmin.execute_sql is missing" in page
    assert 'value="run"' not in page
    assert "Reads all of public.orders" in said(ask(client, "SELECT * FROM orders", "explain"))
    for action in ("run", "csv", "spreadsheet", "json"):
        assert client.post(PAGE, {"sql": "SELECT 1", "action": action}).status_code == 403


def test_an_address_fills_in_and_runs_nothing(analyst, shop):
    sql = "\nSELECT '</textarea><b>ü', 40 + 2"
    page = analyst.get(PAGE, {"sql": sql, "action": "run", "indexes": "CREATE INDEX ON orders (note)"}).text
    # Browsers leave the first line end of a text area out.
    assert f">\n{html.escape(sql)}</textarea>" in page.replace("&#x27;", "&#x27;")
    assert 'id="result"' not in page
    assert '<details class="ops-more" open>' in page


def test_a_form_of_another_site_runs_nothing(here):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person("analyst", "opsadmin.view_database", "opsadmin.execute_sql"))
    assert strict.post(PAGE, {"sql": "SELECT 1", "action": "run"}).status_code == 403


def test_rows(analyst):
    page = ask(
        analyst, "SELECT 7::bigint AS n, NULL AS nothing, '' AS blank, 'a\n <b>' AS t, 1.50 AS d, ARRAY['x', NULL] AS a"
    )
    assert 'n <span class="sql-type">bigint</span>' in page
    assert '<td class="ops-number">7</td>' in page
    assert '<td class="ops-number">1.50</td>' in page
    assert '<td><span class="sql-null">NULL</span></td><td></td>' in page
    assert "<td>a\n &lt;b&gt;</td>" in page
    assert "<td>{x,NULL}</td>" in page
    assert re.search(r"1 row in [\d.]+ ms", page)
    assert "manage.py ops execute_sql --sql" in html.unescape(page)


def test_what_was_typed_stays(analyst):
    typed = {"params": "[1", "limit": "5", "indexes": "CREATE INDEX ON orders (note)", "hidden": "orders_by_at"}
    page = ask(analyst, "SELECT\t'é\r\n'\r\n", **typed)
    assert html.escape("SELECT\t'é\n'\n") in page
    for text in typed.values():
        assert html.escape(text) in page
    assert "it must be JSON" in page


@pytest.mark.parametrize(
    "sql, words",
    [
        ("SELECT * FROM orders WHERE false", "The statement ran, and nothing fits it."),
        ("SELECT FROM generate_series(1, 3)", "3 rows in"),
        ("SELECT FROM generate_series(1, 3)", "The rows have no columns"),
        ("SHOW work_mem", "work_mem"),
        ("EXPLAIN SELECT * FROM orders", "Seq Scan on orders"),
        ("SELECT 'postgres://u:hidden@host/db' AS t", "A secret is masked in 1 place."),
        ("SELECT repeat('x', 1100000) AS t", "1 cell is longer than a megabyte and was cut there."),
        ("", "There is no statement"),
    ],
)
def test_other_answers(analyst, sql, words):
    assert words in " ".join(html.unescape(re.sub(r"<[^>]*>", " ", ask(analyst, sql))).split())


def test_no_more_than_a_page_can_hold(analyst):
    page = ask(analyst, "SELECT i, 'row ' || i AS name FROM generate_series(1, 5000) AS i")
    assert page.count('<tr><td class="ops-number">') == MOST_ROWS
    assert "There are more rows than the 1 000 that were asked for." in page
    assert "The page shows the first 200 of 1 000 rows; the files have all of them." in page
    assert len(page) < 100_000
    columns = ", ".join(f"{number} AS c{number}" for number in range(300))
    wide = ask(analyst, f"SELECT {columns} FROM generate_series(1, 500)")
    assert 0 < wide.partition('id="result"')[2].count("<td") <= MOST_CELLS
    long = ask(analyst, "SELECT repeat('é', 100000) AS t FROM generate_series(1, 10)")
    assert len(long) < 700_000
    assert "The page holds no more of it" in long


def test_parameters_and_limit(analyst):
    assert "<td>x&#x27;; --</td>" in ask(analyst, "SELECT $1::text, $2 + 1", params='["x\'; --", 41]')
    page = ask(analyst, "SELECT i FROM generate_series(1, 9) AS i", limit="4")
    assert "There are more rows than the 4 that were asked for." in page
    assert "limit is &#x27;many&#x27;; it must be a whole number." in ask(analyst, "SELECT 1", limit="many")
    assert "at most 10000" in ask(analyst, "SELECT 1", limit="10001")


@pytest.mark.parametrize(
    "sql, part, reason",
    [
        ("DELETE FROM orders", "DELETE", "DELETE changes data."),
        ("SELECT 1;\nSELECT 2", ";", "There is more than one statement"),
        ("SELECT 1,\n  pg_sleep(9)", "pg_sleep", "may change or delay something"),
        ("SELECT pg_catalog.pg_terminate_backend(1)", "pg_terminate_backend", "may change or delay something"),
        ("SELECT * FROM orders FOR UPDATE", "FOR UPDATE", "lock rows"),
        ("WITH d AS (DELETE FROM fresh RETURNING 1) SELECT * FROM d", "DELETE", "changes data"),
        ("SELECT * FROM pg_catalog.pg_authid", "pg_authid", "holds secrets in its column"),
        ("SELECT changing(1)", "changing", "holds the word DELETE"),
        ("SELECT current_setting('a.password')", "'a.password'", "holds a secret"),
        ("BEGIN", "BEGIN", "opens and ends the transaction itself"),
        ("SELECT 'open", "'", "cannot be read from its character 8 on"),
    ],
)
def test_a_refusal_shows_the_part(analyst, sql, part, reason):
    page = ask(analyst, sql)
    assert "Refused. Nothing was run." in page
    assert reason in html.unescape(page)
    assert f"<mark>{html.escape(part)}</mark>" in page
    if "cannot be read" not in reason:
        assert "<b>Instead:</b>" in page


@pytest.mark.parametrize(
    "action, sql, line, column, part",
    [
        ("run", "SELECT id,\n\tnope FROM orders", 2, 2, "nope"),
        ("run", "-- a comment\nSELECT FROM WHERE", 2, 13, "WHERE"),
        ("run", "EXPLAIN  SELECT nope", 1, 17, "nope"),
        ("run", "SELECT 'ü', nope", 1, 13, "nope"),
        ("run", "SELECT 1 +", 1, 10, "+"),
        ("explain", "-- nope\n  SELECT nope", 2, 10, "nope"),
        ("explain", "EXPLAIN (COSTS off) SELECT $1, nope", 1, 32, "nope"),
        ("analyze", "SELECT nope", 1, 8, "nope"),
    ],
)
def test_an_error_shows_its_place(analyst, action, sql, line, column, part):
    page = ask(analyst, sql, action)
    assert f"(line {line}, character {column})" in page
    assert f"<mark>{part}</mark>" in page
    assert "at character" not in page
    caret = re.search(r"<code>(LINE .*)\n<span[^>]*>( *\^+)</span>", page)
    shown = html.unescape(re.sub("<[^>]*>", "", caret[1]))
    assert shown[len(caret[2].rstrip("^")) :].startswith(part)


def test_no_place_is_shown_where_postgresql_counts_in_another_text(analyst):
    page = ask(analyst, "SELECT %(a_long_name)s::text, nope", params='{"a_long_name": 1}')
    assert "nope&quot; does not exist" in page
    assert "<mark>" not in page


def test_a_plan_and_what_if(analyst):
    more = {"indexes": "CREATE INDEX ON orders (note)\ncreate index on orders (amount);"}
    page = ask(analyst, "SELECT * FROM orders WHERE note = $1", "explain", **more)
    assert "times cheaper" in page
    assert said(page).count("CREATE INDEX ON ") >= 2
    assert "This is the plan for any value of $1" in page
    refused = ask(analyst, "SELECT 1", "explain", indexes="CREATE INDEX ON orders (nope)")
    assert 'id="id_indexes_error"' in refused
    assert "nope" in said(refused)


def test_hidden_indexes(analyst, shop):
    (version,) = shop.execute("SELECT extversion FROM pg_extension WHERE extname = 'hypopg'").fetchone()
    page = ask(analyst, "SELECT * FROM orders WHERE id = 5", "explain", hidden="orders_pkey")
    if version < "1.4":
        assert "1.4 and later can" in page
        assert 'id="id_hidden_error"' in page
    else:
        assert "times as expensive" in page


def test_a_plan_with_what_happened(analyst):
    page = ask(analyst, "SELECT count(*) FROM orders", "analyze", indexes="CREATE INDEX ON orders (note)")
    assert "own time" in page
    assert "the what-if was left out" in page
    changed = ask(analyst, "DELETE FROM fresh", "analyze")
    assert "DELETE changes something" in changed
    assert "own cost" in ask(analyst, "DELETE FROM fresh", "explain")


ODD = """SELECT * FROM (VALUES
    (1, '=1+1', 0.10::numeric(40, 30), NULL, '{"k": [1, null]}'::jsonb, '\\x00ff'::bytea),
    (2, '', -5, 'a"b,c
d', '[]'::jsonb, NULL),
    (3, ' @x', 'NaN', 'NULL', '"null"'::jsonb, ''::bytea)
) AS t (n, "=head", d, t, j, b)"""


def fetched(client: Client, kind: str, sql: str = ODD, **more: str):
    answer = client.post(PAGE, {"sql": sql, "action": kind, **more})
    assert answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    return b"".join(answer).decode()


def test_csv_is_exact(analyst, shop):
    text = fetched(analyst, "csv")
    with io.StringIO(text, newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["n", "=head", "d", "t", "j", "b"]
    assert rows[1] == ["1", "=1+1", "0.100000000000000000000000000000", "", '{"k": [1, null]}', "\\x00ff"]
    assert rows[2] == ["2", "", "-5", 'a"b,c\nd', "[]", ""]
    shop.execute("CREATE TEMPORARY TABLE back (n int, h text, d numeric, t text, j jsonb, b bytea)")
    with shop.cursor() as cursor, cursor.copy("COPY back FROM STDIN (FORMAT csv, HEADER)") as copy:
        copy.write(text)
    differ = f"(TABLE back EXCEPT ALL {ODD}) UNION ALL ({ODD} EXCEPT ALL TABLE back)"
    assert shop.execute(differ).fetchall() == []  # NULL and the empty text too


def test_a_spreadsheet_gets_no_formula(analyst):
    text = fetched(analyst, "spreadsheet")
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:], newline="")))
    assert rows[0][1] == "'=head"
    assert [row[1] for row in rows[1:]] == ["'=1+1", "", "' @x"]
    assert rows[2][2] == "-5"


def test_json_has_all_digits(analyst):
    text = fetched(analyst, "json")
    found = json.loads(text, parse_float=str)
    assert found["columns"][2] == {"name": "d", "type": "numeric"}
    assert found["rows"][0] == [1, "=1+1", "0.100000000000000000000000000000", None, {"k": [1, None]}, "AP8="]
    assert found["rows"][2][2] == "NaN"
    assert found["truncated"] is False


def test_files_have_all_rows(analyst):
    sql = "SELECT i FROM generate_series(1, 1234) AS i"
    assert len(fetched(analyst, "csv", sql, limit="1100").splitlines()) == 1101
    assert len(json.loads(fetched(analyst, "json", sql, limit="2000"))["rows"]) == 1234
    assert fetched(analyst, "csv", "SELECT 1 AS a WHERE false") == "a\r\n"


def test_a_file_that_cannot_be_made_is_a_page(analyst):
    assert "DELETE changes data." in ask(analyst, "DELETE FROM orders", "csv")


def test_postgresql_is_down(analyst, monkeypatch):
    monkeypatch.setitem(connections["store"].settings_dict, "HOST", "/nowhere/at/all")
    begun = time.monotonic()
    assert analyst.get(PAGE, {"sql": "SELECT 1"}).status_code == 200
    for action in ("run", "explain", "csv"):
        page = ask(analyst, "SELECT 'kept'", action)
        assert "PostgreSQL does not answer." in page
        assert html.escape("SELECT 'kept'") in page
        assert "/nowhere" not in page
    assert time.monotonic() - begun < 5


def test_a_fault_of_ours_is_a_sentence(analyst, monkeypatch, caplog):
    monkeypatch.setitem(connections["store"].settings_dict, "OPTIONS", 5)
    assert "The page itself failed" in ask(analyst, "SELECT 1")
    assert "Traceback" in caplog.text


def test_a_choice_of_databases(analyst, monkeypatch, shop):
    assert 'name="database"' not in analyst.get(PAGE).text
    other = {**connections["store"].settings_dict, "NAME": "postgres"}
    monkeypatch.setitem(connections.settings, "the other", other)
    page = ask(analyst, "SELECT current_database() AS d", database="the other")
    assert "<td>postgres</td>" in page
    assert '<option value="the other" selected>' in page
    assert '<input type="hidden" name="database" value="the other">' in page
    assert '<option value="store" selected>' in analyst.get(PAGE, {"database": "default"}).text


def test_a_role_without_privileges(analyst, monkeypatch):
    monkeypatch.setitem(connections["store"].settings_dict, "USER", "plans_bare")
    assert "permission denied" in ask(analyst, "SELECT * FROM orders")
    assert "permission denied" in ask(analyst, "SELECT * FROM orders", "explain")


def test_a_locked_table(analyst, shop_dsn):
    with psycopg.connect(shop_dsn) as holder:
        holder.execute("LOCK TABLE fresh IN ACCESS EXCLUSIVE MODE")
        assert "locked by somebody else" in ask(analyst, "SELECT * FROM fresh")


def test_odd_texts_are_answered(analyst):
    for sql in (
        "\0",
        "SELECT '\ud800'".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
        "🙂",
        "(" * 5000,
        "%s",
    ):
        for action in ("run", "explain", "analyze"):
            assert "Traceback" not in ask(analyst, sql, action)
