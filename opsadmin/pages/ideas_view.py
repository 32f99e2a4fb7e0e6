"""Index advice as its template shows it, from what was kept of it (opsadmin/pages/ideas_kept.py)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.blocks import said_bytes, said_number, said_seconds
from opsadmin.pages.ideas_charts import Frontier, costs_picture, frontier_of, taken_off
from opsadmin.pages.ideas_kept import Kept
from opsadmin.pages.ideas_verified import Pair, pair_of
from opsadmin.pages.pictures import Picture
from opsadmin.pages.queries_text import gist, marked_up
from opsadmin.pages.queries_view import percent, width_of
from opsadmin.pages.tiles import Tile

#: Ideas in full and statements on the page, unless all are asked for; statements within an idea.
FULL, LISTED, HELPED = 5, 12, 3
#: Characters of a statement in the list, and within an idea.
SHOWN, SHORTLY = 140, 90
#: A cost that is closer to the bound than that part of it is the best there is.
CLOSE = 0.005
#: By itself it takes off less: it is there for what it does together with others.
LITTLE = 0.001
#: Digits of one number must stay on one line.
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3})")
_MIGRATION = re.compile(r"\n\n(?=# \S+\.py\n# Run: )")


@dataclass(frozen=True)
class Line:
    """A statement: its text, a link to its page (empty where it was not counted), its costs, the part that is taken off,
    and its part of all cost before. Widths are of bars, out of 100."""

    sql: SafeString
    plain: str
    link: str
    before: str
    after: str
    saved: str
    share: str
    calls: str
    width_before: str
    width_after: str


@dataclass(frozen=True)
class Idea:
    """An index to make, which maybe `is_there` meanwhile. `measured`: pages before and after, where it was verified;
    `doubt`: why it could not be. `lines`: of the statements that it helps. `model`, `migration`: what to change in the Django
    project; `model` is also why nothing can be."""

    number: int
    name: str
    is_there: bool
    on: str
    ddl: str
    percent: str
    width: str
    figures: tuple[tuple[str, str], ...]
    reason: str
    remark: str
    basis: str
    lines: tuple[Line, ...]
    more_lines: int
    model: str
    migration: str
    measured: Pair | None
    doubt: str


@dataclass(frozen=True)
class Going:
    """An index that can go. `number` counts from 1."""

    number: int
    index: str
    table: str
    reason: str
    caution: str
    size: str
    ddl: str
    undo: str


@dataclass(frozen=True)
class Ideas:
    """`lead`: what it comes to in a sentence; `bound` how much better it could be; `all_ddl` everything to make and drop; `migrations`: of
    each app with several ideas, one for all of them, by the app.
    `has_more`: not all is shown; `has_hypopg_note`: `notes` say that HypoPG is missing."""

    lead: str
    bound: str
    tiles: tuple[Tile, ...]
    costs: Picture | None
    frontier: Frontier | None
    ideas: tuple[Idea, ...]
    shorter: tuple[Idea, ...]
    drops: tuple[Going, ...]
    freed: str
    lines: tuple[Line, ...]
    more_lines: int
    left_out: tuple[tuple[str, str, str], ...]
    not_analyzed: tuple[tuple[str, SafeString], ...]
    notes: tuple[str, ...]
    all_ddl: str
    migrations: tuple[tuple[str, str], ...]
    footing: str


@dataclass(frozen=True)
class Doors:
    """Where the page leads. `queries`: the address of the page of statements, empty where the person may not go there."""

    database: str
    is_default: bool
    queries: str

    def statement(self, queryid: str) -> str:
        """The page of a statement; empty where there is none."""
        if not queryid or not self.queries:
            return ""
        query = {"queryid": queryid, **({} if self.is_default else {"database": self.database})}
        return f"{self.queries}?{urlencode(query)}"


def ideas_of(
    kept: Kept, doors: Doors, *, everything: bool = False, there: Collection[tuple[str, str]] = frozenset()
) -> Ideas:
    """`everything`: however long it gets. `there`: tables and names of indexes that were made meanwhile."""
    advice = kept.advice
    lines = list(_lines(advice, doors))
    order = sorted(range(len(lines)), key=lambda place: (-_saved(advice["queries"][place]), place))
    helped = [lines[place] for place in order]
    full = len(advice["recommendations"]) if everything else FULL
    doubts = (advice["verification"] or {}).get("doubts", {})
    found = [_idea(one, number, lines, there, doubts) for number, one in enumerate(advice["recommendations"], 1)]
    drops = tuple(_going(one, number) for number, one in enumerate(advice["drops"], 1))
    listed = len(helped) if everything else LISTED
    return Ideas(
        lead=_lead(advice),
        bound=_bound(advice),
        tiles=tuple(_tiles(advice)),
        costs=costs_picture(advice),
        frontier=frontier_of(advice),
        ideas=tuple(found[:full]),
        shorter=tuple(found[full:]),
        drops=drops,
        freed=_freed(advice["drops"]),
        lines=tuple(helped[:listed]),
        more_lines=max(0, len(helped) - listed),
        left_out=tuple((one["ddl"], _left_out(one), one["reason"]) for one in advice["left_out"]),
        not_analyzed=tuple(
            (one["why"], marked_up(gist(one["query"], SHOWN)))
            for one in advice["not_analyzed"][: None if everything else LISTED]
        ),
        notes=tuple(advice["notes"]),
        migrations=tuple((one["app"], f"# {one['path']}\n{one['text'].rstrip()}") for one in advice["migrations"]),
        all_ddl="".join(f"{one['ddl'].rstrip(';')};\n" for one in (*advice["recommendations"], *advice["drops"])),
        footing=_footing(advice),
    )


# --- in sentences -----------------------------------------------------------------------------------------------------
def _lead(advice: Mapping[str, Any]) -> str:
    count, looked_at = len(advice["recommendations"]), len(advice["queries"])
    if not looked_at:
        return (
            _("No statement could be analysed.") if advice["not_analyzed"] else _("There was no statement to look at.")
        )
    statements = ngettext("%(n)d statement", "%(n)d statements", looked_at) % {"n": looked_at}
    if not count:
        tried = said_number("", advice["candidates"])
        text = _("No index would make these cheaper: %(statements)s looked at, candidates tried: %(tried)s.") % {
            "statements": statements,
            "tried": tried,
        }
        can_go = len(advice["drops"])
        going = ngettext("%(n)d existing index can go.", "%(n)d existing indexes can go.", can_go) % {"n": can_go}
        return f"{text} {going}" if can_go else text
    values = {
        "n": count,
        "percent": percent(_gain(advice)),
        "size": said_bytes(advice["size_bytes"]),
        "statements": statements,
    }
    return (
        ngettext(
            "%(n)d index of %(size)s would take %(percent)s off the cost of %(statements)s.",
            "%(n)d indexes of %(size)s together would take %(percent)s off the cost of %(statements)s.",
            count,
        )
        % values
    )


def _bound(advice: Mapping[str, Any]) -> str:
    after, bound = float(advice["cost_after"]), float(advice["lower_bound"])
    if not advice["recommendations"] or not advice["queries"] or after <= 0:
        return ""
    if bound >= after * (1 - CLOSE):
        text = _("No set of the candidates of that size is better: that is proven.")
    elif bound > 0:
        text = _("No set of the candidates of that size can be more than %(percent)s better.") % {
            "percent": percent(1 - bound / after)
        }
    else:
        return ""
    if not advice["complete"]:
        text += " " + _("The time was over before the search was: with more seconds there may be a better one.")
    return text


def _footing(advice: Mapping[str, Any]) -> str:
    plans = ngettext("%(n)s plan asked for", "%(n)s plans asked for", advice["explain_calls"])
    candidates = ngettext("%(n)s candidate", "%(n)s candidates", advice["candidates"])
    values = {
        "candidates": candidates % {"n": said_number("", advice["candidates"])},
        "plans": plans % {"n": said_number("", advice["explain_calls"])},
        "time": said_seconds(advice["elapsed_ms"] / 1000),
    }
    if advice["verification"] is not None:
        return _("%(candidates)s, %(plans)s, in %(time)s. Nothing was changed.") % values
    return _("%(candidates)s, %(plans)s, in %(time)s. Nothing was run or changed.") % values


def _gain(advice: Mapping[str, Any]) -> float:
    before = float(advice["cost_before"])
    return max(0.0, 1 - float(advice["cost_after"]) / before) if before else 0.0


def _tiles(advice: Mapping[str, Any]) -> Iterator[Tile]:
    count = len(advice["recommendations"])
    if count:
        yield Tile(_("Cost"), taken_off(_gain(advice)), _("of these statements, estimated"), "ok")
        heap = advice["heap_bytes"]
        budget = advice["budget_bytes"]
        note = _("of tables of %(size)s") % {"size": said_bytes(heap)} if heap else ""
        if budget is not None:
            note = _("of %(size)s allowed") % {"size": said_bytes(budget)}
        yield Tile(_("Size"), said_bytes(advice["size_bytes"]), note)
    yield Tile(_("Indexes to make"), str(count), "")
    if advice["drops"]:
        freed = said_bytes(sum(one["bytes"] for one in advice["drops"]))
        yield Tile(_("Indexes to drop"), str(len(advice["drops"])), _("%(size)s would be free") % {"size": freed})
    left = len(advice["not_analyzed"])
    note = ngettext("%(n)d could not be", "%(n)d could not be", left) % {"n": left} if left else _("none was left out")
    yield Tile(_("Statements analysed"), said_number("", len(advice["queries"])), note)


def _left_out(one: Mapping[str, Any]) -> str:
    return _("alone −%(percent)s %% of the workload's cost · %(size)s") % {
        "percent": f"{100 * one['gain']:.1f}",
        "size": said_bytes(one["size_bytes"]),
    }


def _freed(drops: Sequence[Mapping[str, Any]]) -> str:
    text = ngettext(
        "It takes %(size)s, and work at every write.",
        "They take %(size)s together, and work at every write.",
        len(drops),
    )
    return text % {"size": said_bytes(sum(one["bytes"] for one in drops))}


# --- statements ---------------------------------------------------------------------------------------------------------
def _weighed(query: Mapping[str, Any], which: str) -> float:
    return float(query["weight"]) * float(query[which])


def _saved(query: Mapping[str, Any]) -> float:
    return _weighed(query, "cost_before") - _weighed(query, "cost_after")


def _lines(advice: Mapping[str, Any], doors: Doors) -> Iterator[Line]:
    queries = advice["queries"]
    highest = max((_weighed(one, "cost_before") for one in queries), default=0.0) or 1.0
    for one in queries:
        yield Line(
            sql=marked_up(gist(one["sql"], SHOWN)),
            plain=gist(one["sql"], SHORTLY),
            link=doors.statement(one["queryid"]),
            before=_cost(one["cost_before"]),
            after=_cost(one["cost_after"]),
            saved=_off(one["cost_before"], one["cost_after"]),
            share=percent(one["share"]),
            calls=said_number("", one["calls"]) if one["calls"] else "",
            width_before=width_of(_weighed(one, "cost_before") / highest),
            width_after=width_of(_weighed(one, "cost_after") / highest),
        )


def _cost(value: Any) -> str:
    number = float(value)
    return said_number("", round(number)) if number >= 10 else f"{number:.2g}"


def _off(before: Any, after: Any) -> str:
    """The part that is taken off."""
    gone = 1 - float(after) / float(before) if float(before) else 0.0
    if abs(gone) < 0.0005:
        return "="
    return taken_off(gone) if gone > 0 else f"+{percent(-gone)}"


# --- indexes ------------------------------------------------------------------------------------------------------------
def _idea(
    one: Mapping[str, Any],
    number: int,
    lines: Sequence[Line],
    there: Collection[tuple[str, str]],
    doubts: Mapping[str, str],
) -> Idea:
    gain = max(0.0, float(one["gain"]))
    helped = [each for each in one["queries"] if 0 <= each["query"] < len(lines)]
    model, migration = _django(one["django"])
    remark = ""
    if gain < LITTLE:
        remark = _("Alone it brings next to nothing: it counts together with others of the list.")
    return Idea(
        number=number,
        name=one["name"],
        is_there=(one["table"], one["name"]) in there,
        on=_on(one),
        ddl=f"{one['ddl'].rstrip(';')};",
        percent=taken_off(gain),
        width=width_of(gain),
        figures=(
            (_("Size"), said_bytes(one["size_bytes"])),
            (_("A row written costs"), _said_overhead(float(one["write_overhead"]))),
            (_("Statements helped"), str(len(one["queries"]))),
            (_("Access method"), one["using"]),
        ),
        reason=_THOUSANDS.sub("\N{NO-BREAK SPACE}", one["reason"]),
        remark=remark,
        # What was measured needs no word on where the estimate is from.
        basis="" if one["verified"] else _said_basis(one["basis"], one["using"]),
        lines=tuple(lines[each["query"]] for each in helped[:HELPED]),
        more_lines=max(0, len(helped) - HELPED),
        model=model,
        migration=migration,
        measured=_measured(one),
        doubt=doubts.get(one["name"], ""),
    )


def _measured(one: Mapping[str, Any]) -> Pair | None:
    figures = one["verified"]
    return pair_of(figures["blocks_before"], figures["blocks_after"]) if figures else None


def _on(one: Mapping[str, Any]) -> str:
    text = f"{one['table']} ({', '.join(one['columns'])})"
    if one["include"]:
        text += f" INCLUDE ({', '.join(one['include'])})"
    return f"{text} WHERE {one['predicate']}" if one["predicate"] else text


def _said_overhead(overhead: float) -> str:
    return _("nothing more") if overhead < 0.005 else _("%(percent)s more") % {"percent": f"{100 * overhead:.0f} %"}


def _said_basis(basis: str, using: str) -> str:
    words: dict[str, Callable[[], str]] = {
        "planner": lambda: _("Costs by the server's own planner, which was told of the index (HypoPG)."),
        "stand-in": lambda: (
            _(
                "HypoPG cannot pretend %(using)s: the planner was told of a stand-in, and what this access method costs "
                "more was reckoned by a model. Measure it once it is there."
            )
            % {"using": using.upper()}
        ),
        "model": lambda: _(
            "Reckoned by a model of the planner's formulas, not by the planner: without HypoPG it cannot be told of an "
            "index that is not there. Measure it once it is."
        ),
    }
    return words[basis]() if basis in words else ""


def _django(text: str) -> tuple[str, str]:
    """The change of the model, and the migration."""
    if text.startswith("# ") and _MIGRATION.match(f"\n\n{text}"):
        return "", text
    parts = _MIGRATION.split(text, maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _going(one: Mapping[str, Any], number: int) -> Going:
    return Going(
        number=number,
        index=one["index"],
        table=one["table"],
        reason=one["reason"],
        caution=one["caution"],
        size=said_bytes(one["bytes"]),
        ddl=f"{one['ddl'].rstrip(';')};",
        undo=f"{one['undo'].rstrip(';')};" if one["undo"] else "",
    )
