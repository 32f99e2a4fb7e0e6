"""Changing how long the site keeps something, or how much of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from opsadmin.core.errors import NotPermitted, OperationError
from opsadmin.core.operation import Call, Caller, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.site_database import in_words
from opsadmin.operations.list_retention import RetentionState, state_of
from opsadmin.retention.kept import Kept, change, kept
from opsadmin.retention.surplus import lost_by


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    name: str = parameter(help="What is kept, as list_retention names it.")
    keep: int | None = parameter(None, help="How long, in its hours or days, or how many.", minimum=0)
    reset: bool = parameter(False, help="As it is by default, in place of a number.")
    reason: str = parameter("", help="Why: whoever reads it in a year wants to know.", multiline=True)


def preview(parameters: Parameters, call: Call) -> Preview:
    with in_words():
        one = kept(parameters.name)
        value = _wanted(one, parameters)
        gone = lost_by(one, value, timezone.now())
    return Preview(tuple(_sentences(one, value, gone)))


@operation(
    "set_retention",
    title=gettext_lazy("Change how long something is kept"),
    summary=gettext_lazy(
        "Let the site keep samples, runs, reports, incidents or statements for longer or shorter, or more or fewer of them. "
        "What is too much then is forgotten at the next clean-up, for good."
    ),
    group="runs",
    effect=Effect.WRITES,
    permission="opsadmin.change_retention",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> RetentionState:
    with in_words():
        one = kept(parameters.name)
        if _wanted(one, parameters) < one.value:
            _check_may_lose(call.caller)
        wanted = None if parameters.reset else parameters.keep
        patiently(lambda: change(parameters.name, wanted, parameters.reason.strip()[:1000]))
        return state_of(kept(parameters.name))


def _wanted(one: Kept, parameters: Parameters) -> int:
    """What it is to be.

    Raises `OperationError`."""
    if parameters.reset == (parameters.keep is not None):
        raise OperationError(_("Say either keep, a number, or reset."), parameter="keep")
    return one.bound.default if parameters.keep is None else one.bound.checked(parameters.keep)


def _check_may_lose(caller: Caller) -> None:
    """To keep less is to have it deleted, the log of runs too.

    Raises `NotPermitted`."""
    if caller.reach is not Effect.DESTROYS:
        words = _(
            "%(caller)s may not have less kept: what is too much then is deleted, and this token destroys nothing."
        )
        raise NotPermitted(words % {"caller": caller.name})


def _sentences(one: Kept, value: int, gone: int) -> list[str]:
    bound = one.bound
    words = {"title": str(bound.title), "after": bound.said(value), "before": bound.said(one.value)}
    found = [_("%(title)s: %(after)s from now on, %(before)s until now.") % words]
    if size := bound.size(value):
        found.append(_("That can become %(size)s.") % {"size": size})
    if gone:
        found.append(
            ngettext(
                "The next clean-up forgets %(n)d row for good.", "The next clean-up forgets %(n)d rows for good.", gone
            )
            % {"n": gone}
        )
    return found
