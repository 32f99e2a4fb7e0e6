"""Finding the plans that matter, with few questions to the planner. What was asked once is not asked again; and a plan that
uses only a part of the indexes that there were is also the plan for every set between that part and the whole."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from opsadmin.advisor.search import Choice, Model, bits

#: A search goes on while a round lowers the cost by this part.
ENOUGH = 0.0003
#: Of so many plans it looks at exchanges of two, too.
THOROUGH_PLANS = 400
#: Other sizes, as parts of the budget, whose best sets are looked at.
BESIDE = (0.6, 1.6)
#: Plans asked for beside a chosen set, for one statement, one size, and one price of what is chosen.
VERIFIED = 3

#: Answers the cost of a statement (by its number) under a set of indexes (bits), and the indexes that its plan uses; behind
#: that other plans that it learnt of with it.
Ask = Callable[[int, int], Sequence[tuple[float, int]]]


@dataclass
class Known:
    """What is known of one statement. `relevant`: the indexes that could change its plan; `own`: those of them that were
    proposed for it. `asked`: sets with their answer; `questions`: how many of them the planner was asked."""

    weight: float
    relevant: int
    base: float
    own: int = 0
    asked: dict[int, tuple[float, int]] = field(default_factory=dict)
    questions: int = 0
    plans: dict[int, float] = field(default_factory=dict)


#: Does some work for each of those numbers, several at a time where it can.
Each = Callable[[Sequence[int], Callable[[int], None]], None]


def one_by_one(numbers: Sequence[int], work: Callable[[int], None]) -> None:
    for number in numbers:
        work(number)


class Explorer:
    """`sizes`: bytes of each index. Stops asking at `most` questions or at the time `until` (of monotonic). `each`: asks for
    several statements at a time, but never several times for one."""

    def __init__(
        self,
        ask: Ask,
        known: Sequence[Known],
        sizes: Sequence[int],
        *,
        most: int,
        until: float,
        each: Each = one_by_one,
    ) -> None:
        self._ask = ask
        self.known = list(known)
        self.sizes = list(sizes)
        self._most = most
        self._until = until
        self._each = each

    @property
    def asked(self) -> int:
        return sum(one.questions for one in self.known)

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
        answers = self._ask(number, mask)
        one.questions += 1
        for cost, used in answers:
            if used and cost < min(one.base, one.plans.get(used, one.base)):
                one.plans[used] = cost
        one.asked[mask] = answers[0]
        return answers[0]

    def ladder(self, number: int, mask: int, most: int, *, price: float = 0.0, free: int = 0) -> None:
        """Plans with ever fewer of the indexes: take out each one that the plan uses, the best plans first: the cheapest,
        where a byte of an index that is not `free` costs `price`. At most so many new questions."""
        one = self.known[number]
        waiting: list[tuple[float, int]] = []
        seen: set[int] = set()
        before = one.questions

        def look(set_: int) -> None:
            if set_ in seen:
                return
            seen.add(set_)
            cost, used = self.cost(number, set_)
            if used & ~free and cost < 0.99 * one.base:
                paid = price * sum(self.sizes[index] for index in bits(used & ~free)) if price else 0.0
                heapq.heappush(waiting, (cost + paid, set_))

        look(mask & one.relevant)
        while waiting and one.questions - before < most and not self.is_over:
            _cost, whole = heapq.heappop(waiting)
            for index in bits(one.asked[whole][1] & ~free):
                if one.questions - before >= most or self.is_over:
                    break
                look(whole & ~(1 << index))

    def tiers(self, numbers: Sequence[int], limits: Sequence[float], most: int) -> None:
        """For each of those statements a ladder for the indexes below each size, of those proposed for it."""

        def climb(number: int) -> None:
            one = self.known[number]
            relevant, one.relevant = one.relevant, one.own
            done: set[int] = set()
            for limit in limits:
                mask = _sum(index for index in bits(one.relevant) if self.sizes[index] <= limit)
                if mask not in done:
                    done.add(mask)
                    self.ladder(number, mask, most, price=one.base / limit if limit else 0.0)
            one.relevant = relevant

        self._all(numbers, climb, lambda number: most * len(limits))

    def _all(self, numbers: Sequence[int], work: Callable[[int], None], most: Callable[[int], int]) -> None:
        """Do the work for each, several at a time as long as the limit of questions cannot be reached meanwhile: whom it
        reaches must not depend on the time. `most`: questions that one takes at most."""
        waiting = list(numbers)
        while waiting and not self.is_over:
            room, count = self._most - self.asked, 0
            while count < len(waiting) and (room := room - most(waiting[count])) >= 0:
                count += 1
            if count > 1:
                self._each(waiting[:count], work)
            else:
                work(waiting[0])
            del waiting[: max(1, count)]

    def model(self, upkeep: Sequence[float]) -> Model:
        return Model(
            self.sizes,
            upkeep,
            [one.weight * one.base for one in self.known],
            [[(used, one.weight * cost) for used, cost in one.plans.items()] for one in self.known],
        )

    def refine(self, budget: float, upkeep: Sequence[float], most_indexes: int | None, begin: Iterable[int]) -> Choice:
        """The best set, after asking what the planner really does with what the search chose, and with what could stand
        beside it, and the same for smaller and larger sizes, whose plans serve this one too, until it brings no more."""
        starts = list(begin)
        lowest = float("inf")
        while True:
            for part in (1.0, *BESIDE):
                if self.is_over:
                    break
                size = part * budget
                choice = self.model(upkeep).best(
                    size, most=most_indexes, until=self._until, begin=starts, thorough=False
                )
                starts = [*starts[-1:], choice.mask]
                self._verify(choice, size)
            model = self.model(upkeep)
            is_small = sum(map(len, model.plans)) <= THOROUGH_PLANS
            found = model.best(budget, most=most_indexes, until=self._until, begin=starts, thorough=is_small)
            if self.is_over or found.cost >= lowest * (1 - ENOUGH):
                return found
            lowest, starts = found.cost, [found.mask]

    def _verify(self, choice: Choice, budget: float) -> None:
        """Ask of every statement what the choice costs it, what each of its own candidates would add to that, and what all
        below some sizes would: the plans that use more, without what is dear for its size."""
        total = sum(one.weight * one.base for one in self.known)
        price = (total - choice.cost) / max(1, choice.size)
        beside = [budget - choice.size, 0.1 * budget, 0.4 * budget]
        sets = [_sum(index for index, size in enumerate(self.sizes) if size <= limit) for limit in beside]
        fits = _sum(index for index, size in enumerate(self.sizes) if size <= budget)
        around = [choice.mask | others for others in dict.fromkeys(sets)]

        def alone(number: int) -> list[int]:
            own = self.known[number].own & fits & ~choice.mask
            return [choice.mask | 1 << index for index in bits(own)]

        def look(number: int) -> None:
            one = self.known[number]
            self.cost(number, choice.mask)
            for mask in around:
                for free in (choice.mask, 0):
                    self.ladder(number, mask, VERIFIED, price=price / max(one.weight, 1e-9), free=free)
            for mask in alone(number):
                if self.is_over:
                    return
                self.cost(number, mask)

        def most(number: int) -> int:
            one = self.known[number]
            return 1 + 2 * VERIFIED * len(around) + sum(mask & one.relevant not in one.asked for mask in alone(number))

        self._all(range(len(self.known)), look, most)


def _sum(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found
