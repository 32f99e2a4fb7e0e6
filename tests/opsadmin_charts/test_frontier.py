"""The staircase of what a price buys."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from opsadmin.charts import Step, frontier_chart

STEPS = [Step(0, 0.0), Step(100, 0.5, "100: −50 %"), Step(450, 0.9, "<450>: −90 %", is_chosen=True)]


def draw(steps, **more):
    text = frontier_chart(steps, title="What <it> buys", price_name="MB", gain_name="taken off", identity="f", **more)
    return ElementTree.fromstring(text)  # noqa: S314  # our own


def texts(picture):
    return [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]


def test_the_stairs_rise_at_their_prices():
    picture = draw(STEPS, width=560, height=260)
    path = next(one.get("d") for one in picture.iter() if one.get("class") == "chart-frontier-line")
    (start, *_), flat, up = (re.findall(rf"{letter}([\d.]+)", path) for letter in "MHV")
    across = [float(number) for number in (start, *flat)]
    assert across == sorted(across)
    assert across[-1] == 544
    heights = [float(number) for number in up]
    assert heights == sorted(heights, reverse=True)
    assert "<450>: −90 %" in texts(picture)
    assert "100: −50 %" not in texts(picture)
    assert {"0", "500", "MB", "taken off", "100 %"} <= set(texts(picture))


@pytest.mark.parametrize("width", [320, 560])
@pytest.mark.parametrize(
    "steps",
    [
        [],
        [Step(0, 0.0, "0", is_chosen=True)],
        [Step(0, 0.0), Step(1e-9, 1.5, "x" * 20, is_chosen=True)],
        [Step(0, 0.0), Step(1e12, -1.0, "y" * 20, is_chosen=True)],
    ],
)
def test_all_of_it_lies_in_the_picture(steps, width):
    for element in draw(steps, width=width, height=220).iter():
        x, y = element.get("cx") or element.get("x"), element.get("cy") or element.get("y")
        if x is not None and y is not None:
            long = len(element.text or "") * 6.2
            part = {"end": 1, "middle": 0.5}.get(element.get("text-anchor", ""), 0)
            assert float(x) - part * long >= -1, element.text
            assert float(x) + (1 - part) * long <= width + 1, element.text
            assert 0 <= float(y) <= 220, element.text
