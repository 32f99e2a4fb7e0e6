"""How long this site keeps things: shown, and changed by the operation `set_retention`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.models import CHANGE
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import said_number
from opsadmin.core.errors import NotPermitted
from opsadmin.models import Retention
from opsadmin.pages.settings_checks import note
from opsadmin.pages.site import caller_of
from opsadmin.perform import perform, preview
from opsadmin.retention.bounds import Bound
from opsadmin.retention.kept import Kept, all_kept, kept
from opsadmin.retention.surplus import lost_by, present

OPERATION = "set_retention"
PERMISSION = "opsadmin.change_retention"


@dataclass(frozen=True)
class Shown:
    """A bound as the page has it. `now`: how many rows there are; empty where another bound counts them, or none does."""

    kept: Kept
    now: str

    @property
    def title(self) -> str:
        return str(self.kept.bound.title)

    @property
    def value(self) -> str:
        return self.kept.bound.said(self.kept.value)

    @property
    def default(self) -> str:
        return self.kept.bound.said(self.kept.bound.default)

    @property
    def size(self) -> str:
        return self.kept.bound.size(self.kept.value)


def shown() -> list[Shown]:
    """Everything that is kept within a bound. One statement for the bounds, one for each number of rows."""
    return [Shown(one, _count(one.bound)) for one in all_kept()]


def shown_one(name: str) -> Shown:
    """The bound of that name.

    Raises `OperationError` where there is none."""
    one = kept(name)
    return Shown(one, _count(one.bound))


def _count(bound: Bound) -> str:
    try:
        found = present(bound)
    except DatabaseError:
        return "–"
    return "" if found is None else said_number("", found)


class RetentionForm(forms.Form):
    """Another bound, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        help_text=gettext_lazy("Whoever reads this in a year wants to know."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("keep", "reason")

    def __init__(self, one: Kept, data: Any = None) -> None:
        bound = one.bound
        reason = one.row.reason if one.row is not None and one.is_changed else ""
        super().__init__(data, initial={"keep": one.value, "reason": reason})
        label = {"hours": _("Hours"), "days": _("Days"), "": _("How many")}[bound.unit]
        self.fields["keep"] = forms.IntegerField(
            label=label, min_value=bound.least, max_value=bound.most, help_text=_range(bound)
        )
        self.order_fields(self.field_order)


def _range(bound: Bound) -> str:
    """What may be said, and how large that becomes."""
    words = {"least": bound.said(bound.least), "most": bound.said(bound.most)}
    if not bound.bytes_each:
        return _("From %(least)s to %(most)s.") % words
    words |= {"small": bound.size(bound.least), "large": bound.size(bound.most)}
    return _("From %(least)s (%(small)s) to %(most)s (%(large)s).") % words


def what_goes(request: HttpRequest, name: str, given: dict[str, Any]) -> tuple[str, ...]:
    """What the change would do, in sentences, where the next clean-up would then forget something; else nothing.

    Raises `PermissionDenied`, `OperationError`."""
    one = kept(name)
    if not lost_by(one, given.get("keep", one.bound.default), timezone.now()):
        return ()
    try:
        found = preview(OPERATION, {"name": name, **given}, caller_of(request))
    except NotPermitted:
        raise PermissionDenied from None
    return found.sentences if found is not None else ()


def change(request: HttpRequest, name: str, given: dict[str, Any]) -> str:
    """Do it, and note it in the admin's log; a sentence of what it is now.

    Raises `PermissionDenied`, `OperationError`."""
    before = kept(name)
    try:
        perform(OPERATION, {"name": name, **given}, caller_of(request))
    except NotPermitted:
        raise PermissionDenied from None
    after = kept(name)
    words = {
        "title": str(after.bound.title),
        "before": before.bound.said(before.value),
        "after": after.bound.said(after.value),
        "reason": given.get("reason") or _("as by default"),
    }
    note(request, Retention.objects.get(name=name), CHANGE, _("%(before)s → %(after)s: %(reason)s") % words)
    said = _("%(title)s: %(after)s from now on.") % words
    size = after.bound.size(after.value)
    return said + " " + _("That can become %(size)s.") % {"size": size} if size else said
