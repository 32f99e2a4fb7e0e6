"""The page "Settings": what this site decided, what it keeps, who may do what, and what the role in PostgreSQL lacks. All
but that comes from the site's own database; that as it was seen last while PostgreSQL does not answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.models import CHANGE, DELETION
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError, UnknownOperation
from opsadmin.core.roles import Role
from opsadmin.faces.tokens import PERMISSION as USE_API
from opsadmin.models import ApiToken, IgnoredFinding
from opsadmin.pages import settings_retention as retention
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.settings_access import read_access
from opsadmin.pages.settings_checks import ThresholdForm, change, find, ignored, note, reset, thresholds
from opsadmin.pages.settings_kept import alerts, turns
from opsadmin.pages.site import render_page, site_url
from opsadmin.perform import find as find_operation
from opsadmin.postgres.aliases import default_alias, postgres_aliases
from opsadmin.retention.surplus import NEWEST
from opsadmin.role_groups import restore, role_states, role_title

VIEW = "opsadmin.view_database"
CHANGE_THRESHOLD, RESET_THRESHOLD = "opsadmin.change_checkthreshold", "opsadmin.delete_checkthreshold"
STOP_IGNORING, RESTORE_ROLE = "opsadmin.delete_ignoredfinding", "auth.change_group"
PARTS = ("checks", "access", "kept")


def settings_page(request: HttpRequest) -> HttpResponse:
    """One part of the settings; with `?threshold=NAME` the form of that number. A POST changes something."""
    if request.method == "POST":
        return _act(request)
    name = request.GET.get("threshold", "")
    if name:
        return _threshold_page(request, name)
    if request.GET.get("retention", ""):
        return _retention_page(request, request.GET["retention"])
    part = request.GET.get("part", "")
    part = part if part in PARTS else PARTS[0]
    content = {"checks": _checks, "access": _access, "kept": _kept}[part](request)
    titles = {"checks": _("Checks"), "access": _("Access"), "kept": _("What is kept, and told")}
    parts = [(titles[one], _to(request, part="" if one == PARTS[0] else one), one == part) for one in PARTS]
    return render_page(request, "settings", {"title": _("Settings"), "part": part, "parts": parts, **content})


def _to(request: HttpRequest, **query: str) -> str:
    said = urlencode({name: value for name, value in query.items() if value})
    return site_url(request, "ops_settings") + (f"?{said}" if said else "")


# --- parts ------------------------------------------------------------------------------------------------------------
def _checks(request: HttpRequest) -> dict[str, Any]:
    known = thresholds()
    areas = list(dict.fromkeys(one.card.area for one in known if one.card))
    asked = request.GET.get("area", "")
    area = asked if asked in areas else ""
    return {
        "changed": [one for one in known if one.is_changed],
        "listed": [one for one in known if one.card and one.card.area == area],
        "area": area,
        "areas": [(one, f"{_to(request, area=one)}#area-head", one == area) for one in areas],
        "ignored": ignored() if request.user.has_perm("opsadmin.view_ignoredfinding") else [],
        "now": timezone.now(),
        "may_change": request.user.has_perm(CHANGE_THRESHOLD),
        "may_reset": request.user.has_perm(RESET_THRESHOLD),
        "may_stop": request.user.has_perm(STOP_IGNORING),
    }


def _access(request: HttpRequest) -> dict[str, Any]:
    try:
        default, databases = default_alias(), postgres_aliases()
    except OperationError:
        default, databases = "", ()
    asked = request.GET.get("database", "")
    database = asked if asked in databases else default
    return {
        "database": database,
        "databases": [(one, _to(request, part="access", database=one), one == database) for one in databases],
        "address": _to(request, part="access", database=database),
        "access": read_access(database) if database else None,
        "roles": [(role_title(one.role), one) for one in role_states()],
        "may_restore": request.user.has_perm(RESTORE_ROLE),
        **_tokens(request),
    }


def _tokens(request: HttpRequest) -> dict[str, Any]:
    if not (request.user.has_perm(USE_API) or request.user.has_perm("opsadmin.view_apitoken")):
        return {}
    rows = ApiToken.objects.select_related("user")
    if not request.user.has_perm("opsadmin.view_apitoken"):
        rows = rows.filter(user=request.user.pk)
    try:
        add, all = site_url(request, "opsadmin_apitoken_add"), site_url(request, "opsadmin_apitoken_changelist")
    except NoReverseMatch:
        return {}
    removable = request.user.has_perm("opsadmin.delete_apitoken")
    tokens = [
        (
            one,
            site_url(request, "opsadmin_apitoken_delete", str(one.pk))
            if removable or one.user_id == request.user.pk
            else "",
            one.expires_at is not None and one.expires_at <= timezone.now(),
        )
        for one in rows[:100]
    ]
    return {
        "tokens": tokens,
        "sees_tokens": True,
        "all_tokens": all,
        "new_token": add if request.user.has_perm(USE_API) else "",
    }


def _kept(request: HttpRequest) -> dict[str, Any]:
    try:
        operation = find_operation("test_alert")
        may_test = request.user.has_perm(operation.permission)
    except UnknownOperation:
        may_test = False
    return {
        "kept": retention.shown(),
        "newest": NEWEST,
        "may_keep": request.user.has_perm(retention.PERMISSION),
        "alerts": alerts(),
        "turns": turns(),
        "test_url": site_url(request, "ops_run_operation", "test_alert") if may_test else "",
    }


# --- one threshold ----------------------------------------------------------------------------------------------------
def _threshold_page(request: HttpRequest, name: str, form: ThresholdForm | None = None) -> HttpResponse:
    if not request.user.has_perm(CHANGE_THRESHOLD):
        raise PermissionDenied
    one = find(name)
    if one is None or one.threshold is None:
        raise Http404(_("No check has the threshold %(name)s.") % {"name": name})
    area = one.name.partition(".")[0]
    back = f"{_to(request, area=area)}#area-head"
    context = {"title": one.name, "one": one, "form": form or ThresholdForm(one), "back": back}
    return render_page(request, "settings_threshold", context)


# --- one bound of what is kept ------------------------------------------------------------------------------------------
def _retention_page(
    request: HttpRequest,
    name: str,
    form: retention.RetentionForm | None = None,
    *,
    goes: tuple[str, ...] = (),
    reset: bool = False,
) -> HttpResponse:
    """`goes`: what a change would do that is not confirmed yet. `reset`: that is, to the default."""
    if not request.user.has_perm(retention.PERMISSION):
        raise PermissionDenied
    one = _bound(name)
    context = {
        "title": one.title,
        "one": one,
        "form": form or retention.RetentionForm(one.kept),
        "goes": goes,
        "confirms": _confirms(form),
        "reset": reset,
        "back": f"{_to(request, part='kept')}#kept-head",
    }
    return render_page(request, "settings_retention", context)


def _bound(name: str) -> retention.Shown:
    try:
        return retention.shown_one(name)
    except OperationError as error:
        raise Http404(error.message) from None


# --- what a POST does ---------------------------------------------------------------------------------------------------
def _act(request: HttpRequest) -> HttpResponse:
    match request.POST.get("action"):
        case "set":
            return _set(request)
        case "reset":
            return _reset(request)
        case "stop":
            return _stop(request)
        case "restore":
            return _restore(request)
        case "keep":
            return _keep(request)
        case "keep_default":
            return _keep_default(request)
    return HttpResponseRedirect(_to(request))


def _set(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(CHANGE_THRESHOLD):
        raise PermissionDenied
    one = find(request.POST.get("name", ""))
    if one is None or one.threshold is None:
        raise Http404(_("No check has that threshold."))
    form = ThresholdForm(one, request.POST)
    if not form.is_valid():
        return _threshold_page(request, one.name, form)
    value = form.number()
    change(request, one, value, form.cleaned_data["reason"])
    messages.success(request, _("%(name)s is %(value)s from now on.") % {"name": one.name, "value": one.said(value)})
    return HttpResponseRedirect(_to(request))


def _reset(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(RESET_THRESHOLD):
        raise PermissionDenied
    one = find(request.POST.get("name", ""))
    if one is not None and one.row is not None:
        reset(request, one)
        messages.success(request, _("%(name)s is as it was before it was changed here.") % {"name": one.name})
    return HttpResponseRedirect(_to(request))


def _stop(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(STOP_IGNORING):
        raise PermissionDenied
    key = request.POST.get("ignored", "")
    row = IgnoredFinding.objects.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
    if row is not None:
        note(request, row, DELETION, row.reason)
        said = {"check": row.check_id, "object": row.object}
        row.delete()
        messages.success(request, _("%(check)s of %(object)s is told again.") % said)
    return HttpResponseRedirect(_to(request))


def _restore(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(RESTORE_ROLE):
        raise PermissionDenied
    try:
        role = Role(request.POST.get("role", ""))
    except ValueError:
        raise Http404(_("There is no such role.")) from None
    group = restore(role)
    note(request, group, CHANGE, _("Set back to the permissions of its role."))
    messages.success(request, _("%(group)s has the permissions of its role again.") % {"group": group.name})
    return HttpResponseRedirect(_to(request, part="access"))


def _keep(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(retention.PERMISSION):
        raise PermissionDenied
    one = _bound(request.POST.get("name", ""))
    name, form = one.kept.bound.name, retention.RetentionForm(one.kept, request.POST)
    if not form.is_valid():
        return _retention_page(request, name, form)
    return _changed(request, name, {"keep": form.cleaned_data["keep"], "reason": form.cleaned_data["reason"]}, form)


def _keep_default(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(retention.PERMISSION):
        raise PermissionDenied
    one = _bound(request.POST.get("name", ""))
    return _changed(request, one.kept.bound.name, {"reset": True}, None)


def _confirms(form: retention.RetentionForm | None) -> str:
    """What a confirmation confirms: that number, and no other that is written beside it afterwards."""
    return str(form.cleaned_data["keep"]) if form is not None and form.is_valid() else "default"


def _changed(
    request: HttpRequest, name: str, given: dict[str, Any], form: retention.RetentionForm | None
) -> HttpResponse:
    """The change is done, unless rows would go for it and nobody has confirmed that yet."""
    try:
        goes = () if request.POST.get("confirmed") == _confirms(form) else retention.what_goes(request, name, given)
        if goes:
            return _retention_page(request, name, form, goes=goes, reset=form is None)
        messages.success(request, retention.change(request, name, given))
    except OperationError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return HttpResponseRedirect(f"{_to(request, part='kept')}#kept-head")


register_page(Page("settings", gettext_lazy("Settings"), settings_page, VIEW, order=90, needs_database=False))
