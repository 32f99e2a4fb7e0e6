"""Everything that goes on at a moment, in one look."""

from __future__ import annotations

import json

from opsadmin.activity.moment import activity
from opsadmin.api import get_activity
from opsadmin.postgres.session import read_only
from tests.opsadmin.activity.conftest import BARE


def test_a_moment(others):
    first = others.connect("keeper")
    first.execute("""UPDATE shop."Order s" SET note = 'kept' WHERE id = 1""")
    second = others.connect("waiter")
    others.begin(second, """UPDATE shop."Order s" SET note = 'late' WHERE id = 1""")
    for _ in range(2):
        others.connect("sleeper", autocommit=True)
    with read_only("store") as look:
        found = activity(look)
        assert look.statements <= 5  # BEGIN and the settings are two of them
    names = {one.application: one for one in found.sessions if one.is_client}
    assert {"keeper", "waiter"} <= names.keys()
    assert "sleeper" not in names
    # The site's own pooled connections may be idle as well: their number is not this test's.
    assert [one.sessions for one in found.idle if one.application == "sleeper"] == [2]
    assert [one.depth for one in found.locks.entries] == [0, 1]
    assert found.locks.entries[0].session == names["keeper"], "nobody is asked for twice"
    assert ("Lock", "transactionid", 1) in [(one.type, one.event, one.sessions) for one in found.waits]
    oldest = found.holders[0]
    assert (oldest.kind, oldest.pid) == ("session", first.info.backend_pid)
    assert oldest.seconds is not None
    assert found.connections >= 5
    told = json.loads(json.dumps(found.as_dict()))
    assert {one["application"] for one in told["sessions"]} >= {"keeper", "waiter"}
    assert [block.title for block in found.blocks() if hasattr(block, "title")].count("Sessions") == 1


def test_an_idle_session_that_blocks_is_found(others):
    first = others.connect("advisor", autocommit=True)
    first.execute("SELECT pg_advisory_lock(4711)")
    second = others.connect("waiter", autocommit=True)
    others.begin(second, "SELECT pg_advisory_lock(4711)")
    found = get_activity()
    assert [one.session.application for one in found.locks.entries] == ["advisor", "waiter"]


def test_what_a_role_may_not_see(others, as_role):
    others.connect("keeper").execute("SELECT 1")
    with as_role(BARE):
        found = get_activity()
    hidden = next(one for one in found.sessions if one.application == "keeper")
    assert hidden.hidden
    assert hidden.sql is None
    assert any("GRANT pg_read_all_stats" in getattr(block, "command", "") for block in found.blocks())
