"""One statement at a time through the extended protocol, without ever waiting longer than a deadline."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult


class OutOfTime(Exception):
    """The deadline passed while the server was still at it."""


def results(connection: psycopg.Connection[Any], send: Callable[[PGconn], None], deadline: float) -> Iterator[PGresult]:
    """What `send` brings back, result by result (a result is one row, where it asked for that).

    Raises psycopg's errors: the server's, and `OperationalError` where the line is gone. Raises `OutOfTime`."""
    pgconn = connection.pgconn
    send(pgconn)
    while pgconn.flush():
        _wait(pgconn, deadline, write=True)
        pgconn.consume_input()
    error: psycopg.Error | None = None
    while True:
        while pgconn.is_busy():
            _wait(pgconn, deadline)
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            break
        if result.status == ExecStatus.FATAL_ERROR:
            # Go on to the end, so that the connection can be used again.
            error = error or psycopg.errors.error_from_result(result, encoding=connection.info.encoding)
        else:
            yield result
    if error is not None:
        raise error


def _wait(pgconn: PGconn, deadline: float, *, write: bool = False) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise OutOfTime
    poller = select.poll()
    poller.register(pgconn.socket, select.POLLIN | (select.POLLOUT if write else 0))
    if not poller.poll(left * 1000):
        raise OutOfTime
