"""Indexes followed in a real PostgreSQL: from the slow statement to the verdict."""

from __future__ import annotations

import json
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.api import (
    NotPermitted,
    OperationError,
    OperationFailed,
    create_index,
    follow_index,
    get_top_queries,
    review_indexes,
)
from opsadmin.core.blocks import Note, Table
from opsadmin.core.operation import Caller
from opsadmin.follow.begin import begin
from opsadmin.follow.earlier import earlier_reading
from opsadmin.follow.review import last_verdicts
from opsadmin.follow.verdict import State
from opsadmin.last_seen import recall
from opsadmin.models import FollowedIndex, SeenAnswer
from opsadmin.perform import perform, preview
from tests.fixtures.postgres import flush_statistics
from tests.opsadmin.workload.conftest import APP, BARE, alias_at, reset

pytestmark = pytest.mark.django_db(databases=["default", "store"])

SQL = "SELECT count(note) FROM sale WHERE customer = {}"
DDL = "CREATE INDEX sale_customer_idx ON public.sale (customer)"


def sell(connection, calls=25, sql=SQL):
    for number in range(calls):
        connection.execute(sql.format(number))


def counted(connection):
    """Wait until what this session counted of indexes is told: the next statement that comes to wait does so."""
    flush_statistics(connection)
    connection.execute("SELECT 1")


def promised(connection, **more):
    """The statement as an advice has it."""
    (one,) = get_top_queries(text="count(note)", limit=1)
    return {
        "sql": one.sql,
        "queryid": str(one.queryid),
        "weight": one.calls,
        "cost_before": 500.0,
        "cost_after": 50.0,
        **more,
    }


def made(connection, queries=None, ddl=DDL, name="sale_customer_idx"):
    """The index, made on advice."""
    queries = [promised(connection)] if queries is None else queries
    connection.execute(ddl)
    row = begin("store", ddl, name, schema="public", queries=queries, promise=0.1)
    assert row is not None
    return row


def verdict(**more):
    (one,) = review_indexes(**more).indexes
    return one


def aged(**ago):
    """Followed since some time ago."""
    FollowedIndex.objects.update(found_at=timezone.now() - timedelta(**ago))


def test_a_slow_statement_an_index_and_its_promise_is_kept(shop):
    sell(shop)
    row = made(shop)
    assert (row.found_at is not None, row.queries[0]["before"][0]) == (True, 25)
    early = verdict()
    assert early.state is State.EARLY
    assert "20 more calls" in early.hint
    sell(shop)
    counted(shop)
    kept = verdict()
    assert kept.state is State.KEPT, kept.text
    assert kept.blocks_gain > 0.5
    assert kept.promised_gain == pytest.approx(0.9)
    assert (kept.calls, kept.scans) == (25, 25)
    (query,) = kept.queries
    assert (query.calls_before, query.calls_after) == (25, 25)
    assert query.mean_blocks_before > 200 > 60 > query.mean_blocks_after
    # To look again counts nothing twice.
    assert verdict().calls == 25
    sell(shop, 5)
    assert verdict().calls == 30
    assert last_verdicts("store")[0]["calls"] == 30


def test_the_promise_is_not_kept_where_the_statement_reads_as_much_as_before(shop):
    sql = "SELECT count(note) FROM sale WHERE id % 1000 > {}"
    sell(shop, sql=sql)
    query = promised(shop)
    shop.execute("CREATE INDEX read_by_others ON sale (customer)")
    begin("store", "", "read_by_others", queries=[query])
    sell(shop, sql=sql)
    sell(shop, 3)
    counted(shop)
    found = verdict()
    # A busy machine makes any time; the blocks are what they are.
    assert found.state in (State.BROKEN, State.USED)
    assert abs(found.blocks_gain) < 0.05
    assert found.scans == 3


