"""Sick and innocent tables as VACUUM sees them, and what holds it back."""

from __future__ import annotations

from collections.abc import Callable

from psycopg import sql

from tests.fixtures.postgres import flush_statistics
from tests.sick_database.plant import Bed, LookAlike, Problem

THRESHOLDS = {
    "vacuum.prepared_transaction.old_seconds": 0,
    "vacuum.held_by_slot.idle_age": 1,
    "vacuum.catalog_dead_rows.min_rows": 1000,
}

FILL = "INSERT INTO upkeep.{0} SELECT g, repeat('x', 60) FROM generate_series(1, {1}) AS g"


#: Among statements: what was counted so far can be seen by others.
FLUSH = "flush the statistics"


def each(*statements: str) -> Callable[[Bed], None]:
    """One statement after the other: VACUUM wants to be alone."""

    def sow(bed: Bed) -> None:
        bed.superuser.execute("CREATE SCHEMA IF NOT EXISTS upkeep")
        for statement in statements:
            if statement == FLUSH:
                flush_statistics(bed.superuser)
            else:
                bed.superuser.execute(statement.encode())

    return sow


def filled(
    name: str, rows: int, *after: str, options: str = "", columns: str = "id int PRIMARY KEY, note text"
) -> Callable[[Bed], None]:
    """A table upkeep.name with rows, then further statements; `{}` in them is its name."""
    with_options = f" WITH ({options})" if options else ""
    return each(
        f"CREATE TABLE upkeep.{name} ({columns}){with_options}",
        FILL.format(name, rows),
        *(statement.format(f"upkeep.{name}") for statement in after),
    )


def temporary_table(bed: Bed) -> None:
    """In a session that stays."""
    bed.open("has a temporary table", autocommit=True).execute("CREATE TEMPORARY TABLE living_temporary (id int)")


KEPT = ("VACUUM ANALYZE {}",)

