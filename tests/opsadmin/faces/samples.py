"""Operations that only tests have: one for every way an operation can end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsadmin.core import operation as registry
from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, Effect, Preview, Progress, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.core.result import Result
from opsadmin.perform import load
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only

#: What the writing and destroying ones did.
done: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Numbers(OnDatabase):
    limit: int = parameter(3, help="How many.", minimum=0)
    order: str = parameter("up", help="Which way.", choices=("up", "down"))


@dataclass(frozen=True, kw_only=True)
class Named(OnDatabase):
    name: str = parameter(help="Which one.", spellings=("object_name",))


@dataclass(frozen=True)
class Number(Result):
    value: int
    said: str


@dataclass(frozen=True)
class Greeting(Result):
    hello: str
    door: str


def sample_numbers(given: Numbers, call: Call) -> list[Number]:
    call.report(Progress(1, 2, "half"))
    print("this must not reach the client")
    with read_only(resolve_alias(given.database)) as session:
        rows = session.rows("SELECT n AS value FROM generate_series(1, %(limit)s) AS n", {"limit": given.limit})
    numbers = [Number(row["value"], "numéro") for row in rows]
    return numbers[::-1] if given.order == "down" else numbers


def sample_greet(given: Named, call: Call) -> Greeting:
    if given.name == "nobody":
        raise OperationError("There is no nobody.", parameter="name", allowed=("anna", "bob"), hint="Try list_people.")
    return Greeting(given.name, call.caller.door)


def sample_note(given: Named, call: Call) -> Greeting:
    done.append(given.name)
    return Greeting(given.name, call.caller.door)


def sample_drop_preview(given: Named, call: Call) -> Preview:
    refusal = "It is held by a constraint." if given.name == "pk" else ""
    return Preview((f"The index {given.name} would go.",), f'DROP INDEX "{given.name}"', refusal)


def sample_drop(given: Named, call: Call) -> Greeting:
    done.append(f"dropped {given.name}")
    return Greeting(given.name, call.caller.door)


def sample_wait(given: Named, call: Call) -> Greeting:
    """Says in one pipe that it has begun, and ends when the other one is opened."""
    directory = Path(given.name)
    (directory / "begun").write_text("")
    (directory / "go on").read_text()
    (directory / "ended").touch()
    return Greeting(given.name, call.caller.door)


def sample_broken(given: OnDatabase, call: Call) -> None:
    raise RuntimeError("secret=hunter2")


@contextmanager
def registered() -> Iterator[None]:
    """They are operations as long as this lasts."""
    load()
    before = dict(registry._operations)
    common = {"group": "Samples"}
    operation("sample_numbers", title="Numbers", summary="Counts.", parameters=Numbers, **common)(sample_numbers)
    operation("sample_greet", title="Greet", summary="Greets.", parameters=Named, **common)(sample_greet)
    operation(
        "sample_note",
        title="Note",
        summary="Notes it.",
        parameters=Named,
        effect=Effect.WRITES,
        permission="opsadmin.add_checkthreshold",
        **common,
    )(sample_note)
    operation(
        "sample_drop",
        title="Drop",
        summary="Drops it.",
        parameters=Named,
        effect=Effect.DESTROYS,
        permission="opsadmin.delete_checkthreshold",
        preview=sample_drop_preview,
        **common,
    )(sample_drop)
    operation("sample_wait", title="Wait", summary="Waits.", parameters=Named, **common)(sample_wait)
    operation("sample_broken", title="Broken", summary="Fails.", parameters=OnDatabase, **common)(sample_broken)
    done.clear()
    try:
        yield
    finally:
        registry._operations.clear()
        registry._operations.update(before)
