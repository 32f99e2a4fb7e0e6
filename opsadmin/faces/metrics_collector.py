"""Readings as gauges for Prometheus. Each value is read, none is counted, so that several processes agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from opsadmin.core.finding import HealthReport, Status, worst
from opsadmin.faces.metrics_reading import Reading

#: States that are told also where no session is in them, so that a graph falls to 0 instead of ending.
STATES = ("active", "idle", "idle in transaction", "idle in transaction (aborted)")
#: Names of gauges, the figures they show, and what they mean.
FIGURES = (
    ("connections_max", "connections_max", "Setting max_connections."),
    (
        "oldest_transaction_age_seconds",
        "oldest_transaction_seconds",
        "Age of the oldest open transaction that our role may see; 0 where there is none.",
    ),
    ("transaction_id_age", "transaction_id_age", "Largest age of datfrozenxid; PostgreSQL stops near 2 000 000 000."),
    ("multixact_id_age", "multixact_id_age", "Largest age of datminmxid; PostgreSQL stops near 2 000 000 000."),
    (
        "database_size_estimate_bytes",
        "size_estimate_bytes",
        "Pages of tables and indexes as last vacuumed or analysed.",
    ),
)
_STATUS_SAID = "0 ok, 1 unknown, 2 warning, 3 critical"


def registry_of(readings: Sequence[Reading]) -> CollectorRegistry:
    """A registry of its own, that knows nothing of the process's other metrics."""
    registry = CollectorRegistry()
    registry.register(_Readings(readings))
    return registry


class _Readings(Collector):
    def __init__(self, readings: Sequence[Reading]) -> None:
        self.readings = readings

    def describe(self) -> Iterable[Metric]:
        return []  # the registry is asked once, and no name of ours meets another's

    def collect(self) -> Iterator[Metric]:
        up = _gauge("up", "1 where PostgreSQL answers, else 0.", "database")
        known = _gauge("report_up", "1 where the health could be read, else 0.", "database")
        for reading in self.readings:
            up.add_metric([reading.database], reading.up)
            known.add_metric([reading.database], reading.report is not None)
        yield up
        yield known
        yield from _health([(one.database, one.report) for one in self.readings if one.report is not None])
        yield from _server([one for one in self.readings if one.up])


def _health(reports: Sequence[tuple[str, HealthReport]]) -> Iterator[Metric]:
    area = _gauge("health_status", f"Worst status of the area: {_STATUS_SAID}.", "database", "area")
    score = _gauge("health_score", "0 to 100, for a trend; the status is what to act on.", "database")
    check = _gauge("check_status", f"Status of the check: {_STATUS_SAID}.", "database", "check")
    findings = _gauge("findings", "Objects that the check found fault with.", "database", "check", "severity")
    age = _gauge("report_age_seconds", "Seconds since the health was read.", "database")
    duration = _gauge("report_duration_seconds", "Seconds that reading the health took.", "database")
    now = datetime.now(UTC)
    for database, report in reports:
        areas: dict[str, list[Status]] = {}
        for result in report.checks:
            areas.setdefault(result.area, []).append(result.status)
            check.add_metric([database, result.check], result.status.rank)
            found: Counter[Status] = Counter()
            for finding in result.findings:
                found[finding.severity] += max(1, len(finding.objects))
            for severity in (Status.WARNING, Status.CRITICAL):
                findings.add_metric([database, result.check, severity.value], found[severity])
        for name, statuses in areas.items():
            area.add_metric([database, name], worst(statuses).rank)
        score.add_metric([database], report.score)
        age.add_metric([database], max(0.0, (now - report.taken_at).total_seconds()))
        duration.add_metric([database], report.elapsed_ms / 1000)
    yield from (area, score, check, findings, age, duration)


def _server(readings: Sequence[Reading]) -> Iterator[Metric]:
    connections = _gauge(
        "connections", "Client sessions by state; hidden: our role may not see it.", "database", "state"
    )
    for reading in readings:
        counted = (reading.figures or {}).get("connections", {})
        for state in dict.fromkeys((*STATES, *counted)):
            connections.add_metric([reading.database, state], counted.get(state, 0))
    yield connections
    for name, figure, meaning in FIGURES:
        gauge = _gauge(name, meaning, "database")
        for reading in readings:
            gauge.add_metric([reading.database], (reading.figures or {}).get(figure) or 0)
        yield gauge


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"opsadmin_{name}", meaning, labels=labels)
