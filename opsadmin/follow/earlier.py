"""What all statements cost as it was counted a while ago, so that a new index is compared with the time just before it and
not with all since the counters began."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from opsadmin.follow.counters import Counters, Entry, Reading
from opsadmin.last_seen import recall, remember

#: What is kept is replaced once it is older: a day has its busy hours and its nightly jobs.
REPLACED_AFTER = timedelta(hours=24)
_NAME = "follow.earlier"


def is_due(database: str) -> bool:
    """Whether nothing is kept that is young enough."""
    seen = recall(database, _NAME)
    return seen is None or timezone.now() - seen.taken_at >= REPLACED_AFTER


def keep_reading(database: str, reading: Reading) -> None:
    """Keep it for what is made after this."""
    entries = {
        key: [entry.queryid, entry.since and entry.since.isoformat(), *entry.counters.as_list()]
        for key, entry in reading.entries.items()
    }
    data = {"clock": reading.clock.isoformat(), "is_whole": reading.is_whole, "entries": entries}
    remember(database, _NAME, data)


def earlier_reading(database: str) -> Reading | None:
    """What was kept; None where nothing was."""
    seen = recall(database, _NAME)
    if seen is None:
        return None
    entries = {
        key: Entry(queryid, Counters.of(counters), since and datetime.fromisoformat(since))
        for key, (queryid, since, *counters) in seen.data["entries"].items()
    }
    return Reading(datetime.fromisoformat(seen.data["clock"]), entries, seen.data["is_whole"])
