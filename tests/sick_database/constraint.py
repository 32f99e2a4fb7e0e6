"""Sick and innocent constraints."""

import contextlib
import threading

import psycopg

from tests.sick_database.plant import Bed, LookAlike, Problem, each


def detach_half(bed: Bed) -> None:
    """A DETACH ... CONCURRENTLY that waits for a reader and is broken off."""
    bed.superuser.execute("""
        CREATE TABLE detaching (day date PRIMARY KEY) PARTITION BY RANGE (day);
        CREATE TABLE detaching_old PARTITION OF detaching FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    """)
    reader, detacher = bed.open("reads a partition"), bed.open("detaches a partition", autocommit=True)
    reader.execute("SELECT * FROM detaching")
    detacher.execute("SET statement_timeout = 100")
    try:
        detacher.execute("ALTER TABLE detaching DETACH PARTITION detaching_old CONCURRENTLY")
    except psycopg.errors.QueryCanceled:
        pass
    reader.close()
    detacher.close()


def detaching_still(bed: Bed) -> None:
    """A DETACH ... CONCURRENTLY that waits for a reader, and will go on."""
    bed.superuser.execute("""
        CREATE TABLE leaving (day date PRIMARY KEY) PARTITION BY RANGE (day);
        CREATE TABLE leaving_now PARTITION OF leaving FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    """)
    reader, detacher = bed.open("keeps a partition"), bed.open("waits for a reader", autocommit=True)
    reader.execute("SELECT * FROM leaving")

    def detach() -> None:
        with contextlib.suppress(psycopg.Error):  # cancelled at the end of the bed
            detacher.execute("ALTER TABLE leaving DETACH PARTITION leaving_now CONCURRENTLY")

    thread = threading.Thread(target=detach, daemon=True)
    thread.start()

    def end() -> None:
        detacher.cancel()
        thread.join(10)

    bed.later(end)
    bed.until("SELECT FROM pg_inherits WHERE inhdetachpending AND inhrelid = 'leaving_now'::regclass")


def swallow_event(bed: Bed) -> None:
    bed.superuser.execute("""
        CREATE FUNCTION say_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER ddl_audit ON ddl_command_end EXECUTE FUNCTION say_ddl();
        CREATE EVENT TRIGGER ddl_watch ON ddl_command_end EXECUTE FUNCTION say_ddl();
        ALTER EVENT TRIGGER ddl_audit DISABLE;
    """)


