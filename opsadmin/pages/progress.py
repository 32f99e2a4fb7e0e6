"""The page "Runs": what operations did and are doing, one of them while it goes on, and what comes round by itself."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationFailed
from opsadmin.jobs.site_database import in_words
from opsadmin.pages.progress_filter import FilterForm, Wanted, wanted_of
from opsadmin.pages.progress_list import SEE_ALL, Listing, listing
from opsadmin.pages.progress_one import one_run
from opsadmin.pages.progress_tasks import SCHEDULE, Plan, act, plan_of
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import render_page

#: Seconds between two looks of the page, and what it asks for then: itself without its frame.
EVERY_SECONDS, PART = 5, "now"


def progress_page(request: HttpRequest) -> HttpResponse:
    """The runs; with `?show=schedule` what comes round by itself; with `?run=N` that one. A POST stops a run, or is about a
    task."""
    if request.method == "POST" and (task := request.POST.get("task")):
        return act(request, task)
    number = request.POST.get("run") or request.GET.get("run") or ""
    if number:
        return one_run(request, number)
    return _schedule(request) if request.GET.get("show") == SCHEDULE else _list(request)


def _list(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    wanted = wanted_of(form, request.GET.get("page", ""))
    found, plan, trouble = _read(request, wanted)
    context = {
        "title": _("Runs"),
        "wanted": wanted,
        "form": form,
        "listing": found,
        "plan": plan,
        "trouble": trouble,
        "sees_all": request.user.has_perm(SEE_ALL),
        "address": wanted.query(),
        "first_page": wanted.query(page=""),
        "live": wanted.query(part=PART),
        "every": EVERY_SECONDS,
    }
    return _answer(request, "progress", context)


def _read(request: HttpRequest, wanted: Wanted) -> tuple[Listing | None, Plan | None, OperationFailed | None]:
    try:
        with in_words():
            return listing(request, wanted), plan_of(request), None
    except OperationFailed as error:
        return None, None, error


def _schedule(request: HttpRequest) -> HttpResponse:
    plan, trouble = None, None
    try:
        with in_words():
            plan = plan_of(request)
    except OperationFailed as error:
        trouble = error
    context = {
        "title": _("Runs"),
        "plan": plan,
        "trouble": trouble,
        "address": f"?show={SCHEDULE}",
        "live": f"?show={SCHEDULE}&part={PART}",
        "every": EVERY_SECONDS,
    }
    return _answer(request, "progress_tasks", context)


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    part = request.GET.get("part") == PART
    answer = render_page(request, f"{template}_now" if part else template, context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


register_page(
    Page("progress", gettext_lazy("Runs"), progress_page, "opsadmin.view_database", order=90, needs_database=False)
)
