"""The sample home, as `make run` makes and serves it, in a directory of its own; and a load on its database."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120
#: What `Environment` reads and the caller's shell may have set for another site.
OTHERS = (
    "POSTGRES_URL",
    "POSTGRES_DIRECT_URL",
    "SITE_DATABASE_URL",
    "STORE_DIR",
    "STORE_BACKEND",
    "SWITCHBOT_SETTINGS_PATH",
    "SWITCHBOT_STATE_PATH",
    "RENDER",
    "HTTPS",
    "DEBUG",
    "MAKELEVEL",
    "SECRET_KEY",
    "BIND_ADDRESS",
)
USER = "admin"


@dataclass(frozen=True)
class Site:
    """A running site. `secrets`: what must not stand in a transcript."""

    var: Path
    url: str
    password: str
    token: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        return (self.var / "postgres.dsn").read_text(encoding="utf-8").strip()

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.password, self.token, (self.var / "secret_key").read_text(encoding="utf-8").strip()

    def manage(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """`manage.py` with those words."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )


@contextmanager
def sample_home(directory: Path) -> Iterator[Site]:
    """Serve it until the end. What it prints goes to `site.log` in the directory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    password = secrets.token_urlsafe(18)
    environment = {name: value for name, value in os.environ.items() if name not in OTHERS} | {
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(directory / "var"),
        "PORT": str(port),
        "ADMIN_USERNAME": USER,
        "ADMIN_PASSWORD": password,
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "switchbot_site.settings",
    }
    log = directory / "site.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "switchbot_site.local.run"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, log)
            site = Site(directory / "var", f"http://127.0.0.1:{port}", password, environment=environment)
            made = site.manage("ops", "token", "create", "--user", USER, "--name", "doors", "--reach", "destroys")
            if made.returncode:
                raise SystemExit(made.stderr.decode())
            yield Site(site.var, site.url, password, made.stdout.decode().strip(), environment)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while b"The site is ready" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"The site did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)


@contextmanager
def blocked_session(dsn: str) -> Iterator[None]:
    """A table that one session holds and another one waits for, for as long as this lasts."""
    with (
        psycopg.connect(dsn, application_name="report writer") as holder,
        psycopg.connect(dsn, application_name="report reader", autocommit=True) as waiter,
    ):
        holder.execute("CREATE TABLE IF NOT EXISTS home_report (at timestamptz, text text)")
        holder.commit()
        holder.execute("LOCK TABLE home_report IN ACCESS EXCLUSIVE MODE")
        waiter.pgconn.send_query(b"SELECT count(*) FROM home_report")
        yield
        holder.rollback()
        waiter.pgconn.finish()


@contextmanager
def load(site: Site, writers: int, readers: int) -> Iterator[None]:
    """Processes that write through the stores, and processes whose statements are slow."""
    command = [sys.executable, "-m", "benchmarks.doors.load"]
    kinds = ["write"] * writers + ["read"] * readers
    running = [
        subprocess.Popen([*command, kind], cwd=ROOT, env=site.environment, stdout=subprocess.PIPE) for kind in kinds
    ]
    try:
        for process in running:
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
        yield
        if any(process.poll() is not None for process in running):
            raise SystemExit("A process of the load ended by itself; what it said stands above.")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(PATIENCE)
