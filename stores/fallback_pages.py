"""The page "Store & fallback": where this host's documents live, what both sides hold, what waits, and the operator's
switch and resync, each shown before it is done. It works without PostgreSQL: that is what it is for."""

from __future__ import annotations

from typing import Any, Literal, cast
from uuid import uuid4

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from opsadmin.retold import retold
from stores import conflicts, registry, switching, timeline
from stores.backends.failover.mode import Mode
from stores.backends.failover.report import DocumentResync, ResyncReport
from stores.context import is_as_configured
from stores.errors import StoreError
from stores.fallback.asking import ask_postgres, meet_the_stores
from stores.fallback.look import look
from stores.fallback.machine import describe, machine, present_state, states, ways
from stores.fallback.values import shown, sides_of
from stores.fallback.waited import waited
from stores.models import StoreSwitch
from stores.sync.merge import Strategy

PERMISSION = "stores.switch_store"
SWITCHES_SHOWN = 15
CONFLICTS_SHOWN = 8

Action = Literal["filesystem", "postgres", "resync"]
ACTIONS: tuple[Action, ...] = ("filesystem", "postgres", "resync")


def store_fallback_page(request: HttpRequest) -> HttpResponse:
    """The overview, and with `?preview=` what an operation would do; a POST does it."""
    try:
        if request.method == "POST":
            return _act(request)
        action = request.GET.get("preview", "")
        if action in ACTIONS:
            _must_switch(request)
            return _preview(request, action, _strategy(request.GET.get("strategy", "")))
        return _overview(request)
    except StoreError as error:
        # Only the host's own directory can fail so.
        return _page(request, "unreadable", error=retold(str(error)))


