"""`make run`: starts PostgreSQL, brings the databases up to date, serves the site, and at the end stops what it
started, in order. Runs with the checkout's `.venv`.

    .venv/bin/python -m switchbot_site.local.run
"""

from __future__ import annotations

import ctypes
import fcntl
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from switchbot_site.environment import Environment, read_env_file
from switchbot_site.local import port
from switchbot_site.local.binaries import CHECKOUT, Server
from switchbot_site.local.cluster import Cluster
from switchbot_site.local.errors import LocalError
from switchbot_site.local.places import data_directory, server_user
from switchbot_site.local.setup import alone, describe, ensure_postgres

#: Longest wait for the first answer, and for the workers' last ones (gunicorn's graceful_timeout and some).
START_SECONDS, STOP_SECONDS = 60, 30
PR_SET_PDEATHSIG = 1
#: A small server: this one looks after one home.
SETTINGS = {
    "cluster_name": "switchbot-store-ops",
    "shared_buffers": "32MB",
    "max_connections": "50",
    "track_io_timing": "on",
    "log_min_duration_statement": "1s",
    "log_line_prefix": "%m [%p] %a ",
}


class Stopped(BaseException):
    """Somebody asked us to stop. No Exception: nothing on the way may take it for a failure."""


def main() -> int:
    if os.environ.get("MAKELEVEL"):
        stop_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish stands
            signal.signal(number, _stop)
    try:
        with ExitStack() as at_end:
            run(at_end)
    except Stopped:
        print("Stopped.", flush=True)
        return 0
    except (LocalError, ImproperlyConfigured) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(again, _patience)
    print("\nStopping ...", flush=True)
    raise Stopped


def _patience(number: int, frame: FrameType | None) -> None:
    print("Already stopping: requests under way are being answered.", flush=True)


def run(at_end: ExitStack) -> None:
    """Start everything, and return (by `Stopped` or `LocalError`) when it is over. `at_end` stops it, last first."""
    read_env_file()
    env = Environment()
    var = (CHECKOUT / env("VAR_DIR")).resolve()
    var.mkdir(parents=True, exist_ok=True)
    os.umask(0o077)  # passwords and tokens stand in what we write from here on
    address, number = env("BIND_ADDRESS") or "127.0.0.1", env("PORT")
    url = f"http://{f'[{address}]' if ':' in address else address}:{number}"
    be_the_only_one(var / "run.lock", f"{url}/admin/", at_end)
    port.require_free(address, number)
    own_cluster = not env("POSTGRES_URL")
    if own_cluster:
        start_cluster(var, at_end)
    else:
        print("Using the PostgreSQL of POSTGRES_URL: no private one is started, no sample is loaded.", flush=True)
    prepare(own_cluster)
    site = start_site(at_end)
    wait_for_answer(site, "localhost" if address in ("0.0.0.0", "::") else address, number)  # noqa: S104
    print(f"\nThe site is ready: {url}/admin/   (Ctrl-C stops it)", flush=True)
    code = site.wait()
    raise LocalError(f"The web server ended by itself ({_ending(code)}); what it said stands above.")


def be_the_only_one(path: Path, what: str, at_end: ExitStack) -> None:
    """Hold the lock of a running site until the end; `what` tells others who holds it. Raises `LocalError` where
    another run does."""
    file = at_end.enter_context(path.open("a+", encoding="utf-8"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise LocalError(
            f"This checkout's site is in use already: {file.read().strip() or 'it is just starting'}. "
            "Use that one, or stop it first (Ctrl-C where it was started)."
        ) from None
    file.truncate(0)
    file.write(f"{what} (process {os.getpid()})\n")
    file.flush()


def start_cluster(var: Path, at_end: ExitStack) -> None:
    """The private cluster, made at the first run; its address goes to `postgres.dsn`."""
    wanted = var / "postgres"
    version_file = wanted / "PG_VERSION"
    with alone():
        server = ensure_postgres(int(version_file.read_text(encoding="ascii")) if version_file.exists() else None)
    user = server_user()
    data, note = data_directory(wanted, user)
    if note:
        print(note, flush=True)
    cluster = Cluster(data, server.bin, SETTINGS | preload(server), user=user)
    if not cluster.exists():
        print(f"Making a private PostgreSQL {server.version} cluster in {wanted}", flush=True)
        cluster.create()
    at_end.callback(_say_and_do, "PostgreSQL is stopped.", cluster.stop)
    if not cluster.start():
        print("PostgreSQL still ran from an earlier start: using it.", flush=True)
    cluster.provision(extensions=server.extensions)
    describe(server)
    write_privately(var / "postgres.dsn", cluster.dsn("store") + "\n")


def preload(server: Server) -> dict[str, str]:
    return {
        "shared_preload_libraries": "pg_stat_statements" if "pg_stat_statements" in server.extensions else "",
    }


def write_privately(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def prepare(own_cluster: bool) -> None:
    command = [sys.executable, "-m", "switchbot_site.local.prepare", *(["--own-cluster"] if own_cluster else [])]
    done = subprocess.run(command, cwd=CHECKOUT, start_new_session=True, preexec_fn=stop_with_parent)  # noqa: PLW1509
    if done.returncode:
        raise LocalError("The databases could not be brought up to date; the reason stands above.")


def start_site(at_end: ExitStack) -> subprocess.Popen[bytes]:
    """gunicorn, in a session of its own: Ctrl-C reaches us alone, and we stop it in order."""
    site = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "switchbot_site/gunicorn.conf.py", "switchbot_site.wsgi:application"],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=stop_with_parent,  # noqa: PLW1509  # we have one thread
    )
    at_end.callback(_say_and_do, "The web server is stopped.", lambda: stop_site(site))
    return site


def stop_site(site: subprocess.Popen[bytes]) -> None:
    """SIGTERM, the time to answer what is under way, then SIGKILL to whatever is left of its process group."""
    if site.poll() is None:
        site.terminate()
        with suppress(subprocess.TimeoutExpired):
            site.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(site.pid, signal.SIGKILL)
    site.wait()


def wait_for_answer(site: subprocess.Popen[bytes], host: str, number: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            code = site.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            pass
        else:
            raise LocalError(f"The web server did not start ({_ending(code)}); what it said stands above.")
        connection = http.client.HTTPConnection(host, number, timeout=5)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse()
            return
        except (OSError, http.client.HTTPException):
            continue  # not yet
        finally:
            connection.close()
    raise LocalError(f"The web server gave no answer within {START_SECONDS} seconds; what it said stands above.")


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"


def _say_and_do(done: str, act: Callable[[], None]) -> None:
    act()
    print(done, flush=True)


def stop_with_parent() -> None:
    """Ask Linux for a SIGTERM when our parent dies, so that a killed `make` or a killed supervisor leaves no site."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
