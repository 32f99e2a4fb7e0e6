"""What an operation that reads says now, or said last: for a page that answers within moments also while PostgreSQL does
not.

    reading = read(request, "list_tables", {"database": "store"}, keep="list_tables", told=lambda found: found.as_dict())
    reading.found           # None where there is nothing to show; then the rest says why
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.operation import Caller
from opsadmin.core.result import plain
from opsadmin.last_seen import recall, remember
from opsadmin.models import SeenAnswer
from opsadmin.pages.patient import PATIENCE_SECONDS, Answer, ask
from opsadmin.pages.site import caller_of
from opsadmin.perform import perform

logger = logging.getLogger(__name__)

#: A page that asks every few seconds does not write every few seconds.
KEPT_EVERY = timedelta(seconds=20)
#: How long a page waits for what is slow, where it has something to show meanwhile.
SHORT_PATIENCE_SECONDS = 0.2


@dataclass(frozen=True)
class Reading:
    """`found`: the answer as JSON knows it. `seen`: it is the kept one, because PostgreSQL is still asked (`running`), or
    does not answer, which `silence` says; `hint`: what would help. `wrong`: what was asked for cannot be."""

    found: Any = None
    taken_at: datetime | None = None
    seen: bool = False
    running: bool = False
    silence: str = ""
    hint: str = ""
    wrong: OperationError | None = None


def read(
    request: HttpRequest,
    operation: str,
    given: Mapping[str, Any],
    *,
    keep: str = "",
    told: Callable[[Any], Any] = plain,
    picked: Callable[[Any], Any] = lambda found: found,
    also: tuple[str, ...] = (),
    most: int = 0,
    is_slow: bool = False,
) -> Reading:
    """The operation's answer, made plain by `told`. `keep`: the name under which it is kept for an outage, empty where it
    is not; `most`: no more names that begin with the same word up to the dot are kept. Of what was kept, under that name or
    one of `also`, `picked` takes what is wanted, None where it is not there. `is_slow`: on a large catalogue it takes longer
    than a page should, which shows what was kept meanwhile. The page has asked for the permission already."""
    database = str(given["database"])
    caller = trusted(request)

    def keep_it(found: Any) -> None:
        if not _is_fresh(database, keep):
            remember(database, keep, found)
            if most:
                _forget_beyond(database, keep.partition(".")[0] + ".", most)

    key = (operation, *sorted((name, repr(value)) for name, value in given.items()))
    names = (keep, *also) if keep else also
    patience = PATIENCE_SECONDS
    if is_slow and _seen(database, names, picked).found is not None:
        patience = SHORT_PATIENCE_SECONDS
    answer = ask(
        key,
        database,
        lambda: told(perform(operation, given, caller)),
        after=keep_it if keep else None,
        patience=patience,
    )
    return _reading(answer, lambda: _seen(database, names, picked))


def trusted(request: HttpRequest) -> Caller:
    """The person at the page, whose permission was asked for already: the request's user is this thread's alone."""
    return replace(caller_of(request), may=lambda permission: True)


def _reading(answer: Answer[Any], last: Callable[[], Reading]) -> Reading:
    error = answer.error
    if answer.value is not None:
        return Reading(answer.value, answer.taken_at)
    if error is None:
        return replace(last(), running=True)
    if not isinstance(error, OperationFailed):
        return Reading(wrong=error)
    return replace(last(), silence=error.message, hint=error.hint)


def _seen(database: str, names: tuple[str, ...], picked: Callable[[Any], Any]) -> Reading:
    for name in names:
        kept = recall(database, name)
        found = picked(kept.data) if kept is not None else None
        if kept is not None and found is not None:
            return Reading(found, kept.taken_at, seen=True)
    return Reading()


def _forget_beyond(database: str, beginning: str, most: int) -> None:
    """All but the newest."""
    answers = SeenAnswer.objects.filter(database=database, name__startswith=beginning)
    try:
        old = list(answers.order_by("-taken_at").values_list("pk", flat=True)[most:])
        if old:
            SeenAnswer.objects.filter(pk__in=old).delete()
    except DatabaseError as error:
        logger.warning("[seen] what is old of %s was not forgotten (%s)", database, type(error).__name__)


def _is_fresh(database: str, name: str) -> bool:
    since = timezone.now() - KEPT_EVERY
    try:
        return SeenAnswer.objects.filter(database=database, name=name, taken_at__gt=since).exists()
    except DatabaseError:
        return False
