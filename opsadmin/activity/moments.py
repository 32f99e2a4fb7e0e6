"""Moments as a caller hands them back: as ISO text, from the answer of another operation."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError


def moment(name: str, text: str) -> datetime | None:
    """The moment; None for an empty text. `name`: of the parameter.

    Raises `OperationError` where the text is none, or does not say which zone it is in."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise OperationError(
            _(
                "%(name)s is %(text)s; it must be a moment as list_sessions shows it, as 2026-01-31T12:00:00.123456+00:00."
            )
            % {"name": name, "text": repr(text)},
            parameter=name,
        )
    return found