PROBLEMS = [
    Problem(
        "rows deleted and never vacuumed",
        check="vacuum.dead_rows",
        object="upkeep.mostly_deleted",
        sow=filled("mostly_deleted", 3000, "VACUUM ANALYZE {}", "DELETE FROM {} WHERE id % 2 = 0"),
        message="1 500 dead rows",
    ),
    Problem(
        "a queue that is updated again and again",
        check="vacuum.dead_rows",
        object="upkeep.queue",
        sow=filled(
            "queue", 10, "DO $$ BEGIN FOR i IN 1..120 LOOP UPDATE upkeep.queue SET note = i::text; END LOOP; END $$"
        ),
    ),
    Problem(
        "dead rows in a TOAST table",
        check="vacuum.dead_rows",
        object="upkeep.documents",
        message="The TOAST table of upkeep.documents",
        sow=each(
            "CREATE TABLE upkeep.documents (id int PRIMARY KEY, body text)",
            "ALTER TABLE upkeep.documents ALTER body SET STORAGE EXTERNAL",
            "INSERT INTO upkeep.documents SELECT g, repeat('x', 20000) FROM generate_series(1, 60) AS g",
            "UPDATE upkeep.documents SET body = body || 'y'",
            "VACUUM (PROCESS_TOAST false) upkeep.documents",
        ),
    ),
    Problem(
        "dead rows in a materialized view's source, an odd name",
        check="vacuum.dead_rows",
        object='upkeep."Odd. ""Name"" é"',
        sow=filled('"Odd. ""Name"" é"', 2000, "DELETE FROM {} WHERE id > 1000"),
    ),
    Problem(
        "dead rows in one partition",
        check="vacuum.dead_rows",
        object="upkeep.events_2026",
        sow=each(
            "CREATE TABLE upkeep.events (day date, note text, PRIMARY KEY (day, note)) PARTITION BY RANGE (day)",
            "CREATE TABLE upkeep.events_2026 PARTITION OF upkeep.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
            "INSERT INTO upkeep.events SELECT '2026-01-01', g::text FROM generate_series(1, 2000) AS g",
            "DELETE FROM upkeep.events WHERE length(note) = 4",
            "ANALYZE upkeep.events",
        ),
    ),
    Problem(
        "autovacuum off on the whole server",
        check="vacuum.autovacuum_off",
        object="autovacuum",
        severity="critical",
        sow="",
    ),
    Problem(
        "autovacuum off for a table",
        check="vacuum.autovacuum_disabled",
        object="upkeep.left_alone",
        sow=filled("left_alone", 10, *KEPT, options="autovacuum_enabled = off"),
        message="the rows of upkeep.left_alone",
    ),
    Problem(
        "autovacuum off for the TOAST table alone",
        check="vacuum.autovacuum_disabled",
        object="upkeep.toast_left_alone",
        sow=filled("toast_left_alone", 10, *KEPT, options="toast.autovacuum_enabled = false"),
        message="the TOAST table of",
    ),
    Problem(
        "autovacuum off for a materialized view",
        check="vacuum.autovacuum_disabled",
        object="upkeep.view_left_alone",
        sow=each(
            "CREATE MATERIALIZED VIEW upkeep.view_left_alone WITH (autovacuum_enabled = false) AS SELECT 1 AS id",
            "ANALYZE upkeep.view_left_alone",
        ),
    ),
    Problem(
        "a scale factor that is never reached",
        check="vacuum.never_comes",
        object="upkeep.scale_too_high",
        sow=filled("scale_too_high", 200, *KEPT, options="autovacuum_vacuum_scale_factor = 50"),
    ),
    Problem(
        "a threshold far above the table's rows",
        check="vacuum.never_comes",
        object="upkeep.threshold_too_high",
        sow=filled("threshold_too_high", 2000, *KEPT, options="autovacuum_vacuum_threshold = 1000000000"),
    ),
    Problem(
        "half of a large table must change before it is vacuumed",
        check="vacuum.never_comes",
        object="upkeep.half_is_late",
        sow=filled("half_is_late", 10_000, *KEPT, options="autovacuum_vacuum_scale_factor = 0.6"),
    ),
    Problem(
        "an ANALYZE threshold that is never reached",
        check="vacuum.never_comes",
        object="upkeep.analyze_too_high",
        sow=filled("analyze_too_high", 2000, *KEPT, options="autovacuum_analyze_threshold = 1000000000"),
        message="to analyze",
    ),
    Problem(
        "a TOAST table's threshold that is never reached",
        check="vacuum.never_comes",
        object="upkeep.toast_too_high",
        sow=filled("toast_too_high", 200, *KEPT, options="toast.autovacuum_vacuum_scale_factor = 90"),
        message="TOAST",
    ),
    Problem(
        "inserts never bring autovacuum",
        check="vacuum.never_comes",
        object="upkeep.inserts_ignored",
        sow=filled("inserts_ignored", 2000, *KEPT, options="autovacuum_vacuum_insert_threshold = -1"),
        message="only never",
    ),
    Problem(
        "autovacuum slowed down to a crawl",
        check="vacuum.slow",
        object="upkeep.slowed_down",
        sow=filled(
            "slowed_down",
            20,
            *KEPT,
            options="autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 100",
        ),
    ),
    Problem(
        "VACUUM leaves the indexes alone",
        check="vacuum.index_cleanup_off",
        object="upkeep.no_cleanup",
        sow=filled("no_cleanup", 20, *KEPT, options="vacuum_index_cleanup = off"),
    ),
    Problem(
        "loaded and never analyzed",
        check="vacuum.never_analyzed",
        object="upkeep.never_analyzed",
        sow=filled("never_analyzed", 1500),
    ),
    Problem(
        "indexed after the load and never analyzed",
        check="vacuum.never_analyzed",
        object="upkeep.never_analyzed_indexed",
        since=15,  # before, a database says that it was reset when it was first used: some roles cannot know then
        sow=filled("never_analyzed_indexed", 1500, "CREATE INDEX ON {} (note)", "VACUUM {}"),
    ),
    Problem(
        "analyzed before the load",
        check="vacuum.stale_statistics",
        object="upkeep.stale",
        sow=filled("stale", 10, "ANALYZE {}", "INSERT INTO {} SELECT g FROM generate_series(11, 2000) AS g"),
    ),
    Problem(
        "a quarter updated since the last ANALYZE",
        check="vacuum.stale_statistics",
        object="upkeep.quarter_stale",
        sow=filled(
            "quarter_stale",
            8000,
            FLUSH,
            "VACUUM ANALYZE {}",
            "UPDATE {} SET note = 'y' WHERE id % 4 = 0",
        ),
    ),
    Problem(
        "only added to and never vacuumed",
        check="vacuum.insert_only",
        object="upkeep.only_added_to",
        sow=each(
            "CREATE TABLE upkeep.only_added_to (id int PRIMARY KEY)",
            "INSERT INTO upkeep.only_added_to SELECT g FROM generate_series(1, 50000) AS g",
            "ANALYZE upkeep.only_added_to",
        ),
    ),
    Problem(
        "most large values deleted, their pages kept",
        check="vacuum.toast_bloat",
        object="upkeep.large_values",
        sow=each(
            "CREATE TABLE upkeep.large_values (id int PRIMARY KEY, content text)",
            "ALTER TABLE upkeep.large_values ALTER COLUMN content SET STORAGE EXTERNAL",
            "INSERT INTO upkeep.large_values SELECT n, repeat('x', 8000) FROM generate_series(1, 500) AS n",
            FLUSH,
            "DELETE FROM upkeep.large_values WHERE id % 10 <> 0",
            FLUSH,
            "VACUUM ANALYZE upkeep.large_values",
        ),
    ),
    Problem(
        "most rows deleted, the pages kept",
        check="vacuum.table_bloat",
        object="upkeep.bloated",
        sow=filled(
            "bloated",
            20_000,
            "DELETE FROM {} WHERE id % 10 <> 0",
            "VACUUM ANALYZE {}",
            "GRANT SELECT ON {} TO monitor, bare",
        ),
    ),
    Problem("old transaction ids", check="vacuum.xid_age", object="upkeep.old_ids", severity="warning", sow=""),
    Problem(
        "very old transaction ids", check="vacuum.xid_age", object="upkeep.oldest_ids", severity="critical", sow=""
    ),
    Problem("old multixacts", check="vacuum.xid_age", object="upkeep.old_multixacts", message="multixact", sow=""),
    Problem("old ids in a TOAST table", check="vacuum.xid_age", object="upkeep.old_toast", message="TOAST", sow=""),
    Problem(
        "older than its own autovacuum_freeze_max_age",
        check="vacuum.xid_age",
        object="upkeep.own_freeze_age",
        sow="",
    ),
    Problem(
        "another database grows old", check="vacuum.database_age", object="an old one", severity="critical", sow=""
    ),
    Problem(
        "and its multixacts with it",
        check="vacuum.database_age",
        object="an old one",
        message="autovacuum freezes at 200 000 000; the multixact ids are 6",
        sow="",
    ),
    Problem(
        "a prepared transaction left behind",
        check="vacuum.prepared_transaction",
        object="it's left behind",
        sow="",
    ),
    Problem(
        "a prepared transaction in another database",
        check="vacuum.prepared_transaction",
        object="left elsewhere",
        message="the database an old one",
        hint="connect to the database an old one: there, COMMIT PREPARED 'left elsewhere'",
        sow="",
    ),
    Problem(
        "a logical slot that nobody reads",
        check="vacuum.held_by_slot",
        object="forgotten_subscriber",
        sow="",  # the replication family plants it
    ),
    Problem(
        "a system catalog full of dead rows",
        check="vacuum.catalog_dead_rows",
        object="pg_catalog.pg_description",
        sow=each(
            "CREATE TABLE upkeep.described (id int PRIMARY KEY)",
            """DO $$ BEGIN
                 FOR i IN 1..1500 LOOP EXECUTE format('COMMENT ON TABLE upkeep.described IS %L', i); END LOOP;
               END $$""",
            "DELETE FROM pg_description WHERE objoid >= 16384 AND objoid <> 'upkeep.described'::regclass",
        ),
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "a TOAST table that is as large as its values",
        objects=("upkeep.full_values",),
        sow=each(
            "CREATE TABLE upkeep.full_values (id int PRIMARY KEY, content text)",
            "ALTER TABLE upkeep.full_values ALTER COLUMN content SET STORAGE EXTERNAL",
            "INSERT INTO upkeep.full_values SELECT n, repeat('x', 2100) FROM generate_series(1, 1500) AS n",
            FLUSH,
            "VACUUM ANALYZE upkeep.full_values",
        ),
    ),
    LookAlike(
        "a tiny table with nothing but dead rows",
        objects=("upkeep.tiny",),
        sow=filled("tiny", 100, "DELETE FROM {}"),
    ),
    LookAlike(
        "a tenth of the rows is dead",
        objects=("upkeep.a_tenth_dead",),
        sow=filled("a_tenth_dead", 10_000, "VACUUM ANALYZE {}", "DELETE FROM {} WHERE id % 10 = 0"),
    ),
    LookAlike("an empty table, never vacuumed", objects=("upkeep.empty",), sow=filled("empty", 0)),
    LookAlike("a small table, never analyzed", objects=("upkeep.small",), sow=filled("small", 300)),
    LookAlike(
        "just loaded and analyzed",
        objects=("upkeep.just_loaded",),
        sow=filled("just_loaded", 10_000, "ANALYZE {}"),
    ),
    LookAlike(
        "loaded, analyzed and vacuumed",
        objects=("upkeep.well_kept",),
        sow=filled("well_kept", 60_000, "VACUUM ANALYZE {}"),
    ),
    LookAlike(
        "autovacuum tuned to come earlier",
        objects=("upkeep.tuned",),
        sow=filled(
            "tuned",
            2000,
            *KEPT,
            options="autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02, "
            "autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0, autovacuum_enabled = on, "
            "autovacuum_freeze_max_age = 150000000, autovacuum_vacuum_insert_threshold = 200, fillfactor = 80",
        ),
    ),
    LookAlike(
        "a fixed threshold in place of a share",
        objects=("upkeep.fixed_threshold",),
        sow=filled(
            "fixed_threshold",
            20_000,
            *KEPT,
            options="autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000",
        ),
    ),
    LookAlike(
        "truncation and index cleanup as one may set them",
        objects=("upkeep.harmless_options",),
        sow=filled("harmless_options", 50, *KEPT, options="vacuum_truncate = off, vacuum_index_cleanup = auto"),
    ),
    LookAlike(
        "a partitioned table whose parent is never analyzed",
        objects=("upkeep.parent", "upkeep.child"),
        sow=each(
            "CREATE TABLE upkeep.parent (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE upkeep.child PARTITION OF upkeep.parent FOR VALUES FROM (0) TO (1000000)",
            "INSERT INTO upkeep.parent SELECT g FROM generate_series(1, 3000) AS g",
            "VACUUM ANALYZE upkeep.child",
        ),
    ),
    LookAlike(
        "a small materialized view, never analyzed",
        objects=("upkeep.small_view",),
        sow=each("CREATE MATERIALIZED VIEW upkeep.small_view AS SELECT g AS id FROM generate_series(1, 2000) AS g"),
    ),
    LookAlike(
        "rows of which a page holds only one",
        objects=("upkeep.one_a_page",),
        sow=each(
            "CREATE TABLE upkeep.one_a_page (id int PRIMARY KEY, body text)",
            "ALTER TABLE upkeep.one_a_page ALTER body SET STORAGE PLAIN",
            "INSERT INTO upkeep.one_a_page SELECT g, repeat('x', 4200) FROM generate_series(1, 400) AS g",
            "VACUUM ANALYZE upkeep.one_a_page",
        ),
    ),
    LookAlike(
        "columns that alignment spreads",
        objects=("upkeep.spread",),
        sow=each(
            """CREATE TABLE upkeep.spread (id int PRIMARY KEY, a bool, b int8, c bool, d int8, e bool, f int8, g bool,
               h timestamptz, i int2, j float8, k text)""",
            """INSERT INTO upkeep.spread SELECT g, true, g, true, g, true, g, true, now(), 1, g,
               CASE WHEN g % 2 = 0 THEN 'x' END FROM generate_series(1, 15000) AS g""",
            "VACUUM ANALYZE upkeep.spread",
        ),
    ),
    LookAlike(
        "a table that is left half empty on purpose",
        objects=("upkeep.half_filled",),
        sow=filled("half_filled", 15_000, *KEPT, options="fillfactor = 40"),
    ),
    LookAlike(
        "values that live in the TOAST table",
        objects=("upkeep.toasted",),
        sow=each(
            "CREATE TABLE upkeep.toasted (id int PRIMARY KEY, body text, n int)",
            "ALTER TABLE upkeep.toasted ALTER body SET STORAGE EXTERNAL",
            "INSERT INTO upkeep.toasted SELECT g, repeat('x', 3000), g FROM generate_series(1, 800) AS g",
            "VACUUM ANALYZE upkeep.toasted",
        ),
    ),
    LookAlike(
        "mostly NULL columns",
        objects=("upkeep.mostly_null",),
        sow=each(
            "CREATE TABLE upkeep.mostly_null (id int PRIMARY KEY, a text, b text, c int, d timestamptz)",
            """INSERT INTO upkeep.mostly_null
               SELECT g, CASE WHEN g % 20 = 0 THEN repeat('y', 200) END FROM generate_series(1, 30000) AS g""",
            "VACUUM ANALYZE upkeep.mostly_null",
        ),
    ),
    LookAlike("transaction ids younger than the limit", objects=("upkeep.young_ids",), sow=""),
    LookAlike("a database that takes no connections", objects=("closed", "template0", "template1", "postgres"), sow=""),
    LookAlike(
        "a physical slot that holds nothing",
        objects=("holds_nothing",),
        checks=("vacuum.held_by_slot",),
        sow="SELECT pg_create_physical_replication_slot('holds_nothing')",
    ),
    LookAlike(
        "a temporary table of a living session",
        objects=("(living_temporary",),
        sow=temporary_table,
    ),
]

