"""Adopting a database that the dashboard made: looking at it, and bringing it to the expected schema."""

from __future__ import annotations

from dataclasses import replace

from django.core.management import call_command
from django.db import DatabaseError, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from stores.schema.adopt import AdoptionReport, adopt, check
from stores.schema.differences import Difference
from stores.schema.inspect import Unavailable, store_schema
from stores.writer import writing_as

APP = "stores"


def adopt_alias(alias: str, *, writer: str, dashboard_role: str | None = None, lock_timeout_ms: int) -> AdoptionReport:
    """Adopt the database behind the alias: mend what can be mended in one transaction, then record the migrations.

    Raises `StoreError` and Django's database errors (`refusal` says them); then nothing was changed."""
    unrecorded = look(alias, dashboard_role).applied
    with writing_as(writer), transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            done = adopt(cursor, store_schema(cursor), dashboard_role=dashboard_role, lock_timeout_ms=lock_timeout_ms)
    recorded = tuple(difference for difference in unrecorded if difference.kind == "migration")
    if recorded:
        call_command("migrate", APP, database=alias, interactive=False, verbosity=0)
    return replace(done, applied=done.applied + recorded)


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


def refusal(alias: str, error: BaseException) -> str:
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
