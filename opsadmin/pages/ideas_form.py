"""What a person asks the index advisor, and what stood in the form."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.errors import OperationError
from opsadmin.core.params import Parameter
from opsadmin.faces.sql_file import split_statements
from opsadmin.pages.ideas_ask import Wish
from opsadmin.pages.ideas_kept import KINDS, OPERATIONS, QUERIES, WORKLOAD, Kept
from opsadmin.pages.queries_sampled import range_names
from opsadmin.pages.site import caller_of
from opsadmin.perform import find, prepare
from opsadmin.workload.windows import ALL

#: What may be asked for at once.
MOST_STATEMENTS, LONGEST = 200, 200_000
#: Statements up to that long are remembered for the person who gave them, in the session.
REMEMBERED = 50_000
_GIVEN = "opsadmin_ideas"
_NUMBERS: dict[str, tuple[str, ...]] = {
    WORKLOAD: ("max_size_mb", "max_indexes", "min_calls", "time_limit"),
    QUERIES: ("max_size_mb", "max_indexes", "time_limit"),
}
_CHOSEN: dict[str, tuple[str, ...]] = {WORKLOAD: ("window",), QUERIES: ()}


@dataclass(frozen=True)
class Number:
    """A field of the form."""

    name: str
    label: str
    value: str
    least: float | None
    most: float | None
    step: str
    empty: str
    error: str = ""

    @property
    def least_said(self) -> str:
        return "" if self.least is None else f"{self.least:g}"

    @property
    def most_said(self) -> str:
        return "" if self.most is None else f"{self.most:g}"


@dataclass(frozen=True)
class Choice:
    """An entry of a list to choose from."""

    value: str
    label: str
    is_chosen: bool


@dataclass
class Form:
    """One of the two forms. `statements`: what stands in the text field. `complaints` by the name of the field; those of
    no field under an empty name."""

    kind: str
    values: dict[str, str] = field(default_factory=dict)
    statements: str = ""
    complaints: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> list[str]:
        """Complaints about no field."""
        return [self.complaints[""]] if "" in self.complaints else []

    @property
    def wrong_statements(self) -> str:
        return self.complaints.get("statements", "")

    @property
    def windows(self) -> list[Choice]:
        """The times whose statements may count; none where they are given."""
        if self.kind == QUERIES:
            return []
        names = {ALL: _("since the reset"), **range_names()}
        chosen = self.values.get("window") or ALL
        return [Choice(value, label, value == chosen) for value, label in names.items()]

    @property
    def wrong_window(self) -> str:
        return self.complaints.get("window", "")

    @property
    def numbers(self) -> list[Number]:
        known = {one.name: one for one in find(OPERATIONS[self.kind]).fields}
        labels = {
            "max_size_mb": _("Size of all, at most (MB)"),
            "max_indexes": _("Indexes, at most"),
            "min_calls": _("Calls, at least"),
            "time_limit": _("Seconds, at most"),
        }
        return [self._number(known[name], labels[name]) for name in _NUMBERS[self.kind]]

    def _number(self, one: Parameter, label: str) -> Number:
        return Number(
            name=one.name,
            label=label,
            value=self.values.get(one.name, "" if one.default is None else f"{one.default:g}"),
            least=one.minimum,
            most=one.maximum,
            step="any" if one.kind == "number" else "1",
            empty=_("no limit") if one.default is None else "",
            error=self.complaints.get(one.name, ""),
        )


def forms_of(kept: Mapping[str, Kept | None], prefilled: str = "") -> dict[str, Form]:
    """Both forms, with what was asked for last."""
    found = {}
    for kind in KINDS:
        last = kept.get(kind)
        given = last.given if last else {}
        values = {name: f"{given[name]:.10g}" for name in _NUMBERS[kind] if given.get(name) is not None}
        found[kind] = Form(kind, values | {name: given[name] for name in _CHOSEN[kind] if name in given})
    found[QUERIES].statements = prefilled
    return found


def posted(request: HttpRequest) -> Form:
    """The form as it was sent. An `again` stands for the statements that were given under that key."""
    kind = request.POST.get("kind", "")
    kind = kind if kind in KINDS else WORKLOAD
    form = Form(kind, {name: request.POST.get(name, "").strip() for name in (*_NUMBERS[kind], *_CHOSEN[kind])})
    if kind == QUERIES:
        form.statements = request.POST.get("statements", "").replace("\r\n", "\n")
    return form


def wish_of(request: HttpRequest, form: Form, database: str, again: Kept | None) -> Wish | None:
    """What the form asks for, remembered for the person; None where something is wrong, and `form.complaints` says what.
    `again`: the advice whose statements are meant, where the form has none.

    Raises `NotPermitted`."""
    given: dict[str, Any] = {name: value for name, value in form.values.items() if value}
    given["database"] = database
    says = _("the running workload")
    if given.get("window") in range_names():
        says = _("the workload of the last %(time)s") % {"time": range_names()[given["window"]]}
    if form.kind == QUERIES:
        queries = _statements(request, form, again)
        if not queries:
            return None
        given["queries"] = queries
        says = ngettext("%(n)d statement", "%(n)d statements", len(queries)) % {"n": len(queries)}
    operation = find(OPERATIONS[form.kind])
    try:
        parameters = prepare(operation, given, caller_of(request))
    except OperationError as error:
        if error.http_status == 403:
            raise
        known = form.values.keys() | ({"statements"} if form.kind == QUERIES else set())
        form.complaints[error.parameter if error.parameter in known else ""] = error.message
        return None
    for name in _NUMBERS[form.kind]:
        given[name] = getattr(parameters, name)
    wish = Wish(
        operation.name, {name: value for name, value in given.items() if value is not None}, says, str(uuid.uuid4())
    )
    if form.kind == QUERIES and sum(map(len, given["queries"])) <= REMEMBERED:
        request.session[_GIVEN] = {"key": wish.key, "queries": given["queries"]}
    return wish


def remembered(request: HttpRequest, kept: Kept | None) -> list[str]:
    """The statements of the advice: those that this person gave, or those that anybody may see; empty where their
    constants were not kept."""
    if kept is None:
        return []
    own = request.session.get(_GIVEN) or {}
    return list(own["queries"]) if own.get("key") == kept.key else list(kept.statements)


def _statements(request: HttpRequest, form: Form, again: Kept | None) -> list[str]:
    if again is not None and not form.statements.strip():
        queries = remembered(request, again)
        if not queries:
            form.complaints["statements"] = _("The statements of that advice were not kept whole. Give them again.")
        return queries
    if len(form.statements) > LONGEST:
        form.complaints["statements"] = _("That is %(n)d characters; up to %(most)d are taken at once.") % {
            "n": len(form.statements),
            "most": LONGEST,
        }
        return []
    queries = [one.strip() for one in split_statements(form.statements) if one.strip()]
    if not queries:
        form.complaints["statements"] = _("There is no statement. Write one, then ask again.")
    if len(queries) > MOST_STATEMENTS:
        form.complaints["statements"] = _("These are %(n)d statements; up to %(most)d are taken at once.") % {
            "n": len(queries),
            "most": MOST_STATEMENTS,
        }
        return []
    return queries
