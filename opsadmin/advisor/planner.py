"""PostgreSQL's planner, asked what a statement costs with indexes that are not there: one connection, one READ ONLY
transaction, HypoPG's indexes in it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from opsadmin.advisor.facts import Ask
from opsadmin.advisor.formulas import SETTINGS_QUESTION, Settings
from opsadmin.advisor.spec import IndexSpec
from opsadmin.console.errors import SqlRefused
from opsadmin.console.session import ConsoleSession
from opsadmin.console.tree import Node
from opsadmin.console.wire import OutOfTime
from opsadmin.core.errors import OperationError
from opsadmin.plans.asked import asked_of
from opsadmin.plans.failed import failure
from opsadmin.plans.permit import permit, permit_names
from opsadmin.plans.server import GENERIC_PLAN, PlanSession, marked

DEFINITIONS = (
    "SELECT x.oid::bigint AS oid, pg_get_indexdef(x.oid) AS definition FROM unnest(%(oids)s::oid[]) AS x (oid)"
)
#: Milliseconds for a look at a sample of rows: tens of times what it takes, so that the answer depends on no clock.
SAMPLE_MS = 5000
#: What HypoPG can pretend.
TRIED = frozenset({"btree", "brin"})


class NotAnalyzed(Exception):
    """Why a statement cannot be planned, as a sentence."""


@dataclass(frozen=True)
class Costed:
    """`cost`: the planner's. `used`: those of the tried indexes that stand in the plan; `existing`: the names of others
    there; `plan`: its root."""

    cost: float
    used: frozenset[IndexSpec]
    existing: frozenset[str]
    plan: dict[str, Any]


@dataclass
class Statement:
    """A statement that the server has read. `sql`: as it was given; `tree`: as the server reads it; `text`: what is
    planned; `query`: the part of it that the tree is of. `name`: of the prepared statement, where it has parameters and the server is older than 16."""

    sql: str
    tree: list[Node]
    text: str
    query: str
    generic: bool
    name: str = ""
    types: tuple[str, ...] = ()


class Planner:
    """`explains` counts the plans that were asked for. `hypo`: HypoPG's schema, quoted; empty where it is not there. `hides`:
    whether it can hide indexes that are there (1.4 and newer)."""

    def __init__(self, session: ConsoleSession, hypo: str, *, hides: bool = False) -> None:
        self._session = session
        self._connection = session.connection
        self._plans = PlanSession(session, asked_of("SELECT 1"))
        self._version = session.connection.info.server_version
        self._hypo = hypo
        self.hides = bool(hypo) and hides
        self._hidden: frozenset[int] | None = frozenset()
        self._made: dict[IndexSpec, int] = {}
        self._names: dict[str, IndexSpec] = {}
        self.sizes: dict[IndexSpec, int] = {}
        self.impossible: dict[IndexSpec, str] = {}
        self.explains = 0
        self._new: list[IndexSpec] = []
        self._is_whole = False

    def pretended(self, name: str) -> IndexSpec | None:
        """The hypothetical index that has this name in a plan."""
        return self._names.get(name)

    @property
    def has_hypo(self) -> bool:
        return bool(self._hypo)

    @property
    def seconds_left(self) -> float:
        return self._session.deadline - time.monotonic()

    # --- reading ----------------------------------------------------------------------------------------------------
    def expect(self, texts: Iterable[str]) -> None:
        """Judge the names of all statements at once: one question instead of one for each."""
        names: set[str] = set()
        for text in texts:
            with contextlib.suppress(OperationError, SqlRefused):
                names.update(token.text for token in asked_of(text).tokens if token.is_name)
        with self._plans.catalogue():
            self._plans.catalog.checked_types(names)

    def read(self, text: str) -> Statement:
        """Let the server read a statement.

        Raises `NotAnalyzed`; psycopg's `OperationalError` where the line is gone."""
        try:
            asked = asked_of(text)
        except OperationError as error:
            raise NotAnalyzed(_said(error)) from None
        plans = PlanSession(self._session, asked, self._plans.catalog)
        try:
            self._connection.execute("SAVEPOINT opsadmin_statement")
            try:
                permit_names(plans)
                plans.read()
                tree = permit(plans, runs=False)
            except psycopg.Error as error:
                if self._connection.broken:
                    raise
                self._connection.execute("ROLLBACK TO SAVEPOINT opsadmin_statement")
                raise NotAnalyzed(_said(failure(error, plans, ran=False))) from None
            except (SqlRefused, OperationError) as error:
                self._connection.execute("ROLLBACK TO SAVEPOINT opsadmin_statement")
                raise NotAnalyzed(_said(error)) from None
        except OutOfTime:
            raise NotAnalyzed("The server did not read it in time.") from None
        statement = Statement(text, tree, asked.head + plans.work.text(), plans.work.text(), plans.generic)
        if statement.generic and self._version < GENERIC_PLAN:
            used = plans.work.numbers
            statement.types = tuple("unknown" if one in used else "text" for one in range(1, max(used) + 1))
            statement.name = f"opsadmin_advised_{id(statement)}"
            self._plans.send_text(_prepare(statement))
        return statement

    @contextmanager
    def catalogue(self) -> Iterator[Ask]:
        """Inside, the catalogue can be asked."""
        with self._plans.catalogue():
            yield self._plans.rows

    def settle(self) -> None:
        """After the last statement was read: what all plans are made under."""
        self._session.ready(as_usual=True)
        self._session.set({"plan_cache_mode": "force_generic_plan"})

    def adopt(self, other: Planner, statements: Iterable[Statement]) -> None:
        """Take over what another planner has read, on a connection of the same role, to plan it here as well."""
        self.impossible = other.impossible
        self.settle()
        for one in statements:
            if one.name:
                self._plans.send_text(_prepare(one))
        if other._is_whole:
            self._take_whole()

    # --- planning ---------------------------------------------------------------------------------------------------
    def cost(
        self,
        statement: Statement,
        indexes: Iterable[IndexSpec],
        tables: Iterable[int],
        hidden: Collection[int] = (),
    ) -> Costed:
        """The statement's plan with exactly those hypothetical indexes on those tables. `hidden`: oids of indexes that are
        there and are not to be seen; only where `hides`.

        Raises `NotAnalyzed`; psycopg's `OperationalError` where the line is gone."""
        wanted, of_tables = set(indexes), set(tables)
        self.explains += 1
        try:
            try:
                found = self._explain([*self._hiding(frozenset(hidden)), *self._changes(wanted, of_tables)], statement)
            except psycopg.Error:
                if not self._new or self._connection.broken:
                    raise
                self._connection.execute("ROLLBACK TO SAVEPOINT opsadmin_plans")
                self._sort_out(self._new)
                self._hidden = None
                found = self._explain([*self._hiding(frozenset(hidden)), *self._changes(wanted, of_tables)], statement)
        except psycopg.Error as error:
            if self._connection.broken:
                raise
            self._connection.execute("ROLLBACK TO SAVEPOINT opsadmin_plans")
            raise NotAnalyzed(_said(failure(error, self._plans, ran=False))) from None
        except OutOfTime:
            raise NotAnalyzed("The server did not plan it in time.") from None
        found = [one for one in found if isinstance(one, dict)]
        roots = [one["Plan"] for one in found if "Plan" in one]
        if not roots:
            raise NotAnalyzed("A rule makes nothing of it.")
        used = {str(node["Index Name"]) for node in _nodes_of(found) if "Index Name" in node}
        specs = frozenset(self._names[name] for name in used if name in self._names)
        others = frozenset(name for name in used if name not in self._names)
        return Costed(sum(float(root["Total Cost"]) for root in roots), specs, others, roots[0])

    def _explain(self, commands: Sequence[str], statement: Statement) -> list[Any]:
        """One round trip: the changes of the hypothetical indexes, and the plan."""
        options = "FORMAT JSON"
        text = statement.text
        if statement.name:
            # The plan that was made before knows nothing of the new indexes.
            commands = [*commands, "DISCARD PLANS"]
            text = f"EXECUTE {statement.name} ({', '.join(['NULL'] * len(statement.types))})"
        elif statement.generic:
            options += ", GENERIC_PLAN"
        # The simple protocol takes several at once; that the statement is one the server said when it read it.
        # Released again: thousands of savepoints in each other would be a burden to the server.
        found = self._sent(
            ["SAVEPOINT opsadmin_plans", *commands, f"EXPLAIN ({options}) {text}", "RELEASE SAVEPOINT opsadmin_plans"]
        )
        self._keep(found)
        lines = [
            (result.get_value(row, 0) or b"").decode(errors="replace")
            for result in found[-2:-1]
            for row in range(result.ntuples)
        ]
        plans = list(json.loads("\n".join(lines)))
        if statement.name and not self._is_whole and any("Subplans Removed" in node for node in _nodes_of(plans)):
            # All values are NULL here, for which the server throws partitions out when the plan is started.
            self._take_whole()
            return self._explain((), statement)
        return plans

    def _take_whole(self) -> None:
        self._is_whole = True
        self._session.set({"enable_partition_pruning": "off", "constraint_exclusion": "on"})

    def _sent(self, commands: Iterable[str]) -> list[PGresult]:
        # Each with its mark: pg_stat_statements takes them one by one.
        sent = b";\n".join(map(marked, commands))
        return self._plans.send(lambda pgconn: pgconn.send_query(sent))

    def _hiding(self, hidden: frozenset[int]) -> list[str]:
        """The commands after which exactly those indexes that are there are hidden."""
        if hidden == self._hidden or not self.hides:
            return []
        self._hidden = hidden
        commands = [f"SELECT {self._hypo}.hypopg_unhide_all_indexes()"]
        if hidden:
            oids = ", ".join(map(str, sorted(hidden)))
            commands.append(f"SELECT {self._hypo}.hypopg_hide_index(x) FROM unnest('{{{oids}}}'::oid[]) AS x")  # noqa: S608
        return commands

    def _changes(self, wanted: set[IndexSpec], tables: Collection[int]) -> list[str]:
        """The commands after which exactly the wanted ones are there on those tables."""
        if not self._hypo:
            return []
        gone = [one for one in self._made if one.relid in tables and one not in wanted]
        new = sorted(
            one for one in wanted if one.using in TRIED and one not in self._made and one not in self.impossible
        )
        commands = []
        if gone:
            oids = ", ".join(str(self._made.pop(one)) for one in gone)
            commands.append(f"SELECT {self._hypo}.hypopg_drop_index(x) FROM unnest('{{{oids}}}'::oid[]) AS x")  # noqa: S608
        if new:
            texts = sql.SQL(", ").join(sql.Literal(one.ddl()) for one in new).as_string(self._connection)
            size = f"{self._hypo}.hypopg_relation_size(h.indexrelid)"
            commands.append(
                f"SELECT d.place, h.indexrelid, h.indexname, {size}"  # noqa: S608  # quoted by psycopg
                f" FROM unnest(ARRAY[{texts}]) WITH ORDINALITY AS d (ddl, place),"
                f" LATERAL {self._hypo}.hypopg_create_index(d.ddl) AS h"
            )
        self._new = new
        return commands

    def _sort_out(self, specs: Sequence[IndexSpec]) -> None:
        """Find those that HypoPG cannot make."""
        self._plans.rows(f"SELECT {self._hypo}.hypopg_reset()", {})
        self._made.clear()
        for spec in specs:
            try:
                with self._plans.attempt():
                    self._plans.rows(f"SELECT {self._hypo}.hypopg_create_index(%(ddl)s)", {"ddl": spec.ddl()})
            except psycopg.Error as error:
                if self._connection.broken:
                    raise
                self.impossible[spec] = str(error.diag.message_primary)
        self._plans.rows(f"SELECT {self._hypo}.hypopg_reset()", {})

    def _keep(self, found: Sequence[PGresult]) -> None:
        """Note the indexes that were made."""
        for result in found:
            if result.status == ExecStatus.TUPLES_OK and result.nfields == 4:
                for row in range(result.ntuples):
                    place, oid, name, size = (result.get_value(row, field) or b"" for field in range(4))
                    spec = self._new[int(place) - 1]
                    self._made[spec] = int(oid)
                    # HypoPG cuts a long name, within a character too.
                    self._names[name.decode(errors="replace")] = spec
                    self.sizes[spec] = int(size)

    def make(self, specs: Iterable[IndexSpec]) -> None:
        """Pretend those indexes, so that `sizes` knows HypoPG's figures."""
        wanted = set(specs)
        if not self._hypo or not wanted:
            return
        for _attempt in range(2):
            commands = self._changes(wanted, ())
            if not self._new:
                return
            try:
                self._keep(self._sent(["SAVEPOINT opsadmin_plans", *commands, "RELEASE SAVEPOINT opsadmin_plans"]))
                return
            except psycopg.Error:
                if self._connection.broken:
                    raise
                self._connection.execute("ROLLBACK TO SAVEPOINT opsadmin_plans")
                self._sort_out(self._new)

    def plan_of(self, query: str) -> dict[str, Any] | None:
        """The plan of a query of ours; None where it cannot be planned."""
        self.explains += 1
        try:
            with self._plans.attempt():
                found = json.loads(self._plans.send_text(f"EXPLAIN (FORMAT JSON) {query}"))
        except (psycopg.Error, OutOfTime):
            if self._connection.broken:
                raise
            return None
        plan: dict[str, Any] = found[0]["Plan"]
        return plan

    def rows_of(self, query: str) -> float | None:
        """How many rows the planner expects of a query of ours; None where it cannot be planned."""
        plan = self.plan_of(query)
        return None if plan is None else float(plan["Plan Rows"])

    def sampled(self, question: str) -> list[dict[str, Any]]:
        """The answer to a question of ours about a few rows, after the guard has judged what it runs. Empty where the role may
        not read them, or where it takes too long."""
        try:
            plans = PlanSession(self._session, asked_of(question), self._plans.catalog)
        except OperationError:
            return []
        self._connection.execute("SAVEPOINT opsadmin_sample")
        try:
            permit_names(plans)
            permit(plans, runs=True)
            self._session.set({"statement_timeout": str(SAMPLE_MS), "max_parallel_workers_per_gather": "0"})
            return plans.rows(question.replace("%", "%%"), {})
        except (psycopg.Error, SqlRefused, OperationError):
            if self._connection.broken:
                raise
            return []
        finally:
            if not self._connection.broken:
                self._connection.execute("ROLLBACK TO SAVEPOINT opsadmin_sample")
                self._connection.execute("RELEASE SAVEPOINT opsadmin_sample")

    def definitions(self, oids: Iterable[int]) -> dict[int, str]:
        """The CREATE INDEX of each; none where somebody holds a table of them: the server opens it for that."""
        try:
            with self._plans.attempt(), self._plans.catalogue():
                found = self._plans.rows(DEFINITIONS, {"oids": sorted(oids)})
        except psycopg.Error:
            if self._connection.broken:
                raise
            return {}
        return {row["oid"]: row["definition"] for row in found if row["definition"]}

    def settings(self) -> Settings:
        """What the planner reckons with."""
        with self.catalogue() as ask:
            return Settings.of(ask(SETTINGS_QUESTION, {})[0])

    @property
    def is_utf8(self) -> bool:
        """Whether the server counts the bytes of a text as we do."""
        return self._connection.info.parameter_status("server_encoding") == "UTF8"

    def forget(self) -> None:
        """Behind a pooler the server's session goes on."""
        if self._hypo and not self._connection.broken:
            self._plans.rows(f"SELECT {self._hypo}.hypopg_reset()", {})
            if self._hidden != frozenset():
                self._plans.rows(f"SELECT {self._hypo}.hypopg_unhide_all_indexes()", {})
        self._made.clear()
        self._names.clear()


def _prepare(statement: Statement) -> str:
    return f"PREPARE {statement.name} ({', '.join(statement.types)}) AS {statement.query}"


def _nodes_of(plans: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    waiting = [one["Plan"] for one in plans if "Plan" in one]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.get("Plans", ()))


def _said(error: OperationError | SqlRefused) -> str:
    said = error.reason if isinstance(error, SqlRefused) else str(error)
    return f"{said} {error.hint}".strip()
