"""A sample of rows, for what no statistics say: the combinations of columns, the entries of documents."""

from __future__ import annotations

import math
from dataclasses import dataclass

from opsadmin.advisor.facts import Table
from opsadmin.advisor.spec import IndexSpec

#: Rows looked at: of documents, of which each gives many entries; of keys.
SAMPLED_DOCUMENTS = 1000
SAMPLED_KEYS = 5000
#: Pages read for them, whatever the table's size: 8 MB.
SAMPLED_PAGES = 1000
#: Pages of them where it is their neighbours that tell.
CLUSTERED_PAGES = 200
#: Below so many sightings a single one says little of how many others there are.
FEW = 30


def sample_of(spec: IndexSpec, table: Table, value: str, rows: int, share: float = 1.0) -> str:
    """A SELECT of `value` (as x, numbered as n) of about `rows` rows that the index would hold, the same ones each time.
    `share`: what its predicate keeps of the table."""
    pages, sample = _pages_of(table)
    # Neighbours are alike: few rows of many pages say more than all rows of few.
    step = math.ceil(table.rows / pages * min(pages, SAMPLED_PAGES) * min(share, 1.0) / rows)
    conditions = [f"({spec.predicate})"] if spec.predicate else []
    if step > 1:
        # Which of them is mixed up by a hash, lest it falls in with a period of the data.
        place = "(ctid::text::point)[0]::bigint * 1024 + (ctid::text::point)[1]::bigint"
        conditions.append(f"hashint8({place}) % {step} = 0")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT row_number() OVER () AS n, {value} AS x FROM {spec.table}{sample}{where} LIMIT {rows}"  # noqa: S608 - the texts of an index


def kept_question(table: Table, predicate: str) -> str:
    """A SELECT that says how many rows of a sample there are (`looked_at`) and for how many the predicate holds (`kept`)."""
    return f"SELECT count(*) AS looked_at, count(*) FILTER (WHERE {predicate}) AS kept FROM {table.identity}{_pages_of(table)[1]}"  # noqa: S608 - the text of an index


def clustered_question(spec: IndexSpec, table: Table) -> str:
    """A SELECT that says how many rows of a sample of pages there are (`looked_at`) and how many kinds of keys they have
    (`kinds`). Where equal keys lie together, so on few pages, that is their share in the whole table, too."""
    value = spec.keys[0].text if len(spec.keys) == 1 else f"ROW({', '.join(key.text for key in spec.keys)})"
    where = f" WHERE {spec.predicate}" if spec.predicate else ""
    source = f"SELECT {value} AS x FROM {table.identity}{_pages_of(table, CLUSTERED_PAGES)[1]}{where}"  # noqa: S608 - the texts of an index
    return f"SELECT count(*) AS looked_at, count(DISTINCT x) AS kinds FROM ({source}) AS sampled"  # noqa: S608


def _pages_of(table: Table, most: int = SAMPLED_PAGES) -> tuple[float, str]:
    """How many pages the table has, and the clause that takes a sample of them."""
    pages = max(table.pages, table.rows / 100, 1)  # a partitioned table has none of its own
    percent = 100 * most / pages
    return pages, "" if percent >= 100 else f" TABLESAMPLE SYSTEM ({percent:.6g}) REPEATABLE (0)"


@dataclass(frozen=True)
class Seldom:
    """Entries that the sample saw RARE times or less: how often altogether, how many they are, how many of them once."""

    seen: float
    entries: float
    once: float
    width: float

    def __add__(self, other: Seldom) -> Seldom:
        entries = self.entries + other.entries
        width = (self.width * self.entries + other.width * other.entries) / max(entries, 1)
        return Seldom(self.seen + other.seen, entries, self.once + other.once, width)

    def all_of(self, rows: float, looked_at: float) -> tuple[float, float, float]:
        """(rows that one of them is in, how many there are in the whole table, width), estimated as ANALYZE does it for
        distinct values (Haas and Stokes, Duj1); by the geometric mean of the bounds (Charikar) where they are too FEW."""
        postings = max(self.seen, self.seen / looked_at * rows)
        if self.seen < FEW:
            entries = min(postings, self.entries + self.once * (math.sqrt(max(1.0, rows / looked_at)) - 1))
            return postings / entries, entries, self.width
        entries = self.seen * self.entries / max(1e-9, self.seen - self.once + self.once * self.seen / postings)
        return postings / entries, entries, self.width
