"""The parts that need no database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsadmin.advisor.verify.copies import parts_of
from opsadmin.advisor.verify.ddl import index_on, statistics_on
from opsadmin.advisor.verify.facts import Relation
from opsadmin.advisor.verify.measure import Run
from opsadmin.advisor.verify.values import Known, Wanted, values_of
from opsadmin.advisor.verify.verdict import Use, Verdict, is_worse, judged

TABLE = Relation(
    oid=1, schema="public", name="t", identity="public.t", kind="r", has_policies=False, is_temporary=False, has_children=False,
    is_owner=True, may_create=True, may_read=True, owner="o", role="r", bytes=100, index_bytes=0, fillfactor="", columns=(), indexes=(), statistics=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("without", "with_it", "verdict"),
    [
        (Run(50_000, 90), Run(12, 0.1), Verdict.CONFIRMED),
        (Run(1000, 10), Run(950, 9), Verdict.REFUTED),
        (Run(1000, 10), Run(1040, 9), Verdict.REFUTED),
        (Run(1000, 10), Run(1040, 6), Verdict.REFUTED),
        (Run(1000, 10), Run(1000, 6), Verdict.CONFIRMED),
        (Run(1000, 10), Run(1040, 2), Verdict.CONFIRMED),
        (Run(1000, 10), Run(3000, 2), Verdict.REFUTED),
        (Run(1000, 100), Run(500, 300), Verdict.REFUTED),
        (Run(1000, 1.0), Run(500, 3.0), Verdict.CONFIRMED),
        (Run(3, 0.01), Run(3, 0.01), Verdict.REFUTED),
        (Run(0, 5000, is_over=True), Run(12, 0.1), Verdict.CONFIRMED),
        (Run(12, 0.1), Run(0, 5000, is_over=True), Verdict.REFUTED),
        (Run(0, 5000, is_over=True), Run(0, 5000, is_over=True), Verdict.DOUBTFUL),
    ],
)
def test_verdict(without: Run, with_it: Run, verdict: Verdict) -> None:
    found = judged([Use(1.0, without, with_it)], "copy", 1.0)
    assert found.verdict is verdict, found.reason
    assert found.reason.endswith(".")


def test_verdict_on_what_no_plan_uses() -> None:
    assert judged([], "copy", 1.0).verdict is Verdict.REFUTED
    assert judged([], "copy", 0.2).verdict is Verdict.DOUBTFUL


def test_verdict_counts_by_weight() -> None:
    rare, often = Use(1.0, Run(50_000, 90), Run(50_100, 91)), Use(10_000.0, Run(10, 0.1), Run(4, 0.1))
    found = judged([rare, often], "copy", 1.0)
    assert found.verdict is Verdict.CONFIRMED
    assert found.verified is not None
    assert (found.verified.blocks_before, found.verified.blocks_after) == (15, 9)
    assert judged([replace(rare, weight=0.0), replace(rare, weight=0.0)], "copy", 1.0).verdict is Verdict.REFUTED


def test_worse() -> None:
    assert is_worse(Run(10, 2), Run(500, 9))
    assert is_worse(Run(10, 2), Run(0, 9, is_over=True))
    assert not is_worse(Run(10, 2), Run(10, 40))  # the same plan: the processor was busy
    assert not is_worse(Run(10, 2), Run(20, 2.5))
    assert not is_worse(Run(0, 10, is_over=True), Run(500, 9))


def test_parts_share_the_bound() -> None:
    small, large, larger = (replace(TABLE, oid=oid, bytes=size) for oid, size in ((1, 10), (2, 100), (3, 400)))
    shares = {one.relation.oid: one.share for one in parts_of([larger, small, large], {3: 100}, 110)}
    assert shares == {1: 1.0, 2: 0.5, 3: 0.1}
    assert all(one.share == 1 for one in parts_of([small, large, larger], {}, 1000))


@pytest.mark.parametrize(
    ("ddl", "expected"),
    [
        (
            "CREATE INDEX CONCURRENTLY \"on x\" ON public.t USING btree (a) WHERE (b ~~ 'ON')",
            "CREATE INDEX n ON pg_temp.t USING btree (a) WHERE (b ~~ 'ON')",
        ),
        (
            'CREATE UNIQUE INDEX i ON ONLY "S.x"."t y" USING btree (a)',
            "CREATE UNIQUE INDEX n ON pg_temp.t USING btree (a)",
        ),
    ],
)
def test_index_elsewhere(ddl: str, expected: str) -> None:
    assert index_on(ddl, "n", "pg_temp.t") == expected


def test_statistics_elsewhere() -> None:
    ddl = 'CREATE STATISTICS public."a.b" (dependencies) ON a, EXTRACT(year FROM b) FROM public.t'
    assert statistics_on(ddl, "x", "y") == "CREATE STATISTICS x (dependencies) ON a, EXTRACT(year FROM b) FROM y"


def test_values() -> None:
    known = Known((("rare", 0.1), ("most", 0.6)), ("a", "b", "c", "d", "e"))
    assert known.middle() == "most"
    assert known.middle(1) == "rare"
    assert Known((("rare", 0.1),), ("a", "b", "c")).middle() == "b"
    assert Known((("only", 0.2),)).middle() == "only"
    assert Known().middle() is None
    rows = [{"relid": 1, "number": 2, "common": ['x"y'], "shares": [0.9], "bounds": ["1", "2", "3", "4", "5"]}]
    wanted = {
        1: Wanted(1, 25, 1, 2, 3),
        2: Wanted(2, 25, 1, 2, 3, is_list=True),
        3: Wanted(3, 25, 1, 2, 4),
        4: Wanted(4, 25, 1, 2, 2),
        5: Wanted(5, 20, fixed="20"),
        6: Wanted(6, 25, 1, 3, 3),
    }
    found = values_of(lambda sql, values: rows, wanted)
    assert found == {1: 'x"y', 2: '{"x\\"y","3","4"}', 3: "3", 4: "4", 5: "20"}
    del wanted[3]
    assert values_of(lambda sql, values: rows, wanted)[4] == "2"
