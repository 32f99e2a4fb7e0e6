"""Trees of who waits for whom, from pairs alone."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from opsadmin.activity.forest import forest


def lines(blockers, waited=None):
    places = forest(blockers, waited or {})
    return [f"{'  ' * place.depth}{place.key}{' in a circle' * place.in_cycle} +{place.victims}" for place in places]


def test_a_queue():
    assert lines({2: [1], 3: [1, 2], 4: [2]}, {2: 9, 3: 8, 4: 7}) == ["1 +3", "  2 +1", "    4 +0", "  3 +0"]


def test_the_root_with_the_most_behind_it_comes_first():
    assert lines({2: [1], 12: [11], 13: [12]}) == ["11 +2", "  12 +1", "    13 +0", "1 +1", "  2 +0"]


def test_a_circle_ends():
    assert lines({1: [2], 2: [1], 3: [2]}, {1: 5}) == ["1 in a circle +2", "  2 +1", "    3 +0"]
    assert lines({1: [1]}) == ["1 in a circle +0"]
    assert len(lines({1: [2], 2: [3], 3: [1], 5: [4], 4: [5]})) == 5


def test_nobody():
    assert lines({}) == []


@given(st.dictionaries(st.integers(0, 12), st.lists(st.integers(0, 12), min_size=1, max_size=4), max_size=12))
def test_everyone_stands_once_below_someone_it_waits_for(blockers):
    places = forest(blockers, {})
    keys = [place.key for place in places]
    assert sorted(keys) == sorted({*blockers, *(one for ahead in blockers.values() for one in ahead)})
    depths = {place.key: place.depth for place in places}
    for place in places:
        if place.under is None:
            assert place.depth == 0
            assert place.in_cycle == (place.key in blockers)
        else:
            assert place.under in blockers[place.key]
            assert place.depth == depths[place.under] + 1
    assert sum(place.victims + 1 for place in places if place.depth == 0) == len(places)


def test_a_long_queue_takes_no_time():
    count = 600
    begun = time.monotonic()
    places = forest({waiter: list(range(waiter)) for waiter in range(1, count)}, {})
    chain = forest({waiter: [waiter - 1] for waiter in range(1, 5000)}, {})
    assert time.monotonic() - begun < 3
    assert (places[0].victims, chain[-1].depth) == (count - 1, 4999)
