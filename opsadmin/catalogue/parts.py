"""What an object is made of. Times are aware, sizes bytes, estimates those of the last VACUUM or ANALYZE; None means that
the kind does not have it or that it could not be read, which the object's notes then say."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

Part = TypeVar("Part")

#: Words in the names of options whose values are nobody's business.
_SECRET = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)


@dataclass(frozen=True)
class Privilege:
    """What a role may do; `grantable`: what of it that role may pass on. PUBLIC is every role."""

    grantee: str
    grantor: str
    privileges: tuple[str, ...]
    grantable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """`identity`: always or by default; `generated`: stored or virtual, and `expression` then says from what. `sequence`:
    the one that belongs to the column. `null_fraction`, `n_distinct` (negative: a fraction of the rows), `average_bytes`,
    `correlation`: what ANALYZE found. `privileges`: those of the column alone."""

    position: int
    name: str
    type: str
    nullable: bool
    default: str | None
    identity: str | None
    generated: str | None
    sequence: str | None
    collation: str | None
    storage: str | None
    compression: str | None
    statistics_target: int | None
    options: tuple[str, ...]
    foreign_options: tuple[str, ...]
    is_local: bool
    inherited: bool
    comment: str | None
    null_fraction: float | None
    n_distinct: float | None
    average_bytes: int | None
    correlation: float | None
    privileges: tuple[Privilege, ...]
    expression: str | None = None


@dataclass(frozen=True)
class Constraint:
    """`definition` is None where the table is locked and the constraint a check or an exclusion. `index`: what it stands
    on; `references`: a foreign key's other table; `table`: the one that it is a constraint of."""

    name: str
    kind: str
    definition: str | None
    columns: tuple[str, ...]
    validated: bool
    deferrable: bool
    deferred: bool
    no_inherit: bool
    inherited: bool
    enforced: bool
    index: str | None
    references: str | None
    table: str
    comment: str | None


@dataclass(frozen=True)
class Index:
    """`size_bytes` is real, or `size_is_estimated`. `last_used_at`: PostgreSQL 16 and later. `scans` count since the
    object's `counted_since`."""

    name: str
    identity: str
    access_method: str
    columns: tuple[str, ...]
    include: tuple[str, ...]
    partial: bool
    unique: bool
    primary: bool
    valid: bool
    ready: bool
    clustered: bool
    replica_identity: bool
    nulls_not_distinct: bool
    constraint: str | None
    partition_of: str | None
    size_bytes: int | None
    scans: int | None
    tuples_read: int | None
    tuples_fetched: int | None
    last_used_at: datetime | None
    options: tuple[str, ...]
    tablespace: str | None
    comment: str | None
    definition: str | None = None
    size_is_estimated: bool = True


@dataclass(frozen=True)
class IndexKey:
    """A column of an index: of the table by `name`, or an `expression`. One that is not `is_key` is INCLUDEd. `descending`
    and `nulls_first` are a btree's."""

    position: int
    name: str | None
    expression: str | None
    type: str
    is_key: bool
    operator_class: str | None
    collation: str | None
    descending: bool | None
    nulls_first: bool | None


@dataclass(frozen=True)
class Trigger:
    """`state`: enabled, disabled, replica or always. `internal`: one of a foreign key's, shown only where it is not plainly
    enabled."""

    name: str
    state: str
    timing: str
    events: tuple[str, ...]
    function: str
    internal: bool
    definition: str | None
    comment: str | None


@dataclass(frozen=True)
class Rule:
    """`event`: what it stands in for, or goes along with."""

    name: str
    event: str
    instead: bool
    state: str
    definition: str | None = None


@dataclass(frozen=True)
class Policy:
    """A policy of row level security; one that is not `permissive` restricts what the others allow."""

    name: str
    permissive: bool
    command: str
    roles: tuple[str, ...]
    using: str | None = None
    check: str | None = None


@dataclass(frozen=True)
class ExtendedStatistics:
    """What ANALYZE learns of several columns together."""

    name: str
    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    definition: str | None = None


