"""The operation at its doors: Python, the command, and a database that is not there."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from opsadmin.api import explain_query
from opsadmin.core.errors import OperationError, OperationFailed


@pytest.fixture
def as_alias(shop_dsn, django_db_blocker):
    """The alias `store` is the shop."""
    parts = conninfo_to_dict(shop_dsn)
    wrapper = connections["store"]
    before = wrapper.settings_dict
    with django_db_blocker.unblock():
        wrapper.close()
        wrapper.settings_dict = {**before, "NAME": str(parts["dbname"]), "USER": str(parts["user"])}
        yield wrapper
        wrapper.close()
        wrapper.settings_dict = before


def test_from_python(as_alias):
    plan = explain_query(sql="SELECT * FROM orders WHERE note = 'x'", database="store")
    assert (plan.tree.node_type, plan.tree.relation) == ("Seq Scan", "public.orders")
    assert plan.before is plan.after is None
    assert explain_query(sql="SELECT 1", hypothetical_indexes="[]", analyze="yes").analyzed


def test_from_the_command(as_alias, capsys):
    out = io.StringIO()
    call_command("ops", "explain_query", "SELECT * FROM orders WHERE id = $1", "--json", stdout=out)
    found = json.loads(out.getvalue() or capsys.readouterr().out)
    assert found["generic"] is True
    assert found["tree"]["index"] == "orders_pkey"
    assert {"text", "total_cost", "before", "after", "warnings", "notes", "gain"} <= set(found)


def test_wrong_parameters(as_alias):
    with pytest.raises(OperationError) as caught:
        explain_query(sql="SELECT 1", format="html")
    assert caught.value.allowed == ("text", "json", "yaml", "xml")
    with pytest.raises(OperationError, match="must be a list of indexes"):
        explain_query(sql="SELECT 1", hypothetical_indexes=5)
    with pytest.raises(OperationError, match="There is no statement"):
        explain_query(sql="")


def test_a_database_that_is_not_there(as_alias):
    as_alias.settings_dict = {**as_alias.settings_dict, "HOST": "/nowhere/at/all"}
    with pytest.raises(OperationFailed, match="PostgreSQL does not answer") as caught:
        explain_query(sql="SELECT 1")
    assert "/nowhere" not in caught.value.message