PROBLEMS = [
    Problem(
        "a foreign key that is not valid",
        check="constraint.not_valid",
        object="public.c_orders.c_orders_customer",
        message="foreign key",
        sow="""
        CREATE TABLE c_customers (id bigint PRIMARY KEY);
        CREATE TABLE c_orders (id bigint PRIMARY KEY, customer bigint);
        CREATE INDEX ON c_orders (customer);
        ALTER TABLE c_orders ADD CONSTRAINT c_orders_customer FOREIGN KEY (customer) REFERENCES c_customers NOT VALID;
        """,
    ),
    Problem(
        "a check that is not valid, with an odd name",
        check="constraint.not_valid",
        object='public."c Prices"."not < 0.5 %"',
        message="check constraint",
        sow="""
        CREATE TABLE "c Prices" (id int PRIMARY KEY, price numeric);
        ALTER TABLE "c Prices" ADD CONSTRAINT "not < 0.5 %" CHECK (price >= 0.5) NOT VALID;
        """,
    ),
    Problem(
        "a check on a parent that is not valid, said once",
        check="constraint.not_valid",
        object="public.c_parent.c_parent_x",
        sow="""
        CREATE TABLE c_parent (id int, x int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
        CREATE TABLE c_parent_1 PARTITION OF c_parent FOR VALUES FROM (1) TO (10);
        ALTER TABLE c_parent ADD CONSTRAINT c_parent_x CHECK (x > 0) NOT VALID;
        """,
    ),
    Problem(
        "a domain's constraint that is not valid",
        check="constraint.not_valid",
        object="public.c_percent.c_percent_range",
        message="domain constraint",
        sow="""
        CREATE DOMAIN c_percent AS int;
        ALTER DOMAIN c_percent ADD CONSTRAINT c_percent_range CHECK (VALUE BETWEEN 0 AND 100) NOT VALID;
        """,
    ),
    Problem(
        "a foreign key that is NOT ENFORCED",
        check="constraint.not_enforced",
        object="public.c_loose.c_loose_up",
        since=18,
        sow="""
        CREATE TABLE c_loose (id int PRIMARY KEY, up int CONSTRAINT c_loose_up REFERENCES c_loose NOT ENFORCED);
        """,
    ),
    Problem(
        "a disabled trigger",
        check="constraint.trigger_disabled",
        object="public.c_audited.write_down",
        sow="""
        CREATE FUNCTION c_nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE c_audited (id int PRIMARY KEY);
        CREATE TRIGGER write_down BEFORE INSERT ON c_audited FOR EACH ROW EXECUTE FUNCTION c_nothing();
        CREATE TRIGGER always BEFORE INSERT ON c_audited FOR EACH ROW EXECUTE FUNCTION c_nothing();
        ALTER TABLE c_audited DISABLE TRIGGER write_down, ENABLE ALWAYS TRIGGER always;
        """,
    ),
    Problem(
        "a trigger disabled on a partitioned table, said once",
        check="constraint.trigger_disabled",
        object="public.c_split.stamp",
        sow="""
        CREATE TABLE c_split (id int PRIMARY KEY) PARTITION BY HASH (id);
        CREATE TABLE c_split_0 PARTITION OF c_split FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE TRIGGER stamp BEFORE INSERT ON c_split FOR EACH ROW EXECUTE FUNCTION c_nothing();
        ALTER TABLE c_split DISABLE TRIGGER stamp;
        """,
    ),
    Problem(
        "a trigger disabled on one partition alone",
        check="constraint.trigger_disabled",
        object="public.c_other_0.stamp",
        sow="""
        CREATE TABLE c_other (id int PRIMARY KEY) PARTITION BY HASH (id);
        CREATE TABLE c_other_0 PARTITION OF c_other FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE TRIGGER stamp BEFORE INSERT ON c_other FOR EACH ROW EXECUTE FUNCTION c_nothing();
        ALTER TABLE c_other_0 DISABLE TRIGGER stamp;
        """,
    ),
    Problem(
        "a disabled rule",
        check="constraint.trigger_disabled",
        object="public.c_ruled.no_delete",
        sow="""
        CREATE TABLE c_ruled (id int PRIMARY KEY);
        CREATE RULE no_delete AS ON DELETE TO c_ruled DO INSTEAD NOTHING;
        ALTER TABLE c_ruled DISABLE RULE no_delete;
        """,
    ),
    Problem("a disabled event trigger", check="constraint.trigger_disabled", object="ddl_audit", sow=swallow_event),
    Problem(
        "a foreign key switched off on the referring table",
        check="constraint.enforcement_disabled",
        object="public.c_lines.c_lines_of",
        severity="critical",
        message="2 of its internal triggers",
        sow="""
        CREATE TABLE c_lines (id int PRIMARY KEY, order_id bigint CONSTRAINT c_lines_of REFERENCES c_orders);
        CREATE INDEX ON c_lines (order_id);
        ALTER TABLE c_lines DISABLE TRIGGER ALL;
        """,
    ),
    Problem(
        "a foreign key switched off on the table it refers to",
        check="constraint.enforcement_disabled",
        object="public.c_notes.c_notes_about",
        message="public.c_topics",
        sow="""
        CREATE TABLE c_topics (id int PRIMARY KEY);
        CREATE TABLE c_notes (id int PRIMARY KEY, topic int CONSTRAINT c_notes_about REFERENCES c_topics);
        CREATE INDEX ON c_notes (topic);
        ALTER TABLE c_topics DISABLE TRIGGER ALL;
        """,
    ),
    Problem(
        "a deferrable unique constraint that is not checked",
        check="constraint.enforcement_disabled",
        object="public.c_ranks.c_ranks_rank",
        message="unique constraint",
        sow="""
        CREATE TABLE c_ranks (id int PRIMARY KEY, rank int CONSTRAINT c_ranks_rank UNIQUE DEFERRABLE);
        ALTER TABLE c_ranks DISABLE TRIGGER ALL;
        """,
    ),
    Problem(
        "an integer that refers to a bigint",
        check="constraint.type_mismatch",
        object="public.c_narrow.c_narrow_customer",
        message="public.c_narrow.customer is integer, public.c_customers.id is bigint",
        sow="""
        CREATE TABLE c_narrow (id int PRIMARY KEY, customer int CONSTRAINT c_narrow_customer REFERENCES c_customers);
        CREATE INDEX ON c_narrow (customer);
        """,
    ),
    Problem(
        "a bigint that refers to an integer",
        check="constraint.type_mismatch",
        object="public.c_wide.c_wide_topic",
        sow="""
        CREATE TABLE c_wide (id int PRIMARY KEY, topic bigint CONSTRAINT c_wide_topic REFERENCES c_topics);
        CREATE INDEX ON c_wide (topic);
        """,
    ),
    Problem(
        "an integer that refers to a numeric, in a key of two columns",
        check="constraint.type_mismatch",
        object="public.c_numeric.c_numeric_pair",
        message="c_numeric.b is integer, public.c_amounts.b is numeric",
        sow="""
        CREATE TABLE c_pairs (a int, b int, PRIMARY KEY (a, b));
        CREATE TABLE c_amounts (a int, b numeric, PRIMARY KEY (a, b));
        CREATE TABLE c_numeric (id int PRIMARY KEY, a int, b int,
            CONSTRAINT c_numeric_pair FOREIGN KEY (a, b) REFERENCES c_amounts);
        CREATE INDEX ON c_numeric (a, b);
        """,
    ),
    Problem(
        "a foreign key there twice",
        check="constraint.duplicate_foreign_key",
        object="public.c_twice.c_twice_again",
        message="repeats public.c_twice.c_twice_first",
        sow="""
        CREATE TABLE c_twice (id int PRIMARY KEY, topic int CONSTRAINT c_twice_first REFERENCES c_topics,
            CONSTRAINT c_twice_again FOREIGN KEY (topic) REFERENCES c_topics (id));
        CREATE INDEX ON c_twice (topic);
        """,
    ),
    Problem(
        "a foreign key there twice, its columns in another order and another action",
        check="constraint.duplicate_foreign_key",
        object="public.c_turned.c_turned_ba",
        sow="""
        CREATE TABLE c_turned (id int PRIMARY KEY, a int, b int,
            CONSTRAINT c_turned_ab FOREIGN KEY (a, b) REFERENCES c_pairs (a, b),
            CONSTRAINT c_turned_ba FOREIGN KEY (b, a) REFERENCES c_pairs (b, a) ON DELETE CASCADE);
        CREATE INDEX ON c_turned (a, b);
        """,
    ),
    Problem(
        "a check there twice",
        check="constraint.duplicate_check",
        object="public.c_checked.c_checked_2",
        message="c_checked_1",
        sow="""
        CREATE TABLE c_checked (id int PRIMARY KEY, x int CONSTRAINT c_checked_1 CHECK (x > 0),
            CONSTRAINT c_checked_2 CHECK (x  >  0));
        """,
    ),
    Problem(
        "a table without a primary key",
        check="constraint.no_primary_key",
        object="public.c_heap",
        sow="CREATE TABLE c_heap (id int, name text); INSERT INTO c_heap VALUES (1, 'a'), (1, 'a'); ANALYZE c_heap;",
    ),
    Problem(
        "a table with a unique index over a column that may be NULL",
        check="constraint.no_primary_key",
        object="public.c_nullable",
        sow="CREATE TABLE c_nullable (id int UNIQUE, name text);",
    ),
    Problem(
        "a table with a partial unique index",
        check="constraint.no_primary_key",
        object="public.c_partial",
        sow="""
        CREATE TABLE c_partial (id int NOT NULL, gone bool NOT NULL);
        CREATE UNIQUE INDEX ON c_partial (id) WHERE NOT gone;
        """,
    ),
    Problem(
        "a partitioned table without a primary key",
        check="constraint.no_primary_key",
        object="public.c_days",
        sow="""
        CREATE TABLE c_days (day date, x int) PARTITION BY RANGE (day);
        CREATE TABLE c_days_1 PARTITION OF c_days FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        """,
    ),
    Problem(
        "ON DELETE SET NULL on a NOT NULL column",
        check="constraint.set_null_refused",
        object="public.c_strict.c_strict_topic",
        sow="""
        CREATE TABLE c_strict (id int PRIMARY KEY,
            topic int NOT NULL CONSTRAINT c_strict_topic REFERENCES c_topics ON DELETE SET NULL);
        CREATE INDEX ON c_strict (topic);
        """,
    ),
    Problem(
        "a role with session_replication_role",
        check="constraint.replica_role",
        object="role c_loader",
        severity="critical",
        sow="CREATE ROLE c_loader LOGIN; ALTER ROLE c_loader SET session_replication_role = replica;",
    ),
    Problem(
        "a role with session_replication_role in one database, with an odd name",
        check="constraint.replica_role",
        object='role "c Odd.role" in database sick',
        sow="""
        CREATE ROLE "c Odd.role"; ALTER ROLE "c Odd.role" IN DATABASE sick SET session_replication_role = 'replica';
        """,
    ),
    Problem(
        "a database with session_replication_role",
        check="constraint.replica_role",
        object="database c_replica",
        sow=each("CREATE DATABASE c_replica", "ALTER DATABASE c_replica SET session_replication_role = 'Replica'"),
    ),
    Problem(
        "a detachment that was broken off",
        check="constraint.detach_pending",
        object="public.detaching_old",
        by=("superuser", "monitor"),
        sow=detach_half,
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "valid constraints of all kinds",
        objects=(
            "public.c_good.c_good_x",
            "public.c_good.c_good_topic",
            "public.c_good",
            "public.c_posint.c_posint_check",
        ),
        sow="""
        CREATE DOMAIN c_posint AS int CHECK (VALUE > 0);
        CREATE TABLE c_good (id int PRIMARY KEY, x c_posint CONSTRAINT c_good_x CHECK (x < 10),
            topic int CONSTRAINT c_good_topic REFERENCES c_topics ON DELETE SET NULL);
        CREATE INDEX ON c_good (topic)
        """,
    ),
    LookAlike(
        "a constraint added NOT VALID and validated since",
        objects=("public.c_validated.c_validated_x",),
        sow="""
        CREATE TABLE c_validated (id int PRIMARY KEY, x int);
        ALTER TABLE c_validated ADD CONSTRAINT c_validated_x CHECK (x > 0) NOT VALID;
        ALTER TABLE c_validated VALIDATE CONSTRAINT c_validated_x;
        """,
    ),
    LookAlike(
        "a partition's copy of its parent's constraint or trigger",
        objects=("public.c_parent_1.c_parent_x", "public.c_split_0.stamp", "public.c_days_1", "public.c_parent_1"),
        sow="SELECT 1",
    ),
    LookAlike(
        "triggers that are enabled, always, or for replicas",
        objects=("public.c_audited.always", "public.c_replayed.only_replica", "ddl_watch", "public.c_ruled"),
        sow="""
        CREATE TABLE c_replayed (id int PRIMARY KEY);
        CREATE TRIGGER only_replica BEFORE INSERT ON c_replayed FOR EACH ROW EXECUTE FUNCTION c_nothing();
        ALTER TABLE c_replayed ENABLE REPLICA TRIGGER only_replica;
        """,
    ),
    LookAlike(
        "text that refers to varchar, and varchar(n) to varchar(m)",
        objects=("public.c_texts.c_texts_a", "public.c_texts.c_texts_b", "public.c_texts"),
        sow="""
        CREATE TABLE c_codes (code varchar(20) PRIMARY KEY, other text NOT NULL UNIQUE);
        CREATE TABLE c_texts (id int PRIMARY KEY, a text CONSTRAINT c_texts_a REFERENCES c_codes,
            b varchar(10) CONSTRAINT c_texts_b REFERENCES c_codes (other));
        CREATE INDEX ON c_texts (a);
        CREATE INDEX ON c_texts (b);
        """,
    ),
    LookAlike(
        "a domain that refers to its own base type, also through another domain",
        objects=("public.c_domains.c_domains_a", "public.c_domains.c_domains_b", "public.c_domains"),
        sow="""
        CREATE DOMAIN c_id AS int;
        CREATE DOMAIN c_topic_id AS c_id;
        CREATE TABLE c_domains (id int PRIMARY KEY, a c_id CONSTRAINT c_domains_a REFERENCES c_topics,
            b c_topic_id CONSTRAINT c_domains_b REFERENCES c_topics);
        CREATE INDEX ON c_domains (a);
        CREATE INDEX ON c_domains (b);
        """,
    ),
    LookAlike(
        "two foreign keys to one table from two columns, and from one column to two tables",
        objects=("public.c_people.c_people_a", "public.c_people.c_people_b", "public.c_people.c_people_c"),
        sow="""
        CREATE TABLE c_topic_texts (id int PRIMARY KEY REFERENCES c_topics);
        CREATE TABLE c_people (id int PRIMARY KEY, created_for int CONSTRAINT c_people_a REFERENCES c_topics,
            updated_for int CONSTRAINT c_people_b REFERENCES c_topics,
            CONSTRAINT c_people_c FOREIGN KEY (updated_for) REFERENCES c_topic_texts);
        CREATE INDEX ON c_people (created_for);
        CREATE INDEX ON c_people (updated_for);
        """,
    ),
    LookAlike(
        "two checks of one column, and one check on two tables",
        objects=("public.c_range.c_range_1", "public.c_range.c_range_2", "public.c_range_too.c_range_1"),
        sow="""
        CREATE TABLE c_range (id int PRIMARY KEY, x int CONSTRAINT c_range_1 CHECK (x > 0),
            CONSTRAINT c_range_2 CHECK (x < 9));
        CREATE TABLE c_range_too (id int PRIMARY KEY, x int CONSTRAINT c_range_1 CHECK (x > 0));
        """,
    ),
    LookAlike(
        "tables that something else identifies: a unique index over NOT NULL columns",
        objects=("public.c_identified", 'public."c.identified twice"'),
        sow="""
        CREATE TABLE c_identified (code int NOT NULL UNIQUE, name text);
        CREATE TABLE "c.identified twice" (a int NOT NULL, b int NOT NULL, x int);
        CREATE UNIQUE INDEX ON "c.identified twice" (a, b) INCLUDE (x);
        ALTER TABLE c_identified REPLICA IDENTITY USING INDEX c_identified_code_key;
        """,
    ),
    LookAlike(
        "an unlogged staging table, a view, a materialized view, a foreign table",
        objects=("public.c_staging", "public.c_view", "public.c_stored"),
        sow="""
        CREATE UNLOGGED TABLE c_staging (line text);
        CREATE VIEW c_view AS SELECT 1 AS id;
        CREATE MATERIALIZED VIEW c_stored AS SELECT 1 AS id;
        """,
        checks=("constraint.no_primary_key",),
    ),
    LookAlike(
        "a partitioned table without a primary key whose partitions have one each",
        objects=("public.c_months", "public.c_months_1", "public.c_months_2", "public.c_months_2a"),
        sow="""
        CREATE TABLE c_months (id int NOT NULL, month date) PARTITION BY RANGE (month);
        CREATE TABLE c_months_1 PARTITION OF c_months (PRIMARY KEY (id)) FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE TABLE c_months_2 PARTITION OF c_months FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')
            PARTITION BY HASH (id);
        CREATE TABLE c_months_2a PARTITION OF c_months_2 (PRIMARY KEY (id)) FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        """,
        checks=("constraint.no_primary_key",),
    ),
    LookAlike(
        "ON DELETE SET NULL of one column of two, the other one NOT NULL",
        objects=("public.c_tenant.c_tenant_pair",),
        sow="""
        CREATE TABLE c_tenant (id int PRIMARY KEY, a int NOT NULL, b int,
            CONSTRAINT c_tenant_pair FOREIGN KEY (a, b) REFERENCES c_pairs ON DELETE SET NULL (b));
        CREATE INDEX ON c_tenant (a, b);
        """,
        since=15,
    ),
    LookAlike(
        "roles with session_replication_role at origin or local",
        objects=("role c_origin", "role c_local"),
        sow="""
        CREATE ROLE c_origin; ALTER ROLE c_origin SET session_replication_role = origin;
        CREATE ROLE c_local; ALTER ROLE c_local SET session_replication_role = local;
        """,
    ),
    LookAlike(
        "a partition that was detached to its end",
        objects=("public.c_detached",),
        sow=each(
            "CREATE TABLE c_detach (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE c_detached PARTITION OF c_detach FOR VALUES FROM (1) TO (2)",
            "ALTER TABLE c_detach DETACH PARTITION c_detached CONCURRENTLY",
        ),
    ),
    LookAlike(
        "a partition that is being detached",
        objects=("public.leaving_now", "public.leaving"),
        sow="SELECT 1",  # see `afterwards`
    ),
]


def afterwards(bed: Bed) -> None:
    detaching_still(bed)
