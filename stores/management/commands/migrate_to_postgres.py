"""Move settings.json and state.json into PostgreSQL, both or neither. A dry run unless --apply is given: it asks the
same questions as the real run, so it comes to the same verdict and the same exit code."""

from __future__ import annotations

import argparse
from typing import Any

from stores.backends.protocol import KINDS
from stores.runs.migrate import migrate
from stores.sync.command import SyncCommand


class Command(SyncCommand):
    help = (
        "Move the dashboard's settings.json and state.json into PostgreSQL, in one transaction. Shows what would "
        "change and writes nothing unless --apply is given. Without paths it takes both files from their configured "
        "places; with one path, that document alone. Exit code: 0 done or nothing to do, 1 PostgreSQL failed, "
        "2 refused."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        self.add_paths(parser)
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            "--dry-run", action="store_true", help="Show what would be done and write nothing (the default)."
        )
        mode.add_argument("--apply", action="store_true", help="Write.")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Replace different documents in PostgreSQL; the present ones stay as revisions.",
        )
        parser.add_argument(
            "--strict",
            action="store_true",
            help="Refuse values that the dashboard's form would not take, and unknown keys; else they are only named.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        run = migrate(
            self.paths(options),
            asked=any(options[f"{kind}_path"] for kind in KINDS),
            apply=options["apply"],
            force=options["force"],
            strict=options["strict"],
            writer="command:migrate_to_postgres",
        )
        return self.told(run, as_json=options["json"])
