"""The adapter: asks our advisor. The only file of the bench that knows how it is called."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from benchmarks.advisor.contenders import Task, answer_task


def answer(task: Task) -> dict[str, Any]:
    import django
    from django.conf import settings

    settings.configure(USE_I18N=False)  # its words pass through gettext
    django.setup()
    from opsadmin.advisor.advise import Limit, Wanted, advise

    advice = advise(
        conninfo_to_dict(task.dsn),
        [Wanted(query.sql, query.weight) for query in task.queries],
        Limit(size_bytes=task.budget, by_hypopg=task.sizes == "hypopg"),
    )
    names = {query.sql: query.name for query in task.queries}
    promise = (
        f"It promises {advice.cost_after / advice.cost_before:.3f} of the cost with {advice.size_bytes / (1 << 20):.0f} MB."
        if advice.cost_before
        else "It promises nothing."
    )
    return {
        "ddl": [one.ddl for one in advice.recommendations],
        "explains": advice.explain_calls,
        "notes": [
            promise,
            *(f"{names.get(one.query, one.query)}: not analyzed: {one.why}" for one in advice.not_analyzed),
        ],
    }


if __name__ == "__main__":
    answer_task(answer)
