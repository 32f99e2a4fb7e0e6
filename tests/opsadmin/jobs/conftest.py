"""An operation that takes long, without a PostgreSQL: it goes on until the test lets it end, or somebody stops it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from opsadmin.core import operation as core
from opsadmin.core.errors import OperationError, OperationFailed, Stopped
from opsadmin.core.operation import Call, Effect, Progress, operation
from opsadmin.core.params import LongOnDatabase, parameter
from opsadmin.jobs import lease, runner
from opsadmin.perform import load


@dataclass(frozen=True, kw_only=True)
class Parameters(LongOnDatabase):
    how: str = parameter("", help="How it ends: badly, or well.")


@dataclass
class Long:
    """`begun` is set when it goes on; `go_on` lets it end."""

    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[Long]:
    """The operation `go_on_for_long`."""
    load()
    monkeypatch.setattr(core, "_operations", dict(core._operations))
    control = Long()

    @operation(
        "go_on_for_long",
        title="Go on",
        summary="Go on for long.",
        group="test",
        effect=Effect.WRITES,
        permission="opsadmin.create_index",
        parameters=Parameters,
    )
    def run(parameters: Parameters, call: Call) -> dict[str, str]:
        lease.take(call.run, "the only one")
        call.report(Progress(1, 4, "a quarter", {"index": "x"}))
        control.begun.set()
        while not control.go_on.wait(0.02):
            if call.is_stopped():
                raise Stopped("It was stopped.")
        if parameters.how == "badly":
            raise OperationFailed("It ended badly.", hint="Mend it.")
        if parameters.how == "wrong":
            raise OperationError("There is nothing of that name.")
        if parameters.how == "broken":
            raise ZeroDivisionError
        return {"message": "It ended well."}

    yield control
    control.go_on.set()
    assert runner.join()
