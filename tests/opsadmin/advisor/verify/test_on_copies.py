"""On copies: what holds is confirmed, what does not is refuted, and nobody has to wait for it."""

from __future__ import annotations

import time

import psycopg
import pytest

from opsadmin.advisor.advise import Limit, Wanted
from opsadmin.advisor.verify.request import MB
from opsadmin.core.errors import OperationFailed, Stopped
from tests.opsadmin.advisor.verify.conftest import READER, Trade

BY_CUSTOMER = "SELECT * FROM orders WHERE customer_id = 7"
LIE = "SELECT * FROM pairs WHERE a = 1 AND b = 1 AND c = 1 AND d = 1 AND e = 1"
JOINED = (
    "SELECT o.id, c.name FROM orders AS o JOIN public.customers AS c ON c.id = o.customer_id "
    "WHERE o.placed BETWEEN '2026-01-05' AND '2026-01-05 01:00'"
)
#: With which no index holds the whole row.
NARROW = Limit(size_bytes=2 * MB)


def test_an_index_whose_estimate_lies_is_refuted(trade: Trade) -> None:
    found = trade.verify(LIE, BY_CUSTOMER, limit=NARROW)
    (refuted,) = found.refuted
    assert refuted.recommendation.table == "public.pairs"
    assert refuted.recommendation.gain > 0.1  # which is what the estimate promises
    assert refuted.verified is not None
    assert refuted.verified.blocks_before is not None
    assert refuted.verified.blocks_after > 0.9 * refuted.verified.blocks_before
    assert refuted.reason.startswith("Measured on a copy: its statement reads ")
    assert refuted.reason.endswith("That is not worth an index.")
    # The rest stands, and the costs are reckoned without it.
    (left,) = found.recommendations
    assert left.table == "public.orders"
    assert left.verified is not None
    assert found.cost_after == pytest.approx(found.queries[0].cost_before + found.queries[1].cost_after)
    assert found.queries[0].cost_after == found.queries[0].cost_before
    assert found.size_bytes == left.size_bytes


def test_statements_of_every_kind(trade: Trade) -> None:
    statements = [
        'SELECT id FROM public.orders WHERE doc @> \'{"ref": "r77"}\'',
        JOINED,
        "SELECT * FROM orders WHERE customer_id = $1 ORDER BY placed DESC LIMIT $2",
        'SELECT "Odd ""Sch.ma"."Sélect Ünï.code ""x"""."order" FROM "Odd ""Sch.ma"."Sélect Ünï.code ""x""" WHERE "Gröup key" = 5',
        "SELECT id, placed, count(*) FROM orders WHERE customer_id IN ($1, $2) GROUP BY id",
        "SELECT id FROM orders WHERE customer_id = ANY ($1) AND placed > $2",
        "SELECT * FROM recent WHERE customer_id = 9",
        "SELECT * FROM secured WHERE owner_id = 4",
        "SELECT * FROM parted WHERE key = 4",
        "UPDATE orders SET filler = 'y' WHERE customer_id = 8",
        "SELECT id FROM orders WHERE doc @> $1",
    ]
    found = trade.verify(*statements)
    assert found.refuted == ()
    assert found.verification is not None
    measured = {one.query: one for one in found.verification.statements}
    for number in range(6):
        one = measured[number]
        assert one.why_not == "", (statements[number], one.why_not)
        assert one.blocks_before is not None
        assert one.blocks_after is not None
        assert one.blocks_after < 0.3 * one.blocks_before, statements[number]
    whys = [measured[number].why_not for number in range(6, 11)]
    for why, words in zip(
        whys, ("is a view", "row security", "partitions", "changes rows", "no value for $1"), strict=True
    ):
        assert words in why
    by_using = {one.using: one for one in found.recommendations}
    assert by_using["gin"].verified is not None  # a real one
    assert by_using["gin"].reason.startswith("Measured on a copy: its statement reads ")
    doubts = found.verification.doubts
    assert {one.name for one in found.recommendations if one.verified is None} == doubts.keys()
    assert found.verification.complete
    assert found.verification.samples == {}
    assert found.as_dict()["recommendations"][0]["verified"]["how"] == "copy"


def test_a_large_table_is_sampled(trade: Trade) -> None:
    found = trade.verify(BY_CUSTOMER, "SELECT id FROM pairs WHERE id = 4", most_bytes=4 * MB)
    assert found.verification is not None
    share = found.verification.samples["public.orders"]
    assert 0.1 < share < 0.6
    assert found.verification.copied_bytes < 4 * MB
    one = next(one for one in found.recommendations if one.table == "public.orders")
    assert one.verified is not None
    assert one.verified.rows_share == share
    assert f"of {100 * share:.0f} % of the rows" in one.reason
    found = trade.verify(BY_CUSTOMER, most_bytes=1 * MB)
    assert "too little of it would fit" in next(iter(found.verification.doubts.values()))  # type: ignore[union-attr]


