"""Finding the plans that matter, with few questions to the planner. What was asked once is not asked again; and a plan that
uses only a part of the indexes that there were is also the plan for every set between that part and the whole."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from opsadmin.advisor.search import Choice, Model, bits

#: A search goes on while it lowers the cost by this part within so many rounds.
ENOUGH, IDLE_ROUNDS = 0.0003, 3
#: Plans asked for beside a chosen set, for one statement and one size.
VERIFIED = 5

#: Answers the cost of a statement (by its number) under a set of indexes (bits), and the indexes that its plan uses.
Ask = Callable[[int, int], tuple[float, int]]


@dataclass
class Known:
    """What is known of one statement. `relevant`: the indexes that could change its plan. `asked`: sets with their answer."""

    weight: float
    relevant: int
    base: float
    asked: dict[int, tuple[float, int]] = field(default_factory=dict)
    plans: dict[int, float] = field(default_factory=dict)


class Explorer:
    """`sizes`: bytes of each index. Stops asking at `most` questions or at the time `until` (of monotonic)."""

    def __init__(self, ask: Ask, known: Sequence[Known], sizes: Sequence[int], *, most: int, until: float) -> None:
        self._ask = ask
        self.known = list(known)
        self.sizes = list(sizes)
        self.asked = 0
        self._most = most
        self._until = until

    @property
    def is_over(self) -> bool:
        return self.asked >= self._most or time.monotonic() >= self._until

    def cost(self, number: int, mask: int) -> tuple[float, int]:
        """The statement's cost under a set, and the indexes that its plan uses."""
        one = self.known[number]
        mask &= one.relevant
        if mask in one.asked:
            return one.asked[mask]
        for whole, (cost, used) in one.asked.items():
            if not mask & ~whole and not used & ~mask:
                one.asked[mask] = (cost, used)
                return cost, used
        cost, used = self._ask(number, mask)
        self.asked += 1
        one.asked[mask] = (cost, used)
        if used and cost < min(one.base, one.plans.get(used, one.base)):
            one.plans[used] = cost
        return cost, used

    def ladder(self, number: int, mask: int, most: int) -> None:
        """Plans with ever fewer of the indexes: take out each one that the plan uses, the best plans first. At most so
        many new questions."""
        one = self.known[number]
        waiting: list[tuple[float, int]] = []
        seen: set[int] = set()
        before = self.asked

        def look(set_: int) -> None:
            if set_ in seen:
                return
            seen.add(set_)
            cost, used = self.cost(number, set_)
            if used and cost < 0.99 * one.base:
                heapq.heappush(waiting, (cost, set_))

        look(mask & one.relevant)
        while waiting and self.asked - before < most and not self.is_over:
            _cost, whole = heapq.heappop(waiting)
            for index in bits(one.asked[whole][1]):
                if self.asked - before >= most or self.is_over:
                    break
                look(whole & ~(1 << index))

    def tiers(self, number: int, limits: Iterable[float], most: int) -> None:
        """A ladder for the indexes below each size."""
        one = self.known[number]
        done: set[int] = set()
        for limit in limits:
            mask = _sum(index for index in bits(one.relevant) if self.sizes[index] <= limit)
            if mask not in done:
                done.add(mask)
                self.ladder(number, mask, most)

    def model(self, upkeep: Sequence[float]) -> Model:
        return Model(
            self.sizes,
            upkeep,
            [one.weight * one.base for one in self.known],
            [[(used, one.weight * cost) for used, cost in one.plans.items()] for one in self.known],
        )

    def refine(self, budget: float, upkeep: Sequence[float], most_indexes: int | None, begin: Iterable[int]) -> Choice:
        """The best set, after asking what the planner really does with what the search chose, and with what could stand
        beside it, until it learns nothing new."""
        starts = list(begin)
        thorough = False
        lowest, idle = float("inf"), 0
        while True:
            model = self.model(upkeep)
            choice = model.best(budget, most=most_indexes, until=self._until, begin=starts, thorough=thorough)
            starts = [choice.mask]
            before = self._learnt()
            self._verify(choice, budget)
            learnt = self._learnt() > before
            # Plans learnt since may have made the same set cheaper.
            found = self.model(upkeep).choice(choice.mask)
            idle = 0 if found.cost < lowest * (1 - ENOUGH) else idle + 1
            lowest = min(lowest, found.cost)
            if self.is_over or (thorough and (not learnt or idle >= IDLE_ROUNDS)):
                return found
            # Only when the simple search learns no more, or to no purpose.
            thorough = not learnt or idle >= IDLE_ROUNDS

    def _verify(self, choice: Choice, budget: float) -> None:
        left = budget - choice.size
        beside = [left, 0.1 * budget, 0.4 * budget]
        sets = [_sum(index for index, size in enumerate(self.sizes) if size <= limit) for limit in beside]
        for number in range(len(self.known)):
            if self.is_over:
                return
            self.cost(number, choice.mask)
            for others in dict.fromkeys(sets):
                self.ladder(number, choice.mask | others, VERIFIED)

    def _learnt(self) -> int:
        return sum(len(one.plans) for one in self.known)


def _sum(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found
