"""Where indexes are built to be measured: on copies, or on the tables themselves."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import psycopg
from django.utils.translation import gettext as _

from opsadmin.advisor.advice import Recommendation
from opsadmin.advisor.verify.copies import LEAST_BYTES, Part, copy_of, fill, finish, make, parts_of, twice, why_no_copy
from opsadmin.advisor.verify.ddl import index_on
from opsadmin.advisor.verify.facts import Relation
from opsadmin.advisor.verify.request import Request
from opsadmin.advisor.verify.statements import COPIES, Subject
from opsadmin.advisor.verify.trial_session import IDLE_MS, TrialSession
from opsadmin.core.blocks import said_bytes
from opsadmin.postgres.names import identifier

Tell = Callable[[str, float], None]
Keep = Callable[[bool], None]
#: Milliseconds that a lock is waited for, because others wait behind us.
LOCK_MS = 500
#: The state of the error for a value that no page of the index holds.
TOO_LONG = "54000"


class NotBuilt(Exception):
    """Why PostgreSQL cannot build an index, as a sentence."""


class Ground(ABC):
    """`copies`: what stands for which table, by its oid; empty where the tables themselves are measured. `stays_gone`: an
    index that is taken away to measure without it does not come back. `samples`: the part of each table that was copied,
    where it is not all."""

    stays_gone = False

    def __init__(self, request: Request, relations: Mapping[int, Relation]) -> None:
        self._request = request
        self._relations = relations
        self.copies: dict[int, Relation] = {}
        self.samples: dict[str, float] = {}
        self.copied_bytes = 0

    @abstractmethod
    def refusals(self, new_bytes: Mapping[int, int]) -> dict[int, str]:
        """Why nothing can be built on tables, by their oid. `new_bytes`: of the indexes to build, by table."""

    @abstractmethod
    def why_not(self, subject: Subject) -> str:
        """Why the statement cannot be run here; empty where it can."""

    @abstractmethod
    def prepare(self, session: TrialSession, subjects: Collection[Subject], tell: Tell) -> None:
        """All that stands before the first statement can run."""

    @abstractmethod
    def in_the_way(self, session: TrialSession) -> AbstractContextManager[None]:
        """Inside, others may have to wait for us."""

    @abstractmethod
    def share(self, oid: int) -> float:
        """How much of the table's rows are looked at."""

    @abstractmethod
    def build(self, session: TrialSession, number: int, one: Recommendation, oid: int) -> str:
        """Build the index on that table, and say its plain name.

        Raises `NotBuilt`."""

    @abstractmethod
    def without(self, session: TrialSession, number: int, name: str) -> AbstractContextManager[Keep]:
        """Inside, the index is not there. What it gives is told whether it shall come back."""

    def _made(self, session: TrialSession, name: str, one: Recommendation, oid: int, table: str) -> str:
        session.connection.execute("SAVEPOINT opsadmin_build")
        try:
            session.do(index_on(one.ddl, name, table))
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
            raise
        except psycopg.Error as error:
            if session.connection.broken or error.sqlstate is None or error.sqlstate[:2] in ("53", "57", "58"):
                raise
            session.connection.execute("ROLLBACK TO SAVEPOINT opsadmin_build")
            # Of other errors the server's words may hold a value of a row.
            words = str(error.diag.message_primary) if error.sqlstate == TOO_LONG else type(error).__name__
            raise NotBuilt(_("PostgreSQL cannot build it: %(words)s.") % {"words": words}) from None
        if not {*one.columns} <= {column.name for column in self._relations[oid].columns}:
            session.do(f"ANALYZE {table}")  # an expression has statistics of its own
        return name


