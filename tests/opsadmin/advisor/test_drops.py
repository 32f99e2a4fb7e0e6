"""Which indexes can go, by facts read from a real PostgreSQL."""

from dataclasses import replace

import psycopg
import pytest
from psycopg.rows import dict_row

from opsadmin.advisor.drops import MIN_WINDOW_SECONDS, Why, create_again, drops_of, forbids
from opsadmin.advisor.facts import tables_of
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.postgres.names import quoted

WEEK = float(MIN_WINDOW_SECONDS)
SCHEMA = """
CREATE SCHEMA dropping;
SET LOCAL search_path = dropping, public;
CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE);
CREATE TABLE orders (
    id int PRIMARY KEY, customer_id int REFERENCES customers, seller_id int REFERENCES customers, status text NOT NULL, day date,
    price numeric, data jsonb, "Odd ""Name." text
);
INSERT INTO customers SELECT n, n::text FROM generate_series(1, 3000) AS n;
INSERT INTO orders SELECT n, n, n, 'open', '2024-01-01'::date + n % 300, n, '{}', n::text FROM generate_series(1, 3000) AS n;
"""


class Shop:
    """A schema that is rolled back; `look` is what the advisor says of it."""

    def __init__(self, connection):
        self.connection = connection

    def do(self, sql):
        self.connection.execute(sql)

    def oid(self, name):
        return self.connection.execute("SELECT %s::regclass::oid AS oid", [f"dropping.{name}"]).fetchone()["oid"]

    def tables(self, *names):
        names = names or ("customers", "orders")
        self.do(f"ANALYZE {', '.join(names)}")
        return tables_of(
            lambda sql, values: self.connection.execute(sql, values).fetchall(), [self.oid(name) for name in names]
        )

    def look(self, *names, new=(), used=(), window=0.0):
        return drops_of(self.tables(*names), new, used=used, window_seconds=window)

    def spec(self, *keys, include=(), **more):
        return IndexSpec(self.oid("orders"), "dropping.orders", tuple(keys), include, **more)


@pytest.fixture
def shop(superuser_dsn):
    with psycopg.connect(superuser_dsn, row_factory=dict_row) as connection:
        connection.execute(SCHEMA)
        yield Shop(connection)
        connection.rollback()


def said(drops):
    return [(one.why, one.index.removeprefix("dropping.")) for one in drops]


def test_a_table_with_what_it_needs_keeps_all(shop):
    shop.do("CREATE INDEX ON orders (customer_id); CREATE INDEX ON orders (status, day)")
    assert shop.look() == ()


def test_of_two_that_are_the_same_the_better_one_stays(shop):
    shop.do(
        "CREATE INDEX one ON orders (status, day DESC) INCLUDE (price); CREATE INDEX two ON orders (status, day DESC) INCLUDE (price)"
    )
    shop.do("CREATE INDEX doubled ON customers (email)")
    drops = shop.look()
    assert said(drops) == [("duplicate", "doubled"), ("duplicate", "two")]
    assert drops[0].kept == "dropping.customers_email_key"
    assert "constraint" in drops[0].reason
    assert drops[1].ddl == "DROP INDEX CONCURRENTLY dropping.two;"
    assert drops[1].bytes > 0
    assert drops[1].as_dict()["why"] == "duplicate"


