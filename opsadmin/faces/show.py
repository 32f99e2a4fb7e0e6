"""A result on the terminal: the blocks that a page shows too, readable from 40 columns on. Signs and words say what
colour says too, and nothing that a database holds can reach the terminal as a control sequence."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from opsadmin.core.blocks import Block, Code, Figures, Note, Table
from opsadmin.core.finding import Status

#: A pipe has no width: wide enough for a row to stay on its line, mostly.
PLAIN_WIDTH = 160
NARROWEST = 40
#: From here on a name and its meaning stand on one line.
SIDE_BY_SIDE = 70
#: Beyond that many rows a person filters; --json has them all.
MOST_ROWS = 1000
#: A word of a cell that is longer is folded.
LONGEST_WORD = 40

SIGNS = {
    Status.OK: ("✓", "green"),
    Status.UNKNOWN: ("?", "magenta"),
    Status.WARNING: ("!", "yellow"),
    Status.CRITICAL: ("✗", "red"),
}


def word_of(status: Status) -> str:
    """The status in the language of the reader."""
    return {
        Status.OK: _("fine"),
        Status.UNKNOWN: _("unknown"),
        Status.WARNING: _("warning"),
        Status.CRITICAL: _("critical"),
    }[status]


def sign_of(status: Status) -> Text:
    """The sign and the word, in the colour."""
    sign, colour = SIGNS[status]
    return Text(f"{sign} {word_of(status)}", f"bold {colour}")


class Paper:
    """Collects what is shown; `text()` is all of it, laid out for the stream that it will go to."""

    def __init__(self, stream: TextIO, *, color: bool | None = None) -> None:
        """`color` None: as the terminal has it (NO_COLOR and FORCE_COLOR are heeded)."""
        terminal = stream.isatty()
        width = shutil.get_terminal_size((80, 24)).columns if terminal else PLAIN_WIDTH
        self._console = Console(
            file=io.StringIO(),
            width=max(width, NARROWEST),
            force_terminal=True if color or (terminal and color is None) else None,
            no_color=True if color is False else None,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def text(self) -> str:
        """What was collected, without spaces at the ends of lines."""
        file = self._console.file
        assert isinstance(file, io.StringIO)  # noqa: S101
        text = "\n".join(line.rstrip() for line in file.getvalue().splitlines()).strip("\n")
        return text + "\n" if text else ""

    def title(self, text: str) -> None:
        self._console.print(Text(safe(text), "bold"))

    def line(self, *parts: str | Text, indent: int = 0, style: str = "") -> None:
        """One paragraph of parts, each shown as it is."""
        paragraph = Text(style=style)
        for part in parts:
            paragraph.append_text(part if isinstance(part, Text) else Text(safe(part)))
        self._console.print(Padding(paragraph, (0, 0, 0, indent)) if indent else paragraph)

    def gap(self) -> None:
        self._console.print()

    def names(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Names and what they mean, beside each other where there is room."""
        if self._console.width < SIDE_BY_SIDE:
            for name, text in pairs:
                self.line(Text(safe(name), "bold"))
                self.line(text, indent=2)
            return
        grid = Grid.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, style="bold")
        grid.add_column(overflow="fold")
        for name, text in pairs:
            grid.add_row(Text(safe(name)), cell(text))
        self._console.print(Padding(grid, (0, 0, 0, 2)))

    def copyable(self, text: str, indent: int = 4) -> None:
        """Lines that the terminal may wrap, and nobody else: so that they can be copied."""
        for line in text.strip("\n").splitlines():
            self._console.print(Text(" " * indent + safe(line, keep="\t"), "cyan"), soft_wrap=True)

    def blocks(self, blocks: Iterable[Block], title: str = "") -> None:
        """The blocks one below the other. A heading that only repeats `title` is left out."""
        for block in blocks:
            self.gap()
            heading = "" if isinstance(block, Note) or block.title == title else block.title
            if heading:
                self.title(heading)
            match block:
                case Figures():
                    self._figures(block.pairs)
                case Table():
                    self._table(block)
                case Code():
                    self.copyable(block.text, indent=0)
                case Note():
                    self._note(block)

    def _figures(self, pairs: Sequence[tuple[str, str]]) -> None:
        grid = Grid.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, value in pairs:
            grid.add_row(Text(safe(label)), cell(value))
        self._console.print(grid)

    def _note(self, note: Note) -> None:
        self.line(sign_of(note.status), "  ", note.text)
        if note.detail:
            self.line(note.detail, indent=2, style="dim")
        if note.command:
            self.copyable(note.command)

    def _table(self, table: Table) -> None:
        if not table.rows:
            self.line(str(table.empty), style="dim")
        else:
            rows = table.rows[:MOST_ROWS]
            grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
            for index, column in enumerate(table.columns):
                number = index in table.numeric
                # A name is to be copied: it is not broken where sentences can give way.
                whole = number or all(" " not in row[index] and len(row[index]) <= LONGEST_WORD for row in rows)
                grid.add_column(safe(column), justify="right" if number else "left", no_wrap=whole, overflow="fold")
            for row in rows:
                grid.add_row(*map(cell, row))
            self._console.print(grid if self._fits(table, rows) else records(table.columns, rows))
            if left := len(table.rows) - len(rows):
                self.line(
                    ngettext(
                        "... and %(count)d more row. --json has them all.",
                        "... and %(count)d more rows. --json has them all.",
                        left,
                    )
                    % {"count": left},
                    style="dim",
                )
        if table.more:
            self.line(table.more, style="dim")

    def _fits(self, table: Table, rows: Sequence[Sequence[str]]) -> bool:
        """Whether no column has to fold its words."""
        needed = sum(
            max(longest_word(text, whole=index in table.numeric) for text in (heading, *(row[index] for row in rows)))
            + 2
            for index, heading in enumerate(table.columns)
        )
        return needed - 2 <= self._console.width


def longest_word(text: str, *, whole: bool) -> int:
    """How narrow a column can be that shows this; `whole`: it is not broken into words."""
    return len(text) if whole else min(max(map(len, text.split()), default=0), LONGEST_WORD)


def records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """Each row as lines of `name  value`, for a terminal too narrow for the columns."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for number, row in enumerate(rows):
        if number:
            grid.add_row(Text("-" * 8, "dim"), Text())
        for column, value in zip(columns, row, strict=True):
            grid.add_row(Text(safe(column)), cell(value))
    return grid


def cell(value: str) -> Text:
    """A value of a table, with its own line breaks."""
    return Text("\n".join(safe(line) for line in value.splitlines()))


def safe(text: str, keep: str = "") -> str:
    """`text` without anything that a terminal would obey or hide."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else f"\\u{ord(char):04x}" for char in text)


def forgive_encoding(*streams: Any) -> None:
    """Let an old locale show `\\u2713` for a sign instead of failing after the work is done."""
    for stream in streams:
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")