def test_an_index_that_nobody_uses_is_to_be_dropped(shop):
    sell(shop)
    made(shop, ddl="CREATE INDEX sale_note_idx ON sale (note)", name="sale_note_idx")
    assert verdict().state is State.EARLY
    sell(shop)
    unread = verdict()
    assert unread.state is State.BROKEN
    assert "not read once, although its statements were called 25 times" in unread.text
    aged(days=8)
    unused = verdict()
    assert unused.state is State.UNUSED
    assert "not read once in 8 d" in unused.text
    assert unused.command == "DROP INDEX CONCURRENTLY public.sale_note_idx;"
    assert unused.undo == "CREATE INDEX sale_note_idx ON sale (note);"
    shop.execute(unused.command)
    gone = verdict()
    assert gone.state is State.GONE
    assert gone.command == unused.undo
    FollowedIndex.objects.update(gone_at=timezone.now() - timedelta(days=31))
    assert verdict().state is State.GONE, "it is told once more, and then forgotten"
    assert review_indexes().indexes == ()


def test_a_reset_costs_only_what_ran_since_the_last_look(shop):
    sell(shop)
    made(shop)
    sell(shop, 15)
    assert verdict().calls == 15
    sell(shop, 4)
    reset(shop)
    sell(shop, 30)
    counted(shop)
    found = verdict()
    assert found.calls == 45
    assert found.state is State.KEPT, found.text
    shop.execute("SELECT pg_stat_reset_single_table_counters('sale_customer_idx'::regclass)")
    sell(shop, 2)
    counted(shop)
    assert verdict().scans == found.scans + 2


def test_counters_of_indexes_that_were_set_back_do_not_make_it_unused(shop):
    sell(shop)
    made(shop)
    aged(days=8)
    counted(shop)
    before = FollowedIndex.objects.get()
    shop.execute("SELECT pg_stat_reset()")
    found = verdict()
    assert before.clock is not None
    assert found.state is State.EARLY, found.text


def test_rebuilt_renamed_and_moved_it_is_still_the_same(shop):
    sell(shop)
    oid = made(shop).oid
    shop.execute("REINDEX INDEX CONCURRENTLY sale_customer_idx")
    sell(shop)
    counted(shop)
    kept = verdict()
    assert (kept.state, kept.scans) == (State.KEPT, 25)
    assert FollowedIndex.objects.get().oid != oid
    shop.execute("""ALTER INDEX sale_customer_idx RENAME TO "Odd "".% näme" """)
    shop.execute("ALTER TABLE sale RENAME TO sold")
    shop.execute("ALTER TABLE sold SET SCHEMA other")
    try:
        found = verdict(index='other."Odd "".% näme"')
        assert (found.state, found.index, found.table) == (State.KEPT, 'other."Odd "".% näme"', "other.sold")
        assert found.command == ""
    finally:
        shop.execute("ALTER TABLE other.sold SET SCHEMA public")
        shop.execute("ALTER TABLE sold RENAME TO sale")


def test_a_statement_is_found_again_under_its_new_number(shop):
    """A table made anew gives its statements other numbers before PostgreSQL 18, as an upgrade does."""
    sell(shop)
    made(shop)
    sell(shop)
    assert verdict().calls == 25
    reset(shop)
    shop.execute("CREATE TABLE copy AS SELECT * FROM sale")
    shop.execute("DROP TABLE sale")
    shop.execute("ALTER TABLE copy RENAME TO sale")
    shop.execute(DDL)
    sell(shop)
    found = verdict()
    assert found.calls == 50
    sell(shop, 7)
    assert verdict().calls == 57
    assert len(found.queries[0].queryids) == (1 if shop.info.server_version >= 180_000 else 2)


def test_a_twin_in_another_schema_is_not_taken_for_it(shop):
    if shop.info.server_version >= 180_000:
        pytest.skip("From PostgreSQL 18 on it counts statements on tables of one name as one, whatever their schemas.")
    sell(shop)
    shop.execute("CREATE TABLE other.sale AS SELECT * FROM sale")
    shop.execute("SET search_path = other")
    sell(shop, 9)
    shop.execute("RESET search_path")
    mine = next(one for one in get_top_queries(text="count(note)") if one.calls == 25)
    row = made(shop, [promised(shop, queryid=str(mine.queryid))])
    (query,) = row.queries
    assert (query["queryids"], query["before"][0], len(query["others"])) == ([str(mine.queryid)], 25, 1)
    reset(shop)
    shop.execute("SET search_path = other")
    sell(shop, 30)
    shop.execute("RESET search_path")
    assert verdict().calls == 0


