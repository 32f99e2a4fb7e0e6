"""list_locks against real queues."""

from __future__ import annotations

import psycopg
import pytest

from opsadmin.api import list_locks
from opsadmin.core.blocks import Table
from tests.opsadmin.activity.conftest import BARE, Others
from tests.opsadmin.workload.conftest import alias_at


def drawn(found):
    return [f"{'  ' * one.depth}{one.session.application if one.session else one.title}" for one in found.entries]


def test_nobody_waits(others):
    found = list_locks()
    assert (found.entries, found.as_dict()["roots"]) == ((), [])
    assert found.blocks()[0].text == "Nobody waits for a lock."


def test_a_queue_behind_a_forgotten_transaction(others):
    forgotten, migration, web = others.connect("forgotten"), others.connect("migration"), others.connect("web")
    forgotten.execute('SELECT * FROM shop."Order s"')
    others.begin(migration, 'ALTER TABLE shop."Order s" ADD COLUMN more text')
    others.begin(web, """SELECT 'secret' FROM shop."Order s" """)
    found = list_locks()
    assert drawn(found) == ["forgotten", "  migration", "    web"]
    root, altering, reading = found.entries
    assert (root.victims, root.waited_seconds, root.blocked_by, root.in_cycle) == (2, None, (), False)
    assert (altering.mode, altering.relation) == ("AccessExclusiveLock", 'shop."Order s"')
    assert reading.wants == 'AccessShareLock on shop."Order s"'
    assert (reading.under, reading.blocked_by) == (migration.info.backend_pid, (migration.info.backend_pid,))
    assert (found.waiting, found.as_dict()["roots"]) == (2, [forgotten.info.backend_pid])
    assert "secret" not in str(found.as_dict()) + str(found.blocks())
    (table,) = [block for block in found.blocks() if isinstance(block, Table)]
    assert [row[0] for row in table.rows] == [
        str(forgotten.info.backend_pid),
        f"└\N{NO-BREAK SPACE}{migration.info.backend_pid}",
        "\N{NO-BREAK SPACE}" * 2 + f"└\N{NO-BREAK SPACE}{web.info.backend_pid}",
    ]
    assert any("terminate_session" in getattr(block, "detail", "") for block in found.blocks())


def test_rows_and_advisory_locks(others):
    first, second, third = others.connect("first"), others.connect("second"), others.connect("third")
    first.execute("""UPDATE shop."Order s" SET note = 'y' WHERE id = 1""")
    first.execute("SELECT pg_advisory_xact_lock(77)")
    others.begin(second, """UPDATE shop."Order s" SET note = 'z' WHERE id = 1""")
    others.begin(third, "SELECT pg_advisory_xact_lock(77)")
    found = list_locks()
    assert found.roots[0].victims == 2
    assert {one.wants for one in found.entries[1:]} == {'a row of shop."Order s"', "the advisory lock 77"}


def test_a_circle_that_postgresql_has_not_ended_yet(others):
    one, two = others.connect("one"), others.connect("two")
    for connection, number in ((one, 1), (two, 2)):
        connection.execute("SET deadlock_timeout = '1min'")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    others.begin(one, "SELECT pg_advisory_xact_lock(2)")
    others.begin(two, "SELECT pg_advisory_xact_lock(1)")
    found = list_locks()
    assert [entry.in_cycle for entry in found.entries] == [True, False]
    assert found.waiting == 2
    assert any("waits in a circle" in getattr(block, "text", "") for block in found.blocks())
    with psycopg.connect(others.dsn, autocommit=True) as admin:
        for connection in (one, two):
            admin.execute("SELECT pg_cancel_backend(%s)", [connection.info.backend_pid])


def test_a_role_without_privileges_sees_the_queue(others, as_role):
    holder, waiter = others.connect("holder"), others.connect("waiter")
    holder.execute('LOCK TABLE shop."Order s" IN ACCESS EXCLUSIVE MODE')
    others.begin(waiter, 'SELECT FROM shop."Order s"')
    with as_role(BARE):
        found = list_locks()
        texts = [getattr(block, "text", "") for block in found.blocks()]
    assert drawn(found) == ["holder", "  waiter"]
    assert found.entries[1].relation == 'shop."Order s"'
    assert found.entries[0].session.hidden
    assert any("is not shown to activity_bare" in text for text in texts)


@pytest.fixture
def prepared_dsn(new_postgres):
    new_postgres.stop()
    new_postgres.settings["max_prepared_transactions"] = "3"
    new_postgres.start()
    return new_postgres.dsn("store", user="postgres")


def test_a_prepared_transaction_in_the_way(prepared_dsn, django_db_blocker):
    from contextlib import ExitStack

    with django_db_blocker.unblock(), alias_at(prepared_dsn), ExitStack() as stack:
        others = Others(prepared_dsn, stack)
        with psycopg.connect(prepared_dsn, autocommit=True) as owner:
            owner.execute("CREATE TABLE t (id int)")
            owner.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'it''s odd'")
        waiter = others.connect("waiter")
        others.begin(waiter, "SELECT FROM t")
        found = list_locks()
        assert drawn(found) == ['prepared transaction "it\'s odd"', "  waiter"]
        root = found.entries[0]
        assert (root.pid, root.prepared.gid, root.prepared.owner) == (None, "it's odd", "postgres")
        assert found.entries[1].under == 0
        (note,) = [block for block in found.blocks() if getattr(block, "command", "")]
        with psycopg.connect(prepared_dsn, autocommit=True) as owner:
            owner.execute(note.command)
        assert found.as_dict()["roots"] == [0]
