"""Looks at each PostgreSQL every five minutes and keeps what it counted, for the trends.

    sample("store")          # one look now
    sample_all()             # what the schedule calls: every alias whose turn it is

A host that suspends an idle server (Neon) bills for every look that wakes it. There the schedule looks every five minutes only
while somebody else is at work, and otherwise once in `OPSADMIN["SAMPLER"]["QUIET_SECONDS"]` (3600); `look_along` adds a look whenever
the health is looked at anyway. `OPSADMIN["KEEP_AWAKE"] = True` looks every five minutes in any case."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.db import Error as AnyDatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.errors import OperationFailed
from opsadmin.core.finding import HealthReport, Status
from opsadmin.core.result import Result
from opsadmin.models import Mark
from opsadmin.postgres.aliases import postgres_aliases
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import Session, read_only
from opsadmin.workload import keeping, marks
from opsadmin.workload.cells import Cell
from opsadmin.workload.levels import DAYS, HOURS
from opsadmin.workload.look import Seen, look, tables_of, texts_of
from opsadmin.workload.metrics import cells_of_apps, cells_of_look
from opsadmin.workload.retention import forget
from opsadmin.workload.standing import Added, Standing, added_between
from opsadmin.workload.sums import StatementSums

logger = logging.getLogger(__name__)

#: How often the schedule looks.
EVERY = timedelta(minutes=5)
#: Where looking wakes the server and nobody else is at work.
QUIET = timedelta(hours=1)
#: Others are at work if one of them did something that lately: less than the time after which a host suspends.
LATELY = timedelta(minutes=4)
#: A look that takes longer is left; the next one counts what it missed.
STATEMENT_MS = 4000
#: Texts that one look fetches; the others are fetched by the next ones.
MOST_NEW_TEXTS = 60


class Outcome(StrEnum):
    """`FIRST`: counters were read for the first time, so nothing could be told of the time before. `SILENT`: PostgreSQL did not
    answer. `FAILED`: it answered, but not to this. `OVERTAKEN`: another process looked meanwhile. `WAITED`: it was not the database's turn."""

    LOOKED = "looked"
    FIRST = "first"
    SILENT = "silent"
    FAILED = "failed"
    OVERTAKEN = "overtaken"
    WAITED = "waited"


@dataclass(frozen=True)
class Sampled(Result):
    """A look. `seconds`: of the time since the one before, None where nothing can be told of it. `calls`: statements that ran
    in that time, None where nobody counts them. `next_at`: when the schedule looks again at the earliest."""

    database: str
    outcome: Outcome
    message: str
    taken_at: datetime
    seconds: float | None = None
    calls: int | None = None
    statements_sent: int = 0
    next_at: datetime | None = None


def sample_all() -> str:
    """Look at every PostgreSQL alias whose turn it is; a sentence of what was done.

    Raises `OperationFailed` where the site database refuses."""
    marks.note_deploy()
    done = [sample(alias, scheduled=True) for alias in _aliases()]
    looked = sum(one.outcome in (Outcome.LOOKED, Outcome.FIRST) for one in done)
    said = ngettext("%(count)d database looked at.", "%(count)d databases looked at.", looked) % {"count": looked}
    others = [f"{one.database}: {one.message}" for one in done if one.outcome not in (Outcome.LOOKED, Outcome.FIRST)]
    return " ".join([said, *others])


def sample(database: str, *, scheduled: bool = False) -> Sampled:
    """One look at the alias. `scheduled`: only if it is its turn. A PostgreSQL that does not answer is told in the samples too.

    Raises `OperationFailed` where the site database refuses."""
    try:
        return _sample(database, scheduled)
    except DatabaseError as error:
        logger.warning("[trends] the look at %s was not kept: %s", database, type(error).__name__)
        raise OperationFailed(
            _("The site's own database could not be read or written, and samples are kept there (%(why)s).")
            % {"why": type(error).__name__}
        ) from error


