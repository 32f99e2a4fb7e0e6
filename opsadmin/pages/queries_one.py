"""One statement as its template shows it: what it costs, what stands out, its text and its plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said, said_bytes, said_number
from opsadmin.pages.queries_view import percent, width_of
from opsadmin.pages.tiles import Tile
from opsadmin.workload.queries import said_ms

#: A longer text is shown up to here; the operation's page has all of it.
LONGEST = 50_000
#: From where on something stands out (our choice): rows of a call, calls of a second, the part of blocks that was not in
#: the cache and bytes of it a call, how many times its mean the longest call takes.
MANY_ROWS, MANY_CALLS, FEW_HITS, MUCH_READ, SPREAD = 10_000, 50, 0.9, 8_000_000, 20


@dataclass(frozen=True)
class Cost:
    """A line of what it takes: in all (empty for nothing), a call, and its share of what the database takes (empty where
    none is counted)."""

    name: str
    total: str
    call: str
    width: str = ""
    percent: str = ""


@dataclass(frozen=True)
class Statement:
    """`is_long`: not all of its text is shown. `nothing_of`: what it takes nothing of. `signs`: what stands out, in
    sentences."""

    queryid: str
    is_long: bool
    tiles: tuple[Tile, ...]
    costs: tuple[Cost, ...]
    nothing_of: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    signs: tuple[str, ...]


def statement(query: Mapping[str, Any], taken_at: datetime | None) -> Statement:
    """`query`: a Query's `as_dict()`; `taken_at`: when that was."""
    text = query["sql"]
    rate = _rate(query, taken_at)
    costs = list(_costs(query))
    return Statement(
        queryid=query["queryid"],
        is_long=query["is_cut"] or len(text) > LONGEST,
        tiles=tuple(_tiles(query, rate)),
        costs=tuple(one for one in costs if one.total),
        nothing_of=tuple(one.name for one in costs if not one.total),
        figures=tuple(_figures(query)),
        signs=tuple(_signs(query, rate)),
    )


def _tiles(query: Mapping[str, Any], rate: float | None) -> Iterator[Tile]:
    yield Tile(
        _("Share of time"), percent(query["share"]), _("%(total)s in all") % {"total": said_ms(query["total_time"])}
    )
    spread = _("%(least)s to %(most)s") % {"least": said_ms(query["min_time"]), "most": said_ms(query["max_time"])}
    yield Tile(_("Mean time"), said_ms(query["mean_time"]), spread)
    yield Tile(_("Calls"), said_number("", query["calls"]), _said_rate(rate))
    a_call = query["rows"] / query["calls"]
    yield Tile(_("Rows"), said_number("", query["rows"]), _("%(n)s a call") % {"n": _count(a_call)})
    if (hits := _hits(query)) is not None:
        yield Tile(_("From the cache"), percent(hits), _("of the blocks it touched"))


def _costs(query: Mapping[str, Any]) -> Iterator[Cost]:
    calls, shares = query["calls"], query["resources"]

    def line(name: str, total: float, said_as: Any, resource: str = "") -> Cost:
        share = shares.get(resource, 0.0)
        return Cost(
            name,
            said_as(total) if total else "",
            said_as(total / calls),
            width_of(share) if resource else "",
            percent(share) if resource else "",
        )

    def blocks(count: float) -> str:
        return said_bytes(count * query["block_size"])

    yield line(_("Time"), query["total_time"], said_ms, "time")
    yield line(_("Blocks touched"), query["shared_blks_hit"] + query["shared_blks_read"], blocks, "blocks")
    yield line(_("Blocks read"), query["shared_blks_read"], blocks, "blocks_read")
    yield line(_("Blocks changed"), query["shared_blks_dirtied"], blocks, "blocks_dirtied")
    yield line(_("WAL"), query["wal_bytes"], said_bytes, "wal")
    yield line(_("Blocks written by itself"), query["shared_blks_written"], blocks)
    yield line(_("Temporary files, written"), query["temp_blks_written"], blocks)
    yield line(_("Temporary files, read"), query["temp_blks_read"], blocks)
    if query["io_time"] or not query["io_blks"]:
        yield line(_("Waiting for reads and writes"), query["io_time"], said_ms)
    else:
        yield Cost(_("Waiting for reads and writes"), _("not measured"), _("track_io_timing is off"))


def _figures(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield _("Least time"), said_ms(query["min_time"])
    yield _("Longest time"), said_ms(query["max_time"])
    yield _("Standard deviation"), said_ms(query["stddev_time"])
    if query["plan_time"]:
        yield _("Planning, in all"), said_ms(query["plan_time"])
    yield _("Sent by"), ", ".join(query["roles"])
    if not query["toplevel"]:
        yield _("Where"), _("within functions alone")
    if query["since"]:
        yield _("Counted since"), said("", timezone.localtime(datetime.fromisoformat(query["since"])))
    yield _("Query id"), query["queryid"]


def _signs(query: Mapping[str, Any], rate: float | None) -> Iterator[str]:
    calls = query["calls"]
    if query["temp_blks_written"]:
        size = said_bytes(query["temp_blks_written"] * query["block_size"] / calls)
        yield _("A call writes %(size)s to temporary files: what it sorts or hashes does not fit into work_mem.") % {
            "size": size
        }
    hits, read = _hits(query), query["shared_blks_read"] * query["block_size"] / calls
    if hits is not None and hits < FEW_HITS and read >= MUCH_READ:
        values = {"size": said_bytes(read), "percent": percent(1 - hits)}
        yield _("A call reads %(size)s that PostgreSQL had not in its cache, %(percent)s of all it touches.") % values
    if query["rows"] / calls >= MANY_ROWS:
        yield _("A call gives %(n)s rows: is each of them needed?") % {"n": _count(query["rows"] / calls)}
    if rate is not None and rate >= MANY_CALLS and query["share"] >= 0.05:
        yield _("It is sent %(n)s times a second: one statement for many rows may take the place of many.") % {
            "n": _count(rate)
        }
    if calls >= 10 and query["max_time"] >= max(100.0, SPREAD * query["mean_time"]):
        values = {"mean": said_ms(query["mean_time"]), "most": said_ms(query["max_time"])}
        yield (
            _("It takes %(mean)s on average, and once took %(most)s: by its values, by a lock, or by a cold cache.")
            % values
        )


def _hits(query: Mapping[str, Any]) -> float | None:
    """The part of the blocks it touched that was in the cache."""
    touched = query["shared_blks_hit"] + query["shared_blks_read"]
    return query["shared_blks_hit"] / touched if touched else None


def _rate(query: Mapping[str, Any], taken_at: datetime | None) -> float | None:
    """Calls a second."""
    if not query["since"] or taken_at is None:
        return None
    seconds = (taken_at - datetime.fromisoformat(query["since"])).total_seconds()
    return query["calls"] / seconds if seconds >= 1 else None


def _said_rate(rate: float | None) -> str:
    if rate is None:
        return ""
    for seconds, words in ((1, _("%(n)s a second")), (60, _("%(n)s a minute")), (3600, _("%(n)s an hour"))):
        if rate * seconds >= 1:
            return words % {"n": _count(rate * seconds)}
    return _("%(n)s a day") % {"n": _count(rate * 86_400)}


def _count(number: float) -> str:
    return said_number("", round(number)) if number >= 10 else f"{number:.1f}".removesuffix(".0")