AGE = "((txid_current() - {} + 8589934592) % 4294967296)::text::xid"


def finish(bed: Bed) -> None:
    """What no VACUUM may come after: ages, and what holds it back."""
    server = bed.superuser
    for name in ("old_ids", "oldest_ids", "old_multixacts", "old_toast", "own_freeze_age", "young_ids"):
        options = "autovacuum_freeze_max_age = 100000" if name == "own_freeze_age" else ""
        filled(name, 10, *KEPT, options=options)(bed)
    for name, age in (
        ("old_ids", 300_000_000),
        ("oldest_ids", 1_400_000_000),
        ("own_freeze_age", 130_000),
        ("young_ids", 190_000_000),
    ):
        server.execute(
            f"UPDATE pg_class SET relfrozenxid = {AGE.format(age)} WHERE oid = 'upkeep.{name}'::regclass".encode()
        )
    server.execute(
        f"""UPDATE pg_class SET relfrozenxid = {AGE.format(500_000_000)}
            WHERE oid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'upkeep.old_toast'::regclass)""".encode()
    )
    server.execute("UPDATE pg_class SET relminmxid = '3600000000' WHERE oid = 'upkeep.old_multixacts'::regclass")
    for name, age in (("an old one", 1_200_000_000), ("closed", 300_000_000)):
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        if name == "an old one":
            elsewhere = bed.open("elsewhere", database=name, autocommit=True)
            elsewhere.execute("BEGIN; CREATE TABLE t (id int); PREPARE TRANSACTION 'left elsewhere'")
            elsewhere.close()
        server.execute(f"UPDATE pg_database SET datfrozenxid = {AGE.format(age)} WHERE datname = '{name}'".encode())
    server.execute("UPDATE pg_database SET datminmxid = '3600000000' WHERE datname = 'an old one'")
    server.execute("ALTER DATABASE closed ALLOW_CONNECTIONS false")
    server.execute("BEGIN; CREATE TABLE upkeep.never_seen (id int); PREPARE TRANSACTION 'it''s left behind'")
    flush_statistics(server)
    server.execute("SELECT pg_sleep(0.6)")
