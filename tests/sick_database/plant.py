"""What is planted, and the bed it is planted in."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from switchbot_site.local.cluster import SUPERUSER, Cluster

DATABASE = "sick"
MONITOR = "monitor"
BARE = "bare"
ROLES = {"superuser": SUPERUSER, "monitor": MONITOR, "bare": BARE}


class Bed:
    """A running cluster with the database `sick`. `superuser` is an autocommit connection to it; `open` gives further
    ones that stay open until the bed is cleared."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._stack = contextlib.ExitStack()
        self.superuser = self.open("the bed's own", autocommit=True)

    def dsn(self, user: str = SUPERUSER, database: str = DATABASE) -> str:
        return self.cluster.dsn(database, user=user)

    def open(
        self, application: str, *, user: str = SUPERUSER, database: str = DATABASE, autocommit: bool = False
    ) -> psycopg.Connection:
        """A connection under that application_name, held until the end."""
        connection = psycopg.connect(self.dsn(user, database), application_name=application, autocommit=autocommit)
        self._stack.callback(connection.close)
        return connection

    def until(self, question: str, parameters: Sequence[object] = ()) -> None:
        """Return when the question has a row; asked again and again, for at most 90 seconds: machines are busy, and a loop
        without a pause makes them so."""
        deadline = time.monotonic() + 90
        while not self.superuser.execute(question.encode(), parameters or None).fetchall():
            assert time.monotonic() < deadline, f"This never came true: {question}"
            time.sleep(0.02)

    def later(self, undo: Callable[[], object]) -> None:
        """Done before the cluster stops."""
        self._stack.callback(undo)

    def clear(self) -> None:
        self._stack.close()


Sow = str | Callable[[Bed], None]


@dataclass(frozen=True)
class Problem:
    """`sow`: SQL, or a function of the bed. `check` must then have a finding about `object` (whole, as the report spells it;
    `contains` where a pid or the like is in it). `severity`: the one it must have, None for any. `by`: which roles must
    see it; the others must be told that the check is not available, or see it too. `since`, `before`: the major versions."""

    name: str
    check: str
    object: str
    sow: Sow
    severity: str | None = None
    contains: bool = False
    message: str = ""  # a part of the message it must have
    hint: str = ""  # and of the hint, where the role may see what it goes by
    by: tuple[str, ...] = ("superuser", "monitor", "bare")
    since: int = 14
    before: int = 99


@dataclass(frozen=True)
class LookAlike:
    """`objects`: names that no finding of `checks` (default: any check of the area in which it stands) may be about.
    `since`: the major version."""

    name: str
    objects: tuple[str, ...]
    sow: Sow
    checks: tuple[str, ...] = field(default=())
    since: int = 14


def sow(bed: Bed, what: Sow) -> None:
    if callable(what):
        what(bed)
    else:
        bed.superuser.execute(what.encode())


def each(*statements: str) -> Callable[[Bed], None]:
    """Statements that must not share a transaction, such as CREATE DATABASE."""

    def run(bed: Bed) -> None:
        for statement in statements:
            bed.superuser.execute(statement.encode())

    return run


@contextlib.contextmanager
def the_bed(cluster: Cluster) -> Iterator[Bed]:
    """The cluster with an empty database `sick` and its roles."""
    with psycopg.connect(cluster.dsn("postgres", user=SUPERUSER), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        connection.execute(f"CREATE ROLE {MONITOR} LOGIN")
        connection.execute(f"GRANT pg_monitor TO {MONITOR}")
        connection.execute(f"CREATE ROLE {BARE} LOGIN")
    bed = Bed(cluster)
    try:
        yield bed
    finally:
        bed.clear()
