"""One index: what it is, what it is for, what is said of it, and what could be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from opsadmin.advisor.drops import forbids
from opsadmin.advisor.facts import Table, tables_of
from opsadmin.core.blocks import said
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.result import plain
from opsadmin.last_seen import recall
from opsadmin.models import FollowedIndex
from opsadmin.pages.actions import details_url, names_of
from opsadmin.pages.indexes_look import LIST, SQL
from opsadmin.pages.indexes_read import said_of, seen_row
from opsadmin.pages.indexes_words import figures, forbidding, on
from opsadmin.pages.patient import ask
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import Session, read_only

DEFINITION = (SQL / "index_definition.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class ReadOne:
    """`row`: as the list has it; None where there is none (`wrong`) or it was never seen. Why it is not of now:
    PostgreSQL is still asked (`running`), or `silence` says why it does not answer; it was seen at `taken_at` then."""

    row: dict[str, Any] | None = None
    definition: str = ""
    held: str = ""
    forbids: str = ""
    taken_at: datetime | None = None
    seen: bool = False
    running: bool = False
    silence: str = ""
    wrong: str = ""


@dataclass(frozen=True)
class Told:
    """What a check, or the review of followed indexes, says of it. `fix`: the statement that helps, `lock` what it
    takes."""

    message: str
    hint: str = ""
    fix: str = ""
    lock: str = ""


@dataclass(frozen=True)
class One:
    """The index as its template shows it. `forbids`: what speaks against dropping it, as a sentence."""

    object: str
    table: str
    table_url: str
    details_url: str
    on: str
    figures: tuple[tuple[str, str], ...]
    forbids: str
    definition: str
    held: str
    told: tuple[Told, ...]
    is_invalid: bool
    is_followed: bool
    can_drop: bool
    can_rebuild: bool
    can_measure: bool


def read_one(database: str, object: str) -> ReadOne:
    """The index of that name, as SQL has it with its schema; what was seen last where PostgreSQL does not answer."""
    answer = ask(("index", object), database, lambda: _read(database, object))
    if answer.value is not None:
        return ReadOne(**answer.value, taken_at=answer.taken_at)
    if answer.error is not None and not isinstance(answer.error, OperationFailed):
        return ReadOne(wrong=answer.error.message)
    silence = answer.error.message if answer.error is not None else ""
    seen = seen_row(database, object)
    if seen is None:
        return ReadOne(running=not silence, silence=silence)
    row, taken_at = seen
    return ReadOne(row, taken_at=taken_at, seen=True, running=not silence, silence=silence)


def _read(database: str, object: str) -> dict[str, Any]:
    """Seven statements.

    Raises `OperationError` where there is no such index, `OperationFailed`."""
    missing = OperationError(
        _("There is no index %(name)s (any more). Names have their schema, and quotes as in SQL.") % {"name": object}
    )
    names = names_of(object)
    if len(names) != 2:
        raise missing
    values = {"schemas": names[:1], "names": names[1:], "text": "", "limit": 1, "offset": 0}
    try:
        with read_only(database) as session:
            rows = session.rows(LIST, values)
            if not rows:
                raise missing
            (row,) = rows
            found = {"row": plain(row), "forbids": _forbids(session, row)}
            # The last statement: where it fails, all the rest is there.
            try:
                return {**found, "definition": session.rows(DEFINITION, {"oid": row["oid"]})[0]["definition"] or ""}
            except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
                words = _("Somebody holds %(table)s so that nobody else can look at it: the definition is left out.")
                return {**found, "held": words % {"table": row["table_object"]}}
    except DatabaseError as error:
        raise OperationFailed(sentence_of(error)) from error


def _forbids(session: Session, row: Mapping[str, Any]) -> str:
    tables: dict[int, Table] = tables_of(lambda text, values: session.rows(text, values), [row["table_oid"]])
    table = tables.get(row["table_oid"])
    index = next((one for one in table.indexes if one.oid == row["oid"]), None) if table else None
    return forbids(index, table) if index is not None and table is not None and row["is_valid"] else ""


def shown(reading: ReadOne, database: str) -> One | None:
    """The index for the template; None where there is nothing to show."""
    row = reading.row
    if row is None:
        return None
    values = figures(row)
    facts = [(_("Size"), values["size"]), (_("Scans"), values["scans"])]
    if values["used"]:
        facts.append((_("Last used"), values["used"]))
    facts += [
        (_("Method"), row["method"]),
        (_("Unique"), said("", row["is_unique"])),
        (_("Valid"), said("", row["is_valid"])),
    ]
    if row["constraint_name"]:
        facts.append((_("Constraint"), row["constraint_name"]))
    told = (*map(_told, said_of(database, row["object"])), *_followed(database, row["object"]))
    bound = bool(row["constraint_name"] or row["is_referenced"] or row["is_partition"])
    return One(
        object=row["object"],
        table=row["table_object"],
        table_url=details_url(database, row["table_schema"], row["table_name"]),
        details_url=details_url(database, row["schema"], row["name"], "index"),
        on=on(row),
        figures=tuple(facts),
        forbids=reading.forbids or (forbidding(row) if reading.seen else ""),
        definition=reading.definition,
        held=reading.held,
        told=told,
        is_invalid=not row["is_valid"],
        is_followed=_is_followed(database, row["schema"], row["name"]),
        can_drop=not bound,
        can_rebuild=not row["is_partitioned"],
        can_measure=not row["is_partitioned"] and row["method"] == "btree",
    )


def _told(row: Mapping[str, Any]) -> Told:
    return Told(row["message"], row["hint"], row["fix"], row["lock"])


def _is_followed(database: str, schema: str, name: str) -> bool:
    try:
        return FollowedIndex.objects.filter(database=database, schema=schema, name=name, gone_at=None).exists()
    except DatabaseError:
        return False


def _followed(database: str, object: str) -> list[Told]:
    """Whether it kept its promise, as the last review said it."""
    seen = recall(database, "index_ideas.review")
    reviews = [one for one in seen.data if one["index"] == object] if seen else []
    return [Told(one["text"], one["hint"], one["command"]) for one in reviews]
