"""create_index against a real PostgreSQL: what is made, what is refused, and what is left where it fails."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from opsadmin.api import OperationError, OperationFailed, create_index, drop_index
from opsadmin.core.blocks import blocks_of
from opsadmin.core.operation import Caller
from opsadmin.indexing import leftover, patience
from opsadmin.models import OperationRun
from opsadmin.perform import perform, preview
from tests.opsadmin.indexing.conftest import indexes_of
from tests.opsadmin.workload.conftest import alias_at

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
ME = Caller("anna", "python")


@pytest.fixture
def hasty(monkeypatch):
    """Two tries at a lock, without a long pause."""
    monkeypatch.setattr(patience, "TRIES", 2)
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.1)


def previewed(**given):
    return preview("create_index", given, ME)


def refused(**given):
    """What the run says, which the preview said too."""
    with pytest.raises(OperationError) as caught:
        create_index(**given)
    try:
        said = previewed(**given).refusal
    except OperationError as error:
        said = error.message
    assert said == caught.value.message
    return said


def test_an_index_is_made_and_how_is_kept_in_the_log(shop):
    ddl = "create index on orders (lower(email)) where customer > 3 -- as advised"
    shown = previewed(ddl=ddl)
    said = " ".join(shown.sentences)
    assert "The index orders_lower_idx is made on public.orders (120 kB, about 2 000 rows)." in said
    assert "It will take about" in said
    assert "Nobody holds the table at the moment." in said
    assert "unfinished index is dropped again" in said
    assert shown.sql.startswith(
        "CREATE INDEX CONCURRENTLY orders_lower_idx ON public.orders USING btree (lower(email))"
    )
    assert shown.sql.endswith(" where customer > 3;"), "without the comment"
    assert indexes_of(shop.dsn) == {}, "a preview makes nothing"

    made = create_index(ddl=ddl)
    assert (made.outcome, made.index, made.ddl) == ("created", "public.orders_lower_idx", shown.sql)
    assert made.size_bytes == 81920
    assert made.undo == "DROP INDEX CONCURRENTLY public.orders_lower_idx;"
    assert indexes_of(shop.dsn) == {"orders_lower_idx": True}
    with psycopg.connect(shop.dsn) as connection:
        statistics = "SELECT count(*) FROM pg_stats WHERE tablename = 'orders_lower_idx'"
        assert connection.execute(statistics).fetchone() == (1,), "the expression has statistics"
    run = OperationRun.objects.get()
    assert (run.outcome, run.lease, run.result["index"]) == ("done", None, made.index)
    assert run.progress["detail"]["statement"] == made.ddl
    assert any("is there (80 kB" in getattr(block, "text", "") for block in blocks_of(made))


def test_an_index_that_is_there_is_not_made_twice(shop):
    create_index(table="orders", columns=["customer", "placed DESC"], include=["id"], where="email IS NOT NULL")
    same = "CREATE INDEX another ON public.orders (customer, placed DESC) INCLUDE (id) WHERE ((email) IS NOT NULL)"
    assert previewed(ddl=same).sentences == (
        "There is such an index already: public.orders_customer_placed_id_idx. Nothing is done.",
    )
    found = create_index(ddl=same)
    assert (found.outcome, found.index) == ("existed", "public.orders_customer_placed_id_idx")
    assert len(indexes_of(shop.dsn)) == 1
    assert create_index(ddl="CREATE INDEX ON orders (customer, placed)").outcome == "created", (
        "another order is another"
    )
    assert create_index(ddl="CREATE UNIQUE INDEX ON orders (id)").outcome == "created"
    assert create_index(ddl="CREATE INDEX ON orders (id)").outcome == "created", "a unique one is another"


def test_a_name_is_found_or_checked(shop):
    create_index(ddl="CREATE INDEX orders_id_idx ON orders (email)")
    assert create_index(ddl="CREATE INDEX ON orders (id)").index == "public.orders_id_idx1"
    assert "another index of that name: CREATE INDEX orders_id_idx" in refused(
        ddl="CREATE INDEX orders_id_idx ON orders (placed)"
    )
    kept = create_index(ddl="CREATE INDEX IF NOT EXISTS orders_id_idx ON orders (placed)")
    assert kept.outcome == "existed"
    assert "CREATE INDEX orders_id_idx ON public.orders USING btree (email)" in kept.message
    assert "The name orders is taken" in refused(table="orders", columns=["placed"], name="orders")
    assert "has 64 bytes; PostgreSQL keeps 63" in refused(table="orders", columns=["placed"], name="n" * 64)
    assert "names the index 'a', and name is 'b'" in refused(ddl="CREATE INDEX a ON orders (placed)", name="b")


def test_odd_names_are_taken_as_they_are(shop):
    made = create_index(table='"Odd ""Ö.x"."a b.c"', columns=['id "1', "Ünï.code DESC"], name='Ïx "a.b" ON c USING')
    assert made.index == '"Odd ""Ö.x"."Ïx ""a.b"" ON c USING"'
    table = '"Odd ""Ö.x"."a b.c"'
    assert list(indexes_of(shop.dsn, table).values()) == [True]
    again = create_index(table=table, columns=['id "1', "Ünï.code DESC"])
    assert (again.outcome, again.index) == ("existed", made.index)
    dropped = drop_index(index=made.index, confirmed=True)
    assert indexes_of(shop.dsn, table) == {}
    assert create_index(ddl=dropped.undo).index == made.index


@pytest.mark.parametrize(
    ("ddl", "why"),
    [
        ("DROP TABLE orders", "is no CREATE INDEX"),
        ("CREATE INDEX ON orders (id); DROP TABLE orders", "is not one CREATE INDEX"),
        ("CREATE INDEX ON orders (id) WHERE id IN (SELECT 1)", "PostgreSQL refuses|There can be no such index"),
        ("CREATE INDEX ON orders ((pg_sleep(9)::text))", "guard"),
        ("CREATE INDEX ON orders ((sly(id)))", "guard"),
        ("CREATE INDEX ON orders (nothing)", "nothing"),
        ("CREATE INDEX ON nothing (id)", "nothing"),
        ("CREATE INDEX ON orders USING gin (id)", "no default operator class"),
        ("CREATE INDEX ON orders (id) WITH (fillfactor = 3)", "fillfactor"),
        ("CREATE INDEX ON orders ((now() - placed))", "IMMUTABLE"),
        ("CREATE INDEX ON pg_class (relpages)", "PostgreSQL's own|does not own"),
        ("CREATE INDEX ON several (id)", "is partitioned"),
        ("CREATE INDEX ON seen (id)", "view|cannot"),
        ("", "Say the index"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(shop, ddl, why):
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE several (id int) PARTITION BY RANGE (id); CREATE VIEW seen AS SELECT 1 AS id")
        connection.execute(
            "CREATE TABLE trace (at int);"
            "CREATE FUNCTION helper(int) RETURNS int LANGUAGE sql AS $$ INSERT INTO trace VALUES ($1) RETURNING 1 $$;"
            "CREATE FUNCTION sly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN helper($1); END $$"
        )
    with pytest.raises(OperationError, match=f"(?i){why}"):
        create_index(ddl=ddl)
    try:
        said = previewed(ddl=ddl).refusal
    except OperationError as error:
        said = error.message
    assert said
    assert indexes_of(shop.dsn) == {}
    with psycopg.connect(shop.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM trace").fetchone() == (0,), "nothing ran"
    assert set(OperationRun.objects.values_list("outcome", flat=True)) == {"failed"}


def test_who_does_not_own_the_table_is_told_who_does(as_stranger):
    assert "does not own public.orders: its owner indexing_owner makes indexes" in refused(
        table="orders", columns=["id"]
    )


def test_without_temporary_tables_it_takes_a_name(shop, superuser_dsn):
    name = psycopg.conninfo.conninfo_to_dict(shop.dsn)["dbname"]
    with psycopg.connect(superuser_dsn, autocommit=True) as admin:
        admin.execute(f"REVOKE TEMP ON DATABASE {name} FROM PUBLIC, indexing_owner")
        try:
            assert "Give the index a name" in refused(table="orders", columns=["id"])
            assert create_index(table="orders", columns=["id"], name="mine").index == "public.mine"
        finally:
            admin.execute(f"GRANT TEMP ON DATABASE {name} TO PUBLIC, indexing_owner")


# --- others in the way ---------------------------------------------------------------------------------------------
def test_a_lock_is_tried_a_few_times_and_its_holder_named(shop, hasty):
    holder = shop.connect("report")
    holder.execute("LOCK TABLE orders IN SHARE MODE")
    pid = holder.info.backend_pid
    assert f"The table is held at the moment by session {pid} of indexing_owner (application report)" in " ".join(
        previewed(table="orders", columns=["id"]).sentences
    )
    seen = []
    with pytest.raises(OperationFailed) as caught:
        perform("create_index", {"table": "orders", "columns": ["id"], "lock_seconds": 0.3}, ME, report=seen.append)
    said = caught.value.message
    assert (
        f"public.orders is locked by session {pid} of indexing_owner (application report), idle in transaction" in said
    )
    assert "tried 2 times for 300 ms" in said
    assert "Nothing is left of it." in said
    assert any("Trying again soon" in progress.message for progress in seen)
    assert indexes_of(shop.dsn) == {}


def test_a_table_that_cannot_even_be_looked_at(shop, hasty):
    holder = shop.connect("migration")
    holder.execute("LOCK TABLE orders")
    with pytest.raises(OperationFailed, match=rf"locked .*: session {holder.info.backend_pid} of indexing_owner"):
        create_index(table="orders", columns=["id"])
    with pytest.raises(OperationFailed, match=rf"session {holder.info.backend_pid} of indexing_owner"):
        create_index(ddl="CREATE INDEX ON orders (id)")


def test_an_old_transaction_is_awaited_before_anything_begins(shop, monkeypatch):
    monkeypatch.setattr(patience, "OLD_SECONDS", -1)
    writer = shop.connect("import")
    writer.execute("INSERT INTO orders (id) VALUES (0)")
    with pytest.raises(
        OperationFailed, match="did not end within 1 s: session .*import.* idle in transaction"
    ) as caught:
        create_index(table="orders", columns=["id"], wait_seconds=1)
    assert "Nothing was begun" in caught.value.hint
    seen = []

    def let_go(progress):
        seen.append(progress.message)
        if "Not begun yet" in progress.message:
            writer.commit()

    perform("create_index", {"table": "orders", "columns": ["id"]}, ME, report=let_go)
    assert any("application import" in message for message in seen)
    assert indexes_of(shop.dsn) == {"orders_id_idx": True}


def test_an_old_snapshot_is_named_and_when_it_stays_nothing_is_left(shop):
    reader = shop.connect("dump")
    reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT 1 FROM pg_class")
    seen = []
    given = {"table": "orders", "columns": ["id"], "wait_seconds": 1}
    with pytest.raises(
        OperationFailed, match="Transactions of others did not end within 1 s: session .*dump"
    ) as caught:
        perform("create_index", given, ME, report=seen.append)
    assert "Nothing is left of it." in caught.value.message
    waiting = [one for one in seen if one.message.startswith("Built; waiting for transactions that began before it")]
    assert waiting
    assert (waiting[0].done, waiting[0].total) == (98, 100)
    assert "application dump" in waiting[0].message
    assert indexes_of(shop.dsn) == {}
    assert [one.done for one in seen if one.total] == sorted(one.done for one in seen if one.total)


def test_what_cannot_be_removed_yet_is_said_and_removed_later(shop, monkeypatch):
    monkeypatch.setattr(leftover, "CLEAN_SECONDS", 1)
    writer = shop.connect("import")
    writer.execute("INSERT INTO orders (id) VALUES (0)")
    with pytest.raises(OperationFailed) as caught:
        create_index(table="orders", columns=["id"], wait_seconds=1)
    assert "still there: drop it with drop_index later: public.orders_id_idx." in caught.value.message
    assert indexes_of(shop.dsn) == {"orders_id_idx": False}
    assert "left over from an attempt that failed: drop it first" in refused(
        ddl="CREATE INDEX orders_id_idx ON orders (id)"
    )
    assert "has an invalid index" in " ".join(previewed(ddl="CREATE INDEX ON orders (email)").sentences)
    writer.commit()
    dropped = drop_index(index="orders_id_idx", confirmed=True)
    assert (dropped.undo, indexes_of(shop.dsn)) == ("", {})


# --- failures ------------------------------------------------------------------------------------------------------
def test_equal_values_are_told_by_the_query_that_finds_them(shop):
    with pytest.raises(OperationFailed) as caught:
        create_index(ddl="CREATE UNIQUE INDEX ON orders (customer, lower(email)) WHERE id < 0 OR email IS NOT NULL")
        create_index(ddl="CREATE UNIQUE INDEX ON orders (customer) WHERE id > 7")
    error = caught.value
    assert "public.orders_customer_idx cannot be unique: rows of public.orders have the same values." in error.message
    assert "Nothing is left of it." in error.message
    query = error.hint.removeprefix("Find them: ")
    with psycopg.connect(shop.dsn) as connection:
        assert connection.execute(query).fetchall()
    assert indexes_of(shop.dsn) == {"orders_customer_lower_idx": True}
    assert OperationRun.objects.first().error == f"{error.message} {error.hint}"


def test_an_expression_that_fails_for_a_row(shop):
    with pytest.raises(OperationFailed, match="fails for a row of public.orders: DivisionByZero") as caught:
        create_index(ddl="CREATE INDEX ON orders ((1 / (id - 7)))")
    assert "Nothing is left" in caught.value.message
    assert indexes_of(shop.dsn) == {}


def test_a_session_that_is_ended_leaves_nothing(shop):
    reader = shop.connect("dump")
    reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT 1 FROM pg_class")
    ended = []

    def end(progress):
        if "Built; waiting" in progress.message and not ended:
            ended.append(progress.detail["pid"])
            with psycopg.connect(shop.dsn, autocommit=True) as connection:
                connection.execute("SELECT pg_terminate_backend(%s)", ended)

    with pytest.raises(OperationFailed, match="PostgreSQL ended the session: .* Nothing is left of it"):
        perform("create_index", {"table": "orders", "columns": ["id"]}, ME, report=end)
    assert ended
    assert indexes_of(shop.dsn) == {}


def test_ctrl_c_cleans_up(shop):
    reader = shop.connect("dump")
    reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT 1 FROM pg_class")

    def press(progress):
        if "Built; waiting" in progress.message:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform("create_index", {"table": "orders", "columns": ["id"]}, ME, report=press)
    assert indexes_of(shop.dsn) == {}
    run = OperationRun.objects.get()
    assert (run.outcome, run.error) == ("cancelled", "Interrupted at the terminal.")


def test_with_writers_locked_out_nothing_is_left_either(shop, hasty):
    assert "Nobody can write" in " ".join(previewed(table="orders", columns=["id"], concurrently=False).sentences)
    made = create_index(table="orders", columns=["id"], concurrently=False)
    assert made.ddl == 'CREATE INDEX orders_id_idx ON public.orders USING btree ("id");'
    writer = shop.connect("import")
    writer.execute("INSERT INTO orders (id) VALUES (0)")
    with pytest.raises(OperationFailed, match="locked by session .*import.*; the lock was tried 2 times"):
        create_index(table="orders", columns=["email"], concurrently=False, lock_seconds=0.5)
    assert indexes_of(shop.dsn) == {"orders_id_idx": True}


def test_postgresql_down_is_said(shop):
    with alias_at(make_conninfo(shop.dsn, host="/nonexistent")):
        with pytest.raises(OperationFailed, match="PostgreSQL does not answer"):
            create_index(table="orders", columns=["id"])
        with pytest.raises(OperationFailed, match="PostgreSQL does not answer"):
            previewed(table="orders", columns=["id"])
    assert OperationRun.objects.get().outcome == "failed"
