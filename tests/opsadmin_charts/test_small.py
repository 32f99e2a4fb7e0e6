"""Sparklines, and moments on the line chart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from opsadmin.charts import Moment, Series, line_chart, moments_legend, moments_of, sparkline

START = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
END = START + 24 * HOUR


def spots(picture: str) -> list[list[tuple[float, float]]]:
    """Of each stretch of the path."""
    (path,) = re.findall(r' d="([^"]+)"', picture)
    return [
        [(float(x), float(y)) for x, y in (one.split() for one in part.split("L"))]
        for part in path.removeprefix("M").split("M")
    ]


def test_a_sparkline_stands_on_zero_and_breaks_at_gaps() -> None:
    points = [(START, 10.0), (START + HOUR, 5.0), (START + 20 * HOUR, 10.0), (START + 21 * HOUR, 0.0)]
    picture = sparkline(points, start=START, end=END, title='Calls <&"', gap=2 * HOUR)
    one, other = spots(picture)
    assert one[0][1] == other[0][1] == 2.5
    assert other[1][1] == 21.5
    assert one[1][1] == pytest.approx(12)
    found = ElementTree.fromstring(picture)
    assert found.get("aria-label") == 'Calls <&"'
    assert found.get("role") == "img"
    assert "style" not in picture
    assert picture.count("<circle") == 1


def test_a_sparkline_of_one_point_none_and_nothing_but_zeros() -> None:
    (one,) = spots(sparkline([(START, 3.0)], start=START, end=END, title="x"))
    assert one == [(2.5, 2.5), (2.5, 2.5)]
    assert sparkline([], start=START, end=END, title="x") == ""
    assert sparkline([(START, None)], start=START, end=END, title="x") == ""
    (zeros,) = spots(sparkline([(START, 0.0), (END, 0.0)], start=START, end=END, title="x"))
    assert {y for _, y in zeros} == {21.5}
    (level,) = spots(sparkline([(START, 7.0), (END, 7.0)], start=START, end=END, title="x", from_zero=False))
    assert {y for _, y in level} == {12}
    with pytest.raises(ValueError, match="must end after"):
        sparkline([(START, 1.0)], start=END, end=START, title="x")


def test_moments_that_lie_on_each_other_share_a_number() -> None:
    moments = [
        Moment(START + 5 * HOUR, "3f2a", "deploy"),
        Moment(START + 5 * HOUR + timedelta(minutes=10), "PostgreSQL started.", "alarm"),
        Moment(START + 9 * HOUR, 'orders_"x"_idx <b>', "index"),
        Moment(END + HOUR, "later", "deploy"),
    ]
    groups = moments_of(moments, start=START, end=END)
    assert [(group.number, len(group.moments), group.kind) for group in groups] == [(1, 2, "alarm"), (2, 1, "index")]
    legend = moments_legend(groups, ["05:00", "09:00"])
    assert "3f2a; PostgreSQL started." in legend
    assert "orders_&quot;x&quot;_idx &lt;b&gt;" in legend
    assert moments_legend([], []) == ""
    series = [Series("p95", [(START, 1.0), (END, 2.0)], "ms"), Series("calls", [(START, 1.0), (END, 2.0)], "per s")]
    for width in (920, 320):
        picture = line_chart(
            series, start=START, end=END, zone=UTC, title="t", identity="i", moments=moments, width=width
        )
        found = ElementTree.fromstring(picture)
        drawn = [one for one in found.iter() if (one.get("class") or "").startswith("chart-moment is-")]
        texts = [text.text for one in drawn for text in one if text.tag.endswith("text")]
        assert texts == ["1", "2"]
        # Through both panels.
        assert all(sum(part.tag.endswith("path") for part in one) == 2 for one in drawn)
        assert "style=" not in picture


def test_a_chart_may_stand_on_zero() -> None:
    series = [Series("p95", [(START, 40.0), (END, 42.0)], "ms")]

    def lowest(**more: bool) -> float:
        picture = line_chart(series, start=START, end=END, zone=UTC, title="t", identity="i", **more)
        found = ElementTree.fromstring(picture)
        labels = next(one for one in found.iter() if one.get("class") == "chart-labels")
        return min(float(text.text or "nan") for text in labels)

    assert lowest() == 40
    assert lowest(from_zero=True) == 0
