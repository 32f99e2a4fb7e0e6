"""Would the disk keep what is written while PostgreSQL is away?

Thresholds: a journal keeps at most 36 MB for each document and the history 64 MB by default, so below 200 MB a long
outage may fill the disk; below 20 MB writes of an outage are about to be refused. On Render only a mounted disk
outlives a deploy or a restart (https://render.com/docs/disks)."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook

WARNING_BYTES = 200 * 1024 * 1024
CRITICAL_BYTES = 20 * 1024 * 1024


@check("store.disk", title="Disk of the copies")
def look(store: StoreLook) -> Outcome:
    directory = Path(settings.STORE_DIR)
    try:
        found = os.statvfs(directory)
        mounted = os.stat(directory).st_dev != os.stat("/").st_dev
    except OSError as error:
        reason = f"{directory} cannot be looked at: {error.strerror}."
        raise CannotLook(reason, "Make it, or correct STORE_DIR.") from None
    free = found.f_bavail * found.f_frsize
    findings = []
    if free < WARNING_BYTES:
        findings.append(
            Finding(
                check="store.disk",
                area="store",
                severity=Status.CRITICAL if free < CRITICAL_BYTES else Status.WARNING,
                object=str(directory),
                message=f"{directory} has {free / 1e6:,.0f} MB left. When PostgreSQL is away, writes and readings go there, "
                "and a full disk refuses them.",
                hint="Free some space, or enlarge the disk.",
            )
        )
    if getattr(settings, "ON_RENDER", False) and not mounted:
        findings.append(
            Finding(
                check="store.disk",
                area="store",
                severity=Status.WARNING,
                object=str(directory),
                message=f"{directory} is not on a disk of its own: Render empties it at each deploy and restart, and with "
                "it what was written while PostgreSQL was away.",
                hint="Attach a disk to the service and set STORE_DIR to a directory on it.",
            )
        )
    return Outcome(findings, f"{free / 1e9:,.1f} GB left in {directory}")
