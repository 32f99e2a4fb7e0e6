"""What this site asks is nobody's workload: none of it is among the queries."""

import re

import pytest

from opsadmin.core.operation import Caller
from opsadmin.perform import perform
from opsadmin.postgres.session import read_only
from opsadmin.workload.look import look
from opsadmin.workload.queries import top_queries
from stores.health import ROW_ESTIMATES

ME = Caller("somebody", "python", "", may=lambda permission: True)
POINT = "SELECT note, id FROM orders WHERE id = 77"


def texts():
    with read_only("store") as session:
        return [one.sql for one in top_queries(session, limit=1000)]


def sampled():
    """The numbers of the statements that a sample holds."""
    with read_only("store") as session:
        return {key.partition(":")[0] for key in look(session, None).standing.entries}


@pytest.mark.django_db(transaction=True, databases=["default", "store"])
def test_our_own_statements_are_left_out(sent):
    sent.execute("SELECT count(*) FROM orders")  # the application's
    sent.execute(ROW_ESTIMATES, {"names": ["orders"]})
    for name, given in (
        ("execute_sql", {"sql": POINT}),
        ("execute_sql", {"sql": f"EXPLAIN {POINT}"}),
        ("execute_sql", {"sql": "SHOW work_mem"}),
        ("explain_query", {"sql": POINT, "analyze": True}),
        ("explain_query", {"sql": POINT, "hypothetical_indexes": [{"table": "orders", "columns": ["id"]}]}),
        ("analyze_query_indexes", {"queries": [f"{POINT} AND note = 'y'"]}),
        ("analyze_workload_indexes", {}),
        ("sample_rows", {"schema": "public", "name": "orders"}),
        ("list_tables", {}),
        ("list_sessions", {}),
        ("list_locks", {}),
        ("analyze_db_health", {}),
        ("sample_database", {}),
        ("get_object_details", {"schema": "public", "name": "orders"}),
        ("create_index", {"ddl": "CREATE INDEX own_idx ON orders (id)"}),
        ("reindex_index", {"name": "own_idx"}),
        ("drop_index", {"name": "own_idx"}),
    ):
        perform(name, given, ME, confirmed=True)
    ours = [text for text in texts() if "pg_stat_statements_reset" not in text and "count(*) FROM orders" not in text]
    assert ours == []
    assert any("count(*) FROM orders" in text for text in texts())
    # Nor do the samples count them; a statement of that many calls is the application's, too.
    marked = sent.execute(
        "SELECT queryid::text, query FROM pg_stat_statements WHERE query LIKE %s AND dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())",
        ["SELECT note, id FROM orders WHERE id = $1_/* opsadmin %"],
    ).fetchall()
    ((queryid, text),) = marked
    assert re.search(r"/\* opsadmin [0-9a-f]{16} \*/$", text)
    assert queryid not in sampled()
    for _ in range(101):
        sent.execute(POINT)
    assert text.splitlines()[0] in " ".join(texts())
    assert queryid in sampled()
