"""Figures of trends for people."""

from __future__ import annotations

from opsadmin.core.blocks import said_bytes, said_number, said_seconds
from opsadmin.workload.metrics import Metric
from opsadmin.workload.queries import said_ms
from opsadmin.workload.trends import Figure


def said_figure(metric: Metric, value: float) -> str:
    """The value with its unit."""
    match str(metric.unit) if metric.unit in ("bytes", "bytes/s", "ms", "s", "%") else "":
        case "bytes":
            return said_bytes(value)
        case "bytes/s":
            return f"{said_bytes(value)}/s"
        case "ms":
            return said_ms(value)
        case "s":
            return said_seconds(value) if value >= 1 else f"{value:.2g} s"
        case "%":
            return f"{100 * value:.1f} %"
    number = said_number("", value) if value >= 100 or value == int(value) else f"{value:.3g}"
    return f"{number} {metric.unit}".strip()


def said_change(metric: Metric, figure: Figure) -> str:
    """Against the time before: of shares in points, of sizes in bytes, else in percent; a dash where nothing is known of it."""
    if figure.before is None:
        return "–"
    grown = figure.value - figure.before
    sign = "+" if grown > 0 else "−" if grown < 0 else "±"
    if metric.unit == "%":
        return f"{sign}{abs(100 * grown):.1f}"
    if metric.unit == "bytes":
        return f"{sign}{said_bytes(abs(grown))}"
    return "–" if figure.change is None else f"{sign}{abs(100 * figure.change):.0f} %"
