"""The modes of a host and the ways between them, as a picture with the present one lit. Numbers on the ways lead to
their meaning in a list below it, which says the same without the picture."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from opsadmin.charts import svg
from stores.backends.failover.mode import CATCHING_UP, Mode

POSTGRES, SWITCHING, BY_ITSELF, BY_HAND, RETURNING, DECISION = (
    "postgres",
    "switching",
    "automatic",
    "manual",
    "returning",
    "decision",
)


@dataclass(frozen=True)
class State:
    """`name`, where the narrow picture breaks its line at the comma, and two lines on what it means."""

    key: str
    name: str
    lines: tuple[str, str]


@dataclass(frozen=True)
class Way:
    """From one state to another: `why` in a sentence."""

    source: str
    target: str
    why: str


@dataclass(frozen=True)
class Picture:
    """A size: where each state's box is (left, top), and the corners of each way between them. `tag`: how far from a
    box's left its "now" stands, where no way ends."""

    css: str
    width: int
    height: int
    box: tuple[float, float]
    tag: float
    places: dict[str, tuple[float, float]]
    ways: tuple[tuple[tuple[float, float], ...], ...]


def present_state(mode: Mode) -> str:
    """Which state lights up."""
    if mode.phase:
        return RETURNING if mode.phase == CATCHING_UP else SWITCHING
    if mode.backend == "postgres":
        return POSTGRES
    if mode.stop:
        return DECISION
    return BY_ITSELF if mode.automatic else BY_HAND


def states() -> list[State]:
    return [
        State(POSTGRES, _("PostgreSQL"), (_("Reads and writes go there,"), _("the copy follows."))),
        State(SWITCHING, _("Switching"), (_("Calls in flight give up"), _("or end."))),
        State(BY_ITSELF, _("JSON copy, by itself"), (_("Writes are journalled;"), _("probes look for PostgreSQL."))),
        State(BY_HAND, _("JSON copy, by hand"), (_("Writes are journalled;"), _("nothing probes."))),
        State(RETURNING, _("Catching up"), (_("Both sides are merged"), _("from their common base."))),
        State(DECISION, _("Needs a decision"), (_("PostgreSQL was emptied,"), _("restored or exchanged."))),
    ]


def ways() -> list[Way]:
    return [
        Way(POSTGRES, SWITCHING, _("PostgreSQL does not answer within the deadline, or takes no writes.")),
        Way(SWITCHING, BY_ITSELF, _("Every process of the host goes on with the copy.")),
        Way(BY_ITSELF, RETURNING, _("A probe finds PostgreSQL, or a person starts a resync.")),
        Way(RETURNING, POSTGRES, _("Everything is in PostgreSQL.")),
        Way(RETURNING, DECISION, _("PostgreSQL lacks what this host saw there: nothing is merged.")),
        Way(DECISION, RETURNING, _("A person says which side counts.")),
        Way(POSTGRES, BY_HAND, _("A person switches to the copy.")),
        Way(BY_HAND, RETURNING, _("A person switches back.")),
    ]


_BOX = (206.0, 74.0)
_WIDE = Picture(
    "is-wide",
    920,
    272,
    _BOX,
    80,
    {
        POSTGRES: (4, 20),
        SWITCHING: (357, 20),
        BY_ITSELF: (710, 20),
        BY_HAND: (4, 186),
        RETURNING: (357, 186),
        DECISION: (710, 186),
    },
    (
        ((210, 57), (354, 57)),
        ((563, 57), (707, 57)),
        ((760, 94), (540, 183)),
        ((400, 186), (170, 97)),
        ((563, 208), (707, 208)),
        ((710, 238), (566, 238)),
        ((60, 94), (60, 183)),
        ((210, 223), (354, 223)),
    ),
)
_NARROW = Picture(
    "is-narrow",
    340,
    404,
    (142, 80),
    84,
    {
        POSTGRES: (24, 12),
        SWITCHING: (196, 12),
        RETURNING: (24, 158),
        BY_ITSELF: (196, 158),
        BY_HAND: (24, 308),
        DECISION: (196, 308),
    },
    (
        ((166, 50), (193, 50)),
        ((267, 92), (267, 155)),
        ((196, 190), (169, 190)),
        ((95, 158), (95, 95)),
        ((150, 242), (214, 305)),
        ((196, 330), (118, 245)),
        ((24, 50), (10, 50), (10, 350), (21, 350)),
        ((70, 308), (70, 245)),
    ),
)


