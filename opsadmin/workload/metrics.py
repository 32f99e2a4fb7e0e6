"""What trends are kept of, and how an app adds its own.

In a module `metrics_sampled` of an installed app:

    register_metric("store.copy_age_s", _("Age of the JSON copy"), "s", lambda database: copy_age())

It is read at each look, a look without an answer of PostgreSQL too, and kept and shown like the others."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from opsadmin.workload.cells import Cell, Cells
from opsadmin.workload.look import Gauges
from opsadmin.workload.standing import Added
from opsadmin.workload.sums import percentile

logger = logging.getLogger(__name__)

Read = Callable[[str], float | None]

#: So many metrics one database has at most, those of apps included: what bounds a sample.
MOST = 60


@dataclass(frozen=True)
class Metric:
    """`unit`: bytes, bytes/s, ms, s, %, per second, or what an app says; empty for plain numbers. Shares are kept as 0 to 1 and have
    the unit "%". `adds_up`: the sum over a time means something (transactions, not connections)."""

    name: str
    title: Any
    unit: Any = ""
    adds_up: bool = False
    read: Read | None = None


_RATE = _("per second")

_metrics: dict[str, Metric] = {
    one.name: one
    for one in (
        Metric("up", _("Answers"), "%"),
        Metric("size_bytes", _("Database size"), "bytes"),
        Metric("connections", _("Connections")),
        Metric("connections_share", _("Connections of the limit"), "%"),
        Metric("active", _("Sessions at work")),
        Metric("oldest_transaction_s", _("Oldest transaction"), "s"),
        Metric("lock_waits", _("Sessions waiting for a lock")),
        Metric("transactions", _("Transactions"), _RATE, adds_up=True),
        Metric("rollbacks_share", _("Rolled back"), "%"),
        Metric("cache_hit", _("Found in memory"), "%"),
        Metric("blocks_read", _("Blocks read"), _RATE, adds_up=True),
        Metric("rows_read", _("Rows read"), _RATE, adds_up=True),
        Metric("rows_written", _("Rows written"), _RATE, adds_up=True),
        Metric("temp_bytes", _("To temporary files"), "bytes/s", adds_up=True),
        Metric("deadlocks", _("Deadlocks"), _RATE, adds_up=True),
        Metric("io_share", _("Time spent on reading and writing"), "%"),
        Metric("busy", _("Sessions busy on average")),
        Metric("wal_bytes", _("WAL"), "bytes/s", adds_up=True),
        Metric("checkpoints", _("Checkpoints"), _RATE, adds_up=True),
        Metric("checkpoints_requested_share", _("Checkpoints that WAL forced"), "%"),
        Metric("calls", _("Statements"), _RATE, adds_up=True),
        Metric("mean_ms", _("Mean time of a statement"), "ms"),
        Metric("p95_ms", _("95 % of statements within"), "ms"),
        Metric("statement_rows", _("Rows of statements"), _RATE, adds_up=True),
        Metric("health.score", _("Health score")),
        Metric("health.critical", _("Critical findings")),
        Metric("health.warning", _("Warnings")),
    )
}


def register_metric(name: str, title: Any, unit: Any, read: Read, *, adds_up: bool = False) -> None:
    """Keep trends of `read(database)` too: a figure, or None where there is none for that database. It must answer
    within moments, also while PostgreSQL does not.

    Raises ValueError where the name is taken or there are too many."""
    taken = _metrics.get(name)
    if taken is not None and taken.read is not read:
        raise ValueError(f"There are two metrics {name!r}.")
    if len(_metrics) >= MOST and taken is None:
        raise ValueError(f"There are {MOST} metrics already, and no more are kept.")
    _metrics[name] = Metric(name, title, unit, adds_up, read)


@cache
def load() -> None:
    """Import the `metrics_sampled` module of every installed app."""
    autodiscover_modules("metrics_sampled")


def metrics() -> Mapping[str, Metric]:
    """All that there are, by name."""
    load()
    return _metrics


def cells_of_apps(database: str) -> Cells:
    """What apps have to tell now; one that fails is left out."""
    found = {}
    for one in metrics().values():
        if one.read is None:
            continue
        try:
            value = one.read(database)
        except Exception:
            logger.exception("[trends] the metric %s failed", one.name)
            continue
        cell = Cell.of(float(value)) if value is not None and math.isfinite(value) else None
        if cell is not None:
            found[one.name] = cell
    return found


def cells_of_look(gauges: Gauges, added: Added | None) -> Cells:
    """The figures of a look, and what was added since the one before."""
    found: dict[str, Cell | None] = {
        "up": Cell.of(1),
        "size_bytes": Cell.of(gauges.size_bytes),
        "connections": Cell.of(gauges.connections),
        "connections_share": Cell.of(gauges.connections, gauges.connections_most),
        "active": Cell.of(gauges.active),
        "oldest_transaction_s": Cell.of(gauges.oldest_transaction),
        "lock_waits": Cell.of(gauges.waiting),
    }
    if added is not None and added.counters is not None:
        found |= _counted(added.counters, added.seconds)
    if added is not None and added.statements is not None:
        total = added.statements.total
        found["calls"] = Cell.of(total.calls, added.seconds)
        found["mean_ms"] = Cell.of(total.ms, total.calls)
        found["statement_rows"] = Cell.of(total.rows, added.seconds)
        within = percentile(added.means)
        found["p95_ms"] = None if within is None else Cell.of(within * total.calls, total.calls)
    return {name: cell for name, cell in found.items() if cell is not None}


def _counted(more: Mapping[str, float], seconds: float) -> dict[str, Cell | None]:
    def of(*names: str) -> float:
        return sum(more.get(name, 0.0) for name in names)

    transactions, blocks = of("xact_commit", "xact_rollback"), of("blks_hit", "blks_read")
    checkpoints = of("checkpoints_timed", "checkpoints_requested")
    rates = {
        "transactions": transactions,
        "blocks_read": of("blks_read"),
        "rows_read": of("tup_fetched"),
        "rows_written": of("tup_inserted", "tup_updated", "tup_deleted"),
        "temp_bytes": of("temp_bytes"),
        "deadlocks": of("deadlocks"),
        "wal_bytes": of("wal_bytes"),
        "checkpoints": checkpoints,
        "busy": of("active_time") / 1000,
    }
    found = {name: Cell.of(sum, seconds) for name, sum in rates.items()}
    found["rollbacks_share"] = Cell.of(of("xact_rollback"), transactions)
    found["cache_hit"] = Cell.of(of("blks_hit"), blocks)
    found["io_share"] = Cell.of(of("blk_read_time", "blk_write_time"), of("active_time"))
    found["checkpoints_requested_share"] = Cell.of(of("checkpoints_requested"), checkpoints)
    return found
