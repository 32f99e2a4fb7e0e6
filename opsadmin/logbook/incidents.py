"""Incidents: opened, joined, opened again and closed, by themselves and by people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status
from opsadmin.jobs.patiently import patiently
from opsadmin.logbook.causes import OUTAGE, cause_of
from opsadmin.logbook.events import LONGEST, add_event
from opsadmin.models import Condition, Incident, IncidentEvent, Mark, OperationRun
from opsadmin.retention import surplus
from opsadmin.retention.kept import amount
from opsadmin.workload.marks import note_mark

Kind = IncidentEvent.Kind

#: It must have been fine for so long before it closes, and one that comes back within the second is the same one.
CLOSE_AFTER = timedelta(minutes=5)
REOPEN_WITHIN = timedelta(minutes=30)
#: Operations that are kept with an incident.
MOST_RUNS = 100
#: What is done to an incident is told by its own entries.
OURS = ("open_incident", "note_incident", "close_incident", "record_decision", "test_alert")


def is_bad(condition: Condition) -> bool:
    """Whether it keeps an incident open: what is critical, and of what an app tells of also a warning."""
    return condition.severity == Status.CRITICAL or (condition.always and condition.severity == Status.WARNING)


# --- by themselves --------------------------------------------------------------------------------------------------
def open_or_join(condition: Condition, others: Iterable[Condition], at: datetime) -> Incident:
    """The incident of a condition that turned bad: the open one of its cause, that of the outage which it follows from, one
    that was closed a moment ago, or a new one."""
    cause = cause_of(condition.subject)
    incident = _open_one(condition.database, cause)
    if incident is None and cause != OUTAGE and _is_out(others):
        incident = _open_one(condition.database, OUTAGE)
    if incident is not None:
        _worsen(incident, condition.severity)
        return incident
    incident = (
        Incident.objects.filter(database=condition.database, cause=cause, closed_at__gte=at - REOPEN_WITHIN)
        .order_by("-closed_at")
        .first()
    )
    if incident is not None:
        _reopen(incident, at)
        _worsen(incident, condition.severity)
        return incident
    incident = Incident.objects.create(
        database=condition.database,
        cause=cause,
        open_key=_key(condition.database, cause),
        severity=condition.severity,
        title=condition.title,
        message=condition.message,
        opened_at=at,
    )
    add_event(incident, Kind.OPENED, at)
    _mark(incident)
    _forget_oldest()
    return incident


def close_what_is_fine(database: str, conditions: Iterable[Condition], at: datetime, *, looked: bool) -> None:
    """Close the incidents of which nothing has been wrong for a while. Not `looked`: no check was asked meanwhile, so only
    those that no check belongs to."""
    members: dict[int, list[Condition]] = {}
    for condition in conditions:
        if condition.incident_id is not None:
            members.setdefault(condition.incident_id, []).append(condition)
    for incident in Incident.objects.filter(database=database, closed_at=None, pk__in=members):
        its_own = members[incident.pk]
        if not looked and not all(one.always for one in its_own):
            continue
        fine_since = None if any(map(is_bad, its_own)) else max(one.since for one in its_own)
        if fine_since is not None and at - fine_since >= CLOSE_AFTER:
            still = sum(one.severity != Status.OK for one in its_own)
            text = ngettext("%(n)d warning remains.", "%(n)d warnings remain.", still) % {"n": still} if still else ""
            _close(incident, at, "", text)
        elif fine_since != incident.fine_since:
            incident.fine_since = fine_since
            incident.save(update_fields=["fine_since"])


def _open_one(database: str, cause: str) -> Incident | None:
    return Incident.objects.filter(open_key=_key(database, cause)).first()


def _key(database: str, cause: str) -> str:
    return f"{database} {cause}"


def _is_out(conditions: Iterable[Condition]) -> bool:
    return any(one.severity == Status.CRITICAL and cause_of(one.subject) == OUTAGE for one in conditions)


def _worsen(incident: Incident, severity: str) -> None:
    if Status(severity).rank > Status(incident.severity).rank or incident.fine_since is not None:
        incident.severity = max(severity, incident.severity, key=lambda one: Status(one).rank)
        incident.fine_since = None
        incident.save(update_fields=["severity", "fine_since"])


def _reopen(incident: Incident, at: datetime, who: str = "", text: str = "") -> None:
    incident.closed_at, incident.closed_by, incident.fine_since = None, "", None
    # Of those that people open there may be many.
    incident.open_key = None if incident.opened_by else _key(incident.database, incident.cause)
    incident.save(update_fields=["closed_at", "closed_by", "fine_since", "open_key"])
    add_event(incident, Kind.REOPENED, at, who=who, text=text)


def _close(incident: Incident, at: datetime, who: str, text: str) -> None:
    for run in runs_within(incident, at):
        add_event(
            incident,
            Kind.RUN,
            run.started_at,
            subject=run.operation,
            text=run.error,
            who=run.caller,
            data={"run": run.pk, "outcome": run.outcome, "door": run.door},
            ref=f"run {run.pk}",
        )
    incident.closed_at, incident.closed_by, incident.open_key = at, who[:150], None
    incident.save(update_fields=["closed_at", "closed_by", "open_key", "fine_since"])
    add_event(incident, Kind.CLOSED, at, who=who, text=text)
    _mark(incident)


def _mark(incident: Incident) -> None:
    """Its time on the charts of the trends."""
    transaction.on_commit(
        lambda: note_mark(
            incident.database,
            Mark.Kind.INCIDENT,
            incident.title,
            at=incident.opened_at,
            until=incident.closed_at,
        ),
        robust=True,
    )


def runs_within(incident: Incident, until: datetime | None = None) -> list[OperationRun]:
    """The operations that changed something in its database while it was open, oldest first; the first hundred."""
    end = until or incident.closed_at or timezone.now()
    runs = OperationRun.objects.filter(
        started_at__gte=incident.opened_at, started_at__lte=end, database__in=("", incident.database)
    ).exclude(operation__in=OURS)
    return list(runs.order_by("started_at", "pk").defer("parameters", "result", "progress")[:MOST_RUNS])


def _forget_oldest() -> None:
    surplus.delete(surplus.incidents(amount("incidents")))


# --- what there is --------------------------------------------------------------------------------------------------
def open_incidents(database: str, most: int = 20) -> list[Incident]:
    """Those that are open, the worst first; none where the site database fails."""
    try:
        found = list(Incident.objects.filter(database=database, closed_at=None)[:200])
    except DatabaseError:
        return []
    return sorted(found, key=lambda one: (-Status(one.severity).rank, one.opened_at))[:most]


def silent_since() -> dict[str, datetime]:
    """The databases that did not answer when they were looked at last, and since when; none where the site database fails."""
    silent = Condition.objects.filter(subject="connection.answers", severity=Status.CRITICAL.value)
    try:
        return dict(silent.values_list("database", "since"))
    except DatabaseError:
        return {}


# --- by people ------------------------------------------------------------------------------------------------------
def find_incident(number: int) -> Incident:
    """The incident of that number.

    Raises `OperationError`."""
    incident = Incident.objects.filter(pk=number).first()
    if incident is None:
        raise OperationError(_("There is no incident %(number)d.") % {"number": number}, parameter="incident")
    return incident


def open_by_hand(database: str, title: str, severity: str, text: str, who: str) -> Incident:
    """An incident that no check sees. It stays open until somebody closes it.

    Raises `OperationError` without a title."""
    title = " ".join(title.split())
    if not title:
        raise OperationError(_("An incident needs a title: say in a few words what is wrong."), parameter="title")
    if len(title) > 200:
        raise OperationError(
            _("The title has %(length)d characters; 200 are the most.") % {"length": len(title)}, parameter="title"
        )
    now = timezone.now()

    def write() -> Incident:
        with transaction.atomic():
            incident = Incident.objects.create(
                database=database,
                cause="noted",
                severity=severity,
                title=title,
                message=_checked(text, needed=False),
                opened_at=now,
                opened_by=who[:150],
            )
            add_event(incident, Kind.OPENED, now, who=who, text=text.strip())
            _mark(incident)
            _forget_oldest()
            return incident

    return patiently(write)


def note(incident: Incident, text: str, who: str) -> None:
    """Write a note into it, also when it is closed.

    Raises `OperationError` for an empty text, or too long a one."""
    said = _checked(text)
    patiently(lambda: add_event(incident, Kind.NOTE, timezone.now(), text=said, who=who))


def close(incident: Incident, who: str, text: str = "") -> None:
    """Close it whatever its checks say: it opens again only when one gets well and turns bad again.

    Raises `OperationError` where it is closed."""
    said = _checked(text, needed=False)

    def write() -> None:
        with transaction.atomic():
            now = Incident.objects.select_for_update().get(pk=incident.pk)
            if not now.is_open:
                raise OperationError(_("Incident %(number)d is closed already.") % {"number": now.pk})
            _close(now, timezone.now(), who, said)

    patiently(write)


def reopen(incident: Incident, who: str, text: str = "") -> None:
    """Open it again. It closes by itself when its checks are fine, as others do.

    Raises `OperationError` where it is open, or another of the same cause is."""
    said = _checked(text, needed=False)

    def write() -> None:
        with transaction.atomic():
            now = Incident.objects.select_for_update().get(pk=incident.pk)
            if now.is_open:
                raise OperationError(_("Incident %(number)d is open already.") % {"number": now.pk})
            other = None if now.opened_by else _open_one(now.database, now.cause)
            if other is not None:
                raise OperationError(
                    _("Incident %(number)d of the same cause is open: write there.") % {"number": other.pk}
                )
            _reopen(now, timezone.now(), who, said)

    try:
        patiently(write)
    except IntegrityError:
        raise OperationError(_("Another incident of the same cause has just opened: write there.")) from None


def _checked(text: str, *, needed: bool = True) -> str:
    said = text.strip()
    if needed and not said:
        raise OperationError(_("The note is empty."), parameter="text")
    if len(said) > LONGEST:
        raise OperationError(
            _("The note has %(length)d characters; %(most)d are the most.") % {"length": len(said), "most": LONGEST},
            parameter="text",
        )
    return said