def test_writers_do_not_wait(trade: Trade) -> None:
    seen = []

    def tell(says: str, share: float) -> None:
        if says not in seen:
            seen.append(says)
            with psycopg.connect(trade.dsn, autocommit=True) as other:
                other.execute("SET lock_timeout = '1s'")
                other.execute("UPDATE orders SET filler = filler WHERE id = 1")
                # Neither does whoever changes the table, once it is copied.
                if says.startswith("Running"):
                    other.execute("ALTER TABLE orders ADD COLUMN more int; ALTER TABLE orders DROP COLUMN more")

    assert trade.verify(BY_CUSTOMER, tell=tell).recommendations[0].verified is not None
    assert "Running the statements with the indexes" in seen
    assert any(one.startswith("Copying") for one in seen)


@pytest.mark.parametrize("moment", ["Copying", "Running them without"])
def test_stopped(trade: Trade, moment: str) -> None:
    told: list[str] = []
    with pytest.raises(Stopped):
        trade.verify(
            BY_CUSTOMER,
            tell=lambda says, share: told.append(says),
            is_stopped=lambda: any(one.startswith(moment) for one in told),
        )


def test_stopped_while_a_statement_runs(trade: Trade) -> None:
    """What would take minutes."""
    endless = "SELECT count(*) FROM orders AS b, orders AS c WHERE b.doc || c.doc = '{}'"
    often = Wanted(BY_CUSTOMER, weight=1e9)
    begun = time.monotonic()
    runs = []
    with pytest.raises(Stopped):
        trade.verify(
            often,
            endless,
            tell=lambda says, share: runs.append(time.monotonic()) if says.startswith("Running") else None,
            is_stopped=lambda: bool(runs) and time.monotonic() - runs[0] > 0.3,
        )
    assert time.monotonic() - begun < 9  # one run may take 10 s


def test_no_right_to_temporary_tables(trade: Trade) -> None:
    with psycopg.connect(trade.dsn, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
        try:
            with pytest.raises(OperationFailed, match="may not make temporary tables") as refused:
                trade.verify(BY_CUSTOMER, user=READER)
            assert f"GRANT TEMPORARY ON DATABASE {name} TO {READER};" in refused.value.hint
        finally:
            owner.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC")


def test_another_role(trade: Trade) -> None:
    """Who owns nothing, and may read."""
    assert trade.verify(BY_CUSTOMER, user=READER).recommendations[0].verified is not None
    found = trade.verify("SELECT * FROM hidden WHERE key = 3", user=READER)
    assert f"GRANT SELECT ON public.hidden TO {READER};" in found.verification.statements[0].why_not  # type: ignore[union-attr]


def test_a_statement_without_end(trade: Trade) -> None:
    """What does not come to its end without the index does with it."""
    endless = "SELECT count(*) FROM orders AS o WHERE customer_id = 7 AND pg_sleep(0.003) IS NOT NULL"
    found = trade.verify(endless, most_seconds=3)
    (one,) = found.recommendations
    # The guard lets no statement run that sleeps.
    assert one.verified is None
    assert found.verification is not None
    assert "pg_sleep" in found.verification.doubts[one.name]


def test_an_index_that_cannot_be_built(trade: Trade) -> None:
    """A value of each page is longer than an entry of a b-tree may be; the rest is verified all the same."""
    found = trade.verify("SELECT id FROM papers WHERE body = 'x'", BY_CUSTOMER)
    (refuted,) = found.refuted
    assert refuted.recommendation.table == "public.papers"
    assert refuted.reason.startswith("PostgreSQL cannot build it: index row size ")
    assert found.recommendations[0].verified is not None


def test_nothing_to_verify(trade: Trade) -> None:
    found = trade.verify("SELECT * FROM orders WHERE id = 7")
    assert found.recommendations == ()
    assert found.verification is not None
    assert [one.why_not for one in found.verification.statements] == ["There is no index to verify."]


def test_what_often_runs_counts_more(trade: Trade) -> None:
    often = Wanted("SELECT id FROM orders WHERE customer_id = 7", weight=1000.0)
    found = trade.verify(often, "SELECT count(*) FROM orders WHERE customer_id < 4000")
    assert found.recommendations[0].verified is not None
    assert found.recommendations[0].verified.blocks_after < 60
