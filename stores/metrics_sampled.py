"""What trends are kept of the store: how long a read takes, how old the JSON copies are, when they were all there was."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from opsadmin.workload.metrics import register_metric
from stores import registry
from stores.backends.protocol import KINDS
from stores.errors import StoreError
from stores.router import STORE_ALIAS
from stores.timeline import collect_switches


def read_ms(database: str) -> float | None:
    """One read of the settings from where they are now; None where they cannot be read."""
    return registry.store_for("settings").status().latency_ms if database == STORE_ALIAS else None


def copy_age(database: str) -> float | None:
    """Seconds since PostgreSQL was last seen to hold what the older copy stands for; None where it never was."""
    if database != STORE_ALIAS:
        return None
    try:
        seen = [registry.host().known(kind).latest() for kind in KINDS]
    except StoreError:
        return None
    times = [one.seen_at for one in seen if one is not None]
    return max(0.0, (datetime.now(UTC) - min(times)).total_seconds()) if times else None


def on_copies(database: str) -> float | None:
    """1 while the host lives on its JSON copies, else 0. Its switches are noted on the way."""
    if database != STORE_ALIAS:
        return None
    collect_switches()
    try:
        return float(registry.host().mode().backend == "filesystem")
    except StoreError:
        return None


register_metric("store.read_ms", _("A read of the store"), "ms", read_ms)
register_metric("store.copy_age_s", _("Age of the JSON copy"), "s", copy_age)
register_metric("store.on_copies", _("Store on its JSON copies"), "%", on_copies)
