"""What ANALYZE left is asked for in one go: column by column, each question goes through all columns of the database."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from opsadmin.health.run import PLANNER
from opsadmin.health.with_facts import with_facts
from opsadmin.postgres.session import read_only

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

COLUMNS = 6


@pytest.fixture
def shelves(store_db, superuser_dsn):
    """Tables with indexes and statistics, in a catalogue that has its own, as after autovacuum."""
    here = make_conninfo(superuser_dsn, dbname=conninfo_to_dict(store_db)["dbname"])
    with psycopg.connect(here, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shelves")
        for number in range(12):
            table = f'shelves."b{number}.ü"'
            connection.execute(
                f"CREATE TABLE {table} AS SELECT g AS a, g AS b, g AS c, g AS d, g AS e, repeat('x', 400) AS f "
                "FROM generate_series(1, 3000) AS g"
            )
            for column in "abcde":
                connection.execute(f"CREATE INDEX ON {table} ({column})")
        connection.execute("GRANT USAGE ON SCHEMA shelves TO PUBLIC")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA shelves TO PUBLIC")
        connection.execute("ANALYZE")
        yield
        connection.execute("DROP SCHEMA shelves CASCADE")


@pytest.mark.parametrize(("fact", "columns"), [("column_stats", COLUMNS - 1), ("described", COLUMNS)])
def test_no_part_of_the_plan_is_done_for_each_column(shelves, fact, columns):
    question = f"SELECT count(*) AS n, count(width) AS wide FROM {fact} AS s WHERE s.table_oid::regclass::text LIKE 'shelves.%'"
    with read_only("store", settings=PLANNER) as session:
        (found,) = session.rows(with_facts(session, question))
        ((plan,),) = session.tuples(f"EXPLAIN (ANALYZE, FORMAT JSON) {with_facts(session, question)}")
    assert found == {"n": 12 * columns, "wide": 12 * columns}
    loops = {node["Relation Name"]: node["Actual Loops"] for node in nodes(plan[0]["Plan"]) if "Relation Name" in node}
    assert loops["pg_statistic"] == 1


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
