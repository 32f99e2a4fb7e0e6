"""Sick and innocent replication: slots, publications, subscriptions, the archiver. What takes a standby is in
test_servers.py."""

from __future__ import annotations

import psycopg

from tests.sick_database.plant import Bed, LookAlike, Problem, each

#: From PostgreSQL 17 on a slot says since when nobody reads it, and a moment's pause is no finding.
THRESHOLDS = {"replication.slot_inactive.inactive_seconds": 0}

IDENTITY = ("replication.no_identity",)
NOWHERE = "host=/nonexistent dbname=x"


def set_for_a_while(bed: Bed, name: str, value: str | None) -> None:
    """Set a setting of the server, None for back to what it was, and wait until it holds."""
    (before,) = bed.superuser.execute("SELECT pg_conf_load_time()").fetchone()
    change = f"ALTER SYSTEM RESET {name}" if value is None else f"ALTER SYSTEM SET {name} = {value}"
    bed.superuser.execute(change.encode())
    bed.superuser.execute("SELECT pg_reload_conf()")
    bed.until("SELECT WHERE pg_conf_load_time() > %s", [before])


def a_lost_slot(bed: Bed) -> None:
    bed.superuser.execute("SELECT pg_create_physical_replication_slot('lost_standby', true)")
    set_for_a_while(bed, "max_slot_wal_keep_size", "'1MB'")
    for _ in range(3):
        bed.superuser.execute("SELECT pg_logical_emit_message(false, 'x', 'x'), pg_switch_wal()")
    bed.superuser.execute("CHECKPOINT")
    set_for_a_while(bed, "max_slot_wal_keep_size", None)


def another_database(bed: Bed) -> psycopg.Connection:
    """A publisher in another database of the same server."""
    if not bed.superuser.execute("SELECT FROM pg_database WHERE datname = 'publisher'").fetchall():
        bed.superuser.execute("CREATE DATABASE publisher")
    connection = psycopg.connect(bed.dsn(database="publisher"), autocommit=True)
    bed.later(connection.close)
    return connection


def a_slot_elsewhere(bed: Bed) -> None:
    another_database(bed).execute("SELECT pg_create_logical_replication_slot('forgotten_elsewhere', 'pgoutput')")


def a_disabled_subscription_elsewhere(bed: Bed) -> None:
    another_database(bed).execute(
        f"CREATE SUBSCRIPTION asleep_elsewhere CONNECTION '{NOWHERE}' PUBLICATION p WITH (connect = false)"
    )


def a_subscription_that_cannot_connect(bed: Bed) -> None:
    """It learned its tables while its publisher was there."""
    publisher = another_database(bed)
    publisher.execute("CREATE TABLE never_copied (id int PRIMARY KEY); CREATE PUBLICATION gone FOR TABLE never_copied")
    bed.superuser.execute("CREATE TABLE never_copied (id int PRIMARY KEY)")
    address = bed.dsn(database="publisher").replace("'", "''")
    bed.superuser.execute(
        f"CREATE SUBSCRIPTION left_alone CONNECTION '{address}' PUBLICATION gone"
        " WITH (create_slot = false, slot_name = 'never_made', enabled = false)"
    )
    bed.superuser.execute(f"ALTER SUBSCRIPTION left_alone CONNECTION '{NOWHERE}'")
    bed.superuser.execute("ALTER SUBSCRIPTION left_alone ENABLE")


def a_subscription_that_follows(bed: Bed) -> None:
    publisher = another_database(bed)
    publisher.execute("CREATE TABLE followed (id int PRIMARY KEY); CREATE PUBLICATION fine FOR TABLE followed")
    publisher.execute("SELECT pg_create_logical_replication_slot('in_use', 'pgoutput')")
    address = bed.dsn(database="publisher").replace("'", "''")
    bed.superuser.execute("CREATE TABLE followed (id int PRIMARY KEY)")
    bed.superuser.execute(
        f"CREATE SUBSCRIPTION follows CONNECTION '{address}' PUBLICATION fine"
        " WITH (create_slot = false, slot_name = 'in_use', copy_data = false)"
    )
    bed.until("SELECT FROM pg_stat_subscription WHERE subname = 'follows' AND last_msg_receipt_time IS NOT NULL")


