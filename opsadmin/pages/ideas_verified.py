"""Advice that was verified: taken from the log of runs, in place of the older one that was only estimated; and what the
page shows of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.advisor.advice import Advice, Recommendation
from opsadmin.core.blocks import said_number, said_seconds
from opsadmin.jobs.state import note_interrupted
from opsadmin.models import OperationRun
from opsadmin.pages.ideas_kept import QUERIES, WORKLOAD, Kept
from opsadmin.pages.queries_text import gist, marked_up
from opsadmin.pages.queries_view import percent, width_of
from opsadmin.postgres.aliases import default_alias
from opsadmin.postgres.masking import MASK, masked

VERIFY = "verify_indexes"
#: Runs that are looked at for the newest of each kind.
LOOKED_AT = 6
#: Statements on the page, and characters of each.
LISTED, SHOWN = 12, 140
#: What of the parameters is asked for again.
_GIVEN = ("max_size_mb", "max_indexes", "time_limit")


def with_verified(database: str, both: Mapping[str, Kept | None]) -> dict[str, Kept | None]:
    """Those that were verified since in place of those that were not."""
    found = dict(both)
    for run in _runs(database).filter(outcome=OperationRun.Outcome.DONE)[:LOOKED_AT]:
        kind = QUERIES if run.parameters.get("queries") else WORKLOAD
        there = found.get(kind)
        if not _is_advice(run.result) or run.finished_at is None:
            continue
        if there is None or there.taken_at < run.finished_at:
            found[kind] = _kept(run, kind)
    return found


def under_way(database: str) -> OperationRun | None:
    """The verification that goes on in that database."""
    note_interrupted()
    return _runs(database).filter(outcome=OperationRun.Outcome.RUNNING).first()


def _runs(database: str) -> QuerySet[OperationRun]:
    names = [database, *([""] if database == default_alias() else [])]
    return OperationRun.objects.filter(operation=VERIFY, database__in=names).order_by("-pk")


def _is_advice(result: Any) -> bool:
    """Whether it is one of this release."""
    if not isinstance(result, dict) or result.keys() != {*(one.name for one in fields(Advice)), "gain"}:
        return False
    names = {one.name for one in fields(Recommendation)}
    return all(one.keys() == names for one in result["recommendations"])


def _kept(run: OperationRun, kind: str) -> Kept:
    """The log has statements without their constants (an older one had them), so those that had some cannot be asked again."""
    advice = dict(run.result or {})
    advice["queries"] = [{**one, "sql": masked(one["sql"])} for one in advice["queries"]]
    advice["not_analyzed"] = [{**one, "query": masked(one["query"])} for one in advice["not_analyzed"]]
    given = [str(one) for one in run.parameters.get("queries") or ()]
    return Kept(
        kind=kind,
        taken_at=run.finished_at or run.started_at,
        by=run.caller,
        key=f"run-{run.pk}",
        given={name: run.parameters[name] for name in _GIVEN if run.parameters.get(name) is not None},
        statements=tuple(given) if all(MASK not in one and masked(one) == one for one in given) else (),
        advice=advice,
    )


# --- shown ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Pair:
    """Pages before and after, with bars (widths out of 100)."""

    before: str
    after: str
    width_before: str
    width_after: str


@dataclass(frozen=True)
class RefutedIdea:
    """An index that does not do what its estimate says."""

    on: str
    promised: str
    reason: str
    ddl: str
    pair: Pair | None


@dataclass(frozen=True)
class RunLine:
    """A statement that was run; `note` where it is worse off."""

    sql: SafeString
    pair: Pair
    ms_before: str
    ms_after: str
    note: str


@dataclass(frozen=True)
class Measuring:
    """`says`: where, how much of the rows, how long. `left`: statements that were not run, with the reason."""

    says: str
    refuted: tuple[RefutedIdea, ...]
    lines: tuple[RunLine, ...]
    left: tuple[tuple[str, SafeString], ...]


def measuring_of(advice: Mapping[str, Any], *, everything: bool = False) -> Measuring | None:
    """What was measured; None where nothing was."""
    one = advice["verification"]
    if one is None:
        return None
    queries = advice["queries"]
    known = [each for each in one["statements"] if each["query"] < len(queries)]
    run = [each for each in known if not each["why_not"]]
    run.sort(key=lambda each: (not each["is_worse"], -(each["blocks_before"] or 0), each["query"]))
    most = None if everything else LISTED
    return Measuring(
        says=_says(one),
        refuted=tuple(_refuted(each) for each in advice["refuted"]),
        lines=tuple(_line(each, queries) for each in run[:most]),
        left=tuple(
            (each["why_not"], marked_up(gist(queries[each["query"]]["sql"], SHOWN)))
            for each in known
            if each["why_not"]
        )[:most],
    )


def pair_of(before: int | None, after: int | None) -> Pair:
    """Of figures that are None where a statement did not come to an end."""
    highest = max(before or 0, after or 0) or 1
    return Pair(
        before=_pages(before),
        after=_pages(after),
        width_before=width_of(1.0 if before is None else before / highest),
        width_after=width_of(1.0 if after is None else after / highest),
    )


def _pages(blocks: int | None) -> str:
    return _("no end") if blocks is None else said_number("", blocks)


def _says(one: Mapping[str, Any]) -> str:
    count = sum(not each["why_not"] for each in one["statements"])
    values = {"n": count, "seconds": said_seconds(one["seconds"])}
    if one["how"] == "copy":
        text = ngettext(
            "%(n)d statement was run on copies of the tables, without the indexes and with them, in %(seconds)s.",
            "%(n)d statements were run on copies of the tables, without the indexes and with them, in %(seconds)s.",
            count,
        )
    else:
        text = ngettext(
            "%(n)d statement was run on the tables themselves, without the indexes and with them, in %(seconds)s.",
            "%(n)d statements were run on the tables themselves, without the indexes and with them, in %(seconds)s.",
            count,
        )
    parts = [text % values]
    if one["samples"]:
        tables = ", ".join(f"{name} ({percent(share)})" for name, share in sorted(one["samples"].items()))
        parts.append(_("Of large tables a sample: %(tables)s.") % {"tables": tables})
    if not one["complete"]:
        parts.append(_("The time was over before all was measured."))
    return " ".join([*parts, _("All was rolled back.")])


def _refuted(one: Mapping[str, Any]) -> RefutedIdea:
    idea, figures = one["recommendation"], one["verified"]
    return RefutedIdea(
        on=f"{idea['table']} ({', '.join(idea['columns'])})",
        promised=percent(max(0.0, float(idea["gain"]))),
        reason=one["reason"],
        ddl=f"{idea['ddl'].rstrip(';')};",
        pair=pair_of(figures["blocks_before"], figures["blocks_after"]) if figures else None,
    )


def _line(one: Mapping[str, Any], queries: Sequence[Mapping[str, Any]]) -> RunLine:
    return RunLine(
        sql=marked_up(gist(queries[one["query"]]["sql"], SHOWN)),
        pair=pair_of(one["blocks_before"], one["blocks_after"]),
        ms_before=_time(float(one["ms_before"])),
        ms_after=_time(float(one["ms_after"])),
        note=_("worse off with the indexes") if one["is_worse"] else "",
    )


def _time(ms: float) -> str:
    return f"{ms:.2g} ms" if ms < 10 else said_seconds(ms / 1000)
