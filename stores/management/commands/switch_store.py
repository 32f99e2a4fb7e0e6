"""Switch this host, all its processes at once, between PostgreSQL and its JSON copies."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandError

from stores import switching
from stores.runs.run import REFUSED
from stores.runs.switch import switch_store
from stores.switching import ReasonMissing
from stores.sync.command import SyncCommand, command_writer


class Command(SyncCommand):
    help = (
        "Switch this host between PostgreSQL and its JSON copies; all its processes follow at once. On the way to the "
        "copies, writes under way end first and the copies start from what PostgreSQL holds; on the way back, what was "
        "written on the copies is merged into PostgreSQL first. STORE_BACKEND is only what a host starts with. "
        "Exit code: 0 done or nothing to do, 1 failed, 2 wrong usage, 3 a person must decide first, or conflicts wait."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("to", choices=switching.BACKENDS, help="Where the documents shall live.")
        parser.add_argument(
            "--reason", default="", metavar="TEXT", help="Why: it is kept with the switch. Needed but for --dry-run."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and change nothing.")
        parser.add_argument(
            "--strategy",
            choices=switching.STRATEGIES,
            default="rules",
            help="On the way to PostgreSQL: who wins where both sides changed something. `rules` (the default) decides "
            "as the documents' rules say, leaves the rest to a person, and stops where PostgreSQL was emptied or "
            "restored; `ours` is the copy, `theirs` PostgreSQL, `newest` the later change.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        try:
            run = switch_store(
                options["to"],
                options["reason"],
                command_writer("switch_store"),
                strategy=options["strategy"],
                dry_run=options["dry_run"],
            )
        except ReasonMissing as error:
            raise CommandError(f"{error} (--reason)", returncode=REFUSED) from None
        return self.told(run, as_json=options["json"])
