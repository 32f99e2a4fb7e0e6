"""`manage.py adopt_database`: what differs from the expected schema, and its adoption."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any, NoReturn

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, connections
from django.utils.translation import gettext as _

from stores.errors import StoreError
from stores.runs.adopt import adopt_alias, look, refusal
from stores.schema import report as reports
from stores.schema.adopt import LOCK_TIMEOUT_MS, AdoptionReport

MENDABLE = 3
UNDECIDED = 4


class Command(BaseCommand):
    help = (
        "Say what differs between the store's database and the expected schema (--check, the default), or adopt it "
        "(--apply): tables, columns, types, defaults, indexes, triggers, privileges. No row is changed or removed; "
        "what could lose something is left and explained. "
        "Exit code: 0 nothing differs (notes do not count); 3 --apply would mend all that differs; "
        "4 something needs a person; 1 it could not be done (database down, a lock, a missing right), nothing changed."
    )
    # The system checks look at other things; adoption must work while they complain.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--check", action="store_true", help="Only look (the default). Changes nothing.")
        mode.add_argument("--apply", action="store_true", help="Mend what can be mended, in one transaction.")
        mode.add_argument("--sql", action="store_true", help="Print the statements of --apply for a DBA.")
        parser.add_argument("--database", default="store", help="The database alias (default: store).")
        parser.add_argument(
            "--dashboard-role", metavar="ROLE", help="Also check that the dashboard can start with this role."
        )
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")
        parser.add_argument("--yes", action="store_true", help="Do not ask before --apply.")
        parser.add_argument(
            "--lock-timeout",
            type=int,
            default=LOCK_TIMEOUT_MS,
            metavar="MS",
            help="Give up when a table's lock is not free within this time (default: %(default)s ms).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        if alias not in connections or connections[alias].vendor != "postgresql":
            known = ", ".join(name for name in connections if connections[name].vendor == "postgresql")
            raise CommandError(
                _("There is no PostgreSQL alias %(alias)s. There are: %(known)s.") % {"alias": alias, "known": known},
                returncode=2,
            )
        try:
            if options["apply"]:
                self._apply(alias, options)
            else:
                self._check(alias, options)
        except StoreError as error:
            self._fail(str(error), options)
        except (DatabaseError, InterfaceError) as error:
            self._fail(refusal(alias, error), options)

    def _fail(self, message: str, options: dict[str, Any]) -> NoReturn:
        """A script that asked for JSON gets JSON; the exit code is 1 either way."""
        if options["json"]:
            self.stdout.write(json.dumps({"error": message}, ensure_ascii=False, indent=2))
            sys.exit(1)
        raise CommandError(message) from None

    def _check(self, alias: str, options: dict[str, Any]) -> None:
        found = look(alias, options["dashboard_role"])
        if options["sql"]:
            self.stdout.write(reports.as_script(found, lock_timeout_ms=options["lock_timeout"]))
            return
        self._show(found, options, done=False)
        if found.undecided:
            sys.exit(UNDECIDED)
        if found.applied:
            sys.exit(MENDABLE)

    def _apply(self, alias: str, options: dict[str, Any]) -> None:
        role = options["dashboard_role"]
        if sys.stdin.isatty() and not options["yes"]:
            found = look(alias, role)
            self._show(found, {**options, "json": False}, done=False)
            if found.applied and input(_("Run these changes now? [y/N] ")).strip().lower() not in (
                "y",
                "yes",
                "o",
                "oui",
            ):
                raise CommandError(_("Nothing was changed."))
        done = adopt_alias(
            alias, writer="command:adopt_database", dashboard_role=role, lock_timeout_ms=options["lock_timeout"]
        )
        self._show(done, options, done=True)
        if done.undecided:
            sys.exit(UNDECIDED)

    def _show(self, found: AdoptionReport, options: dict[str, Any], *, done: bool) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
            return
        colour = self.stdout.isatty() and not options["no_color"]
        width = shutil.get_terminal_size((100, 24)).columns
        self.stdout.write(reports.as_table(found, width=width, colour=colour, done=done), ending="")
