"""The statements of an advice, read and judged: which can be run where, and what is run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import psycopg
from django.utils.translation import gettext as _
from psycopg import pq

from opsadmin.advisor.operators import dictionary_of
from opsadmin.advisor.verify.facts import Relation
from opsadmin.advisor.verify.trial_session import TrialSession
from opsadmin.advisor.verify.values import values_of, wanted_of
from opsadmin.console.catalog import ServerCatalog
from opsadmin.console.errors import SqlRefused
from opsadmin.console.mentions import FIRST_OWN, mentions_of
from opsadmin.console.session import ConsoleSession
from opsadmin.console.text import tokens_of
from opsadmin.console.tree import Node
from opsadmin.core.errors import OperationError
from opsadmin.plans.asked import CHANGES, asked_of
from opsadmin.plans.failed import failure
from opsadmin.plans.permit import permit, permit_names
from opsadmin.plans.server import PlanSession

#: Where the copies are, for SQL.
COPIES = "pg_temp"


class NotRunnable(Exception):
    """Why a statement cannot be run there, as a sentence."""


@dataclass
class Subject:
    """A statement. `place`: in the advice; `weight`: how often it counts. `relations`: oids of what it reads, PostgreSQL's
    own left out; `calls`: functions that people wrote and that may read. `why_not`: why it is not run, empty where it is;
    `plans`: once it can be."""

    place: int
    sql: str
    weight: float
    relations: frozenset[int] = frozenset()
    calls: tuple[str, ...] = ()
    why_not: str = ""
    plans: PlanSession | None = field(default=None, repr=False)


def read(session: ConsoleSession, catalog: ServerCatalog, subject: Subject) -> None:
    """Say what the statement reads, or why it cannot be run anywhere."""
    try:
        plans = _judged(session, catalog, subject.sql)
    except NotRunnable as error:
        subject.why_not = str(error)
        return
    found = mentions_of(plans[1])
    subject.relations = frozenset(oid for oid in found.relations if oid >= FIRST_OWN)
    with plans[0].catalogue():
        functions = catalog.functions(found.functions, found.operators)
    subject.calls = tuple(
        one.name for one in functions if one.oid >= FIRST_OWN and one.extension is None and one.volatility != "i"
    )


def prepare(session: TrialSession, catalog: ServerCatalog, subject: Subject, copies: Mapping[int, Relation]) -> None:
    """Have it ready to be run. `copies`: by the oid of the table that each stands for; empty: it is run where it belongs."""
    try:
        sql = _on_copies(subject, copies) if copies else subject.sql
        plans, tree = _judged(session, catalog, sql)
        if plans.generic:
            plans, tree = _judged(session, catalog, _filled(plans, tree))
        if copies and (left := _left(tree, copies)):
            raise NotRunnable(_("Its names lead past the copy (%(names)s).") % {"names": left})
        subject.plans = plans
    except NotRunnable as error:
        subject.why_not = str(error)


def _judged(session: ConsoleSession, catalog: ServerCatalog, sql: str) -> tuple[PlanSession, list[Node]]:
    """Raises `NotRunnable`; psycopg's `OperationalError` where the line is gone."""
    connection = session.connection
    connection.execute("SAVEPOINT opsadmin_judged")
    try:
        asked = asked_of(sql)
        first = next((token.text for token in asked.tokens if token.text != "("), "")
        if first in CHANGES:
            raise NotRunnable(_("It changes rows, so it is not run."))
        plans = PlanSession(session, asked, catalog)
        try:
            permit_names(plans)
            plans.read()
            return plans, permit(plans, runs=True)
        except psycopg.Error as error:
            if connection.broken:
                raise
            connection.execute("ROLLBACK TO SAVEPOINT opsadmin_judged")
            raise NotRunnable(_said(failure(error, plans, ran=False))) from None
    except (SqlRefused, OperationError) as error:
        raise NotRunnable(_said(error)) from None
    finally:
        if not connection.broken and connection.pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
            connection.execute("ROLLBACK TO SAVEPOINT opsadmin_judged")
            connection.execute("RELEASE SAVEPOINT opsadmin_judged")


def _said(error: OperationError | SqlRefused) -> str:
    return error.reason if isinstance(error, SqlRefused) else error.message


# --- on a copy ------------------------------------------------------------------------------------------------------
def _on_copies(subject: Subject, copies: Mapping[int, Relation]) -> str:
    """The statement with names of schemas before copied tables changed to that of the copies. A name without a schema
    leads to the copy by itself."""
    places = {(copies[oid].schema, copies[oid].name) for oid in subject.relations if oid in copies}
    tokens = tokens_of(subject.sql)
    pieces, end = [], 0
    for schema, dot, name in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_table = schema.is_name and dot.text == "." and name.is_name and (schema.text, name.text) in places
        if is_table and subject.sql[max(0, schema.start - 1) : schema.start] != ".":
            pieces += [subject.sql[end : schema.start], COPIES]
            end = schema.end
    return "".join([*pieces, subject.sql[end:]])


def _left(tree: Collection[Node], copies: Mapping[int, Relation]) -> str:
    """What the statement still reads of the tables themselves."""
    found = mentions_of(tree).relations & copies.keys()
    return ", ".join(copies[oid].identity for oid in sorted(found))


# --- parameters -----------------------------------------------------------------------------------------------------
def _filled(plans: PlanSession, tree: list[Node]) -> str:
    """The statement with values in place of its parameters.

    Raises `NotRunnable`."""
    with plans.catalogue():
        dictionary = dictionary_of(plans.rows, tree)
        wanted = wanted_of(tree, dictionary)
        values = values_of(plans.rows, wanted)
    unknown = [f"${number}" for number in plans.work.numbers if number not in values]
    if unknown:
        raise NotRunnable(
            _("The statistics know no value for %(names)s: give the statement with its constants.")
            % {"names": ", ".join(unknown)}
        )
    text = plans.work.text()
    pieces, end = [], 0
    for token in tokens_of(text):
        if token.kind == "parameter":
            number = int(token.text[1:])
            pieces += [text[end : token.start], _literal(values[number], dictionary.types.get(wanted[number].type, ""))]
            end = token.end
    return "".join([*pieces, text[end:]])


def _literal(value: str, kind: str) -> str:
    doubled = value.replace("'", "''")
    text = "E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in doubled else f"'{doubled}'"
    return f"({text}::{kind})" if kind else text
