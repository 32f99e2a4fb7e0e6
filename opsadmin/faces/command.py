"""The command line: `manage.py ops NAME`. What it prints, what it asks, and how it ends: 0 done, 1 the run failed, 2 asked
for wrongly, 3 the health is as bad as --fail-on says, 130 interrupted."""

from __future__ import annotations

import difflib
import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TextIO

from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from opsadmin.api import python_caller
from opsadmin.core import operation as core
from opsadmin.core.blocks import Code, blocks_of, label_of
from opsadmin.core.errors import NotConfirmed, OperationError, OperationFailed, UnknownOperation
from opsadmin.core.finding import HealthReport, Status
from opsadmin.core.operation import Caller, Effect, Operation
from opsadmin.core.result import plain
from opsadmin.faces.command_line import Asked, CommandLine, effect_sentence
from opsadmin.faces.describe import described
from opsadmin.faces.show import Paper, forgive_encoding, safe
from opsadmin.faces.show_health import show_health
from opsadmin.perform import find, operations, perform, preview

logger = logging.getLogger(__name__)

DONE, FAILED, AS_BAD, INTERRUPTED = 0, 1, 3, 130


class CommandDoor:
    """One call of the command. `out` gets the result, `err` what is said beside it; both only text."""

    def __init__(self, out: TextIO, err: TextIO, *, color: bool | None = None, traceback: bool = False) -> None:
        self.out = out
        self.err = err
        self.color = color
        self.traceback = traceback
        self._stdin_read = False

    def run(self, words: Sequence[str], *, as_json: bool = False) -> int:
        """Do what the words ask for and answer the exit code. Never raises but where `--traceback` asks for it."""
        forgive_encoding(sys.stdout, sys.stderr)
        as_json = as_json or "--json" in words
        try:
            return self._run(list(words), as_json)
        except OperationError as error:
            self._say_error(error, as_json)
            return error.exit_code
        except KeyboardInterrupt:
            self.err.write(_("Interrupted.") + "\n")
            return INTERRUPTED
        except Exception as error:
            if self.traceback:
                raise
            logger.debug("[ops] the command failed", exc_info=True)
            self._say_error(
                OperationFailed(
                    _("It failed in a way nobody foresaw (%(kind)s).") % {"kind": type(error).__name__},
                    hint=_("Run it again with --traceback to see where."),
                ),
                as_json,
            )
            return FAILED

    def _run(self, words: list[str], as_json: bool) -> int:
        match words:
            case [] | ["--json"]:
                self._list(as_json)
                return DONE
            case ["token", *rest]:
                from opsadmin.faces.token_command import run_token

                return run_token(rest, self.out, self.err, color=self.color)
            case ["mcp", *rest]:
                from opsadmin.faces.mcp import run_stdio

                return run_stdio(rest)
            case ["metrics", *rest]:
                from opsadmin.faces.metrics import run_metrics

                return run_metrics(rest, self.out)
        operation = self._find(words[0])
        line = CommandLine(operation, self._read_stdin)
        asked = line.read(words[1:])
        if asked is None:
            self._print(line.help())
            return DONE
        if asked.no_color or asked.force_color:
            self.color = asked.force_color and not asked.no_color
        self.traceback = self.traceback or asked.traceback
        if as_json and not asked.json:
            asked = replace(asked, json=True)
        with _said_once():
            return self._do(operation, asked)

    def _find(self, word: str) -> Operation:
        try:
            return find(word.replace("-", "_"))
        except UnknownOperation as error:
            names = [one.name for one in operations()]
            if close := difflib.get_close_matches(word, names, 1, cutoff=0.5):
                error.hint = _("Do you mean %(name)s?") % {"name": close[0]}
            raise

    def _do(self, operation: Operation, asked: Asked) -> int:
        caller = replace(python_caller(), door="command")
        if asked.preview:
            found = preview(operation.name, asked.given, caller)
            if asked.json:
                self._print_json(found)
            elif found is not None:
                self._print(self._preview_text(found, self.out))
            return DONE
        if operation.effect is not Effect.READS:
            self._announce(operation, asked, caller)
        begun = time.monotonic()
        with _ProgressLine(self.err, self.color) as progress:
            result = perform(
                operation.name,
                asked.given,
                caller,
                confirmed=operation.effect is Effect.DESTROYS,
                report=progress.report,
            )
        if asked.json:
            self._print_json(result)
        else:
            self._print_result(operation, result, time.monotonic() - begun)
        return self._judged(operation, result, asked.fail_on)

    def _judged(self, operation: Operation, result: Any, fail_on: str | None) -> int:
        if fail_on is None:
            return DONE
        if not isinstance(result, HealthReport):
            raise OperationError(
                _("--fail-on has nothing to judge: the result of %(name)s is no health report.")
                % {"name": operation.name},
                parameter="fail_on",
            )
        return AS_BAD if result.overall_status.rank >= Status(fail_on).rank else DONE

    def _announce(self, operation: Operation, asked: Asked, caller: Caller) -> None:
        """Say what will happen, and ask where it destroys something.

        Raises `NotConfirmed`, `OperationFailed` where the preview says that it would be refused."""
        found = preview(operation.name, asked.given, caller)
        asks = operation.effect is Effect.DESTROYS and not asked.yes
        can_ask = not self._stdin_read and _at_terminal()
        # Who wants JSON and is not asked gets nothing else on standard error either.
        if found is not None and (not asked.json or (asks and can_ask)):
            self.err.write(self._preview_text(replace(found, refusal=""), self.err))
            self.err.flush()
        if found is not None and found.refusal:
            raise OperationFailed(found.refusal)
        if not asks:
            return
        if not can_ask:
            raise NotConfirmed(
                _("%(name)s cannot be undone, and there is no terminal to ask at. Nothing was done.")
                % {"name": operation.name},
                hint=_("Look at --preview, then say --yes."),
            )
        word = _("yes")
        self.err.write(_("Write %(word)s to do it: ") % {"word": word})
        self.err.flush()
        if sys.stdin.readline().strip().lower() not in (word, "yes"):
            raise NotConfirmed(_("Not confirmed. Nothing was done."))

    def _read_stdin(self) -> str:
        if self._stdin_read:
            raise OperationError(_("Standard input can be read only once: - stands twice."))
        self._stdin_read = True
        if _at_terminal():
            self.err.write(_("Reading from the terminal; Ctrl-D ends it.") + "\n")
        try:
            return sys.stdin.read().removeprefix("\ufeff")
        except (OSError, ValueError, AttributeError):  # None where it was closed
            raise OperationError(_("Standard input cannot be read as UTF-8 text.")) from None

    def _list(self, as_json: bool) -> None:
        known = operations()
        if as_json:
            self._print_json([described(one) for one in known])
            return
        paper = Paper(self.out, color=self.color)
        for group in dict.fromkeys(one.group for one in known):
            paper.title(label_of(str(group)))
            paper.names(
                [
                    (
                        one.name,
                        f"{one.summary}"
                        if one.effect is Effect.READS
                        else f"{one.summary} {effect_sentence(one.effect)}",
                    )
                    for one in known
                    if one.group == group
                ]
            )
            paper.gap()
        paper.line(
            _("What one takes: manage.py ops NAME --help. As JSON: --json. Also here: ops token, ops mcp, ops metrics.")
        )
        self._print(paper.text())

    def _print(self, text: str) -> None:
        try:
            self.out.write(text)
            self.out.flush()
        except BrokenPipeError:
            # The reader of the pipe (`| head`) has gone; Python must not try to flush again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _print_json(self, value: Any) -> None:
        # Text that the stream's encoding lacks is written as JSON's own escapes.
        unicode = (getattr(self.out, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
        self._print(json.dumps(plain(value), ensure_ascii=not unicode, indent=2) + "\n")

    def _print_result(self, operation: Operation, result: Any, seconds: float) -> None:
        paper = Paper(self.out, color=self.color)
        if isinstance(result, HealthReport):
            show_health(result, paper)
        else:
            title = str(operation.title)
            paper.title(title)
            paper.blocks(blocks_of(result, title), title)
            paper.gap()
            paper.line(f"{seconds * 1000:.0f} ms", style="dim")
        self._print(paper.text())

    def _preview_text(self, found: core.Preview, stream: TextIO) -> str:
        paper = Paper(stream, color=self.color)
        for sentence in found.sentences:
            paper.line(str(sentence))
        if found.sql:
            paper.blocks([Code("", found.sql)])
        if found.refusal:
            paper.line(_("It would be refused: %(why)s") % {"why": found.refusal})
        return paper.text()

    def _say_error(self, error: OperationError, as_json: bool) -> None:
        if as_json:
            self.err.write(json.dumps(plain(error.as_dict()), ensure_ascii=False) + "\n")
            return
        for sentence in (error.message, error.hint):
            if sentence:
                self.err.write("\n".join(map(safe, str(sentence).splitlines())) + "\n")


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def _said_once() -> Iterator[None]:
    """What failed is told to the person who asked, so not also as a line of the log on the same stream."""
    log = logging.getLogger("opsadmin.perform")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


class _ProgressLine:
    """How far long work has come, in one line of the terminal; nothing elsewhere."""

    def __init__(self, stream: TextIO, color: bool | None) -> None:
        self._progress: Progress | None = None
        self._console = Console(stderr=True, no_color=True if color is False else None) if stream.isatty() else None

    def __enter__(self) -> _ProgressLine:
        return self

    def __exit__(self, *error: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def report(self, progress: core.Progress) -> None:
        """Show it. The line appears with the first report."""
        if self._console is None:
            return
        if self._progress is None:
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._progress.start()
            self._progress.add_task("", total=None)
        task = self._progress.task_ids[0]
        self._progress.update(task, completed=progress.done, total=progress.total, description=safe(progress.message))
