"""What a statement does with a table, as far as an index could serve it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """How a condition compares. IN: with a list. NULL, NOT_NULL, TRUE, FALSE: as they say. UNEQUAL: what only the predicate
    of an index can serve. ROW: columns of the row with each other, as `due < paid`; that, too, only a predicate can.
    OTHER: an operator that no b-tree knows, and some other access method does."""

    EQUAL = "equal"
    IN = "in"
    RANGE = "range"
    PREFIX = "prefix"
    NULL = "null"
    NOT_NULL = "not null"
    TRUE = "true"
    FALSE = "false"
    UNEQUAL = "unequal"
    ROW = "row"
    OTHER = "other"


@dataclass(frozen=True)
class Place:
    """What is compared: a column by its number, or an expression (`text`, as SQL) of the table's columns. `width`: bytes
    of the expression's value, as far as its type says."""

    column: int = 0
    text: str = ""
    type: int = 0
    columns: frozenset[int] = frozenset()


@dataclass(frozen=True)
class OperatorClass:
    """`name` as SQL writes it; `is_default` for its type."""

    name: str
    method: str
    type: int
    is_default: bool


@dataclass(frozen=True)
class Condition:
    """`place` compared with something that is known when the table is read. `joins`: that comes from another table.
    `value`: the literal as SQL, where it is one; `text`: as statistics write it. `classes`: operator classes other than
    b-tree's that serve it. `operator`: its name. `clause`: the whole as SQL, where it has neither parameters nor other
    tables; `estimate`: the same for the planner's guess alone, in which any value stands for a parameter."""

    place: Place
    kind: Kind
    joins: bool = False
    value: str = ""
    text: str = ""
    operator: str = ""
    classes: tuple[OperatorClass, ...] = ()
    clause: str = ""
    estimate: str = ""


@dataclass(frozen=True)
class Order:
    """A place in an order that the rows are wanted in."""

    place: Place
    descending: bool = False
    nulls_first: bool = False


@dataclass
class TableUse:
    """One appearance of the table `relid` in a statement, called `alias` there. `groups`: conditions that hold together: the
    first those that always hold, then one for each arm of an OR (with those that always hold). `orders`: that rows are
    wanted in; `sets`: columns that rows are grouped by, in any order. `columns`: all that are read, with how often they
    stand in the statement; `whole`: it cannot be
    read from an index alone (a whole row, a system column, the target of a change). `is_first`: it is the first table of
    the statement itself."""

    relid: int
    alias: str = ""
    groups: list[list[Condition]] = field(default_factory=lambda: [[]])
    orders: list[tuple[Order, ...]] = field(default_factory=list)
    sets: list[tuple[int, ...]] = field(default_factory=list)
    columns: Counter[int] = field(default_factory=Counter)
    whole: bool = False
    limited: bool = False
    arm_is_open: bool = False
    is_first: bool = False

    def condition_sets(self) -> Iterator[list[Condition]]:
        """Those that hold together, the ones that always hold included."""
        always = self.groups[0]
        yield always
        for arm in self.groups[1:]:
            yield [*always, *arm]
