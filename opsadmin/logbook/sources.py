"""Where else things happen that the logbook must know of: an app that keeps a timeline of its own registers a function
that takes over what is new. So nothing of the app's own work waits for the logbook, and nothing is lost with a process.

    register_source(take_over_switches)
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.utils.translation import override

logger = logging.getLogger(__name__)

_sources: list[Callable[[], None]] = []


def register_source(take_over: Callable[[], None]) -> None:
    """`take_over()` calls `happened` for what is new since the last time. It must not wait for PostgreSQL."""
    if take_over not in _sources:
        _sources.append(take_over)


def ask_sources() -> None:
    """Take over what is new; a source that fails costs the others nothing."""
    for take_over in _sources:
        try:
            with override(settings.LANGUAGE_CODE):
                take_over()
        except Exception:
            logger.exception("[logbook] a source failed")
