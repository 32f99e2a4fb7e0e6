"""The sizes that the advisor reckons with, against indexes really built."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsadmin.advisor import sizes
from opsadmin.advisor.facts import Column, Table
from opsadmin.advisor.spec import IndexSpec, Key

PAGE = 8192

ODD = 'e-mail "of" ünit'
#: keys, INCLUDE, predicate
BTREES = [
    (("id",), (), ""),
    (("big",), (), ""),
    (("twenty",), (), ""),
    (("hundred",), (), ""),
    (("skewed",), (), ""),
    (("flag",), (), ""),
    (("at",), (), ""),
    (("day",), (), ""),
    (("price",), (), ""),
    (("status",), (), ""),
    (("maybe",), (), ""),
    (("comment",), (), ""),
    (("nothing",), (), ""),
    (("token",), (), ""),
    ((ODD,), (), ""),
    (("wide",), (), ""),
    (("ratio",), (), ""),
    (("small",), (), ""),
    (("topic",), (), ""),
    (("parent",), (), ""),
    (("hundred", "at"), (), ""),
    (("status", "hundred"), (), ""),
    (("day", "status"), (), ""),
    (("twenty", "flag"), (), ""),
    (("flag", "rare"), (), ""),
    (("skewed", "hundred"), (), ""),
    (("maybe", "status"), (), ""),
    (("maybe", "comment"), (), ""),
    (("parent", "status"), (), ""),
    (("day", "twenty"), (), ""),
    (("status", "flag", "small"), (), ""),
    (("hundred",), ("twenty",), ""),
    (("at",), ("price", "status"), ""),
    (("status",), ("comment",), ""),
    (("twenty",), (), "flag"),
    (("hundred",), (), "maybe IS NOT NULL"),
    (("skewed",), (), "skewed > 100"),
    (("comment",), (), "comment IS NOT NULL"),
    (("maybe",), (), "maybe IS NULL"),
    (("hundred", "twenty"), (), "rare"),
]


def keys_of(*names: str) -> tuple[Key, ...]:
    return tuple(Key(name) if name.endswith(")") else Key.of(name) for name in names)


def built(measured, spec: IndexSpec) -> int:
    """The bytes of the index, built and taken back."""
    with measured.connection.transaction(force_rollback=True):
        measured.connection.execute(spec.ddl("sizes_one"))
        return measured.ask("SELECT pg_relation_size('sizes_one') AS bytes")[0]["bytes"]


def share_of(measured, table: Table, predicate: str) -> float:
    if not predicate:
        return 1.0
    return measured.plan(f"SELECT 1 FROM {table.identity} WHERE {predicate}")["Plan Rows"] / table.rows


def test_a_btree_is_as_large_as_said(measured):
    table = measured.table("measured")
    wrong = []
    for names, include, predicate in BTREES:
        spec = IndexSpec(table.oid, table.identity, keys_of(*names), include, predicate)
        said = sizes.bytes_of(spec, table, share=share_of(measured, table, predicate))
        real = built(measured, spec)
        if abs(said - real) > max(real * 0.10, 2 * PAGE):
            wrong.append((spec.ddl(), said // PAGE, real // PAGE))
    assert not wrong


@pytest.mark.parametrize("fill", [50, 100])
def test_a_fill_factor(measured, fill):
    table = measured.table("measured")
    for name in ("at", "hundred"):
        spec = IndexSpec(table.oid, table.identity, keys_of(name), options=f"fillfactor = {fill}")
        assert sizes.bytes_of(spec, table) == pytest.approx(built(measured, spec), rel=0.1)


GINS = [
    ("tags", "", ""),
    ("doc", "", ""),
    ("doc", "jsonb_path_ops", ""),
    ("words", "", ""),
    ("the topic", "gin_trgm_ops", ""),
    ("message", "gin_trgm_ops", ""),
    ("message", "gin_trgm_ops", "message IS NOT NULL"),
    ("(to_tsvector('simple', message))", "", ""),
]


@pytest.mark.parametrize(("name", "opclass", "predicate"), GINS)
def test_a_gin_index_is_about_as_large_as_a_sample_says(measured, name, opclass, predicate):
    table = measured.table("papers")
    key = Key.of(name, opclass) if name in table.columns else Key(name, opclass=opclass)
    spec = IndexSpec(table.oid, table.identity, (key,), predicate=predicate, using="gin")
    share = share_of(measured, table, predicate)
    question = sizes.entries_question(spec, table, key, share)
    entries = sizes.Entries.of(measured.ask(question), sizes.operator_class(key, table))
    real = built(measured, spec)
    assert real / 1.3 <= sizes.bytes_of(spec, table, share=share, entries={key.text: entries}) <= real * 1.3
    # Not looked at, the width says something at least.
    assert real / 6 <= sizes.bytes_of(spec, table, share=share) <= real * 6


def test_a_gin_index_over_two_columns(measured):
    table = measured.table("papers")
    keys = (Key.of("tags"), Key.of("doc", "jsonb_path_ops"))
    spec = IndexSpec(table.oid, table.identity, keys, using="gin")
    entries = {
        key.text: sizes.Entries.of(
            measured.ask(sizes.entries_question(spec, table, key)), sizes.operator_class(key, table)
        )
        for key in keys
    }
    real = built(measured, spec)
    assert real / 1.3 <= sizes.bytes_of(spec, table, entries=entries) <= real * 1.3


def test_nothing_is_sampled_that_is_not_gin_or_not_known(measured):
    table = measured.table("papers")
    for using, key in (("btree", Key.of("doc")), ("gin", Key.of("id", "int4_ops"))):
        assert sizes.entries_question(IndexSpec(table.oid, table.identity, (key,), using=using), table, key) is None
    nobody = IndexSpec(table.oid, table.identity, (Key.of("tags"),), predicate="id < 0", using="gin")
    assert sizes.Entries.of(measured.ask(sizes.entries_question(nobody, table, nobody.keys[0])), "array_ops") is None


@pytest.mark.parametrize(
    ("using", "table", "name", "opclass", "options", "within"),
    [
        ("brin", "measured", "at", "", "", 1.0),
        ("brin", "measured", "topic", "", "pages_per_range = 2", 1.2),
        ("brin", "measured", "big", "int8_minmax_multi_ops", "pages_per_range = 16", 1.5),
        ("brin", "measured", "token", "uuid_bloom_ops", "pages_per_range = 64", 1.5),
        ("hash", "measured", "id", "", "", 1.05),
        ("hash", "measured", "topic", "", "", 1.1),
        ("hash", "measured", "status", "", "", 1.1),
        ("hash", "measured", "twenty", "", "", 1.1),
        ("hash", "measured", "maybe", "", "", 1.1),
        ("hash", "measured", "comment", "", "", 1.1),
        ("gist", "papers", "the topic", "gist_trgm_ops", "", 1.5),
        ("gist", "papers", "words", "", "", 1.5),
        ("gist", "papers", "place", "", "", 1.5),
        ("gist", "papers", "span", "", "", 1.6),  # PostgreSQL 18 sorts the ranges first
        ("gist", "papers", "ip", "inet_ops", "", 1.5),
        ("spgist", "papers", "place", "", "", 1.5),
        ("spgist", "papers", "the topic", "", "", 1.5),
    ],
)
def test_other_kinds_of_index(measured, using, table, name, opclass, options, within):
    facts = measured.table(table)
    spec = IndexSpec(facts.oid, facts.identity, (Key.of(name, opclass),), using=using, options=options)
    real = built(measured, spec)
    assert real / within - PAGE <= sizes.bytes_of(spec, facts) <= real * within + PAGE


def test_the_planner_is_asked_for_the_combinations(measured):
    table = measured.table("measured")
    measured.connection.execute("CREATE STATISTICS both_of (ndistinct) ON twenty, parent FROM measured")
    measured.connection.execute("SET default_statistics_target = 250; ANALYZE measured (twenty, parent)")
    wrong = []
    for names in (("status", "hundred"), ("day", "status"), ("twenty", "parent"), ("maybe", "comment")):
        spec = IndexSpec(table.oid, table.identity, keys_of(*names))
        question = sizes.distinct_question(spec)
        assert question
        planned = sizes.believed(measured.plan(question)["Plan Rows"], spec, table)
        said = sizes.bytes_of(spec, table, planned)
        real = built(measured, spec)
        if abs(said - real) > real * 0.10:
            wrong.append((spec.ddl(), said // PAGE, real // PAGE))
    measured.connection.execute("DROP STATISTICS both_of")
    assert not wrong


def test_columns_that_go_together_need_the_count(measured):
    table = measured.table("measured")
    spec = IndexSpec(table.oid, table.identity, keys_of("wide", "big"))
    together = IndexSpec(table.oid, table.identity, keys_of("parent", "at"))
    assert sizes.distinct_question(spec) == "SELECT 1 FROM public.measured GROUP BY wide, big"
    assert sizes.bytes_of(together, table) == pytest.approx(built(measured, together), rel=0.1)
    found = sizes.combinations_of(measured.ask(sizes.combinations_question(spec, table)), table.rows)
    assert found == pytest.approx(table.rows, rel=0.1)
    assert sizes.bytes_of(spec, table, found) == pytest.approx(built(measured, spec), rel=0.1)
    # day, told twice: as many combinations as days.
    twice = IndexSpec(table.oid, table.identity, (Key.of("day"), Key("((day + 1))")))
    days = measured.ask("SELECT count(DISTINCT day) AS days FROM measured")[0]["days"]
    assert sizes.bytes_of(twice, table, days, widths={"((day + 1))": 4}) == pytest.approx(
        built(measured, twice), rel=0.1
    )


def test_a_sample_tells_columns_that_go_together(measured):
    """Each parent has one of a hundred grades: the planner, without statistics of both, thinks of a tenth of the rows."""
    measured.connection.execute(
        "CREATE TABLE grades AS SELECT (i * 7919 % 30011) AS parent, (i * 7919 % 30011) % 101 AS grade FROM generate_series(1, 150000) AS i"
    )
    measured.connection.execute("ANALYZE grades")
    table = measured.table("grades")
    spec = IndexSpec(table.oid, table.identity, keys_of("grade", "parent"))
    real = built(measured, spec)
    found = sizes.combinations_of(measured.ask(sizes.combinations_question(spec, table)), table.rows)
    planned = measured.plan(sizes.distinct_question(spec))["Plan Rows"]
    measured.connection.execute("DROP TABLE grades")
    assert sizes.believed(planned, spec, table) is None
    assert sizes.believed(planned / 2, spec, table) == planned / 2
    assert found == pytest.approx(30011, rel=0.25)
    assert sizes.bytes_of(spec, table, found) == pytest.approx(real, rel=0.15)
    assert sizes.bytes_of(spec, table) > 1.5 * real
    assert sizes.combinations_of([], table.rows) is None


def test_no_count_is_asked_where_nothing_depends_on_it(measured):
    table = measured.table("measured")
    assert sizes.distinct_question(IndexSpec(table.oid, table.identity, keys_of("day"))) is None
    assert sizes.combinations_question(IndexSpec(table.oid, table.identity, keys_of("day")), table) is None
    assert sizes.distinct_question(IndexSpec(table.oid, table.identity, keys_of("day", "at"), ("price",))) is None
    assert sizes.distinct_question(IndexSpec(table.oid, table.identity, keys_of("day"), using="brin")) is None
    where = IndexSpec(table.oid, table.identity, keys_of("day", ODD), predicate="rare")
    question = sizes.distinct_question(where)
    assert question == 'SELECT 1 FROM public.measured WHERE rare GROUP BY day, "e-mail ""of"" ünit"'
    assert measured.plan(question)["Plan Rows"] > 0


@pytest.mark.parametrize("text", ["lower(status)", "upper((status)::text)", '(lower("e-mail ""of"" ünit"))'])
def test_an_expression_that_keeps_the_width(measured, text):
    table = measured.table("measured")
    spec = IndexSpec(table.oid, table.identity, (Key(text if text.startswith("(") else f"({text})"),))
    assert sizes.bytes_of(spec, table) == pytest.approx(built(measured, spec), rel=0.1)


def test_what_does_not_deduplicate(measured):
    table = measured.table("measured")
    spec = IndexSpec(table.oid, table.identity, keys_of("hundred"))
    column = dataclasses.replace(table.columns["hundred"], deduplicates=False)
    plain = dataclasses.replace(table, columns={**table.columns, "hundred": column})
    assert sizes.bytes_of(spec, plain) > 2.5 * sizes.bytes_of(spec, table)


def test_small_and_empty_tables():
    column = Column(
        number=1,
        name="id",
        type=23,
        type_name="integer",
        length=4,
        align="i",
        width=4,
        distinct_values=0,
        null_share=0,
        correlation=0,
    )
    table = Table(
        oid=1, schema="s", name="t", identity="s.t", kind="r", rows=0, pages=1, block=PAGE, columns={"id": column}
    )
    spec = IndexSpec(1, "s.t", keys_of("id"))
    assert sizes.bytes_of(spec, table) == PAGE
    assert sizes.bytes_of(spec, dataclasses.replace(table, rows=1)) == 2 * PAGE
    assert sizes.bytes_of(spec, dataclasses.replace(table, rows=1e6), share=0) == PAGE
    # Without statistics every value counts as different.
    assert sizes.bytes_of(spec, dataclasses.replace(table, rows=1e6)) == pytest.approx(22487040, rel=0.01)


def test_values_too_wide_for_a_btree(measured):
    table = measured.table("measured")
    column = dataclasses.replace(table.columns["wide"], width=4000, common=())
    wide = dataclasses.replace(table, columns={**table.columns, "wide": column})
    with pytest.raises(sizes.TooWide, match=r"4008 bytes.*2698 at most"):
        sizes.bytes_of(IndexSpec(table.oid, table.identity, keys_of("wide")), wide)


@given(
    rows=st.sampled_from([0.0, 0.4, 1.0, 7.0, 3000.0, 1e6, 1e10]),
    distinct_values=st.sampled_from([0.0, 1.0, 2.0, 5000.0, 1e9]),
    null_share=st.sampled_from([0.0, 0.5, 1.0]),
    share=st.sampled_from([-1.0, 0.0, 1e-9, 0.3, 1.0, 5.0]),
    distinct=st.sampled_from([None, 0.0, 1.0, 100.0, 1e12]),
    width=st.sampled_from([0, 1, 8, 126, 600]),
    using=st.sampled_from(["btree", "hash", "brin", "gin", "gist", "spgist"]),
    common=st.sampled_from([(), (("a", 1.0),), (("a", 0.4), ("ü" * 200, 0.3))]),
)
def test_odd_statistics_give_a_size(rows, distinct_values, null_share, share, distinct, width, using, common):
    column = Column(
        number=1,
        name="c",
        type=25,
        type_name="text",
        length=-1,
        align="i",
        width=width,
        distinct_values=distinct_values,
        null_share=null_share,
        correlation=0.0,
        common=common,
        category="S",
    )
    table = Table(
        oid=1,
        schema="s",
        name="t",
        identity="s.t",
        kind="r",
        rows=rows,
        pages=int(rows / 50) + 1,
        block=PAGE,
        columns={"c": column, "d": dataclasses.replace(column, name="d", common=())},
    )
    keys = keys_of("c") if using in ("hash", "spgist") else keys_of("c", "d")
    for spec in (IndexSpec(1, "s.t", keys, using=using), IndexSpec(1, "s.t", keys, (), "c IS NOT NULL", using)):
        size = sizes.bytes_of(spec, table, distinct, share)
        assert size >= PAGE
        assert size % PAGE == 0
        assert size <= (rows * 2000 + 100) * PAGE
        sizes.believed(10.0, spec, table, share)
