"""A large catalogue in a cluster of its own, and the site over it, served by one gunicorn process whose time is told."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg

from benchmarks.doors.site import OTHERS, ROOT, USER
from benchmarks.health import build
from switchbot_site.local.cluster import SUPERUSER, Cluster
from tests.fixtures.postgres import new_cluster

#: A log in which every statement stands with its time, and whose it is.
LOGGED = {
    "log_min_duration_statement": "0",
    "log_min_messages": "error",
    "log_line_prefix": "@%d@%u@ ",
}
LARGE = {"max_locks_per_transaction": "2000", "shared_buffers": "256MB"}
#: Different statements that were sent, for the lists of them, and rows of each table.
STATEMENTS, ROWS = 4000, 120
LARGEST = "big.t7"
PATIENCE = 120

_ENTRY = re.compile(
    r"^@(?P<database>[^@]*)@(?P<role>[^@]*)@ LOG:  duration: (?P<ms>[\d.]+) ms  (?P<what>.*?)(?=^@|\Z)", re.S | re.M
)
_FAILED = re.compile(r"^@[^@]*@(?P<role>[^@]*)@ ERROR:", re.M)
_SENT = re.compile(r"(?:statement|execute [^:]*): (?P<sql>.*)", re.S)
_FRAME = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SET\s|SAVEPOINT|RELEASE|DEALLOCATE|SELECT (pg_catalog\.)?set_config\()", re.I
)


@contextmanager
def large_cluster(directory: Path, tables: int) -> Iterator[Cluster]:
    """A cluster whose database `store` has so many tables and five times as many indexes, and statements about them."""
    cluster = new_cluster(directory / "pg", **LARGE, **LOGGED)
    try:
        with psycopg.connect(cluster.dsn(user=SUPERUSER), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET log_min_duration_statement = -1")
            connection.execute("SELECT pg_reload_conf()")
            build(cluster.dsn(), tables)
            for first in range(0, tables, 250):
                connection.execute(f"""
                    DO $$ BEGIN FOR i IN {first}..{min(first + 249, tables - 1)} LOOP
                        EXECUTE format('INSERT INTO big.t%s (a, b, c) SELECT n, md5(n::text), now()
                            FROM generate_series(1, {ROWS}) AS n', i);
                    END LOOP; END $$""")
            connection.execute(
                f"INSERT INTO {LARGEST} (a, b) SELECT n, md5(n::text) FROM generate_series(1, 100000) AS n"
            )
            for number in range(min(STATEMENTS, tables)):
                connection.execute(f"SELECT count(*) FROM big.t{number} WHERE a = 1")
            # The catalogue's own tables too, as autovacuum does: the planner takes other ways then.
            connection.execute("ANALYZE")
            connection.execute("ALTER SYSTEM RESET log_min_duration_statement")
            connection.execute("SELECT pg_reload_conf()")
        yield cluster
    finally:
        cluster.stop("immediate")


@dataclass
class Statements:
    """What the site sent: how many but for BEGIN, SET and the like, and how many of them failed or were cancelled; the time
    of the others in PostgreSQL; the longest."""

    count: int
    failed: int
    ms: float
    slowest: list[tuple[float, str]]


class Log:
    """The server's log, read from where it was read last."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.at = 0
        self.skip()

    def skip(self) -> None:
        self.at = self.cluster.log.stat().st_size

    def read(self) -> Statements:
        with self.cluster.log.open("rb") as file:
            file.seek(self.at)
            text = file.read().decode(errors="replace")
        self.at += len(text.encode())
        count, total, slowest = 0, 0.0, []
        for entry in _ENTRY.finditer(text):
            if entry["role"] != self.cluster.role:
                continue
            total += float(entry["ms"])
            sent = _SENT.match(entry["what"])
            if sent and not _FRAME.match(sent["sql"]):
                count += 1
                slowest.append((float(entry["ms"]), " ".join(sent["sql"].split())[:160]))
        failed = sum(error["role"] == self.cluster.role for error in _FAILED.finditer(text))
        return Statements(count + failed, failed, total, sorted(slowest, reverse=True)[:5])


@dataclass
class Site:
    """`client` is logged in."""

    url: str
    client: httpx2.Client
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def cpu_ms(self) -> float:
        """Processor time of the one worker so far, threads that ended included."""
        # The kernel's name for the processor clock of another process.
        return time.clock_gettime((~self._worker << 3) | 2) * 1000

    @property
    def _worker(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])

    def manage(self, *words: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, check=True, stdout=subprocess.DEVNULL
        )


@contextmanager
def served(cluster: Cluster, directory: Path) -> Iterator[Site]:
    """The site with that cluster as its store, and somebody logged in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    password = secrets.token_urlsafe(18)
    environment = {name: value for name, value in os.environ.items() if name not in OTHERS} | {
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(directory / "var"),
        "POSTGRES_URL": cluster.dsn(),
        "PORT": str(port),
        "ADMIN_USERNAME": USER,
        "ADMIN_PASSWORD": password,
        "LOG_LEVEL": "ERROR",
        "SCHEDULER": "false",  # what it does would count as the pages'
        "WEB_CONCURRENCY": "1",
        "DJANGO_SETTINGS_MODULE": "switchbot_site.settings",
    }
    subprocess.run(
        [sys.executable, "-m", "switchbot_site.local.prepare", "--own-cluster"],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    command = ["-m", "gunicorn", "-c", "switchbot_site/gunicorn.conf.py", "switchbot_site.wsgi:application"]
    with (directory / "site.log").open("wb") as out, httpx2.Client(base_url=url, timeout=PATIENCE) as client:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        try:
            _wait(client, process, directory / "site.log")
            _log_in(client, password)
            yield Site(url, client, process, environment)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait(client: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx2.TransportError):
            client.get("/healthz")
            return
        time.sleep(0.1)
    raise SystemExit(f"The site did not start:\n{log.read_text(errors='replace')}")


def _log_in(client: httpx2.Client, password: str) -> None:
    client.get("/admin/login/")
    fields = {"username": USER, "password": password, "csrfmiddlewaretoken": client.cookies.get("csrftoken") or ""}
    answer = client.post("/admin/login/?next=/admin/jsi18n/", data=fields)
    if answer.status_code != httpx2.codes.FOUND:
        raise SystemExit(f"Nobody could log in: {answer.status_code}.")


@contextmanager
def locked(cluster: Cluster, table: str) -> Iterator[None]:
    """Somebody else holds the table, for as long as this lasts."""
    with psycopg.connect(cluster.dsn(user=SUPERUSER)) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


@contextmanager
def stopped(cluster: Cluster) -> Iterator[None]:
    """The server is gone, and comes back at the end."""
    cluster.stop("immediate")
    try:
        yield
    finally:
        cluster.start()


@contextmanager
def hanging(cluster: Cluster) -> Iterator[None]:
    """The server and all its processes stand still: connects are taken by the kernel, and nobody answers."""
    server = cluster.server_pid()
    assert server is not None
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()
    processes = [server, *map(int, children)]
    _signal(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(processes, signal.SIGCONT)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(process, number)
