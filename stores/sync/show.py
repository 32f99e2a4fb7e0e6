"""What the commands show a person: one block per document with its differences, readable in 80 columns. Signs say what
colour says too; nothing that a file or a document holds can reach the terminal as a control sequence."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TextIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stores.errors import Problem
from stores.sync.differences import Action, Change
from stores.sync.plan import Reason, Warned

#: A pipe has no width; wide enough for a mail, narrow enough to read.
PLAIN_WIDTH = 100
#: Beyond these a person reads the file instead; --json has everything.
MOST_LINES = 200
LONGEST_VALUE = 240
LONGEST_PATH = 60

_SIGNS: dict[Action, tuple[str, str]] = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_EXACT_NUMBER = re.compile(r'"\\u0000([^"]*)"')


@dataclass(frozen=True)
class Block:
    """One document as it is shown. `outcome` is what happens to it, in words; `good` None: neither good nor bad."""

    kind: str
    path: str
    outcome: str
    good: bool | None
    note: str = ""
    changes: Sequence[Change] = ()
    problems: Sequence[Problem] = ()
    warnings: Sequence[Warned] = ()
    reasons: Sequence[Reason] = ()
    #: Stands below all else.
    more: Sequence[RenderableType] = ()


class Paper:
    """Collects what is shown; `text()` is all of it, laid out for the stream it will go to."""

    def __init__(self, stream: TextIO, *, color: bool | None = None) -> None:
        """`color` None: as the terminal has it (NO_COLOR and FORCE_COLOR are heeded)."""
        terminal = stream.isatty()
        width = shutil.get_terminal_size((80, 24)).columns if terminal else PLAIN_WIDTH
        self._console = Console(
            file=io.StringIO(),
            width=max(width, 40),
            force_terminal=True if color else terminal,
            no_color=True if color is False else None,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def text(self) -> str:
        file = self._console.file
        assert isinstance(file, io.StringIO)  # noqa: S101
        return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"

    def title(self, title: str, mode: str) -> None:
        line = Table.grid(expand=True)
        line.add_column(ratio=1)
        line.add_column(justify="right", no_wrap=True)
        line.add_row(Text(title, "bold"), Text(mode, "bold cyan"))
        self._console.print(line)

    def block(self, block: Block) -> None:
        style = {True: "bold green", False: "bold red", None: "bold"}[block.good]
        head = Table.grid(expand=True, padding=(0, 2, 0, 0))
        head.add_column(no_wrap=True)
        head.add_column(ratio=1, overflow="fold")
        head.add_column(justify="right")
        head.add_row(Text(f"{block.kind:8}", "bold"), Text(safe(block.path)), Text(block.outcome, style))
        parts: list[RenderableType] = []
        if block.note:
            parts.append(Text(safe(block.note), "dim"))
        if block.changes:
            parts.append(changes_table(block.changes))
        if block.warnings:
            parts.append(_places("!", "yellow", [(found.path, found.message) for found in block.warnings]))
        if block.problems:
            parts.append(_places("x", "red", [(_where(problem), problem.message) for problem in block.problems]))
        if block.reasons:
            parts.append(_places("x", "red", [("", reason.message) for reason in block.reasons]))
        parts += block.more
        self._console.print(Text())
        self._console.print(head)
        if parts:
            self._console.print(Padding(Group(*parts), (0, 0, 0, 2)))

    def sentences(self, sentences: Sequence[str]) -> None:
        """One paragraph each."""
        self._console.print(Text())
        for sentence in sentences:
            self._console.print(Text(safe(sentence)))

    def closing(self, sentence: str, next_step: str = "", *, good: bool = True) -> None:
        self._console.print(Text())
        self._console.print(Text(safe(sentence), "bold" if good else "bold red"))
        if next_step:
            self._console.print(Text(safe(next_step)))


def changes_table(changes: Sequence[Change]) -> Table:
    """One line per change."""
    table = _grid()
    for change in changes[:MOST_LINES]:
        sign, style = _SIGNS[change.action]
        value, before, after = Text(), value_text(change.before), value_text(change.after)
        if change.action == "changed":
            # Two secrets look the same under their masks.
            value.append(before, "dim").append(" → ", "bold").append(after if after != before else _("another value"))
        else:
            value.append(after if change.action == "added" else before)
        table.add_row(Text(sign, f"bold {style}"), Text(_short(change.path or _("(all)"), LONGEST_PATH), style), value)
    if len(changes) > MOST_LINES:
        more = ngettext(
            "%d more change; --json shows all.", "%d more changes; --json shows all.", len(changes) - MOST_LINES
        )
        table.add_row(Text(), Text("…"), Text(more % (len(changes) - MOST_LINES), "dim"))
    return table


def _places(sign: str, style: str, lines: Sequence[tuple[str, str]]) -> Table:
    """`lines` are (place or "", sentence)."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for place, sentence in lines[:MOST_LINES]:
        text = Text()
        if place:
            text.append(_short(place, LONGEST_PATH), style).append(": ")
        table.add_row(Text(sign, f"bold {style}"), text.append(safe(sentence)))
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=34)
    table.add_column(overflow="fold", ratio=1)
    return table


def _where(problem: Problem) -> str:
    place = ""
    if problem.line is not None:
        place = _("line %(line)d, column %(column)d") % {"line": problem.line, "column": problem.column or 1}
    return ", ".join(part for part in (place, problem.path) if part)


def count_changes(changes: Sequence[Change]) -> str:
    """`3 changed, 1 added`."""
    counts = {action: sum(change.action == action for change in changes) for action in ("changed", "added", "removed")}
    words = {"changed": _("%d changed"), "added": _("%d added"), "removed": _("%d removed")}
    return ", ".join(words[action] % count for action, count in counts.items() if count)


def value_text(value: Any) -> str:
    """A value as JSON on one line, cut where it is long."""
    return _short(as_json(value), LONGEST_VALUE)


def _short(text: str, longest: int) -> str:
    text = safe(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def safe(text: str) -> str:
    """`text` without anything that a terminal would obey or hide."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def as_json(value: Any, *, indent: int | None = None) -> str:
    """JSON text; a `Decimal` keeps all its digits, which json.dumps alone cannot do: it goes through as a marked
    string (no document holds a NUL) and loses its quotes afterwards."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_marked)
    return _EXACT_NUMBER.sub(r"\1", text)


def _marked(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"\0{value}"
    raise TypeError(type(value).__name__)


def forgive_encoding(*streams: Any) -> None:
    """Let an old locale show `\\u2192` for an arrow instead of failing after the work is done."""
    for stream in streams:
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")
