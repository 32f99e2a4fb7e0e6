"""What is said of failures and phases, and a server that restarts in the middle."""

from __future__ import annotations

import threading

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from opsadmin.api import OperationFailed
from opsadmin.core.operation import Caller
from opsadmin.indexing.failures import failure_of
from opsadmin.indexing.phases import _PHASES, percent_of, said_phase
from opsadmin.perform import perform
from switchbot_site.local.cluster import SUPERUSER
from tests.opsadmin.indexing.conftest import indexes_of
from tests.opsadmin.workload.conftest import alias_at

NUMBERS = {"blocks_total": 0, "blocks_done": 0, "tuples_total": 0, "tuples_done": 0}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (psycopg.errors.DiskFull, "The server's disk is full: s.i was given up."),
        (psycopg.errors.OutOfMemory, "ran out of what it needs"),
        (psycopg.errors.DeadlockDetected, "waited for each other"),
        (psycopg.errors.QueryCanceled, "Somebody else cancelled the statement."),
        (psycopg.errors.AdminShutdown, "PostgreSQL ended the session"),
        (psycopg.errors.CrashShutdown, "PostgreSQL ended the session"),
        (psycopg.errors.InsufficientPrivilege, "does not let our role"),
        (psycopg.errors.ReadOnlySqlTransaction, "takes no writes"),
        (psycopg.errors.ProgramLimitExceeded, "too long for the index"),
        (psycopg.errors.DivisionByZero, "fails for a row of s.t: DivisionByZero"),
        (psycopg.errors.UndefinedTable, "not there any more"),
        (psycopg.errors.InternalError_, "PostgreSQL could not do it"),
        (psycopg.OperationalError, "The connection to PostgreSQL broke"),
    ],
)
def test_each_failure_is_a_sentence(error, said):
    found = failure_of(error("values of a row: secret"), index="s.i", table="s.t")
    assert said in found.message
    assert "secret" not in f"{found.message}{found.hint}"


def test_the_phases_go_forward_and_count():
    building = [name for name in _PHASES if name.startswith(("init", "building index:", "index validation"))]
    reached = [percent_of({**NUMBERS, "phase": name}) for name in building]
    assert reached == sorted(reached)
    half = {**NUMBERS, "phase": "building index: scanning table", "blocks_total": 51000, "blocks_done": 25500}
    assert percent_of(half) == 18.5
    assert said_phase(half) == "Reading the table: 25500 of 51000 pages"
    gin = {**NUMBERS, "phase": "building index", "blocks_total": 100, "blocks_done": 50}
    assert (percent_of(gin), said_phase(gin)) == (30.5, "Building: 50 of 100 pages")
    assert percent_of({**NUMBERS, "phase": "building index: something of an extension"}) == 1
    assert percent_of({**NUMBERS, "phase": None}) is None
    odd = {**NUMBERS, "phase": "a new phase", "tuples_total": 4, "tuples_done": 1}
    assert (percent_of(odd), said_phase(odd)) == (None, "a new phase: 1 of 4 rows")


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_a_server_that_restarts_in_the_middle_leaves_nothing(new_postgres):
    dsn = make_conninfo(new_postgres.dsn("postgres", user=SUPERUSER))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id int); INSERT INTO orders SELECT generate_series(1, 100)")
    reader = psycopg.connect(dsn)
    reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT 1 FROM pg_class")
    restarted = []

    def restart() -> None:
        new_postgres.stop("immediate")
        new_postgres.start()

    def crash(progress):
        if progress.message.startswith("Built; waiting") and not restarted:
            restarted.append(threading.Thread(target=restart))
            restarted[0].start()

    with alias_at(dsn), pytest.raises(OperationFailed) as caught:
        perform("create_index", {"table": "orders", "columns": ["id"]}, Caller("anna", "python"), report=crash)
    restarted[0].join()
    reader.close()
    assert caught.value.message.startswith(("The connection to PostgreSQL broke", "PostgreSQL ended the session"))
    assert "Nothing is left of it." in caught.value.message
    assert indexes_of(dsn) == {}
