"""How a band looks, in the chart and in its legend."""

from __future__ import annotations

from django.utils.safestring import SafeString

from opsadmin.charts import svg
from opsadmin.charts.marks import BandStyle


def hatch_pattern(identity: str) -> SafeString:
    line = svg.element("path", d="M0 6L6 0", css="chart-hatch")
    return svg.element("pattern", line, id=identity, width=6, height=6, patternUnits="userSpaceOnUse")


def band_rect(style: BandStyle, x: float, y: float, width: float, height: float, hatch: str) -> SafeString:
    fill = f"url(#{hatch})" if style == "hatched" else None
    return svg.element("rect", x=x, y=y, width=width, height=height, css=f"chart-band is-{style}", fill=fill)


def band_swatch(style: BandStyle, identity: str) -> SafeString:
    """A small picture of the style for a legend; the text beside it says what it means."""
    hatch = f"{identity}-hatch"
    inner = [svg.element("defs", hatch_pattern(hatch)), band_rect(style, 0.5, 0.5, 21, 11, hatch)]
    return svg.element(
        "svg", svg.join(inner), css="chart-swatch", viewBox="0 0 22 12", width=22, height=12, aria_hidden="true"
    )
