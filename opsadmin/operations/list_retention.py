"""What this site keeps, how long and how many."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import Block, Table
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase
from opsadmin.core.result import Result
from opsadmin.jobs.site_database import in_words
from opsadmin.retention.bounds import find_bound
from opsadmin.retention.kept import Kept, all_kept


@dataclass(frozen=True)
class RetentionState(Result):
    """`unit`: of the numbers, hours or days; empty where it is a number of things. `least`, `most`: what `keep` may be set to.
    `size`: how large it can become, in words; empty where another one says it."""

    name: str
    title: str
    keep: int
    unit: str
    default: int
    least: int
    most: int
    is_changed: bool
    reason: str
    size: str
    scope: str

    def blocks(self) -> list[Block]:
        return [_table([self])]


@dataclass(frozen=True)
class RetentionList(Result):
    """Every bound."""

    retention: list[RetentionState]

    def blocks(self) -> list[Block]:
        return [_table(self.retention)]


def _table(found: list[RetentionState]) -> Table:
    columns = (_("What"), _("Name"), _("Kept"), _("Default"), _("From"), _("To"), _("How large it can become"))
    rows = []
    for one in found:
        bound = find_bound(one.name)
        numbers = (bound.said(value) for value in (one.keep, one.default, one.least, one.most))
        rows.append((one.title, one.name, *numbers, one.size or "–"))
    return Table("", columns, tuple(rows))


def state_of(one: Kept) -> RetentionState:
    """The bound as it is set."""
    bound, row = one.bound, one.row
    return RetentionState(
        name=bound.name,
        title=str(bound.title),
        keep=one.value,
        unit=bound.unit,
        default=bound.default,
        least=bound.least,
        most=bound.most,
        is_changed=one.is_changed,
        reason=row.reason if row is not None else "",
        size=bound.size(one.value),
        scope=str(bound.scope),
    )


@operation(
    "list_retention",
    title=gettext_lazy("What is kept, and how long"),
    summary=gettext_lazy(
        "How long the site keeps samples, runs, reports, incidents and statements in its own database, and how many."
    ),
    group="runs",
    parameters=OnDatabase,
)
def run(parameters: OnDatabase, call: Call) -> RetentionList:
    with in_words():
        return RetentionList([state_of(one) for one in all_kept()])
