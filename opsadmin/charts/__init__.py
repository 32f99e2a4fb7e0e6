"""Charts: numbers in, SVG out. They know nothing of where the numbers come from; colours are classes of charts.css."""

from opsadmin.charts.bars import Bar, bar_chart
from opsadmin.charts.frontier import Step, frontier_chart
from opsadmin.charts.line import line_chart, moments_of
from opsadmin.charts.marks import Band, Series
from opsadmin.charts.moments import Moment, moments_legend
from opsadmin.charts.sparkline import sparkline
from opsadmin.charts.swatch import band_swatch

__all__ = [
    "Band",
    "Bar",
    "Moment",
    "Series",
    "Step",
    "band_swatch",
    "bar_chart",
    "frontier_chart",
    "line_chart",
    "moments_legend",
    "moments_of",
    "sparkline",
]
