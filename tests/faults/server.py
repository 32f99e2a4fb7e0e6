"""The PostgreSQL servers that families break."""

from __future__ import annotations

import itertools
import os
import signal
import time
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from switchbot_site.local.cluster import SUPERUSER, Cluster
from tests.fixtures.postgres import new_cluster

#: What a hosted server has: without these it forgets acknowledged commits when it is killed.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}

_numbers = itertools.count(1)


class Server:
    """Databases of one cluster. `dsn` and `superuser` name its database `store`."""

    def __init__(self, dsn: str, superuser: str, cluster: Cluster | None = None) -> None:
        self.dsn = dsn
        self.superuser = superuser
        self.cluster = cluster

    @classmethod
    def new(cls, directory: Path, **settings: str) -> Server:
        """A cluster of its own, safe against its own death."""
        cluster = new_cluster(directory, **{**DURABLE, **settings})
        return cls(cluster.dsn(), cluster.dsn(user=SUPERUSER), cluster)

    @classmethod
    def of_the_run(cls) -> Server:
        """pytest's: for faults that leave the server alone."""
        return cls(os.environ["POSTGRES_URL"], os.environ["SWITCHBOT_TEST_SUPERUSER_URL"])

    def database(self) -> tuple[str, str]:
        """A new database with the store's tables: its address as the role and as the superuser."""
        from stores.schema.adopt import adopt

        name = f"faults_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        dsn = make_conninfo(self.dsn, dbname=name)
        with psycopg.connect(dsn) as connection:
            adopt(connection.cursor(), "public")
        return dsn, make_conninfo(self.superuser, dbname=name)

    def drop(self, dsn: str) -> None:
        name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def processes(self) -> list[int]:
        """The postmaster's, then its children's."""
        assert self.cluster is not None
        pid = self.cluster.server_pid()
        assert pid is not None
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def kill(self) -> None:
        """SIGKILL to the postmaster and all its children, as a power cut of the server's machine would end them."""
        assert self.cluster is not None
        for process in self.processes():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while self.cluster.running():
            time.sleep(0.01)

    def stop(self) -> None:
        if self.cluster is not None:
            self.cluster.stop("immediate")