def machine(mode: Mode) -> list[SafeString]:
    """The picture for wide and for narrow screens."""
    lit = present_state(mode)
    return [_draw(picture, lit) for picture in (_WIDE, _NARROW)]


def describe(mode: Mode) -> str:
    """What the picture says, in a sentence."""
    name = next(state.name for state in states() if state.key == present_state(mode))
    return _("Six states with arrows between them. The host is in the state “%(name)s” now.") % {"name": name}


def _draw(picture: Picture, lit: str) -> SafeString:
    identity = f"machine-{picture.css}"
    arrow = f"{identity}-arrow"
    drawn_ways = [_draw_way(number, corners, arrow) for number, corners in enumerate(picture.ways, start=1)]
    name = next(state.name for state in states() if state.key == lit)
    parts = [
        svg.element("title", _("The store's modes; now: %(name)s") % {"name": name}, id=f"{identity}-title"),
        svg.element("desc", _("The arrows and what they mean are listed below the picture."), id=f"{identity}-desc"),
        svg.element("defs", _arrow(arrow)),
        svg.group([line for line, _number in drawn_ways], css="machine-ways"),
        *(_draw_state(state, picture, state.key == lit) for state in states()),
        svg.group([number for _line, number in drawn_ways], css="machine-numbers"),
    ]
    return svg.element(
        "svg",
        svg.join(parts),
        css=f"chart machine {picture.css}",
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        viewBox=f"0 0 {picture.width} {picture.height}",
        width=picture.width,
        height=picture.height,
        xmlns="http://www.w3.org/2000/svg",
    )


def _arrow(identity: str) -> SafeString:
    return svg.element(
        "marker",
        svg.element("path", d="M0 0L8 4L0 8z"),
        id=identity,
        css="machine-arrow",
        viewBox="0 0 8 8",
        refX=7,
        refY=4,
        markerWidth=8,
        markerHeight=8,
        orient="auto",
    )


def _draw_way(number: int, corners: tuple[tuple[float, float], ...], arrow: str) -> tuple[SafeString, SafeString]:
    d = "M" + "L".join(f"{svg.number(x)} {svg.number(y)}" for x, y in corners)
    line = svg.element("path", d=d, marker_end=f"url(#{arrow})")
    middle = len(corners) // 2
    (x1, y1), (x2, y2) = corners[middle - 1], corners[middle]
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    disc = [
        svg.element("circle", cx=x, cy=y, r=9),
        svg.element("text", str(number), x=x, y=y + 4, text_anchor="middle"),
    ]
    return line, svg.group(disc)


def _draw_state(state: State, picture: Picture, lit: bool) -> SafeString:
    left, top = picture.places[state.key]
    width, height = picture.box
    middle = left + width / 2
    items = [svg.element("rect", x=float(left), y=float(top), width=width, height=height, rx=8)]
    mark = "● " if lit else ""
    if picture.box == _BOX:
        items.append(_text(mark + state.name, middle, top + 24, "machine-name"))
        items += [_text(line, middle, top + 44 + 15 * row, "machine-line") for row, line in enumerate(state.lines)]
    else:
        first, comma, second = state.name.partition(", ")
        rows = [mark + first + comma.strip(), second] if comma else [mark + first]
        above = top + height / 2 + 5 - 9 * (len(rows) - 1)
        items += [_text(row, middle, above + 18 * number, "machine-name") for number, row in enumerate(rows)]
    if lit:
        now = [
            svg.element("rect", x=left + picture.tag, y=top - 9.0, width=46, height=18, rx=9),
            _text(_("now"), left + picture.tag + 23, top + 4, ""),
        ]
        items.append(svg.group(now, css="machine-now"))
    return svg.group(items, css=f"machine-state is-{state.key}" + (" is-lit" if lit else ""))


def _text(words: str, x: float, y: float, css: str) -> SafeString:
    return svg.element("text", words, x=float(x), y=float(y), text_anchor="middle", css=css or None)
