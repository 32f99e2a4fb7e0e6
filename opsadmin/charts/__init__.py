"""Charts: numbers in, SVG out. They know nothing of where the numbers come from; colours are classes of charts.css."""

from opsadmin.charts.bars import Bar, bar_chart
from opsadmin.charts.frontier import Step, frontier_chart
from opsadmin.charts.line import line_chart
from opsadmin.charts.marks import Band, Series
from opsadmin.charts.swatch import band_swatch

__all__ = ["Band", "Bar", "Series", "Step", "band_swatch", "bar_chart", "frontier_chart", "line_chart"]
