"""On the tables themselves, and what is left of a verification whose process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from opsadmin.advisor.verify.request import MB
from opsadmin.core.errors import OperationFailed, Stopped
from tests.opsadmin.advisor.verify.conftest import READER, Trade
from tests.opsadmin.advisor.verify.test_on_copies import BY_CUSTOMER, LIE, NARROW

ROOT = Path(__file__).parents[4]
WRITE = "UPDATE orders SET filler = filler WHERE id = 1"


def test_what_is_there_is_measured(trade: Trade) -> None:
    """Views, row security and functions too."""
    seen = set()
    waited = []

    def tell(says: str, share: float) -> None:
        if says in seen:
            return
        seen.add(says)
        with psycopg.connect(trade.dsn, autocommit=True) as other:
            other.execute("SET lock_timeout = '50ms'")
            other.execute("SELECT id FROM orders WHERE id = 1")  # readers never wait
            try:
                other.execute(WRITE)
            except psycopg.errors.LockNotAvailable:
                waited.append(says)

    found = trade.verify(
        BY_CUSTOMER,
        "SELECT * FROM recent WHERE customer_id = 9",
        "SELECT * FROM secured WHERE owner_id = 4",
        LIE,
        how="trial",
        tell=tell,
        limit=NARROW,
    )
    assert {one.table for one in found.recommendations} == {"public.orders", "public.secured"}
    for one in found.recommendations:
        assert one.verified is not None
        assert one.verified.how == "trial"
        assert one.reason.startswith("Measured on the table itself: ")
    assert [one.recommendation.table for one in found.refuted] == ["public.pairs"]
    # Only from the first index on, and not after the end.
    assert "Running the statements with the indexes" in waited
    assert not [one for one in waited if "without the indexes" in one or one.startswith("Reading")]
    trade.rows(f"{WRITE} RETURNING id")


def test_bounds(trade: Trade) -> None:
    found = trade.verify(BY_CUSTOMER, how="trial", most_bytes=1 * MB)
    assert found.recommendations[0].verified is None
    assert "writers may have to wait for tables of 1 MB" in found.verification.doubts[found.recommendations[0].name]  # type: ignore[union-attr]
    found = trade.verify("SELECT * FROM parted WHERE key = 4", how="trial")
    assert "a trial would lock them all" in next(iter(found.verification.doubts.values()))  # type: ignore[union-attr]
    found = trade.verify(BY_CUSTOMER, how="trial", user=READER)
    assert f"{READER} does not own public.orders" in next(iter(found.verification.doubts.values()))  # type: ignore[union-attr]


def test_writers_wait_no_longer_than_the_bound(trade: Trade) -> None:
    """Even where this process hangs at the worst moment."""
    waited = 0.0

    def tell(says: str, share: float) -> None:
        nonlocal waited
        if says == "Running the statements with the indexes":
            begun = time.monotonic()
            with psycopg.connect(trade.dsn, autocommit=True) as other:
                other.execute("SET lock_timeout = '9s'")
                other.execute(WRITE)  # until the server ends the transaction of who hangs
            waited = time.monotonic() - begun

    with pytest.raises(OperationFailed, match="rolled back by itself|could not do it"):
        trade.verify(BY_CUSTOMER, how="trial", tell=tell)
    assert 0.5 < waited < 6


def test_a_locked_table_is_not_waited_for(trade: Trade) -> None:
    with psycopg.connect(trade.dsn) as other:

        def tell(says: str, share: float) -> None:
            if says == "Building the indexes":
                other.execute(WRITE)

        with pytest.raises(OperationFailed, match="locked by somebody else"):
            trade.verify(BY_CUSTOMER, how="trial", tell=tell)


def test_stopped(trade: Trade) -> None:
    told: list[str] = []
    with pytest.raises(Stopped):
        trade.verify(
            BY_CUSTOMER,
            how="trial",
            tell=lambda says, share: told.append(says),
            is_stopped=lambda: "Running the statements with the indexes" in told,
        )


KILLED = """
import django, os, sys, time
from django.conf import settings
settings.configure(USE_I18N=False); django.setup()
from psycopg.conninfo import conninfo_to_dict
from opsadmin.advisor.advise import Wanted, advise
from opsadmin.advisor.verify.advised import verified
from opsadmin.advisor.verify.request import Request
address = conninfo_to_dict(sys.argv[1])
def tell(says, share):
    if says == "Running the statements with the indexes":
        print("there", flush=True)
        time.sleep(60)
verified(lambda judge: advise(address, [Wanted(sys.argv[3])], judge=judge), Request(address=address, how=sys.argv[2], tell=tell))
"""


@pytest.mark.parametrize("how", ["copy", "trial"])
def test_killed(trade: Trade, how: str) -> None:
    size = trade.rows("SELECT pg_database_size(current_database())")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, trade.dsn, how, BY_CUSTOMER],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"there\n"
    assert trade.rows("SELECT pg_database_size(current_database())") > size
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 10
    while trade.left() or trade.rows("SELECT FROM pg_locks WHERE relation = 'orders'::regclass AND granted"):
        assert time.monotonic() < until, trade.left()
    trade.rows(f"{WRITE} RETURNING id")
    until = time.monotonic() + 10
    while trade.rows("SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"):
        assert time.monotonic() < until
    assert trade.rows("SELECT pg_database_size(current_database())")[0][0] < size[0][0] + 512 * 1024
