"""Which indexes can go: those whose work another one does, or a recommended one will do, and those that nobody reads.

Goes by the same rules as the checks `index.duplicate`, `index.redundant` and `index.unused`, and leaves alone what guards
something: what they spare is spared here. Pure: facts in, advice out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.advisor.facts import ExistingIndex, Table
from opsadmin.advisor.index_name import name_parts
from opsadmin.advisor.spec import IndexSpec
from opsadmin.core.blocks import said_bytes, said_number, said_seconds
from opsadmin.core.result import Result
from opsadmin.postgres.names import identifier

#: As the check `index.unused` has them: a weekly report may need the index, a small one costs next to nothing.
MIN_WINDOW_SECONDS = 7 * 86400
MIN_BYTES = 32 * 1024
#: A stored predicate that asks only whether columns are NOT NULL, as the facts of the checks know it.
_NOT_NULL = re.compile(
    r"(\{BOOLEXPR :boolop and :args \()?(\{NULLTEST :arg \{VAR [^{}]*\} :nulltesttype 1 [^{}]*\} ?)+(\) *\})?"
)
_COLUMN = re.compile(r":varattno (\d+)")
#: From here on the one that stays is so much wider that reading it instead may be felt.
_MUCH_WIDER = 4


class Why(StrEnum):
    DUPLICATE = "duplicate"
    REDUNDANT = "redundant"
    REPLACED = "replaced"
    SUPERSEDED = "superseded"
    UNUSED = "unused"


@dataclass(frozen=True, kw_only=True)
class Drop(Result):
    """`index`, `table`, `kept`: quoted, with their schema; `kept` is what does the work, empty for an unused one, and the
    CREATE INDEX of a recommended one. `caution`: what to look at first. `bytes`: what it frees. `undo`: the statement that
    makes it again, empty where the catalogue was not asked for it. `cost_without`: by which part the workload costs more
    with it hidden, None where that was not tried."""

    oid: int
    index: str
    table: str
    why: Why
    kept: str
    reason: str
    caution: str
    bytes: int
    ddl: str
    undo: str
    cost_without: float | None = None


def drops_of(
    tables: Mapping[int, Table], new: Sequence[IndexSpec], *, used: Collection[int], window_seconds: float
) -> tuple[Drop, ...]:
    """The existing indexes that can go, by table and name, once the `new` ones are there. `used`: the oids of those that the
    plans of the workload use. `window_seconds`: how long the counters run."""
    found: list[Drop] = []
    for oid in sorted(tables, key=lambda one: (tables[one].schema, tables[one].name, one)):
        coming = [spec for spec in new if spec.relid == oid]
        found += _drops_of_table(tables[oid], coming, frozenset(used), window_seconds)
    return tuple(found)


def may_be_superseded(index: ExistingIndex, table: Table, gone: Collection[int]) -> bool:
    """Whether an index may go once no plan needs it, those with the oids `gone` being gone."""
    staying = [one for one in table.indexes if one.oid not in gone]
    return (
        _guards_nothing(index)
        and not index.is_clustered
        and not index.expressions
        and index.bytes >= MIN_BYTES
        and table.kind != "p"
        and index.oid not in _keepers_of_keys(table, staying)
    )


def superseded(index: ExistingIndex, table: Table) -> Drop:
    """An index that plans used, and that they can do without."""
    reason = _(
        "%(index)s (%(columns)s) was read by the statements looked at alone, and they have a plan as good without it."
    )
    caution = _("Drop it only when the new ones are there and valid. A standby counts for itself: look there, too.")
    said = reason % {"index": _name(index), "columns": _columns(index)}
    return _drop(index, table, Why.SUPERSEDED, "", said, caution)


def forbids(index: ExistingIndex, table: Table) -> str:
    """Why an index may not go although nobody reads it or another does its work, as a sentence; empty where nothing
    forbids it."""
    if index.is_primary:
        return "It is the primary key."
    if index.is_constraint:
        return "It stands for a constraint, or a foreign key refers to it."
    if index.is_unique:
        return "It keeps values unique."
    if index.is_replica_identity:
        return "Logical replication finds rows by it."
    if index.is_partition:
        return "It is a part of a partitioned index, and goes only with that."
    if not index.is_valid:
        return "It is not valid: finish it or drop it, which the check index.invalid says."
    if [index] in _serving(table, table.indexes):
        return "It alone serves a foreign key: without it a DELETE in the table referred to reads this one to its end."
    return ""


def _drops_of_table(
    table: Table, new: Sequence[IndexSpec], used: frozenset[int], window_seconds: float
) -> Iterator[Drop]:
    staying = list(table.indexes)
    found: dict[int, Drop] = {}

    def drop(index: ExistingIndex, one: Drop) -> None:
        staying.remove(index)
        found[index.oid] = one

    for index in sorted(table.indexes, key=_merit):
        twin = _best((other for other in staying if _is_twin(index, other)), key=_merit)
        if twin is not None and _guards_nothing(index):
            drop(index, _doubled(index, twin, table))
    for index in sorted(table.indexes, key=lambda one: one.oid):
        if index in staying and _is_unused(index, table, staying, used, window_seconds):
            drop(index, _idle(index, table, window_seconds))
    # The longest first: what stays for a shorter one does not go itself.
    for index in sorted(table.indexes, key=lambda one: (-len(one.keys), one.oid)):
        if index not in staying or not _guards_nothing(index) or index.is_clustered:
            continue
        longer = _best(
            (other for other in staying if _is_beginning(index, other)),
            key=lambda one: (len(one.keys), one.is_unique, -one.oid),
        )
        if longer is not None:
            drop(index, _covered(index, longer, table))
        elif coming := next((spec for spec in sorted(new) if _is_covered(index, spec)), None):
            drop(index, _replaced(index, coming, table))
    return iter(sorted(found.values(), key=lambda one: one.index))


# --- what may go -------------------------------------------------------------------------------------------------------
def _guards_nothing(index: ExistingIndex) -> bool:
    guards = index.is_primary or index.is_constraint or index.is_unique or index.is_replica_identity
    return index.is_valid and not guards and not index.is_partition


def _merit(index: ExistingIndex) -> tuple[int, ...]:
    """Of two that are the same the one to keep has more of the earlier reasons."""
    return (
        index.is_partition,
        index.is_primary,
        index.is_constraint,
        index.is_replica_identity,
        index.is_unique,
        index.is_clustered,
        index.scans,
        -index.oid,
    )


def _is_twin(index: ExistingIndex, other: ExistingIndex) -> bool:
    return (
        other.oid != index.oid
        and other.is_valid
        and _form(other) == _form(index)
        and _merit(other) > _merit(index)
        # BRIN by other page ranges answers other questions.
        and (index.method != "brin" or other.options == index.options)
    )


def _form(index: ExistingIndex) -> tuple[object, ...]:
    return (
        index.method,
        index.keys,
        index.include,
        index.orders,
        index.opclasses,
        index.collations,
        index.expressions,
        index.predicate,
    )


def _is_beginning(index: ExistingIndex, other: ExistingIndex) -> bool:
    """Whether the longer b-tree `other` answers all that `index` does."""
    count = len(index.keys)
    return (
        index.method == other.method == "btree"
        and other.is_valid
        and len(other.keys) > count
        and other.keys[:count] == index.keys
        and other.orders[:count] == index.orders
        and other.opclasses[:count] == index.opclasses
        and other.collations[:count] == index.collations
        and other.predicate == index.predicate
        and set(index.include) <= {*other.keys, *other.include}
        and _begins(index.expressions, other.expressions)
    )


def _begins(shorter: str, longer: str) -> bool:
    """Whether the stored expressions `({one})` are the beginning of `({one} {two})`, or the same."""
    return not shorter or shorter == longer or longer.startswith(f"{shorter[:-1]} ")


def _is_covered(index: ExistingIndex, spec: IndexSpec) -> bool:
    """Whether the recommended index answers all that `index` does, and more. Expressions, predicates and collations have
    another form there: with one of them `index` stays."""
    if index.method != "btree" or spec.using != "btree" or index.expressions or index.predicate or spec.predicate:
        return False
    count = len(index.keys)
    keys = spec.keys[:count]
    return (
        len(keys) == count
        and not any(index.collations)
        and tuple(key.column for key in keys) == index.keys
        and tuple(key.descending + 2 * key.nulls_first for key in keys) == index.orders
        and [name_parts(key.opclass)[-1:] for key in keys] == [name_parts(one)[-1:] for one in index.opclasses]
        and set(index.include) <= spec.held
        and (len(spec.keys) > count or set(index.include) < set(spec.include))
    )


def _is_unused(
    index: ExistingIndex,
    table: Table,
    staying: Sequence[ExistingIndex],
    used: frozenset[int],
    window_seconds: float,
) -> bool:
    return (
        window_seconds >= MIN_WINDOW_SECONDS
        and index.scans == 0
        and index.oid not in used
        and index.bytes >= MIN_BYTES
        and table.rows > 0
        # The partitions' indexes are read, not the parent's.
        and table.kind != "p"
        and _guards_nothing(index)
        and not index.is_clustered
        # An expression's index gives the planner its statistics.
        and not index.expressions
        and index.oid not in _keepers_of_keys(table, staying)
    )


def _serving(table: Table, indexes: Iterable[ExistingIndex]) -> Iterator[list[ExistingIndex]]:
    """For each foreign key of the table the indexes that find its rows."""
    standing = list(indexes)
    numbers = {name: column.number for name, column in table.columns.items()}
    for key in table.foreign_keys:
        yield [index for index in standing if _serves(index, frozenset(key), numbers)]


def _keepers_of_keys(table: Table, indexes: Iterable[ExistingIndex]) -> set[int]:
    """Of each foreign key the index to keep for it: a guarding one, one that is read, the narrowest."""
    found = set()
    for serving in _serving(table, indexes):
        kept = _best(
            serving,
            key=lambda one: (one.is_unique, one.scans > 0, -len(one.keys) - len(one.include), -one.oid),
        )
        if kept is not None:
            found.add(kept.oid)
    return found


def _serves(index: ExistingIndex, key: frozenset[int], numbers: Mapping[str, int]) -> bool:
    keys = [numbers.get(name, 0) for name in index.keys]
    leads = key <= set(keys[: len(key)]) or (index.is_unique and not index.predicate and set(keys) <= key)
    collated = not any(collation for number, collation in zip(keys, index.collations, strict=False) if number in key)
    # A partial one may leave out the rows that are looked for, but for one that leaves out NULLs of the key itself.
    whole = not index.predicate or (
        _NOT_NULL.fullmatch(index.predicate) is not None
        and {int(number) for number in _COLUMN.findall(index.predicate)} <= key
    )
    return index.is_valid and index.method not in ("brin", "gin") and leads and collated and whole


def _best(indexes: Iterable[ExistingIndex], key: Callable[[ExistingIndex], Any]) -> ExistingIndex | None:
    return max(indexes, key=key, default=None)


# --- how it is said ----------------------------------------------------------------------------------------------------
def _doubled(index: ExistingIndex, twin: ExistingIndex, table: Table) -> Drop:
    if twin.is_primary:
        text = _("%(index)s does the same work as %(twin)s, which is the primary key: every write keeps both.")
    elif twin.is_constraint:
        text = _("%(index)s does the same work as %(twin)s, which stands for a constraint: every write keeps both.")
    elif twin.is_unique:
        text = _("%(index)s does the same work as %(twin)s, which also keeps values unique: every write keeps both.")
    else:
        text = _("%(index)s does the same work as %(twin)s: every write keeps both.")
    return _drop(index, table, Why.DUPLICATE, _name(twin), text % {"index": _name(index), "twin": _name(twin)})


def _covered(index: ExistingIndex, longer: ExistingIndex, table: Table) -> Drop:
    names = {"index": _name(index), "longer": _name(longer)}
    reason = _("%(index)s (%(columns)s) is the beginning of %(longer)s (%(all)s), which can do its work.") % {
        **names,
        "columns": _columns(index),
        "all": _columns(longer),
    }
    caution = ""
    if index.scans and longer.bytes >= _MUCH_WIDER * max(index.bytes, 1):
        caution = ngettext(
            "%(longer)s has %(factor).0f times its size, and %(index)s was used %(scans)s time: compare a plan of a query"
            " that uses it before you drop it.",
            "%(longer)s has %(factor).0f times its size, and %(index)s was used %(scans)s times: compare a plan of a query"
            " that uses it before you drop it.",
            index.scans,
        ) % {**names, "factor": longer.bytes / max(index.bytes, 1), "scans": said_number("", index.scans)}
    return _drop(index, table, Why.REDUNDANT, _name(longer), reason, caution)


def _replaced(index: ExistingIndex, coming: IndexSpec, table: Table) -> Drop:
    keys = ", ".join(coming.columns)
    held = f" INCLUDE ({', '.join(coming.include)})" if coming.include else ""
    reason = _("The recommended index on (%(keys)s)%(held)s can do the work of %(index)s (%(columns)s).") % {
        "keys": keys,
        "held": held,
        "index": _name(index),
        "columns": _columns(index),
    }
    return _drop(
        index, table, Why.REPLACED, coming.ddl(), reason, _("Drop it only when the new one is there and valid.")
    )


def _idle(index: ExistingIndex, table: Table, window_seconds: float) -> Drop:
    reason = _(
        "%(index)s (%(size)s) was not used once in %(time)s, and no statement that was looked at would use it: every write"
        " pays for it."
    ) % {"index": _name(index), "size": said_bytes(index.bytes), "time": said_seconds(window_seconds)}
    caution = _(
        "A standby counts for itself, and PostgreSQL does not tell whether the index was made only lately: look at both."
    )
    return _drop(index, table, Why.UNUSED, "", reason, caution)


def _drop(index: ExistingIndex, table: Table, why: Why, kept: str, reason: str, caution: str = "") -> Drop:
    # PostgreSQL drops and makes a partitioned index only in one go, with the table locked.
    concurrently = "" if table.kind == "p" else " CONCURRENTLY"
    if not concurrently:
        caution = f"{caution} {_('The table and its partitions are locked meanwhile.')}".strip()
    undo = create_again(index, table)
    if not undo:
        name = _name(index).replace("'", "''")
        note = _("Note first how it is made: %(sql)s") % {"sql": f"SELECT pg_get_indexdef('{name}'::regclass);"}
        caution = f"{caution} {note}".strip()
    return Drop(
        oid=index.oid,
        index=_name(index),
        table=table.identity,
        why=why,
        kept=kept,
        reason=reason,
        caution=caution,
        bytes=index.bytes,
        ddl=f"DROP INDEX{concurrently} {_name(index)};",
        undo=undo,
    )


def create_again(index: ExistingIndex, table: Table) -> str:
    """The CREATE INDEX of an existing index; empty where it has an expression or a predicate and its `definition` was not
    asked for."""
    concurrently = "" if table.kind == "p" else " CONCURRENTLY"
    if index.definition:
        return f"{index.definition.replace(' INDEX ', f' INDEX{concurrently} ', 1)};"
    if index.expressions or index.predicate:
        return ""
    keys = ", ".join(
        _key(*one) for one in zip(index.keys, index.collations, index.opclasses, index.orders, strict=True)
    )
    unique = "UNIQUE " if index.is_unique else ""
    text = (
        f"CREATE {unique}INDEX{concurrently} {identifier(index.name)} ON {table.identity} USING {index.method} ({keys})"
    )
    if index.include:
        text += f" INCLUDE ({', '.join(identifier(column) for column in index.include)})"
    if index.options:
        text += f" WITH ({', '.join(index.options)})"
    return f"{text};"


def _key(column: str, collation: str, opclass: str, order: int) -> str:
    text = identifier(column)
    if collation:
        text += f" COLLATE {collation}"
    if opclass:
        text += f" {opclass}"
    descending, nulls_first = bool(order & 1), bool(order & 2)
    if descending:
        text += " DESC"
    if descending != nulls_first:
        text += " NULLS FIRST" if nulls_first else " NULLS LAST"
    return text


def _name(index: ExistingIndex) -> str:
    return f"{identifier(index.schema)}.{identifier(index.name)}"


def _columns(index: ExistingIndex) -> str:
    return ", ".join(key or _("an expression") for key in index.keys)
