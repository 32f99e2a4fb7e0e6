"""Tasks that come round by themselves: each app's module `scheduled` registers its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError

#: What hangs for longer counts as failed.
LONGEST = timedelta(minutes=10)


@dataclass(frozen=True)
class Task:
    """`run` returns one sentence of what it did, and raises `OperationError` where it could not. `every`: from one beginning
    to the next. `longest`: beyond that it counts as failed. `enabled`: whether it runs before anybody decided. `is_logged`:
    its runs are kept in the log of runs; a task that does operations, which are kept there themselves, says False.
    `operation`: what a person does in place of running it, because that asks for a permission of its own or a confirmation;
    who may not do that may not switch the task on either."""

    name: str
    title: Any
    every: timedelta
    run: Callable[[], str]
    summary: Any = ""
    longest: timedelta = LONGEST
    enabled: bool = True
    is_logged: bool = True
    operation: str = ""


_tasks: dict[str, Task] = {}


def register_task(
    name: str,
    *,
    title: Any,
    every: timedelta,
    run: Callable[[], str],
    summary: Any = "",
    longest: timedelta = LONGEST,
    enabled: bool = True,
    is_logged: bool = True,
    operation: str = "",
) -> Task:
    """Add a task to the schedule; the words mean what they mean in `Task`. `title` and `summary` may be lazy translations.

    Raises ValueError where the name is taken, or the interval is not above zero."""
    task = Task(name, title, every, run, summary, longest, enabled, is_logged, operation)
    if name in _tasks and _tasks[name].run is not run:
        raise ValueError(f"There are two tasks {name!r}.")
    if every <= timedelta(0) or longest <= timedelta(0):
        raise ValueError(f"The task {name!r} needs an interval and a limit above zero.")
    _tasks[name] = task
    return task


@cache
def load() -> None:
    """Import the `scheduled` module of every installed app."""
    autodiscover_modules("scheduled")


def tasks() -> list[Task]:
    """Every task of every installed app, as registered."""
    load()
    return list(_tasks.values())


def find_task(name: str) -> Task:
    """The task of that name.

    Raises `OperationError` with the names that there are."""
    load()
    try:
        return _tasks[name]
    except KeyError:
        names = tuple(_tasks)
        words = _("There is no task %(name)r. There are: %(names)s.") % {"name": name, "names": ", ".join(names)}
        raise OperationError(words, parameter="task", allowed=names) from None
