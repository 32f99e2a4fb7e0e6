"""Is there room for the readings of an outage, and was each of them kept?

Thresholds: three quarters of the limit is a warning (of 64 MiB the rest is seven weeks at one reading a minute), the
limit itself is critical: what comes then is refused, and gone. Readings that wait for ten minutes while PostgreSQL
answers are stuck."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from opsadmin.core.check import Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook

NEARLY_FULL = 0.75
#: Less room than this is none: a reading may need as much.
LEAST_ROOM = 1024
RECENT = timedelta(minutes=10)
STUCK = timedelta(minutes=10)

MAKE_ROOM = "Make PostgreSQL answer, or raise HISTORY_SPOOL_MB. Readings that were refused are gone."


def _finding(severity: Status, message: str, hint: str) -> Finding:
    return Finding("store.history_spool", "store", severity, "spool", message, hint)


def _room(history: dict[str, Any]) -> list[Finding]:
    used, limit = history.get("spooled_bytes", 0), history.get("spool_limit", 0)
    if not limit or used < NEARLY_FULL * limit:
        return []
    full = used + LEAST_ROOM > limit
    message = (
        f"The spool holds {used / 2**20:.1f} of {limit / 2**20:g} MiB{': new readings are refused' if full else ''}."
    )
    return [_finding(Status.CRITICAL if full else Status.WARNING, message, MAKE_ROOM)]


def _refused(history: dict[str, Any], now: datetime) -> list[Finding]:
    if not history.get("refused"):
        return []
    last = history.get("refused_at")
    recent = last is not None and now - datetime.fromisoformat(last) < RECENT
    message = f"{history['refused']:,} readings were refused by this process, the last at {last}."
    return [_finding(Status.CRITICAL if recent else Status.WARNING, message, f"{MAKE_ROOM} The log says why.")]


def _aside(history: dict[str, Any]) -> list[Finding]:
    found = []
    if history.get("refused_bytes"):
        found.append(
            _finding(
                Status.WARNING,
                f"PostgreSQL took some readings in no way: {history['refused_bytes']:,} bytes are set aside.",
                f"Read {history.get('spool')}/refused.jsonl: it says why. Mend the table, then delete the file.",
            )
        )
    if history.get("damaged_files"):
        found.append(
            _finding(
                Status.WARNING,
                f"{history['damaged_files']:,} files of readings had damaged lines, which are set aside.",
                f"Look at the disk and at {history.get('spool')}/damaged-*; then delete those files.",
            )
        )
    return found


@check("store.history_spool", title="Readings that wait on disk")
def look(store: StoreLook) -> Outcome:
    history = store.history
    findings = _room(history) + _refused(history, store.taken_at) + _aside(history)
    if history.get("spool_error"):
        findings.append(_finding(Status.WARNING, history["spool_error"], "Correct that, and look again."))
    oldest = history.get("oldest_at")
    if oldest and history.get("enabled") and store.taken_at - datetime.fromisoformat(oldest) > STUCK:
        findings.append(
            _finding(
                Status.WARNING,
                f"PostgreSQL answers, but readings wait since {oldest}.",
                "The process's log says why ([history]).",
            )
        )
    used, limit = history.get("spooled_bytes", 0) / 2**20, history.get("spool_limit", 0) / 2**20
    return Outcome(findings, f"{used:.1f} of {limit:g} MiB used, {history.get('pending', 0):,} readings wait")
