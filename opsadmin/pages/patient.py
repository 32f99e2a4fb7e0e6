"""Questions to PostgreSQL that no page waits for long: each goes on by itself, and where it takes longer than a page
waits, its answer is kept for the page that comes back.

    answer = ask(("list", "store", "total_time"), "store", lambda: perform(...))
    answer.value        # None where there is none (yet): then `running`, or `error` says why
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connections
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError, OperationFailed

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

#: How long a page waits.
PATIENCE_SECONDS = 1.0
#: How long an answer that came too late is kept.
KEPT_SECONDS = 30.0
#: More questions than that to one database at a time are not begun: it hangs.
MOST = 6


@dataclass(frozen=True)
class Answer(Generic[Value]):
    """`value`, or why there is none: it is still `running`, or the `error`."""

    value: Value | None = None
    taken_at: datetime | None = None
    error: OperationError | None = None
    running: bool = False


@dataclass
class _Question:
    database: str
    begun: float
    done: threading.Event = field(default_factory=threading.Event)
    ended: float = 0.0
    answer: Answer[object] = field(default_factory=Answer)


_lock = threading.Lock()
_threads: set[threading.Thread] = set()
_questions: dict[Hashable, _Question] = {}


def ask(
    key: Hashable,
    database: str,
    read: Callable[[], Value],
    *,
    after: Callable[[Value], None] | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Answer[Value]:
    """What `read` returns, once it does within `patience` seconds. Questions of one `key` are one: whoever asks it while it
    is under way waits for the same answer. `read` runs in a thread of its own, in the reader's language; it raises
    `OperationError` where it has nothing to return. `after`: what is done with the value when nobody waits any more."""
    language = get_language()
    key = (key, database, language)
    with _lock:
        _forget_old()
        question = _questions.get(key)
        if question is None:
            under_way = sum(one.database == database and not one.done.is_set() for one in _questions.values())
            if under_way >= MOST:
                return Answer(running=True)
            question = _questions[key] = _Question(database, time.monotonic())
            arguments = (question, read, after, language)
            thread = threading.Thread(target=_work, args=arguments, name=f"ask-{database}", daemon=True)
            _threads.add(thread)
            thread.start()
    # Who comes back to one that takes long has waited before.
    left = max(0.0, question.begun + patience - time.monotonic())
    if not question.done.wait(left):
        return Answer(running=True)
    with _lock:
        if _questions.get(key) is question:
            del _questions[key]
    return question.answer  # type: ignore[return-value]  # the key stands for the same question


def join(seconds: float = 30.0) -> bool:
    """Wait for the questions that are under way. False where one is not done with by then."""
    for thread in list(_threads):
        thread.join(seconds)
    return not _threads


def _work(
    question: _Question,
    read: Callable[[], object],
    after: Callable[[Any], None] | None,
    language: str | None,
) -> None:
    try:
        _answer(question, read, language)
        if after is not None and question.answer.error is None:
            after(question.answer.value)
    finally:
        connections.close_all()
        _threads.discard(threading.current_thread())


def _answer(question: _Question, read: Callable[[], object], language: str | None) -> None:
    try:
        with override(language):
            question.answer = Answer(read(), timezone.now())
    except OperationError as error:
        question.answer = Answer(error=error)
    except Exception as error:
        logger.exception("[ask] a question to %s failed", question.database)
        with override(language):
            words = _("The look itself failed (%(kind)s). The site's log says where.") % {"kind": type(error).__name__}
        question.answer = Answer(error=OperationFailed(words))
    finally:
        question.ended = time.monotonic()
        question.done.set()


def _forget_old() -> None:
    now = time.monotonic()
    old = [key for key, one in _questions.items() if one.done.is_set() and now - one.ended > KEPT_SECONDS]
    for key in old:
        del _questions[key]
