"""Sick and innocent settings. The bed itself runs with those of every test cluster: fsync, full_page_writes and
synchronous_commit off, log_min_messages at fatal."""

import psycopg

from tests.sick_database.plant import SUPERUSER, Bed, LookAlike, Problem, each


def server_setting(setting: str, check: str, value: str = "", **more: object) -> Problem:
    """A setting of the whole server; empty value: the bed has it already."""
    return Problem(
        f"{setting} = {value or 'as the test cluster has it'}",
        check=check,
        object=setting,
        sow=each(f"ALTER SYSTEM SET {setting} = {value}") if value else "SELECT 1",
        **more,
    )


def role_setting(scope: str, object: str, setting: str, value: str, sow: str = "SELECT 1") -> Problem:
    return Problem(
        f"{setting} = {value} for {object}",
        check="configuration.role_setting",
        object=f"{object}: {setting}",
        sow=f"{sow}; ALTER {scope} SET {setting} = {value}",
    )


PROBLEMS = [
    server_setting("fsync", "configuration.loses_data", severity="critical", message="fsync is off"),
    server_setting("full_page_writes", "configuration.loses_data", severity="critical"),
    server_setting("synchronous_commit", "configuration.loses_data", severity="warning"),
    server_setting("zero_damaged_pages", "configuration.loses_data", "on", severity="critical"),
    server_setting("ignore_checksum_failure", "configuration.loses_data", "on", severity="critical"),
    server_setting("allow_system_table_mods", "configuration.loses_data", "on"),
    server_setting("log_min_messages", "configuration.hides_problems"),
    server_setting("log_min_error_statement", "configuration.hides_problems", "panic"),
    server_setting("deadlock_timeout", "configuration.hides_problems", "'10min'", message="600000 ms"),
    server_setting("enable_tidscan", "configuration.planner_method_off", "off"),
    server_setting("enable_partition_pruning", "configuration.planner_method_off", "off"),
    Problem(
        "a change that waits for a restart",
        check="configuration.pending_restart",
        object="max_connections",
        message="the server goes on with 200",
        sow=each("ALTER SYSTEM SET max_connections = 250"),
    ),
    Problem(
        "a line that the server refuses",
        check="configuration.file_error",
        object="maintenance_work_mem",
        by=("superuser",),
        severity="critical",
        message="Its old value stays, and the server will not start again",
        # The name of no setting would keep the server from every later change.
        sow=lambda bed: append(bed, "postgresql.conf", "maintenance_work_mem = 'plenty'\n"),
    ),
    Problem(
        "a rule of pg_hba.conf that the server refuses",
        check="configuration.file_error",
        object="pg_hba.conf line",
        contains=True,
        by=("superuser",),
        severity="critical",
        message="The old rules stay",
        sow="SELECT 1",  # see `afterwards`
    ),
    role_setting("ROLE g_fast", "role g_fast", "synchronous_commit", "off", "CREATE ROLE g_fast LOGIN"),
    role_setting("ROLE g_fast", "role g_fast", "enable_nestloop", "off"),
    role_setting('ROLE "g Odd"', 'role "g Odd"', "zero_damaged_pages", "true", 'CREATE ROLE "g Odd"'),
    role_setting("ROLE g_fast IN DATABASE sick", "role g_fast in database sick", "log_min_messages", "panic"),
    Problem(
        "a planner method off for a database that nobody else uses",
        check="configuration.role_setting",
        object="database g_other: enable_hashjoin",
        sow=each("CREATE DATABASE g_other", "ALTER DATABASE g_other SET enable_hashjoin = off"),
    ),
    role_setting("DATABASE g_other", "database g_other", "track_activities", "off"),
    Problem(
        "an extension behind its files",
        check="configuration.extension_outdated",
        object="plpgsql",
        message="is at version 0.9",
        # Every server has this one; its older versions' scripts none.
        sow="UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'plpgsql'",
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "settings of roles and databases that harm nobody",
        objects=tuple(
            f"{who}: {name}"
            for who in ("role g_quiet", "database g_other")
            for name in ("work_mem", "statement_timeout", "TimeZone", "timezone", "synchronous_commit", "enable_sort")
        ),
        sow="""
        CREATE ROLE g_quiet LOGIN;
        ALTER ROLE g_quiet SET work_mem = '64MB';
        ALTER ROLE g_quiet SET statement_timeout = '0';
        ALTER ROLE g_quiet SET timezone = 'Europe/Paris';
        ALTER ROLE g_quiet SET synchronous_commit = local;
        ALTER ROLE g_quiet SET enable_sort = on;
        ALTER ROLE g_quiet SET default_transaction_read_only = on;
        ALTER ROLE g_quiet SET enable_partitionwise_join = off;
        ALTER DATABASE g_other SET statement_timeout = '30s';
        """,
    ),
    LookAlike(
        "settings that are off as they come, or changed for a good reason",
        objects=(
            "enable_partitionwise_join",
            "enable_partitionwise_aggregate",
            "enable_sort",
            "jit",
            "logging_collector",
            "log_lock_waits",
            "data_checksums",
            "track_io_timing",
            "track_functions",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "log_statement",
            "random_page_cost",
            "search_path",
            "archive_command",
            "shared_buffers",
            "default_transaction_isolation",
            "track_counts",
            "track_activities",
            "log_destination",
            "wal_level",
        ),
        sow=each("ALTER SYSTEM SET random_page_cost = 1.1", "ALTER SYSTEM SET log_statement = 'ddl'"),
        checks=tuple(
            f"configuration.{name}"
            for name in (
                "loses_data",
                "hides_problems",
                "planner_method_off",
                "pending_restart",
                "file_error",
                "archive_to_nowhere",
                "small_shared_buffers",
            )
        ),
    ),
    LookAlike(
        "extensions at the version of their files",
        objects=("pg_stat_statements", "hypopg"),
        sow="SELECT 1",
    ),
    LookAlike(
        "a version that is cared for", objects=("PostgreSQL 15", "PostgreSQL 17", "PostgreSQL 18"), sow="SELECT 1"
    ),
]


def append(bed: Bed, name: str, text: str) -> None:
    with (bed.cluster.data / name).open("a", encoding="utf-8") as file:
        file.write(text)


def finish(bed: Bed) -> None:
    """A reload takes the settings; a session that begins after it sees them."""
    bed.superuser.execute("SELECT pg_reload_conf()")
    for _ in range(200):
        with psycopg.connect(bed.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
            if connection.execute("SHOW enable_tidscan").fetchone() == ("off",):
                return
        bed.superuser.execute("SELECT pg_sleep(0.02)")
    raise AssertionError("the server did not take its new settings")


def afterwards(bed: Bed) -> None:
    """The last line of the file: the numbers of the others are in the messages."""
    append(bed, "pg_hba.conf", "host all all 10.1.1.1/32 no_such_method\n")
