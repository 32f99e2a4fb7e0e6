"""Hosts and stores for the tests of the failover. A `Process` is what one process of a host has: several of them stand
in one test process, each with a `Host` of its own, as the kernel's locks are between open files, not processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psycopg
import pytest

from stores.backends.failover import FailoverStore, Host
from stores.backends.failover import store as store_module
from stores.backends.failover.background import Background
from stores.backends.json_file import JsonStore
from stores.backends.postgres import PostgresStore
from tests.failover.site import filled, line
from tests.fixtures.proxy import Proxy, proxy

__all__ = ["filled", "line", "proxy"]

#: Long enough for a loaded machine, short enough to wait for it now and then.
DEADLINE = 1.0


@dataclass
class Process:
    """One process of a host, as far as the failover sees it."""

    host: Host
    store: FailoverStore

    def close(self) -> None:
        self.store.close()
        self.host.close()


def start_process(
    dsn: str,
    directory: Path,
    *,
    kind: str = "state",
    deadline: float = DEADLINE,
    start: str = "postgres",
    name: str = "test",
    probe: bool = False,
) -> Process:
    """A process of the host `directory`, whose line goes to `dsn`."""
    host = Host(os.path.realpath(directory))
    host.start(start)  # type: ignore[arg-type]
    primary = PostgresStore(dsn, kind, deadline=deadline, writer=lambda: name)
    fallback = JsonStore(directory / f"{kind}.json", kind=kind, writer=lambda: name)
    with mock.patch.object(store_module, "host_at", return_value=host):
        store = FailoverStore(primary, fallback, journal_dir=directory, probe=probe)
    return Process(host, store)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread works beside the calls: the copies are refreshed when a test says so."""
    monkeypatch.setattr(Background, "_start", lambda self: None)


def refresh(process: Process) -> None:
    """What the thread would do in between."""
    process.store._background._refresh_all()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A host's directory."""
    made = tmp_path / "host"
    made.mkdir()
    return made


Begin = Callable[..., Process]


@pytest.fixture
def begin(store_db: str, home: Path, proxy: Proxy) -> Iterator[Begin]:
    """Starts processes of the host `home` whose line is `proxy`."""
    begun: list[Process] = []

    def begin(**options: object) -> Process:
        place = options.pop("directory", home)
        begun.append(start_process(options.pop("dsn", proxy.dsn(store_db)), place, **options))  # type: ignore[arg-type]
        return begun[-1]

    yield begin
    for process in begun:
        process.close()


@pytest.fixture
def dashboard(store_db: str) -> Iterator[psycopg.Connection]:
    """The other writer: its line is never cut."""
    with psycopg.connect(store_db, autocommit=True) as connection:
        yield connection


def run_python(source: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A process of its own, that talks on its standard input and output."""
    return subprocess.Popen(
        [sys.executable, "-c", source, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
    )


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()
