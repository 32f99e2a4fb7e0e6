"""Sick and innocent tables."""

from __future__ import annotations

from tests.sick_database.plant import LookAlike, Problem

SCHEMA = "CREATE SCHEMA IF NOT EXISTS furniture; SET search_path = furniture;"


def plant(statements: str) -> str:
    return f"{SCHEMA} {statements}; RESET search_path"


def many(count: int, kind: str = "int") -> str:
    return ", ".join(f"c{number} {kind}" for number in range(count))


def updated(name: str, times: int, change: str) -> str:
    """One statement for each update, as an application does."""
    return f"""DO $$ BEGIN
        FOR i IN 1..{times} LOOP UPDATE furniture.{name} SET {change} WHERE id = i % 5; END LOOP;
    END $$; ANALYZE {name}"""


PROBLEMS = [
    Problem(
        "an unlogged table with rows",
        check="table.unlogged",
        object="furniture.unlogged_orders",
        message="200 rows",
        sow=plant(
            """CREATE UNLOGGED TABLE unlogged_orders (id int PRIMARY KEY);
               INSERT INTO unlogged_orders SELECT g FROM generate_series(1, 200) AS g; ANALYZE unlogged_orders"""
        ),
    ),
    Problem(
        "an unlogged partition with an odd name",
        check="table.unlogged",
        object='furniture."Un logged.""p"""',
        sow=plant(
            """CREATE TABLE with_unlogged (id int PRIMARY KEY) PARTITION BY RANGE (id);
               CREATE UNLOGGED TABLE "Un logged.""p\""" PARTITION OF with_unlogged FOR VALUES FROM (0) TO (1000);
               INSERT INTO with_unlogged SELECT g FROM generate_series(1, 300) AS g; ANALYZE with_unlogged"""
        ),
    ),
    Problem(
        "more columns than anybody reads",
        check="table.many_columns",
        object="furniture.wide",
        message="250 columns",
        sow=plant(f"CREATE TABLE wide (id int PRIMARY KEY, {many(249)})"),
    ),
    Problem(
        "most of the columns that it may ever have are dropped ones",
        check="table.many_columns",
        object="furniture.many_dropped",
        message="1 300 dropped ones",
        sow=plant(
            f"""CREATE TABLE many_dropped (id int PRIMARY KEY, {many(1300, "bool")});
                ALTER TABLE many_dropped {", ".join(f"DROP c{number}" for number in range(1300))}"""
        ),
    ),
    Problem(
        "a partitioned table without partitions",
        check="table.no_partitions",
        object="furniture.no_partitions",
        severity="critical",
        sow=plant("CREATE TABLE no_partitions (id int PRIMARY KEY) PARTITION BY HASH (id)"),
    ),
    Problem(
        "rows that belong to ranges that are missing",
        check="table.default_partition",
        object="furniture.readings_default",
        message="default partition of furniture.readings ",
        sow=plant(
            """CREATE TABLE readings (day date PRIMARY KEY) PARTITION BY RANGE (day);
               CREATE TABLE readings_2025 PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
               CREATE TABLE readings_default PARTITION OF readings DEFAULT;
               INSERT INTO readings SELECT '2025-06-01'::date + g FROM generate_series(1, 400) AS g; ANALYZE readings"""
        ),
    ),
    Problem(
        "each update changes an indexed column",
        check="table.hot_updates",
        object="furniture.touched",
        message="touched_at_idx",
        sow=plant(
            f"""CREATE TABLE touched (id int PRIMARY KEY, at timestamptz); CREATE INDEX touched_at_idx ON touched (at);
                INSERT INTO touched SELECT g, now() FROM generate_series(0, 4) AS g;
                {updated("touched", 5200, "at = clock_timestamp()")}"""
        ),
    ),
    Problem(
        "an indexed column that ANALYZE leaves out",
        check="table.no_statistics",
        object="furniture.left_out.note",
        message="furniture.left_out_note_idx",
        sow=plant(
            """CREATE TABLE left_out (id int PRIMARY KEY, note text); CREATE INDEX left_out_note_idx ON left_out (note);
               ALTER TABLE left_out ALTER note SET STATISTICS 0"""
        ),
    ),
]


