"""What the parts of the page "Incidents & decisions" have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from opsadmin.core.errors import NotPermitted
from opsadmin.pages.site import caller_of, render_page, site_url
from opsadmin.perform import perform
from opsadmin.postgres.aliases import default_alias, postgres_aliases

Row = TypeVar("Row", bound=Model)

#: Rows on a page.
PAGE = 20
#: The parts, and what each takes to be seen.
PARTS = {
    "incidents": "opsadmin.view_incident",
    "decisions": "opsadmin.view_decision",
    "alerts": "opsadmin.view_alertdelivery",
}


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """`first` to `last` of `found`; `before`, `after`: page numbers, None where there is none."""

    rows: list[Row]
    found: int
    first: int
    last: int
    before: int | None
    after: int | None


def database_of(request: HttpRequest) -> str:
    """The one that is asked for, if there is such a PostgreSQL, else the default one.

    Raises `OperationError` where there is none at all."""
    asked = request.POST.get("database") or request.GET.get("database") or ""
    return asked if asked in postgres_aliases() else default_alias()


def address(request: HttpRequest, database: str, **query: Any) -> str:
    """A place on the page."""
    values = {"database": "" if database == default_alias() else database, **query}
    said = urlencode({name: value for name, value in values.items() if value not in ("", None)})
    return f"{site_url(request, 'ops_logbook')}{'?' if said else ''}{said}"


def page(request: HttpRequest, template: str, part: str, database: str, **context: Any) -> HttpResponse:
    """One of its parts, with the way to the others."""
    names = {"incidents": _("Incidents"), "decisions": _("Decisions"), "alerts": _("Alerts")}
    links = [
        Link(name, address(request, database, part="" if one == "incidents" else one), one == part)
        for one, name in names.items()
        if request.user.has_perm(PARTS[one])
    ]
    found = {"database": database, "parts": links, "address": address(request, database), **context}
    return render_page(request, template, found)


def need(request: HttpRequest, permission: str) -> None:
    """Raises PermissionDenied without it."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


def act(request: HttpRequest, operation: str, given: Mapping[str, Any]) -> Any:
    """What the operation returns, done by the person at the page.

    Raises `OperationError`, PermissionDenied."""
    try:
        return perform(operation, given, caller_of(request))
    except NotPermitted:
        raise PermissionDenied from None


def log(request: HttpRequest, rows: QuerySet[Any], flag: int, text: str) -> None:
    """Note the act in the admin's log."""
    LogEntry.objects.log_actions(
        user_id=int(request.user.pk or 0),
        queryset=rows,
        action_flag=flag,
        change_message=text,
        single_object=True,
    )


def paged(rows: QuerySet[Row], request: HttpRequest) -> Paged[Row]:
    """The page that is asked for, or the last one."""
    said = request.GET.get("page", "")
    found = rows.count()
    wanted = int(said) if said.isdecimal() and len(said) < 7 else 1
    number = max(1, min(wanted, -(-found // PAGE)))
    begin = (number - 1) * PAGE
    shown = list(rows[begin : begin + PAGE])
    more = begin + len(shown) < found
    return Paged(shown, found, begin + 1, begin + len(shown), number - 1 or None, number + 1 if more else None)


def number_in(text: str) -> int | None:
    """A key of the site database; None where the text is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def markdown(name: str, text: str) -> HttpResponse:
    """The text as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.md"'}
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)
