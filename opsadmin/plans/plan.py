"""The answer: a plan, what it says in words, and before and after where something was tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.core.blocks import Block, Code, Figures, Note, Table, said_bytes, said_number
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.plans.outline import outline
from opsadmin.plans.tree import Node
from opsadmin.plans.warnings import PlanWarning
from opsadmin.plans.whatif import HypotheticalIndex


@dataclass(frozen=True)
class Side(Result):
    """A plan without or with what was tried."""

    total_cost: float
    rows: float
    text: str
    tree: Node


@dataclass(frozen=True)
class Plan(Result):
    """`text`: PostgreSQL's own, in `format`. `total_cost`, `rows`, `tree`: of the plan with what was tried, where something
    was (`before`, `after`; both None else). `generic`: planned for any value of the parameters. `assumed_types`: of
    parameters whose type nothing says. Times in ms, None where the statement was not run. `settings`: of the planner, those
    that are not the default."""

    sql: str
    format: str
    text: str
    total_cost: float
    rows: float
    tree: Node
    analyzed: bool
    generic: bool
    warnings: tuple[PlanWarning, ...] = ()
    notes: tuple[str, ...] = ()
    assumed_types: dict[str, str] = field(default_factory=dict)
    planning_ms: float | None = None
    execution_ms: float | None = None
    settings: dict[str, str] = field(default_factory=dict)
    before: Side | None = None
    after: Side | None = None
    hypothetical_indexes: tuple[HypotheticalIndex, ...] = ()
    hidden_indexes: tuple[str, ...] = ()

    @property
    def gain(self) -> float | None:
        """How many times cheaper the plan is with what was tried, by its cost; None where nothing was, or at no cost."""
        if self.before is None or self.after is None or not self.after.total_cost:
            return None
        return round(self.before.total_cost / self.after.total_cost, 2)

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "gain": self.gain}

    def blocks(self) -> list[Block]:
        """Figures, what was tried, warnings, and the tree."""
        found: list[Block] = [Figures("", tuple(self._figures()))]
        if self.before is not None and self.after is not None:
            found.append(self._compared(self.before, self.after))
        if self.hypothetical_indexes:
            found.append(
                Table(
                    _("Tried indexes"),
                    (_("Index"), _("Used"), _("Size (estimate)")),
                    tuple(
                        (
                            one.ddl,
                            _("yes") if one.used else _("no"),
                            "–" if one.size_bytes is None else said_bytes(one.size_bytes),
                        )
                        for one in self.hypothetical_indexes
                    ),
                    frozenset({2}),
                )
            )
        found += [Note(one.severity, one.message, one.hint, one.sql) for one in self.warnings]
        found += [Note(Status.OK, text) for text in self.notes]
        if self.before is not None and self.after is not None:
            return [
                *found,
                Code(_("Plan before"), outline(self.before.tree)),
                Code(_("Plan with what was tried"), outline(self.after.tree)),
            ]
        found.append(Code(_("Plan"), outline(self.tree)))
        if self.format != "text":
            found.append(Code(self.format.upper(), self.text))
        return found

    def _figures(self) -> list[tuple[str, str]]:
        pairs = [(_("Cost"), said_number("", round(self.total_cost, 2))), (_("Rows (estimate)"), _count(self.rows))]
        if self.tree.actual is not None:
            pairs.append((_("Rows"), _count(self.tree.actual.rows * self.tree.actual.loops)))
        if self.planning_ms is not None:
            pairs.append((_("Planning"), f"{self.planning_ms:.2f} ms"))
        if self.execution_ms is not None:
            pairs.append((_("Execution"), f"{self.execution_ms:.2f} ms"))
        if self.settings:
            pairs.append((_("Settings"), ", ".join(f"{name} = {value}" for name, value in self.settings.items())))
        return pairs

    def _compared(self, before: Side, after: Side) -> Table:
        rows = (
            (_("before"), said_number("", before.total_cost), _count(before.rows)),
            (_("with what was tried"), said_number("", after.total_cost), _count(after.rows)),
        )
        if self.gain is None or self.gain == 1:
            more = _("The plan is the same: it would not help.") if self._is_same() else _("The cost is the same.")
        elif self.gain > 1:
            more = _("%(gain)s times cheaper.") % {"gain": said_number("", self.gain)}
        else:
            more = _("%(gain)s times as expensive.") % {"gain": said_number("", round(1 / self.gain, 2))}
        return Table(
            _("Before and after"), (_("Plan"), _("Cost"), _("Rows (estimate)")), rows, frozenset({1, 2}), more=more
        )

    def _is_same(self) -> bool:
        return self.before is not None and self.after is not None and self.before.tree == self.after.tree


def _count(number: float) -> str:
    return said_number("", round(number, 2))
