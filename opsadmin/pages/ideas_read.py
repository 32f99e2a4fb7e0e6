"""What PostgreSQL says now of what index advice stands on: counted statements, HypoPG, and followed indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationFailed, UnknownOperation
from opsadmin.core.finding import Status
from opsadmin.core.result import plain
from opsadmin.last_seen import recall, remember
from opsadmin.models import FollowedIndex
from opsadmin.pages.patient import Answer, ask
from opsadmin.pages.queries_read import Step, steps_of, trusted
from opsadmin.perform import find, perform
from opsadmin.plans.relations import question
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import read_only
from opsadmin.workload import recorder
from opsadmin.workload.queries import top_queries
from opsadmin.workload.recorder import Recorder

REVIEW = "review_indexes"
#: Of so many statements is said what keeps them from being seen: those that the advisor looks at.
LOOKED_AT = 100
_REVIEWED = "index_ideas.review"
#: Two questions of one row in one statement.
_BOTH = (
    f"SELECT (SELECT row_to_json(q) FROM ({question('hypopg')}) AS q) AS hypopg,"  # noqa: S608
    f" (SELECT row_to_json(q) FROM ({recorder.QUESTION}) AS q) AS recorder"
)


@dataclass(frozen=True)
class Ground:
    """`statements`: how many are counted, `notes` of them, and `limits`: what keeps some from being seen, with what helps;
    or `refusal` why nobody counts them, with `steps`. `lacks_hypopg`: what that takes, in steps; empty where it is there."""

    statements: int = 0
    notes: tuple[str, ...] = ()
    limits: tuple[Step, ...] = ()
    refusal: str = ""
    steps: tuple[Step, ...] = ()
    lacks_hypopg: tuple[Step, ...] = ()


@dataclass(frozen=True)
class GroundNow:
    """`ground`, or why it is not known: PostgreSQL is still asked (`running`), or `silence` says why it does not answer."""

    ground: Ground | None = None
    running: bool = False
    silence: str = ""


def read_ground(request: HttpRequest, database: str) -> GroundNow:
    """What advice could stand on."""
    answer: Answer[Ground] = ask(("ideas", database), database, lambda: _ground(database))
    if answer.value is not None:
        return GroundNow(answer.value)
    return GroundNow(running=True) if answer.error is None else GroundNow(silence=answer.error.message)


def read_review(request: HttpRequest, database: str, *, patience: float | None = None) -> list[dict[str, Any]]:
    """The verdicts on followed indexes, as plain data; those of the last review where there is none now. Empty where
    nobody reviews, or nothing is followed."""
    try:
        operation = find(REVIEW)
    except UnknownOperation:
        return []
    if not request.user.has_perm(operation.permission) or not _follows(database):
        return []
    caller = trusted(request)

    def keep(found: list[dict[str, Any]]) -> None:
        if found or recall(database, _REVIEWED):
            remember(database, _REVIEWED, found)

    answer = ask(
        (REVIEW, database),
        database,
        lambda: list(plain(perform(REVIEW, {"database": database}, caller))["indexes"]),
        after=keep,
        **({} if patience is None else {"patience": patience}),
    )
    if answer.value is not None:
        return answer.value
    seen = recall(database, _REVIEWED)
    return list(seen.data) if seen else []


def _follows(database: str) -> bool:
    """Whether there is anything to review: where not, PostgreSQL is spared the question."""
    try:
        return FollowedIndex.objects.filter(database=database).exists()
    except DatabaseError:
        return True  # the review says what is wrong


def _ground(database: str) -> Ground:
    """Raises `OperationFailed` where PostgreSQL does not answer."""
    try:
        with read_only(database) as session:
            (row,) = session.rows(_BOTH)
            lacks = _lacking(row["hypopg"])
            found = top_queries(session, limit=LOOKED_AT, recorder=Recorder(**row["recorder"]))
    except DatabaseError as error:
        raise OperationFailed(sentence_of(error)) from error
    except OperationFailed as error:
        if not error.hint:
            raise
        return Ground(refusal=error.message, steps=steps_of(error.hint), lacks_hypopg=lacks)
    return Ground(
        statements=found.found,
        notes=tuple(note.text for note in found.notes if note.status is Status.OK),
        limits=tuple(Step(note.text, note.command) for note in found.notes if note.status is not Status.OK),
        lacks_hypopg=lacks,
    )


def _lacking(row: dict[str, Any]) -> tuple[Step, ...]:
    if row["version"] is not None:
        return ()
    made = Step(
        _("As a superuser, or the owner of the database %(database)s:") % {"database": row["database"]},
        "CREATE EXTENSION hypopg;",
    )
    if row["available"]:
        return (made,)
    words = _("Install it on the server (a hosted PostgreSQL: see its list of extensions). Debian and Ubuntu:")
    return (Step(words, f"apt install postgresql-{row['major']}-hypopg"), made)
