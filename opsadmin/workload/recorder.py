"""Whether pg_stat_statements can be read here, and the exact steps where it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationFailed
from opsadmin.postgres.capabilities import Capabilities, capabilities_of
from opsadmin.postgres.names import quoted
from opsadmin.postgres.session import Session

EXTENSION = "pg_stat_statements"

QUESTION = (Path(__file__).parent / "recorder.sql").read_text(encoding="utf-8")

#: Where a host sets what is loaded at the start of a server, for who has no ALTER SYSTEM.
_PRELOAD_AT = {
    "Amazon RDS": "Add pg_stat_statements to shared_preload_libraries in the instance's parameter group, then reboot it.",
    "Azure": "Add pg_stat_statements to shared_preload_libraries among the server parameters, then restart the server.",
    "Google Cloud SQL": "Cloud SQL loads it by itself: restart the instance, and ask its support if that does not help.",
    "Neon": "Neon loads it by itself: restart the compute, and ask its support if that does not help.",
}
_CREATE_AT = {
    "Azure": "First allow pg_stat_statements in the server parameter azure.extensions.",
    "Neon": "The role must be one of the Neon console's, or a member of neon_superuser.",
    "Amazon RDS": "The role must be a member of rds_superuser.",
    "Google Cloud SQL": "The role must be a member of cloudsqlsuperuser.",
}


@dataclass(frozen=True)
class Recorder:
    """pg_stat_statements as this database and role have it. `available`: the version that could be created; `version`,
    `schema`: the created one's; `places`: how many statements it holds, None where its library is not loaded;
    `libraries`: shared_preload_libraries, None where it is empty or the role may not see it."""

    database: str
    role: str
    available: str | None
    version: str | None
    schema: str | None
    may_use_schema: bool
    may_execute: bool
    has_info: bool
    places: int | None
    track: str | None
    query_ids: str | None
    libraries: str | None
    reads_all: bool
    reads_settings: bool

    @property
    def is_readable(self) -> bool:
        return self.version is not None and self.places is not None and self.may_use_schema and self.may_execute

    @property
    def sleeps(self) -> str:
        """Why it records nothing new, empty where it does."""
        if self.track == "none":
            return _("Nothing new is recorded: pg_stat_statements.track is none. Set it to top.")
        if self.query_ids == "off":
            return _("Nothing new is recorded: compute_query_id is off. Set it to auto.")
        return ""

    @property
    def grant(self) -> str:
        """What lets the role see every statement's text."""
        return f"GRANT pg_read_all_stats TO {quoted(self.role)};"


def recorder_of(session: Session) -> Recorder:
    """One statement.

    Raises psycopg's errors."""
    row = session.one(QUESTION)
    assert row is not None  # noqa: S101  # joined to one row that is always there
    return Recorder(**row)


def readable_recorder(session: Session, recorder: Recorder | None = None) -> Recorder:
    """One statement, none for a `recorder` that is known already; one more to say what is missing.

    Raises `OperationFailed` with the steps where the statements cannot be read; psycopg's errors."""
    recorder = recorder or recorder_of(session)
    if not recorder.is_readable:
        require_readable(recorder, capabilities_of(session))
    return recorder


def information_of(recorder: Recorder) -> str:
    """What is called or read to know since when pg_stat_statements counts: stats_reset and dealloc, as SQL. The schema's
    placeholder stands in it."""
    if recorder.has_info:
        return '"schema of pg_stat_statements".pg_stat_statements_info()'
    return "(SELECT NULL::timestamptz AS stats_reset, 0::int8 AS dealloc)"


def require_readable(recorder: Recorder, capabilities: Capabilities) -> None:
    """Raises `OperationFailed` with the steps where the statements cannot be read."""
    if recorder.version is None or recorder.places is None:
        steps = _steps(recorder, capabilities)
        if recorder.version is not None:
            message = _("pg_stat_statements is created in the database %(database)s, but the server has not loaded it.")
        elif recorder.places is not None:
            message = _("pg_stat_statements is loaded, but not created in the database %(database)s.")
        elif recorder.available is None:
            message = _("This server has no pg_stat_statements, so nobody counts what its queries cost.")
        else:
            message = _("pg_stat_statements is neither loaded nor created in the database %(database)s.")
        raise OperationFailed(message % {"database": recorder.database}, hint="\n".join(steps))
    schema = quoted(recorder.schema or "")
    grants = []
    if not recorder.may_use_schema:
        grants.append(f"GRANT USAGE ON SCHEMA {schema} TO {quoted(recorder.role)};")
    if not recorder.may_execute:
        grants.append(
            f"GRANT EXECUTE ON FUNCTION {schema}.pg_stat_statements(boolean) TO {quoted(recorder.role)};",
        )
    if grants:
        raise OperationFailed(
            _("The role %(role)s may not read pg_stat_statements in the database %(database)s.")
            % {"role": recorder.role, "database": recorder.database},
            hint="\n".join([*grants, recorder.grant]),
        )


def _steps(recorder: Recorder, capabilities: Capabilities) -> list[str]:
    """What to do, in its order."""
    host = capabilities.host
    steps = []
    if recorder.available is None and recorder.version is None:
        if host:
            steps.append(_("Ask %(host)s's support for the extension pg_stat_statements.") % {"host": host})
        else:
            steps.append(
                _(
                    "Install PostgreSQL's own extensions on the server (the package postgresql-contrib, or postgresql-%(major)d)."
                )
                % {"major": capabilities.major}
            )
    if recorder.places is None:
        if host:
            steps.append(_PRELOAD_AT[host])
        else:
            steps.append(_load(recorder))
            steps.append(_("Restart the server."))
    if recorder.version is None:
        if host in _CREATE_AT:
            steps.append(_CREATE_AT[host])
        steps.append(
            _("In the database %(database)s: %(sql)s")
            % {"database": recorder.database, "sql": "CREATE EXTENSION pg_stat_statements;"}
        )
    return [f"{number}. {step}" for number, step in enumerate(steps, 1)] if len(steps) > 1 else steps


def _load(recorder: Recorder) -> str:
    if recorder.libraries is None and not recorder.reads_settings:
        return _(
            "As a superuser, add pg_stat_statements to the list in shared_preload_libraries (SHOW shared_preload_libraries "
            "tells what is there now), with ALTER SYSTEM or in postgresql.conf."
        )
    loaded = [name.strip().strip('"') for name in (recorder.libraries or "").split(",") if name.strip()]
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in [*loaded, EXTENSION])
    return _("As a superuser: %(sql)s") % {"sql": f"ALTER SYSTEM SET shared_preload_libraries = {names};"}
