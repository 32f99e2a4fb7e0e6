"""What was read from PostgreSQL last, in the site database: what a page shows, with its age, while PostgreSQL does not
answer.

    remember("store", "get_top_queries", {"found": 312, ...})
    seen = recall("store", "get_top_queries")

The newest answer of each name is kept and nothing else, so what bounds the data is the caller's bound on one answer."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from opsadmin.core.result import plain
from opsadmin.models import SeenAnswer

logger = logging.getLogger(__name__)


def remember(database: str, name: str, data: Any, *, taken_at: datetime | None = None) -> None:
    """Keep the answer in place of the one before. `data`: what JSON knows, or results that say it by `as_dict`; secrets
    must be masked in it. A site database that refuses costs nothing but that."""
    values = {"taken_at": taken_at or timezone.now(), "data": plain(data)}
    try:
        SeenAnswer.objects.update_or_create(database=database, name=name, defaults=values)
    except DatabaseError as error:
        logger.warning("[seen] %s of %s was not kept (%s)", name, database, type(error).__name__)


def recall(database: str, *names: str) -> SeenAnswer | None:
    """The answer of the first name that there is one of; None where there is none, or the site database fails."""
    answers = SeenAnswer.objects.filter(database=database, name__in=names)
    try:
        there = set(answers.values_list("name", flat=True))
        name = next((name for name in names if name in there), None)
        return answers.filter(name=name).first() if name is not None else None
    except DatabaseError as error:
        logger.warning("[seen] %s of %s could not be read (%s)", names[0], database, type(error).__name__)
        return None
