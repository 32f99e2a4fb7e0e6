"""Where the private cluster's files can stand: PostgreSQL refuses root, so as root its files belong to another user,
who must be able to reach them; and a unix socket's path may not be long."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import subprocess
from pathlib import Path

from switchbot_site.local.errors import ClusterError

#: Linux's limit of a unix socket's path is 107 bytes; PostgreSQL adds its lock file's name.
LONGEST_SOCKET_DIRECTORY = 107 - len("/.s.PGSQL.5432.lock")
OUR_PREFIX = "switchbot-store-ops-"


def server_user() -> str | None:
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


def as_user(user: str | None) -> dict[str, object]:
    """The arguments of `subprocess.run` that make the process `user`'s."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def socket_directory(data: Path) -> Path:
    """The directory of the cluster's socket: the data directory, or a short one where that cannot be an address
    (too long for a socket; libpq takes a comma for a list of hosts)."""
    if len(os.fsencode(data)) <= LONGEST_SOCKET_DIRECTORY and "," not in str(data):
        return data
    return Path("/tmp") / f"{OUR_PREFIX}{digest(data)}"  # noqa: S108  # 0700 and ours: make_private sees to it


def make_private(directory: Path, user: str | None) -> None:
    """Make `directory` (0700, `user`'s). Raises `ClusterError` where it is somebody else's: under /tmp another
    local user may have made it first, to read what we put there."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    uid = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
            raise ClusterError(
                f"{directory} is not a directory of {user or 'yours'}: somebody else made it. Remove it, then start again."
            ) from None
    except OSError as error:
        raise ClusterError(f"{directory} could not be made: {error.strerror}.") from None
    directory.chmod(0o700)
    if user:
        os.chown(directory, uid, pwd.getpwnam(user).pw_gid)


def data_directory(wanted: Path, user: str | None) -> tuple[Path, str]:
    """The data directory to use for `wanted`, and a sentence where it is another one (else empty). Then `wanted`
    becomes a symbolic link to it."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    elsewhere = _shelter(user) / f"{OUR_PREFIX}{digest(wanted)}" if user else None
    if wanted.is_symlink():
        target = Path(os.readlink(wanted))
        if elsewhere is None or not target.name.startswith(OUR_PREFIX) or target == elsewhere:
            return wanted.resolve(), ""
        wanted.unlink()  # a copied checkout brought the link to the other checkout's cluster
    if elsewhere is None or can_enter(wanted.parent, user):
        return wanted, ""
    if wanted.exists():
        raise ClusterError(
            f"The user {user}, whom PostgreSQL runs as, cannot enter {wanted.parent}, where its data already stands. "
            "Move the checkout to a directory that others may enter, or give them the right (chmod o+x)."
        )
    wanted.symlink_to(elsewhere)
    return elsewhere, (
        f"The user {user}, whom PostgreSQL runs as, cannot enter {wanted.parent}: its data stands in {elsewhere}, "
        f"and {wanted.name} is a link to it."
    )


def can_enter(directory: Path, user: str | None) -> bool:
    done = subprocess.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory], stderr=subprocess.DEVNULL, **as_user(user))  # type: ignore[call-overload]
    return bool(done.returncode == 0)


def _shelter(user: str) -> Path:
    """The user's home where it is its own. /var/tmp is the second choice: it is cleaned of files untouched for
    some weeks, which a cluster at rest has."""
    entry = pwd.getpwnam(user)
    home = Path(entry.pw_dir)
    if home.is_dir() and home.stat().st_uid == entry.pw_uid and can_enter(home, user):
        return home
    return Path("/var/tmp")  # noqa: S108  # 0700 and ours: make_private sees to it
