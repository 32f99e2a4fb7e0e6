"""A private PostgreSQL cluster on a unix socket, for `make run` and for the tests. Standard library, save for
`provision`, which speaks SQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from switchbot_site.local.errors import ClusterError
from switchbot_site.local.places import as_user, make_private, server_user, socket_directory

CONFIGURATION = "switchbot.conf"
#: Only who can enter the socket's directory (0700) gets this far: its owner and root.
ACCESS = "local all all trust\n"
#: Longest start or stop, in seconds: recovery after a crash takes its time.
PATIENCE = 60
SUPERUSER = "postgres"
#: Of the socket's name; nothing listens on the network. Said everywhere, because PGPORT may be set.
PORT = "5432"
SOCKET = f".s.PGSQL.{PORT}"
#: A process number above every system's highest.
NO_PROCESS = 2**31 - 1


@dataclass
class Cluster:
    """A cluster in `data`, its socket in `sockets`; `settings` go into its configuration. `role` owns the
    databases and is no superuser, as on a hosted PostgreSQL."""

    data: Path
    bin: Path
    settings: dict[str, str] = field(default_factory=dict)
    role: str = "store"
    user: str | None = field(default_factory=server_user)

    @property
    def sockets(self) -> Path:
        return socket_directory(self.data)

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def dsn(self, database: str = "store", **more: str) -> str:
        """libpq text of the address, as our role; `more` adds or replaces (`user="postgres"`: the superuser)."""
        parts = {"host": str(self.sockets), "port": PORT, "dbname": database, "user": self.role, **more}
        return " ".join(
            "{}='{}'".format(key, value.replace("\\", "\\\\").replace("'", "\\'")) for key, value in parts.items()
        )

    def run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs on this cluster as its user."""
        command = [str(self.bin / program), *arguments]
        try:
            process = subprocess.Popen(
                command,
                # PGDATA and the working directory, not -D and -l: pg_ctl hands those to a shell between double quotes.
                cwd=self.data,
                env={**_without_libpq(os.environ), "PGDATA": str(self.data), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for whoever started us, who then stops the server in order.
                start_new_session=True,
                **as_user(self.user),  # type: ignore[call-overload]
            )
        except OSError as error:
            raise ClusterError(
                f"{program} could not be started: {error.strerror} ({error.filename or self.bin / program})."
            ) from None
        try:
            output, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # with it what it started: initdb runs servers
            process.wait()
            raise
        if check and process.returncode:
            raise ClusterError(f"{program} failed: {output.strip()}{self.log_tail()}")
        return subprocess.CompletedProcess(command, process.returncode, output)

    def exists(self) -> bool:
        """Whether `create` came to its end here: it writes our configuration last."""
        return (self.data / CONFIGURATION).exists()

    def running(self) -> bool:
        return self.server_pid() is not None

    def server_pid(self) -> int | None:
        """The server's process; None where it does not run, whatever a stale postmaster.pid says."""
        pid = self._pid_file()[0]
        if not pid.isdecimal():
            return None
        return int(pid) if _is_server(int(pid), self.data) else None

    def ready(self) -> bool:
        """Whether the server says of itself that it takes connections."""
        return self.running() and self._pid_file()[7].strip() == "ready"

    def _pid_file(self) -> Sequence[str]:
        """The lines of postmaster.pid: process, directory, start, port, socket, address, memory, status."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        return [*lines, *[""] * (8 - len(lines))]

    def create(self) -> None:
        """initdb. A half-made cluster of an interrupted one is made anew."""
        make_private(self.data, self.user)
        if any(self.data.iterdir()):
            if self.exists():
                raise ClusterError(f"{self.data} already holds a cluster.")
            if not _is_half_made(self.data):
                raise ClusterError(
                    f"{self.data} holds files that are not of a PostgreSQL cluster: move them away, then start again."
                )
            self._empty()
        self.run(
            "initdb",
            "-U",
            SUPERUSER,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
            "--no-sync",
            "--no-instructions",
        )
        self._write("pg_hba.conf", ACCESS)
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"include_if_exists = '{CONFIGURATION}'\n")
        self.configure()

    def configure(self) -> None:
        """Write our settings; the server reads them at its next start."""
        # A list of directories, each between double quotes.
        sockets = '"' + str(self.sockets).replace('"', '""') + '"'
        options = {"listen_addresses": "", "port": PORT, "unix_socket_directories": sockets, **self.settings}
        self._write(
            CONFIGURATION,
            "".join("{} = '{}'\n".format(name, value.replace("'", "''")) for name, value in options.items()),
        )

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if self.user:
            shutil.chown(path, self.user)

    def _empty(self) -> None:
        for path in self.data.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def start(self) -> bool:
        """Start and wait until it takes connections. Returns False where it ran already (an earlier run was killed)."""
        deadline = time.monotonic() + PATIENCE
        while self.running():
            if self.ready():
                return False
            if time.monotonic() > deadline:
                raise ClusterError(f"The server of {self.data} neither starts nor stops.{self.log_tail()}")
            time.sleep(0.1)  # it is on its way up or down: its state is a file
        self._disown_dead_server()
        make_private(self.sockets, self.user)
        self.configure()
        while True:
            self.log.unlink(missing_ok=True)  # one start's log: an older one's errors are not this one's
            done = self.run("pg_ctl", "start", "-w", "-t", str(PATIENCE), "-l", self.log.name, check=False)
            if done.returncode == 0:
                return True
            # The backends of a killed server need a moment to notice.
            if "shared memory block" not in self.log_tail() or time.monotonic() > deadline:
                raise ClusterError(f"PostgreSQL does not start.{self.log_tail()}")
            time.sleep(0.2)

    def _disown_dead_server(self) -> None:
        """Take a dead server's number out of its lock files: PostgreSQL would take any process that has it now
        (also a dead one that nobody reaped, as in a container without init) for the server, and refuse to start."""
        number, *rest = self._pid_file()
        if not number:
            return
        # The rest stays: by the memory block named there PostgreSQL sees that backends still live.
        self._write("postmaster.pid", "\n".join([str(NO_PROCESS), *rest]).rstrip("\n") + "\n")
        (self.sockets / f"{SOCKET}.lock").unlink(missing_ok=True)

    def stop(self, mode: str = "fast") -> None:
        """Stop and wait until it is gone."""
        if self.running():
            self.run("pg_ctl", "stop", "-w", "-t", str(PATIENCE), "-m", mode)
        if self.sockets != self.data:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def log_tail(self, lines: int = 5) -> str:
        """The end of the server's log as part of a message; empty where there is none."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""
        return "\n".join(["", f"The end of {self.log}:", *text.splitlines()[-lines:]])

    def provision(self, database: str = "store", *, extensions: Sequence[str] = (), attributes: str = "") -> None:
        """Make the role (with further `attributes`, as `CREATEDB`), its database, and the extensions in it and in
        the template of later ones. What is there already stays as it is."""
        import psycopg
        from psycopg import sql

        def connect(name: str) -> psycopg.Connection[tuple[object, ...]]:
            return psycopg.connect(self.dsn(name, user=SUPERUSER), autocommit=True, connect_timeout=PATIENCE)

        role, owned = sql.Identifier(self.role), sql.Identifier(database)
        try:
            with connect("postgres") as connection:
                if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [self.role]).fetchall():
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(role, sql.SQL(attributes)))
                    connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(role))
                if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchall():
                    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(owned, role))
            for name in ("template1", database) if extensions else ():
                with connect(name) as connection:
                    for extension in extensions:
                        connection.execute(
                            sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
                        )
        except psycopg.Error as error:
            raise ClusterError(f"The private cluster could not be prepared: {error}") from None


def _without_libpq(environment: Mapping[str, str]) -> dict[str, str]:
    """PGPORT, PGOPTIONS and their like are meant for another server."""
    return {name: value for name, value in environment.items() if not name.startswith("PG")}


def _is_half_made(data: Path) -> bool:
    """Whether all that stands in `data` is initdb's."""
    return all(
        path.name == "base" or path.name.startswith(("PG_", "pg_", "postgresql", "global")) for path in data.iterdir()
    )


def _is_server(pid: int, data: Path) -> bool:
    """Whether the process is the server of `data`, not another one that got its number later."""
    process = Path("/proc") / str(pid)
    if not Path("/proc/self").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return False
        return True
    try:
        return os.path.samefile(process / "cwd", data)
    except PermissionError:
        # Root of a container may not look into other users' processes, but sees their command lines.
        try:
            program = (process / "cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            return False
        return Path(os.fsdecode(program)).name == "postgres"
    except OSError:
        return False
