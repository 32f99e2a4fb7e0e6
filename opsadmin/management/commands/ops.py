"""The operations as a command."""

from __future__ import annotations

import argparse
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand

from opsadmin.faces.command import CommandDoor


class Command(BaseCommand):
    help = (
        "Look after PostgreSQL. `ops` alone lists the operations, `ops NAME --help` says what one takes, `ops token` "
        "makes keys for the doors without a password, `ops mcp` serves an AI assistant, `ops metrics` prints gauges. Exits 0 when it was done, 1 when "
        "it failed, 2 when it was asked for wrongly, and 3 when the health is as bad as --fail-on says."
    )
    # An operation is wanted most when something else of the site is broken.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
        parser.add_argument(
            "words", nargs=argparse.REMAINDER, metavar="NAME ...", help="an operation and what it takes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        color = False if options["no_color"] else True if options["force_color"] else None
        # Pieces of text, not lines in one colour.
        for stream in (self.stdout, self.stderr):
            stream.ending, stream.style_func = "", None
        out, err = cast(TextIO, self.stdout), cast(TextIO, self.stderr)
        door = CommandDoor(out, err, color=color, traceback=options["traceback"])
        if code := door.run(options["words"], as_json=options["json"]):
            raise SystemExit(code)
