"""The statements of a window, chosen and compared with the time before. From the site database alone, so also while PostgreSQL does
not answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from opsadmin.core.blocks import Block, Code, Note, Table, said_number
from opsadmin.core.errors import OperationFailed
from opsadmin.core.finding import Status
from opsadmin.postgres.masking import one_line
from opsadmin.workload.coverage_said import sentences
from opsadmin.workload.named import names_table
from opsadmin.workload.queries import said_ms
from opsadmin.workload.trends import SampledQuery, top_between
from opsadmin.workload.windows import WINDOWS, Coverage, coverage, window_of

#: More than samples can hold of a window.
_ALL = 1_000_000
#: The time before is compared with from that part of the window's length on: sums of a shorter one say nothing.
COMPARABLE = 0.9


@dataclass(frozen=True)
class Chosen:
    """`queries`: in their order. `roles`: who sent any statement of the window. `elsewhere`: the share of the time, 0 to 1, that went
    to statements which samples do not hold by themselves. `is_compared`: the time before was sampled too."""

    queries: list[SampledQuery]
    covered: Coverage
    roles: tuple[str, ...]
    elsewhere: float
    is_compared: bool


def choose(
    database: str,
    window: str,
    *,
    sort_by: str = "total_time",
    text: str = "",
    role: str = "",
    table: str = "",
    min_calls: int = 1,
    queryid: str = "",
) -> Chosen:
    """The statements of a window of `WINDOWS`, up to now; the filters as `top_queries` has them. Eight statements at most.

    Raises Django's database errors."""
    start, end = window_of(database, window)
    covered = coverage(database, start, end)
    found = top_between(database, start, end, sort_by=sort_by, limit=_ALL, text=text, role=role, queryid=queryid)
    is_compared = covered.since is not None and covered.since <= start - WINDOWS[window] * COMPARABLE
    return Chosen(
        [
            one if is_compared else replace(one, before=None, is_new=False)
            for one in found
            if one.calls >= min_calls and (not table or names_table(one.sql, table))
        ],
        covered,
        tuple(sorted({role for one in found for role in one.roles})),
        found.rest.ms / found.total.ms if found.total.ms else 0.0,
        is_compared,
    )


def require_sampled(chosen: Chosen, window: str) -> None:
    """Raises `OperationFailed` where nothing of the window was sampled."""
    if chosen.covered.answered:
        return
    raise OperationFailed(
        _("Nothing of the last %(window)s was sampled, so nobody knows what ran in it.") % {"window": window},
        hint=_("The schedule takes a sample every 5 minutes; sample_database takes one now, and the second one tells what ran "
               "since the first. The window all is what pg_stat_statements has counted since its reset."),
    )  # fmt: skip


class TopSampled(list[SampledQuery]):
    """A page of the list, which knows how to show itself. `found`: how many there are in all; `notes`: what one must know to
    judge them."""

    def __init__(self, queries: Iterable[SampledQuery], chosen: Chosen) -> None:
        super().__init__(queries)
        self.found = len(chosen.queries)
        status = Status.UNKNOWN if chosen.covered.missing else Status.OK
        self.notes = (Note(status, " ".join([*sentences(chosen.covered), *_said_elsewhere(chosen)])),)

    def blocks(self) -> list[Block]:
        blocks: list[Block] = list(self.notes)
        if len(self) == 1 == self.found:
            blocks.append(Code(_("Statement"), self[0].sql))
        columns = (_("Share"), _("Total"), _("Change"), _("Calls"), _("Mean"), _("Max"), _("Rows"))
        rows = tuple(
            (
                f"{100 * one.share:.1f} %",
                said_ms(one.total_time),
                said_change(one),
                said_number("", one.calls),
                said_ms(one.mean_time),
                said_ms(one.max_time),
                said_number("", one.rows),
                ", ".join(one.roles),
                one.queryid,
                one_line(one.sql, 200),
            )
            for one in self
        )
        empty = _("No sampled statement fits.")
        more = ""
        if self.found > len(self):
            more = _("%(shown)d of %(found)d; limit shows more.") % {"shown": len(self), "found": self.found}
        names = (*columns, _("Role"), _("Query id"), _("Statement"))
        return [*blocks, Table(_("Queries"), names, rows, frozenset(range(len(columns))), empty, more)]


def said_change(query: SampledQuery) -> str:
    """Of the total time, against the time before."""
    if query.is_new:
        return _("new")
    return "–" if query.change is None else f"{'+' if query.change >= 0 else '−'}{abs(100 * query.change):.0f} %"


def _said_elsewhere(chosen: Chosen) -> list[str]:
    if chosen.elsewhere < 0.001:
        return []
    return [
        _("%(percent)s of the time went to statements that no sample holds by themselves.")
        % {"percent": f"{100 * chosen.elsewhere:.1f} %"}
    ]
