"""Read a document's file as an operator hands it over: bytes, with a limit, and every way that can fail as a
sentence."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from stores.backends.json_text import MAX_BYTES, parse_file
from stores.backends.protocol import Document
from stores.errors import DocumentError, Problem

#: The limit is on the document; its layout may outweigh it, and what export_store writes must be readable here.
LARGEST_FILE = 8 * MAX_BYTES


@dataclass(frozen=True)
class Source:
    """A file as it was found. Either `document`, or `problems`, or `missing` (then with one problem that says so).
    `readable`: its bytes could be read, whatever they are."""

    kind: str
    path: str
    document: Document | None = None
    problems: tuple[Problem, ...] = ()
    missing: bool = False
    readable: bool = True


def read_source(kind: str, path: Path) -> Source:
    """The document in the file; symbolic links are followed. Never raises for what is wrong with the file."""
    shown = os.fspath(path)
    try:
        data = read_bytes(path)
    except FileNotFoundError:
        return Source(kind, shown, problems=(Problem("", _("There is no such file.")),), missing=True, readable=False)
    except (OSError, ValueError) as error:
        return Source(kind, shown, problems=(Problem("", why_unreadable(error)),), readable=False)
    if len(data) > LARGEST_FILE:
        message = _("The file is larger than %(limit)d MiB, far more than a document may have. Is it the right file?")
        return Source(
            kind, shown, problems=(Problem("", message % {"limit": LARGEST_FILE // 1024**2}),), readable=False
        )
    try:
        return Source(kind, shown, document=parse_file(data, source=shown))
    except DocumentError as error:
        return Source(kind, shown, problems=tuple(error.problems))


def read_bytes(path: Path) -> bytes:
    """At most one byte more than `LARGEST_FILE`. Raises `OSError`, also for anything but a regular file."""
    # A pipe without a writer would otherwise hold us at open().
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError
        if not stat.S_ISREG(mode):
            raise ValueError("not a regular file")
        return file.read(LARGEST_FILE + 1)


def why_unreadable(error: OSError | ValueError) -> str:
    """The reason and the next step as a sentence."""
    if isinstance(error, IsADirectoryError):
        return _("This is a directory. Name the file itself.")
    if isinstance(error, NotADirectoryError):
        return _("A part of the path is a file, not a directory.")
    if isinstance(error, PermissionError):
        return _("This user may not read the file. Run the command as its owner, or give the right to read it.")
    if isinstance(error, ValueError):
        return _("This is not a regular file. Save the document in a file first.")
    return _("The file cannot be read: %(reason)s.") % {"reason": error.strerror or error}
