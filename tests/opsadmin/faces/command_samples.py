"""Operations that only the command's tests have: parameters of every kind, and results of every shape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from opsadmin.core import operation as registry
from opsadmin.core.errors import OperationFailed
from opsadmin.core.finding import CheckResult, Finding, HealthReport, NotLookedAt, Status, Unavailable
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.core.result import Result
from opsadmin.perform import load

#: Who called, and what the writing and destroying ones did.
called: list[Any] = []


@dataclass(frozen=True, kw_only=True)
class Everything(OnDatabase):
    queries: list[str] = parameter(help="The statements.", spellings=("statements",))
    hypothetical_indexes: list[Any] = parameter([], help="As if they were there.")
    tables: list[str] = parameter([], help="Only these, 100 % of them.")
    table: str = parameter("", help="A single one: not one of `tables`.")
    areas: str = parameter("all", help="Which.", choices=("all", "index", "vacuum"), several=True)
    sort_by: str = parameter("name", help="The order.", choices=("name", "size"), spellings=("order_by",))
    max_size_mb: float | None = parameter(None, help="At most.", minimum=0, spellings=("max_index_size_mb",))
    analyze: bool = parameter(False, help="Run it.")
    params: Any = parameter(None, help="Values.")
    note: str = parameter("", help="Long.", multiline=True)
    json: str = parameter("", help="Has the name of an option.")


@dataclass(frozen=True, kw_only=True)
class Health(OnDatabase):
    status: str = parameter("critical", help="How bad.", choices=tuple(Status))


@dataclass(frozen=True, kw_only=True)
class Named(OnDatabase):
    schema: str = parameter(help="The schema.")
    name: str = parameter(help="The name.")


@dataclass(frozen=True, kw_only=True)
class Detail(OnDatabase):
    schema: str = parameter("public", help="The schema.")
    name: str = parameter(help="The name.")
    kind: str = parameter("table", help="The kind.")
    deep: bool = parameter(False, help="All of it.")


@dataclass(frozen=True)
class Told(Result):
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row(Result):
    name: str
    size_bytes: int
    comment: str


def everything(given: Everything, call: Call) -> Told:
    called.append(call.caller)
    return Told(vars(given))


def rows(given: OnDatabase, call: Call) -> list[Row]:
    return [
        Row("orders", 81_920, "plain"),
        Row('odd "name".é', 5_368_709_120, "two\nlines and \x1b[31mred\x1b[0m"),
        Row("a_rather_long_name_of_a_table_of_somebody", 0, "x" * 50),
    ]


def nothing(given: OnDatabase, call: Call) -> list[Row]:
    return []


def many(given: OnDatabase, call: Call) -> list[Row]:
    return [Row(f"table_{number}", number, "") for number in range(10_000)]


def fails(given: OnDatabase, call: Call) -> None:
    raise OperationFailed("The disk is full: 0 bytes left.", hint="Make room.")


def breaks(given: OnDatabase, call: Call) -> None:
    raise RuntimeError("password=hunter2")


def interrupted(given: OnDatabase, call: Call) -> None:
    raise KeyboardInterrupt


def health(given: Health, call: Call) -> HealthReport:
    status = Status(given.status)
    finding = Finding(
        "index.invalid",
        "index",
        status,
        "public.odd \x1b[31mname",
        "The index is invalid since 3 days.",
        hint="Build it again.",
        fix_sql='REINDEX INDEX CONCURRENTLY "public"."a_rather_long_name_of_an_index_that_no_line_of_80_has_room_for";',
        why="Each write pays for it, and no query uses it.",
        threshold="any",
        lock="SHARE UPDATE EXCLUSIVE",
        caused_by="public.orders",
        objects=tuple(f"public.i{number}" for number in range(15)),
    )
    bad = status in (Status.WARNING, Status.CRITICAL)
    missing = Unavailable("The role lacks pg_monitor.", "GRANT pg_monitor TO me;")
    return HealthReport(
        (
            CheckResult("index.invalid", "index", "Invalid index", status, (finding,) if bad else (), "12 indexes"),
            CheckResult("replication.lag", "replication", "Lag", Status.UNKNOWN, unavailable=missing),
            CheckResult("replication.slots", "replication", "Slots", Status.UNKNOWN, unavailable=missing),
            CheckResult("vacuum.age", "vacuum", "Age", Status.OK, examined="7 databases"),
            CheckResult("x.y", "x", "Not here", Status.OK, unavailable=Unavailable("No standby.", applicable=False)),
        ),
        "store, PostgreSQL 15.1",
        datetime(2026, 1, 1, tzinfo=UTC),
        812.4,
        statements=14,
        not_looked_at=(NotLookedAt("public.locked", "ACCESS EXCLUSIVE held by pid 7"),),
    )


def drop_preview(given: Named, call: Call) -> Preview:
    refusal = "It backs a constraint." if given.name == "pk" else ""
    return Preview((f"The index {given.name} would go.",), f'DROP INDEX "{given.schema}"."{given.name}"', refusal)


def change(given: Named, call: Call) -> Told:
    called.append(f"changed {given.name}")
    return Told({"name": given.name})


@contextmanager
def registered() -> Iterator[None]:
    """They are operations as long as this lasts."""
    load()
    before = dict(registry._operations)
    common: dict[str, Any] = {"group": "samples", "parameters": OnDatabase}
    operation("everything", title="All", summary="Tells.", **{**common, "parameters": Everything})(everything)
    operation("details", title="Details", summary="Tells.", **{**common, "parameters": Detail})(everything)
    operation("rows", title="Rows", summary="Has rows.", **common)(rows)
    operation("nothing", title="Nothing", summary="Has none.", **common)(nothing)
    operation("many", title="Many", summary="Has 10 000.", **common)(many)
    operation("fails", title="Fails", summary="Fails.", **common)(fails)
    operation("breaks", title="Breaks", summary="Breaks.", **common)(breaks)
    operation("interrupted", title="Interrupted", summary="Is interrupted.", **common)(interrupted)
    operation("health", title="Health", summary="Is bad.", **{**common, "parameters": Health})(health)
    common = {"group": "changes", "parameters": Named, "permission": "opsadmin.add_checkthreshold"}
    common["preview"] = drop_preview
    operation("change", title="Change", summary="Changes.", effect=Effect.WRITES, **common)(change)
    operation("drop", title="Drop", summary="Drops.", effect=Effect.DESTROYS, **common)(change)
    called.clear()
    try:
        yield
    finally:
        registry._operations.clear()
        registry._operations.update(before)