def innocent(name: str, statements: str, *objects: str, checks: tuple[str, ...] = ()) -> LookAlike:
    return LookAlike(name, tuple(f"furniture.{one}" for one in objects), plant(statements), checks=checks)


LOOK_ALIKES = [
    innocent("an empty unlogged table", "CREATE UNLOGGED TABLE unlogged_empty (id int PRIMARY KEY)", "unlogged_empty"),
    innocent(
        "a small unlogged cache",
        """CREATE UNLOGGED TABLE unlogged_cache (id int PRIMARY KEY);
           INSERT INTO unlogged_cache SELECT g FROM generate_series(1, 20) AS g; ANALYZE unlogged_cache""",
        "unlogged_cache",
    ),
    innocent("a table with a hundred columns", f"CREATE TABLE hundred (id int PRIMARY KEY, {many(99)})", "hundred"),
    innocent(
        "some columns were dropped",
        f"""CREATE TABLE some_dropped (id int PRIMARY KEY, {many(210)});
            ALTER TABLE some_dropped {", ".join(f"DROP c{number}" for number in range(50))}""",
        "some_dropped",
    ),
    innocent(
        "partitioned in two levels",
        """CREATE TABLE levels (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
           CREATE TABLE levels_1 PARTITION OF levels FOR VALUES IN (1) PARTITION BY RANGE (id);
           CREATE TABLE levels_1_low PARTITION OF levels_1 FOR VALUES FROM (0) TO (1000);
           CREATE TABLE levels_rest PARTITION OF levels DEFAULT;
           INSERT INTO levels SELECT g, g % 4 FROM generate_series(1, 400) AS g; ANALYZE levels""",
        "levels",
        "levels_1",
        "levels_1_low",
        "levels_rest",
    ),
    innocent(
        "an empty default partition",
        """CREATE TABLE empty_default (day date PRIMARY KEY) PARTITION BY RANGE (day);
           CREATE TABLE empty_default_2020 PARTITION OF empty_default FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
           CREATE TABLE empty_default_rest PARTITION OF empty_default DEFAULT;
           INSERT INTO empty_default SELECT '2020-01-01'::date + g FROM generate_series(1, 300) AS g;
           ANALYZE empty_default""",
        "empty_default",
        "empty_default_2020",
        "empty_default_rest",
    ),
    innocent(
        "a partitioned table that has only its default yet",
        """CREATE TABLE only_default (id int PRIMARY KEY) PARTITION BY RANGE (id);
           CREATE TABLE only_default_rest PARTITION OF only_default DEFAULT;
           INSERT INTO only_default SELECT g FROM generate_series(1, 300) AS g; ANALYZE only_default""",
        "only_default",
        "only_default_rest",
    ),
    innocent(
        "updates that leave the index alone",
        f"""CREATE TABLE counted (id int PRIMARY KEY, hits int) WITH (fillfactor = 50);
            INSERT INTO counted SELECT g, 0 FROM generate_series(0, 4) AS g;
            {updated("counted", 5200, "hits = hits + 1")}""",
        "counted",
        checks=("table.hot_updates",),
    ),
    innocent(
        "one bulk change of every row",
        """CREATE TABLE changed_once (id int PRIMARY KEY, at date); CREATE INDEX ON changed_once (at);
           INSERT INTO changed_once SELECT g, '2026-01-01'::date + g FROM generate_series(1, 6000) AS g;
           UPDATE changed_once SET at = at + 1; ANALYZE changed_once""",
        "changed_once",
        checks=("table.hot_updates",),
    ),
    innocent(
        "a long text that nobody searches, without statistics",
        """CREATE TABLE unsearched (id int PRIMARY KEY, body text);
           ALTER TABLE unsearched ALTER body SET STATISTICS 0""",
        "unsearched.body",
        "unsearched",
    ),
]
