"""The operation execute_sql from Python, the command and for people with and without the permission."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.db import connections

from opsadmin.api import NotPermitted, OperationError, call
from opsadmin.console.errors import SqlRefused
from opsadmin.core.operation import Caller, Effect
from opsadmin.perform import find, perform

pytestmark = pytest.mark.django_db(databases=["default", "store"])


def test_from_python():
    rows = call("execute_sql", sql="SELECT kind FROM json_store ORDER BY kind", limit=1)
    assert rows.as_dict()["columns"] == [{"name": "kind", "type": "character varying(50)"}]
    assert rows.truncated
    assert call("execute_sql", sql="SELECT $1::int + 1 AS n", params=[41]).rows == ((42,),)


def test_it_reads_and_has_a_permission_of_its_own():
    operation = find("execute_sql")
    assert (operation.effect, operation.permission) == (Effect.READS, "opsadmin.execute_sql")
    with pytest.raises(NotPermitted):
        perform(
            "execute_sql", {"sql": "SELECT 1"}, Caller("eve", "http", may=lambda name: name != operation.permission)
        )


def test_a_refusal_has_a_reason_and_a_hint_at_every_door():
    with pytest.raises(SqlRefused) as caught:
        call("execute_sql", sql="DELETE FROM json_store")
    assert caught.value.as_dict() == {
        "kind": "SqlRefused",
        "message": "DELETE changes data.",
        "reason": "DELETE changes data.",
        "parameter": "sql",
        "hint": "The console runs SELECT, WITH, VALUES, TABLE, EXPLAIN and SHOW.",
    }
    assert (caught.value.http_status, caught.value.exit_code) == (403, 2)


def test_as_a_command(capsys):
    call_command("ops", "execute_sql", "--sql", "SELECT 1 AS one", "--json")
    assert json.loads(capsys.readouterr().out)["rows"] == [[1]]
    with pytest.raises(SystemExit) as ended:
        call_command("ops", "execute_sql", "--sql", "SELECT pg_sleep(1)")
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "given", [{"sql": ""}, {"sql": "SELECT 1", "limit": 0}, {"sql": "SELECT 1", "params": 5}, {"sql": "\0"}, {}]
)
def test_wrong_parameters_are_said(given):
    with pytest.raises(OperationError):
        call("execute_sql", **given)


def test_the_thread_s_own_connection_is_never_used():
    before = connections["store"].connection
    call("execute_sql", sql="SELECT 1")
    assert connections["store"].connection is before
