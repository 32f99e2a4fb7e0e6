"""An advice verified: what its statements really read, with its indexes really built, in a transaction that is rolled back.

outcome = verify(advice, Request(address={"host": "/run/postgresql", "dbname": "shop"}))
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import psycopg
from django.utils.translation import gettext as _

from opsadmin.advisor.advice import Advice, Measured, Verification
from opsadmin.advisor.verify.facts import Relation, relations_of, server_of
from opsadmin.advisor.verify.ground import LOCK_MS, Copied, Ground, InPlace, NotBuilt
from opsadmin.advisor.verify.measure import Run, run_of
from opsadmin.advisor.verify.request import COPY, TRIAL_SECONDS, Request
from opsadmin.advisor.verify.statements import Subject, prepare, read
from opsadmin.advisor.verify.trial_session import TrialSession
from opsadmin.advisor.verify.verdict import Judged, Use, Verdict, is_worse, judged
from opsadmin.console.catalog import ServerCatalog
from opsadmin.console.session import Limits, console_session, session_of
from opsadmin.console.wire import OutOfTime
from opsadmin.core.errors import OperationFailed, Stopped
from opsadmin.plans.asked import asked_of
from opsadmin.plans.server import PlanSession

#: The most that one run of a statement may take, and the part of all time.
STATEMENT_SECONDS, STATEMENT_PART = 10.0, 0.15
#: What is left at the end for what was not measured to be said.
RESERVE_SECONDS = 1.0
LINE_BYTES = 1 << 40


@dataclass
class Outcome:
    """`judged`: by the number of the recommendation."""

    judged: dict[int, Judged] = field(default_factory=dict)
    verification: Verification | None = None

    @property
    def refuted(self) -> list[int]:
        return [number for number, one in self.judged.items() if one.verdict is Verdict.REFUTED]


def verify(advice: Advice, request: Request) -> Outcome:
    """What the measurement says of each recommendation.

    Raises `OperationFailed` where it could not be done, `Stopped`."""
    return _Verifier(advice, request).outcome()


class _Verifier:
    def __init__(self, advice: Advice, request: Request) -> None:
        self._advice = advice
        self._request = request
        self._begin = time.monotonic()
        self._subjects = [Subject(place, one.sql, one.weight) for place, one in enumerate(advice.queries)]
        self._before: dict[int, Run] = {}
        self._after: dict[int, Run] = {}
        self._found = Outcome()
        self._ground: Ground | None = None
        self._complete = True

    def outcome(self) -> Outcome:
        try:
            if self._advice.recommendations:
                self._verify()
            for subject in self._subjects:
                subject.why_not = subject.why_not or ("" if self._before else _("There is no index to verify."))
        except OutOfTime:
            self._complete = False
        except psycopg.errors.LockNotAvailable:
            raise OperationFailed(
                _("A table is locked by somebody else, so nothing was measured."),
                hint=_("Try again when that is over; list_locks shows who holds what."),
            ) from None
        except psycopg.errors.QueryCanceled:
            self._complete = False
        except psycopg.Error as error:
            words = error.diag.message_primary
            raise OperationFailed(
                _("PostgreSQL could not do it: %(words)s. Nothing was changed.") % {"words": words}
                if words
                else _("PostgreSQL does not answer any more. What was made is rolled back by itself.")
            ) from None
        for number in range(len(self._advice.recommendations)):
            self._found.judged.setdefault(number, Judged(Verdict.DOUBTFUL, self._no_time()))
        self._found.verification = self._said()
        return self._found

    def _no_time(self) -> str:
        return _("There was no time left for it (%(seconds)s s).") % {"seconds": f"{self._request.most_seconds:g}"}

    # --- what can be run --------------------------------------------------------------------------------------------
    def _verify(self) -> None:
        self._tell(_("Reading the statements"), 0.02)
        relations = self._read()
        targets = self._targets(relations)
        ground: Ground = (
            Copied(self._request, relations) if self._request.how == COPY else InPlace(self._request, relations)
        )
        self._ground = ground
        new_bytes: dict[int, int] = {}
        for number, oid in targets.items():
            new_bytes[oid] = new_bytes.get(oid, 0) + self._advice.recommendations[number].size_bytes
        refused = ground.refusals(new_bytes)
        for subject in self._subjects:
            if not subject.relations & set(targets.values()):
                subject.why_not = subject.why_not or _("No index to verify is on its tables.")
            else:
                subject.why_not = subject.why_not or ground.why_not(subject)
        for number in list(targets):
            why = refused.get(targets[number], "") or self._why_doubtful(number)
            if why:
                self._found.judged[number] = Judged(Verdict.DOUBTFUL, why)
                del targets[number]
        if targets:
            self._measure(ground, targets, relations)

    def _read(self) -> dict[int, Relation]:
        limits = Limits(seconds=60, statement_ms=10_000, resolve_ms=5000, line_bytes=LINE_BYTES, lock_ms=500)
        request = self._request
        with console_session(request.address, limits, role=request.role) as session:
            plans = PlanSession(session, asked_of("SELECT 1"))
            with plans.catalogue():
                server = server_of(plans.rows)
            _refuse(server, request.how)
            for subject in self._subjects:
                self._tell(_("Reading the statements"), 0.03)
                read(session, plans.catalog, subject)
            with plans.catalogue():
                return relations_of(plans.rows, {oid for one in self._subjects for oid in one.relations})

    def _targets(self, relations: Mapping[int, Relation]) -> dict[int, int]:
        """The oid of each recommendation's table."""
        oids = {one.identity: oid for oid, one in relations.items()}
        found = {}
        for number, one in enumerate(self._advice.recommendations):
            if one.table in oids:
                found[number] = oids[one.table]
            else:
                self._found.judged[number] = Judged(Verdict.DOUBTFUL, self._why_doubtful(number))
        return found

    def _why_doubtful(self, number: int) -> str:
        """Why none of the statements that the index helps can be run; empty where one can. Only with one is it known that
        the guard let through what the index's own expression calls."""
        helped = [self._subjects[one.query] for one in self._advice.recommendations[number].queries]
        if any(not one.why_not for one in helped):
            return ""
        return next((one.why_not for one in helped), "") or _("No statement uses it.")

    # --- measuring --------------------------------------------------------------------------------------------------
    def _measure(self, ground: Ground, targets: dict[int, int], relations: Mapping[int, Relation]) -> None:
        request = self._request
        seconds = request.most_seconds if request.how == COPY else TRIAL_SECONDS
        seconds = max(1.0, seconds - (time.monotonic() - self._begin))
        limits = Limits(seconds=seconds, statement_ms=10_000, resolve_ms=5000, line_bytes=LINE_BYTES, lock_ms=LOCK_MS)
        runnable = [one for one in self._subjects if not one.why_not]
        with session_of(TrialSession, request.address, limits, role=request.role) as session:
            with session.heeding(request.is_stopped):
                ground.prepare(session, runnable, self._tell)
                catalog = ServerCatalog(session.connection)
                for subject in runnable:
                    prepare(session, catalog, subject, ground.copies)
                runnable = [one for one in runnable if not one.why_not]
                self._tell(_("Running the statements without the indexes"), 0.5)
                self._run(session, runnable, self._before)
                runnable = [one for one in runnable if not one.why_not]
                for number in list(targets):
                    why = self._why_doubtful(number)
                    if not why and ground.copies and targets[number] not in ground.copies:
                        why = _("There is no copy of its table.")
                    if why:
                        self._found.judged[number] = Judged(Verdict.DOUBTFUL, why)
                        del targets[number]
                self._build_and_judge(session, ground, targets, runnable)

    def _build_and_judge(
        self, session: TrialSession, ground: Ground, targets: Mapping[int, int], runnable: Collection[Subject]
    ) -> None:
        with ground.in_the_way(session):
            names: dict[int, str] = {}
            for place, (number, oid) in enumerate(targets.items()):
                self._tell(_("Building the indexes"), 0.55 + 0.2 * place / len(targets))
                if session.seconds_left < RESERVE_SECONDS:
                    raise OutOfTime
                try:
                    names[number] = ground.build(session, number, self._advice.recommendations[number], oid)
                except NotBuilt as error:
                    self._found.judged[number] = Judged(Verdict.REFUTED, str(error))
            self._tell(_("Running the statements with the indexes"), 0.75)
            self._run(session, runnable, self._after)
            now = dict(self._after)
            for place, number in enumerate(reversed(names)):
                self._tell(_("Running them without each index"), 0.85 + 0.15 * place / len(names))
                self._judge(session, ground, number, names[number], targets[number], now)

    def _judge(
        self, session: TrialSession, ground: Ground, number: int, name: str, oid: int, now: dict[int, Run]
    ) -> None:
        """Hold what uses the index against the same without it. `now`: the latest runs."""
        users = [one for one in self._subjects if one.place in now and name in now[one.place].indexes]
        if session.seconds_left < RESERVE_SECONDS:
            raise OutOfTime
        without: dict[int, Run] = {}
        with ground.without(session, number, name) as keep:
            if self._is_used(name):
                self._run(session, users, without)
            for place, run in without.items():
                without[place] = run.with_time_of(self._before[place])
            uses = [Use(one.weight, without[one.place], now[one.place]) for one in users if one.place in without]
            share = ground.share(oid)
            found = judged(uses if self._is_used(name) else (), self._request.how, share)
            keep(found.verdict is not Verdict.REFUTED)
        if found.verdict is Verdict.REFUTED or ground.stays_gone:
            now.update(without)
        if found.verdict is Verdict.REFUTED and self._request.how == COPY:
            self._after.update(without)
        self._found.judged[number] = found

    def _is_used(self, name: str) -> bool:
        return any(name in run.indexes for run in self._after.values())

    def _run(self, session: TrialSession, subjects: Collection[Subject], into: dict[int, Run]) -> None:
        most = 1000 * min(STATEMENT_SECONDS, STATEMENT_PART * self._request.most_seconds)
        for subject in subjects:
            if session.seconds_left < RESERVE_SECONDS:
                raise OutOfTime
            assert subject.plans is not None  # noqa: S101  # only those that were prepared are run
            try:
                into[subject.place] = run_of(session, subject.plans, most_ms=int(most))
            except psycopg.Error as error:
                session.check()
                if session.connection.broken or error.diag.message_primary is None:
                    raise
                subject.why_not = _("PostgreSQL cannot run it: %(kind)s.") % {"kind": type(error).__name__}

    # --- in figures -------------------------------------------------------------------------------------------------
    def _said(self) -> Verification:
        names = {number: one.name for number, one in enumerate(self._advice.recommendations)}
        doubts = {
            names[number]: one.reason
            for number, one in sorted(self._found.judged.items())
            if one.verdict is Verdict.DOUBTFUL
        }
        return Verification(
            how=self._request.how,
            seconds=round(time.monotonic() - self._begin, 1),
            statements=tuple(self._measured(one) for one in self._subjects),
            copied_bytes=self._ground.copied_bytes if self._ground else 0,
            samples=self._ground.samples if self._ground else {},
            doubts=doubts,
            complete=self._complete,
        )

    def _measured(self, subject: Subject) -> Measured:
        before, after = self._before.get(subject.place), self._after.get(subject.place)
        if before is None or after is None or subject.why_not:
            return Measured(query=subject.place, why_not=subject.why_not or self._no_time())
        before, after = before.with_time_of(after), after.with_time_of(before)
        return Measured(
            query=subject.place,
            blocks_before=None if before.is_over else before.blocks,
            blocks_after=None if after.is_over else after.blocks,
            ms_before=round(before.ms, 3),
            ms_after=round(after.ms, 3),
            is_worse=is_worse(before, after),
        )

    def _tell(self, says: str, share: float) -> None:
        self._request.tell(says, share)
        if self._request.is_stopped():
            raise Stopped(_("It was stopped."))


def _refuse(server: Mapping[str, object], how: str) -> None:
    """Raises `OperationFailed` where nothing can be built on this server by our role."""
    if server["is_standby"]:
        raise OperationFailed(_("This server is a standby, where nothing can be built: ask its primary."))
    if how == COPY and not server["may_copy"]:
        raise OperationFailed(
            _("%(role)s may not make temporary tables, so there can be no copy.") % server,
            hint=_(
                "GRANT TEMPORARY ON DATABASE %(database)s TO %(role)s; or verify by a trial on the tables themselves."
            )
            % server,
        )