def _page(request: HttpRequest, template: str, **more: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": _("Store & fallback"), **more}
    return TemplateResponse(request, f"admin/stores/fallback/{template}.html", context).render()


def _must_switch(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _strategy(given: str) -> Strategy:
    return given if given in switching.STRATEGIES else "rules"


# --- the overview ---------------------------------------------------------------------------------------------------
def _overview(request: HttpRequest) -> HttpResponse:
    found = look(force="ask" in request.GET)
    switches = _Switches()
    waiting = _open_conflicts()
    page: Any = Paginator(cast(Any, switches), SWITCHES_SHOWN).get_page(request.GET.get("page"))
    names = {state.key: state.name for state in states()}
    return _page(
        request,
        "overview",
        look=found,
        mode=found.mode,
        as_configured=is_as_configured(found.mode),
        state=present_state(found.mode),
        state_name=names[present_state(found.mode)],
        pictures=machine(found.mode),
        picture_text=describe(found.mode),
        ways=[(names[way.source], names[way.target], way.why) for way in ways()],
        states=states(),
        waited=waited(registry.host()),
        readings=registry.history().status(),
        switches=page,
        shown_conflicts=waiting[:CONFLICTS_SHOWN],
        open_conflicts=len(waiting),
        may_switch=request.user.has_perm(PERMISSION),
        may_see_conflicts=request.user.has_perm("stores.view_storeconflict"),
    )


class _Switches:
    """The log of switches as a paginator wants it."""

    def count(self) -> int:
        return timeline.count_switches()

    __len__ = count

    def __getitem__(self, part: slice) -> Any:
        return timeline.switches(part.stop - part.start, part.start)


def _open_conflicts() -> list[Any]:
    try:
        return conflicts.open_conflicts()
    except StoreError:
        return []


# --- before it is done ----------------------------------------------------------------------------------------------
def _preview(
    request: HttpRequest,
    action: Action,
    strategy: Strategy,
    *,
    error: str = "",
    reason: str = "",
    unheard: str | None = None,
) -> HttpResponse:
    meet_the_stores()
    mode = switching.mode()
    report: ResyncReport | None = None
    sentences: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    changes = True
    if unheard is None:
        unheard = "" if action == "filesystem" else _unheard()
    if unheard:
        blockers = (_("PostgreSQL does not answer, so what a resync would do cannot be told: %s") % unheard,)
    elif action == "resync":
        try:
            report = switching.preview_resync(strategy)
        except StoreError as failure:
            blockers = (str(failure),)
        else:
            sentences = () if report.stopped else (*switching.resync_sentences(report), _where_to(mode))
            blockers = (report.stopped,) if report.stopped else ()
            changes = mode.backend == "filesystem"
    else:
        preview = switching.preview_switch(action, strategy)
        report, sentences, blockers, changes = preview.resync, preview.sentences, preview.blockers, preview.changes
    stopped = bool(report and report.stopped)
    whole = bool(report and any(_is_whole(document) for document in report.documents))
    choosable = whole or strategy != "rules" or bool(report and report.open_conflicts)
    return _page(
        request,
        "preview",
        action=action,
        heading=_heading(action, mode),
        mode=mode,
        strategy=strategy,
        strategies=_strategies(whole) if report is not None and choosable else (),
        sentences=sentences,
        blockers=blockers,
        stopped=stopped,
        documents=_documents_of(report),
        may_confirm=changes and not blockers,
        error=error,
        reason=reason,
        longest=switching.LONGEST_REASON,
    )


def _unheard() -> str:
    """Why PostgreSQL cannot be asked now; it is tried anew, because a person wants to know."""
    try:
        ask_postgres(force=True)
    except StoreError as error:
        return retold(str(error))
    return ""


def _where_to(mode: Mode) -> str:
    if mode.backend == "postgres":
        return _("This host is on PostgreSQL: there is nothing to bring back.")
    if mode.automatic:
        return _("Then all processes of this host use PostgreSQL at once.")
    return _("The host stays on its JSON copies, because an operator has switched it there.")


def _heading(action: Action, mode: Mode) -> str:
    if action == "filesystem":
        return _("Stay on the JSON copy?") if mode.backend == "filesystem" else _("Switch to the JSON copy?")
    if action == "postgres":
        return _("Return to PostgreSQL?")
    return _("Bring the copy's writes into PostgreSQL?")


def _strategies(whole: bool) -> tuple[tuple[Strategy, str], ...]:
    """What a person may choose; `whole`: nothing can be merged, so one side is taken as it is."""
    if whole:
        return (
            ("rules", _("Nothing is done until somebody decides.")),
            ("ours", _("The copy is taken whole, and PostgreSQL gets what it lacks.")),
            (
                "theirs",
                _(
                    "PostgreSQL is taken whole, as it is now. The copy stays among its revisions, and can be gone back to."
                ),
            ),
            ("newest", _("The side that was changed last is taken whole.")),
        )
    return (
        ("rules", _("By the documents' rules: what cannot be decided waits for a person.")),
        ("newest", _("The newest change of each place counts.")),
        ("ours", _("This host's copy counts wherever both sides changed.")),
        ("theirs", _("PostgreSQL counts wherever both sides changed.")),
    )


def _is_whole(document: DocumentResync) -> bool:
    """Whether one side of the document is taken as it is: the note says why nothing was merged."""
    return document.verdict == "stop" or bool(document.notes)


def _documents_of(report: ResyncReport | None) -> list[dict[str, Any]]:
    if report is None:
        return []
    return [
        {
            "kind": document.kind,
            "verdict": document.verdict,
            "whole": _is_whole(document),
            "writes": document.writes,
            "base_revision": document.base_revision,
            "theirs_revision": document.theirs_revision,
            "ours": sides_of(document.ours_changed),
            "theirs": sides_of(document.theirs_changed),
            "conflicts": [
                (conflict, *(shown(getattr(conflict, side)) for side in ("base", "ours", "theirs")))
                for conflict in document.open
            ],
            "notes": document.notes,
        }
        for document in report.documents
    ]


# --- doing it -------------------------------------------------------------------------------------------------------
def _act(request: HttpRequest) -> HttpResponse:
    _must_switch(request)
    action = request.POST.get("action", "")
    if action not in ACTIONS:
        return HttpResponseRedirect(request.path)
    strategy = _strategy(request.POST.get("strategy", ""))
    reason = request.POST.get("reason", "")

    def anew(error: str, unheard: str | None = None) -> HttpResponse:
        return _preview(request, action, strategy, error=error, reason=reason, unheard=unheard)

    mode = switching.mode()
    if request.POST.get("epoch") != str(mode.epoch):
        return anew(_("The store was switched after this page was shown. Below is what would happen now."))
    if action != "filesystem" and (unheard := _unheard()):
        return anew(_("Nothing was done. PostgreSQL does not answer: %s") % unheard, unheard)
    who = f"admin:{request.user.get_username()}"
    try:
        reason = switching.checked_reason(reason)
        if action == "resync":
            report: ResyncReport | None = switching.resync(strategy, reason, who)
            problems: tuple[str, ...] = ()
        else:
            done = switching.switch(action, reason, who, strategy=strategy)
            report, problems = done.resync, done.problems
    except StoreError as error:
        return anew(_("Nothing was done. %s") % error)
    if report is not None and report.stopped and not report.applied:
        return anew(_("Nothing was done. %s") % report.stopped)
    after = switching.mode()
    told = " ".join((_told(after), *(switching.resync_sentences(report) if report else ())))
    messages.success(request, told)
    for problem in problems:
        messages.warning(request, problem)
    _log(request, after, told + " " + _("Reason: %s") % reason)
    return HttpResponseRedirect(reverse("admin:ops_store_fallback"))


def _told(after: Mode) -> str:
    if after.backend == "postgres":
        return _("This host uses PostgreSQL now.")
    return _("This host uses its JSON copies now.")


def _log(request: HttpRequest, after: Mode, text: str) -> None:
    switch = StoreSwitch.objects.first() or StoreSwitch(id=uuid4(), epoch=after.epoch, to_backend=after.backend)
    LogEntry.objects.log_actions(
        user_id=cast(int, request.user.pk),
        queryset=[switch],
        action_flag=CHANGE,
        change_message=text,
        single_object=True,
    )
