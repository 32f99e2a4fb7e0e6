"""What is said where the site's own database fails: for work that has nothing to do with PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationFailed

logger = logging.getLogger(__name__)


@contextmanager
def in_words() -> Iterator[None]:
    """Raises `OperationFailed` in place of the database's errors."""
    try:
        yield
    except DatabaseError as error:
        logger.warning("[ops] the site database failed: %s", type(error).__name__)
        raise OperationFailed(
            _("The site's own database is busy or cannot be written."),
            hint=_("Try again in a moment. Where it stays so, look at its disk."),
        ) from error
