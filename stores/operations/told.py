"""What the store's operations share: their parameters' base, how a run becomes a result, and who writes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opsadmin.core.blocks import Block, Code, Note
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.finding import Status
from opsadmin.core.operation import Call, Preview
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.core.result import Result
from stores.errors import StoreError
from stores.router import STORE_ALIAS
from stores.runs.run import DONE, FAILED, UNDECIDED, Run
from stores.sync.show import Paper

VIEW = "stores.view_jsondocument"
SWITCH = "stores.switch_store"
MANAGE = "stores.manage_store"

DOORS = {"page": "admin", "command": "command", "python": "python", "http": "http", "mcp": "mcp"}


@dataclass(frozen=True, kw_only=True)
class OnStore(OnDatabase):
    """There is one store, behind one alias."""

    database: str = parameter("", help="The store has one database; leave it out.", choices=("", STORE_ALIAS))


@dataclass(frozen=True)
class Told(Result):
    """How a run ended. `text` is what its command prints, `data` what its command prints as JSON."""

    verdict: str
    message: str
    next_step: str
    good: bool
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return self.data

    def blocks(self) -> list[Block]:
        status = Status.OK if self.good else Status.WARNING
        return [Note(status, self.message, self.next_step), Code("", self.text)]


def told(run: Run) -> Told:
    """The result of a run that ended well, or that waits for a person.

    Raises `OperationFailed` where it failed, `OperationError` where it was refused; the run's text is the hint."""
    message, next_step = run.closing()
    run.show(paper := Paper(io.StringIO(), color=False))
    text = paper.text().strip("\n")
    if run.exit_code == FAILED:
        raise OperationFailed(message, hint=next_step)
    if run.exit_code not in (DONE, UNDECIDED):
        raise OperationError(message, hint=next_step or text)
    return Told(run.verdict, message, next_step, run.exit_code == DONE, text, run.as_dict())


def previewed(run: Run) -> Preview:
    """What a run without consequences says of the one with them."""
    message, next_step = run.closing()
    run.show(paper := Paper(io.StringIO(), color=False))
    text = paper.text().strip("\n")
    refusal = "" if run.exit_code in (DONE, UNDECIDED) else message
    return Preview(tuple(part for part in (message, next_step) if part), sql=text, refusal=refusal)


def who(call: Call, name: str) -> str:
    """The writer that is kept with a revision or a switch: door and name."""
    door = DOORS.get(call.caller.door, call.caller.door)
    return f"command:{name} ({call.caller.name})" if door == "command" else f"{door}:{call.caller.name}"


@contextmanager
def in_words() -> Iterator[None]:
    """A `StoreError` as the doors know failures."""
    try:
        yield
    except StoreError as error:
        raise OperationFailed(str(error)) from error