class Copied(Ground):
    """On copies, which nobody else sees."""

    _parts: Mapping[int, Part] = {}
    _new_bytes: Mapping[int, int] = {}

    def refusals(self, new_bytes: Mapping[int, int]) -> dict[int, str]:
        self._new_bytes = new_bytes
        return {}

    def why_not(self, subject: Subject) -> str:
        read = [self._relations[oid] for oid in sorted(subject.relations) if oid in self._relations]
        for relation in read:
            if why := why_no_copy(relation):
                return why
        if same := twice(read):
            return _("Two of its tables are called %(name)s: their copies would have one name.") % {"name": min(same)}
        if subject.calls:
            return _("It calls %(name)s, which may read the tables themselves.") % {"name": subject.calls[0]}
        return ""

    def prepare(self, session: TrialSession, subjects: Collection[Subject], tell: Tell) -> None:
        wanted = {oid for one in subjects for oid in one.relations if oid in self._relations}
        taken: dict[str, int] = {}
        for oid in sorted(wanted, key=lambda oid: (oid not in self._new_bytes, oid)):
            taken.setdefault(self._relations[oid].name, oid)
        parts = parts_of(
            [self._relations[oid] for oid in taken.values()], self._new_bytes, int(self._request.most_bytes)
        )
        fitting = [one for one in parts if one.share == 1 or one.share * one.relation.bytes >= LEAST_BYTES]
        self._parts = {one.relation.oid: one for one in fitting}
        for subject in subjects:
            subject.why_not = subject.why_not or self._why_not_copied(subject, taken)
        wanted = {oid for one in subjects if not one.why_not for oid in one.relations}
        fitting = [one for one in fitting if one.relation.oid in wanted]
        total = sum(one.share * one.relation.bytes for one in fitting) or 1.0
        for part in fitting:
            self._copy(session, part, total, tell)

    def _why_not_copied(self, subject: Subject, taken: Mapping[str, int]) -> str:
        for oid in sorted(subject.relations & self._relations.keys()):
            relation = self._relations[oid]
            if taken[relation.name] != oid:
                return _("A table of another schema is called %(name)s, too: their copies would have one name.") % {
                    "name": relation.name
                }
            if oid not in self._parts:
                return _("%(name)s has %(size)s, and too little of it would fit into %(most)s.") % {
                    "name": relation.identity,
                    "size": said_bytes(relation.bytes),
                    "most": said_bytes(self._request.most_bytes),
                }
        return ""

    def _copy(self, session: TrialSession, part: Part, total: float, tell: Tell) -> None:
        relation = part.relation
        begun = self.copied_bytes

        def count(done: int) -> None:
            self.copied_bytes = begun + done
            share = min(1.0, self.copied_bytes / total)
            tell(_("Copying %(name)s") % {"name": relation.identity}, 0.05 + 0.35 * share)

        make(session, part)
        fill(session, part, self._request.address, self._request.role, count)
        tell(_("Building the indexes that %(name)s has") % {"name": relation.identity}, 0.4)
        finish(session, part)
        self.copies[relation.oid] = relation
        if part.share < 1:
            self.samples[relation.identity] = part.share

    def in_the_way(self, session: TrialSession) -> AbstractContextManager[None]:
        return nullcontext()

    def share(self, oid: int) -> float:
        return self._parts[oid].share

    def build(self, session: TrialSession, number: int, one: Recommendation, oid: int) -> str:
        return self._made(session, f"opsadmin_new_{number}", one, oid, copy_of(self._relations[oid]))

    @contextmanager
    def without(self, session: TrialSession, number: int, name: str) -> Iterator[Keep]:
        comes_back = True

        def keep(wish: bool) -> None:
            nonlocal comes_back
            comes_back = wish

        session.connection.execute("SAVEPOINT opsadmin_without")
        session.do(f"DROP INDEX {COPIES}.{identifier(name)}")
        yield keep
        if comes_back:
            session.connection.execute("ROLLBACK TO SAVEPOINT opsadmin_without")
        session.connection.execute("RELEASE SAVEPOINT opsadmin_without")


class InPlace(Ground):
    """On the tables themselves: nobody can write to them meanwhile."""

    #: DROP INDEX would lock readers out: an index goes with the savepoint before it, the last one first.
    stays_gone = True

    def refusals(self, new_bytes: Mapping[int, int]) -> dict[int, str]:
        found: dict[int, str] = {}
        left = self._request.most_bytes
        for relation in sorted((self._relations[oid] for oid in new_bytes), key=lambda one: (one.bytes, one.oid)):
            why = self._refusal(relation, left)
            if why:
                found[relation.oid] = why
            else:
                left -= relation.bytes
        return found

    def _refusal(self, relation: Relation, left: float) -> str:
        values = {
            "name": relation.identity,
            "role": identifier(relation.role),
            "owner": relation.owner,
            "schema": identifier(relation.schema),
            "size": said_bytes(relation.bytes),
            "most": said_bytes(self._request.most_bytes),
        }
        if not relation.is_owner:
            return _(
                "%(role)s does not own %(name)s: its owner %(owner)s may try indexes, or a member of that role."
            ) % (values)
        if not relation.may_create:
            return _("%(role)s may not create indexes there: GRANT CREATE ON SCHEMA %(schema)s TO %(role)s;") % values
        if not relation.is_table or relation.has_children:
            return _("%(name)s has partitions or children: a trial would lock them all.") % values
        if relation.bytes > left:
            return (
                _("%(name)s has %(size)s, and writers may have to wait for tables of %(most)s together at most.")
                % values
            )
        return ""

    def why_not(self, subject: Subject) -> str:
        return ""

    def prepare(self, session: TrialSession, subjects: Collection[Subject], tell: Tell) -> None:
        """Nothing: the tables are there."""

    @contextmanager
    def in_the_way(self, session: TrialSession) -> Iterator[None]:
        session.deadline = min(session.deadline, time.monotonic() + self._request.most_seconds)
        # Should this process hang, the server does not wait for it with the tables locked.
        session.set({"idle_in_transaction_session_timeout": str(IDLE_MS)})
        yield

    def share(self, oid: int) -> float:
        return 1.0

    def build(self, session: TrialSession, number: int, one: Recommendation, oid: int) -> str:
        session.connection.execute(f"SAVEPOINT opsadmin_try_{number}")
        name = f"opsadmin_try_{session.pid}_{number}"
        return self._made(session, name, one, oid, self._relations[oid].identity)

    @contextmanager
    def without(self, session: TrialSession, number: int, name: str) -> Iterator[Keep]:
        session.connection.execute(f"ROLLBACK TO SAVEPOINT opsadmin_try_{number}")
        yield lambda wish: None
