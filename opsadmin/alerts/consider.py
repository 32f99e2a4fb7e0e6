"""What to tell, once it is seen how things stand: the difference from what was told last. So nothing is told twice, and
nothing that changed is forgotten, whatever process dies in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from opsadmin.alerts.channels import Policy, channels, policy
from opsadmin.alerts.message import change_of, message_of, subject_of
from opsadmin.alerts.outbox import put
from opsadmin.core.finding import Status
from opsadmin.logbook.causes import OUTAGE, cause_of
from opsadmin.models import Condition, ToldCondition

#: What got well is told when it has been so for that long: a check that goes to and fro is told once.
SETTLED = timedelta(minutes=3)


def consider(database: str, conditions: Iterable[Condition], at: datetime) -> None:
    """Write the messages for what changed, one for each channel, in the transaction that writes the change itself.

    Raises Django's database errors."""
    ways = channels()
    if not ways:
        return
    rule = policy()
    here = sorted((one for one in conditions if one.pk is not None), key=_order)
    told = {one.condition_id: one for one in ToldCondition.objects.filter(condition__database=database)}
    outages = {one.incident_id for one in here if _is_told_outage(one, told.get(one.pk))}
    changes = []
    for condition in here:
        last = told.get(condition.pk)
        before = Status(last.severity) if last is not None else Status.OK
        now = _counts_as(condition, rule)
        if now is before or not _is_due(condition, now, before, last, rule, at):
            continue
        if before is Status.OK and condition.incident_id in outages:
            continue  # it follows from what was told; if it outlasts that, it is told then
        if cause_of(condition.subject) == OUTAGE and now is not Status.OK:
            outages.add(condition.incident_id)
        changes.append(change_of(condition, now, before, last.bad_at if last is not None else None, at))
        _note_told(condition, last, now, at)
    if changes:
        message = message_of(database, changes, rule, at)
        put(ways, subject_of(message), message)


def _order(condition: Condition) -> tuple[bool, int, str]:
    """What others follow from comes first, then the worst."""
    return cause_of(condition.subject) != OUTAGE, -Status(condition.severity).rank, condition.subject


def _is_told_outage(condition: Condition, last: ToldCondition | None) -> bool:
    bad = condition.severity != Status.OK and last is not None and last.severity != Status.OK
    return bad and cause_of(condition.subject) == OUTAGE and condition.incident_id is not None


def _counts_as(condition: Condition, rule: Policy) -> Status:
    severity = Status(condition.severity)
    return severity if condition.always or severity.rank >= rule.least.rank else Status.OK


def _is_due(
    condition: Condition, now: Status, before: Status, last: ToldCondition | None, rule: Policy, at: datetime
) -> bool:
    if now.rank < before.rank:
        return at - condition.since >= SETTLED
    if last is None or last.bad_at is None:
        return True
    return at - last.bad_at >= rule.cooldown or now.rank > Status(last.bad_severity).rank


def _note_told(condition: Condition, last: ToldCondition | None, now: Status, at: datetime) -> None:
    row = last or ToldCondition(condition=condition)
    if last is None or now.rank > Status(last.severity).rank:
        row.bad_at, row.bad_severity = at, now.value
    row.severity, row.at = now.value, at
    row.save()