PROBLEMS = [
    Problem(
        "a slot that lost its WAL",
        check="replication.slot_lost",
        object="lost_standby",
        severity="critical",
        sow=a_lost_slot,
    ),
    Problem(
        "a physical slot that nobody reads",
        check="replication.slot_inactive",
        object="forgotten_standby",
        message="max_slot_wal_keep_size sets no limit",
        sow="SELECT pg_create_physical_replication_slot('forgotten_standby', true)",
    ),
    Problem(
        "a logical slot that nobody reads",
        check="replication.slot_inactive",
        object="forgotten_subscriber",
        message="logical (sick)",
        sow="SELECT pg_create_logical_replication_slot('forgotten_subscriber', 'pgoutput')",
    ),
    Problem(
        "a logical slot of another database that nobody reads",
        check="replication.slot_inactive",
        object="forgotten_elsewhere",
        message="logical (publisher)",
        sow=a_slot_elsewhere,
    ),
    Problem(
        "an archiver that fails",
        check="replication.archiver_failing",
        object="archive_command",
        message="none was ever archived",
        sow=lambda bed: bed.until("SELECT FROM pg_stat_archiver WHERE failed_count > 0"),
    ),
    Problem(
        "a synchronous standby that is not there",
        check="replication.synchronous_standby",
        object="synchronous_standby_names",
        by=("superuser", "monitor"),
        message="0 are there; with synchronous_commit = off only commits that set another value",
        hint="what waits returns then",
        sow="",
    ),
    Problem(
        "a subscription that was disabled",
        check="replication.subscription_disabled",
        object='"asleep. ""sub"',
        sow=f"""CREATE SUBSCRIPTION "asleep. ""sub" CONNECTION '{NOWHERE}' PUBLICATION p WITH (connect = false)""",
    ),
    Problem(
        "a disabled subscription of another database",
        check="replication.subscription_disabled",
        object="asleep_elsewhere",
        message="database publisher",
        sow=a_disabled_subscription_elsewhere,
    ),
    Problem(
        "a subscription whose worker cannot connect",
        check="replication.subscription_failing",
        object="left_alone",
        severity="critical",
        sow=a_subscription_that_cannot_connect,
    ),
    Problem(
        "a subscribed table that was never copied",
        check="replication.subscription_table",
        object="public.never_copied",
        message="left_alone",
        sow="",
    ),
    Problem(
        "a published table without a primary key",
        check="replication.no_identity",
        object='public."no. ""identity"',
        message='"all of ""it"',
        sow=each(
            'CREATE TABLE "no. ""identity" (id int)',
            'CREATE PUBLICATION "all of ""it" FOR TABLE "no. ""identity"',
        ),
    ),
    Problem(
        "a published table whose replica identity is nothing",
        check="replication.no_identity",
        object="public.identity_nothing",
        message="set to nothing",
        sow=each(
            "CREATE TABLE identity_nothing (id int PRIMARY KEY)",
            "ALTER TABLE identity_nothing REPLICA IDENTITY NOTHING",
            "CREATE PUBLICATION of_nothing FOR TABLE identity_nothing WITH (publish = 'insert, delete')",
        ),
    ),
    Problem(
        "a published table whose primary key is deferrable",
        check="replication.no_identity",
        object="public.identity_deferrable",
        sow=each(
            "CREATE TABLE identity_deferrable (id int PRIMARY KEY DEFERRABLE)",
            "CREATE PUBLICATION of_deferrable FOR TABLE identity_deferrable",
        ),
    ),
    Problem(
        "a published table whose identity's index is gone",
        check="replication.no_identity",
        object="public.identity_gone",
        message="is gone",
        sow=each(
            "CREATE TABLE identity_gone (id int PRIMARY KEY, code int NOT NULL)",
            "CREATE UNIQUE INDEX identity_gone_code ON identity_gone (code)",
            "ALTER TABLE identity_gone REPLICA IDENTITY USING INDEX identity_gone_code",
            "DROP INDEX identity_gone_code",
            "CREATE PUBLICATION of_gone FOR TABLE identity_gone",
        ),
    ),
    Problem(
        "a partition without identity of a published table",
        check="replication.no_identity",
        object="public.identity_part_1",
        sow=each(
            "CREATE TABLE identity_parts (id int, at date) PARTITION BY LIST (id)",
            "CREATE TABLE identity_part_1 PARTITION OF identity_parts FOR VALUES IN (1)",
            "CREATE TABLE identity_part_2 PARTITION OF identity_parts (PRIMARY KEY (id)) FOR VALUES IN (2)",
            "CREATE PUBLICATION of_parts FOR TABLE identity_parts WITH (publish_via_partition_root)",
        ),
    ),
    Problem(
        "a table without identity in a published schema",
        check="replication.no_identity",
        object="published_whole.nameless",
        since=15,
        sow=each(
            "CREATE SCHEMA published_whole",
            "CREATE TABLE published_whole.nameless (id int)",
            "CREATE TABLE published_whole.named (id int PRIMARY KEY)",
            "CREATE UNLOGGED TABLE published_whole.unlogged (id int)",
            "CREATE PUBLICATION of_a_schema FOR TABLES IN SCHEMA published_whole",
        ),
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "a slot that was never used and keeps nothing",
        objects=("not_yet_used",),
        sow="SELECT pg_create_physical_replication_slot('not_yet_used')",
    ),
    LookAlike(
        "a temporary slot",
        objects=("for_a_moment",),
        sow="SELECT pg_create_physical_replication_slot('for_a_moment', true, true)",
    ),
    LookAlike(
        "a subscription that follows its publisher, and its slot",
        objects=("follows", "in_use", "public.followed"),
        sow=a_subscription_that_follows,
    ),
    LookAlike(
        "a table without primary key of which only inserts are published",
        objects=("public.only_inserts",),
        sow=each(
            "CREATE TABLE only_inserts (id int)",
            "CREATE PUBLICATION of_inserts FOR TABLE only_inserts WITH (publish = 'insert, truncate')",
        ),
        checks=IDENTITY,
    ),
    LookAlike(
        "a published table without primary key whose whole rows are its identity",
        objects=("public.identity_full",),
        sow=each(
            "CREATE TABLE identity_full (id int)",
            "ALTER TABLE identity_full REPLICA IDENTITY FULL",
            "CREATE PUBLICATION of_full FOR TABLE identity_full",
        ),
        checks=IDENTITY,
    ),
    LookAlike(
        "a published table whose identity is a unique index",
        objects=("public.identity_index",),
        sow=each(
            "CREATE TABLE identity_index (code int NOT NULL)",
            "CREATE UNIQUE INDEX identity_index_code ON identity_index (code)",
            "ALTER TABLE identity_index REPLICA IDENTITY USING INDEX identity_index_code",
            "CREATE PUBLICATION of_index FOR TABLE identity_index",
        ),
        checks=IDENTITY,
    ),
    LookAlike(
        "a published table with a primary key",
        objects=("public.identity_key",),
        sow=each("CREATE TABLE identity_key (id int PRIMARY KEY)", "CREATE PUBLICATION of_key FOR TABLE identity_key"),
    ),
    LookAlike(
        "a table without primary key that nobody publishes",
        objects=("public.unpublished",),
        sow="CREATE TABLE unpublished (id int)",
        checks=IDENTITY,
    ),
    LookAlike(
        "a partitioned table that is published, and its partition with a primary key",
        objects=("public.identity_parts", "public.identity_part_2"),
        sow="",
        checks=IDENTITY,
    ),
    LookAlike(
        "what a published schema has beside: a table with a primary key, and one that is not logged",
        objects=("published_whole.named", "published_whole.unlogged"),
        sow="",
        checks=IDENTITY,
    ),
    LookAlike("slots and senders enough", objects=("max_replication_slots", "max_wal_senders"), sow=""),
]


def afterwards(bed: Bed) -> None:
    """Last, as a commit that asks for a standby would wait for it."""
    set_for_a_while(bed, "synchronous_standby_names", "'FIRST 2 (nobody, \"no one\")'")
