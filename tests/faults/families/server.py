"""PostgreSQL answers, but not as it should."""

from __future__ import annotations

import random
import time

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.faults.registry import Setting, family
from tests.faults.result import Result
from tests.faults.witness import witness
from tests.faults.world import World


def _run(dsn: str, *statements: str | sql.Composed) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = 'store'"
)


def _name(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["dbname"])


@family("read-only", "PostgreSQL back, but read-only", times=8, short=1)
def read_only(setting: Setting, result: Result) -> None:
    """It goes read-only under load, or comes back so after an outage (a replica, a provider's quota). The host must stay
    on the copy until writes are taken."""
    with World(setting.server) as world:
        world.start_usual()
        name = _name(world.dsn)

        def begin() -> None:
            _run(world.superuser, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            if result.times % 2:
                world.host.away()
            else:
                _run(world.superuser, END_OTHERS)

        def end() -> None:
            _run(
                world.superuser,
                "SET default_transaction_read_only = off",
                f"ALTER DATABASE {name} RESET ALL",
                END_OTHERS,
            )

        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.1, 0.4))
            with world.outage(begin, end):
                if result.times % 2:
                    world.host.returns()
                time.sleep(1.2)
                if world.host.mode().backend != "filesystem":
                    result.problems.append("The host returned to a PostgreSQL that takes no writes.")
            result.times += 1
            setting.say(result.times)
        world.account(result)


@family("restored", "PostgreSQL back in an older state", times=9, short=3)
def restored(setting: Setting, result: Result) -> None:
    """In turns: the database is replaced by a copy of it taken earlier (under load, and during an outage), or its tables
    are emptied. The host must not merge that into the good copy: it stops, serves the copy, and a person's
    `resync --strategy ours` brings everything back."""
    with World(setting.server) as world:
        world.start_usual()
        host, name = world.host, _name(world.dsn)
        elsewhere = make_conninfo(world.superuser, dbname="postgres")
        backup = f"{name}_backup"

        def take_backup() -> None:
            with world.outage(host.away, host.returns, hurry=True):
                _run(world.superuser, END_OTHERS)
                _run(elsewhere, f"CREATE DATABASE {backup} TEMPLATE {name} OWNER store")

        def restore() -> None:
            _run(
                elsewhere,
                f"DROP DATABASE {name} WITH (FORCE)",
                f"ALTER DATABASE {backup} RENAME TO {name}",
            )

        def empty() -> None:
            _run(world.superuser, "TRUNCATE json_store, json_store_revision, json_store_host")

        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            turn = result.times % 3
            if turn < 2:
                take_backup()
            time.sleep(random.uniform(0.2, 0.5))  # writes that the backup does not have
            if turn == 0:
                with world.outage(restore, lambda: None, returns=False):
                    time.sleep(0.3)
            elif turn == 1:
                with world.outage(host.away, host.returns, hurry=True, returns=False):
                    restore()
                    time.sleep(0.3)
            else:
                with world.outage(empty, lambda: None, returns=False):
                    time.sleep(0.3)
            world.wait_for(lambda: host.mode().stop)
            host.probe_now()
            time.sleep(0.5)
            mode = host.mode()
            if mode.backend != "filesystem" or not mode.stop:
                result.problems.append(f"The host did not stop: {mode}")
            if (status := world.resync()) != 3:
                result.problems.append(f"A resync without a strategy ended with {status}, not by asking a person.")
            if (status := world.resync(strategy="ours")) != 0:
                result.problems.append(f"The re-import ended with {status}.")
            world.wait_for(lambda: host.mode().backend == "postgres")
            result.times += 1
            setting.say(result.times)
        world.account(result)


@family("password", "Role's password changed, and changed back", times=8, short=1)
def password(setting: Setting, result: Result) -> None:
    """SCRAM. Sessions end, new ones are refused with the old password; later it is valid again."""
    server = setting.own_server()
    assert server.cluster is not None
    server.cluster._write("pg_hba.conf", "local all postgres trust\nlocal all all scram-sha-256\n")
    _run(server.superuser, "ALTER ROLE store PASSWORD 'first'", "SELECT pg_reload_conf()")
    server.dsn = make_conninfo(server.dsn, password="first")
    with World(server) as world:
        world.start_usual()

        def change(to: str) -> None:
            _run(world.superuser, f"ALTER ROLE store PASSWORD '{to}'", END_OTHERS)

        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.1, 0.4))
            with world.outage(lambda: change("second"), lambda: change("first")):
                time.sleep(0.5)
            result.times += 1
            setting.say(result.times)
        world.account(result)


@family("pool-exhausted", "All connections of a process in use", times=10, short=1)
def pool_exhausted(setting: Setting, result: Result) -> None:
    """Twelve threads share two connections, and each holds the document's row for up to 0.4 s. Who waits too long is told so
    (StoreBusy, nothing was written); PostgreSQL is well, so the host must not change over. Where a witness beside it had to
    wait nearly as long as the store does, PostgreSQL was not well, and a change-over is right."""
    with World(setting.server) as world, witness(world.superuser) as seen:
        world.start_usual()
        before = world.host.mode().epoch
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            hog = world.start(world.job("count", "Ahog", threads=12, pool=2, hold=0.4))
            time.sleep(2.0)
            world.stop(hog)
            time.sleep(1.0)
            result.times += 1
            setting.say(result.times)
        if world.host.mode().epoch != before:
            said = (
                f"The host changed over: {world.host.switches()}; the witness waited {seen.slowest:.2f} s{seen.failed}"
            )
            is_excused = seen.slowest > 0.8 * world.deadline and "in use" not in said
            (result.notes if is_excused else result.problems).append(said)
        world.account(result)


@family("connections", "The server has no connection left", times=8, short=1)
def connections(setting: Setting, result: Result) -> None:
    """Our sessions end, and others take every place (max_connections) before they can come back."""
    server = setting.own_server(max_connections="24")
    with World(server) as world:
        world.start_usual()
        taken: list[psycopg.Connection[tuple[object, ...]]] = []

        def take() -> None:
            world.host.proxy.refuse()
            _run(world.superuser, END_OTHERS)
            while True:
                try:
                    taken.append(psycopg.connect(server.dsn))
                except psycopg.OperationalError:
                    break
            world.host.proxy.accept()

        def give() -> None:
            while taken:
                taken.pop().close()

        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.1, 0.4))
            with world.outage(take, give):
                time.sleep(0.5)
            result.times += 1
            setting.say(result.times)
        world.account(result)
