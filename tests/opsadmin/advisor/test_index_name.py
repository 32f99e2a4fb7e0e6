"""Names of new indexes, held against those that PostgreSQL and Django choose."""

import os
import subprocess
import sys

import psycopg
import pytest

from opsadmin.advisor.index_name import index_name, name_parts
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.postgres.names import quoted

LONG = "a_table_whose_name_is_about_as_long_as_postgresql_lets_it_be"
TABLES = ["orders", "Order Lines", 'we"ird.tab', "été_des_élèves_à_la_bibliothèque_nationale_où", LONG]


def spec_of(table, *keys, include=(), using="btree", predicate=""):
    return IndexSpec(1, f"naming.{quoted(table)}", tuple(keys), include, predicate, using)


def specs(table):
    email, day = Key.of("email"), Key.of("day", descending=True)
    yield spec_of(table, email)
    yield spec_of(table, email, day, include=("price", "Select"))
    yield spec_of(table, Key.of("Select"), Key.of("a.b"))
    yield spec_of(table, Key.of("email", "text_pattern_ops"), predicate="price > 3")
    yield spec_of(table, Key("(lower(email))"), Key("(upper(email))"), Key("(lower(email || 'x'))"))
    yield spec_of(table, Key("(data ->> 'kind'::text)"), email)
    yield spec_of(table, Key("((day)::date)"))
    yield spec_of(table, Key("(lower(email)::bpchar)"))
    yield spec_of(table, Key("((price + 1)::text)"))
    yield spec_of(table, Key("(coalesce(email, ''))"))
    yield spec_of(table, Key("(price + 1)"))
    yield spec_of(
        table, Key.of("email"), Key.of("day"), Key.of("long_column_one_of_many"), include=("long_column_two_of_many",)
    )
    yield spec_of(table, Key.of("day"), using="brin")


@pytest.mark.parametrize("table", TABLES)
def test_postgresql_chooses_the_same_name(superuser_dsn, table):
    with psycopg.connect(superuser_dsn) as connection:
        connection.execute("CREATE SCHEMA naming")
        connection.execute(
            f'CREATE TABLE naming.{quoted(table)} (email text, day timestamp, price int, "Select" int, "a.b" int, data jsonb,'
            " long_column_one_of_many int, long_column_two_of_many int)"
        )
        for spec in specs(table):
            for _ in range(2):  # the second one with the same columns
                taken = {
                    row[0]
                    for row in connection.execute(
                        "SELECT relname FROM pg_class WHERE relnamespace = 'naming'::regnamespace"
                    )
                }
                connection.execute(spec.ddl())
                made = connection.execute(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'naming'::regnamespace AND relname <> ALL(%s)",
                    [list(taken)],
                ).fetchall()
                assert [(index_name(spec, taken),)] == made
        connection.rollback()


@pytest.mark.parametrize("table", TABLES)
def test_meta_indexes_takes_the_short_name(table):
    names = []
    for spec in specs(table):
        name = index_name(spec, names, for_model=True)
        assert len(name) <= 30
        assert len(name.encode()) <= 63
        assert name[0].isalpha()
        assert name.isidentifier()
        names.append(name)
    assert len(set(names)) == len(names)


def test_a_short_name_stays_as_postgresql_would_say_it():
    assert index_name(spec_of("orders", Key.of("email")), for_model=True) == "orders_email_idx"
    assert index_name(spec_of("orders", Key.of("email")), ["orders_email_idx"], for_model=True) != "orders_email_idx"
    brin = index_name(spec_of("measurements_of_rooms", Key.of("measured_at"), using="brin"), for_model=True)
    assert brin.endswith("_brin")
    assert len(brin) == 30


def test_a_table_that_begins_with_a_number_or_an_underscore():
    for table in ("_orders_of_a_shop_with_a_long_name", "2024_orders", "日" * 40):
        name = index_name(spec_of(table, Key.of("email")), for_model=True)
        assert name[0].isalpha()
        assert len(name) <= 30
        assert len(name.encode()) <= 63


def test_the_hash_seed_does_not_matter():
    program = (
        "from opsadmin.advisor.index_name import index_name\n"
        "from opsadmin.advisor.spec import IndexSpec, Key\n"
        "print(index_name(IndexSpec(1, 'public.a_rather_long_table_name', (Key.of('column_one'), Key.of('b'))), for_model=True))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_parts_of_a_name():
    assert name_parts('public."Order.Lines"') == ("public", "Order.Lines")
    assert name_parts('"we""ird"."a"') == ('we"ird', "a")
    assert name_parts("Orders") == ("orders",)
