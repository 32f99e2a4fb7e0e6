"""`make lock`: writes requirements/*.txt from pyproject.toml: exact versions, for every system and Python >= 3.11.

.venv/bin/python -m switchbot_site.local.lock [further arguments of `uv pip compile`, as --upgrade]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from switchbot_site.local.binaries import CHECKOUT
from switchbot_site.local.venv import REQUIREMENTS

#: Lock file -> the extras of pyproject.toml that are in it.
#: The site has opsadmin's extras; another project takes which it wants.
LOCKS: dict[str, tuple[str, ...]] = {
    "base.txt": ("mcp", "metrics"),
    "dev.txt": ("dev", "mcp", "metrics"),
    "local.txt": ("local", "mcp", "metrics"),
}
#: No index address: each machine has its own. No header: it would hold this command's paths.
OPTIONS = ("--universal", "--python-version=3.11", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet")


def main(arguments: list[str] | None = None) -> int:
    more = sys.argv[1:] if arguments is None else arguments
    with tempfile.TemporaryDirectory() as directory:
        # A tool for this one moment: not worth a place in .venv.
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", directory]
        if code := subprocess.run([*pip, "uv>=0.8"]).returncode:
            return code
        for lock, extras in LOCKS.items():
            command = [
                str(Path(directory) / "bin" / "uv"),
                *("pip", "compile", "pyproject.toml", *OPTIONS),
                *(f"--extra={extra}" for extra in extras),
                # The three agree on what they share: a run of the tests is one of what is served.
                *([] if lock == "base.txt" else ["--constraint=requirements/base.txt"]),
                f"--output-file=requirements/{lock}",
                *more,
            ]
            if code := subprocess.run(command, cwd=CHECKOUT).returncode:
                return code
            print(f"requirements/{lock}: {len((REQUIREMENTS / lock).read_text().splitlines())} packages", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
