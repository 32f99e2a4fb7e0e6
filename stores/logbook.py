"""The store's switches, told to the logbook: an incident opens when the host leaves PostgreSQL, also by itself. The host's
own log of switches is what waits for it, so that no write does, and nothing is lost with a process."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import said_seconds
from opsadmin.core.finding import Status
from opsadmin.last_seen import recall, remember
from opsadmin.logbook.causes import OUTAGE, register_cause, register_runbook
from opsadmin.logbook.happened import happened
from opsadmin.logbook.sources import register_source
from stores.models import StoreSwitch
from stores.router import STORE_ALIAS
from stores.timeline import collect_switches

#: Under which name the switches that were told are kept, and how many of them.
TOLD, MOST = "stores.told_switches", 100


def tell_switches() -> None:
    """Tell what was not told yet; of what was before the first time only how it stands.

    Raises Django's database errors."""
    collect_switches()
    rows = list(StoreSwitch.objects.all()[:MOST])
    seen = recall(STORE_ALIAS, TOLD)
    known = set(seen.data) if seen is not None else {str(row.id) for row in rows[1:]}
    new = [row for row in reversed(rows) if str(row.id) not in known]
    done = len(rows) - len(new)
    for row in new:
        told = happened(
            "switch",
            text_of(row),
            database=STORE_ALIAS,
            title=_("Store on its JSON copies"),
            severity=severity_of(row),
            at=row.at,
            ref=f"switch {row.id}",
        )
        if not told:
            break  # the next time begins with this one
        done += 1
    if new:
        remember(STORE_ALIAS, TOLD, [str(row.id) for row in rows[len(rows) - done :]])


def severity_of(row: StoreSwitch) -> Status:
    """How bad it is to be there. Files that STORE_BACKEND chose are what was asked for."""
    if row.to_backend == StoreSwitch.Backend.POSTGRES or row.who == "start":
        return Status.OK
    return Status.CRITICAL if row.automatic else Status.WARNING


def text_of(row: StoreSwitch) -> str:
    """The switch as a sentence."""
    values = {
        "who": row.who or _("an operator"),
        "reason": row.reason,
        "time": said_seconds(row.lasted) if row.lasted else "",
    }
    if row.to_backend == StoreSwitch.Backend.POSTGRES:
        if row.from_backend and values["time"]:
            return _("The host is on PostgreSQL again, after %(time)s on its JSON copies: %(reason)s") % values
        return _("The host is on PostgreSQL: %(reason)s") % values
    if row.automatic:
        return _("The host went to its JSON copies by itself: %(reason)s") % values
    return _("The host was switched to its JSON copies by %(who)s: %(reason)s") % values


register_source(tell_switches)
for _check in ("store.store_mode", "store.backend_answers"):
    register_cause(_check, OUTAGE)
for _pattern in ("store.*", "switch", "connection.answers"):
    register_runbook(_pattern, gettext_lazy("When PostgreSQL is away"), "docs/core/failover.md")