def look_along(database: str, report: HealthReport) -> None:
    """Somebody looks at the health now: keep its score, and take a sample where the schedule does not come by often. Costs
    nothing but a line in the log where that fails."""
    try:
        _note_health(database, report)
        stood = keeping.before(database)
        rests = stood.standing is not None and stood.standing.sleeps and not _is_kept_awake()
        if rests and (stood.tried_at is None or timezone.now() - stood.tried_at >= EVERY):
            sample(database)
    except (DatabaseError, OperationFailed) as error:
        logger.warning("[trends] the look at %s left no sample: %s", database, type(error).__name__)


def may_sleep(database: str) -> bool:
    """Whether its host suspends the server while nobody is at work, so that a look might wake it, or keep it awake; False where
    that is wanted.

    Raises Django's database errors for the site's own."""
    standing = None if _is_kept_awake() else keeping.before(database).standing
    if standing is not None:
        return standing.sleeps
    return not _is_kept_awake() and _is_named_like_a_sleeper(database)


def _is_named_like_a_sleeper(database: str) -> bool:
    return str(connections.databases[database].get("HOST", "")).endswith(".neon.tech")


def next_look(database: str, stood: keeping.Before) -> datetime | None:
    """When the schedule looks again at the earliest; None: at its next turn."""
    if stood.tried_at is None or _is_kept_awake():
        return None
    standing = stood.standing
    if standing is None:
        # Nobody has answered yet: its name may tell.
        if not _is_named_like_a_sleeper(database):
            return None
    elif not standing.sleeps or (standing.idle_for is not None and standing.idle_for <= LATELY.total_seconds()):
        return None
    return stood.tried_at + timedelta(seconds=float(_option("QUIET_SECONDS", QUIET.total_seconds())))


def _sample(database: str, scheduled: bool) -> Sampled:
    stood = keeping.before(database)
    now = timezone.now()
    turn = next_look(database, stood) if scheduled else None
    # A clock that was set back must not stop the looks for long.
    if turn is not None and stood.tried_at is not None and stood.tried_at <= now < turn:
        message = _("Not looked at: that would wake the server, and nobody else was at work.")
        return Sampled(database, Outcome.WAITED, message, now, next_at=turn)
    try:
        with read_only(database, statement_ms=STATEMENT_MS) as session:
            seen, added, figures = _read(session, database, stood.standing)
            sent = session.statements + 1
    except AnyDatabaseError as error:
        return _silent(database, stood, error)
    figures = replace(figures, cells=figures.cells | cells_of_apps(database))
    at = seen.standing.seen_at

    def note() -> None:
        marks.end(database, Mark.Kind.OUTAGE, at)
        if added is not None:
            _note(database, added, seen.standing)

    if not keeping.keep(database, stood.version, at, figures, seen.standing, note):
        message = _("Another process looked at the same time; its look counts.")
        return Sampled(database, Outcome.OVERTAKEN, message, at, statements_sent=sent)
    if figures.tables is not None:
        forget(database, at)
    return _told(database, seen, added, figures.statements, sent)


def _read(session: Session, database: str, before: Standing | None) -> tuple[Seen, Added | None, keeping.Figures]:
    """What is asked of PostgreSQL, all of it."""
    seen = look(session, before.tables_at if before else None)
    added = added_between(before, seen.standing) if before else None
    statements = None if added is None or added.statements is None else added.statements.cut(DAYS.statements)
    texts: dict[str, str] = {}
    if statements is not None and seen.recorder is not None:
        queryids = [queryid for queryid, _role in statements.by]
        unknown = _unknown(database, queryids)
        texts = texts_of(session, seen.recorder, unknown) if unknown else {}
    at = seen.standing.seen_at
    last = seen.standing.tables_at
    tables: list[dict[str, Any]] | None = None
    if last is None or HOURS.begin(last) != HOURS.begin(at):
        tables = tables_of(session, DAYS.tables)
        seen = replace(seen, standing=replace(seen.standing, tables_at=at))
    return seen, added, keeping.Figures(cells_of_look(seen.gauges, added), statements, texts, tables)


