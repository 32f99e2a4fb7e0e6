"""The statements that the page SQL keeps, in the site database: what a person asked last, and what somebody gave a name. A
site database that refuses costs nothing but that."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.errors import OperationError
from opsadmin.models import AskedStatement, SavedStatement
from opsadmin.postgres.masking import statement_without_secrets, without_secrets
from opsadmin.retention import surplus
from opsadmin.retention.kept import amount

logger = logging.getLogger(__name__)

#: What each person may save in each database.
MOST_SAVED = 200
#: A longer text is not kept: somebody generated it.
LONGEST = 20_000
#: What stands beside the form, and on a page of the whole list.
SHOWN, PAGE = 8, 25


@dataclass(frozen=True)
class Ended:
    """How it ended: `rows` and `elapsed_ms` where it gave some, else `error`."""

    rows: int | None = None
    elapsed_ms: float | None = None
    error: str = ""


def note_asked(user: Any, database: str, sql: str, params: str, action: str, ended: Ended) -> None:
    """Keep that the person asked it, in place of the last time that they asked the same, and forget the oldest ones. What
    looks like a password is masked."""
    sql, params = statement_without_secrets(sql.strip()), without_secrets(params.strip())
    if not sql or len(sql) + len(params) > LONGEST:
        return
    values = {
        "sql": sql,
        "params": params,
        "action": action,
        "asked_at": timezone.now(),
        "rows": ended.rows,
        "elapsed_ms": ended.elapsed_ms,
        "error": ended.error[:300],
    }
    try:
        with transaction.atomic(using=AskedStatement.objects.db):
            row, is_new = AskedStatement.objects.update_or_create(
                user_id=user.pk, database=database, digest=_digest(sql, params), defaults=values
            )
            if not is_new:
                AskedStatement.objects.filter(pk=row.pk).update(times=F("times") + 1)
            surplus.delete(surplus.asked(amount("asked_statements"), user.pk, database))
    except DatabaseError as error:
        logger.warning("[sql] what was asked was not kept (%s)", type(error).__name__)


def _digest(sql: str, params: str) -> str:
    return hashlib.sha256(f"{sql}\0{params}".encode(errors="surrogatepass")).hexdigest()


def asked_by(
    user: Any, database: str, *, text: str = "", page: int | str = 1, size: int = PAGE
) -> Page[AskedStatement]:
    """What the person asked, the newest first; `text` stands in it.

    Raises Django's database errors."""
    found = AskedStatement.objects.filter(user_id=user.pk, database=database)
    if text:
        found = found.filter(sql__icontains=text)
    return Paginator(found, size).get_page(page)


def asked_one(user: Any, key: str) -> AskedStatement | None:
    """That one of the person's.

    Raises Django's database errors."""
    return AskedStatement.objects.filter(user_id=user.pk, pk=key).first()


def saved_for(user: Any, database: str) -> QuerySet[SavedStatement]:
    """Their own, and those that others share, by name."""
    own = Q(user_id=user.pk) | Q(is_shared=True)
    return SavedStatement.objects.filter(own, database=database).select_related("user")


def save(user: Any, database: str, name: str, sql: str, params: str, *, shared: bool) -> tuple[SavedStatement, bool]:
    """The statement under that name, in place of the person's own one of that name; whether the name is new.

    Raises `OperationError` where it cannot be kept as it is, Django's database errors."""
    name = " ".join(name.split())
    if not name:
        raise OperationError(_("A statement is found again by its name. Give it one."), parameter="name")
    if len(name) > 100:
        raise OperationError(_("The name has %(n)d characters; 100 are allowed.") % {"n": len(name)}, parameter="name")
    if not sql.strip():
        raise OperationError(_("There is no statement. Write one, then save it."), parameter="sql")
    if len(sql) + len(params) > LONGEST:
        raise OperationError(
            _("The statement has %(n)d characters; %(most)d can be saved.")
            % {"n": len(sql) + len(params), "most": LONGEST},
            parameter="sql",
        )
    if statement_without_secrets(sql) != sql or without_secrets(params) != params:
        raise OperationError(
            _("Something in it looks like a password. Put a parameter ($1) in its place, then save it."),
            parameter="sql",
        )
    own = SavedStatement.objects.filter(user_id=user.pk, database=database)
    if not own.filter(name=name).exists() and own.count() >= MOST_SAVED:
        raise OperationError(
            ngettext(
                "There is %(n)d saved statement of yours, and that is all there may be. Forget one first.",
                "There are %(n)d saved statements of yours, and those are all there may be. Forget some first.",
                MOST_SAVED,
            )
            % {"n": MOST_SAVED},
            parameter="name",
        )
    return SavedStatement.objects.update_or_create(
        user_id=user.pk,
        database=database,
        name=name,
        defaults={"sql": sql.strip(), "params": params.strip(), "is_shared": shared},
    )


def forget_saved(user: Any, key: str) -> str:
    """Forget a saved statement: one's own, or anybody's where the person may do everything. Its name; empty where there is
    none.

    Raises Django's database errors."""
    found = SavedStatement.objects.filter(pk=key) if key.isdecimal() else SavedStatement.objects.none()
    if not user.is_superuser:
        found = found.filter(user_id=user.pk)
    row = found.first()
    if row is None:
        return ""
    name = row.name
    row.delete()
    return name


def forget_asked(user: Any, database: str, key: str) -> int:
    """Forget one of the person's, or all of them where `key` is "all"; how many.

    Raises Django's database errors."""
    found = AskedStatement.objects.filter(user_id=user.pk, database=database)
    if key != "all":
        found = found.filter(pk=key) if key.isdecimal() else found.none()
    return found.delete()[0]
