"""Goes through a page with the Tab key alone, and tells what a person without a mouse would miss there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Nobody presses Tab more often than this on one page.
MOST = 400
#: Presses before the page is asked what had the focus.
AT_ONCE = 12

#: What the page must let the keyboard reach, what has the focus, and how that looks.
SCRIPT = """
() => {
    const tabbable = "a[href], area[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled,"
        + " summary, [tabindex], [contenteditable=true], iframe, audio[controls], video[controls]";
    const clicked = "[onclick], [role=button], [role=link], [role=tab], [role=checkbox], [role=menuitem]";

    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })
        && one.getClientRects().length > 0;

    // A group of radio buttons is one stop, unless none is chosen: then the first and the last are.
    const isStop = (one) => {
        if (one.type !== "radio" || one.checked) {
            return true;
        }
        const group = [...document.querySelectorAll(`input[type=radio][name="${CSS.escape(one.name)}"]`)]
            .filter((other) => other.form === one.form);
        return !group.some((other) => other.checked) && group[0] === one;
    };
    const scrolls = (one) => {
        const style = getComputedStyle(one);
        const may = (how) => how === "auto" || how === "scroll";
        return (may(style.overflowY) && one.scrollHeight > one.clientHeight + 1)
            || (may(style.overflowX) && one.scrollWidth > one.clientWidth + 1);
    };

    const told = (one) => {
        const name = one.getAttribute("aria-label") || one.innerText || one.name || one.id || "";
        const id = one.id ? `#${one.id}` : "";
        const css = one.className && one.className.baseVal === undefined ? `.${String(one.className).trim().replace(/\\s+/g, ".")}` : "";
        return `<${one.localName}${id}${css}> ${name.trim().replace(/\\s+/g, " ").slice(0, 60)}`;
    };

    const nameOf = (one) => {
        const by = (one.getAttribute("aria-labelledby") || "").split(/\\s+/).filter(Boolean)
            .map((id) => document.getElementById(id)?.textContent || "").join(" ");
        const labels = [...(one.labels || [])].map((label) => label.textContent).join(" ");
        const inside = ["a", "button", "summary"].includes(one.localName) ? one.textContent : "";
        const pictures = [...(one.labels || []), one].flatMap((from) => [...from.querySelectorAll("img, span[title]")]
            .map((inner) => inner.alt || inner.title)).join(" ");
        const value = ["submit", "button", "reset"].includes(one.type) && one.localName === "input" ? one.value : "";
        return [by, one.getAttribute("aria-label"), labels, inside, pictures, value, one.title].filter(Boolean).join(" ").trim();
    };

    const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
    const isClear = (colour) => numbers(colour)[3] === 0;
    const light = (colour) => {
        const [red, green, blue] = numbers(colour).slice(0, 3).map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one, other) => {
        const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const ground = (one) => {
        for (let at = one; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (!isClear(colour)) {
                return colour;
            }
        }
        return "rgb(255, 255, 255)";
    };

    // Whether the ring of `one`, `room` outside of it, is cut off by an ancestor or by the window.
    const cut = (one, room) => {
        const box = one.getBoundingClientRect();
        const ring = { left: box.left - room, right: box.right + room, top: box.top - room, bottom: box.bottom + room };
        const fixed = getComputedStyle(one).position === "fixed";
        for (let at = one.parentElement; at && !fixed && at !== document.body; at = at.parentElement) {
            const style = getComputedStyle(at);
            if (style.display === "inline" || style.display === "contents") {
                continue;
            }
            const edge = at.getBoundingClientRect();
            const inner = {
                left: edge.left + at.clientLeft, right: edge.left + at.clientLeft + at.clientWidth,
                top: edge.top + at.clientTop, bottom: edge.top + at.clientTop + at.clientHeight,
            };
            const sides = [];
            if (style.overflowX !== "visible") {
                // What is wider than what it scrolls in is seen by scrolling.
                if (ring.left < inner.left - 0.6) { sides.push("left"); }
                if (ring.right > inner.right + 0.6 && box.width < inner.right - inner.left) { sides.push("right"); }
            }
            if (style.overflowY !== "visible") {
                if (ring.top < inner.top - 0.6) { sides.push("top"); }
                if (ring.bottom > inner.bottom + 0.6 && box.height < inner.bottom - inner.top) { sides.push("bottom"); }
            }
            if (sides.length) {
                return `${sides.join(" and ")} by ${told(at)}`;
            }
        }
        if (ring.left < -0.6) { return "left by the window"; }
        if (ring.right > document.documentElement.clientWidth + 0.6 && box.width < innerWidth) { return "right by the window"; }
        return "";
    };

    const isCovered = (one) => {
        const boxes = [...one.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
        const spots = boxes.flatMap((box) => [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.15], [0.5, 0.85]]
            .map(([x, y]) => [box.left + x * box.width, box.top + y * box.height]))
            .filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
        return !spots.some(([x, y]) => {
            const there = document.elementFromPoint(x, y);
            return there && (one.contains(there) || there.contains(one) || [...(one.labels || [])].some((label) => label.contains(there)));
        });
    };

    const ringOf = (one) => {
        const style = getComputedStyle(one);
        const wide = parseFloat(style.outlineWidth);
        if (style.outlineStyle === "none" || !wide || isClear(style.outlineColor)) {
            return { says: "has no ring", room: 0 };
        }
        // Around an inline element that holds a block the ring is drawn where no text is.
        const block = style.display === "inline" && [...one.querySelectorAll("*")].find((inner) => !one.firstElementChild.closest("svg")
            && isSeen(inner) && !/^(inline|contents|none)/.test(getComputedStyle(inner).display));
        if (block) {
            return { says: `has a ring that leaves ${told(block)} out`, room: 0 };
        }
        const offset = parseFloat(style.outlineOffset);
        const beside = ground(offset < 0 ? one : one.parentElement || one);
        const worth = style.outlineStyle === "auto" ? 21 : contrast(style.outlineColor, beside);
        const says = worth < 3 ? `has a ring of ${style.outlineColor} on ${beside}: ${worth.toFixed(1)} to 1`
            : wide < 2 && style.outlineStyle !== "auto" ? `has a ring of ${wide} px` : "";
        return { says, room: Math.max(0, offset + wide) };
    };

    const met = new Map();
    const passed = [];
    window.__keyboard = {
        told: passed,
        focused() {
            const one = document.activeElement;
            if (!one || one === document.body || one === document.documentElement) {
                return null;
            }
            const again = met.has(one);
            if (!again) {
                met.set(one, met.size);
            }
            const ring = ringOf(one);
            // Where it stands on the page, wherever that and its parts are scrolled to.
            const box = one.getBoundingClientRect();
            let [right, down] = [scrollX, scrollY];
            for (let at = one.parentElement; at && at !== document.documentElement; at = at.parentElement) {
                right += at.scrollLeft;
                down += at.scrollTop;
            }
            return {
                number: met.get(one), again, told: told(one), name: nameOf(one), ring: ring.says, cut: again ? "" : cut(one, ring.room),
                covered: !again && isCovered(one),
                positive: one.tabIndex > 0, isDjangos: Boolean(one.closest("#changelist thead")),
                box: [box.left + right, box.top + down, box.right + right, box.bottom + down],
                inMain: document.querySelector("main")?.contains(one) || false,
            };
        },
        // Whether the first link, when it was pressed, led to what the page is about; on from there, past the tabs.
        skipped() {
            const there = document.activeElement?.localName === "main";
            const tabs = document.querySelectorAll(".ops-tabs a");
            for (const tab of tabs) {
                met.set(tab, met.size);
            }
            tabs[tabs.length - 1]?.focus();
            passed.length = 0;
            return there;
        },
        fromTheTop() {
            this.walks = true;
            const root = document.documentElement;
            root.tabIndex = -1;
            root.focus();
            root.blur();
            root.removeAttribute("tabindex");
            scrollTo(0, 0);
        },
        missed(within) {
            const inside = (one) => document.querySelector(within).contains(one);
            const wanted = [...document.querySelectorAll(tabbable)].filter((one) => one.tabIndex >= 0 && isSeen(one) && isStop(one) && inside(one));
            const mouseOnly = [...document.querySelectorAll(clicked)].filter((one) => one.tabIndex < 0 && isSeen(one) && inside(one));
            const still = [...document.querySelectorAll("*")].filter((one) => isSeen(one) && scrolls(one) && inside(one)
                && one !== document.scrollingElement && one !== document.body && one.localName !== "textarea" && one.localName !== "select"
                && one.tabIndex < 0 && ![...one.querySelectorAll(tabbable)].some((inner) => inner.tabIndex >= 0 && isSeen(inner)));
            return {
                unreached: wanted.filter((one) => !met.has(one)).map(told), mouseOnly: mouseOnly.map(told), still: still.map(told),
                order: [...document.querySelectorAll(tabbable)].filter((one) => met.has(one) && inside(one)).map((one) => met.get(one)),
                // Beside what an element says: Django's own remarks say that again.
                shown: [...document.querySelectorAll("main [title]")].filter((one) => isSeen(one) && !one.closest("#changelist")
                    && !one.textContent.includes(one.title) && !one.title.includes(one.textContent.trim()))
                    .map((one) => `${told(one)}: ${one.title}`),
            };
        },
    };

    // By then the focus has moved, and the page with it. What is folded is opened, as Enter does.
    if (!window.__keyboardListens) {
        window.__keyboardListens = true;
        document.addEventListener("keyup", (event) => {
            if (event.key === "Tab" && window.__keyboard.walks) {
                window.__keyboard.told.push(window.__keyboard.focused());
                const one = document.activeElement;
                if (one?.localName === "summary" && !one.parentElement.open) {
                    one.click();
                }
            }
        });
    }
}
"""


@dataclass(frozen=True)
class Stop:
    """What had the focus after a press of Tab: as the page has it, and as it is called."""

    told: str
    name: str


@dataclass
class Walk:
    """`stops` in the order of the key, `troubles` as sentences."""

    stops: list[Stop] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def walk(page: Any, *, whole: bool = False) -> Walk:
    """From the top of the present page to its end by Tab; what is folded is opened on the way. Whatever the keyboard
    cannot reach, does not show, shows cut off or too faint, or reaches out of order is a trouble. Unless the `whole` page
    is wanted, its first link skips the header and the sidebar, and the row of tabs is left out."""
    page.evaluate(SCRIPT)
    page.evaluate("() => window.__keyboard.fromTheTop()")
    found = Walk()
    if not whole:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        if not page.evaluate("() => window.__keyboard.skipped()"):
            found.troubles.append("The first link does not skip to what the page is about.")
    before: dict[str, Any] | None = None
    for at in _stops(page, "Tab"):
        found.stops.append(Stop(at["told"], at["name"]))
        found.troubles += _about(at)
        if before and (jump := _jump(before, at)):
            found.troubles.append(jump)
        before = at
    missed = page.evaluate("(within) => window.__keyboard.missed(within)", "body" if whole else "main")
    found.troubles += [f"{one} is not reached." for one in missed["unreached"]]
    found.troubles += [f"{one} works by mouse alone." for one in missed["mouseOnly"]]
    found.troubles += [f"{one} scrolls, but not by keyboard." for one in missed["still"]]
    found.troubles += [f"{one} is seen under a mouse alone." for one in missed["shown"]]
    if missed["order"] != sorted(missed["order"]):
        found.troubles.append("The focus does not go in the order of the page.")
    return found


def walk_back(page: Any, forth: Walk) -> list[str]:
    """From the end of the present page to its top by Shift+Tab, after a `walk` of the whole: what differs."""
    page.evaluate(SCRIPT)
    page.evaluate("() => window.__keyboard.fromTheTop()")
    back = [at["told"] for at in _stops(page, "Shift+Tab")]
    wanted = [stop.told for stop in reversed(forth.stops)]
    for one, other in zip(back, wanted, strict=False):
        if one != other:
            return [f"Shift+Tab goes to {one} instead of {other}."]
    return [] if len(back) == len(wanted) else [f"Shift+Tab stops {len(back)} times, Tab {len(wanted)} times."]


def _stops(page: Any, key: str) -> Iterator[dict[str, Any]]:
    """What has the focus after each press, once, until the focus leaves the page or is round the corner."""
    seen, before = 0, -1
    for _ in range(0, MOST, AT_ONCE):
        for _ in range(AT_ONCE):
            page.keyboard.press(key)
        told = page.evaluate("(seen) => window.__keyboard.told.slice(seen)", seen)
        seen += len(told)
        for at in told:
            if at is None and before < 0:
                continue  # backwards from the top it goes around the corner first
            if at is None or (at["again"] and at["number"] != before):
                return
            if not at["again"]:  # a date is one field of several parts
                yield at
            before = at["number"]
    raise AssertionError(f"After {MOST} presses of {key} the page has not ended: {page.url}")


def _about(at: dict[str, Any]) -> list[str]:
    told = at["told"]
    said = []
    if not at["name"]:
        said.append(f"{told} has no name.")
    if at["ring"]:
        said.append(f"{told} {at['ring']}.")
    if at["cut"]:
        said.append(f"The ring of {told} is cut off at the {at['cut']}.")
    if at["covered"]:
        said.append(f"{told} is covered while it has the focus.")
    if at["positive"]:
        said.append(f"{told} has a tabindex above 0.")
    return said


def _jump(before: dict[str, Any], at: dict[str, Any]) -> str:
    """Where the eye would look for the next one elsewhere: beside each other but leftwards, or upwards in one column."""
    left, top, right, bottom = before["box"]
    next_left, next_top, next_right, next_bottom = at["box"]
    if before["inMain"] != at["inMain"] or at["isDjangos"]:
        return ""
    in_a_row = min(bottom, next_bottom) - max(top, next_top) > 0.5 * min(bottom - top, next_bottom - next_top)
    in_a_column = min(right, next_right) - max(left, next_left) > 0.5 * min(right - left, next_right - next_left)
    if in_a_row and next_right <= left + 1:
        return f"From {before['told']} the focus jumps leftwards to {at['told']}."
    if in_a_column and next_bottom <= top + 1:
        return f"From {before['told']} the focus jumps upwards to {at['told']}."
    return ""


def go(page: Any, name: str) -> None:
    """Press Tab until what has the focus is called so, or begins so; on a page just opened the first link skips the
    header and the sidebar. Fails where nothing on the page is called so."""
    page.evaluate(SCRIPT)
    passed = []
    if page.evaluate("() => !window.__keyboard.focused()"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    for _ in range(MOST):
        page.keyboard.press("Tab")
        at = page.evaluate("() => window.__keyboard.focused()")
        if at is not None:
            if at["name"].startswith(name):
                return
            passed.append(at["name"])
    raise AssertionError(f"Tab reaches nothing called {name!r} on {page.url}: {list(dict.fromkeys(passed))}")


def says(page: Any) -> str:
    """What a screen reader would read of what has the focus."""
    page.evaluate(SCRIPT)
    at = page.evaluate("() => window.__keyboard.focused()")
    return str(at["name"] or at["told"]) if at else ""
