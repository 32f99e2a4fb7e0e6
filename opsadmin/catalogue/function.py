"""One function, procedure or aggregate; of overloaded ones, the one whose arguments are said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.catalogue.dependencies import dependencies_of
from opsadmin.catalogue.find import pick
from opsadmin.catalogue.kinds import ROUTINES
from opsadmin.catalogue.locks import function_definition
from opsadmin.catalogue.names import readings, same_arguments, split_arguments
from opsadmin.catalogue.parts import Dependency, Privilege, made, privileges_of, without_secrets
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import dependency_blocks, figures, notes_of, privileges_block
from opsadmin.core.blocks import Block, Code, Figures
from opsadmin.core.errors import OperationError
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session


@dataclass(frozen=True, kw_only=True)
class FunctionDetails(Result):
    """A function, procedure, window function or aggregate. `arguments` with names and defaults, `argument_types` the types
    it is called by. `calls`, `total_ms`, `self_ms` where track_functions is on."""

    schema: str
    name: str
    kind: str
    identity: str
    owner: str
    comment: str | None
    notes: tuple[str, ...]
    extension: str | None
    arguments: str
    argument_types: tuple[str, ...]
    returns: str | None
    language: str
    volatility: str
    parallel: str
    strict: bool
    security_definer: bool
    leakproof: bool
    cost: float
    rows: float | None
    settings: tuple[str, ...]
    calls: int | None
    total_ms: float | None
    self_ms: float | None
    privileges: tuple[Privilege, ...]
    privileges_are_default: bool
    uses: tuple[Dependency, ...]
    used_by: tuple[Dependency, ...]
    definition: str | None

    def blocks(self) -> list[Block]:
        facts = figures(
            self,
            *("kind", "owner", "comment", "arguments", "returns", "language", "volatility", "parallel", "strict"),
            *("security_definer", "leakproof", "cost", "rows", "settings", "extension", "calls", "total_ms", "self_ms"),
        )
        shown: list[Block] = [Figures(self.identity, facts), *notes_of(self.notes)]
        shown.append(privileges_block(self.privileges, self.privileges_are_default))
        shown.extend(dependency_blocks(self.uses, self.used_by))
        if self.definition:
            shown.append(Code(_("Definition"), self.definition))
        return shown


def function_details(session: Session, *, schema: str, name: str, object_type: str) -> FunctionDetails:
    """A function by its name, or by its name with the types of its arguments: `f(integer, text)`.

    Raises `OperationError` that names the overloads, or what there is instead; psycopg's errors."""
    row = _one(_overloads(session, schema, name, object_type), name, object_type)
    uses, used_by, cut = dependencies_of(session, "pg_proc", row["oid"])
    definition, missing = function_definition(session, row["oid"], identity=row["identity"])
    if row["kind"] == "aggregate":
        definition = _aggregate(row)
    return made(
        FunctionDetails,
        row,
        schema=row["schema_name"],
        notes=(*missing, *cut),
        settings=without_secrets(row["settings"]),
        privileges=privileges_of(row["privileges"]),
        uses=uses,
        used_by=used_by,
        definition=definition,
    )


def _overloads(session: Session, schema: str, typed: str, object_type: str) -> list[dict[str, Any]]:
    """The functions of that name, only those with its arguments where it says them. A name may hold parentheses itself, so
    the whole is tried first."""

    def ask(names: dict[str, Any]) -> list[dict[str, Any]]:
        return session.rows(question("functions"), {**names, "kinds": list(ROUTINES[object_type])})

    name, arguments = split_arguments(typed)
    if arguments is None:
        return pick(session, schema=schema, name=typed, object_type=object_type, ask=ask)
    found = ask({"schemas": readings(schema), "names": [*readings(typed), *readings(name)]})
    if any(row["name"] in readings(typed) for row in found):
        name, arguments = typed, None
    wanted = readings(name)
    rows = pick(
        session,
        schema=schema,
        name=name,
        object_type=object_type,
        ask=lambda names: [row for row in found if row["name"] in wanted],
    )
    if arguments is None:
        return rows
    fitting = [row for row in rows if same_arguments(arguments, row["argument_types"], row["identity_arguments"])]
    if fitting:
        return fitting
    known = _signatures(rows)
    raise OperationError(
        f"There is no {object_type} {typed!r} in the schema {rows[0]['schema_name']!r}. There is {', '.join(known)}.",
        parameter="name",
        allowed=known,
    )


def _one(rows: list[dict[str, Any]], typed: str, object_type: str) -> dict[str, Any]:
    if len(rows) == 1:
        return rows[0]
    known = _signatures(rows)
    raise OperationError(
        f"There are {len(rows)} {object_type}s {rows[0]['name']!r}: say which, as in {known[0]}. "
        f"There are {', '.join(known)}.",
        parameter="name",
        allowed=known,
    )


def _signatures(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(f"{row['name']}({', '.join(row['argument_types'])})" for row in rows)


def _aggregate(row: dict[str, Any]) -> str:
    said = {
        "SFUNC": _without_arguments(row["state_function"]),
        "STYPE": row["state_type"],
        "FINALFUNC": _without_arguments(row["final_function"]),
        "COMBINEFUNC": _without_arguments(row["combine_function"]),
        "INITCOND": None if row["initial_value"] is None else "'" + row["initial_value"].replace("'", "''") + "'",
        "PARALLEL": row["parallel"] if row["parallel"] != "unsafe" else None,
    }
    lines = ",\n".join(f"    {name} = {value}" for name, value in said.items() if value is not None)
    return f"CREATE AGGREGATE {row['identity']} (\n{lines}\n);"


def _without_arguments(function: str | None) -> str | None:
    return None if function is None else split_arguments(function)[0]
