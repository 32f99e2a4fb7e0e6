"""The best set of indexes within a size, from what the planner said of single plans. Pure: numbers in, numbers out.

A statement's cost under a set of indexes is that of its cheapest plan whose indexes are all in the set (the atomic
configurations of INUM and CoPhy: Papadomanolakis et al., VLDB 2007; Dash et al., VLDB 2011). Sets are bits of a number."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: What a first set takes, however late it is.
LEAST_SECONDS = 0.2
#: Parts of a size whose best sets are other places to begin from.
AROUND = (0.3, 0.5, 0.7, 0.85, 1.2, 1.5)


@dataclass(frozen=True)
class Choice:
    """A set of indexes as bits, with its size in bytes and the cost of the workload under it."""

    mask: int
    size: int
    cost: float


class Model:
    """`sizes` in bytes and `upkeep` (what each index costs by itself, in the planner's unit) by the number of the index;
    `bases`: weighted cost of each statement without any; `plans`: of each statement, (bits of its indexes, weighted cost)."""

    def __init__(
        self,
        sizes: Sequence[int],
        upkeep: Sequence[float],
        bases: Sequence[float],
        plans: Sequence[Iterable[tuple[int, float]]],
    ) -> None:
        self.sizes = list(sizes)
        self.upkeep = list(upkeep)
        self._has_upkeep = any(self.upkeep)
        self.bases = list(bases)
        self._known_sizes: dict[int, int] = {}
        self.plans = [_undominated(base, of_one) for base, of_one in zip(bases, plans, strict=True)]
        self._drop_hopeless()
        self._touched = [_union(needed for needed, _cost in of_one) for of_one in self.plans]

    def _drop_hopeless(self) -> None:
        """Drop plans that no best set needs: a cheaper one of the same statement can always stand in, that is no larger, takes
        no more upkeep and no more indexes, where what it does without serves no other statement."""
        while True:
            users: dict[int, int] = {}
            for plans in self.plans:
                for one in bits(_union(needed for needed, _cost in plans)):
                    users[one] = users.get(one, 0) + 1
            shared = _union(1 << one for one, count in users.items() if count > 1)
            kept = [self._hopeful(plans, shared) for plans in self.plans]
            if kept == self.plans:
                return
            self.plans = kept

    def _hopeful(self, plans: list[tuple[int, float]], shared: int) -> list[tuple[int, float]]:
        kept: list[tuple[int, float]] = []
        for needed, cost in plans:
            if not any(not (needed & ~other) & shared and self._is_lighter(other, needed) for other, _cost in kept):
                kept.append((needed, cost))
        return kept

    def _is_lighter(self, one: int, other: int) -> bool:
        return (
            self.size(one) <= self.size(other)
            and one.bit_count() <= other.bit_count()
            and self.upkeep_of(one) <= self.upkeep_of(other)
        )

    # --- what a set costs -------------------------------------------------------------------------------------------
    def cost_of(self, number: int, mask: int) -> float:
        """Of one statement under a set."""
        for needed, cost in self.plans[number]:
            if not needed & ~mask:
                return cost
        return self.bases[number]

    def used_by(self, number: int, mask: int) -> int:
        """The indexes of the plan that a statement has under a set."""
        for needed, _cost in self.plans[number]:
            if not needed & ~mask:
                return needed
        return 0

    def cost(self, mask: int) -> float:
        return sum(self.cost_of(number, mask) for number in range(len(self.bases))) + self.upkeep_of(mask)

    def upkeep_of(self, mask: int) -> float:
        return 0.0 if not self._has_upkeep else sum(self.upkeep[one] for one in bits(mask))

    def size(self, mask: int) -> int:
        found = self._known_sizes.get(mask)
        if found is None:
            found = self._known_sizes[mask] = sum(self.sizes[one] for one in bits(mask))
        return found

    def choice(self, mask: int) -> Choice:
        return Choice(mask, self.size(mask), self.cost(mask))

    # --- searching --------------------------------------------------------------------------------------------------
    def best(
        self,
        budget: float,
        *,
        most: int | None = None,
        until: float = float("inf"),
        begin: Iterable[int] = (),
        thorough: bool = True,
    ) -> Choice:
        """A set that no single exchange makes better (`thorough`: none of two either, and none that the best sets of other
        sizes lead to), within `budget` bytes and `most` indexes. `begin`: sets to begin with, besides none. Stops at the
        time `until` (of monotonic) with what it has. The same for the same numbers."""
        found: Choice | None = None
        # Plans that were asked for in all the time there was are worth a moment more.
        filling = max(until, time.monotonic() + LEAST_SECONDS)
        if thorough and budget < self.size(_union(self._touched)):
            for part in AROUND:
                if time.monotonic() < until:
                    begin = (*begin, self.best(part * budget, most=most, until=until, thorough=False).mask)
        tried: set[int] = set()
        for mask in (*begin, 0):
            for power in (1.0, 0.5):
                if found is not None and time.monotonic() > filling:
                    break
                one = self._filled(self._fitting(mask, budget, most), budget, most, power, until=filling)
                if one not in tried:
                    tried.add(one)
                    found = _better(found, self._improved(self.choice(one), budget, most, until, pairs=False))
        assert found is not None  # noqa: S101  # there is always the empty set
        return self._improved(found, budget, most, until, pairs=True) if thorough else found

    def _fitting(self, mask: int, budget: float, most: int | None) -> int:
        """The set without what does not fit: the least useful for its size goes first."""
        while self.size(mask) > budget or (most is not None and mask.bit_count() > most):
            here = self.cost(mask)
            mask &= ~min(
                (1 << one for one in bits(mask)),
                key=lambda bit: ((self.cost(mask & ~bit) - here) / max(1, self.size(bit)), bit),
            )
        return mask

    def _filled(
        self, mask: int, budget: float, most: int | None, power: float, banned: int = 0, until: float = float("inf")
    ) -> int:
        """The set with what brings most for its size, until nothing more fits or helps."""
        left = budget - self.size(mask)
        room = (most if most is not None else 1 << 30) - mask.bit_count()
        current = [self.cost_of(number, mask) for number in range(len(self.bases))]
        open_ = [self._open(number, mask, now, banned) for number, now in enumerate(current)]
        gains: dict[int, float] = {}
        while room > 0 and time.monotonic() < until:
            best: tuple[float, int] | None = None
            for missing in dict.fromkeys(missing for _union_, plans in open_ for missing, _saved in plans):
                size = self.size(missing)
                if size > left or missing.bit_count() > room:
                    continue
                gain = gains.get(missing)
                if gain is None:
                    gain = gains[missing] = self._gain(missing, open_)
                if gain > 0:
                    rate = gain / max(size, 1) ** power
                    if best is None or (rate, -missing) > best:
                        best = (rate, -missing)
            if best is None:
                break
            added = -best[1]
            mask |= added
            left -= self.size(added)
            room -= added.bit_count()
            stale = 0
            for number, of_one in enumerate(self._touched):
                if of_one & added:
                    stale |= open_[number][0]
                    current[number] = self.cost_of(number, mask)
                    open_[number] = self._open(number, mask, current[number], banned)
            gains = {missing: gain for missing, gain in gains.items() if not missing & stale}
        return self._without_idle(mask)

    def _open(self, number: int, mask: int, now: float, banned: int) -> tuple[int, list[tuple[int, float]]]:
        """The plans that would be cheaper than now: what each still misses and would save, and all that they miss."""
        found: list[tuple[int, float]] = []
        union = 0
        for needed, cost in self.plans[number]:
            if cost >= now:
                break
            missing = needed & ~mask
            if not missing & banned:
                found.append((missing, now - cost))
                union |= missing
        return union, found

    def _gain(self, missing: int, open_: Iterable[tuple[int, list[tuple[int, float]]]]) -> float:
        """What a set of indexes would bring, upkeep taken off."""
        gain = -self.upkeep_of(missing)
        for union, plans in open_:
            if union & missing:
                for needed, saved in plans:
                    if not needed & ~missing:
                        gain += saved
                        break
        return gain

    def _without_idle(self, mask: int) -> int:
        """The set without what no statement uses, or what costs more than it brings."""
        used = [self.used_by(number, mask) for number in range(len(self.bases))]
        mask &= _union(used)
        for one in bits(mask):
            bit = 1 << one
            # Only who uses it would miss it.
            missed = sum(
                self.cost_of(number, mask & ~bit) - self.cost_of(number, mask)
                for number, of_one in enumerate(used)
                if of_one & bit
            )
            if missed <= self.upkeep[one]:
                mask &= ~bit
                used = [self.used_by(number, mask) if of_one & bit else of_one for number, of_one in enumerate(used)]
        return mask

    def _improved(self, found: Choice, budget: float, most: int | None, until: float, *, pairs: bool) -> Choice:
        """Take one out (`pairs`: or two), fill up again without it, keep what is better, until nothing is."""
        idle = 0
        while True:
            members = list(bits(found.mask))
            outs = [1 << one for one in members]
            if pairs:
                outs += [1 << one | 1 << other for place, one in enumerate(members) for other in members[:place]]
            for out in outs:
                if out & ~found.mask:
                    continue
                if time.monotonic() > until:
                    return found
                other = self._exchanged(found, out, budget, most, until)
                if other.cost < found.cost * (1 - 1e-9):
                    found, idle = other, 0
                else:
                    idle += 1
            if idle >= len(outs):
                return found

    def _exchanged(self, found: Choice, out: int, budget: float, most: int | None, until: float) -> Choice:
        rest = found.mask & ~out
        one = self.choice(self._filled(rest, budget, most, 1.0, banned=out, until=until))
        if out.bit_count() > 1:
            return one
        return _better(one, self.choice(self._filled(rest, budget, most, 0.5, banned=out, until=until)))

    # --- how good it can be -----------------------------------------------------------------------------------------
    def bound(self, budget: float, rounds: int = 150) -> float:
        """No set within the budget costs less, as far as these plans go: a Lagrangian relaxation, in which every statement
        pays for its own copy of an index, at a price for a byte that is raised until the copies fit (subgradient steps)."""
        owners: list[list[int]] = [[] for _ in self.sizes]
        for number, plans in enumerate(self.plans):
            for one in bits(_union(needed for needed, _cost in plans)):
                owners[one].append(number)
        shares = {(number, one): 1.0 / len(of_one) for one, of_one in enumerate(owners) for number in of_one}
        lowest = sum(
            min([base, *(cost for _needed, cost in plans)]) for base, plans in zip(self.bases, self.plans, strict=True)
        )
        best, price = lowest, 0.0
        step = (sum(self.bases) - lowest) / max(1.0, budget)
        for round_ in range(rounds):
            total, used = 0.0, [0] * len(self.plans)
            for number, plans in enumerate(self.plans):
                cheapest, mask = self.bases[number], 0
                for needed, cost in plans:
                    if cost >= cheapest:
                        break
                    paid = cost + sum(
                        (price * self.sizes[one] + self.upkeep[one]) * shares[number, one] for one in bits(needed)
                    )
                    if paid < cheapest:
                        cheapest, mask = paid, needed
                total += cheapest
                used[number] = mask
            best = max(best, total - price * budget)
            size = self.size(_union(used))
            for one, of_one in enumerate(owners):
                users = [number for number in of_one if used[number] >> one & 1]
                if users and len(users) < len(of_one):
                    # Who wants it pays more of it next time.
                    for number in of_one:
                        aim = 1.0 / len(users) if number in users else 0.0
                        shares[number, one] += (aim - shares[number, one]) * 0.3
            price = max(0.0, price + step * (1 if size > budget else -1) / (round_ + 1) ** 0.7)
        return best


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, smallest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _undominated(base: float, plans: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """Cheapest first, without those that need more than a cheaper one does."""
    kept: list[tuple[int, float]] = []
    for needed, cost in sorted(plans, key=lambda one: (one[1], one[0].bit_count(), one[0])):
        if needed and cost < base and not any(not other & ~needed for other, _cost in kept):
            kept.append((needed, cost))
    return kept


def _better(one: Choice | None, other: Choice) -> Choice:
    return other if one is None or (other.cost, other.size, other.mask) < (one.cost, one.size, one.mask) else one