@pytest.mark.parametrize(
    "other",
    [
        "CREATE UNIQUE INDEX other ON orders (status, day, id)",
        "CREATE INDEX other ON orders (status, day DESC)",
        "CREATE INDEX other ON orders (status, day NULLS FIRST)",
        "CREATE INDEX other ON orders (status text_pattern_ops, day)",
        'CREATE INDEX other ON orders (status COLLATE "C", day)',
        "CREATE INDEX other ON orders (status, day) WHERE price > 3",
        "CREATE INDEX other ON orders USING gist (day)",
        "CREATE INDEX other ON orders (lower(status), day)",
        "CREATE INDEX other ON orders (day, status)",
        "CREATE INDEX other ON orders (status) INCLUDE (price, id)",
    ],
)
def test_look_alikes_stay(shop, other):
    """Each differs from (status, day) INCLUDE (price) in what it answers, or guards something."""
    if "gist" in other:
        shop.do("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
    shop.do("CREATE INDEX one ON orders (status, day) INCLUDE (price)")
    shop.do(other)
    assert shop.look() == ()


def test_brin_by_other_page_ranges_stays(shop):
    shop.do(
        "CREATE INDEX one ON orders USING brin (day); CREATE INDEX two ON orders USING brin (day) WITH (pages_per_range = 8)"
    )
    assert shop.look() == ()
    shop.do("CREATE INDEX three ON orders USING brin (day) WITH (pages_per_range = 8)")
    (drop,) = shop.look()
    assert drop.undo == "CREATE INDEX CONCURRENTLY three ON dropping.orders USING brin (day) WITH (pages_per_range=8);"


def test_the_beginning_of_a_longer_one(shop):
    shop.do(
        "CREATE INDEX a ON orders (status); CREATE INDEX ab ON orders (status, day); CREATE INDEX abc ON orders (status, day, id)"
    )
    drops = shop.look()
    assert said(drops) == [("redundant", "a"), ("redundant", "ab")]
    assert {one.kept for one in drops} == {"dropping.abc"}
    shop.do("DROP INDEX ab, abc; CREATE INDEX partial ON orders (status, day) WHERE price > 3")
    assert shop.look() == ()
    shop.do("CREATE INDEX short ON orders (status) WHERE price > 3")
    (drop,) = shop.look()
    assert (drop.kept, drop.undo) == ("dropping.partial", "")
    assert "pg_get_indexdef('dropping.short'::regclass)" in drop.caution


def test_expressions_are_compared_as_they_are_stored(shop):
    shop.do("CREATE INDEX one ON orders (lower(status)); CREATE INDEX two ON orders (lower(status), upper(status))")
    shop.do("CREATE INDEX three ON orders (upper(status))")
    assert said(shop.look()) == [("redundant", "one")]


def test_what_a_longer_one_does_not_hold_is_not_lost(shop):
    shop.do("CREATE INDEX one ON orders (status) INCLUDE (price); CREATE INDEX two ON orders (status, day)")
    assert shop.look() == ()
    shop.do("CREATE INDEX three ON orders (status, day, price)")
    assert said(shop.look()) == [("redundant", "one"), ("redundant", "two")]


def test_a_clustered_one_and_replica_identity_stay(shop):
    shop.do(
        "CREATE INDEX one ON orders (status); CREATE INDEX two ON orders (status, day); ALTER TABLE orders CLUSTER ON one"
    )
    shop.do("CREATE UNIQUE INDEX three ON customers (id); ALTER TABLE customers REPLICA IDENTITY USING INDEX three")
    assert shop.look() == ()
    assert said(shop.look(window=WEEK)) == [("unused", "two")]


def test_a_recommended_one_replaces_what_it_begins_with(shop):
    shop.do("CREATE INDEX one ON orders (status); CREATE INDEX two ON orders (status, day)")
    new = shop.spec(Key.of("status"), Key.of("day"), Key.of("id"), include=("price",))
    drops = shop.look(new=[new])
    assert said(drops) == [("replaced", "one"), ("replaced", "two")]
    assert drops[1].kept == new.ddl()
    assert "(status, day, id) INCLUDE (price)" in drops[1].reason
    # The longer one is not said to do the work, because it goes itself.
    assert drops[0].kept == new.ddl()


def test_a_recommended_one_with_more_columns_carried_along(shop):
    shop.do("CREATE INDEX one ON orders (status) INCLUDE (price)")
    assert said(shop.look(new=[shop.spec(Key.of("status"), include=("day", "price"))])) == [("replaced", "one")]
    for other in (
        shop.spec(Key.of("status"), include=("price",)),  # the same again
        shop.spec(Key.of("status"), Key.of("day")),
        shop.spec(Key.of("status", descending=True, nulls_first=True), Key.of("price")),
        shop.spec(Key.of("status", "text_pattern_ops"), Key.of("price")),
        shop.spec(Key.of("status"), Key.of("price"), predicate="day IS NULL"),
        shop.spec(Key.of("status"), Key.of("price"), using="gist"),
    ):
        assert shop.look(new=[other]) == (), other


def test_order_and_operator_class_of_a_recommended_one(shop):
    shop.do("CREATE INDEX one ON orders (status text_pattern_ops, day DESC)")
    new = shop.spec(
        Key.of("status", "text_pattern_ops"), Key.of("day", descending=True, nulls_first=True), Key.of("id")
    )
    assert said(shop.look(new=[new])) == [("replaced", "one")]


def test_unused_needs_a_long_enough_look(shop):
    shop.do("CREATE INDEX idle ON orders (price)")
    assert shop.look(window=WEEK - 1) == ()
    assert shop.look(window=WEEK, used=[shop.oid("idle")]) == ()
    (drop,) = shop.look(window=WEEK)
    assert (drop.why, drop.kept) == (Why.UNUSED, "")
    assert "was not used once in 7 d" in drop.reason
    assert drop.undo == "CREATE INDEX CONCURRENTLY idle ON dropping.orders USING btree (price);"


def test_unused_but_needed(shop):
    shop.do("CREATE UNIQUE INDEX guards ON orders (price)")
    shop.do("CREATE INDEX expression ON orders (upper(status)); CREATE INDEX small ON customers (id) WHERE id < 3")
    shop.do("CREATE INDEX serves ON orders (customer_id)")
    shop.do("CREATE INDEX of_some ON orders (seller_id) WHERE seller_id IS NOT NULL")
    assert shop.look(window=WEEK) == ()
    shop.do("CREATE INDEX serves_too ON orders (customer_id, day)")
    shop.do("CREATE INDEX not_whole ON orders (seller_id) WHERE status = 'open'")
    drops = shop.look(window=WEEK)
    assert said(drops) == [("unused", "not_whole"), ("unused", "serves_too")]


def test_what_is_unused_does_not_stay_for_another(shop):
    """The longer one goes because nobody reads it, and then the shorter one does not."""
    shop.do("CREATE INDEX shorter ON orders (price); CREATE INDEX longer ON orders (price, day)")
    assert said(shop.look(window=WEEK, used=[shop.oid("shorter")])) == [("unused", "longer")]


def test_what_forbids(shop):
    shop.do(
        "CREATE UNIQUE INDEX guards ON orders (price); CREATE INDEX serves ON orders (customer_id); CREATE INDEX free ON orders (day)"
    )
    shop.do(
        "CREATE UNIQUE INDEX identity ON customers (id); ALTER TABLE customers REPLICA IDENTITY USING INDEX identity"
    )
    shop.do("CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day); CREATE INDEX parts_idx ON parts (id)")
    shop.do("CREATE TABLE part PARTITION OF parts DEFAULT")
    tables = shop.tables("customers", "orders", "part").values()
    why = {index.name: forbids(index, table) for table in tables for index in table.indexes}
    assert why.pop("free") == ""
    assert "primary key" in why.pop("orders_pkey")
    assert "unique" in why.pop("guards")
    assert "foreign key" in why.pop("serves")
    assert "constraint" in why.pop("customers_email_key")
    assert "partitioned" in why.pop("part_id_idx")
    assert set(why) == {"customers_pkey", "identity"}


def test_partitioned_ones_are_locked_meanwhile(shop):
    shop.do(
        "CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day); CREATE TABLE part PARTITION OF parts DEFAULT"
    )
    shop.do("CREATE INDEX one ON parts (id); CREATE INDEX two ON parts (id, day)")
    shop.do("INSERT INTO parts SELECT n, '2024-01-01' FROM generate_series(1, 9000) AS n")
    (drop,) = shop.look("parts", "part", window=WEEK)
    assert drop.ddl == "DROP INDEX dropping.one;"
    assert drop.undo == "CREATE INDEX one ON dropping.parts USING btree (id);"
    assert "locked" in drop.caution


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE INDEX {0} ON orders (status, day DESC, id NULLS FIRST, price DESC NULLS LAST) INCLUDE (data)",
        'CREATE INDEX {0} ON orders (status COLLATE "C" text_pattern_ops, "Odd ""Name.")',
        "CREATE INDEX {0} ON orders USING gin (data jsonb_path_ops) WITH (fastupdate = off)",
        "CREATE INDEX {0} ON orders USING hash (status) WITH (fillfactor = 70)",
        "CREATE UNIQUE INDEX {0} ON orders (id, price)",
    ],
)
def test_undo_makes_the_same_index_again(shop, definition):
    name = "An \"odd.Name'"
    shop.do(definition.format(quoted(name)))

    def standing():
        (table,) = shop.tables("orders").values()
        return table, next(index for index in table.indexes if index.name == name)

    table, index = standing()
    text = shop.connection.execute("SELECT pg_get_indexdef(%s) AS text", [index.oid]).fetchone()["text"]
    again = create_again(index, table)
    shop.do(f"DROP INDEX dropping.{quoted(name)}")
    shop.do(again.replace(" CONCURRENTLY", ""))
    _, made = standing()
    assert shop.connection.execute("SELECT pg_get_indexdef(%s) AS text", [made.oid]).fetchone()["text"] == text


