"""`manage.py store_pool`: validate and rebuild the connection pool."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from stores.errors import StoreError
from stores.pool import PoolReport, request_rebuild, validate_pool


class Command(BaseCommand):
    help = (
        "Checks every connection of the pool and fills it. Works on a pool of its own, with the site's settings; "
        "--all-processes makes the running workers of this host rebuild theirs. Exit code 0: fine, 1: failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only check the connections.")
        parser.add_argument("--wait", action="store_true", help="Only wait until the pool is full.")
        parser.add_argument("--recreate", action="store_true", help="Put a new, full pool in place of the old one.")
        parser.add_argument(
            "--all-processes", action="store_true", help="Ask every process on this host to rebuild its pool."
        )
        parser.add_argument("--timeout", type=float, default=10.0, help="Seconds that each step may take (10).")
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        chosen = options["check"] or options["wait"] or options["recreate"]
        requested = None
        try:
            if options["all_processes"]:
                requested = request_rebuild()
            report = validate_pool(
                recreate=options["recreate"],
                timeout=options["timeout"],
                check=options["check"] or not chosen,
                wait=options["wait"] or not chosen,
            )
        except StoreError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps({**report.as_dict(), "requested": requested is not None}, indent=2))
        else:
            self._show(report, requested is not None)
        if not report.ok:
            raise CommandError(str(report.error))

    def _show(self, report: PoolReport, requested: bool) -> None:
        table = Table(title=_("Connection pool"), show_header=False, title_justify="left")
        if report.checked is not None:
            table.add_row(_("Connections checked"), str(report.checked))
            table.add_row(_("Found dead and replaced"), str(report.dead))
        if report.connections is not None:
            table.add_row(_("Open"), _("%(open)d of %(size)d") % {"open": report.connections, "size": report.size})
        if report.recreated:
            table.add_row(_("Rebuilt"), _("yes"))
        table.add_row(_("Connects, failed connects"), f"{report.stats['connects']}, {report.stats['connect_errors']}")
        table.add_row(_("Took"), f"{report.elapsed_ms:.0f} ms")
        table.add_row(_("Result"), _("fine") if report.ok else _("FAILED"))
        Console(file=self.stdout, highlight=False).print(table)  # type: ignore[arg-type]  # writes, all it needs
        if requested:
            self.stdout.write(_("Every process on this host rebuilds its pool at its next call."))
