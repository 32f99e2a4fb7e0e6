"""Debian's packages, where we are root. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

#: Debian's own configuration directory for what postgresql's installation does.
CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.d")
_updated = False


def usable() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> bool:
    """Install them. False (after apt's own words) where that failed."""
    global _updated
    print(f"Installing with apt-get: {' '.join(packages)}", flush=True)
    if not _updated:
        _updated = True
        if not _apt("update"):
            print("apt-get update failed: going on with the package lists that are there.", flush=True)
    of_postgres = any(package.startswith("postgresql") for package in packages)
    with _no_main_cluster() if of_postgres else nullcontext():
        return _apt("install", "-y", "--no-install-recommends", *packages)


def _apt(*arguments: str) -> bool:
    done = subprocess.run(
        ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        print("\n".join(done.stdout.strip().splitlines()[-8:]), flush=True)
    return done.returncode == 0


@contextmanager
def _no_main_cluster() -> Iterator[None]:
    """Within this block an installed PostgreSQL makes and starts no cluster `main` of its own: we want its
    programs. One that exists already is not touched."""
    made = [directory for directory in (CREATE_CLUSTER.parent, CREATE_CLUSTER) if not directory.exists()]
    note = CREATE_CLUSTER / "switchbot-store-ops.conf"
    CREATE_CLUSTER.mkdir(parents=True, exist_ok=True)
    note.write_text("create_main_cluster = false\n", encoding="ascii")
    try:
        yield
    finally:
        note.unlink()
        for directory in reversed(made):
            try:
                directory.rmdir()
            except OSError:
                pass  # the packages put files of theirs there
