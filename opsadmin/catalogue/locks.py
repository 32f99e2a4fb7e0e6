"""What PostgreSQL gives only under a lock, and who has it where we may not wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from opsadmin.catalogue.questions import question
from opsadmin.core.blocks import said_seconds
from opsadmin.postgres.session import Session


@dataclass(frozen=True)
class Definitions:
    """Texts by part and number (an oid, a column's place), and what to say about those that are missing."""

    texts: dict[tuple[str, int], str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def get(self, part: str, number: int = 0) -> str | None:
        return self.texts.get((part, number))

    def number(self, part: str, number: int = 0) -> int | None:
        """As `get`, for sizes."""
        text = self.get(part, number)
        return None if text is None else int(text)


def definitions_of(session: Session, oid: int, *, identity: str, index: int | None = None) -> Definitions:
    """Definitions, expressions and real sizes of a relation, or of one of its indexes. Where somebody holds it, what can
    be had without it, and a note that names them; never waits longer than the session's lock timeout, twice.

    Raises psycopg's errors where the server is lost."""
    values: dict[str, Any] = {"oid": oid, "index": index, "without": [], "reads": True}
    try:
        return Definitions(_texts(session, values))
    except psycopg.Error as error:
        missed = why(session, error)
    holders = session.rows(question("lock_holders"), {"class": "pg_class", "oid": oid})
    if holders and not any(one["itself"] for one in holders):
        held = {**values, "without": sorted({one["oid"] for one in holders}), "reads": False}
        try:
            return Definitions(_texts(session, held), (_said(holders, "what reads it"),))
        except psycopg.Error as error:
            missed = why(session, error)
    lost = f"definitions, expressions and real sizes of {identity}"
    if holders:
        return Definitions(notes=(_said(holders, lost),))
    return Definitions(notes=(f"Missing: {lost}. {missed}",))


def function_definition(session: Session, oid: int, *, identity: str) -> tuple[str | None, tuple[str, ...]]:
    """A function's definition, and what to say where it is missing: somebody holds what its body reads.

    Raises psycopg's errors where the server is lost."""
    try:
        with session.attempt():
            row = session.one(question("function_definition"), {"oid": oid})
        return (row["definition"] if row else None), ()
    except psycopg.Error as error:
        missed = why(session, error)
    lost = f"the definition of {identity}"
    holders = session.rows(question("lock_holders"), {"class": "pg_proc", "oid": oid})
    return None, (_said(holders, lost) if holders else f"Missing: {lost}. {missed}",)


def _texts(session: Session, values: dict[str, Any]) -> dict[tuple[str, int], str]:
    with session.attempt():
        rows = session.tuples(question("definitions"), values)
    return {(part, number): text for part, number, text in rows if text is not None}


def why(session: Session, error: psycopg.Error) -> str:
    """Why an attempt failed, as a sentence. Raises the error again where the session is lost."""
    if session.raw.closed or error.sqlstate is None:
        raise error
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return "Somebody held a lock on it for a moment: ask again."
    if isinstance(error, psycopg.errors.QueryCanceled):
        return "It took too long: ask again when the server is less busy."
    return f"PostgreSQL refused: {error.diag.message_primary}."


def _said(holders: Sequence[dict[str, Any]], lost: str) -> str:
    """Who stands in the way: the first few that hold a lock, else the first that wait for one."""
    granted = [one for one in holders if one["granted"]] or list(holders)
    who = "; ".join(_one(one) for one in granted[:3])
    return f"Missing: {lost}. {who}. Ask again when the lock is gone."


def _one(holder: dict[str, Any]) -> str:
    if holder["pid"] is None:
        who = "A prepared transaction"
    else:
        name = f" ({holder['application_name']})" if holder["application_name"] else ""
        who = f"Process {holder['pid']}{name} of {holder['role'] or 'the server'}"
    what = "holds" if holder["granted"] else "waits for"
    return f"{who} {what} ACCESS EXCLUSIVE on {holder['relation']}{_since(holder['since'], holder['now'])}"


def _since(since: datetime | None, now: datetime) -> str:
    if since is None:
        return ""
    return f" since {since:%Y-%m-%d %H:%M:%S %Z} ({said_seconds((now - since).total_seconds())})"
