"""Bring a database's schema to the expected one, from wherever it starts, without touching a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from stores.errors import StoreBusy, StoreError, StoreMisconfigured, StoreReadOnly, StoreUnavailable
from stores.schema.create import quoted
from stores.schema.differences import Difference, differences
from stores.schema.expected import TABLES
from stores.schema.inspect import Inspection, Unavailable, inspect

#: Whoever waits for a lock makes everybody behind him wait too, so not for long.
LOCK_TIMEOUT_MS = 3000
#: A mend can uncover the next (a table made now can be asked for its rows); more rounds than this would be a loop.
MOST_ROUNDS = 4

_TRIED = "switchbot_adopt"


@dataclass(frozen=True)
class AdoptionReport:
    """`applied` was mended (by `check`: would be), in order; `left` needs a person, or nobody (notes)."""

    schema: str
    applied: tuple[Difference, ...]
    left: tuple[Difference, ...]
    unavailable: tuple[Unavailable, ...]

    @property
    def undecided(self) -> tuple[Difference, ...]:
        """What a person must decide."""
        return tuple(difference for difference in self.left if difference.severity != "note")

    def as_dict(self) -> dict[str, Any]:
        return {
            "schema": self.schema,
            "applied": [difference.as_dict() for difference in self.applied],
            "left": [difference.as_dict() for difference in self.left],
            "unavailable": [asdict(item) for item in self.unavailable],
        }


def check(cursor: Any, schema: str, *, dashboard_role: str | None = None) -> AdoptionReport:
    """What `adopt` would do and what it would leave. Inside a transaction; changes nothing."""
    inspection = _inspect(cursor, schema, dashboard_role)
    found = settle(cursor, differences(inspection))
    return AdoptionReport(
        schema=schema,
        applied=tuple(difference for difference in found if difference.sql is not None),
        left=tuple(difference for difference in found if difference.sql is None),
        unavailable=inspection.unavailable,
    )


def adopt(
    cursor: Any, schema: str = "public", *, dashboard_role: str | None = None, lock_timeout_ms: int = LOCK_TIMEOUT_MS
) -> AdoptionReport:
    """Run what mends safely, inside the caller's transaction. `cursor`: any DB-API cursor on PostgreSQL.

    No row is changed or removed; rows `{}` and first revisions are added. Raises `StoreBusy` where somebody holds a
    lock, `StoreMisconfigured` where a right is missing or PostgreSQL refuses a statement, `StoreReadOnly` on a
    replica; the caller then rolls back, and nothing has changed."""
    applied: list[Difference] = []
    for _round in range(MOST_ROUNDS):
        found = check(cursor, schema, dashboard_role=dashboard_role)
        if not found.applied:
            break
        cursor.execute(f"SET LOCAL lock_timeout = {int(lock_timeout_ms)}; SET LOCAL statement_timeout = 0")
        for difference in found.applied:
            _run(cursor, schema, difference)
            applied.append(difference)
    else:
        raise StoreMisconfigured(
            _("After %(rounds)d rounds these still differ: %(objects)s. Nothing was changed.")
            % {"rounds": MOST_ROUNDS, "objects": ", ".join(difference.object for difference in found.applied)}
        )
    return replace(found, applied=tuple(applied))


def settle(cursor: Any, found: Sequence[Difference]) -> list[Difference]:
    """Take the statement off what the rows forbid, and off what needs something that is not mended."""
    settled: list[Difference] = []
    for difference in found:
        if difference.sql is not None:
            difference = _after(difference, settled)
        if difference.sql is not None and difference.probe is not None and _forbidden(cursor, difference.probe):
            difference = replace(difference, sql=None, lock="", why=difference.otherwise)
        settled.append(difference)
    return settled


def _after(difference: Difference, settled: Sequence[Difference]) -> Difference:
    for other in settled:
        if other.object in difference.after and other.sql is None and other.severity == "critical":
            why = _("%(object)s must be mended first: %(why)s") % {"object": other.object, "why": other.why}
            return replace(difference, sql=None, lock="", why=why)
    return difference


def _forbidden(cursor: Any, probe: str) -> bool:
    """What the probe answers; a probe that fails (no right, no time, a value that does not convert) forbids."""
    cursor.execute(f"SAVEPOINT {_TRIED}")
    try:
        cursor.execute(probe)
        answer = bool(cursor.fetchone()[0])
    except Exception as error:
        if _sqlstate(error) is None:
            raise  # no answer of the server's: the line is down
        cursor.execute(f"ROLLBACK TO SAVEPOINT {_TRIED}")
        return True
    cursor.execute(f"RELEASE SAVEPOINT {_TRIED}")
    return answer


def _inspect(cursor: Any, schema: str, dashboard_role: str | None) -> Inspection:
    cursor.execute(f"SAVEPOINT {_TRIED}")
    try:
        found = inspect(cursor, schema, dashboard_role)
    except StoreError:
        raise
    except Exception as error:
        if _sqlstate(error) is None:
            raise
        cursor.execute(f"ROLLBACK TO SAVEPOINT {_TRIED}")
        raise _sentence(cursor, schema, None, error) from error
    cursor.execute(f"RELEASE SAVEPOINT {_TRIED}")
    return found


def _run(cursor: Any, schema: str, difference: Difference) -> None:
    cursor.execute(f"SAVEPOINT {_TRIED}")
    try:
        cursor.execute(difference.sql)
    except Exception as error:
        if _sqlstate(error) is None:
            raise
        cursor.execute(f"ROLLBACK TO SAVEPOINT {_TRIED}")
        raise _sentence(cursor, schema, difference, error) from error
    cursor.execute(f"RELEASE SAVEPOINT {_TRIED}")


# --- errors as sentences -------------------------------------------------------------------------------------------
def _driver_error(error: BaseException) -> Any:
    """psycopg's error, which Django keeps as the cause of its own."""
    return error if getattr(error, "sqlstate", None) else error.__cause__