@dataclass(frozen=True)
class Publication:
    """A publication that this table is in. `how`: by itself, its schema, its partitioned parent, or as one of all."""

    name: str
    how: str
    events: tuple[str, ...]


@dataclass(frozen=True)
class Relative:
    """A parent or a direct child, by partitioning or inheritance. `leaves`: how many tables without partitions are there;
    rows and sizes are estimates of all of them."""

    name: str
    kind: str
    bound: str | None
    leaves: int | None
    rows: int | None
    total_bytes: int | None


@dataclass(frozen=True)
class Dependency:
    """Another object that this one uses, or that uses this one: by which part of it (`how`) and which columns."""

    kind: str
    name: str
    how: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class TypeAttribute:
    """An attribute of a composite type."""

    position: int
    name: str
    type: str
    collation: str | None
    comment: str | None


@dataclass(frozen=True)
class DomainConstraint:
    """A constraint of a domain."""

    name: str
    kind: str
    definition: str
    validated: bool
    comment: str | None


@dataclass(frozen=True)
class Member:
    """An object that an extension brought."""

    kind: str
    name: str


@dataclass(frozen=True)
class DefaultPrivilege:
    """What `grantee` will be granted on objects of this kind (tables, sequences ...) that the role `made_by` makes."""

    kind: str
    made_by: str
    grantee: str
    privileges: tuple[str, ...]


@dataclass(frozen=True)
class Partitioning:
    """How a partitioned table parts its rows. `key` is its text; None where the table is locked."""

    strategy: str
    columns: tuple[str, ...]
    key: str | None = None


@dataclass(frozen=True)
class Sizes:
    """In bytes. `is_estimated`: by the last VACUUM or ANALYZE, of the heap alone; otherwise real: `toast` with its index,
    `maps` the free space and visibility maps."""

    heap_bytes: int | None
    toast_bytes: int | None
    maps_bytes: int | None
    index_bytes: int | None
    total_bytes: int | None
    is_estimated: bool


@dataclass(frozen=True)
class Statistics:
    """pg_stat_all_tables, counted since the object's `counted_since`."""

    seq_scan: int | None
    seq_tup_read: int | None
    idx_scan: int | None
    idx_tup_fetch: int | None
    n_tup_ins: int | None
    n_tup_upd: int | None
    n_tup_del: int | None
    n_tup_hot_upd: int | None
    n_live_tup: int | None
    n_dead_tup: int | None
    n_mod_since_analyze: int | None
    n_ins_since_vacuum: int | None
    last_seq_scan: datetime | None
    last_idx_scan: datetime | None
    last_vacuum: datetime | None
    last_autovacuum: datetime | None
    last_analyze: datetime | None
    last_autoanalyze: datetime | None
    vacuum_count: int | None
    autovacuum_count: int | None
    analyze_count: int | None
    autoanalyze_count: int | None


def made(kind: type[Part], facts: Mapping[str, Any], /, **more: Any) -> Part:
    """A part from a row or a JSON object: what the dataclass has no field for is left out, arrays become tuples."""
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # parts are dataclasses
    known = {name: value for name, value in {**facts, **more}.items() if name in names}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in known.items()})


def privileges_of(listed: Iterable[Mapping[str, Any]]) -> tuple[Privilege, ...]:
    """Privileges from their JSON."""
    return tuple(made(Privilege, one) for one in listed)


def statistics_of(facts: Mapping[str, Any] | None) -> Statistics | None:
    """From pg_stat_all_tables as JSON, in whichever version of PostgreSQL."""
    if facts is None:
        return None
    values: dict[str, Any] = {}
    for field in dataclasses.fields(Statistics):
        value = facts.get(field.name)
        values[field.name] = datetime.fromisoformat(value) if isinstance(value, str) else value
    return Statistics(**values)


def without_secrets(options: Iterable[str]) -> tuple[str, ...]:
    """Options `name=value` with the values of those hidden that may be passwords."""
    return tuple(
        f"{one.partition('=')[0]}=(hidden)" if _SECRET.search(one.partition("=")[0]) else one for one in options
    )
