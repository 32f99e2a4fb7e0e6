"""Who waits for whom, as trees. Pure: sessions are keys, whatever they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Place(Generic[Key]):
    """Where a session stands: `under` whom (None for a root), how deep, and how many wait behind it in its tree.
    `in_cycle`: a root that waits itself, for one of those behind it: a deadlock that PostgreSQL has not ended yet."""

    key: Key
    under: Key | None
    depth: int
    victims: int
    in_cycle: bool


def forest(blockers: Mapping[Key, Sequence[Key]], waited: Mapping[Key, float]) -> list[Place[Key]]:
    """All sessions that wait or are waited for, each once, a tree after the other, those below right behind. `blockers`:
    whom each waiting one waits for. One that waits for several stands under the one nearest to a root. Roots with the
    most behind them come first, and in a tree those that `waited` longest."""
    waiting_for: dict[Key, list[Key]] = {}
    for waiter, ahead in blockers.items():
        for one in ahead:
            if one != waiter:
                waiting_for.setdefault(one, []).append(waiter)
    under: dict[Key, Key | None] = {one: None for one in waiting_for if one not in blockers}
    in_cycle: set[Key] = set()
    _spread(deque(under), waiting_for, under)
    for waiter in sorted(blockers, key=lambda one: -waited.get(one, 0)):
        if waiter not in under:
            start = _on_cycle(waiter, blockers, under)
            in_cycle.add(start)
            under[start] = None
            _spread(deque([start]), waiting_for, under)
    return _places(under, in_cycle, waited)


def _spread(queue: deque[Key], waiting_for: Mapping[Key, Sequence[Key]], under: dict[Key, Key | None]) -> None:
    """Put everyone behind those in the queue under the nearest."""
    while queue:
        one = queue.popleft()
        for waiter in waiting_for.get(one, ()):
            if waiter not in under:
                under[waiter] = one
                queue.append(waiter)


def _on_cycle(waiter: Key, blockers: Mapping[Key, Sequence[Key]], placed: Mapping[Key, Key | None]) -> Key:
    """One of the sessions that wait in a circle, found by going up from a session that no root blocks."""
    seen: set[Key] = set()
    while waiter not in seen:
        seen.add(waiter)
        ahead = [one for one in blockers[waiter] if one != waiter and one not in placed]
        if not ahead:
            break
        waiter = ahead[0]
    return waiter


def _places(under: Mapping[Key, Key | None], in_cycle: set[Key], waited: Mapping[Key, float]) -> list[Place[Key]]:
    below: dict[Key | None, list[Key]] = {}
    for key, above in under.items():
        below.setdefault(above, []).append(key)
    depths: dict[Key, int] = {}
    order: list[Key] = []
    stack = list(below.get(None, ()))
    while stack:
        key = stack.pop()
        above = under[key]
        depths[key] = 0 if above is None else depths[above] + 1
        order.append(key)
        stack.extend(sorted(below.get(key, ()), key=lambda one: waited.get(one, 0)))
    victims = dict.fromkeys(order, 0)
    for key in reversed(order):
        above = under[key]
        if above is not None:
            victims[above] += victims[key] + 1
    trees: list[list[Place[Key]]] = []
    for key in order:
        place = Place(key, under[key], depths[key], victims[key], key in in_cycle)
        if place.under is None:
            trees.append([])
        trees[-1].append(place)
    trees.sort(key=lambda tree: -tree[0].victims)
    return [place for tree in trees for place in tree]
