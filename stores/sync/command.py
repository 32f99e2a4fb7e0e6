"""What the commands that move documents have in common: exit codes, output, no traceback."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from stores.backends.protocol import KINDS
from stores.runs.run import INTERRUPTED, REFUSED, Run
from stores.sync.show import Paper, forgive_encoding
from stores.sync.show import as_json as to_json


class SyncCommand(BaseCommand):
    """`work` does it; an exit code other than 0 ends in `SystemExit`."""

    # These are wanted most when something else of the site is broken.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        forgive_encoding(sys.stdout, sys.stderr)
        self._color = False if options.get("no_color") else True if options.get("force_color") else None
        try:
            code, text = self.work(options)
        except KeyboardInterrupt:
            self.stderr.write(_("Interrupted. Run it again without --apply or --force to see how things stand."))
            raise SystemExit(INTERRUPTED) from None
        try:
            self.stdout.write(text, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # The reader of the pipe (`| head`) has gone. The work is done; Python must not try to flush again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code:
            raise SystemExit(code)

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        """The exit code and what to print."""
        raise NotImplementedError

    def add_paths(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--settings-path", type=Path, metavar="P", help="The settings file.")
        parser.add_argument("--state-path", type=Path, metavar="P", help="The state file.")

    def paths(self, options: dict[str, Any]) -> dict[str, Path]:
        """The files by kind: those that were named, else both at their configured places. Naming one leaves the
        other alone: --force on a settings file must not replace the state by an old copy that lies about."""
        named = {kind: options[f"{kind}_path"] for kind in KINDS if options[f"{kind}_path"]}
        paths: dict[str, Path] = named or {kind: Path(settings.STORE_PATHS[kind]) for kind in KINDS}
        if len({os.path.realpath(path) for path in paths.values()}) < len(paths):
            raise CommandError(_("Both paths name one file; each document has its own."), returncode=REFUSED)
        return paths

    def told(self, run: Run, *, as_json: bool) -> tuple[int, str]:
        """How a run ended, as JSON or for a person."""
        if as_json:
            return run.exit_code, to_json(run.as_dict(), indent=2) + "\n"
        run.show(paper := self.paper())
        return run.exit_code, paper.text()

    def paper(self) -> Paper:
        return Paper(self.stdout, color=self._color)  # type: ignore[arg-type]


def command_writer(name: str) -> str:
    """Who writes, for a command that changes what all users of the host see: `command:NAME (USER)`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        user = str(os.getuid())
    return f"command:{name} ({user})"
