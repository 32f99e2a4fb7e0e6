"""The lists of the page SQL: what the person asked, and what was saved; and what can be done with them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.errors import OperationError
from opsadmin.models import AskedStatement, SavedStatement
from opsadmin.pages.site import site_url
from opsadmin.pages.sql_asked import Asked
from opsadmin.pages.sql_kept import SHOWN, asked_by, asked_one, forget_asked, forget_saved, save, saved_for
from opsadmin.postgres.aliases import default_alias
from opsadmin.postgres.masking import one_line

logger = logging.getLogger(__name__)

ACTIONS = ("save", "forget_saved", "forget_asked")
#: Of a statement, in a list.
CHARACTERS = 160
#: Said in the list where the rows of a run are not.
_ENDS = {"explain": "EXPLAIN", "analyze": "EXPLAIN ANALYZE"}


@dataclass(frozen=True)
class AskedLine:
    """One statement of the history."""

    key: int
    text: str
    link: str
    row: AskedStatement
    what: str


@dataclass(frozen=True)
class SavedLine:
    """One saved statement. `owner`: empty where it is the person's own."""

    key: int
    name: str
    text: str
    link: str
    owner: str
    is_shared: bool
    may_forget: bool


@dataclass(frozen=True)
class Lists:
    """`history`: the statements shown; `page`: which of how many; `is_whole`: the list is what the page is about. `failed`:
    the site's own database did not answer."""

    history: tuple[AskedLine, ...] = ()
    saved: tuple[SavedLine, ...] = ()
    page: Page[AskedStatement] | None = None
    is_whole: bool = False
    text: str = ""
    whole_link: str = ""
    before: str = ""
    after: str = ""
    failed: bool = False


def lists_of(request: HttpRequest, asked: Asked) -> Lists:
    """What stands below the form."""
    is_whole = "history" in request.GET
    text = request.GET.get("text", "") if is_whole else ""
    try:
        if is_whole:
            page = asked_by(request.user, asked.database, text=text, page=request.GET.get("page", 1))
        else:
            page = asked_by(request.user, asked.database, size=SHOWN)
        return Lists(
            history=tuple(_asked_line(request, row) for row in page.object_list),
            saved=tuple(_saved_line(request, row) for row in saved_for(request.user, asked.database)),
            page=page,
            is_whole=is_whole,
            text=text,
            whole_link=_address(request, asked.database, history=""),
            before=_page_link(request, asked, text, page.number - 1) if page.has_previous() else "",
            after=_page_link(request, asked, text, page.number + 1) if page.has_next() else "",
        )
    except DatabaseError as error:
        logger.warning("[sql] the kept statements could not be read (%s)", type(error).__name__)
        return Lists(failed=True)


def filled(request: HttpRequest, asked: Asked) -> Asked:
    """The form with the kept statement that the address names."""
    try:
        if (key := request.GET.get("asked", "")).isdecimal():
            row = asked_one(request.user, key)
            return asked if row is None else replace(asked, sql=row.sql, params=row.params)
        if (key := request.GET.get("saved", "")).isdecimal():
            kept = saved_for(request.user, asked.database).filter(pk=key).first()
            return asked if kept is None else replace(asked, sql=kept.sql, params=kept.params)
    except DatabaseError as error:
        logger.warning("[sql] a kept statement could not be read (%s)", type(error).__name__)
    return asked


def act(request: HttpRequest, action: str, asked: Asked) -> HttpResponse | None:
    """Save or forget; None where the page is to be shown again with what was written."""
    try:
        match action:
            case "save":
                shared = request.POST.get("shared") == "on"
                row, is_new = save(
                    request.user, asked.database, request.POST.get("name", ""), asked.sql, asked.params, shared=shared
                )
                said = _("Saved as %(name)s.") if is_new else _("Saved as %(name)s, in place of the one before.")
                messages.success(request, said % {"name": row.name})
                return HttpResponseRedirect(_address(request, asked.database, saved=row.pk))
            case "forget_saved":
                name = forget_saved(request.user, request.POST.get("key", ""))
                if name:
                    messages.success(request, _("Forgotten: %(name)s.") % {"name": name})
            case "forget_asked":
                count = forget_asked(request.user, asked.database, request.POST.get("key", ""))
                said = ngettext("%(n)d statement is forgotten.", "%(n)d statements are forgotten.", count)
                messages.success(request, said % {"n": count})
    except OperationError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
        return None
    except DatabaseError as error:
        logger.warning("[sql] %s failed (%s)", action, type(error).__name__)
        messages.error(request, _("The site's own database did not take it. Try again."))
        return None
    return HttpResponseRedirect(_address(request, asked.database))


def _asked_line(request: HttpRequest, row: AskedStatement) -> AskedLine:
    return AskedLine(
        key=row.pk,
        text=one_line(row.sql, CHARACTERS),
        link=_address(request, row.database, asked=row.pk),
        row=row,
        what=_ENDS.get(row.action, ""),
    )


def _saved_line(request: HttpRequest, row: SavedStatement) -> SavedLine:
    is_own = row.user_id == request.user.pk
    return SavedLine(
        key=row.pk,
        name=row.name,
        text=one_line(row.sql, CHARACTERS),
        link=_address(request, row.database, saved=row.pk),
        owner="" if is_own else row.user.get_username(),
        is_shared=row.is_shared,
        may_forget=is_own or bool(getattr(request.user, "is_superuser", False)),
    )


def _page_link(request: HttpRequest, asked: Asked, text: str, number: int) -> str:
    more: dict[str, Any] = {"text": text} if text else {}
    return _address(request, asked.database, history="", **more, page=number)


def _address(request: HttpRequest, database: str, **more: Any) -> str:
    if database != default_alias():
        more["database"] = database
    return site_url(request, "ops_sql") + (f"?{urlencode(more)}" if more else "")
