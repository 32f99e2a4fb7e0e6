"""Makes the compiled catalogues (.mo) that Django reads from the translations (.po) that people write: binary files are not
in the repository. `python -m switchbot_site.local.catalogues`; a set-up and Render's build do it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import polib

from switchbot_site.local.binaries import CHECKOUT


def compile_catalogues(root: Path = CHECKOUT) -> list[Path]:
    """Compile what is newer than its catalogue. What was written.

    Raises OSError with the line where a translation is not written as gettext wants it."""
    written = []
    for source in sorted(root.glob("*/locale/*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        # Beside it and then in its place: another process may be reading it.
        partial = compiled.with_suffix(f".{os.getpid()}.partial")
        polib.pofile(str(source)).save_as_mofile(str(partial))
        partial.replace(compiled)
        written.append(compiled)
    return written


if __name__ == "__main__":
    for path in compile_catalogues():
        sys.stdout.write(f"Compiled {path.relative_to(CHECKOUT)}\n")
