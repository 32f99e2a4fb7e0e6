"""Sick and innocent sessions."""

from tests.sick_database.plant import Bed, LookAlike, Problem


def in_transaction(application: str):
    def sow(bed: Bed) -> None:
        bed.open(application).execute("SELECT 1")

    return sow


#: Nobody waits a minute for a test: these plants are judged by thresholds of a moment.
THRESHOLDS = {"connection.idle_in_transaction.warning_seconds": 0.2}

PROBLEMS = [
    Problem(
        "a session idle in transaction",
        check="connection.idle_in_transaction",
        object="(idle in a transaction)",
        contains=True,
        by=("superuser", "monitor"),
        sow=in_transaction("idle in a transaction"),
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "a session that is idle, but not in a transaction",
        objects=("(just idle)",),
        sow=lambda bed: bed.open("just idle", autocommit=True).execute("SELECT 1") and None,
    ),
]


def finish(bed: Bed) -> None:
    """Until the youngest of the planted sessions is old enough for the thresholds above."""
    bed.superuser.execute("SELECT pg_sleep(0.3)")
