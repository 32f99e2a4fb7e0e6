"""The checkout's `.venv`: made, and brought to what a lock file says. Standard library only."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

from switchbot_site.local import apt
from switchbot_site.local.binaries import CHECKOUT
from switchbot_site.local.errors import LocalError

VENV = CHECKOUT / ".venv"
REQUIREMENTS = CHECKOUT / "requirements"
#: The lock lines that pip last brought about. Kept inside `.venv`, so it goes where that goes.
STAMP = "installed-from-locks.txt"
VERSION_CHECK = "import sys; sys.exit(sys.version_info < (3, 11))"


def install(lock: str, venv: Path = VENV) -> bool:
    """Make sure that `venv` is there and holds what `requirements/<lock>` says. False: it did already."""
    wanted = pins((REQUIREMENTS / lock).read_text(encoding="utf-8"))
    make(venv)
    stamp = venv / STAMP
    there = pins(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    if is_satisfied(wanted, there):
        return False
    print(f"Installing {len(wanted)} packages into {venv.name} (requirements/{lock})", flush=True)
    _pip(venv / "bin" / "python", REQUIREMENTS / lock)
    _write(stamp, {**there, **wanted})
    return True


def _pip(python: Path, lock: Path) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "-r", str(lock))
    command = [str(python), "-m", "pip", "install", *options]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise LocalError(
            f"pip could not install {lock.name}; what it says stands above. Where it cannot reach a package index, "
            "set one in pip's configuration (`pip config`), then start again."
        )


def compile_catalogues(venv: Path = VENV) -> None:
    """Make the translations that the site reads from those that the repository has."""
    command = [str(venv / "bin" / "python"), "-m", "switchbot_site.local.catalogues"]
    if subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL).returncode:
        raise LocalError("The translations could not be compiled; the file and the line stand above.")


def pins(text: str) -> dict[str, str]:
    """A lock file's lines by the name of their package."""
    lines = (line.strip() for line in text.splitlines())
    return {re.split(r"[=\s;@<>\[]", line, maxsplit=1)[0].lower(): line for line in lines if line and line[0] != "#"}


def is_satisfied(wanted: dict[str, str], there: dict[str, str]) -> bool:
    """Whether the installed lines cover the wanted ones: dev.txt, once installed, covers base.txt. What is installed
    everywhere covers what is wanted on some systems."""
    return all(there.get(name) in (line, line.partition(";")[0].rstrip()) for name, line in wanted.items())


def make(venv: Path = VENV) -> None:
    """Make the virtual environment, anew where its Python is gone."""
    python = venv / "bin" / "python"
    if python.exists() and subprocess.run([python, "-c", VERSION_CHECK], stderr=subprocess.DEVNULL).returncode == 0:
        return
    _require_ensurepip()
    print(f"Making {venv.name} with Python {sys.version.split()[0]}", flush=True)
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True)
    if done.returncode:
        raise LocalError(f"{venv.name} could not be made: {(done.stdout + done.stderr).strip()}")


def _require_ensurepip() -> None:
    """Debian ships the standard library's `venv` without what it needs, as a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if apt.usable() and apt.install(package):
        return
    raise LocalError(
        f"This Python ({sys.executable}) cannot make virtual environments. Install the package {package} "
        f"(as root: apt-get install {package}), then start again."
    )


def _write(path: Path, lines: dict[str, str]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text("".join(f"{lines[name]}\n" for name in sorted(lines)), encoding="utf-8")
    partial.replace(path)
