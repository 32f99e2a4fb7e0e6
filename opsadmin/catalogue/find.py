"""Finding what a person named, and saying what they may have meant where it is not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opsadmin.catalogue.kinds import RELATIONS, ROUTINES, TYPES, said_kind
from opsadmin.catalogue.names import close_to, readings
from opsadmin.catalogue.questions import question
from opsadmin.core.errors import OperationError
from opsadmin.postgres.session import Session


def known_schema(session: Session, typed: str) -> str:
    """The schema's name as it is stored.

    Raises `OperationError` with the names like it."""
    names = [row["name"] for row in session.rows(question("schema_names"))]
    for name in readings(typed):
        if name in names:
            return str(name)
    raise unknown_schema(typed, names)


def unknown_schema(typed: str, names: Sequence[str], *, parameter: str = "schema") -> OperationError:
    """Says which schemas there are: those like it, else the user's."""
    own = [name for name in names if not name.startswith("pg_") and name != "information_schema"]
    close = close_to(typed, names) or tuple(own[:20])
    return OperationError(
        f"There is no schema {typed!r}. {_said('There are', 'There is', close)}".rstrip(),
        parameter=parameter,
        allowed=close,
        hint="list_schemas shows them all.",
    )


def pick(
    session: Session, *, schema: str, name: str, object_type: str, ask: Callable[[dict[str, Any]], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The rows that `ask` gives for the likeliest reading of the names, by their `schema_name` and `name`. `ask` gets the
    readings as the parameters `schemas` and `names`.

    Raises `OperationError` that says what there is instead."""
    schemas, names = readings(schema), readings(name)
    rows = ask({"schemas": schemas, "names": names}) if names else []
    if not rows:
        raise not_found(session, schema=schema, name=name, object_type=object_type)
    schema_places, name_places = _places(schemas), _places(names)
    last = len(name_places)  # cut by the server in an encoding of its own
    ranked = [(schema_places.get(row["schema_name"], last), name_places.get(row["name"], last)) for row in rows]
    return [row for row, place in zip(rows, ranked, strict=True) if place == min(ranked)]


def found_relation(session: Session, *, schema: str, name: str) -> tuple[str, str]:
    """Schema and name, as they are stored, of the table or view that has rows under that name.

    Raises `OperationError` that says what there is instead."""
    (row,) = pick(
        session,
        schema=schema,
        name=name,
        object_type="table",
        ask=lambda names: session.rows(question("with_rows"), names),
    )
    return row["schema_name"], row["name"]


def _places(typed: Sequence[str]) -> dict[str, int]:
    """Which reading a stored name answers to. PostgreSQL keeps the first 63 bytes of a name, so the one that was typed may
    be longer."""
    stored = [one.encode()[:63].decode(errors="ignore") for one in typed]
    return {one: place for place, one in enumerate(dict.fromkeys([*typed, *stored]))}


def not_found(session: Session, *, schema: str, name: str, object_type: str) -> OperationError:
    """What to say where there is no such object: that the schema is missing, that it is of another kind or in another
    schema, or which names are like it."""
    stands_alone = object_type in ("extension", "schema")
    if not stands_alone:
        schema = known_schema(session, schema)
    missing = f"There is no {object_type} {name!r}" + ("" if stands_alone else f" in the schema {schema!r}")
    others = session.rows(question("named"), {"names": readings(name)})
    here = sorted({row["kind"] for row in others if stands_alone or row["schema"] == schema} - {object_type})
    if here:
        kinds = " and ".join(said_kind(kind) for kind in here)
        return OperationError(
            f"{missing}: it is {kinds}. Ask with object_type={here[0]}.", parameter="object_type", allowed=tuple(here)
        )
    elsewhere = tuple(sorted({row["schema"] for row in others if row["kind"] == object_type}))
    if elsewhere:
        return OperationError(
            f"{missing}. {_said('There are ones in', 'There is one in', elsewhere)}",
            parameter="schema",
            allowed=elsewhere,
        )
    known = session.rows(question("names_of_kind"), {"schema": schema, "kind": object_type, **_catalogues(object_type)})
    close = close_to(name, [row["name"] for row in known])
    return OperationError(
        f"{missing}. {_said('Names like it are', 'A name like it is', close)}".rstrip(),
        parameter="name",
        allowed=close,
        hint="list_schemas shows them all."
        if object_type == "schema"
        else f"list_objects with object_type={object_type} shows them all.",
    )


def _catalogues(object_type: str) -> dict[str, list[str]]:
    relations = {**RELATIONS, "index": ("i", "I"), "sequence": ("S",)}
    return {
        "relations": list(relations.get(object_type, ())),
        "routines": list(ROUTINES.get(object_type, ())),
        "types": [kind for kind in TYPES.get(object_type, ()) if kind != "c"],
    }


def _said(several: str, one: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"{several if len(names) > 1 else one} {', '.join(names)}."
