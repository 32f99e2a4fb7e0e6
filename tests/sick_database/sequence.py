"""Sick and innocent sequences."""

from __future__ import annotations

from tests.sick_database.plant import LookAlike, Problem

SCHEMA = "CREATE SCHEMA IF NOT EXISTS counting; GRANT USAGE ON SCHEMA counting TO PUBLIC;"
#: The roles that look may read what stands in front of this; what does not, they are told that they may not.
READABLE = """
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA counting TO monitor, bare;
    GRANT SELECT ON ALL TABLES IN SCHEMA counting TO monitor, bare;
"""


def plant(statements: str) -> str:
    return f"{SCHEMA} SET search_path = counting; {statements}; {READABLE} RESET search_path"


def at(name: str, value: int, definition: str = "", then: str = "") -> str:
    """A sequence that feeds nothing, at a value."""
    return plant(f"CREATE SEQUENCE {name} {definition}; SELECT setval('{name}', {value}); {then}")


RUNNING_OUT = "sequence.running_out"
BEHIND = "sequence.behind"

PROBLEMS = [
    Problem(
        "a bigint sequence feeds an int column near its end",
        check=RUNNING_OUT,
        object="counting.wide_seq",
        message="counting.narrow_column.id that it feeds ends before it",
        sow=plant(
            """CREATE TABLE narrow_column (id int PRIMARY KEY); CREATE SEQUENCE wide_seq AS bigint OWNED BY narrow_column.id;
               ALTER TABLE narrow_column ALTER id SET DEFAULT nextval('wide_seq');
               SELECT setval('wide_seq', 1900000000)"""
        ),
    ),
    Problem(
        "a serial key near its end",
        check=RUNNING_OUT,
        object="counting.serial_key_id_seq",
        severity="critical",
        sow=plant("CREATE TABLE serial_key (id serial PRIMARY KEY); SELECT setval('serial_key_id_seq', 2140000000)"),
    ),
    Problem(
        "a smallint identity near its end",
        check=RUNNING_OUT,
        object="counting.small_identity_id_seq",
        severity="warning",
        sow=plant(
            """CREATE TABLE small_identity (id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
               SELECT setval('small_identity_id_seq', 27000)"""
        ),
    ),
    Problem(
        "a MAXVALUE nearly reached",
        check=RUNNING_OUT,
        object="counting.low_maximum",
        sow=at("low_maximum", 990, "MAXVALUE 1000"),
    ),
    Problem(
        "a descending sequence near its MINVALUE",
        check=RUNNING_OUT,
        object="counting.going_down",
        sow=at("going_down", -950, "INCREMENT -1 MINVALUE -1000 MAXVALUE -1"),
    ),
    Problem(
        "a descending sequence into an int column",
        check=RUNNING_OUT,
        object="counting.down_into_int",
        sow=plant(
            """CREATE TABLE going_down_table (id int PRIMARY KEY);
               CREATE SEQUENCE down_into_int INCREMENT -1 OWNED BY going_down_table.id;
               ALTER TABLE going_down_table ALTER id SET DEFAULT nextval('down_into_int');
               SELECT setval('down_into_int', -2000000000)"""
        ),
    ),
    Problem(
        "an exhausted sequence",
        check=RUNNING_OUT,
        object="counting.exhausted",
        severity="critical",
        message="0 values are left",
        sow=at("exhausted", 100, "MAXVALUE 100"),
    ),
    Problem(
        "no room for one more step",
        check=RUNNING_OUT,
        object="counting.large_steps",
        severity="critical",
        sow=at("large_steps", 600, "INCREMENT 500 MAXVALUE 1000"),
    ),
    Problem(
        "a bigint sequence at its end",
        check=RUNNING_OUT,
        object="counting.even_bigint",
        sow=at("even_bigint", 9_000_000_000_000_000_000),
    ),
    Problem(
        "a sequence with a dot, a quote and a blank in its name",
        check=RUNNING_OUT,
        object='counting."odd.""Seq é"',
        sow=plant("""CREATE SEQUENCE "odd.""Seq é" MAXVALUE 10; SELECT setval('"odd.""Seq é"', 10)"""),
    ),
    Problem(
        "restarted near its end and not called since",
        check=RUNNING_OUT,
        object="counting.restarted_late",
        sow=plant(
            "CREATE SEQUENCE restarted_late MAXVALUE 1000 START 1; ALTER SEQUENCE restarted_late RESTART WITH 900"
        ),
    ),
    Problem(
        "a numeric column that ends early",
        check=RUNNING_OUT,
        object="counting.four_digits_seq",
        sow=plant(
            """CREATE TABLE four_digits (number numeric(4) PRIMARY KEY);
               CREATE SEQUENCE four_digits_seq OWNED BY four_digits.number;
               ALTER TABLE four_digits ALTER number SET DEFAULT nextval('four_digits_seq');
               SELECT setval('four_digits_seq', 9000)"""
        ),
    ),
    Problem(
        "a domain over smallint",
        check=RUNNING_OUT,
        object="counting.by_domain_seq",
        sow=plant(
            """CREATE DOMAIN small_number AS smallint; CREATE DOMAIN smaller_number AS small_number;
               CREATE TABLE by_domain (id smaller_number PRIMARY KEY);
               CREATE SEQUENCE by_domain_seq OWNED BY by_domain.id;
               ALTER TABLE by_domain ALTER id SET DEFAULT nextval('by_domain_seq');
               SELECT setval('by_domain_seq', 30000)"""
        ),
    ),
    Problem(
        "a partitioned table's int key near its end",
        check=RUNNING_OUT,
        object="counting.parted_seq",
        sow=plant(
            """CREATE SEQUENCE parted_seq; CREATE TABLE parted (id int DEFAULT nextval('parted_seq') PRIMARY KEY)
               PARTITION BY RANGE (id); ALTER SEQUENCE parted_seq OWNED BY parted.id;
               CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
               SELECT setval('parted_seq', 1800000000)"""
        ),
    ),
    Problem(
        "fed by a default and owned by nothing",
        check="sequence.unowned",
        object="counting.unowned_seq",
        sow=plant(
            """CREATE SEQUENCE unowned_seq;
               CREATE TABLE unowned (id bigint DEFAULT nextval('unowned_seq') PRIMARY KEY)"""
        ),
    ),
    Problem(
        "an unlogged sequence of a logged table",
        check="sequence.unlogged",
        object="counting.unlogged_seq",
        since=15,
        sow=plant(
            """CREATE TABLE of_unlogged (id bigint PRIMARY KEY); CREATE UNLOGGED SEQUENCE unlogged_seq OWNED BY of_unlogged.id;
               ALTER TABLE of_unlogged ALTER id SET DEFAULT nextval('unlogged_seq')"""
        ),
    ),
    Problem(
        "loaded with its own values, never called",
        check=BEHIND,
        object="counting.loaded_id_seq",
        severity="critical",
        message="gives 1 next, but counting.loaded.id has 500 already, and the next insert fails",
        sow=plant(
            """CREATE TABLE loaded (id bigserial PRIMARY KEY);
               INSERT INTO loaded SELECT g FROM generate_series(1, 500) AS g; ANALYZE loaded"""
        ),
    ),
    Problem(
        "an identity set back",
        check=BEHIND,
        object="counting.set_back_id_seq",
        sow=plant(
            """CREATE TABLE set_back (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
               INSERT INTO set_back SELECT FROM generate_series(1, 50); SELECT setval('set_back_id_seq', 20)"""
        ),
    ),
    Problem(
        "one row far ahead",
        check=BEHIND,
        object="counting.far_ahead_id_seq",
        severity="warning",
        message="inserts fail when it gets there",
        sow=plant(
            """CREATE TABLE far_ahead (id bigserial PRIMARY KEY); INSERT INTO far_ahead DEFAULT VALUES;
               INSERT INTO far_ahead VALUES (100000)"""
        ),
    ),
    Problem(
        "equal to the largest value by setval with false",
        check=BEHIND,
        object="counting.one_short_id_seq",
        sow=plant(
            """CREATE TABLE one_short (id bigserial PRIMARY KEY); INSERT INTO one_short VALUES (7);
               SELECT setval('one_short_id_seq', 7, false)"""
        ),
    ),
    Problem(
        "a descending one behind",
        check=BEHIND,
        object="counting.down_behind_seq",
        sow=plant(
            """CREATE TABLE down_behind (id bigint PRIMARY KEY);
               CREATE SEQUENCE down_behind_seq INCREMENT -1 OWNED BY down_behind.id;
               ALTER TABLE down_behind ALTER id SET DEFAULT nextval('down_behind_seq');
               INSERT INTO down_behind SELECT -g FROM generate_series(1, 9) AS g"""
        ),
    ),
    Problem(
        "behind in a partitioned table",
        check=BEHIND,
        object="counting.parted_behind_id_seq",
        sow=plant(
            """CREATE TABLE parted_behind (id bigserial, PRIMARY KEY (id)) PARTITION BY RANGE (id);
               CREATE TABLE parted_behind_1 PARTITION OF parted_behind FOR VALUES FROM (0) TO (1000);
               INSERT INTO parted_behind SELECT g FROM generate_series(1, 30) AS g; ANALYZE parted_behind"""
        ),
    ),
    Problem(
        "behind with odd names",
        check=BEHIND,
        object='counting."Odd. ""T"" é_Id % seq"',
        sow=plant(
            """CREATE TABLE "Odd. ""T"" é" ("Id %" bigint PRIMARY KEY);
               CREATE SEQUENCE "Odd. ""T"" é_Id % seq" OWNED BY "Odd. ""T"" é"."Id %";
               ALTER TABLE "Odd. ""T"" é" ALTER "Id %" SET DEFAULT nextval('"Odd. ""T"" é_Id % seq"');
               INSERT INTO "Odd. ""T"" é" VALUES (1), (2)"""
        ),
    ),
    Problem(
        "behind where the key has a second column",
        check=BEHIND,
        object="counting.two_columns_id_seq",
        severity="warning",
        sow=plant(
            """CREATE TABLE two_columns (id bigserial, day date, PRIMARY KEY (id, day));
               INSERT INTO two_columns SELECT g, '2026-01-01' FROM generate_series(1, 20) AS g; ANALYZE two_columns"""
        ),
    ),
]