def test_the_longer_one_may_be_much_wider(shop):
    shop.do('CREATE INDEX one ON orders (status); CREATE INDEX two ON orders (status, id, day, price, "Odd ""Name.")')
    tables = shop.tables()
    (drop,) = drops_of(tables, (), used=(), window_seconds=0)
    assert (drop.index, drop.why, drop.caution) == ("dropping.one", Why.REDUNDANT, "")
    tables = {
        oid: replace(
            table,
            indexes=tuple(
                replace(index, scans=1200, bytes=index.bytes * (100 if index.name == "two" else 1))
                for index in table.indexes
            ),
        )
        for oid, table in tables.items()
    }
    (drop,) = drops_of(tables, (), used=(), window_seconds=0)
    assert "times its size, and dropping.one was used 1 200 times" in drop.caution


def test_order_does_not_depend_on_the_order_of_the_facts(shop):
    shop.do("CREATE INDEX b ON orders (status); CREATE INDEX a ON orders (status); CREATE INDEX c ON customers (email)")
    tables = shop.tables()
    backwards = dict(reversed(tables.items()))
    assert drops_of(tables, (), used=(), window_seconds=0) == drops_of(backwards, (), used=(), window_seconds=0)
    assert said(drops_of(tables, (), used=(), window_seconds=0)) == [("duplicate", "c"), ("duplicate", "a")]