def test_statements_are_known_by_their_text_alone(shop):
    sell(shop)
    row = made(shop, [{"sql": "select COUNT(note)\nfrom sale where customer=17 -- 'secret"}])
    (query,) = row.queries
    assert query["before"][0] == 25
    shop.execute("SELECT count(note) FROM sale WHERE customer = 3 AND note = 'hunter2'")
    FollowedIndex.objects.all().delete()
    (query,) = begin(
        "store", DDL, "sale_customer_idx", queries=[{"sql": "SELECT 1 WHERE 'hunter2' = 'hunter2'"}]
    ).queries  # fmt: skip
    assert "hunter2" not in json.dumps(query)


def test_what_is_awaited_is_compared_from_the_moment_it_is_there(shop):
    sell(shop)
    (one,) = get_top_queries(text="count(note)", limit=1)
    said = follow_index(index="public.sale_customer_idx", queryids=[str(one.queryid)], ddl=DDL, promised_gain=0.9)
    assert (said.is_there, said.statements) == (False, 1)
    assert "not there yet" in said.hint
    sell(shop, 10)
    awaited = verdict()
    assert (awaited.state, awaited.command, awaited.queries[0].calls_before) == (State.AWAITED, f"{DDL};", 35)
    sell(shop, 5)
    shop.execute(DDL)
    sell(shop, 5)
    counted(shop)
    found = verdict()
    assert (found.state, found.queries[0].calls_before, found.calls) == (State.USED, 35, 0)
    sell(shop)
    counted(shop)
    kept = verdict()
    assert (kept.state, kept.calls) == (State.KEPT, 25)


def test_an_index_made_elsewhere_is_judged_by_its_use(shop):
    shop.execute(DDL)
    sell(shop)
    counted(shop)
    said = follow_index(index="sale_customer_idx", queries=[SQL.format(1)])
    assert said.index == "public.sale_customer_idx"
    assert "only its use is told" in said.hint
    assert verdict().scans == 0, "what it was read before nobody asked"
    sell(shop, 3)
    counted(shop)
    found = verdict()
    assert (found.state, found.scans) == (State.USED, 3)
    with pytest.raises(OperationError, match="is followed since"):
        follow_index(index="sale_customer_idx")
    anna = Caller("anna", "command")
    assert "is followed since" in preview("follow_index", {"index": "sale_customer_idx"}, anna).refusal
    assert "is forgotten" in preview("follow_index", {"index": "sale_customer_idx", "stop": True}, anna).sentences[0]
    assert not follow_index(index="sale_customer_idx", stop=True).is_followed
    assert "not followed" in preview("follow_index", {"index": "sale_customer_idx", "stop": True}, anna).refusal
    assert review_indexes().indexes == ()
    with pytest.raises(OperationError, match="not followed"):
        follow_index(index="sale_customer_idx", stop=True)


def test_what_guards_something_is_not_to_be_dropped(shop):
    shop.execute("ALTER TABLE sale ADD CONSTRAINT sale_pkey PRIMARY KEY (id)")
    follow_index(index="sale_pkey")
    aged(days=8)
    found = verdict()
    assert (found.state, found.status.value, found.command) == (State.UNUSED, "ok", "")
    assert "It is the primary key." in found.hint


def test_a_partitioned_index_is_read_where_its_parts_are(shop):
    shop.execute("CREATE TABLE part (id int, day int, note text) PARTITION BY RANGE (day)")
    for number in (0, 100):
        shop.execute(f"CREATE TABLE part_{number} PARTITION OF part FOR VALUES FROM ({number}) TO ({number + 100})")
    shop.execute("INSERT INTO part SELECT n, n % 200, repeat('x', 100) FROM generate_series(1, 20000) AS n")
    try:
        sql = "SELECT count(note) FROM part WHERE id = {}"
        sell(shop, sql=sql)
        made(shop, ddl="CREATE INDEX part_id_idx ON part (id)", name="part_id_idx")
        shop.execute("ANALYZE part")
        sell(shop, sql=sql)
        counted(shop)
        found = verdict()
        assert (found.state, found.scans) == (State.KEPT, 50)
        assert found.size_bytes > 100_000
        aged(days=8)
        FollowedIndex.objects.update(used_at=timezone.now() - timedelta(days=8))
        unused = verdict()
        assert unused.command == "DROP INDEX public.part_id_idx;"
    finally:
        shop.execute("DROP TABLE part")


