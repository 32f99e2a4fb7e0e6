"""The line chart's picture: well-formed, escaped, gaps drawn as gaps."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsadmin.charts import Band, Series, band_swatch, line_chart
from opsadmin.charts.line import runs

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SVG = "{http://www.w3.org/2000/svg}"


def chart(values, bands=(), *, hours=24, gap=None, name="Temperature", **more):
    points = [(START + number * HOUR, value) for number, value in enumerate(values)]
    settings = {"title": "A title", "description": "What it shows", "identity": "one", **more}
    return line_chart(
        [Series(name, points, "°C", 1)],
        start=START,
        end=START + hours * HOUR,
        zone=UTC,
        bands=bands,
        gap=gap,
        **settings,
    )


def lines_of(picture):
    group = ElementTree.fromstring(picture).find(f".//{SVG}g[@class='chart-line is-1']")
    return [] if group is None else [path.get("d") for path in group.findall(f"{SVG}path")]


def test_a_screen_reader_finds_title_and_description():
    root = ElementTree.fromstring(chart([1, 2, 3]))
    assert root.get("role") == "img"
    named = [root.find(f".//*[@id='{identity}']").text for identity in root.get("aria-labelledby").split()]
    assert named == ["A title", "What it shows"]


def test_every_text_is_escaped():
    nasty = '<script>alert("1")</script>&\''
    picture = chart(
        [1, 2], [Band(START, START + 20 * HOUR, nasty)], name=nasty, title=nasty, description=nasty, bands_name=nasty
    )
    assert "<script" not in picture
    texts = [element.text for element in ElementTree.fromstring(picture).iter() if element.text]
    assert sum(nasty in text for text in texts) == 5


def test_nothing_is_styled_inline():
    assert " style=" not in chart([1, None, 3], [Band(START, START + HOUR, "on")])


def test_a_missing_value_breaks_the_line():
    (path,) = lines_of(chart([1, 2, None, 3, 4]))
    assert path.count("M") == 2


def test_a_long_pause_breaks_the_line():
    points = [(START, 1.0), (START + HOUR, 2.0), (START + 5 * HOUR, 3.0), (START + 6 * HOUR, 4.0)]
    assert [len(run) for run in runs(points, gap=2 * HOUR)] == [2, 2]
    assert [len(run) for run in runs(points, gap=None)] == [4]


def test_a_lonely_value_is_a_dot():
    root = ElementTree.fromstring(chart([1, None, 3, None, 5]))
    assert len(root.findall(f".//{SVG}circle")) == 3


def test_higher_values_stand_higher_and_later_ones_further_right():
    (path,) = lines_of(chart([1, 5, 3]))
    spots = [tuple(map(float, spot)) for spot in re.findall(r"([\d.]+) ([\d.]+)", path)]
    assert [x for x, _ in spots] == sorted(x for x, _ in spots)
    assert spots[1][1] < spots[2][1] < spots[0][1]


def test_bands_differ_without_colour_and_say_what_they_are():
    bands = [
        Band(START, START + 8 * HOUR, "on", "solid"),
        Band(START + 8 * HOUR, START + 16 * HOUR, "off", "outline"),
        Band(START + 16 * HOUR, START + 24 * HOUR, "unknown", "hatched"),
    ]
    root = ElementTree.fromstring(chart([1, 2], bands))
    rects = root.findall(f".//{SVG}g[@class='chart-strip']/{SVG}rect")
    assert [rect.get("class") for rect in rects] == [
        "chart-band is-solid",
        "chart-band is-outline",
        "chart-band is-hatched",
    ]
    assert rects[2].get("fill") == "url(#one-hatch)"
    assert root.find(f".//{SVG}pattern").get("id") == "one-hatch"
    labels = [text.text for text in root.iter(f"{SVG}text")]
    assert {"on", "off", "unknown"} <= set(labels)


def test_a_band_outside_the_range_is_left_out_and_one_across_its_edge_is_cut():
    bands = [Band(START - 9 * HOUR, START - HOUR, "on"), Band(START - HOUR, START + 12 * HOUR, "on")]
    root = ElementTree.fromstring(chart([1, 2], bands))
    (rect,) = root.findall(f".//{SVG}g[@class='chart-strip']/{SVG}rect")
    assert float(rect.get("x")) == 46
    assert float(rect.get("width")) == pytest.approx((920 - 60) / 2)


def test_a_chart_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="must end after"):
        chart([1], hours=0)


def test_units_have_panels_of_their_own():
    series = [Series("A", [(START, 1.0)], "°C", 1), Series("B", [(START, 900.0)], "%", 2)]
    picture = line_chart(series, start=START, end=START + HOUR, zone=UTC, title="t", identity="i")
    headings = [
        text.text for text in ElementTree.fromstring(picture).iter(f"{SVG}text") if text.get("class") == "chart-heading"
    ]
    assert headings == ["A (°C)", "B (%)"]


def test_the_swatch_is_a_picture_that_readers_skip():
    swatch = ElementTree.fromstring(band_swatch("hatched", "x"))
    assert swatch.get("aria-hidden") == "true"


@given(
    st.lists(st.none() | st.floats(-1e9, 1e9), max_size=30),
    st.integers(1, 20000),
    st.integers(200, 1500),
)
def test_whatever_the_numbers_the_picture_is_well_formed_and_inside_its_frame(values, hours, width):
    root = ElementTree.fromstring(chart(values, [Band(START, START + HOUR, "on")], hours=hours, width=width, gap=HOUR))
    for element in root.iter():
        for name in ("x", "cx"):
            if element.get(name) is not None:
                assert -1 <= float(element.get(name)) <= width + 1
        for name in ("width", "height"):
            assert float(element.get(name, 0)) >= 0
