"""The sizes that the advisor reckons with, against indexes really built."""

from __future__ import annotations

import dataclasses

import pytest

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


def test_the_planner_is_asked_for_the_combinations(measured):
    table = measured.table("measured")
    measured.connection.execute("CREATE STATISTICS both_of (ndistinct) ON twenty, parent FROM measured")
    measured.connection.execute("ANALYZE measured (twenty, parent)")
    wrong = []
    for names in (("status", "hundred"), ("day", "status"), ("twenty", "parent"), ("maybe", "comment")):
        spec = IndexSpec(table.oid, table.identity, keys_of(*names))
        question = sizes.distinct_question(spec)
        assert question
        said = sizes.bytes_of(spec, table, measured.plan(question)["Plan Rows"])
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
    # day, told twice: as many combinations as days.
    twice = IndexSpec(table.oid, table.identity, (Key.of("day"), Key("((day + 1))")))
    days = measured.ask("SELECT count(DISTINCT day) AS days FROM measured")[0]["days"]
    assert sizes.bytes_of(twice, table, days, widths={"((day + 1))": 4}) == pytest.approx(
        built(measured, twice), rel=0.1
    )


def test_no_count_is_asked_where_nothing_depends_on_it(measured):
    table = measured.table("measured")
    assert sizes.distinct_question(IndexSpec(table.oid, table.identity, keys_of("day"))) is None
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
    assert sizes.bytes_of(spec, plain) > 3 * sizes.bytes_of(spec, table)


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
