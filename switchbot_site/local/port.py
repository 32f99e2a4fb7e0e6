"""Whether our port is free, and who has it where it is not."""

from __future__ import annotations

import errno
import socket
import time
from pathlib import Path

from switchbot_site.local.errors import LocalError

LISTEN = "0A"


def require_free(address: str, port: int, patience: float = 2.0) -> None:
    """Return when the port is free. An earlier run may be on its way out, so it gets a moment.

    Raises `LocalError`: who has it and what to do."""
    deadline = time.monotonic() + patience
    while True:
        try:
            _bind(address, port)
            return
        except PermissionError:
            raise LocalError(
                f"Port {port} may be opened by root only. Choose one above 1023: PORT=8001 make run"
            ) from None
        except (OSError, OverflowError) as error:
            if getattr(error, "errno", None) != errno.EADDRINUSE:
                raise LocalError(
                    f"Nothing can listen on {address}:{port} ({error}). Correct BIND_ADDRESS and PORT."
                ) from None
            if time.monotonic() > deadline:
                holder = who_listens(port)
                raise LocalError(
                    f"Port {port} is taken{f' by {holder}' if holder else ''}. "
                    f"Stop that, or choose another port: PORT={port + 1} make run"
                ) from None
        time.sleep(0.1)


def _bind(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((address, port))
        trial.listen(1)


def who_listens(port: int) -> str:
    """`NAME (process N)` of who listens on the port; empty where that cannot be seen (another user's process)."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text(encoding='utf-8', errors='replace').strip()} (process {process.name})"
        except OSError:
            continue
    return ""
