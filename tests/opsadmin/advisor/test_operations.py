"""Both operations from every door: Python, command, MCP."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.test import Client

from opsadmin import api
from opsadmin.core.errors import OperationError
from opsadmin.faces.tokens import issue
from tests.opsadmin.advisor.conftest import Shop
from tests.opsadmin.advisor.statements import STATEMENTS
from tests.opsadmin.faces.people import person
from tests.opsadmin.workload.conftest import alias_at, reset

pytestmark = pytest.mark.django_db(databases=["default", "store"])
STATEMENT = "SELECT * FROM orders WHERE customer_id = 7"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def at_shop(own_shop: Shop) -> Iterator[Shop]:
    with alias_at(own_shop.dsn):
        yield own_shop


@pytest.fixture
def worked(at_shop: Shop) -> Shop:
    """What its application sends was counted."""
    with psycopg.connect(at_shop.dsn, autocommit=True, prepare_threshold=None) as connection:
        offered = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'").fetchone()
        if offered is None:
            pytest.skip("This PostgreSQL has no pg_stat_statements.")
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        reset(connection)
        for number in range(20):
            connection.execute(f"SELECT count(*) FROM orders WHERE customer_id = {number} AND total > 1.5")
        for word in ("a", "b", "c"):
            connection.execute(f'SELECT id FROM papers WHERE doc @> \'{{"ref": "{word}"}}\'')
        connection.execute("SELECT * FROM items WHERE order_id = 5")  # only once
        connection.execute("SET work_mem = '5MB'")
        connection.execute("SET work_mem = '6MB'")
    return at_shop


def ops(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("ops", *words, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def mcp(name: str, **given: Any) -> dict[str, Any]:
    secret = issue(person("anna", "opsadmin.use_api", "opsadmin.view_database"), "all", "reads")[1]
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": given}}
    answer = Client().post(
        "/mcp/",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Accept": "application/json, text/event-stream"},
    )
    found: dict[str, Any] = answer.json()["result"]["structuredContent"]
    return found


def essence(advice: dict[str, Any]) -> Any:
    """What is the same from every door."""
    return (
        [one["ddl"] for one in advice["recommendations"]],
        [one["sql"] for one in advice["queries"]],
        [one["query"] for one in advice["not_analyzed"]],
        advice["size_bytes"],
        round(advice["cost_after"], 2),
    )


def test_statements_from_every_door(at_shop: Shop, tmp_path: Path) -> None:
    queries = [STATEMENT, STATEMENTS["odd names"].strip(), STATEMENTS["jsonb parameter"], "SELECT nope FROM orders"]
    found = api.analyze_query_indexes(queries=queries, max_size_mb=4, max_indexes=3)
    assert len(found.recommendations) == 3
    assert found.size_bytes <= 4 * 1024 * 1024
    assert [one.query for one in found.not_analyzed] == queries[3:]
    told = essence(found.as_dict())
    files = (tmp_path / "queries.json", tmp_path / "queries.sql")
    files[0].write_text(json.dumps(queries), encoding="utf-8")
    files[1].write_text(";\n".join(queries), encoding="utf-8")
    for words in (
        [part for one in queries for part in ("--query", one)],
        *(["--queries-file", str(file)] for file in files),
    ):
        code, out, err = ops("analyze_query_indexes", *words, "--max-size-mb", "4", "--max-indexes", "3", "--json")
        assert (code, err) == (0, "")
        assert essence(json.loads(out)) == told
    assert essence(mcp("analyze_query_indexes", queries=queries, max_size_mb=4, max_indexes=3)) == told


def test_statements_as_text(at_shop: Shop) -> None:
    code, out, _err = ops("analyze_query_indexes", "--query", STATEMENT)
    assert code == 0
    assert "CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders USING btree (customer_id)" in out
    assert "Traceback" not in out


def test_the_workload_from_every_door(worked: Shop) -> None:
    found = api.analyze_workload_indexes()
    told = found.as_dict()
    assert {(one["table"], one["using"], tuple(one["columns"])) for one in told["recommendations"]} == {
        ("public.orders", "btree", ("customer_id", "total")),
        ("public.papers", "gin", ("doc",)),
    }
    assert sorted(one["calls"] for one in told["queries"]) == [3, 20]
    assert sum(one["share"] for one in told["queries"]) == pytest.approx(1)
    assert all(one["queryid"] for one in told["queries"])
    code, out, err = ops("analyze_workload_indexes", "--json")
    assert (code, err) == (0, "")
    ddl = sorted(one["ddl"] for one in told["recommendations"])
    assert sorted(one["ddl"] for one in json.loads(out)["recommendations"]) == ddl
    assert sorted(one["ddl"] for one in mcp("analyze_workload_indexes")["recommendations"]) == ddl
    often = api.analyze_workload_indexes(min_calls=10)
    assert [one.calls for one in often.queries] == [20]  # and not what we asked ourselves


@pytest.mark.parametrize(
    "given",
    [
        {"queries": []},
        {"queries": ["  "]},
        {"queries": [STATEMENT], "max_size_mb": -1},
        {"queries": [STATEMENT], "max_indexes": 0},
        {"queries": [STATEMENT], "time_limit": 1},
        {"queries": [STATEMENT], "database": "nowhere"},
    ],
)
def test_wrong_parameters(at_shop: Shop, given: dict[str, Any]) -> None:
    with pytest.raises(OperationError):
        api.analyze_query_indexes(**given)


def test_exit_codes(at_shop: Shop, tmp_path: Path) -> None:
    for words in (("--max-indexes", "0", "--query", STATEMENT), ("--queries-file", str(tmp_path / "none")), ()):
        code, out, err = ops("analyze_query_indexes", *words)
        assert (code, out) == (2, "")
        assert err
        assert "Traceback" not in err
    with alias_at(f"host={tmp_path} dbname=gone user=nobody"):
        code, out, err = ops("analyze_query_indexes", "--query", STATEMENT)
    assert code == 1
    assert "PostgreSQL does not answer" in err
    assert "nobody" not in err