def _sqlstate(error: BaseException) -> str | None:
    return getattr(_driver_error(error), "sqlstate", None)


def _sentence(cursor: Any, schema: str, difference: Difference | None, error: BaseException) -> StoreError:
    state = _sqlstate(error)
    table = difference.table if difference else ""
    what = difference.object if difference else _("the tables")
    said = getattr(getattr(_driver_error(error), "diag", None), "message_primary", None) or ""
    if state in ("55P03", "40P01"):
        return StoreBusy(_busy(cursor, schema, table))
    if state == "57014":
        return StoreUnavailable(
            _("PostgreSQL did not finish looking at %(what)s in time. Nothing was changed; try again.") % {"what": what}
        )
    if state == "25006":
        return StoreReadOnly(_("The database takes no writes (a replica, or read-only). Adopt the primary."))
    if state == "42501":
        cursor.execute("SELECT current_user")
        return StoreMisconfigured(
            _(
                "The role %(role)s may not change %(what)s (%(said)s). Nothing was changed. Run this as the tables' "
                "owner, or hand a DBA the statements of: manage.py adopt_database --sql"
            )
            % {"role": cursor.fetchone()[0], "what": what, "said": said}
        )
    return StoreMisconfigured(
        _("PostgreSQL refused the change of %(what)s: %(said)s (%(state)s). Nothing was changed.")
        % {"what": what, "said": said, "state": state}
    )


def _busy(cursor: Any, schema: str, table: str) -> str:
    """Who holds locks on the table (or on any of ours)."""
    cursor.execute(
        "SELECT DISTINCT class.relname, activity.pid, coalesce(nullif(activity.application_name, ''), '?'), "
        "coalesce(activity.state, '?'), "
        "coalesce(extract(epoch FROM clock_timestamp() - activity.xact_start), 0)::integer "
        "FROM pg_catalog.pg_locks AS held "
        "JOIN pg_catalog.pg_class AS class ON class.oid = held.relation "
        "JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace "
        "JOIN pg_catalog.pg_stat_activity AS activity ON activity.pid = held.pid "
        "WHERE held.granted AND held.pid <> pg_backend_pid() AND namespace.nspname = %s "
        "AND (class.relname = %s OR %s = '' AND class.relname = ANY(%s)) "
        "AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) "
        "ORDER BY 5 DESC",
        [schema, table, table, [known.name for known in TABLES]],
    )
    holders = [
        _("%(table)s: pid %(pid)s, %(application)s, %(state)s, for %(seconds)s s")
        % {"table": name, "pid": pid, "application": application, "state": state, "seconds": seconds}
        for name, pid, application, state, seconds in cursor.fetchall()
    ]
    who = "; ".join(holders) or _("it has gone meanwhile")
    return _(
        "Somebody holds a lock on %(table)s (%(who)s). Nothing was changed. Try again, or end that transaction first."
    ) % {"table": table or quoted(schema), "who": who}
