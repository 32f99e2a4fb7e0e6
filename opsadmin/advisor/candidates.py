"""The indexes that could serve one appearance of a table in a statement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from opsadmin.advisor.facts import Column, Table
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.advisor.usage import Condition, Kind, Order, Place, TableUse
from opsadmin.postgres.names import identifier

#: Keys of one index, columns that it may carry along, and the bytes of them beside the width of a row.
MOST_KEYS, MOST_INCLUDED, MOST_INCLUDED_SHARE = 4, 8, 0.6
#: Below that a table is read as a whole in any case.
LEAST_PAGES = 8
#: A block-range index needs an order on disk, and a table where it saves something. Our choice, near what BRIN's
#: documentation calls a natural correlation with the physical location.
BRIN_CORRELATION, BRIN_PAGES = 0.9, 1000
#: A value that is worth an index of its own: of a column with few values, and held by few rows. Our choice.
RARE_VALUES, RARE_SHARE = 20, 0.05
#: A column with so many NULLs is worth an index of the others alone. Our choice.
MOSTLY_NULL = 0.5
_COLUMN = re.compile("\x00([0-9]+)\x00")


def candidates_of(use: TableUse, table: Table) -> Iterator[IndexSpec]:
    """Indexes for one appearance. The same one may come more than once."""
    if table.pages < LEAST_PAGES:
        return
    maker = _Maker(use, table)
    for conditions in use.condition_sets():
        yield from maker.for_conditions(conditions)
    yield from maker.for_orders([])


@dataclass(frozen=True)
class Answered:
    """What an index does for an appearance of its table: the `conditions` that it answers (of `all` that always hold), of them
    those of its predicate; whether its rows come in the order that is wanted (`ordered`); whether it holds all that is
    read (`only`)."""

    conditions: tuple[Condition, ...]
    of_predicate: tuple[Condition, ...]
    all: int
    ordered: bool
    only: bool


def answered_by(spec: IndexSpec, use: TableUse, table: Table) -> Answered | None:
    """None where the index is no help to it."""
    return _Maker(use, table).answered(spec)


def named(text: str, table: Table) -> str:
    """SQL that has its columns by their number, with their names."""
    names = {column.number: column.name for column in table.columns.values()}
    return _COLUMN.sub(lambda match: identifier(names[int(match[1])]), text)


def served_by(spec: IndexSpec, use: TableUse, table: Table) -> list[Condition]:
    """The conditions that an index of another access method than b-tree serves."""
    maker = _Maker(use, table)
    return [one for conditions in use.groups for one in conditions if spec in maker.other_methods([one])]


class _Maker:
    def __init__(self, use: TableUse, table: Table) -> None:
        self._use = use
        self._table = table
        self._numbers = {column.number: column for column in table.columns.values()}

    # --- b-trees ----------------------------------------------------------------------------------------------------
    def for_conditions(self, conditions: Sequence[Condition]) -> Iterator[IndexSpec]:
        known = [one for one in conditions if self._is_known(one.place)]
        equal = self._distinct(one for one in known if not one.joins and one.kind in (Kind.EQUAL, Kind.IN, Kind.NULL))
        joins = self._distinct(one for one in known if one.joins and one.kind in (Kind.EQUAL, Kind.IN))
        ranges = self._distinct(one for one in known if one.kind in (Kind.RANGE, Kind.PREFIX))
        flags = self._distinct(one for one in known if one.kind in (Kind.TRUE, Kind.FALSE))
        # The most telling one first: what remains is least for every prefix of the keys.
        equal.sort(key=lambda one: (-self._distinct_values(one.place), one.place.column, one.place.text))
        for keys in self._key_lists(equal, joins, ranges, flags):
            yield from self._with_variants(keys)
        yield from self.for_orders(equal)
        yield from self._partial(known, equal, joins, ranges)
        yield from self._of_rows(conditions, equal, joins, ranges)
        yield from self._block_ranges(ranges)
        yield from self.other_methods(conditions)

    def _key_lists(
        self,
        equal: list[Condition],
        joins: list[Condition],
        ranges: list[Condition],
        flags: list[Condition],
    ) -> Iterator[list[Condition]]:
        for one in (*equal, *joins, *ranges):
            yield [one]
        fixed = equal[: MOST_KEYS - 1]
        if len(fixed) > 1:
            yield fixed
        for last in (*joins, *ranges):
            if fixed:
                yield [*fixed, last]
        for join in joins:
            if fixed:
                yield [join, *fixed]
            for last in ranges:
                yield [join, *fixed[: MOST_KEYS - 2], last]
                yield [last, join]
        for pair in permutations(joins[:3], 2):
            yield list(pair)
            for last in ranges[:2]:
                yield [*pair, last]
            if fixed:
                yield [*pair, *fixed[: MOST_KEYS - 2]]
        for pair in permutations(ranges[:3], 2):
            yield [*fixed[: MOST_KEYS - 2], *pair]
        if flags and (fixed or joins or ranges):
            yield [*flags[:1], *fixed[: MOST_KEYS - 1]] if fixed else [*flags[:1], *(joins or ranges)[:1]]

    def for_orders(self, equal: Sequence[Condition]) -> Iterator[IndexSpec]:
        """Rows in a wanted order, behind what is equal for all of them."""
        heads: list[list[Key]] = [[key for one in equal[: MOST_KEYS - 1] for key in self._key(one.place, one.kind)]]
        heads += [[key] for one in equal for key in self._key(one.place, one.kind)] if len(equal) > 1 else []
        for head in heads:
            taken = {key.text for key in head}
            for order in self._use.orders:
                keys = [key for one in order for key in self._ordered(one) if key.text not in taken]
                if keys and len(keys) + len(taken) <= MOST_KEYS + 1:
                    yield from self._specs([*head, *_forward(keys)])
            for numbers in self._use.sets:
                keys = [
                    key for number in numbers for key in self._key(Place(number), Kind.EQUAL) if key.text not in taken
                ]
                if keys and len(keys) + len(taken) <= MOST_KEYS:
                    yield from self._specs([*head, *keys])

    def _with_variants(self, conditions: Sequence[Condition]) -> Iterator[IndexSpec]:
        keys: list[Key] = []
        for one in conditions:
            found = self._key(one.place, one.kind)
            if not found:
                return
            keys.append(found[0])
        if len({key.text for key in keys}) == len(keys):
            yield from self._specs(keys)

    def _specs(
        self, keys: Sequence[Key], predicate: str = "", of_predicate: Sequence[Condition] = ()
    ) -> Iterator[IndexSpec]:
        """The index, and one that carries along what else is read of the table."""
        table = self._table
        yield IndexSpec(table.oid, table.identity, tuple(keys), predicate=predicate)
        if self._use.whole:
            return
        read = self._read_beside(of_predicate)
        rest = [self._numbers.get(number) for number in sorted(read)]
        own = {key.column for key in keys}
        included = [column for column in rest if column is not None and column.name not in own]
        if not included or len(included) > MOST_INCLUDED or len(included) < len(read) - len(own):
            return
        width = sum(column.width for column in self._numbers.values())
        if sum(column.width for column in included) <= MOST_INCLUDED_SHARE * width:
            names = tuple(sorted(column.name for column in included))
            yield IndexSpec(table.oid, table.identity, tuple(keys), names, predicate)

    def _read_beside(self, conditions: Sequence[Condition]) -> set[int]:
        """The columns that are read, without those that stand in these conditions and nowhere else: what the predicate of an
        index says need not be looked up again."""
        times = Counter(number for one in conditions if one.kind is Kind.ROW for number in one.place.columns)
        return {number for number, count in self._use.columns.items() if count > times[number]}

    # --- partial ones -----------------------------------------------------------------------------------------------
    def _partial(
        self, known: Sequence[Condition], equal: list[Condition], joins: list[Condition], ranges: list[Condition]
    ) -> Iterator[IndexSpec]:
        """For what stays true of the same few rows: flags, NULLs, rare values of a column with few."""
        for one in (*equal, *joins, *ranges):
            if one.kind is not Kind.NULL and self._is_mostly_null(one):
                # What compares holds for no NULL.
                name = identifier(self._numbers[one.place.column].name)
                yield from self._specs(self._key(one.place, one.kind), f"{name} IS NOT NULL")
        for one in known:
            predicate = self._predicate(one)
            if not predicate:
                continue
            others = [other for other in (*equal, *joins, *ranges) if other.place != one.place]
            lists = [[other] for other in others] or [[]]
            fixed = [other for other in equal if other.place != one.place][: MOST_KEYS - 1]
            lists += [[*fixed, last] for last in (*joins, *ranges) if fixed and last.place != one.place]
            for conditions in lists:
                keys = [key for other in conditions for key in self._key(other.place, other.kind)[:1]]
                yield from self._specs(keys or self.narrowest(), predicate)
            for order in self._use.orders:
                keys = [key for place in order for key in self._ordered(place)]
                if keys and len(keys) <= MOST_KEYS:
                    yield from self._specs(_forward(keys), predicate)

    def _of_rows(
        self, conditions: Sequence[Condition], equal: list[Condition], joins: list[Condition], ranges: list[Condition]
    ) -> Iterator[IndexSpec]:
        """For what columns of a row are to each other: no value stands in it, so it holds for every statement of its kind."""
        for predicate, of_predicate in self._row_predicates(conditions).items():
            lists = [[one] for one in (*equal, *joins, *ranges)] or [[]]
            lists += [[*equal[: MOST_KEYS - 1], last] for last in (*joins, *ranges) if equal]
            for chosen in lists:
                keys = [key for one in chosen for key in self._key(one.place, one.kind)[:1]]
                yield from self._specs(keys or self.narrowest(), predicate, of_predicate)

    def _row_predicates(self, conditions: Sequence[Condition]) -> dict[str, list[Condition]]:
        """Each of those, and all of them together."""
        texts = {named(one.clause, self._table): one for one in conditions if one.kind is Kind.ROW}
        found = {text: [one] for text, one in sorted(texts.items())}
        if len(texts) > 1:
            found[" AND ".join(sorted(texts))] = [texts[text] for text in sorted(texts)]
        return found

    def _predicate(self, one: Condition) -> str:
        column = self._numbers.get(one.place.column)
        if column is None:
            return ""
        name = identifier(column.name)
        match one.kind:
            case Kind.TRUE if self._share(column, "t") <= 0.3:
                return f"{name} {one.operator}".rstrip()
            case Kind.FALSE if self._share(column, "f") <= 0.3:
                return f"{name} {one.operator}" if one.operator == "IS FALSE" else f"NOT {name}"
            case Kind.EQUAL if one.value in ("true", "false"):
                # As PostgreSQL itself simplifies it.
                is_rare = self._share(column, one.text) <= 0.3
                return (name if one.value == "true" else f"NOT {name}") if is_rare else ""
            case Kind.UNEQUAL if 0 < column.distinct_values <= RARE_VALUES:
                others = 1 - column.null_share - self._share(column, one.text)
                return f"{name} <> {one.value}" if 0 < others <= 0.3 and one.text else ""
            case Kind.NULL if 0 < column.null_share <= 0.3:
                return f"{name} IS NULL"
            case Kind.NOT_NULL if column.null_share >= MOSTLY_NULL:
                return f"{name} IS NOT NULL"
            case Kind.EQUAL if (
                one.value and 0 < column.distinct_values <= RARE_VALUES and not self._is_mostly_null(one)
            ):
                if one.text and any(value == one.text and share <= RARE_SHARE for value, share in column.common):
                    return f"{name} = {one.value}"
        return ""

    def _is_mostly_null(self, one: Condition) -> bool:
        column = self._numbers.get(one.place.column)
        return column is not None and column.null_share >= MOSTLY_NULL

    def _share(self, column: Column, value: str) -> float:
        return next((share for known, share in column.common if known == value), 1.0)

    def narrowest(self) -> list[Key]:
        columns = [one for one in self._numbers.values() if one.has_order and one.not_null]
        return [Key.of(min(columns, key=lambda one: (one.width, one.number)).name)] if columns else []

    # --- other access methods ---------------------------------------------------------------------------------------
    def _block_ranges(self, ranges: Iterable[Condition]) -> Iterator[IndexSpec]:
        table = self._table
        for one in ranges:
            column = self._numbers.get(one.place.column)
            if (
                column is not None
                and one.kind is Kind.RANGE
                and abs(column.correlation) >= BRIN_CORRELATION
                and table.pages >= BRIN_PAGES
            ):
                yield IndexSpec(table.oid, table.identity, (Key.of(column.name),), using="brin")

    def other_methods(self, conditions: Iterable[Condition]) -> Iterator[IndexSpec]:
        """One index for each operator class that serves an operator which no b-tree does."""
        table = self._table
        for one in conditions:
            if one.kind not in (Kind.OTHER, Kind.PREFIX):
                continue
            methods = {found.method for found in one.classes}
            for found in one.classes:
                if found.method == "spgist" or (found.method == "gist" and "gin" in methods):
                    continue
                key = self._key_with(one.place, "" if found.is_default else found.name)
                if key is not None:
                    yield IndexSpec(table.oid, table.identity, (key,), using=found.method)

    # --- what an index does ------------------------------------------------------------------------------------------
    def answered(self, spec: IndexSpec) -> Answered | None:
        """What the index does for this appearance, None where that is nothing."""
        conditions = self._use.groups[0]
        of_predicate = (
            self._row_predicates(conditions).get(spec.predicate)
            or [one for one in conditions if spec.predicate and self._proves(one, spec.predicate)][:1]
        )
        if spec.predicate and not of_predicate:
            return None
        if spec.using in ("btree", "brin"):
            answered, equal = self._by_keys(spec, conditions)
        else:
            answered, equal = [one for one in conditions if spec in self.other_methods([one])], 0
        ordered = spec.using == "btree" and any(self._is_ordered(spec, order, equal) for order in self._use.orders)
        read = self._read_beside(of_predicate)
        names = {column.name for number, column in self._numbers.items() if number in read}
        only = not self._use.whole and bool(names) and names <= spec.held
        if not (answered or of_predicate or ordered):
            return None
        return Answered((*answered, *of_predicate), tuple(of_predicate), len(conditions), ordered, only)

    def _proves(self, one: Condition, predicate: str) -> bool:
        if self._predicate(one) == predicate:
            return True
        column = self._numbers.get(one.place.column)
        compares = one.kind in (Kind.EQUAL, Kind.IN, Kind.RANGE, Kind.PREFIX)
        return column is not None and compares and predicate == f"{identifier(column.name)} IS NOT NULL"

    def _by_keys(self, spec: IndexSpec, conditions: Sequence[Condition]) -> tuple[list[Condition], int]:
        """The conditions on the first keys, up to the first one that is no equality; how many keys are equal."""
        found: list[Condition] = []
        fixed = (Kind.EQUAL, Kind.IN, Kind.NULL, Kind.TRUE, Kind.FALSE)
        for number, key in enumerate(spec.keys):
            here = [one for one in conditions if any(own.text == key.text for own in self._key(one.place, one.kind))]
            equal = [one for one in here if one.kind in fixed]
            if not equal:
                return found + [one for one in here if one.kind in (Kind.RANGE, Kind.PREFIX)], number
            found.append(equal[0])
        return found, len(spec.keys)

    def _is_ordered(self, spec: IndexSpec, order: tuple[Order, ...], equal: int) -> bool:
        fixed = {key.text for key in spec.keys[:equal]}
        keys = [key for one in order for key in self._ordered(one) if key.text not in fixed]
        return bool(keys) and tuple(_forward(keys)) == spec.keys[equal : equal + len(keys)]

    # --- keys -------------------------------------------------------------------------------------------------------
    def _is_known(self, place: Place) -> bool:
        if place.column:
            return place.column in self._numbers and self._numbers[place.column].has_order
        return bool(place.text)

    def _key(self, place: Place, kind: Kind) -> list[Key]:
        if place.column:
            column = self._numbers.get(place.column)
            if column is None or not column.has_order:
                return []
            if kind is Kind.PREFIX and not column.c_order:
                return [Key.of(column.name, "text_pattern_ops" if column.type != 1042 else "bpchar_pattern_ops")]
            return [Key.of(column.name)]
        text = self._text(place)
        return [Key(text, opclass="text_pattern_ops" if kind is Kind.PREFIX else "")] if text else []

    def _key_with(self, place: Place, opclass: str) -> Key | None:
        if place.column:
            column = self._numbers.get(place.column)
            return Key.of(column.name, opclass) if column is not None else None
        text = self._text(place)
        return Key(text, opclass=opclass) if text else None

    def _text(self, place: Place) -> str:
        """The expression with the names of its columns."""
        if any(number not in self._numbers for number in place.columns):
            return ""
        return named(place.text, self._table)

    def _ordered(self, order: Order) -> list[Key]:
        return [
            Key(key.text, key.column, key.opclass, order.descending, order.nulls_first)
            for key in self._key(order.place, Kind.EQUAL)
        ]

    def _distinct_values(self, place: Place) -> float:
        column = self._numbers.get(place.column)
        return column.distinct_values if column is not None else 100.0

    @staticmethod
    def _distinct(conditions: Iterable[Condition]) -> list[Condition]:
        found: dict[Place, Condition] = {}
        for one in conditions:
            found.setdefault(one.place, one)
        return list(found.values())


def _forward(keys: list[Key]) -> list[Key]:
    """The same order read from the other end, where it begins downwards: one index serves both, and most go upwards."""
    if keys and keys[0].descending:
        return [Key(key.text, key.column, key.opclass, not key.descending, not key.nulls_first) for key in keys]
    return keys
