"""cancel_query and terminate_session against real sessions: who is ended, who is not, and what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from opsadmin.activity.signals import Asked, Target, find_target, refusal
from opsadmin.api import NotConfirmed, OperationError, OperationFailed, cancel_query, list_sessions, terminate_session
from opsadmin.core.blocks import blocks_of
from opsadmin.core.operation import Caller
from opsadmin.models import OperationRun
from opsadmin.perform import preview
from opsadmin.postgres.session import read_only
from tests.opsadmin.activity.conftest import APP, BARE

pytestmark = pytest.mark.django_db(databases=["default", "store"])
SLEEP = "SELECT pg_sleep(60) AS secret, 'secret'"
ME = Caller("anna", "python")


def previewed(name, **given):
    return preview(name, given, ME)


def session_of(connection):
    (one,) = [one for one in list_sessions(include_idle=True) if one.pid == connection.info.backend_pid]
    return one


def test_a_statement_is_cancelled_and_its_session_stays(others):
    victim = others.connect("report")
    thread = others.begin(victim, SLEEP, until="sleeps")
    pid = victim.info.backend_pid
    shown = previewed("cancel_query", pid=pid)
    said = " ".join(shown.sentences)
    assert f"session {pid} of postgres (application report, database activity_" in said
    assert "It has been active for" in said
    assert "It runs: SELECT pg_sleep(60) AS secret, '***'" in said
    assert "Nobody waits for it." in said
    assert (shown.sql, shown.refusal) == (f"SELECT pg_cancel_backend({pid});", "")
    assert thread.is_alive(), "a preview changes nothing"
    result = cancel_query(pid=pid)
    thread.join(5)
    assert result.ended is True
    assert result.message == shown.sentences[0].replace("It is", "Ended: the statement of")
    assert result.waited_seconds < 5
    assert "'secret'" not in str(result.as_dict()) + str(blocks_of(result))
    assert victim.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    victim.rollback()
    assert victim.execute("SELECT 1").fetchone() == (1,)
    run = OperationRun.objects.get()
    assert (run.operation, run.outcome, run.result["ended"]) == ("cancel_query", "done", True)


def test_a_session_is_ended_and_with_it_the_queue_behind_it(others):
    holder, waiter = others.connect("forgotten"), others.connect("web")
    holder.execute('LOCK TABLE shop."Order s" IN ACCESS EXCLUSIVE MODE')
    thread = others.begin(waiter, 'SELECT FROM shop."Order s"')
    pid = holder.info.backend_pid
    said = " ".join(previewed("terminate_session", pid=pid).sentences)
    assert "1 session waits for it, for" in said
    assert "It ran last: LOCK TABLE" in said
    assert "transaction rolled back" in said
    with pytest.raises(NotConfirmed):
        terminate_session(pid=pid)
    result = terminate_session(pid=pid, confirmed=True)
    assert result.ended is True
    thread.join(5)
    assert not thread.is_alive()
    with pytest.raises(psycopg.OperationalError):
        holder.execute("SELECT 1")


def test_who_is_not_there_or_is_ourselves(others):
    gone = others.connect("gone")
    pid = gone.info.backend_pid
    gone.close()
    others.until("SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid)
    for call in (cancel_query, lambda **given: terminate_session(confirmed=True, **given)):
        with pytest.raises(OperationError, match=f"There is no session {pid}") as error:
            call(pid=pid)
        assert error.value.parameter == "pid"
        with pytest.raises(OperationError, match="at most"):
            call(pid=2**40)
    with read_only("store") as look, pytest.raises(OperationError, match="is this look itself"):
        find_target(look, Asked(look.raw.info.backend_pid, terminate=True))


def test_another_session_with_that_pid_is_left_alone(others):
    victim = others.connect("victim", autocommit=True)
    thread = others.begin(victim, SLEEP, until="sleeps")
    one = session_of(victim)
    earlier = (one.backend_start - timedelta(microseconds=1)).isoformat()
    for call in (cancel_query, lambda **given: terminate_session(confirmed=True, **given)):
        with pytest.raises(OperationError, match="has ended. That pid is now session") as error:
            call(pid=one.pid, backend_start=earlier)
        assert error.value.parameter == "backend_start"
        for wrong in ("yesterday", "2026-01-01T00:00:00"):
            with pytest.raises(OperationError, match="must be a moment"):
                call(pid=one.pid, backend_start=wrong)
    with pytest.raises(OperationError, match="is at another statement by now"):
        cancel_query(pid=one.pid, query_start=earlier)
    assert thread.is_alive()
    as_shown = one.as_dict()
    assert cancel_query(pid=one.pid, backend_start=as_shown["backend_start"], query_start=as_shown["query_start"]).ended
    thread.join(5)


def test_nothing_to_cancel(others):
    idle = others.connect("idle")
    idle.execute("SELECT 1")
    with pytest.raises(OperationError, match="runs no statement: it has been idle in transaction for") as error:
        cancel_query(pid=idle.info.backend_pid)
    assert "terminate_session" in error.value.hint
    assert "runs no statement" in previewed("cancel_query", pid=idle.info.backend_pid).refusal


def test_what_a_role_may_not(others, as_role):
    root, app = others.connect("root", autocommit=True), others.connect("app", autocommit=True, user=APP)
    threads = [others.begin(connection, SLEEP, until="sleeps") for connection in (root, app)]
    with as_role(BARE):
        for connection, words, hint in (
            (root, "that takes a superuser", "Ask whoever runs the server"),
            (app, f"does not let {BARE} end session", f'GRANT pg_signal_backend TO "{BARE}";'),
        ):
            pid = connection.info.backend_pid
            assert words in previewed("cancel_query", pid=pid).refusal
            assert "is not shown to" in " ".join(previewed("terminate_session", pid=pid).sentences)
            with pytest.raises(OperationFailed, match=words) as failed:
                terminate_session(pid=pid, confirmed=True)
            assert hint in failed.value.hint
    with psycopg.connect(others.dsn, autocommit=True) as admin:
        admin.execute(f"GRANT pg_signal_backend TO {BARE}")
    try:
        with as_role(BARE):
            with pytest.raises(OperationFailed, match="nobody knows whether it is the one that was meant"):
                cancel_query(pid=app.info.backend_pid, backend_start="2026-01-01T00:00:00+00:00")
            assert threads[1].is_alive()
            result = cancel_query(pid=app.info.backend_pid)
            assert result.ended is None
            assert "not shown to our role" in result.message
            threads[1].join(5)
            with pytest.raises(OperationFailed, match="that takes a superuser"):
                cancel_query(pid=root.info.backend_pid)
            assert terminate_session(pid=app.info.backend_pid, confirmed=True).ended is True
    finally:
        with psycopg.connect(others.dsn, autocommit=True) as admin:
            admin.execute(f"REVOKE pg_signal_backend FROM {BARE}")
    assert cancel_query(pid=root.info.backend_pid).ended
    threads[0].join(5)


def test_a_role_may_end_its_own_sessions(others, as_role):
    app = others.connect("app", autocommit=True, user=APP)
    with as_role(APP):
        assert terminate_session(pid=app.info.backend_pid, confirmed=True).ended is True


def test_processes_of_postgresqls_own(others):
    (checkpointer,) = [one for one in list_sessions(include_background=True) if one.kind == "checkpointer"]
    with pytest.raises(OperationError, match=r"is PostgreSQL's own \(checkpointer\)") as error:
        terminate_session(pid=checkpointer.pid, confirmed=True)
    assert "force" in error.value.hint
    result = terminate_session(pid=checkpointer.pid, force=True, confirmed=True)
    assert result.ended is False
    assert "takes no such signal" in result.message
    assert "takes no such signal" in cancel_query(pid=checkpointer.pid, force=True).message


def test_autovacuum_and_parallel_workers(others):
    with read_only("store") as look:
        (session,) = [one for one in list_sessions(include_background=True) if one.kind == "checkpointer"]
        target = find_target(look, Asked(session.pid, terminate=False))
    worker = replace(target.session, kind="autovacuum worker", state="active", sql="autovacuum: VACUUM shop.t")

    def refused(session, **asked) -> str:
        error = refusal(Asked(session.pid, terminate=False, **asked), replace(target, session=session))
        return error.message if error else ""

    assert refused(worker) == ""
    saving = replace(worker, sql="autovacuum: VACUUM shop.t (to prevent wraparound)")
    assert "running out of transaction numbers" in refused(saving)
    assert refused(saving, force=True) == ""
    parallel = replace(worker, kind="parallel worker", leader_pid=4711)
    assert "parallel worker of session 4711" in refused(parallel, force=True)
    assert isinstance(target, Target)


def test_a_statement_that_does_not_end_at_once_is_said(others):
    """A handler that catches the cancel and goes on is such a statement."""
    stubborn = others.connect("stubborn", autocommit=True)
    thread = others.begin(
        stubborn,
        "DO $$ BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(60); END $$",
        until="sleeps",
    )
    result = cancel_query(pid=stubborn.info.backend_pid)
    assert result.ended is False
    assert "Still running after 2 s" in result.message
    assert terminate_session(pid=stubborn.info.backend_pid, confirmed=True).ended
    thread.join(5)
