"""`manage.py adopt_database`: what differs from the expected schema, and its adoption."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from typing import Any, NoReturn

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from stores.errors import StoreError
from stores.schema import report as reports
from stores.schema.adopt import LOCK_TIMEOUT_MS, AdoptionReport, adopt, check
from stores.schema.differences import Difference
from stores.schema.inspect import Unavailable, store_schema
from stores.writer import writing_as

MENDABLE = 3
UNDECIDED = 4

APP = "stores"


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
            self._fail(_refusal(alias, error), options)

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
        unrecorded = look(alias, role).applied
        with writing_as("command:adopt_database"), transaction.atomic(using=alias):
            with connections[alias].cursor() as cursor:
                done = adopt(cursor, store_schema(cursor), dashboard_role=role, lock_timeout_ms=options["lock_timeout"])
        recorded = tuple(difference for difference in unrecorded if difference.kind == "migration")
        if recorded:
            call_command("migrate", APP, database=alias, interactive=False, verbosity=0)
        done = replace(done, applied=done.applied + recorded)
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


def look(alias: str, dashboard_role: str | None = None) -> AdoptionReport:
    """What --apply would do on this alias, in a read-only transaction; the migrations' record included."""
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            found = check(cursor, store_schema(cursor), dashboard_role=dashboard_role)
        return _with_migrations(alias, found)


def _with_migrations(alias: str, found: AdoptionReport) -> AdoptionReport:
    try:
        with transaction.atomic(using=alias):
            executor = MigrationExecutor(connections[alias])
            plan = executor.migration_plan([key for key in executor.loader.graph.leaf_nodes() if key[0] == APP])
    except DatabaseError:
        missing = Unavailable(
            what=_("which migrations are recorded"),
            reason=_("the role may not read django_migrations"),
            fix=_("Its owner runs: GRANT SELECT, INSERT ON django_migrations TO the role"),
        )
        return replace(found, unavailable=(*found.unavailable, missing))
    unrecorded = tuple(
        Difference(
            object=f"{migration.app_label}.{migration.name}",
            kind="migration",
            found=_("not recorded"),
            expected=_("recorded"),
            severity="warning",
            sql="manage.py migrate",
            why=_("Django would run it again; it is run, which records it."),
        )
        for migration, _backwards in plan
    )
    return replace(found, applied=found.applied + unrecorded)


def _refusal(alias: str, error: BaseException) -> str:
    """Why PostgreSQL could not be worked with; the driver's own text may hold the address."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    if state.startswith("28"):
        why = _("it refuses the role or its password: check POSTGRES_URL")
    elif state == "3D000":
        why = _("it has no database of this name: check POSTGRES_URL")
    elif state == "42501":
        why = _("the role lacks a right: grant what --check names, or run this as the tables' owner")
    elif state:
        why = _("it reported error %(state)s; its log says more") % {"state": state}
    else:
        why = _("it does not answer: check that the server runs and that POSTGRES_URL and POSTGRES_SSL_MODE are right")
    return _("The database behind %(alias)s cannot be adopted now, because %(why)s. Nothing was changed.") % {
        "alias": alias,
        "why": why,
    }