def _unknown(database: str, queryids: list[str]) -> list[str]:
    """Those whose texts are to be fetched now."""
    try:
        known = keeping.known_texts(database, queryids)
    except DatabaseError:
        # The site's database, not the one that is looked at: writing the look will tell.
        return []
    return [one for one in dict.fromkeys(queryids) if one not in known][:MOST_NEW_TEXTS]


def _silent(database: str, stood: keeping.Before, error: AnyDatabaseError) -> Sampled:
    at, why, answered = timezone.now(), sentence_of(error), is_answer(error)
    figures = keeping.Figures({"up": Cell(1, answered, answered, answered), **cells_of_apps(database)})

    def note() -> None:
        if not answered:
            marks.begin(database, Mark.Kind.OUTAGE, why, at)

    keeping.keep(database, stood.version, at, figures, also=note)
    return Sampled(database, Outcome.FAILED if answered else Outcome.SILENT, why, at)


def is_answer(error: AnyDatabaseError) -> bool:
    """Whether a server took the connection and only refused a statement (it took too long, a privilege is missing)."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return bool(state) and not state.startswith(_NO_ANSWER)


#: Classes of errors that nobody gets past: connections, logins, unknown databases, too many sessions, shutting down.
_NO_ANSWER = ("08", "28", "3D", "53", "57P", "58", "XX")


def _told(database: str, seen: Seen, added: Added | None, statements: StatementSums | None, sent: int) -> Sampled:
    standing = seen.standing
    turn = next_look(database, keeping.Before(0, standing, standing.seen_at))
    if added is None:
        message = _("The first look: trends begin here.")
        return Sampled(database, Outcome.FIRST, message, standing.seen_at, statements_sent=sent, next_at=turn)
    if added.elsewhere:
        message = _("Another server answers than at the last look: counters begin anew here.")
    elif added.counters is None:
        message = _("The counters were set back at an unknown time: they begin anew here.")
    elif statements is None:
        message = _("Looked, but for statements: pg_stat_statements could not be read now or at the last look.")
    else:
        message = _("Looked.")
    calls = None if statements is None else int(statements.total.calls)
    told = None if added.counters is None else round(added.seconds, 1)
    return Sampled(database, Outcome.LOOKED, message, standing.seen_at, told, calls, sent, turn)


def _note(database: str, added: Added, standing: Standing) -> None:
    if added.elsewhere:
        marks.note_mark(database, Mark.Kind.RESTART, "Another server took over.", at=standing.seen_at)
    elif added.restarted_at is not None:
        if standing.sleeps:
            marks.note_mark(
                database, Mark.Kind.SUSPENDED, "The compute was suspended, and woken.", at=added.restarted_at
            )
        else:
            text = "PostgreSQL started; its counters were lost." if added.lost else "PostgreSQL started."
            marks.note_mark(database, Mark.Kind.RESTART, text, at=added.restarted_at)
    elif added.reset_at is not None:
        marks.note_mark(database, Mark.Kind.RESET, "The statistics were reset.", at=added.reset_at)


def _note_health(database: str, report: HealthReport) -> None:
    findings = [one.severity for one in report.findings]
    figures = {
        "health.score": report.score,
        "health.critical": findings.count(Status.CRITICAL),
        "health.warning": findings.count(Status.WARNING),
    }
    cells = {name: cell for name, value in figures.items() if (cell := Cell.of(float(value))) is not None}
    keeping.add(database, report.taken_at, cells)


def _is_kept_awake() -> bool:
    return bool(getattr(settings, "OPSADMIN", {}).get("KEEP_AWAKE"))


def _option(name: str, default: Any) -> Any:
    return getattr(settings, "OPSADMIN", {}).get("SAMPLER", {}).get(name, default)


def _aliases() -> tuple[str, ...]:
    """OPSADMIN["SAMPLER"]["DATABASES"], else every PostgreSQL alias."""
    return tuple(_option("DATABASES", ())) or postgres_aliases()
