"""A cluster of its own for the corpus: the statements in it would stop, empty or promote one that others use."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from switchbot_site.local.cluster import SUPERUSER, Cluster
from tests.fixtures.postgres import new_cluster
from tests.opsadmin.console.corpus import DIRECTORY
from tests.opsadmin.console.oracle import Oracle

DATABASE = "store"
#: The restricted role of the corpus: it may read all data and all statistics, and signal others.
READER = "corpus_reader"
#: The extensions that a major version does not have (yet, or any more).
ABSENT = {"pg_walinspect": range(15), "adminpack": range(17, 100)}


class Shop:
    """The corpus's database. `marker`: a file that no statement may make."""

    def __init__(self, cluster: Cluster, marker: Path) -> None:
        self.cluster = cluster
        self.marker = marker
        self.witness = psycopg.connect(self.dsn(SUPERUSER), autocommit=True)
        self.witness.execute("LISTEN canary")
        self.oracle = Oracle(psycopg.connect(self.dsn(SUPERUSER), autocommit=True), self.witness, marker, cluster.data)

    def dsn(self, user: str) -> str:
        return self.cluster.dsn(DATABASE, user=user)

    def parameters(self, user: str) -> dict[str, str]:
        """The address as the console takes it."""
        return {"host": str(self.cluster.sockets), "port": "5432", "dbname": DATABASE, "user": user}

    def filled(self, text: str) -> str:
        return text.replace("{file}", str(self.marker)).replace("{pid}", str(self.witness.info.backend_pid))


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """The shop that nothing may harm."""
    with shop_of_its_own() as found:
        yield found


@pytest.fixture
def make_shop() -> Iterator[Callable[[], Shop]]:
    """A shop of one's own, to be harmed."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(shop_of_its_own())


@contextmanager
def shop_of_its_own() -> Iterator[Shop]:
    """A shop on a server of its own."""
    directory = Path(tempfile.mkdtemp(prefix="swops-console-"))
    directory.chmod(0o777)  # the server, which is another user, makes the marker
    cluster = new_cluster(directory / "pg", primary_conninfo="host=/nowhere password=CANARYSECRET7")
    try:
        with psycopg.connect(cluster.dsn(DATABASE, user=SUPERUSER), autocommit=True) as connection:
            text = (DIRECTORY / "database.sql").read_text(encoding="utf-8")
            for extension, majors in ABSENT.items():
                if connection.info.server_version // 10_000 in majors:
                    text = text.replace(f"CREATE EXTENSION IF NOT EXISTS {extension};\n", "")
            connection.execute(text.replace("{file}", str(directory / "marker")).encode())
            for target in (sql.SQL("DATABASE {}").format(sql.Identifier(DATABASE)), sql.SQL("ROLE corpus_victim")):
                connection.execute(sql.SQL("ALTER {} SET corpus.api_token = 'CANARYSECRET6'").format(target))
        found = Shop(cluster, directory / "marker")
        yield found
        found.witness.close()
        found.oracle.close()
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)
