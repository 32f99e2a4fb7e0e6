"""The secret key of a site whose operator set none: made once, kept in a file only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret_key(path: Path) -> str:
    """The key in `path`, made at the first call. Two processes starting at once end with the same key: O_EXCL
    lets one of them create the file under a private name, and link() lets one of them publish it."""
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    private = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    private.touch(mode=0o600, exist_ok=False)
    private.write_text(secrets.token_urlsafe(50), encoding="ascii")
    try:
        os.link(private, path)
    except FileExistsError:
        pass
    finally:
        private.unlink()
    return path.read_text(encoding="ascii").strip()
