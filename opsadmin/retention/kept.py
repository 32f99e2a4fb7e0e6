"""The bounds as they hold on this site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from opsadmin.models import Retention
from opsadmin.retention.bounds import BOUNDS, Bound, find_bound


@dataclass(frozen=True)
class Kept:
    """A bound and what it is set to. `row`: None where nobody ever changed it."""

    bound: Bound
    row: Retention | None

    @property
    def value(self) -> int:
        """The one that counts."""
        return self.bound.default if self.row is None or self.row.value is None else self.row.value

    @property
    def is_changed(self) -> bool:
        return self.row is not None and self.row.value is not None

    def oldest(self, now: datetime) -> datetime:
        """Of a bound that is a time: what is newer than that is certain to be there. Where things are kept for longer since
        lately, that is not yet as old as they may become."""
        begin = now - self.bound.time(self.value)
        return begin if self.row is None or self.row.since is None else max(begin, self.row.since)


def all_kept() -> list[Kept]:
    """Every bound. One statement.

    Raises Django's database errors."""
    rows = {row.name: row for row in Retention.objects.all()}
    return [Kept(one, rows.get(one.name)) for one in BOUNDS]


def kept(name: str) -> Kept:
    """The bound of that name. One statement.

    Raises `OperationError` where there is none, Django's database errors."""
    bound = find_bound(name)
    return Kept(bound, Retention.objects.filter(name=name).first())


def amount(name: str) -> int:
    """What the bound of that name is set to."""
    return kept(name).value


def change(name: str, value: int | None, reason: str) -> Retention:
    """Keep so many, or so long, from the next clean-up on; None: as by default.

    Raises `OperationError` where the value is out of range, Django's database errors."""
    before = kept(name)
    values = {
        "value": None if value is None else before.bound.checked(value),
        "since": before.oldest(timezone.now()) if before.bound.unit else None,
        "reason": reason,
    }
    row, _new = Retention.objects.update_or_create(name=name, defaults=values)
    return row
