"""Following by name, as an operator wishes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.blocks import Block, Note, said
from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.follow.begin import begin_in
from opsadmin.follow.look import Sought, indexes_of
from opsadmin.follow.names import parts_of
from opsadmin.follow.review import followed, identity_of, is_called
from opsadmin.models import FollowedIndex
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Followed(Result):
    """`statements`: how many are followed with it. `is_followed`: False where following it was stopped."""

    index: str
    is_followed: bool
    is_there: bool
    statements: int
    text: str
    hint: str = ""

    def blocks(self) -> list[Block]:
        return [Note(Status.OK, self.text, self.hint)]


def follow(
    database: str, index: str, *, ddl: str = "", queries: Sequence[Mapping[str, Any]] = (), promise: float | None = None
) -> Followed:
    """Follow the index, there or not.

    Raises `OperationError` where it is followed already, or its name stands for several; the errors of both databases."""
    schema, name = parts_of(index)
    if already := followed_already(database, index):
        raise OperationError(already, parameter="index", hint=_("With stop it is forgotten, and can be followed anew."))
    with read_only(database) as session:
        (seen,) = indexes_of(session, [Sought(schema=schema, name=name)])
        row = begin_in(session, ddl, name, schema=schema, queries=queries, promise=promise, is_new=not seen)
    statements = len(row.queries)
    text = ngettext(
        "%(index)s is followed with %(count)d statement.",
        "%(index)s is followed with %(count)d statements.",
        statements,
    ) % {"index": identity_of(row), "count": statements}
    if row.oid is None:
        hint = _("It is not there yet. Look with review_indexes shortly before it is made, and again after.")
    elif queries:
        hint = _("It is there already, so nobody knows what its statements cost without it: only its use is told.")
    else:
        hint = _("Without statements only its use is told.")
    return Followed(
        index=identity_of(row),
        is_followed=True,
        is_there=row.oid is not None,
        statements=statements,
        text=text,
        hint=hint,
    )


def followed_already(database: str, index: str) -> str:
    """Since when the index is followed, as a sentence; empty where it is not.

    Raises the site database's errors."""
    rows = [row for row in _called(database, index) if row.gone_at is None]
    if not rows:
        return ""
    words = {"index": identity_of(rows[0]), "since": said("", timezone.localtime(rows[0].started_at))}
    return _("%(index)s is followed since %(since)s: review_indexes says how it does.") % words


def unfollow(database: str, index: str) -> Followed:
    """Forget the index. PostgreSQL is not asked.

    Raises `OperationError` where it is not followed; the site database's errors."""
    found = _called(database, index)
    if not found:
        raise OperationError(
            _("The index %(index)s is not followed.") % {"index": repr(index)},
            parameter="index",
            allowed=tuple(identity_of(row) for row in followed(database)),
        )
    if len(found) > 1:
        raise OperationError(
            _("Several followed indexes are called %(index)s: say the schema.") % {"index": repr(index)},
            parameter="index",
            allowed=tuple(identity_of(row) for row in found),
        )
    (row,) = found
    identity, statements, is_there = identity_of(row), len(row.queries), row.oid is not None and row.gone_at is None
    row.delete()
    text = _("%(index)s is not followed any more.") % {"index": identity}
    return Followed(index=identity, is_followed=False, is_there=is_there, statements=statements, text=text)


def _called(database: str, index: str) -> list[FollowedIndex]:
    return [row for row in followed(database) if is_called(row, index)]
