"""The page "SQL": a statement that reads, its rows, or its plan. What could do harm is refused, with the part and the reason.

Nothing runs by an address: `?sql=` (and `params`, `limit`, `indexes`, `hidden`, `database`), `?asked=` and `?saved=` fill
the form in, no more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.console.errors import SqlFailed, SqlRefused, SqlWrong
from opsadmin.console.rows import Rows
from opsadmin.console.session import Limits
from opsadmin.core.blocks import said_number
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.params import Parameter
from opsadmin.faces.operation_form import command_of
from opsadmin.pages import sql_lists
from opsadmin.pages.plan_view import PlanView, plan_view
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import caller_of, render_page, site_url
from opsadmin.pages.sql_asked import Asked, asked_in
from opsadmin.pages.sql_files import KINDS, file_answer
from opsadmin.pages.sql_kept import Ended, note_asked
from opsadmin.pages.sql_marks import Marked, marked, without_position
from opsadmin.pages.sql_result import RowsView, rows_view
from opsadmin.perform import find, perform
from opsadmin.postgres.aliases import default_alias, postgres_aliases

logger = logging.getLogger(__name__)

RUN, EXPLAIN = "execute_sql", "explain_query"
#: What the buttons ask for; those that run the statement and give its rows.
ROWS = ("run", *KINDS)
ACTIONS = (*ROWS, "explain", "analyze")
#: A longer sentence holds a whole statement.
LONGEST_MESSAGE = 1000
LONGEST_COMMAND = 5000
#: The fields of the page by the parameters that complaints are about.
_FIELDS = {
    "params": "params",
    "limit": "limit",
    "hypothetical_indexes": "indexes",
    "hidden_indexes": "hidden",
}


@dataclass
class Answered:
    """What came of it: rows, a plan, or an error. `complaints`: by the field that they are about."""

    action: str
    rows: RowsView | None = None
    plan: PlanView | None = None
    error: OperationError | None = None
    title: str = ""
    message: str = ""
    hint: str = ""
    mark: Marked | None = None
    note: str = ""
    command: str = ""
    complaints: dict[str, str] = field(default_factory=dict)

    @property
    def is_refusal(self) -> bool:
        return isinstance(self.error, SqlRefused)

    @property
    def has_failed(self) -> bool:
        """Whether the same may work at another time."""
        return isinstance(self.error, OperationFailed)


def sql_page(request: HttpRequest) -> HttpResponseBase:
    """The form; after a POST also what came of it, or a file."""
    try:
        databases = postgres_aliases()
        default = default_alias()
    except OperationError as error:
        return render_page(request, "overview_none", {"title": _("SQL"), "reason": error.message})
    query = request.POST if request.method == "POST" else request.GET
    asked = asked_in(query, databases, default)
    action = request.POST.get("action", "")
    if request.method == "POST" and action in sql_lists.ACTIONS:
        return sql_lists.act(request, action, asked) or _page(request, asked, None)
    if request.method != "POST" or action not in ACTIONS:
        return _page(request, sql_lists.filled(request, asked), None)
    if not request.user.has_perm(find(RUN if action in ROWS else EXPLAIN).permission):
        raise PermissionDenied
    if action in KINDS:
        return _file(request, asked, action)
    return _page(request, asked, _answer(request, asked, action))


# --- doing it -------------------------------------------------------------------------------------------------------
def _answer(request: HttpRequest, asked: Asked, action: str) -> Answered:
    answered = Answered(action)
    if not asked.sql.strip():
        answered.complaints["sql"] = _("There is no statement. Write one, then ask again.")
        return answered
    if action == "run":
        rows: Rows | None = _tried(lambda: perform(RUN, asked.for_rows, caller_of(request)), asked, answered)
        if rows is not None:
            answered.rows = rows_view(rows, int(asked.limit.strip() or _limit().default))
            answered.command = _command(RUN, asked.for_rows)
        _note(request, asked, answered, rows)
        return answered
    given = asked.for_plan
    if action == "analyze":
        if given.pop("hypothetical_indexes") + given.pop("hidden_indexes"):
            answered.note = _("An index that is only tried cannot be run: the what-if was left out.")
        given["analyze"] = True
    plan = _tried(lambda: perform(EXPLAIN, given, caller_of(request)), asked, answered)
    if plan is not None:
        answered.plan = plan_view(plan)
        answered.command = _command(EXPLAIN, given)
    _note(request, asked, answered)
    return answered


def _note(request: HttpRequest, asked: Asked, answered: Answered, rows: Rows | None = None) -> None:
    """Keep what the person asked, and how it ended."""
    ended = Ended(len(rows.rows), rows.elapsed_ms) if rows is not None else Ended(error=answered.message)
    note_asked(request.user, asked.database, asked.sql, asked.params, answered.action, ended)


def _file(request: HttpRequest, asked: Asked, kind: str) -> HttpResponseBase:
    answered = Answered(kind)
    rows: Rows | None = _tried(lambda: perform(RUN, asked.for_rows, caller_of(request)), asked, answered)
    _note(request, asked, answered, rows)
    return file_answer(rows, kind, asked.database) if rows is not None else _page(request, asked, answered)


def _tried(function: Callable[[], Any], asked: Asked, answered: Answered) -> Any:
    """What the function returns; None where it failed, and `answered` says why."""
    try:
        return function()
    except OperationError as error:
        _complain(error, asked, answered)
    except Exception as error:
        logger.exception("[sql] %s failed", answered.action)
        words = _("The page itself failed (%(kind)s). The site's log says where.") % {"kind": type(error).__name__}
        _complain(OperationFailed(words), asked, answered)
    return None


def _complain(error: OperationError, asked: Asked, answered: Answered) -> None:
    answered.error = error
    answered.hint = error.hint
    answered.message = error.message[:LONGEST_MESSAGE]
    field_of_it = _FIELDS.get(error.parameter)
    if field_of_it is not None:
        answered.complaints[field_of_it] = f"{answered.message} {error.hint}".strip()
    answered.title = _title(error)
    run = answered.action in ROWS
    rewritten = run and bool(asked.params.strip()) and "%" in asked.sql
    answered.mark = marked(asked.sql, error, run=run, rewritten=rewritten)
    if answered.mark is not None:
        answered.message = without_position(answered.message)


def _title(error: OperationError) -> str:
    match error:
        case SqlRefused():
            return _("Refused. Nothing was run.")
        case SqlWrong():
            return _("PostgreSQL does not accept it.")
        case SqlFailed() | OperationFailed():
            return _("It could not be done.")
    return _("It was asked for wrongly. Nothing was run.")


def _command(operation: str, given: Mapping[str, Any]) -> str:
    """The same on the command line; empty where nobody would copy that."""
    said = {name: value for name, value in given.items() if value and (name != "database" or value != default_alias())}
    command = command_of(find(operation), said)
    return command if len(command) <= LONGEST_COMMAND else ""


def _limit() -> Parameter:
    return next(one for one in find(RUN).fields if one.name == "limit")


# --- showing it -----------------------------------------------------------------------------------------------------
def _together(number: float) -> str:
    """The number, in one line."""
    return said_number("", number).replace(" ", "\N{NO-BREAK SPACE}")


def _page(request: HttpRequest, asked: Asked, answered: Answered | None) -> HttpResponse:
    may_run = request.user.has_perm(find(RUN).permission)
    limit = _limit()
    bounds = Limits()
    context = {
        "title": _("SQL"),
        "asked": asked,
        "asked_fields": [(name, value) for name, value in asked.for_rows.items() if value],
        "answered": answered,
        "complaints": answered.complaints if answered is not None else {},
        "databases": postgres_aliases(),
        "address": site_url(request, "ops_sql"),
        "may_run": may_run,
        "may_explain": request.user.has_perm(find(EXPLAIN).permission),
        "overview": site_url(request, "ops_overview") + f"?{urlencode({'database': asked.database})}",
        "usual_rows": limit.default,
        "most_rows": int(limit.maximum or 0),
        "usual_said": _together(limit.default),
        "most_said": _together(limit.maximum or 0),
        "most_megabytes": bounds.kept_bytes // 1_000_000,
        "most_seconds": f"{bounds.statement_ms / 1000:g}",
        "whole_seconds": f"{bounds.seconds:g}",
        "lists": sql_lists.lists_of(request, asked),
    }
    return render_page(request, "sql", context)


register_page(Page("sql", gettext_lazy("SQL"), sql_page, "opsadmin.view_database", order=-85))
