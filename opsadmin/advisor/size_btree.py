"""How large a b-tree is right after CREATE INDEX: nbtsort.c's way of filling pages, over what the statistics say of the
keys. Pure arithmetic.

Equal keys share a posting list (deduplication, PostgreSQL 13 on), so what counts is how many rows each key has, not only
how many keys there are: `Classes` say it as keys with the same expected number of rows, the rows of one key being
spread as by chance (Poisson)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

HEADER = 8
#: Header and null bitmap, aligned: what a tuple with a NULL starts with.
HEADER_WITH_NULLS = 16
LINE_POINTER = 4
TID = 6
PAGE_HEADER = 24
SPECIAL = 16
LEAF_FREE = 0.10
INNER_FREE = 0.30
#: Above this many classes they are merged by the logarithm of their rows.
MOST_CLASSES = 40


class TooWide(ValueError):
    """The keys are wider than an index of this kind may hold."""


@dataclass(frozen=True)
class Stored:
    """A column as it stands in an index tuple. `widths`: (bytes, share of the rows), headers of varlena values included,
    NULLs left out, `null_share` of the rows; `align`: 1, 2, 4 or 8; `varies`: of variable length, so short values are not aligned."""

    widths: tuple[tuple[int, float], ...]
    align: int
    varies: bool
    null_share: float = 0.0

    @property
    def mean(self) -> float:
        return sum(width * share for width, share in self.widths)


#: (rows that a key is expected to have, how many such keys there are at most).
Classes = Sequence[tuple[float, float]]


def aligned(size: float) -> int:
    return -(-int(math.ceil(size)) // 8) * 8


@dataclass(frozen=True)
class Part:
    """The rows of an index where the same keys are NULL. `keys`: the others; `classes`: how the rows are spread over them,
    None where equal keys do not share a posting list."""

    rows: float
    keys: tuple[Stored, ...]
    has_null: bool
    classes: Classes | None


def tuple_bytes(columns: Iterable[Stored], *, has_null: bool = False) -> float:
    """The mean size of an index tuple of the columns, without its line pointer. `has_null`: every one has a null bitmap."""
    columns = list(columns)
    no_null = 0.0 if has_null else math.prod(1 - column.null_share for column in columns)
    size = no_null * _mean_aligned(columns, HEADER, 1.0) if no_null else 0.0
    if no_null < 1:
        # NULLs, which take no room, are more frequent where there is one at all.
        size += (1 - no_null) * _mean_aligned(columns, HEADER_WITH_NULLS, 1 if has_null else 1 / (1 - no_null))
    return size


def _mean_aligned(columns: list[Stored], start: int, nulls: float) -> float:
    """The mean of the aligned end of the columns that begin at `start`."""
    ends: dict[int, float] = {start: 1.0}
    for column in columns:
        null = min(1.0, column.null_share * nulls) if start > HEADER else 0.0
        following: dict[int, float] = {}
        for end, weight in ends.items():
            if null:
                following[end] = following.get(end, 0.0) + weight * null
            for width, share in column.widths:
                align = 1 if column.varies and width <= 127 else column.align
                new = -(-end // align) * align + width
                following[new] = following.get(new, 0.0) + weight * (1 - null) * share
        ends = following if len(following) <= 200 else _coarser(following)
    return sum(aligned(end) * weight for end, weight in ends.items())


def _coarser(ends: dict[int, float]) -> dict[int, float]:
    merged: dict[int, float] = {}
    for end, weight in ends.items():
        place = aligned(end) - 4
        merged[place] = merged.get(place, 0.0) + weight
    return merged


def pages_of(parts: Sequence[Part], include: Sequence[Stored], block: int, free: float = LEAF_FREE) -> int:
    """Pages of a b-tree of the parts, of whose leaves that share is left free. Raises TooWide."""
    rows = sum(part.rows for part in parts)
    if rows < 0.5:
        return 1
    leaves = items = pivots = 0.0
    for part in parts:
        size = tuple_bytes([*part.keys, *include], has_null=part.has_null)
        _check_width(size, block)
        pivots += tuple_bytes(part.keys, has_null=part.has_null) * part.rows / rows
        if part.classes is None:
            leaves += part.rows * (size + LINE_POINTER) / kept_of_equal(size + LINE_POINTER, block, free)
            items += part.rows
            continue
        for base, share in _bases(size):
            for expected, count in part.classes:
                near = _rounded(expected)
                bytes_, number, kept = _group(near, base, block, free)
                leaves += share * count * expected / near * bytes_ / kept
                items += share * count * expected / near * number
    level = max(1, math.ceil(leaves - 1e-6))
    # A pivot between equal keys has a heap TID beside them.
    pivot = pivots + LINE_POINTER + (8 if items < rows * 0.5 else 0)
    fanout = max(2.0, (block * (1 - INNER_FREE) - PAGE_HEADER - SPECIAL) / pivot)
    total = level
    while level > 1:
        level = math.ceil(level / fanout)
        total += level
    return total + 1


def _check_width(size: float, block: int) -> None:
    most = block // 3 - 32
    if size > most:
        raise TooWide(
            f"The values are {size:.0f} bytes wide on average, and a b-tree takes {most} at most. Index an expression of "
            "them (md5, left) instead."
        )


def _bases(mean: float) -> list[tuple[int, float]]:
    """The aligned sizes around the mean, with the share of each."""
    low = int(mean // 8) * 8
    above = (mean - low) / 8
    return [(low, 1.0)] if above < 0.02 else [(low, 1 - above), (low + 8, above)]


def kept_of_equal(item: float, block: int, free: float) -> float:
    """Bytes of items, all of one size (line pointer included), that stay on a leaf page. The page is closed when the
    fill factor is passed or nothing more fits; its last item then moves on and leaves its key as the high key."""
    room = block - PAGE_HEADER - SPECIAL - 2 * LINE_POINTER
    closes = min(room - block * free, room - item - LINE_POINTER)
    return max(1, math.floor(closes / item)) * item


def _rounded(expected: float) -> float:
    """To about 2 %, so that the cache below is of use."""
    return math.exp(round(math.log(max(expected, 1e-6)) * 25) / 25)


@lru_cache(maxsize=8192)
def _group(expected: float, base: int, block: int, free: float) -> tuple[float, float, float]:
    """Of a key with that many rows: bytes of its items with line pointers, how many items, and the bytes that a page
    of such keys keeps."""
    # A tenth of the page with its line pointer, aligned downwards twice.
    most = (block // 10 // 8 * 8 - LINE_POINTER) // 8 * 8
    fits = max(1, (most - base) // TID)
    if expected >= 2 * 9 * fits:
        full = aligned(base + TID * fits) + LINE_POINTER
        return expected / fits * full, expected / fits, kept_of_postings(full, base, block, free)
    counts = list(_counts(expected))
    size = number = squares = 0.0
    for count, share in counts:
        for item in _items(count, base, fits):
            size += item * share
            number += share
            squares += item * item * share
    if expected < fits / 2:
        room = block - PAGE_HEADER - SPECIAL - 2 * LINE_POINTER - block * free
        return size, number, room - (base + LINE_POINTER) + squares / size / 2
    return size, number, _filled([count for count, share in counts if share > 0.01], base, fits, block, free)


def kept_of_postings(full: float, base: int, block: int, free: float) -> float:
    room = block - PAGE_HEADER - SPECIAL - 2 * LINE_POINTER
    # The high key leaves the posting list behind: the page closes later by the length of the last one.
    closes = min(room - block * free + full - LINE_POINTER - base, room - full - LINE_POINTER)
    return max(1, math.floor(closes / full)) * full


def _counts(expected: float) -> Iterable[tuple[int, float]]:
    """The numbers of rows that a key with that many expected has, with the share of keys; none left out."""
    if expected > 60:
        spread = math.sqrt(expected)
        for step in range(-4, 5):
            yield max(1, round(expected + step * spread / 2)), 1 / 9
        return
    chance = math.exp(-expected)
    for count in range(1, int(expected + 7 * math.sqrt(expected) + 8)):
        chance *= expected / count
        yield count, chance


def _items(count: int, base: int, fits: int) -> Iterable[float]:
    whole, rest = divmod(count, fits)
    for _ in range(whole):
        yield (aligned(base + TID * fits) if fits > 1 else base) + LINE_POINTER
    if rest:
        yield (aligned(base + TID * rest) if rest > 1 else base) + LINE_POINTER


def _filled(counts: list[int], base: int, fits: int, block: int, free: float) -> float:
    """What a page keeps on average, by filling some."""
    room = block - PAGE_HEADER - SPECIAL - 2 * LINE_POINTER
    # In an order that mixes small and large.
    step = next((number for number in (5, 4, 3, 2) if math.gcd(number, len(counts)) == 1), 1)
    order = [counts[place * step % len(counts)] for place in range(len(counts))]
    used = last = total = 0.0
    pages = 0
    while pages < 12:
        for count in order:
            for item in _items(count, base, fits):
                extra = max(0.0, last - LINE_POINTER - base)
                if used and (used > room - item - LINE_POINTER or used > room - block * free + extra):
                    pages += 1
                    total += used - last
                    used = last
                used += item
                last = item
    return total / pages


def classes_of(columns: Sequence[Classes], rows: float, distinct: float | None) -> Classes:
    """How `rows` rows are spread over the combinations of the columns' values: as if the columns were independent, then
    stretched so that there are `distinct` of them."""
    shares: list[tuple[float, float]] = [(1.0, 1.0)]
    for column in columns:
        shares = merged([(left * right, some * many) for left, some in shares for right, many in column])
    found = [(share * rows, count) for share, count in shares]
    return found if distinct is None else stretched(found, distinct)


def stretched(classes: Classes, distinct: float) -> Classes:
    """The same rows over `distinct` keys."""
    rows = sum(expected * count for expected, count in classes)
    wanted = min(max(distinct, 1.0), rows)
    low, high = 1e-20, 1e10
    for _ in range(70):
        factor = math.sqrt(low * high)
        found = met([(expected / factor, count * factor) for expected, count in classes])
        if math.isclose(found, wanted, rel_tol=0.002):
            break
        if found < wanted:
            low = factor
        else:
            high = factor
    return [(expected / factor, count * factor) for expected, count in classes]


def met(classes: Classes) -> float:
    """How many keys have a row at all."""
    return sum(count * -math.expm1(-expected) for expected, count in classes)


def merged(classes: Classes) -> list[tuple[float, float]]:
    """At most MOST_CLASSES of them, by the logarithm of the rows of a key."""
    if len(classes) <= MOST_CLASSES:
        return list(classes)
    mass: dict[int, float] = {}
    keys: dict[int, float] = {}
    for expected, count in classes:
        place = round(math.log2(max(expected, 1e-30)))
        mass[place] = mass.get(place, 0.0) + expected * count
        keys[place] = keys.get(place, 0.0) + count
    return [(mass[place] / keys[place], keys[place]) for place in sorted(mass)]
