"""list_sessions against real sessions."""

from __future__ import annotations

import pytest

from opsadmin.activity.sessions import sessions
from opsadmin.api import OperationError, list_sessions
from opsadmin.core.blocks import Note
from opsadmin.postgres.session import read_only
from tests.opsadmin.activity.conftest import APP, BARE

LOCK = 'LOCK TABLE shop."Order s" IN ACCESS EXCLUSIVE MODE'


def named(found, name):
    (one,) = [one for one in found if one.application == name]
    return one


def names(**parameters):
    return {one.application for one in list_sessions(**parameters)}


def test_what_each_does_and_whom_it_waits_for(others):
    holder, waiter, idle = others.connect("holder"), others.connect('wait"er %s'), others.connect("idler")
    holder.execute(LOCK)
    idle.execute("SELECT 1")
    idle.rollback()
    others.begin(waiter, """SELECT 'secret' FROM shop."Order s" """)
    found = list_sessions()
    one = named(found, 'wait"er %s')
    assert (one.state, one.wait_event_type, one.blocked_by) == ("active", "Lock", (holder.info.backend_pid,))
    assert one.sql.strip() == """SELECT '***' FROM shop."Order s\""""
    assert 0 <= one.waited_seconds < 60
    assert one.backend_start <= one.transaction_start <= one.query_start
    held = named(found, "holder")
    assert (held.state, held.blocks, held.blocked_by, held.waited_seconds) == ("idle in transaction", 1, (), None)
    assert held.sql == LOCK
    assert held.role == "postgres"
    assert held.address == "socket"
    assert isinstance(one.as_dict()["query_id"], str | None)
    assert "secret" not in str(found.blocks())


def test_filters(others):
    holder, waiter, idle = others.connect("holder"), others.connect("waiter"), others.connect("idler")
    holder.execute(LOCK)
    idle.execute("SELECT 1")
    idle.rollback()
    with pytest.raises(Exception, match="not exist"):
        (failed := others.connect("failed")).execute("SELECT * FROM nowhere")
    others.begin(waiter, 'SELECT FROM shop."Order s"')
    mine = {"holder", "waiter", "idler", "failed"}
    assert names() & mine == {"holder", "waiter", "failed"}
    assert names(include_idle=True) & mine == mine
    assert names(state="idle") & mine == {"idler"}
    assert names(state="active") & mine == {"waiter"}
    assert names(state="waiting") & mine == {"waiter"}
    assert names(state="idle in transaction") & mine == {"holder", "failed"}
    assert not names(older_than_seconds=3600) & mine
    assert failed.info.backend_pid in [one.pid for one in list_sessions()]
    assert len(list_sessions(limit=1)) == 1
    assert list_sessions(limit=1).found >= 3
    kinds = {one.kind for one in list_sessions(include_background=True)}
    assert {"client backend", "checkpointer", "background writer"} <= kinds
    with pytest.raises(OperationError, match="must be one of"):
        list_sessions(state="asleep")


def test_our_look_is_left_out_and_others_of_ours_are_told(others):
    others.connect("opsadmin").execute("SELECT 1")
    others.connect("web").execute("SELECT 1 /* opsadmin */")
    others.connect("app").execute("SELECT 1")
    found = list_sessions()
    assert {one.application: one.is_ours for one in found if one.application in ("opsadmin", "web", "app")} == {
        "opsadmin": True,
        "web": True,
        "app": False,
    }
    with read_only("store") as look:
        assert look.raw.info.backend_pid not in [one.pid for one in sessions(look, include_idle=True)]


def test_a_role_without_privileges(others, as_role):
    holder = others.connect("holder")
    holder.execute(LOCK)
    own = others.connect("own", user=APP)
    own.execute("SELECT 1")
    with as_role(BARE):
        found = list_sessions()
    one = named(found, "holder")
    assert (one.hidden, one.state, one.sql, one.role) == (True, None, None, "postgres")
    (note,) = [block for block in found.blocks() if isinstance(block, Note)]
    assert note.command == f'GRANT pg_read_all_stats TO "{BARE}";'
    with as_role(APP):
        assert not named(list_sessions(), "own").hidden
