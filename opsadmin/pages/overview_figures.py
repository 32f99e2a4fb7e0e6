"""The tiles of the Overview: what was read now, and what it was before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.blocks import said_bytes
from opsadmin.core.finding import Status
from opsadmin.models import HealthSnapshot
from opsadmin.pages.report_view import ReportView
from opsadmin.pages.tiles import Tile, registered_tiles
from opsadmin.workload.queries import said_ms
from opsadmin.workload.trends import Figure, figures, series

#: What latency and memory are told of, and how far back sizes are compared.
RECENT, COMPARED = timedelta(hours=24), timedelta(days=7)
#: A size is compared with one that is older than that.
YOUNG = timedelta(hours=1)
#: Where a database that fits into memory reads from it: PostgreSQL's wiki has 99 % as the aim of a busy one. Not judged
#: here (a check does); only a lower one is coloured.
LOW_CACHE_HIT = 0.9
LEAST_CACHE_CHANGE = 0.0005


@dataclass(frozen=True)
class Past:
    """What was sampled. `recent`: the figures of the last day by name; `size`: what the database was, and how long ago;
    None where that is not known."""

    recent: Mapping[str, Figure]
    size: tuple[float, timedelta] | None


def past_of(database: str) -> Past:
    """Three statements to the site database.

    Raises Django's database errors."""
    now = timezone.now()
    recent = figures(database, ("p95_ms", "mean_ms", "cache_hit"), now - RECENT, now)
    sizes = series(database, "size_bytes", now - COMPARED, now, points=7 * 24)
    old = next(((point.value, now - point.at) for point in sizes if now - point.at > YOUNG), None)
    return Past(recent, old)


def tiles_of(
    view: ReportView | None,
    snapshot: HealthSnapshot | None,
    past: Past | None,
    database: str,
    may: Callable[[str], bool],
    links: Mapping[str, str],
    *,
    old: bool,
) -> list[Tile]:
    """What there is to tell. `past`: None where the site database does not say; `links`: the pages behind the figures;
    `old`: PostgreSQL does not answer now."""
    facts = snapshot.facts if snapshot else {}
    tiles = []
    if view is not None:
        tiles.append(_health(view, None if old or snapshot is None else snapshot.score))
    if past is not None and "p95_ms" in past.recent:
        tiles.append(_latency(past.recent, links.get("queries", "")))
    tiles += [tile if may(tile.permission) else replace(tile, url="") for tile in registered_tiles(database)]
    if "connections" in facts:
        used, most = facts["connections"], facts["max_connections"]
        tone = "critical" if used >= 0.95 * most else "warning" if used >= 0.8 * most else ""
        tiles.append(
            Tile(_("Connections"), f"{used}", _("of %(most)d") % {"most": most}, tone, links.get("activity", ""))
        )
    if past is not None and "cache_hit" in past.recent:
        tiles.append(_cache(past.recent["cache_hit"]))
    if "size_bytes" in facts:
        size = facts["size_bytes"]
        tiles.append(Tile(_("Database size"), said_bytes(size), _growth(size, past), url=links.get("tables", "")))
    return tiles


def _health(view: ReportView, score: int | None) -> Tile:
    note = ngettext("of %(n)d check", "of %(n)d checks", view.checks) % {"n": view.checks}
    blind = sum(bool(one.get("unavailable")) for one in view.blind)
    if not view.area and blind:
        note += ngettext(", %(n)d could not look", ", %(n)d could not look", blind) % {"n": blind}
    if score is not None:
        note += _(", score %(score)d of 100") % {"score": score}
    if view.to_look_at:
        figure = ngettext("%(n)d to look at", "%(n)d to look at", view.to_look_at) % {"n": view.to_look_at}
        return Tile(_("Health"), figure, note, view.status.value)
    return Tile(_("Health"), _("Fine") if view.status is Status.OK else _("Not known"), note, view.status.value)


def _latency(recent: Mapping[str, Figure], url: str) -> Tile:
    within = recent["p95_ms"]
    note = _("24 h")
    if within.grown is not None:
        note = _("24 h, %(change)s on the day before") % {"change": changed(within.grown, said_ms)}
    if "mean_ms" in recent:
        note += " · " + _("mean %(mean)s") % {"mean": said_ms(recent["mean_ms"].value)}
    return Tile(_("p95 latency"), said_ms(within.value), note, url=url)


def _cache(hit: Figure) -> Tile:
    note = _("24 h")
    if hit.grown is not None and abs(hit.grown) >= LEAST_CACHE_CHANGE:
        points = changed(100 * hit.grown, lambda value: f"{value:.1f}")
        note = _("24 h, %(change)s points on the day before") % {"change": points}
    tone = "warning" if hit.value < LOW_CACHE_HIT else ""
    return Tile(_("Cache hit"), f"{100 * hit.value:.1f} %", note, tone)


def _growth(size: float, past: Past | None) -> str:
    if past is None or past.size is None:
        return ""
    before, ago = past.size
    return _("%(change)s in %(when)s") % {"change": changed(size - before, said_bytes), "when": _span(ago)}


def changed(difference: float, said: Callable[[float], str]) -> str:
    """A difference with its sign, for people."""
    return f"{'+' if difference >= 0 else '−'}{said(abs(difference))}"


def _span(length: timedelta) -> str:
    hours = round(length.total_seconds() / 3600)
    if hours >= 47:
        return ngettext("%(n)d day", "%(n)d days", round(hours / 24)) % {"n": round(hours / 24)}
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
