"""The adapter: asks our advisor. The only file of the bench that knows how it is called."""

from __future__ import annotations

from typing import Any

import psycopg

from benchmarks.advisor.contenders import Task, answer_task


def answer(task: Task) -> dict[str, Any]:
    from opsadmin.advisor.advise import advise

    with psycopg.connect(task.dsn, autocommit=True) as connection:
        advice = advise(
            connection,
            [(query.sql, query.weight) for query in task.queries],
            max_size_bytes=task.budget,
            sizes=task.sizes,
        )
    return {
        "ddl": [one.ddl for one in advice.recommendations],
        "explains": advice.explain_calls,
        "notes": [f"not analyzed: {one}" for one in advice.not_analyzed],
    }


if __name__ == "__main__":
    answer_task(answer)