def test_an_invalid_index_serves_nobody(shop):
    made(shop, [])
    shop.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sale_customer_idx'::regclass")
    found = verdict()
    assert (found.state, found.command) == (State.BROKEN, "REINDEX INDEX CONCURRENTLY public.sale_customer_idx;")
    follow_index(index="sale_customer_idx", stop=True)
    follow_index(index="other.sale_customer_idx")
    shop.execute("CREATE TABLE other.sale (customer int)")
    shop.execute("CREATE INDEX sale_customer_idx ON other.sale (customer)")
    shop.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'other.sale_customer_idx'::regclass")
    assert "not valid yet" in verdict().text


def test_the_figures_before_are_of_the_time_just_before(shop):
    sell(shop, 30)
    review_indexes()
    assert earlier_reading("store").is_whole
    sell(shop, 22)
    assert made(shop).queries[0]["before"][0] == 22
    taken = recall("store", "follow.earlier").taken_at
    review_indexes()
    assert recall("store", "follow.earlier").taken_at == taken
    SeenAnswer.objects.update(taken_at=timezone.now() - timedelta(hours=25))
    review_indexes()
    assert recall("store", "follow.earlier").taken_at > taken


def test_two_looks_at_once_count_once(shop, monkeypatch):
    """A look that is overtaken by another one leaves what that one counted."""
    from opsadmin.follow import review

    sell(shop)
    made(shop)
    sell(shop)
    look = review._look

    def overtaken(session, rows):
        mine = look(session, rows)
        monkeypatch.setattr(review, "_look", look)
        sell(shop, 5)
        assert verdict().calls == 30
        return mine

    monkeypatch.setattr(review, "_look", overtaken)
    assert verdict().calls == 30
    assert verdict().calls == 30


def test_without_the_right_to_see_statements_use_is_told_and_the_grant(shop, workload_dsn):
    sell(shop)
    made(shop)
    sell(shop)
    counted(shop)
    with alias_at(make_conninfo(workload_dsn, user=BARE)):
        answer = review_indexes()
        (found,) = answer.indexes
        assert found.state is State.USED
        assert found.scans == 25
        (note,) = answer.notes
        assert BARE in note.text
        assert note.command == f'GRANT pg_read_all_stats TO "{BARE}";'
    # What was hidden for a while is not taken for new.
    assert (verdict().state, verdict().calls) == (State.KEPT, 25)


def test_without_pg_stat_statements_use_is_told_and_the_steps(shop):
    made(shop, [{"sql": SQL.format(1), "weight": 1, "cost_before": 2, "cost_after": 1}])
    shop.execute("DROP EXTENSION pg_stat_statements")
    try:
        sell(shop, 3)
        counted(shop)
        answer = review_indexes()
        follow_index(index="other.nobody", queries=["SELECT 1"])
    finally:
        shop.execute("CREATE EXTENSION pg_stat_statements")
    (found,) = answer.indexes
    assert (found.state, found.scans) == (State.USED, 3)
    assert "not created in the database" in found.text
    assert "CREATE EXTENSION" in answer.notes[0].detail


def test_postgresql_down(shop, workload_dsn):
    made(shop, [])
    assert verdict().state is State.EARLY
    with alias_at(make_conninfo(workload_dsn, dbname="there_is_no_such_database")):
        with pytest.raises(OperationFailed):
            review_indexes()
        assert begin("store", DDL, "sale_customer_idx") is None
        assert last_verdicts("store")[0]["index"] == "public.sale_customer_idx"
        follow_index(index="sale_customer_idx", stop=True)


def test_one_name_in_two_schemas(shop):
    shop.execute(DDL)
    shop.execute("CREATE TABLE other.sale (customer int)")
    shop.execute("CREATE INDEX sale_customer_idx ON other.sale (customer)")
    with pytest.raises(OperationError, match="say which one") as error:
        follow_index(index="sale_customer_idx")
    assert error.value.allowed == ("other.sale_customer_idx", "public.sale_customer_idx")
    follow_index(index="other.sale_customer_idx")
    follow_index(index="public.sale_customer_idx")
    with pytest.raises(OperationError, match="say the schema"):
        follow_index(index="sale_customer_idx", stop=True)
    assert {one.index for one in review_indexes().indexes} == set(error.value.allowed)
    assert {one.index for one in review_indexes(index="sale_customer_idx").indexes} == set(error.value.allowed)
    shop.execute("ALTER INDEX other.sale_customer_idx RENAME TO nobody")
    shop.execute("DROP INDEX public.sale_customer_idx")
    assert {one.state for one in review_indexes().indexes} == {State.GONE, State.EARLY}


