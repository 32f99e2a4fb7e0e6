"""The host's changes of backend, kept in the site database: its log of switches is a file of bounded size."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from django.db import DatabaseError

from opsadmin.workload.marks import note_mark
from stores import registry
from stores.backends.failover.switch_log import SwitchRecord
from stores.models import StoreSwitch
from stores.router import STORE_ALIAS

logger = logging.getLogger(__name__)

#: The log as this process took it over last: (path, inode, size).
_taken: tuple[str, int, int] | None = None


def collect_switches() -> int:
    """Take the log's new records over into the site database; how many they were. Where the site database cannot be
    written, the records stay in the log for the next time."""
    global _taken
    log = registry.host().log
    try:
        found = os.stat(log.path)
    except OSError:
        return 0
    state = (log.path, found.st_ino, found.st_size)
    try:
        if state == _taken and StoreSwitch.objects.exists():
            return 0
        records = {record.id: record for record in log.latest()}
        known = {str(id) for id in StoreSwitch.objects.filter(id__in=list(records)).values_list("id", flat=True)}
        rows = [
            StoreSwitch(**{**vars(record), "who": record.who[:150]})
            for id, record in records.items()
            if id not in known
        ]
        StoreSwitch.objects.bulk_create(rows, ignore_conflicts=True)
        for row in rows:
            if row.from_backend in ("", row.to_backend):
                continue  # a host that begins, or a mode confirmed
            note_mark(STORE_ALIAS, "switch", f"{row.from_backend or '–'} → {row.to_backend}: {row.reason}", at=row.at)
    except DatabaseError as error:
        logger.warning("[store] The log of switches was not taken over into the site database: %s.", error)
        return 0
    _taken = state
    return len(rows)


def switches(limit: int = 50, offset: int = 0) -> list[SwitchRecord]:
    """The changes of backend, newest first: from the site database, or from the log where that cannot be read."""
    collect_switches()
    with suppress(DatabaseError):
        rows = [_record(row) for row in StoreSwitch.objects.all()[offset : offset + limit]]
        if rows or offset:
            return rows
    return registry.host().log.latest(offset + limit)[offset:]


def count_switches() -> int:
    """How many changes `switches` can show."""
    with suppress(DatabaseError):
        found = StoreSwitch.objects.count()
        if found:
            return found
    return len(registry.host().log.latest())


def _record(row: StoreSwitch) -> SwitchRecord:
    return SwitchRecord(
        id=str(row.id),
        epoch=row.epoch,
        from_backend=row.from_backend,
        to_backend=row.to_backend,  # type: ignore[arg-type]
        automatic=row.automatic,
        who=row.who,
        reason=row.reason,
        at=row.at,
        lasted=row.lasted,
        detail=row.detail,
    )
