"""Sick and innocent indexes, in the schema `idx`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from tests.fixtures.postgres import flush_statistics
from tests.sick_database.plant import Bed, LookAlike, Problem

#: Before, a database says that it was reset when it was first used: only counters of days prove anything there.
UNUSED_SINCE = 15

#: What ANALYZE saw is told to those who may read the table.
READABLE = "GRANT USAGE ON SCHEMA idx TO monitor, bare; GRANT SELECT ON ALL TABLES IN SCHEMA idx TO monitor, bare;"


def made(sql: str) -> str:
    """SQL for one plant, in one transaction."""
    return f"CREATE SCHEMA IF NOT EXISTS idx; SET LOCAL search_path = idx; {sql}"


def read(sql: str, times: int) -> str:
    """A statement, carried out that often."""
    return f"DO $read$ BEGIN FOR i IN 1..{times} LOOP PERFORM {sql}; END LOOP; END $read$;"


def each(*statements: str) -> Callable[[Bed], None]:
    """Statements that cannot share a transaction."""

    def sow(bed: Bed) -> None:
        for statement in statements:
            bed.superuser.execute(statement.encode())

    return sow


def interrupted(table: str, columns: str, index: str, statement: str) -> Callable[[Bed], None]:
    """A table with an index, and a CONCURRENTLY that was given up while it waited for a writer."""

    def sow(bed: Bed) -> None:
        bed.superuser.execute(made(f"CREATE TABLE {table} ({columns}); {index}").encode())
        with bed.open("a writer") as writer:
            writer.execute(f"INSERT INTO idx.{table} VALUES (1)".encode())
            bed.superuser.execute("SET statement_timeout = '200ms'")
            try:
                bed.superuser.execute(statement.encode())
            except psycopg.errors.QueryCanceled:
                pass
            else:
                raise AssertionError("nothing kept it waiting")
            finally:
                bed.superuser.execute("RESET statement_timeout")

    return sow


def failed_unique(bed: Bed) -> None:
    bed.superuser.execute(
        made(
            "CREATE TABLE twice (id int PRIMARY KEY, email text); INSERT INTO twice VALUES (1, 'a'), (2, 'a');"
        ).encode()
    )
    try:
        bed.superuser.execute("CREATE UNIQUE INDEX CONCURRENTLY broken_email ON idx.twice (email)")
    except psycopg.errors.UniqueViolation:
        return
    raise AssertionError("it must fail")


def being_built(bed: Bed) -> None:
    """An index that is invalid for as long as a writer does not end."""
    bed.superuser.execute(made("CREATE TABLE in_work (id int PRIMARY KEY, email text);").encode())
    writer = bed.open("keeps the builder waiting")
    # Its lock is enough. A transaction id would keep the replication family from making slots.
    writer.execute("LOCK TABLE idx.in_work IN ROW EXCLUSIVE MODE")
    builder = bed.open("builds an index", autocommit=True)

    def build() -> None:
        try:
            builder.execute("CREATE INDEX CONCURRENTLY in_work_email ON idx.in_work (email)")
        except psycopg.Error:
            pass  # cancelled at the end of the bed

    thread = threading.Thread(target=build, daemon=True)
    thread.start()

    def end() -> None:
        builder.cancel()
        thread.join(10)

    bed.later(end)
    for _ in range(500):
        found = bed.superuser.execute(
            "SELECT FROM pg_stat_progress_create_index WHERE index_relid = to_regclass('idx.in_work_email')"
        )
        if found.rowcount:
            return
        bed.superuser.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("the builder did not begin")


PARENTS = "CREATE TABLE roots (id int PRIMARY KEY); INSERT INTO roots SELECT generate_series(1, 20); CREATE TABLE parents (id int PRIMARY KEY, a int, b int, UNIQUE (a, b)); INSERT INTO parents SELECT g, g, g FROM generate_series(1, 5) AS g;"


def child(name: str, key: str, index: str = "", columns: str = "parent int, a int, b int") -> str:
    """A table with a foreign key `NAME_key`, and what index it has."""
    return made(
        f"CREATE TABLE {name} (id int PRIMARY KEY, {columns}, CONSTRAINT {name}_key FOREIGN KEY {key});"
        f"INSERT INTO {name} (id) SELECT generate_series(1, 20); {index}"
    )


def filled(name: str, columns: str, values: str, rows: int, more: str = "") -> str:
    """A table with a primary key and rows, values of `g`."""
    return made(
        f"CREATE TABLE {name} (id int PRIMARY KEY, {columns});"
        f"INSERT INTO {name} SELECT g, {values} FROM generate_series(1, {rows}) AS g; {more}"
    )


def two(name: str, first: str, second: str, columns: str = "a int, b int, c int", using: str = "") -> str:
    """An empty table NAME with the indexes NAME_1 and NAME_2."""
    lines = []
    for number, text in enumerate((first, second), 1):
        unique = "UNIQUE " if text.startswith("UNIQUE ") else ""
        lines.append(f"CREATE {unique}INDEX {name}_{number} ON {name} {using} {text.removeprefix('UNIQUE ')};")
    return made(f"CREATE TABLE {name} (id int PRIMARY KEY, {columns}); {' '.join(lines)}")


MANY = " ".join(f"CREATE INDEX {{0}}_{n} ON {{0}} ((a + {n}));" for n in range(1, 12))


def churned(name: str, rows: int, keep: int) -> Callable[[Bed], None]:
    """A table of which one row in `keep` is left, and vacuumed."""
    return each(
        filled(name, "n bigint", "g", rows, f"CREATE INDEX {name}_n ON {name} (n);"),
        f"DELETE FROM idx.{name} WHERE id % {keep} <> 0",
        f"VACUUM ANALYZE idx.{name}",
    )


INVALID = [
    Problem(
        "a CREATE UNIQUE INDEX CONCURRENTLY that met duplicates",
        check="index.invalid",
        object="idx.broken_email",
        message="idx.twice",
        sow=failed_unique,
    ),
    Problem(
        "a CREATE INDEX CONCURRENTLY that was given up",
        check="index.invalid",
        object="idx.given_up_a",
        message="failed before it was built",
        sow=interrupted("given_up", "a int", "", "CREATE INDEX CONCURRENTLY given_up_a ON idx.given_up (a)"),
    ),
    Problem(
        "what a REINDEX CONCURRENTLY left behind",
        check="index.invalid",
        object="idx.remade_a_ccnew",
        message="REINDEX CONCURRENTLY",
        sow=interrupted(
            "remade", "a int, t text", "CREATE INDEX remade_a ON remade (a);", "REINDEX TABLE CONCURRENTLY idx.remade"
        ),
    ),
    Problem(
        "what a REINDEX CONCURRENTLY left on the TOAST",
        check="index.invalid",
        object="pg_toast.",
        contains=True,
        message="idx.remade is not valid",
        sow="SELECT 1",
    ),
    Problem(
        "a DROP INDEX CONCURRENTLY that was given up",
        check="index.invalid",
        object="idx.half_gone_a",
        sow=interrupted(
            "half_gone",
            "a int",
            "CREATE INDEX half_gone_a ON half_gone (a);",
            "DROP INDEX CONCURRENTLY idx.half_gone_a",
        ),
    ),
    Problem(
        "a partitioned index that no partition has",
        check="index.invalid",
        object="idx.nowhere_at",
        message="2 of its partitions",
        sow=made("""
        CREATE TABLE nowhere (id int, at int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
        CREATE TABLE nowhere_1 PARTITION OF nowhere FOR VALUES FROM (1) TO (2);
        CREATE TABLE nowhere_2 PARTITION OF nowhere FOR VALUES FROM (2) TO (3);
        CREATE INDEX nowhere_at ON ONLY nowhere (id);
        """),
    ),
    Problem(
        "a partitioned index that one partition lacks",
        check="index.invalid",
        object="idx.almost_at",
        message="1 of its partitions have no valid index attached to it (idx.almost_2)",
        sow=made("""
        CREATE TABLE almost (id int, at int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
        CREATE TABLE almost_1 PARTITION OF almost FOR VALUES FROM (1) TO (2);
        CREATE TABLE almost_2 PARTITION OF almost FOR VALUES FROM (2) TO (3);
        CREATE INDEX almost_at ON ONLY almost (id);
        CREATE INDEX almost_1_at ON almost_1 (id);
        ALTER INDEX almost_at ATTACH PARTITION almost_1_at;
        """),
    ),
]


def duplicate(name: str, object: str, kept: str, sow: str) -> Problem:
    return Problem(name, check="index.duplicate", object=object, message=kept, sow=sow)


DUPLICATE = [
    duplicate("two alike", "idx.alike_2", "idx.alike_1", two("alike", "(a, b)", "(a, b)")),
    duplicate(
        "a plain one beside the primary key",
        "idx.like_pk_1",
        "idx.like_pk_pkey",
        made("CREATE TABLE like_pk (id int PRIMARY KEY); CREATE INDEX like_pk_1 ON like_pk (id);"),
    ),
    duplicate(
        "a unique one beside the primary key",
        "idx.unique_pk_1",
        "idx.unique_pk_pkey",
        made("CREATE TABLE unique_pk (id int PRIMARY KEY); CREATE UNIQUE INDEX unique_pk_1 ON unique_pk (id);"),
    ),
    duplicate(
        "a unique constraint beside the primary key",
        "idx.both_keys_id_key",
        "idx.both_keys_pkey",
        made(
            "CREATE TABLE both_keys (id int, CONSTRAINT both_keys_pkey PRIMARY KEY (id)); ALTER TABLE both_keys ADD UNIQUE (id);"
        ),
    ),
    duplicate(
        "a plain one beside a unique constraint",
        "idx.like_unique_1",
        "idx.like_unique_email_key",
        made(
            "CREATE TABLE like_unique (id int PRIMARY KEY, email text UNIQUE); CREATE INDEX like_unique_1 ON like_unique (email);"
        ),
    ),
    duplicate("a plain one older than a unique one", "idx.older_1", "idx.older_2", two("older", "(a)", "UNIQUE (a)")),
    duplicate(
        "the third of three",
        "idx.three_3",
        "idx.three_1",
        two("three", "(a)", "(a)") + "CREATE INDEX three_3 ON three (a);",
    ),
    duplicate("two hash indexes", "idx.hashes_2", "idx.hashes_1", two("hashes", "(a)", "(a)", using="USING hash")),
    duplicate(
        "two GIN indexes", "idx.gins_2", "idx.gins_1", two("gins", "(tags)", "(tags)", "tags int[]", using="USING gin")
    ),
    duplicate(
        "a GiST index beside an exclusion constraint",
        "idx.booked_1",
        "idx.booked_during_excl",
        made("""
        CREATE TABLE booked (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&));
        CREATE INDEX booked_1 ON booked USING gist (during);
        """),
    ),
    duplicate(
        "an expression whose cast was written differently",
        "idx.lowered_2",
        "idx.lowered_1",
        two("lowered", "(lower(email))", "(lower(email::text))", "email varchar(80)"),
    ),
    duplicate(
        "the same predicate", "idx.partly_2", "idx.partly_1", two("partly", "(a) WHERE b > 0", "(a) WHERE b > 0")
    ),
    duplicate(
        "the same included columns", "idx.with_b_2", "idx.with_b_1", two("with_b", "(a) INCLUDE (b)", "(a) INCLUDE (b)")
    ),
    duplicate(
        "of a partitioned table",
        "idx.split_2",
        "idx.split_1",
        made("""
        CREATE TABLE split (id int, at int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
        CREATE TABLE split_p PARTITION OF split FOR VALUES FROM (1) TO (2);
        CREATE INDEX split_1 ON split (id);
        CREATE INDEX split_2 ON split (id);
        """),
    ),
    duplicate(
        "a partition's own beside its parent's",
        "idx.own_p_1",
        "idx.own_p_id_idx",
        made("""
        CREATE TABLE own (id int, at int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
        CREATE TABLE own_p PARTITION OF own FOR VALUES FROM (1) TO (2);
        CREATE INDEX ON own (id);
        CREATE INDEX own_p_1 ON own_p (id);
        """),
    ),
    duplicate(
        "names with a dot, a quote, a blank and an accent",
        'idx."Dép. ""2"',
        'idx."Dép. ""1"',
        made("""
        CREATE TABLE "Odd. ""table" (id int PRIMARY KEY, "a b" int);
        CREATE INDEX "Dép. ""1" ON "Odd. ""table" ("a b");
        CREATE INDEX "Dép. ""2" ON "Odd. ""table" ("a b");
        """),
    ),
]


def redundant(name: str, object: str, kept: str, sow: str) -> Problem:
    return Problem(name, check="index.redundant", object=object, message=kept, sow=sow)


REDUNDANT = [
    redundant("the beginning of another", "idx.short_1", "idx.short_2", two("short", "(a)", "(a, b)")),
    redundant("two columns of three", "idx.shorter_1", "idx.shorter_2", two("shorter", "(a, b)", "UNIQUE (a, b, c)")),
    redundant(
        "the first column of the primary key",
        "idx.members_1",
        "idx.members_pkey",
        made("CREATE TABLE members (a int, b int, PRIMARY KEY (a, b)); CREATE INDEX members_1 ON members (a);"),
    ),
    redundant(
        "an expression that begins another",
        "idx.spoken_1",
        "idx.spoken_2",
        two("spoken", "(lower(t))", "(lower(t), upper(t))", "t text"),
    ),
    redundant(
        "an expression before a column",
        "idx.said_1",
        "idx.said_2",
        two("said", "(lower(t))", "(lower(t), a)", "t text, a int"),
    ),
    redundant(
        "the same predicate and a column more",
        "idx.subset_1",
        "idx.subset_2",
        two("subset", "(a) WHERE b > 0", "(a, c) WHERE b > 0"),
    ),
    redundant(
        "what it includes is a key of the other",
        "idx.carries_1",
        "idx.carries_2",
        two("carries", "(a) INCLUDE (b)", "(a, b)"),
    ),
    redundant("the same descending order", "idx.falls_1", "idx.falls_2", two("falls", "(a DESC)", "(a DESC, b)")),
    redundant(
        "of a partitioned table, the beginning of another",
        "idx.parted_1",
        "idx.parted_2",
        made("""
        CREATE TABLE parted (id int, at int, n int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
        CREATE TABLE parted_p PARTITION OF parted FOR VALUES FROM (1) TO (2);
        CREATE INDEX parted_1 ON parted (n);
        CREATE INDEX parted_2 ON parted (n, id);
        """),
    ),
]

UNUSED = [
    Problem(
        "an index that nobody reads",
        check="index.unused",
        since=UNUSED_SINCE,
        object="idx.idle_n",
        message="idx.idle",
        sow=filled(
            "idle", "n int", "g", 4000, "CREATE INDEX idle_n ON idle (n);" + read("FROM idle WHERE id = i", 100)
        ),
    ),
    Problem(
        "the wider of two that would serve a foreign key",
        check="index.unused",
        since=UNUSED_SINCE,
        object="idx.served_twice_2",
        sow=made("CREATE TABLE served (id int PRIMARY KEY); INSERT INTO served VALUES (0), (1);")
        + filled(
            "served_twice",
            "up int REFERENCES served, n int",
            "g % 2, g",
            4000,
            "CREATE INDEX served_twice_1 ON served_twice (up); CREATE INDEX served_twice_2 ON served_twice (up, n);"
            + read("FROM served_twice WHERE id = i", 100),
        ),
    ),
    Problem(
        "a partitioned index that nobody reads",
        check="index.unused",
        since=UNUSED_SINCE,
        object="idx.idles_n",
        sow=made(
            """
        CREATE TABLE idles (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
        CREATE TABLE idles_1 PARTITION OF idles FOR VALUES FROM (0) TO (2000);
        CREATE TABLE idles_2 PARTITION OF idles FOR VALUES FROM (2000) TO (9000);
        CREATE INDEX idles_n ON idles (n);
        INSERT INTO idles SELECT g, g FROM generate_series(1, 4000) AS g;
        ANALYZE idles;
        """
            + read("FROM idles WHERE id = i", 100)
        ),
    ),
]

BLOAT = [
    Problem(
        "an index of a megabyte that is nearly empty",
        check="index.bloat",
        object="idx.emptied_n",
        by=("superuser", "monitor", "bare"),
        sow=churned("emptied", 60_000, 20),
    ),
    Problem(
        "a small one that is nearly empty",
        check="index.bloat",
        object="idx.thinned_n",
        sow=churned("thinned", 15_000, 10),
    ),
    Problem(
        "an index on text that is nearly empty",
        check="index.bloat",
        object="idx.worn_t",
        sow=each(
            filled("worn", "t text", "md5(g::text)", 20_000, f"CREATE INDEX worn_t ON worn (t); {READABLE}"),
            "DELETE FROM idx.worn WHERE id % 10 <> 0",
            "VACUUM ANALYZE idx.worn",
        ),
    ),
]


def unindexed(name: str, table: str, message: str, sow: str) -> Problem:
    return Problem(name, check="index.foreign_key", object=f"idx.{table}.{table}_key", message=message, sow=sow)


FOREIGN_KEYS = [
    unindexed(
        "no index at all",
        "bare_child",
        "(parent, to idx.parents)",
        made(PARENTS) + child("bare_child", "(parent) REFERENCES parents"),
    ),
    unindexed(
        "two columns, and an index on one",
        "half_child",
        "does not begin with all of them",
        child("half_child", "(a, b) REFERENCES parents (a, b)", "CREATE INDEX half_child_a ON half_child (a);"),
    ),
    unindexed(
        "the column comes second in the index",
        "late_child",
        "(parent, to idx.parents)",
        child("late_child", "(parent) REFERENCES parents", "CREATE INDEX late_child_1 ON late_child (a, parent);"),
    ),
    unindexed(
        "a partial index",
        "part_child",
        "partial",
        child(
            "part_child", "(parent) REFERENCES parents", "CREATE INDEX part_child_1 ON part_child (parent) WHERE a > 0;"
        ),
    ),
    unindexed(
        "partial by another column",
        "other_child",
        "partial",
        child(
            "other_child",
            "(parent) REFERENCES parents",
            "CREATE INDEX other_child_1 ON other_child (parent) WHERE a IS NOT NULL;",
        ),
    ),
    unindexed(
        "a BRIN index",
        "brin_child",
        "(parent, to idx.parents)",
        child(
            "brin_child", "(parent) REFERENCES parents", "CREATE INDEX brin_child_1 ON brin_child USING brin (parent);"
        ),
    ),
    unindexed(
        "an index on an expression",
        "expr_child",
        "(parent, to idx.parents)",
        child("expr_child", "(parent) REFERENCES parents", "CREATE INDEX expr_child_1 ON expr_child ((parent + 0));"),
    ),
    unindexed(
        "an index under another collation",
        "word_child",
        "another collation",
        made("CREATE TABLE words (word text PRIMARY KEY);")
        + child(
            "word_child",
            "(word) REFERENCES words",
            'CREATE INDEX word_child_1 ON word_child (word COLLATE "C");',
            "word text",
        ),
    ),
    Problem(
        "an invalid index",
        check="index.foreign_key",
        object="idx.torn_child.torn_child_key",
        message="idx.torn_child_1 is not valid",
        sow=interrupted(
            "torn_child",
            "parent int, CONSTRAINT torn_child_key FOREIGN KEY (parent) REFERENCES parents",
            "",
            "CREATE INDEX CONCURRENTLY torn_child_1 ON idx.torn_child (parent)",
        ),
    ),
    unindexed(
        "a table that refers to itself",
        "tree",
        "(parent, to idx.tree)",
        child("tree", "(parent) REFERENCES tree"),
    ),
    unindexed(
        "a partitioned table",
        "split_child",
        "(parent, to idx.parents)",
        made("""
        CREATE TABLE split_child (id int PRIMARY KEY, parent int, CONSTRAINT split_child_key FOREIGN KEY (parent) REFERENCES parents) PARTITION BY RANGE (id);
        CREATE TABLE split_child_1 PARTITION OF split_child FOR VALUES FROM (1) TO (10);
        CREATE TABLE split_child_2 PARTITION OF split_child FOR VALUES FROM (10) TO (20);
        CREATE INDEX ON split_child_1 (parent);
        """),
    ),
]

SHAPE = [
    Problem(
        "a large table that is read from end to end",
        check="index.sequential_scans",
        object="idx.walked",
        message="600 000 rows of idx.walked, which has 12 000: 50 times the whole table",
        sow=filled("walked", "n int", "g", 12_000, read("FROM walked WHERE n = i", 50)),
    ),
    Problem(
        "a BRIN index on random values",
        check="index.brin_uncorrelated",
        object="idx.shuffled_n",
        message="n lie in no order",
        sow=filled(
            "shuffled",
            "n int",
            "hashint4(g)",
            10_000,
            f"CREATE INDEX shuffled_n ON shuffled USING brin (n); {READABLE}",
        ),
    ),
    Problem(
        "a BRIN index whose second column is random",
        check="index.brin_uncorrelated",
        object="idx.half_shuffled_n",
        message="m lie in no order",
        sow=filled(
            "half_shuffled",
            "n int, m int",
            "g, hashint4(g)",
            10_000,
            f"CREATE INDEX half_shuffled_n ON half_shuffled USING brin (n, m); {READABLE}",
        ),
    ),
    Problem(
        "an index on a boolean",
        check="index.boolean",
        object="idx.flagged_done",
        message="the boolean done",
        sow=filled("flagged", "done boolean", "g % 2 = 0", 1000, "CREATE INDEX flagged_done ON flagged (done);"),
    ),
    Problem(
        "a hash index on a boolean",
        check="index.boolean",
        object="idx.hashed_flag",
        sow=filled(
            "hashed", "done boolean", "g % 2 = 0", 1000, "CREATE INDEX hashed_flag ON hashed USING hash (done);"
        ),
    ),
    Problem(
        "an index on a column of two values",
        check="index.few_values",
        object="idx.sided_side",
        sow=filled(
            "sided",
            "side text",
            "CASE g % 2 WHEN 0 THEN 'left' ELSE 'right' END",
            10_000,
            f"CREATE INDEX sided_side ON sided (side); {READABLE}",
        ),
    ),
    Problem(
        "an index on a column that is mostly NULL",
        check="index.mostly_null",
        object="idx.sparse_n",
        message="deleted_by is NULL",
        sow=filled(
            "sparse",
            "deleted_by int",
            "CASE WHEN g % 20 = 0 THEN g END",
            2000,
            f"CREATE INDEX sparse_n ON sparse (deleted_by); {READABLE}",
        ),
    ),
    Problem(
        "twelve indexes on a table that is written all the time",
        check="index.too_many",
        object="idx.crowded",
        message="12 indexes",
        sow=filled("crowded", "a int", "g", 2000, MANY.format("crowded") + "UPDATE crowded SET a = a + 1;" * 5),
    ),
    Problem(
        "a collation of which the library has another version",
        check="index.collation_version",
        object="idx.french",
        message="idx.sorted_t",
        sow=made("""
        DO $$ BEGIN
            CREATE COLLATION french (provider = icu, locale = 'fr');
        EXCEPTION WHEN feature_not_supported THEN
            CREATE COLLATION french (locale = 'C');
        END $$;
        CREATE TABLE sorted (id int PRIMARY KEY, t text COLLATE french);
        CREATE INDEX sorted_t ON sorted (t);
        UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'french';
        """),
    ),
    Problem(
        "a database that was sorted by another version",
        check="index.collation_version",
        object="sick",
        since=15,
        sow="UPDATE pg_database SET datcollversion = '2.1' WHERE datname = current_database()",
    ),
    Problem(
        "another database that was sorted by another version",
        check="index.collation_version",
        object='"sorted elsewhere"',
        message="57.1 was recorded when its indexes were made: those of another database",
        since=15,
        sow=each(
            'CREATE DATABASE "sorted elsewhere" TEMPLATE template0',
            "UPDATE pg_database SET datcollversion = '57.1' WHERE datname = 'sorted elsewhere'",
        ),
    ),
]

PROBLEMS = INVALID + DUPLICATE + REDUNDANT + UNUSED + BLOAT + FOREIGN_KEYS + SHAPE


def innocent(name: str, sow: str | Callable[[Bed], None], *objects: str, checks: tuple[str, ...] = ()) -> LookAlike:
    return LookAlike(name, objects=tuple(f"idx.{one}" for one in objects), sow=sow, checks=checks)


def pair(name: str, table: str, first: str, second: str, **more: str) -> LookAlike:
    return innocent(name, two(table, first, second, **more), f"{table}_1", f"{table}_2", f"{table}_pkey")


TWINS = [
    innocent(
        "a valid index with a dot, a quote and a blank in its name",
        made(
            'CREATE TABLE odd_names (id int PRIMARY KEY, email text); CREATE INDEX "odd. ""name" ON odd_names (email);'
        ),
        '"odd. ""name"',
        "odd_names_pkey",
    ),
    innocent("the unique one beside a plain one", two("guarded", "UNIQUE (a)", "(a)"), "guarded_1"),
    innocent("the unique one beside a longer plain one", two("prefix", "UNIQUE (a)", "(a, b)"), "prefix_1", "prefix_2"),
    pair("another operator class", "patterned", "(t)", "(t text_pattern_ops)", columns="t text"),
    pair(
        "another operator class in a longer one", "pattern2", "(t text_pattern_ops)", "(t, a)", columns="t text, a int"
    ),
    pair("another collation", "collated", "(t)", '(t COLLATE "C")', columns="t text"),
    pair("another order", "ordered", "(a)", "(a DESC)"),
    pair("another order of NULLs", "nulls", "(a)", "(a NULLS FIRST)"),
    pair("another order of the second column", "mixed", "(a, b)", "(a, b DESC)"),
    pair("another order than the longer one", "ordered2", "(a DESC)", "(a, b)"),
    pair("the columns the other way round", "turned", "(a, b)", "(b, a)"),
    pair("the end of another", "tail", "(b)", "(a, b)"),
    pair("another predicate", "halves", "(a) WHERE b > 0", "(a) WHERE b <= 0"),
    pair("a predicate beside none", "partial1", "(a) WHERE b > 0", "(a)"),
    pair("a predicate in the longer one", "partial2", "(a)", "(a, c) WHERE b > 0"),
    pair("other included columns", "covering", "(a) INCLUDE (b)", "(a) INCLUDE (c)"),
    pair("included columns that the longer one lacks", "covering2", "(a) INCLUDE (c)", "(a, b)"),
    pair("included columns beside none", "covering3", "(a)", "(a) INCLUDE (b)"),
    pair("another expression", "spelled", "(lower(t))", "(upper(t))", columns="t text"),
    pair("an expression beside its column", "spelled2", "(lower(t))", "(t)", columns="t text"),
    pair(
        "a longer expression that begins alike",
        "spelled3",
        "(lower(t))",
        "(lower(t || 'x'), a)",
        columns="t text, a int",
    ),
    innocent(
        "another method",
        made(
            "CREATE TABLE methods (id int PRIMARY KEY, a int); CREATE INDEX methods_1 ON methods (a); CREATE INDEX methods_2 ON methods USING hash (a);"
        ),
        "methods_1",
        "methods_2",
    ),
    pair("BRIN by other page ranges", "ranges", "(a) WITH (pages_per_range = 8)", "(a)", using="USING brin"),
    pair("GIN prefixes", "ginned", "(t)", "(t, u)", columns="t int[], u int[]", using="USING gin"),
    innocent(
        "the same columns of another table",
        two("same_a", "(a)", "(b)") + two("same_b", "(a)", "(b)"),
        "same_a_1",
        "same_a_2",
        "same_b_1",
        "same_b_2",
    ),
    innocent(
        "a clustered index that begins another",
        two("clustered", "(a)", "(a, b)") + "ALTER TABLE clustered CLUSTER ON clustered_1;",
        "clustered_1",
        "clustered_2",
    ),
    innocent(
        "an index that is the replica identity, beside the primary key",
        made("""
        CREATE TABLE identified (id int PRIMARY KEY);
        CREATE UNIQUE INDEX identified_1 ON identified (id);
        ALTER TABLE identified REPLICA IDENTITY USING INDEX identified_1;
        """),
        "identified_1",
        "identified_pkey",
    ),
    innocent("the partitions of duplicates", "SELECT 1", "split_p_id_idx", "split_p_id_idx1", "split_1"),
    innocent("the partition of a redundant one", "SELECT 1", "parted_p_n_idx", "parted_p_n_id_idx", "parted_2"),
    innocent(
        "the one to keep", "SELECT 1", "alike_1", "three_1", "like_pk_pkey", "both_keys_pkey", "booked_during_excl"
    ),
    innocent("an index that is being built", being_built, "in_work_email"),
    innocent(
        "a partitioned index that all partitions have",
        made("""
        CREATE TABLE whole (id int, at int, n int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
        CREATE TABLE whole_1 PARTITION OF whole FOR VALUES FROM (1) TO (2);
        CREATE INDEX whole_n ON ONLY whole (n);
        CREATE INDEX whole_1_n ON whole_1 (n);
        ALTER INDEX whole_n ATTACH PARTITION whole_1_n;
        """),
        "whole_n",
        "whole_1_n",
        "whole_pkey",
        "whole_1_pkey",
    ),
    innocent(
        "a partitioned index without partitions",
        made("""
        CREATE TABLE hollow (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
        CREATE INDEX hollow_n ON hollow (n);
        """),
        "hollow_n",
        "hollow_pkey",
    ),
]

IN_USE = [
    innocent(
        "read once",
        filled(
            "once",
            "n int",
            "g",
            4000,
            "CREATE INDEX once_n ON once (n); ANALYZE once;"
            "SET LOCAL enable_seqscan = off; SELECT FROM once WHERE n = 7; SET LOCAL enable_seqscan = on;"
            + read("FROM once WHERE id = i", 100),
        ),
        "once_n",
    ),
    innocent(
        "unique, exclusion and clustered ones that nobody reads",
        filled(
            "guards",
            "n int, m int4range, k int",
            "g, int4range(g, g + 1), g",
            3000,
            """
            CREATE UNIQUE INDEX guards_n ON guards (n);
            ALTER TABLE guards ADD CONSTRAINT guards_m EXCLUDE USING gist (m WITH &&);
            CREATE INDEX guards_k ON guards (k);
            ALTER TABLE guards CLUSTER ON guards_k;
            """
            + read("FROM guards WHERE id = i", 100),
        ),
        "guards_n",
        "guards_m",
        "guards_k",
    ),
    innocent(
        "statistics of an expression",
        filled(
            "computed",
            "n int",
            "g",
            4000,
            "CREATE INDEX computed_n ON computed ((n % 10));" + read("FROM computed WHERE id = i", 100),
        ),
        "computed_n",
    ),
    innocent(
        "of a table that nobody reads yet",
        filled(
            "fresh", "n int", "g", 4000, "CREATE INDEX fresh_n ON fresh (n); CREATE INDEX fresh_2 ON fresh (n, id);"
        ),
        "fresh_2",
        "fresh_pkey",
    ),
    innocent(
        "of a table that only its foreign keys read",
        filled(
            "looked_up",
            "n int",
            "g",
            4000,
            """
        CREATE INDEX looked_up_n ON looked_up (n);
        CREATE TABLE looking (id int PRIMARY KEY, up int REFERENCES looked_up);
        CREATE INDEX looking_up ON looking (up);
        INSERT INTO looking SELECT g, g FROM generate_series(1, 500) AS g;
        """,
        ),
        "looked_up_n",
        "looking_up",
    ),
    innocent(
        "that alone serve a foreign key, of a plain table and of a partitioned one",
        filled(
            "serving",
            "parent int REFERENCES parents",
            "1 + g % 5",
            6000,
            "CREATE INDEX serving_parent ON serving (parent);" + read("FROM serving WHERE id = i", 100),
        )
        + made(
            """
        CREATE TABLE servings (id int PRIMARY KEY, parent int REFERENCES parents) PARTITION BY RANGE (id);
        CREATE TABLE servings_1 PARTITION OF servings FOR VALUES FROM (0) TO (9000);
        CREATE INDEX servings_parent ON servings (parent);
        INSERT INTO servings SELECT g, 1 + g % 5 FROM generate_series(1, 6000) AS g;
        ANALYZE servings;
        """
            + read("FROM servings WHERE id = i", 100)
        ),
        "serving_parent",
        "servings_parent",
    ),
    innocent(
        "of an empty table",
        made(
            "CREATE TABLE empty (id int PRIMARY KEY, n int, done boolean); CREATE INDEX empty_n ON empty (n); CREATE INDEX empty_done ON empty (done);"
            + read("FROM empty WHERE id = i", 100)
        ),
        "empty_n",
        "empty_done",
        "empty_pkey",
    ),
    innocent(
        "of a partition, where its sibling's is read",
        made(
            """
        CREATE TABLE busy (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
        CREATE TABLE busy_1 PARTITION OF busy FOR VALUES FROM (0) TO (2000);
        CREATE TABLE busy_2 PARTITION OF busy FOR VALUES FROM (2000) TO (9000);
        CREATE INDEX busy_n ON busy (n);
        INSERT INTO busy SELECT g, g FROM generate_series(1, 4000) AS g;
        ANALYZE busy;
        SET LOCAL enable_seqscan = off;
        SELECT FROM busy_1 WHERE n = 7;
        SET LOCAL enable_seqscan = on;
        """
            + read("FROM busy WHERE id = i", 100)
        ),
        "busy_n",
        "busy_1_n_idx",
        "busy_2_n_idx",
    ),
]


def fresh(
    name: str, table: str, columns: str, values: str, index: str, rows: int = 15_000, before: bool = False
) -> LookAlike:
    """An index that was just made (`before`: before the rows came), and is as large as it needs to be."""
    create = f"CREATE INDEX {table}_1 ON {table} {index};"
    insert = f"INSERT INTO {table} SELECT g, {values} FROM generate_series(1, {rows}) AS g;"
    return innocent(
        name,
        each(
            made(
                f"CREATE TABLE {table} (id int PRIMARY KEY, {columns}); {create + insert if before else insert + create}"
            ),
            f"VACUUM ANALYZE idx.{table}",
        ),
        f"{table}_1",
        f"{table}_pkey",
        checks=("index.bloat",),
    )


NEW = [
    fresh("freshly made on numbers", "new_numbers", "n bigint", "g", "(n)"),
    fresh("freshly made on equal values", "new_equal", "n int", "g % 7", "(n)", 45_000),
    fresh("freshly made on a few thousand values", "new_some", "n int", "g % 5000", "(n)", 45_000),
    fresh("freshly made on NULLs", "new_null", "n int", "CASE WHEN g % 10 = 0 THEN g END", "(n)", 45_000),
    fresh("half full by fillfactor", "new_half", "n int", "g", "(n) WITH (fillfactor = 30)"),
    fresh("without deduplication", "new_single", "n int", "g % 7", "(n) WITH (deduplicate_items = off)"),
    fresh("equal numerics, which are not put together", "new_numeric", "n numeric", "g % 7", "(n)"),
    fresh("text of all widths", "new_text", "t text", "repeat(md5(g::text), 1 + g % 5)", "(t)"),
    fresh("wide text", "new_wide", "t text", "repeat(md5(g::text), 40)", "(t)", 2000),
    fresh("values in random order", "new_random", "n int", "hashint4(g)", "(n)", 20_000, before=True),
    fresh("values in falling order", "new_falling", "n int", "-g", "(n)", 20_000, before=True),
    fresh(
        "narrow and wide columns by turns",
        "new_mixed",
        "a boolean, b bigint, c boolean, d bigint",
        "true, g, false, g",
        "(a, b, c, d)",
    ),
    fresh("included columns", "new_include", "n int, t text", "g % 3, md5(g::text)", "(n) INCLUDE (t)"),
    fresh("a partial one", "new_part", "n int", "g", "(n) WHERE n % 2 = 0", 40_000),
    fresh(
        "values that are kept out of line",
        "new_toasted",
        "t text, u text",
        "(SELECT string_agg(md5(g::text || s::text), '') FROM generate_series(1, 70) AS s), repeat(md5(g::text), 1)",
        "(t)",
        1000,
    ),
    fresh("UUIDs", "new_uuid", "u uuid", "md5(g::text)::uuid", "(u)"),
]

KEYED = [
    innocent(
        f"a foreign key with {name}", child(table, key, index, **more), f"{table}.{table}_key", table, f"{table}_1"
    )
    for name, table, key, index, more in (
        ("an index", "kept", "(parent) REFERENCES parents", "CREATE INDEX kept_1 ON kept (parent);", {}),
        (
            "a longer index",
            "kept_long",
            "(parent) REFERENCES parents",
            "CREATE INDEX kept_long_1 ON kept_long (parent, a);",
            {},
        ),
        ("the primary key", "kept_pk", "(id) REFERENCES roots", "", {}),
        (
            "a unique index",
            "kept_unique",
            "(parent) REFERENCES parents",
            "CREATE UNIQUE INDEX kept_unique_1 ON kept_unique (parent);",
            {},
        ),
        (
            "a hash index",
            "kept_hash",
            "(parent) REFERENCES parents",
            "CREATE INDEX kept_hash_1 ON kept_hash USING hash (parent);",
            {},
        ),
        (
            "its columns in another order",
            "kept_turned",
            "(a, b) REFERENCES parents (a, b)",
            "CREATE INDEX kept_turned_1 ON kept_turned (b, a);",
            {},
        ),
        (
            "an index without NULLs",
            "kept_filled",
            "(parent) REFERENCES parents",
            "CREATE INDEX kept_filled_1 ON kept_filled (parent) WHERE parent IS NOT NULL;",
            {},
        ),
        (
            "an index without NULLs of both",
            "kept_both",
            "(a, b) REFERENCES parents (a, b)",
            "CREATE INDEX kept_both_1 ON kept_both (a, b) WHERE a IS NOT NULL AND b IS NOT NULL;",
            {},
        ),
        (
            "a unique index on one of its columns",
            "kept_one",
            "(a, b) REFERENCES parents (a, b)",
            "CREATE UNIQUE INDEX kept_one_1 ON kept_one (a);",
            {},
        ),
        (
            "an index with included columns",
            "kept_incl",
            "(parent) REFERENCES parents",
            "CREATE INDEX kept_incl_1 ON kept_incl (parent) INCLUDE (a);",
            {},
        ),
        (
            "another operator class",
            "kept_class",
            "(word) REFERENCES words",
            "CREATE INDEX kept_class_1 ON kept_class (word text_pattern_ops);",
            {"columns": "word text"},
        ),
    )
] + [
    innocent(
        "a foreign key of a partitioned table, with an index",
        made("""
        CREATE TABLE kept_split (id int PRIMARY KEY, parent int, CONSTRAINT kept_split_key FOREIGN KEY (parent) REFERENCES parents) PARTITION BY RANGE (id);
        CREATE TABLE kept_split_1 PARTITION OF kept_split FOR VALUES FROM (1) TO (10);
        CREATE INDEX ON kept_split (parent);
        """),
        "kept_split.kept_split_key",
        "kept_split_1.kept_split_key",
        "kept_split_parent_idx",
    ),
    innocent(
        "a foreign key of a partitioned table, with an index on each partition",
        made("""
        CREATE TABLE kept_each (id int PRIMARY KEY, parent int, CONSTRAINT kept_each_key FOREIGN KEY (parent) REFERENCES parents) PARTITION BY RANGE (id);
        CREATE TABLE kept_each_1 PARTITION OF kept_each FOR VALUES FROM (1) TO (10);
        CREATE INDEX ON kept_each_1 (parent);
        """),
        "kept_each.kept_each_key",
        "kept_each_1.kept_each_key",
    ),
    innocent(
        "the copies of a partitioned table's foreign key",
        "SELECT 1",
        "split_child_1.split_child_key",
        "split_child_2.split_child_key",
    ),
    innocent(
        "a foreign key to a partitioned table, with an index",
        made("""
        CREATE TABLE split_parent (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE split_parent_1 PARTITION OF split_parent FOR VALUES FROM (1) TO (10);
        CREATE TABLE of_split (id int PRIMARY KEY, parent int, CONSTRAINT of_split_key FOREIGN KEY (parent) REFERENCES split_parent);
        CREATE INDEX ON of_split (parent);
        """),
        "of_split.of_split_key",
        "of_split.of_split_key1",
    ),
]

PLAIN = [
    innocent(
        "a large table that is read through some times",
        filled("reported", "n int", "g", 12_000, read("FROM reported WHERE n = i", 15)),
        "reported",
    ),
    innocent(
        "a small table that is read through all the time",
        filled("tiny", "n int", "g", 500, read("FROM tiny WHERE n = i", 500)),
        "tiny",
    ),
    innocent(
        "a large table of which the first rows are read",
        filled("peeked", "n int", "g", 12_000, read("(SELECT n FROM peeked LIMIT 1)", 100)),
        "peeked",
    ),
    innocent(
        "a large table that few scans read through, by several workers each",
        each(
            filled("shared", "n int", "g", 90_000),
            """
            SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
            SET max_parallel_workers_per_gather = 4;
            """,
            *["SELECT count(*) FROM idx.shared WHERE n > 0"] * 7,
            "RESET ALL",
        ),
        "shared",
        checks=("index.sequential_scans",),
    ),
    innocent(
        "a large table that is mostly read by its index",
        filled(
            "searched",
            "n int",
            "g",
            12_000,
            read("FROM searched WHERE id = i", 1500) + read("FROM searched WHERE n = i", 40),
        ),
        "searched",
    ),
    innocent(
        "BRIN on a column that grows",
        filled(
            "grows",
            "n int, m int",
            "g, -g",
            10_000,
            f"CREATE INDEX grows_n ON grows USING brin (n); CREATE INDEX grows_m ON grows USING brin (m); {READABLE}",
        ),
        "grows_n",
        "grows_m",
    ),
    innocent(
        "BRIN on a column that nearly grows",
        filled(
            "jitters",
            "n int",
            "g + hashint4(g) % 500",
            10_000,
            f"CREATE INDEX jitters_n ON jitters USING brin (n); {READABLE}",
        ),
        "jitters_n",
    ),
    innocent(
        "BRIN with a bloom filter on random values, and a B-tree on them",
        filled(
            "bloomed",
            "n int, m int",
            "hashint4(g), hashint4(-g)",
            10_000,
            f"CREATE INDEX bloomed_n ON bloomed USING brin (n int4_bloom_ops); CREATE INDEX bloomed_m ON bloomed (m); {READABLE}",
        ),
        "bloomed_n",
        "bloomed_m",
    ),
    innocent(
        "booleans: partial, first of two, unique, on an expression of another",
        filled(
            "switches",
            "done boolean, n int",
            "g % 2 = 0, g",
            1000,
            """
            CREATE INDEX switches_1 ON switches (done) WHERE done;
            CREATE INDEX switches_2 ON switches (done, n);
            CREATE UNIQUE INDEX switches_3 ON switches (done) WHERE n = 1;
            CREATE INDEX switches_4 ON switches (n) WHERE done;
            """,
        ),
        "switches_1",
        "switches_2",
        "switches_3",
        "switches_4",
    ),
    innocent(
        "a foreign key of which all rows say the same",
        filled(
            "samey", "parent int REFERENCES parents", "1", 10_000, f"CREATE INDEX samey_1 ON samey (parent); {READABLE}"
        ),
        "samey_1",
    ),
    innocent(
        "a column of few values in a small table, and of seven in a large one",
        filled("graded", "n int", "g % 2", 500, "CREATE INDEX graded_1 ON graded (n);")
        + filled("graded7", "n int", "g % 7", 10_000, f"CREATE INDEX graded7_1 ON graded7 (n); {READABLE}"),
        "graded_1",
        "graded7_1",
    ),
    innocent(
        "NULLs: left out, a third, beside another column, unique, a foreign key",
        filled(
            "gaps",
            "a int, b int, c int, d int, e int REFERENCES parents",
            "CASE WHEN g % 20 = 0 THEN g END, CASE WHEN g % 3 > 0 THEN g END, CASE WHEN g % 20 = 0 THEN g END, CASE WHEN g % 20 = 0 THEN g END, CASE WHEN g % 20 = 0 THEN 1 END",
            2000,
            f"""
            CREATE INDEX gaps_a ON gaps (a) WHERE a IS NOT NULL;
            CREATE INDEX gaps_b ON gaps (b);
            CREATE INDEX gaps_c ON gaps (c, b);
            CREATE UNIQUE INDEX gaps_d ON gaps (d);
            CREATE INDEX gaps_e ON gaps (e);
            {READABLE}
            """,
        ),
        "gaps_a",
        "gaps_b",
        "gaps_c",
        "gaps_d",
        "gaps_e",
    ),
    innocent(
        "twelve indexes on a table that is hardly written",
        filled("shelf", "a int", "g", 200, MANY.format("shelf")),
        "shelf",
    ),
    innocent(
        "five indexes on a table that is written all the time",
        filled(
            "busy_five",
            "a int",
            "g",
            2000,
            "".join(MANY.format("busy_five").partition("CREATE INDEX busy_five_5")[:1])
            + "UPDATE busy_five SET a = a + 1;" * 6,
        ),
        "busy_five",
        checks=("index.too_many",),
    ),
    innocent(
        "twelve indexes that no UPDATE touches",
        filled("hot", "a int, n int", "g, 0", 100, MANY.format("hot") + "ALTER TABLE hot SET (fillfactor = 10);")
        + "".join("UPDATE hot SET n = n + 1;" for _ in range(1)),
        "hot",
    ),
    innocent(
        "collations of the version that the server has, and without one",
        made("""
        DO $$ BEGIN
            CREATE COLLATION german (provider = icu, locale = 'de');
        EXCEPTION WHEN feature_not_supported THEN
            CREATE COLLATION german (locale = 'C');
        END $$;
        CREATE TABLE sorted_well (id int PRIMARY KEY, t text COLLATE german, u text COLLATE "C");
        CREATE INDEX sorted_well_t ON sorted_well (t);
        CREATE INDEX sorted_well_u ON sorted_well (u);
        """),
        "german",
        "sorted_well_t",
        "sorted_well_u",
    ),
]

LOOK_ALIKES = TWINS + IN_USE + NEW + KEYED + PLAIN


def finish(bed: Bed) -> None:
    """What ANALYZE sees, and counters that have arrived."""
    tables = bed.superuser.execute(
        "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class"
        " WHERE relnamespace = 'idx'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'in_work'"
    ).fetchone()
    assert tables is not None
    bed.superuser.execute(f"ANALYZE {tables[0]}".encode())
    flush_statistics(bed.superuser)
