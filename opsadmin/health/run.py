"""One look at a PostgreSQL by many checks: few statements, a bounded time, and no check that costs the others' findings.

The checks of families that read the same facts go in one statement. Where a statement fails, its checks are asked again in halves, so that the one
at fault is found and the others' findings are kept."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from opsadmin.core.finding import CheckResult, Finding, NotLookedAt, Status, Unavailable, worst
from opsadmin.health.batch import MAX_ROWS, batch_sql, rows_by_check
from opsadmin.health.card import Card
from opsadmin.health.catalog import PostgresCheck
from opsadmin.health.findings import finding_of
from opsadmin.health.limits import Limits
from opsadmin.health.look import Look
from opsadmin.health.notes import with_note
from opsadmin.postgres.capabilities import Capabilities, capabilities_of
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import LOCK_TIMEOUT_MS, Session, read_only

logger = logging.getLogger(__name__)

LOCKED = (Path(__file__).parent / "locked.sql").read_text(encoding="utf-8")

#: Seconds for the whole look, for one statement of it, and for each after one took too long: what is slow must not cost
#: the others their turn.
BUDGET = 8.0
STATEMENT = 5.0
AFTER_A_SLOW_ONE = 1.0
#: The facts are read through common table expressions, of which the planner has no statistics: what it takes for one row
#: may be 50,000, and a nested loop over two of those ran for minutes.
#: Sorting a large catalogue needs more memory than PostgreSQL's 4 MB: else each look would write 170 MB of temporary files.
PLANNER = {"enable_nestloop": "off", "work_mem": "32MB"}
#: Families that go in one statement, because they read the same facts.
TOGETHER = (
    ("connection", "replication", "buffer", "query", "configuration"),
    ("index", "vacuum", "table", "sequence", "constraint", "security"),
)
#: Locked relations that a report names.
MOST_LOCKED = 50


@dataclass
class Examination:
    """What a look brought. `capabilities`: None where PostgreSQL did not answer (`error` says why). `totals`: how many rows
    each check had, also those that were not read in full."""

    results: dict[str, CheckResult] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    capabilities: Capabilities | None = None
    not_looked_at: list[NotLookedAt] = field(default_factory=list)
    statements: int = 0
    ignored: int = 0
    error: str = ""


def examine(
    alias: str,
    wanted: Sequence[PostgresCheck],
    limits: Limits,
    *,
    budget: float = BUDGET,
    most: int = MAX_ROWS,
) -> Examination:
    """Look at the alias by the wanted checks, for `budget` seconds; read `most` rows of each in full. Never raises for a server that does not answer or a check that fails."""
    return _Examiner(alias, wanted, limits, budget, most).run()


class _Examiner:
    def __init__(self, alias: str, wanted: Sequence[PostgresCheck], limits: Limits, budget: float, most: int) -> None:
        self.alias = alias
        self.wanted = wanted
        self.limits = limits
        self.most = most
        self.until = time.monotonic() + budget
        self.found = Examination()
        self.locked: dict[int, str] = {}
        self.patience = STATEMENT

    def run(self) -> Examination:
        work: deque[list[PostgresCheck]] | None = None
        while work is None or work:
            try:
                with read_only(self.alias, statement_ms=self._statement_ms(), settings=PLANNER) as session:
                    try:
                        if work is None:
                            work = self._plan(session)
                        while work:
                            self._ask(session, work)
                    finally:
                        self.found.statements += session.statements + 1
            except _Failed as failure:
                assert work is not None  # noqa: S101  # a plan is there before a batch fails
                self._divide(work, failure.error)
            except DatabaseError as error:
                self._gone(error, work)
                break
        return self.found

    def _plan(self, session: Session) -> deque[list[PostgresCheck]]:
        capabilities = self.found.capabilities = capabilities_of(session)
        for row in session.rows(LOCKED):
            who = f"pid {row['pid']}" + (f" ({row['application_name']})" if row["application_name"] else "")
            does = "holds" if row["granted"] else "waits for"
            if row["oid"] in self.locked:
                continue
            sentence = self.locked[row["oid"]] = f"{who} {does} ACCESS EXCLUSIVE on it."
            if row["is_named"] and len(self.found.not_looked_at) < MOST_LOCKED:
                told = f"{sentence} What the catalogue and the counters say of it was judged; its rows were not read."
                self.found.not_looked_at.append(NotLookedAt(row["object"], told))
        asked = [check for check in self.wanted if self._can(check, capabilities)]
        in_sql = [check for check in asked if check.look is None]
        batches = [[check for check in in_sql if self._card(check).area in areas] for areas in TOGETHER]
        return deque([*filter(None, batches), *([check] for check in asked if check.look is not None)])

    def _can(self, check: PostgresCheck, capabilities: Capabilities) -> bool:
        card = check.card(capabilities.major)
        for need in card.needs:
            lack = capabilities.lacks(need)
            if lack is not None:
                self._unavailable(card, lack)
                return False
        return True

    def _card(self, check: PostgresCheck) -> Card:
        assert self.found.capabilities is not None  # noqa: S101  # read before any card is
        return check.card(self.found.capabilities.major)

    def _ask(self, session: Session, work: deque[list[PostgresCheck]]) -> None:
        batch = work[0]
        left = self.until - time.monotonic()
        if left <= 0:
            for checks in work:
                for check in checks:
                    self._unavailable(
                        self._card(check),
                        Unavailable("The time for the whole look was used up.", "Ask for this area alone."),
                    )
            work.clear()
            return
        if left < self.patience:
            session.set_timeouts(statement_ms=int(left * 1000))
        try:
            if batch[0].look is not None:
                self._look(session, batch[0], left)
            else:
                self._read(session, batch)
        except psycopg.Error as error:
            if session.raw.closed:
                raise
            raise _Failed(error) from error
        work.popleft()

    def _read(self, session: Session, batch: list[PostgresCheck]) -> None:
        assert self.found.capabilities is not None  # noqa: S101
        cards = [self._card(check) for check in batch]
        values = {card.id: self.limits.values(card) for card in cards}
        here = self.found.capabilities
        sql = batch_sql(cards, values, here.major, here.extensions, self.most)
        rows, totals = rows_by_check(session.tuples(sql))
        counts = {what[1:]: f"{total:,}".replace(",", " ") for what, total in totals.items() if what[0] == "#"}
        for card in cards:
            self._judge(card, rows.get(card.id, []), totals.get(card.id, 0), card.examined.format_map(_Kept(counts)))

    def _look(self, session: Session, check: PostgresCheck, left: float) -> None:
        assert self.found.capabilities is not None  # noqa: S101
        assert check.look is not None  # noqa: S101
        card = self._card(check)
        look = Look(session, self.found.capabilities, self.limits.values(card), self.locked, left)
        rows = check.look(look)
        self.found.not_looked_at += look.skipped
        self._judge(card, rows, len(rows), look.examined)

    def _judge(self, card: Card, rows: list[dict[str, Any]], total: int, examined: str) -> None:
        values = self.limits.values(card)
        findings: list[Finding] = []
        lack: Unavailable | None = None
        for row in rows:
            if row.get("not_looked_at"):
                total -= 1
                self.found.not_looked_at.append(NotLookedAt(str(row["object"]), row["not_looked_at"]))
                if row.get("nothing_seen"):
                    lack = Unavailable(row["not_looked_at"], str(row.get("fix_sql") or ""))
                continue
            finding = with_note(finding_of(card, row, values))
            if self.limits.ignores(finding.check, finding.object):
                self.found.ignored += 1
                total -= 1
            else:
                findings.append(finding)
        self.found.totals[card.id] = total
        if lack is not None and not findings:
            self._unavailable(card, lack)
            return
        status = worst(finding.severity for finding in findings)
        self.found.results[card.id] = CheckResult(
            card.id, card.area, _(card.title), status, tuple(findings), examined or "nothing of the kind"
        )

    def _unavailable(self, card: Card, lack: Unavailable) -> None:
        if lack.applicable:
            result = CheckResult(card.id, card.area, _(card.title), Status.UNKNOWN, unavailable=lack)
        else:
            result = CheckResult(
                card.id, card.area, _(card.title), Status.OK, examined=f"not applicable: {lack.reason}"
            )
        self.found.results[card.id] = result

    def _divide(self, work: deque[list[PostgresCheck]], error: Exception) -> None:
        batch = work.popleft()
        if isinstance(error, psycopg.errors.QueryCanceled):
            self.patience = AFTER_A_SLOW_ONE
        if len(batch) > 1:
            half = len(batch) // 2
            work.extendleft([batch[half:], batch[:half]])
            return
        card = self._card(batch[0])
        logger.warning("[health] the check %s could not look: %s", card.id, type(error).__name__)
        self._unavailable(card, why(error, self.found.capabilities, self.locked))

    def _gone(self, error: DatabaseError, work: deque[list[PostgresCheck]] | None) -> None:
        self.found.error = sentence_of(error)
        lost = self.wanted if work is None else [check for batch in work for check in batch]
        for check in lost:
            card = check.card(self.found.capabilities.major if self.found.capabilities else 99)
            self._unavailable(card, Unavailable(self.found.error, "Look again when it answers."))

    def _statement_ms(self) -> int:
        return int(max(0.05, min(self.patience, self.until - time.monotonic())) * 1000)


class _Failed(Exception):
    """A statement of the look failed; the connection still stands."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class _Kept(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "0"


def why(error: Exception, capabilities: Capabilities | None, locked: dict[int, str]) -> Unavailable:
    """Why a check could not look, from the error of its statement."""
    role = capabilities.role if capabilities else "the role"
    said = getattr(getattr(error, "diag", None), "message_primary", None) or type(error).__name__
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Unavailable(f"The role {role} may not see this: {said}.", f'GRANT pg_monitor TO "{role}";')
    if isinstance(error, psycopg.errors.LockNotAvailable):
        blocking = next(iter(locked.values()), "Somebody holds ACCESS EXCLUSIVE on something it reads.")
        return Unavailable(
            f"It would have waited for a lock longer than {LOCK_TIMEOUT_MS} ms. {blocking}",
            "Look again when the lock is gone.",
        )
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Unavailable(
            "PostgreSQL did not answer in time: it is busy, or this catalogue is larger than any that was tried.",
            "Ask for this area alone, or when the server is less busy.",
        )
    return Unavailable(f"PostgreSQL refused the question: {said}.", "Please report this with the server's version.")
