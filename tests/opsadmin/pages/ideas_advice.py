"""Advice to show: a recommendation of each basis, a drop, a statement that could not be analysed."""

from __future__ import annotations

from typing import Any

from opsadmin.advisor.advice import Advice, AdvisedQuery, FrontierPoint, Helped, NotAnalyzed, Recommendation
from opsadmin.advisor.drops import Drop, Why

DJANGO = """# Add to Meta.indexes of Reading in stores/models.py:
from django.db import models
models.Index(fields=["day"], name="odd_1")

# stores/migrations/0007_odd_1.py
# Run: python manage.py migrate stores 0007
class Migration(migrations.Migration):
    atomic = False"""


def recommendation(number: int, **changes: Any) -> Recommendation:
    table = 'public."Odd <b>table"'
    values: dict[str, Any] = {
        "name": f"odd_{number}",
        "ddl": f'CREATE INDEX CONCURRENTLY odd_{number} ON {table} USING btree ("dé.y")',
        "table": table,
        "columns": ('"dé.y"',),
        "using": "btree",
        "predicate": "",
        "include": (),
        "size_bytes": 4_000_000 * number,
        "cost_before": 100_000.0,
        "cost_after": 40_000.0,
        "gain": 0.6 / number,
        "write_overhead": 0.3,
        "queries": (Helped(query=0, cost_before=90_000.0, cost_after=80.0, share=0.9),),
        "reason": "Serves 1 statement and costs 90 000.",
        "basis": "planner",
    }
    return Recommendation(**{**values, **changes})


def advice(count: int = 2, **changes: Any) -> Advice:
    queries = (
        AdvisedQuery(
            sql='SELECT * FROM "Odd <b>table" WHERE "dé.y" = $1',
            weight=1.0,
            share=0.9,
            cost_before=90_000.0,
            cost_after=80.0,
            queryid="-77",
            calls=12,
            total_ms=500.0,
        ),
        AdvisedQuery(
            sql="SELECT 'secret of mine', 2", weight=1.0, share=0.1, cost_before=10_000.0, cost_after=10_000.0
        ),
    )
    drop = Drop(
        oid=5,
        index='public."old ""index"""',
        table='public."Odd <b>table"',
        why=Why.UNUSED,
        kept="",
        reason="Nobody read it in 30 d.",
        caution="A yearly report may.",
        bytes=9_000_000,
        ddl='DROP INDEX CONCURRENTLY public."old ""index"""',
        undo='CREATE INDEX "old ""index""" ON public."Odd <b>table" (note)',
    )
    values: dict[str, Any] = {
        "recommendations": tuple(recommendation(number) for number in range(1, count + 1)),
        "drops": (drop,),
        "cost_before": 100_000.0,
        "cost_after": 10_080.0,
        "size_bytes": 12_000_000,
        "explain_calls": 40,
        "elapsed_ms": 1234.0,
        "not_analyzed": (NotAnalyzed(query="SELECT 'another secret' FROM nowhere", why="There is no table nowhere."),),
        "queries": queries,
        "frontier": (
            FrontierPoint(size_bytes=0, cost=100_000.0, indexes=0),
            FrontierPoint(size_bytes=4_000_000, cost=40_000.0, indexes=1),
            FrontierPoint(size_bytes=12_000_000, cost=10_080.0, indexes=2, is_chosen=True),
        ),
        "heap_bytes": 50_000_000,
        "candidates": 21,
        "lower_bound": 9_000.0,
        "database": "store",
    }
    return Advice(**{**values, **changes})
