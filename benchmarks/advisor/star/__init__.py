"""A snowflake after TPC-DS, 90 queries on some 300 MB: for the time that advice on many joined tables takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.advisor.workload import Query, Workload, fill, read_queries

HERE = Path(__file__).parent
#: Channel, prefix of its sales, prefix of its returns, salt of its chance, rows of sales.
CHANNELS = (
    ("store", "ss", "sr", 200, 800_000),
    ("catalog", "cs", "cr", 300, 500_000),
    ("web", "ws", "wr", 400, 250_000),
)
CATEGORIES = ("Electronics", "Home", "Jewelry", "Men", "Music", "Shoes")
COLOURS = ("red", "green", "blue", "plum", "olive", "navy")
EDUCATION = ("College", "Primary", "Secondary", "Unknown", "2 yr Degree", "4 yr Degree")


def load(connection: psycopg.Connection[Any], scale: float) -> None:
    sizes = {"customers": max(1000, int(50_000 * scale)), "items": max(2000, int(9_000 * scale))}
    # One transaction: rows of a table made in it need no WAL.
    with connection.transaction():
        connection.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
        connection.execute(fill((HERE / "dimensions.sql").read_text(encoding="utf-8"), sizes))
        channel = (HERE / "channel.sql").read_text(encoding="utf-8")
        for name, sales, _, salt, rows in CHANNELS:
            values = {"channel": name, "sales": sales, "salt": salt, "rows": int(rows * scale), **sizes}
            connection.execute(fill(channel, values))


def queries(constants: str = "tune") -> Sequence[Query]:
    patterns = read_queries(HERE / "queries.sql")
    return [
        Query(f"{pattern.name}_{channel}_{turn}", fill(pattern.sql, {**_names(channel), **_constants(number, turn)}))
        for number, pattern in enumerate(patterns)
        for channel, *_ in CHANNELS
        for turn in (1, 2)
    ]


def _names(channel: str) -> dict[str, object]:
    return next(
        {"channel": name, "sales": sales, "returns": back} for name, sales, back, *_ in CHANNELS if name == channel
    )


def _constants(number: int, turn: int) -> dict[str, object]:
    """Different ones for each pattern and turn."""
    draw = number * 2 + turn
    return {
        "manufact": 100 + draw * 17,
        "manager": 5 + draw * 3,
        "moy": 1 + draw % 9,
        "year": 2020 + draw % 5,
        "dom": 10 + draw % 9,
        "quarter": 1 + draw % 4,
        "county": 1 + draw % 5,
        "gender": "MF"[draw % 2],
        "marital": "SMDWU"[draw % 5],
        "education": EDUCATION[draw % 6],
        "color": COLOURS[draw % 6],
        "category": CATEGORIES[draw % 6],
        "customer": f"{draw * 1201 % 50_000:05d}",
    }


STAR = Workload("star", "a snowflake after TPC-DS, 90 queries", load, queries)
