"""Bars: as long as their values, and escaped."""

import re
import xml.etree.ElementTree as ElementTree

from opsadmin.charts import Bar, bar_chart

SVG = "{http://www.w3.org/2000/svg}"


def chart(*bars, width=420):
    return ElementTree.fromstring(bar_chart(bars, title="Sizes", identity="sizes", width=width))


def test_bars_are_as_long_as_their_values():
    long, half, none = (
        float(rect.get("width"))
        for rect in chart(Bar("a", 10, "10"), Bar("b", 5, "5"), Bar("c", 0, "0")).iter(f"{SVG}rect")
    )
    assert abs(long / half - 2) < 0.01
    assert none == 2


def test_everything_fits():
    for width in (320, 420):
        found = chart(
            Bar("a name that is longer than there is room for, by far", 3, "3 GB"), Bar("x", 1, "1,840 MB"), width=width
        )
        texts = list(found.iter(f"{SVG}text"))
        assert max(float(rect.get("x")) + float(rect.get("width")) for rect in found.iter(f"{SVG}rect")) < width - 40
        assert "…" in texts[0].text
        assert texts[0].text.startswith("a name")
        assert texts[0].text.endswith("by far")


def test_names_are_escaped():
    text = bar_chart([Bar("<script>", 1, "&")], title='"<b>', identity="x")
    assert "<script>" not in text
    assert re.search("&lt;script&gt;", text)


def test_nothing_and_only_zeros():
    assert not list(chart().iter(f"{SVG}rect"))
    assert len(list(chart(Bar("a", 0, "0"), Bar("b", -1, "-1")).iter(f"{SVG}rect"))) == 2
