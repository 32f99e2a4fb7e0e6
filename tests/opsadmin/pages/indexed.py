"""A database of its own with every kind of index that the page "Indexes" tells of."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

_numbers = itertools.count()

#: May connect, and no more.
BARE = "indexes_bare"

_TABLES = '''
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE orders (
    id int PRIMARY KEY,
    customer_id int REFERENCES customers,
    note text,
    tags text[],
    number int CONSTRAINT orders_number_once UNIQUE
);
INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 300) AS n;
INSERT INTO orders SELECT n, n % 300 + 1, 'note ' || n, ARRAY['a'], n FROM generate_series(1, 6000) AS n;
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_note_idx ON orders (note);
CREATE INDEX "orders_note_idx ""again" ON orders (note);
CREATE INDEX orders_note_number_idx ON orders (note, number);
CREATE INDEX orders_tags_gin ON orders USING gin (tags);
CREATE INDEX orders_lower_idx ON orders (lower(note), id DESC) WHERE number > 5;
CREATE TABLE parts (key int, value text) PARTITION BY RANGE (key);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
CREATE INDEX parts_key_idx ON parts (key);
CREATE SCHEMA "odd ""schema""";
CREATE TABLE "odd ""schema"""."ta.ble" (id int, "col umn" int);
INSERT INTO "odd ""schema"""."ta.ble" SELECT n, n FROM generate_series(1, 60000) AS n;
CREATE INDEX "half empty" ON "odd ""schema"""."ta.ble" (id);
CREATE INDEX "<b>évil</b> & co" ON "odd ""schema"""."ta.ble" ("col umn");
DELETE FROM "odd ""schema"""."ta.ble" WHERE id % 20 > 0;
'''


@contextmanager
def indexed_database(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser."""
    name = f"indexes_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        connection.execute(
            f"""DO $$ BEGIN CREATE ROLE {BARE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL;
            WHEN unique_violation THEN NULL; END $$"""
        )
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_TABLES)
        connection.execute("VACUUM ANALYZE")
        # As a CREATE INDEX CONCURRENTLY leaves it that failed.
        connection.execute("INSERT INTO orders VALUES (7001, 1, 'note 1', NULL, 7001)")
        try:
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_note_once ON orders (note)")
        except psycopg.errors.UniqueViolation:
            connection.execute("ANALYZE orders")
    try:
        yield dsn
    finally:
        with psycopg.connect(superuser_dsn, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