@pytest.mark.parametrize(
    "given",
    [
        {"index": ""},
        {"index": "a.b.c"},
        {"index": '"'},
        {"index": "x" * 64},
        {"index": "a", "queryids": ["7; DROP"]},
        {"index": "a", "queryids": ["7"] * 51},
        {"index": "a", "promised_gain": 1.5},
    ],
)
def test_wrong_wishes(shop, given):
    with pytest.raises(OperationError):
        follow_index(**given)
    assert not FollowedIndex.objects.exists()


def test_review_of_what_is_not_followed(shop):
    with pytest.raises(OperationError, match="not followed"):
        review_indexes(index="sale_customer_idx")
    (table,) = review_indexes().blocks()
    assert isinstance(table, Table)
    assert "create_index" in table.empty


def test_to_follow_needs_the_permission(shop):
    nobody = Caller("nobody", "page", may=lambda permission: permission == "opsadmin.view_database")
    perform("review_indexes", {}, nobody)
    with pytest.raises(NotPermitted):
        perform("follow_index", {"index": "sale_customer_idx"}, nobody)


def test_it_shows_itself(shop):
    sell(shop)
    made(shop)
    sell(shop)
    counted(shop)
    blocks = review_indexes().blocks()
    assert [type(block) for block in blocks] == [Table, Note, Table]
    assert blocks[0].rows[0][0] == "kept its promise"
    assert blocks[1].text.startswith("public.sale_customer_idx keeps its promise")
    json.dumps(review_indexes().as_dict(), allow_nan=False)


def test_few_statements_however_many_are_followed(shop, monkeypatch):
    from opsadmin.postgres import session

    sent = []
    tuples = session.Session.tuples
    rows = session.Session.rows
    monkeypatch.setattr(session.Session, "rows", lambda self, *a: (sent.append(1), rows(self, *a))[1])
    monkeypatch.setattr(session.Session, "tuples", lambda self, *a: (sent.append(1), tuples(self, *a))[1])
    sell(shop)
    query = promised(shop)
    for number in range(12):
        shop.execute(f"CREATE INDEX sale_{number} ON sale (customer)")
        begin("store", "", f"sale_{number}", queries=[query])
    sent.clear()
    assert len(review_indexes().indexes) == 12
    assert len(sent) <= 16


def test_a_role_that_sees_all_statistics_is_enough(shop, workload_dsn):
    shop.execute(f"GRANT pg_read_all_stats TO {APP}")
    try:
        sell(shop)
        with alias_at(make_conninfo(workload_dsn, user=APP)):
            made(shop)
            sell(shop)
            counted(shop)
            assert verdict().state is State.KEPT
    finally:
        shop.execute(f"REVOKE pg_read_all_stats FROM {APP}")


def test_a_locked_table_does_not_hold_it_up(shop, workload_dsn):
    sell(shop)
    made(shop)
    with psycopg.connect(workload_dsn) as other:
        other.execute("LOCK TABLE sale IN ACCESS EXCLUSIVE MODE")
        assert verdict().index == "public.sale_customer_idx"


def test_what_create_index_makes_on_advice_is_followed(shop):
    sell(shop)
    query = promised(shop)
    create_index(ddl=DDL, advice={"gain": 0.5, "promise": 0.1, "queries": [query]})
    row = FollowedIndex.objects.get()
    assert (row.schema, row.name, row.promise) == ("public", "sale_customer_idx", 0.1)
    assert row.queries[0]["before"][0] == 25
    sell(shop)
    counted(shop)
    kept = verdict()
    assert kept.state is State.KEPT
    assert kept.promised_gain == pytest.approx(0.9)


def test_what_is_made_without_advice_is_not_followed(shop):
    create_index(ddl=DDL)
    assert not FollowedIndex.objects.exists()
