"""The index that somebody wants: read, checked by the guard, and put as the one statement that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.console.errors import SqlRefused
from opsadmin.console.session import console_session
from opsadmin.console.text import Token, tokens_of
from opsadmin.console.wire import OutOfTime
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.indexing.failures import locked
from opsadmin.plans.asked import asked_of
from opsadmin.plans.candidates import candidate_of
from opsadmin.plans.permit import permit_text
from opsadmin.plans.server import LIMITS, PlanSession
from opsadmin.postgres.direct import Address, direct_address

PARAMETER = "ddl"
#: Bytes of a name; PostgreSQL would cut a longer one.
MOST_BYTES = 63


@dataclass(frozen=True)
class Wanted:
    """`table`: as it was written; `behind`: what stands behind the table, from USING on. `name`: of the index, as it is
    stored; empty where PostgreSQL is to choose."""

    table: str
    behind: str
    unique: bool
    name: str = ""
    if_not_exists: bool = False

    def statement(self, name: str, table: str, *, concurrently: bool) -> str:
        """The CREATE INDEX. `name`, `table`: as SQL writes them."""
        words = ["CREATE", *(["UNIQUE"] if self.unique else []), "INDEX", *(["CONCURRENTLY"] if concurrently else [])]
        return " ".join([*words, *([name] if name else []), "ON", table, self.behind])


def wanted_of(alias: str, given: str | Mapping[str, Any], *, name: str = "") -> Wanted:
    """The index as a CREATE INDEX text or as `{"table", "columns", ...}`. Its expressions and its predicate are judged as
    a query that runs them would be.

    Raises `OperationError` that says what is wrong, `SqlRefused` (the guard), `OperationFailed` (no server)."""
    try:
        if isinstance(given, str):
            said, if_not_exists = _name_in(given)
            if name and said and said != name:
                raise OperationError(
                    _("The statement names the index %(one)r, and name is %(other)r.") % {"one": said, "other": name},
                    parameter="name",
                )
            name = name or said
        else:
            if_not_exists = False
        _check_name(name)
        table, behind, unique = _judged(direct_address(alias), given)
    except OutOfTime:
        raise OperationFailed(_("PostgreSQL took too long to read the statement.")) from None
    except psycopg.errors.LockNotAvailable:
        raise locked(alias) from None
    except psycopg.Error as error:
        raise _said(error) from None
    except OperationError as error:
        if error.parameter == "hypothetical_indexes":
            error.parameter = PARAMETER
        raise
    return Wanted(table, behind, unique, name, if_not_exists)


def _judged(address: Address, given: str | Mapping[str, Any]) -> tuple[str, str, bool]:
    with console_session(address.parameters, LIMITS, role=address.role) as session:
        plans = PlanSession(session, asked_of("SELECT 1"))
        session.ready(as_usual=True)  # names mean what they mean to the role
        path = plans.rows("SELECT pg_catalog.current_schemas(false) AS path", {})[0]["path"]
        with plans.catalogue():
            candidate = candidate_of(plans, given, path)
        try:
            permit_text(plans, candidate.probe, candidate.names, [], runs=True)
        except SqlRefused as error:
            raise SqlRefused(
                _("The index would run what the guard does not let through: %(why)s") % {"why": error.reason},
                _("If that is meant, make it in a migration."),
            ) from None
    tokens = tokens_of(candidate.ddl)
    on = next(place for place, token in enumerate(tokens) if token.text == "on" and token.kind == "word")
    end = on + 2
    while tokens[end].text == ".":
        end += 2
    return (
        candidate.ddl[tokens[on + 1].start : tokens[end - 1].end],
        candidate.ddl[tokens[end].start : tokens[-1].end],
        tokens[1].text == "unique",
    )


def _name_in(text: str) -> tuple[str, bool]:
    """The index's name in a CREATE INDEX, and whether it says IF NOT EXISTS."""
    tokens = tokens_of(text)
    words = [token.text if token.kind == "word" else "" for token in tokens]
    try:
        at = words.index("index") + 1
    except ValueError:
        return "", False  # the reader of the statement says it better
    at += words[at : at + 1] == ["concurrently"]
    checks = words[at : at + 3] == ["if", "not", "exists"]
    at += 3 * checks
    if at < len(tokens) and tokens[at].is_name and words[at] != "on":
        return _plain(tokens[at], text), checks
    return "", checks


def _plain(token: Token, text: str) -> str:
    if text[token.start : token.start + 2].lower() == "u&":
        raise OperationError(_("Write the name of the index without U&."), parameter=PARAMETER)
    return token.text


def _check_name(name: str) -> None:
    size = len(name.encode())
    if size > MOST_BYTES:
        raise OperationError(
            _("The name of the index has %(size)d bytes; PostgreSQL keeps %(most)d.")
            % {"size": size, "most": MOST_BYTES},
            parameter="name",
        )
    if "\0" in name:
        raise OperationError(_("The name of the index holds a character that no name has."), parameter="name")


def _said(error: psycopg.Error) -> OperationError:
    words = error.diag.message_primary
    if error.sqlstate is None or words is None:
        return OperationFailed(_("PostgreSQL does not answer."))
    if error.sqlstate[:2] in ("42", "0A", "22", "3F"):
        return OperationError(_("PostgreSQL refuses the index: %(words)s.") % {"words": words}, parameter=PARAMETER)
    return OperationFailed(_("PostgreSQL could not do it: %(words)s.") % {"words": words})
