"""Writes to the site database, where other threads and processes write too: SQLite lets in one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError

Value = TypeVar("Value")

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def patiently(write: Callable[[], Value]) -> Value:
    """What the write returns, tried again for a while where the database is busy.

    Raises Django's database errors."""
    for pause in PAUSES:
        try:
            return write()
        except OperationalError:
            time.sleep(pause)
    return write()
