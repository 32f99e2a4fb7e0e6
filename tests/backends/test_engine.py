"""Django's alias `store`: bounded by the server and by the client, with a breaker before the connect."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper as DjangoWrapper
from psycopg.conninfo import conninfo_to_dict

from stores.engine import breaker
from stores.engine.base import DatabaseWrapper
from stores.engine.breaker import Breaker
from tests.fixtures.proxy import Proxy, proxy

__all__ = ["proxy"]

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    breaker.forget()
    yield
    breaker.forget()


def wrapper_to(dsn: str, **settings: object) -> DatabaseWrapper:
    parts = conninfo_to_dict(dsn)
    own = connections["store"].settings_dict
    return DatabaseWrapper(
        {
            **own,
            "NAME": parts["dbname"],
            "USER": parts["user"],
            "HOST": parts["host"],
            "PORT": parts.get("port", ""),
            "OPTIONS": {"sslmode": "disable", "connect_timeout": "1"},
            **settings,
        },
        alias="elsewhere",
    )


@pytest.fixture
def far(proxy: Proxy, django_db_setup: None) -> Iterator[DatabaseWrapper]:
    """The tests' cluster over a line that can be cut; statements may take 0.3 s."""
    wrapper = wrapper_to(proxy.dsn(os.environ["POSTGRES_URL"]), STATEMENT_TIMEOUT_MS=300)
    connections["elsewhere"] = wrapper  # type: ignore[assignment]
    yield wrapper
    wrapper.close()
    del connections["elsewhere"]


def ask(wrapper: DatabaseWrapper, sql: str) -> object:
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def settings_of(wrapper: DatabaseWrapper) -> tuple[object, ...]:
    return tuple(
        ask(wrapper, f"SHOW {name}")
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    )


def test_the_server_bounds_a_statement(far: DatabaseWrapper) -> None:
    assert settings_of(far) == ("300ms", "300ms", "1min")
    with pytest.raises(OperationalError, match="statement timeout"):
        ask(far, "SELECT pg_sleep(5)")
    assert ask(far, "SELECT 1") == 1


def test_the_client_bounds_what_the_server_cannot_be_heard_to_end(far: DatabaseWrapper, proxy: Proxy) -> None:
    ask(far, "SELECT 1")
    proxy.frozen.set()
    start = time.monotonic()
    with pytest.raises(OperationalError, match="no answer in time"):
        ask(far, "SELECT 1")
    assert time.monotonic() - start < 2.5
    # The next page finds a dead connection, and does not wait for another.
    far.close_if_unusable_or_obsolete()
    start = time.monotonic()
    with pytest.raises(OperationalError, match=r"did not answer at \d\d:\d\d:\d\d; next try in \d s"):
        ask(far, "SELECT 1")
    assert time.monotonic() - start < 2


def test_connecting_is_bounded_and_then_refused_at_once(far: DatabaseWrapper, proxy: Proxy) -> None:
    proxy.frozen.set()
    start = time.monotonic()
    with pytest.raises(OperationalError):
        ask(far, "SELECT 1")
    assert time.monotonic() - start < 2.5
    before = proxy.connections
    for _ in range(5):
        with pytest.raises(OperationalError, match="next try in"):
            ask(far, "SELECT 1")
    assert proxy.connections == before
    proxy.thaw()
    breaker.forget()
    assert ask(far, "SELECT 1") == 1


def test_a_refused_password_or_database_does_not_trip_the_breaker() -> None:
    wrapper = wrapper_to(os.environ["POSTGRES_URL"], NAME="no_such_database")
    for _ in range(2):
        with pytest.raises(OperationalError, match="does not exist"):
            wrapper.ensure_connection()


def test_the_breaker_pauses_longer_lets_one_try_and_forgets_at_success() -> None:
    now = 100.0
    one = Breaker(clock=lambda: now)
    one.let_through()
    one.failed()
    with pytest.raises(psycopg.OperationalError, match="next try in 2 s"):
        one.let_through()
    now += 2
    one.let_through()
    with pytest.raises(psycopg.OperationalError):  # somebody is trying
        one.let_through()
    for pause in (4, 8, 10, 10):
        one.failed()
        with pytest.raises(psycopg.OperationalError, match=f"next try in {pause} s"):
            one.let_through()
    one.succeeded()
    one.let_through()
    one.let_through()


def test_a_migration_may_take_its_time(far: DatabaseWrapper) -> None:
    for atomic in (True, False):
        with far.schema_editor(atomic=atomic) as editor:
            editor.execute("SELECT pg_sleep(0.5)")
            assert ask(far, "SHOW statement_timeout") == "0"
        assert settings_of(far) == ("300ms", "300ms", "1min")


def test_a_failed_migration_leaves_the_bounds_as_they_were(far: DatabaseWrapper) -> None:
    with pytest.raises(Exception, match="no_such_table"), far.schema_editor() as editor:
        editor.execute("DROP TABLE no_such_table")
    assert settings_of(far) == ("300ms", "300ms", "1min")


def test_printing_a_migration_s_sql_lifts_nothing(far: DatabaseWrapper) -> None:
    with far.schema_editor(collect_sql=True):
        assert ask(far, "SHOW statement_timeout") == "300ms"


def test_long_work_may_ask_for_no_bound_also_in_a_transaction(far: DatabaseWrapper) -> None:
    with far.unbounded(), far.unbounded():
        assert ask(far, "SELECT pg_sleep(0.5)::text") == ""
    assert settings_of(far)[0] == "300ms"
    with pytest.raises(KeyError), transaction.atomic(using="elsewhere"), far.unbounded():
        raise KeyError
    with pytest.raises(OperationalError), transaction.atomic(using="elsewhere"), far.unbounded():
        ask(far, "SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)")
    assert settings_of(far) == ("300ms", "300ms", "1min")


def test_a_pooled_host_gets_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pooled host's name cannot be reached: what would be sent is caught where Django would connect."""
    sent: dict[str, object] = {}

    def connect(self: object, params: dict[str, object]) -> object:
        sent.update(params)
        raise psycopg.OperationalError("FATAL: enough seen")

    monkeypatch.setattr(DjangoWrapper, "get_new_connection", connect)
    for host, has_options in (("ep-x-pooler.eu.aws.neon.tech", False), ("ep-x.eu.aws.neon.tech", True)):
        sent.clear()
        wrapper = wrapper_to(os.environ["POSTGRES_URL"], HOST=host)
        with pytest.raises(OperationalError, match="enough"):
            wrapper.ensure_connection()
        assert ("options" in sent) is has_options
