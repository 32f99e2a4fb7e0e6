"""Operations: what the site can do, each defined once. Admin page, command, HTTP, MCP and Python all read this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from opsadmin.core.errors import UnknownOperation
from opsadmin.core.params import LongOnDatabase, OnDatabase, Parameter, json_schema, parameters_of

Run = TypeVar("Run", bound=Callable[[Any, "Call"], Any])


class Effect(StrEnum):
    """What an operation does to the world. `DESTROYS` asks for a confirmation at every door."""

    READS = "reads"
    WRITES = "writes"
    DESTROYS = "destroys"

    @property
    def rank(self) -> int:
        """0 for reads up to 2 for destroys."""
        return list(Effect).index(self)


@dataclass(frozen=True)
class Progress:
    """How far long work has come: `done` of `total` (None: not known), and a sentence. `detail`: what somebody needs who
    finds the work abandoned, as plain data."""

    done: float
    total: float | None = None
    message: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """Who asks, and through which door (python, command, page, http, mcp, schedule). `may` answers whether a permission
    (`app.codename`) is held; trusted doors hold all. `reach`: the furthest effect that the key in their hand allows,
    whatever they may do themselves."""

    name: str
    door: str
    address: str = ""
    may: Callable[[str], bool] = field(default=lambda permission: True, compare=False)
    reach: Effect = Effect.DESTROYS


@dataclass(frozen=True)
class Call:
    """What an operation's function gets beside its parameters. `report` may be called with the progress of long work,
    `is_stopped` whether somebody wants it to end. `run`: the key of its row in the log of runs, None where it has none."""

    caller: Caller
    report: Callable[[Progress], None] = field(default=lambda progress: None, compare=False)
    is_stopped: Callable[[], bool] = field(default=lambda: False, compare=False)
    run: int | None = None


@dataclass(frozen=True)
class Preview:
    """What an operation would do: sentences, and the SQL or command where there is one. `refusal`: why it would not be
    done at all, empty where it would."""

    sentences: tuple[str, ...]
    sql: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class Operation:
    """`run(parameters, call)` does it and returns a result: a frozen dataclass, or a list of them. `preview` has the same
    arguments, changes nothing, and returns a `Preview`, or None where these parameters change nothing. `group` is the heading it stands under; `title` and `summary` may
    be lazy translations. `is_long`: it reports its progress and can be stopped, and its parameters are `LongOnDatabase`.
    `is_logged`: False where what it does is in the log of runs by itself."""

    name: str
    title: Any
    summary: Any
    group: str
    effect: Effect
    permission: str
    parameters: type[OnDatabase]
    run: Callable[[Any, Call], Any]
    preview: Callable[[Any, Call], Preview | None] | None = None
    is_long: bool = False
    is_logged: bool = True

    @property
    def fields(self) -> tuple[Parameter, ...]:
        """Its parameters, in the order of their declaration, `database` last."""
        return parameters_of(self.parameters)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its parameters."""
        return json_schema(self.parameters)


_operations: dict[str, Operation] = {}


def operation(
    name: str,
    *,
    title: Any,
    summary: Any,
    group: str,
    parameters: type[OnDatabase],
    effect: Effect = Effect.READS,
    permission: str = "opsadmin.view_database",
    preview: Callable[[Any, Call], Preview | None] | None = None,
    is_logged: bool = True,
) -> Callable[[Run], Run]:
    """Register the function as the operation `name`. An effect beyond reading needs a permission of its own. Parameters
    that are `LongOnDatabase` make it one that takes long.

    Raises ValueError where the name is taken or the permission is left out."""

    def register(run: Run) -> Run:
        if name in _operations and _operations[name].run is not run:
            raise ValueError(f"There are two operations {name!r}.")
        if effect is not Effect.READS and permission == "opsadmin.view_database":
            raise ValueError(f"The operation {name!r} {effect} and needs a permission of its own.")
        is_long = issubclass(parameters, LongOnDatabase)
        _operations[name] = Operation(
            name, title, summary, group, effect, permission, parameters, run, preview, is_long, is_logged
        )
        return run

    return register


def registered() -> list[Operation]:
    """All operations, by group in the order of registration."""
    groups = list(dict.fromkeys(one.group for one in _operations.values()))
    return sorted(_operations.values(), key=lambda one: groups.index(one.group))


def named(name: str) -> Operation:
    """The operation of that name.

    Raises `UnknownOperation` with the names that there are."""
    try:
        return _operations[name]
    except KeyError:
        names = tuple(sorted(_operations))
        raise UnknownOperation(
            f"There is no operation {name!r}. There are: {', '.join(names)}.", parameter="name", allowed=names
        ) from None
