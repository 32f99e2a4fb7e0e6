"""The families of faults. One function each: it gets a `Setting` and fills the `Result`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.result import Result
from tests.faults.server import Server


@dataclass
class Setting:
    """`times`: how often to strike. `acknowledged`: go on until so many writes were. `server`: one to leave alone;
    `own_server()` makes one to break. `say`: shows progress, of `times`."""

    times: int
    acknowledged: int
    server: Server
    own_server: Callable[..., Server]
    directory: Path
    say: Callable[[int], None]


@dataclass(frozen=True)
class Family:
    """`times` and `short`: full width, and that of the short version in `make test`."""

    name: str
    title: str
    what: str
    times: int
    short: int
    run: Callable[[Setting, Result], None]

    def result(self) -> Result:
        return Result(self.name, self.title, self.what)


FAMILIES: dict[str, Family] = {}


def family(name: str, title: str, *, times: int, short: int) -> Callable[[Callable[[Setting, Result], None]], Family]:
    """The docstring of the function says what is done; it goes into docs/reliability.md."""

    def register(run: Callable[[Setting, Result], None]) -> Family:
        what = " ".join((run.__doc__ or "").split())
        found = FAMILIES[name] = Family(name, title, what, times, short, run)
        return found

    return register


def families() -> dict[str, Family]:
    from tests.faults.families import load

    load()
    return FAMILIES