def innocent(name: str, statements: str, *objects: str) -> LookAlike:
    return LookAlike(name, tuple(f"counting.{one}" for one in objects), plant(statements))


LOOK_ALIKES = [
    innocent(
        "a sequence at half",
        "CREATE TABLE at_half (id serial PRIMARY KEY); SELECT setval('at_half_id_seq', 1073741823)",
        "at_half_id_seq",
        "at_half",
    ),
    innocent(
        "a bigint identity beyond an int's range",
        """CREATE TABLE wide_identity (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
           SELECT setval('wide_identity_id_seq', 5000000000)""",
        "wide_identity_id_seq",
        "wide_identity",
    ),
    innocent("a ring", "CREATE SEQUENCE ring MAXVALUE 100 CYCLE; SELECT setval('ring', 100)", "ring"),
    innocent(
        "a ring that feeds slots",
        """CREATE TABLE slots (id bigint PRIMARY KEY, slot int); CREATE SEQUENCE slots_ring AS int MAXVALUE 8 CYCLE
           OWNED BY slots.slot; ALTER TABLE slots ALTER slot SET DEFAULT nextval('slots_ring');
           INSERT INTO slots SELECT g FROM generate_series(1, 20) AS g; ANALYZE slots""",
        "slots_ring",
        "slots",
    ),
    innocent(
        "a descending sequence with room",
        "CREATE SEQUENCE down_with_room INCREMENT -1; SELECT setval('down_with_room', -1000000)",
        "down_with_room",
    ),
    innocent("a sequence with a cache", "CREATE SEQUENCE cached CACHE 100; SELECT nextval('cached')", "cached"),
    innocent(
        "a sequence of the application's own",
        "CREATE SEQUENCE invoice_numbers; SELECT nextval('invoice_numbers')",
        "invoice_numbers",
    ),
    innocent(
        "never called", "CREATE TABLE never_called (id serial PRIMARY KEY)", "never_called_id_seq", "never_called"
    ),
    innocent(
        "one sequence for two tables on purpose",
        """CREATE SEQUENCE shared_seq; CREATE TABLE shared_a (id bigint DEFAULT nextval('shared_seq') PRIMARY KEY);
           CREATE TABLE shared_b (id bigint DEFAULT nextval('shared_seq') PRIMARY KEY);
           INSERT INTO shared_a DEFAULT VALUES; INSERT INTO shared_b DEFAULT VALUES""",
        "shared_seq",
        "shared_a",
        "shared_b",
    ),
    innocent(
        "an unowned sequence that numbers texts",
        "CREATE SEQUENCE text_seq; CREATE TABLE numbered (id text DEFAULT 'N-' || nextval('text_seq') PRIMARY KEY)",
        "text_seq",
        "numbered",
    ),
    innocent(
        "as far as its column",
        """CREATE TABLE in_step (id bigserial PRIMARY KEY);
           INSERT INTO in_step SELECT FROM generate_series(1, 100); ANALYZE in_step""",
        "in_step_id_seq",
        "in_step",
    ),
    innocent(
        "restarted after the load and not called since",
        """CREATE TABLE restarted (id bigserial PRIMARY KEY);
           INSERT INTO restarted SELECT g FROM generate_series(1, 100) AS g; ANALYZE restarted;
           ALTER SEQUENCE restarted_id_seq RESTART WITH 101""",
        "restarted_id_seq",
        "restarted",
    ),
    innocent(
        "set to the largest value",
        """CREATE TABLE set_right (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
           INSERT INTO set_right SELECT g FROM generate_series(1, 100) AS g; ANALYZE set_right;
           SELECT setval('set_right_id_seq', 100)""",
        "set_right_id_seq",
        "set_right",
    ),
    innocent(
        "a partitioned table in step",
        """CREATE TABLE parted_in_step (id bigserial PRIMARY KEY) PARTITION BY RANGE (id);
           CREATE TABLE parted_in_step_1 PARTITION OF parted_in_step FOR VALUES FROM (0) TO (1000);
           INSERT INTO parted_in_step SELECT FROM generate_series(1, 30); ANALYZE parted_in_step""",
        "parted_in_step_id_seq",
        "parted_in_step",
        "parted_in_step_1",
    ),
    innocent(
        "a child with larger values than its parent",
        """CREATE TABLE elder (id bigserial PRIMARY KEY); CREATE TABLE younger (PRIMARY KEY (id)) INHERITS (elder);
           INSERT INTO elder DEFAULT VALUES; INSERT INTO younger DEFAULT VALUES""",
        "elder_id_seq",
        "elder",
        "younger",
    ),
    innocent(
        "a wide range from a negative minimum",
        """CREATE TABLE from_below (id int PRIMARY KEY);
           CREATE SEQUENCE from_below_seq AS int MINVALUE -2147483648 START -2147483648 OWNED BY from_below.id;
           ALTER TABLE from_below ALTER id SET DEFAULT nextval('from_below_seq');
           SELECT setval('from_below_seq', 1)""",
        "from_below_seq",
        "from_below",
    ),
    innocent(
        "an unlogged sequence of an unlogged table",
        "CREATE UNLOGGED TABLE scratch (id serial PRIMARY KEY)",
        "scratch_id_seq",
    ),
    innocent(
        "an id given by the application, above an unused serial's range of values",
        "CREATE TABLE spaced (id bigserial PRIMARY KEY); INSERT INTO spaced VALUES (-5), (0)",
        "spaced_id_seq",
        "spaced",
    ),
]
