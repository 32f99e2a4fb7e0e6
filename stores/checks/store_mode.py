"""Is the host on PostgreSQL?

Thresholds: on the copies by itself is a warning, and critical after an hour: an outage that nobody ends is longer than
any restart. Critical at once where PostgreSQL answers but a person must decide: nothing ends that by itself. An
operator's switch is a warning for as long as it lasts; files that STORE_BACKEND chose are what was asked for."""

from __future__ import annotations

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook

LONG_SECONDS = 3600

SEE = "python manage.py resync_store --dry-run"


def _finding(severity: Status, message: str, hint: str, command: str) -> Finding:
    return Finding("store.store_mode", "store", severity, "mode", message, hint, fix_command=command)


@check("store.store_mode", title="Where the documents live")
def look(store: StoreLook) -> Outcome:
    mode = store.mode
    if mode is None:
        raise CannotLook(store.mode_error or "The host's mode cannot be read.", "Look at STORE_DIR and its rights.")
    seconds = max(0.0, (store.taken_at - mode.since).total_seconds())
    since = f"{mode.since:%Y-%m-%d %H:%M:%S} UTC"
    writes = sum(document.waiting.writes for document in store.documents)
    waits = f" {writes:,} writes wait to be brought back." if writes else ""
    if mode.backend == "postgres":
        return Outcome([], f"PostgreSQL since {since}")
    if mode.stop:
        hint = f"Look at both sides, then choose with --strategy.{waits}"
        return Outcome([_finding(Status.CRITICAL, mode.stop, hint, SEE)], f"the JSON copies since {since}")
    if mode.automatic:
        severity = Status.CRITICAL if seconds > LONG_SECONDS else Status.WARNING
        message = f"The host went to its JSON copies by itself {_long(seconds)} ago: {mode.reason}"
        hint = f"Make PostgreSQL answer; the host then returns by itself.{waits}"
        return Outcome([_finding(severity, message, hint, SEE)], f"the JSON copies since {since}")
    if mode.who == "start":
        return Outcome([], f"the JSON files since {since}, as STORE_BACKEND says")
    message = f"{mode.who or 'An operator'} switched the host to its JSON copies {_long(seconds)} ago: {mode.reason}"
    hint = f"It stays there until somebody switches back.{waits}"
    back = 'python manage.py switch_store postgres --reason "..."'
    return Outcome([_finding(Status.WARNING, message, hint, back)], f"the JSON copies since {since}")


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 2 * 3600 else f"{seconds / 3600:.0f} hours"
