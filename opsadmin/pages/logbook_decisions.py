"""The decisions on the page "Incidents & decisions": the list, one of them, and the form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.logbook.decisions import LONGEST, LONGEST_TITLE, STATUSES, TEMPLATES
from opsadmin.logbook.markdown import decision_markdown, decisions_markdown
from opsadmin.models import Decision
from opsadmin.pages.logbook_parts import Link, act, address, log, markdown, need, number_in, page, paged
from opsadmin.postgres.aliases import postgres_aliases

VIEW, WRITE = "opsadmin.view_decision", "opsadmin.write_decision"
#: The form's names of the operation's parameters.
_NAMES = {"text": "decision"}


class DecisionForm(forms.Form):
    """A decision. Numbers are of incidents and runs as the pages show them."""

    title = forms.CharField(label=gettext_lazy("What it is about"), max_length=LONGEST_TITLE)
    status = forms.ChoiceField(label=gettext_lazy("How it stands"), choices=Decision.Status)
    context = forms.CharField(
        label=gettext_lazy("Context"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 6}),
        help_text=gettext_lazy("What made it necessary, and what was known."),
    )
    decision = forms.CharField(label=gettext_lazy("Decision"), max_length=LONGEST, widget=forms.Textarea({"rows": 5}))
    consequences = forms.CharField(
        label=gettext_lazy("Consequences"), required=False, max_length=LONGEST, widget=forms.Textarea({"rows": 4})
    )
    incident = forms.IntegerField(
        label=gettext_lazy("Incident, by its number"), required=False, min_value=1, max_value=10**18
    )
    run = forms.IntegerField(
        label=gettext_lazy("Run of an operation, by its number"), required=False, min_value=1, max_value=10**18
    )
    supersedes = forms.IntegerField(
        label=gettext_lazy("It supersedes the decision of number"), required=False, min_value=1, max_value=10**18
    )


def decisions_list(request: HttpRequest, database: str) -> HttpResponse:
    """All of a database, newest first; with `?export=markdown` as one file."""
    need(request, VIEW)
    rows = Decision.objects.filter(database__in=("", database))
    if request.GET.get("export") == "markdown":
        every = rows.select_related("incident", "run", "superseded_by").order_by("pk")
        return markdown("decisions", decisions_markdown(every))
    asked, text = request.GET.get("status", ""), request.GET.get("q", "").strip()[:200].replace("\0", "")
    status = asked if asked in STATUSES else "all"
    if status != "all":
        rows = rows.filter(status=status)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(context__icontains=text) | Q(decision__icontains=text))
    found = paged(rows.defer("context", "consequences"), request)
    names = {"all": _("All"), "proposed": _("Proposed"), "accepted": _("Accepted"), "superseded": _("Superseded")}
    said = {"part": "decisions", "status": "" if status == "all" else status, "q": text}

    def to(**query: Any) -> str:
        return address(request, database, **{**said, **query})

    may_write = request.user.has_perm(WRITE)
    return page(
        request,
        "logbook_decisions",
        "decisions",
        database,
        title=_("Incidents & decisions"),
        databases=postgres_aliases(),
        rows=[(one, address(request, database, decision=one.pk)) for one in found.rows],
        found=found,
        before=to(page=found.before) if found.before else "",
        after=to(page=found.after) if found.after else "",
        states=[Link(names[one], to(status="" if one == "all" else one), one == status) for one in names],
        text=text,
        status=said["status"],
        is_filtered=bool(text or said["status"]),
        templates=_templates(request, database, "") if may_write else [],
        export=address(request, database, part="decisions", export="markdown"),
        everything=address(request, database, part="decisions"),
    )


def decision_page(request: HttpRequest, number: str) -> HttpResponse:
    """One; with `?export=markdown` as a file, with `?edit=1` its form."""
    need(request, VIEW)
    decision = _find(number)
    database = decision.database or address_database(request, decision)
    if request.GET.get("export") == "markdown":
        return markdown(f"decision-{decision.pk}", decision_markdown(decision))
    if "edit" in request.GET:
        return _form_page(request, database, DecisionForm(initial=_initial(decision)), decision)
    here = address(request, database, decision=decision.pk)
    join = "&" if "?" in here else "?"
    may_write = request.user.has_perm(WRITE)
    return page(
        request,
        "logbook_decision",
        "decisions",
        database,
        title=decision.title,
        decision=decision,
        back=address(request, database, part="decisions"),
        export=f"{here}{join}export=markdown",
        edit=f"{here}{join}edit=1" if may_write else "",
        incident_url=_incident_url(request, decision),
        superseded_url=_decision_url(request, database, decision.superseded_by),
        supersedes=[(one, _decision_url(request, database, one)) for one in decision.supersedes.order_by("pk")[:20]],
    )


def write_page(request: HttpRequest, database: str) -> HttpResponse:
    """The empty form, filled in by a template."""
    need(request, WRITE)
    name = request.GET.get("write", "")
    template = TEMPLATES.get(name, TEMPLATES["blank"])
    initial = {
        "title": str(template.title),
        "context": str(template.context),
        "decision": str(template.decision),
        "consequences": str(template.consequences),
        "incident": number_in(request.GET.get("incident", "")),
        "run": number_in(request.GET.get("run", "")),
        "status": Decision.Status.PROPOSED,
    }
    return _form_page(request, database, DecisionForm(initial=initial), None)


def write(request: HttpRequest, database: str) -> HttpResponse:
    """Write it down, or change it."""
    need(request, WRITE)
    decision = _find(request.POST["decision_number"]) if request.POST.get("decision_number") else None
    form = DecisionForm(request.POST)
    if form.is_valid():
        given = {**form.cleaned_data, "text": form.cleaned_data["decision"], "database": database}
        given["decision"] = decision.pk if decision is not None else None
        try:
            told = act(request, "record_decision", given)
        except OperationError as error:
            name = _NAMES.get(error.parameter, error.parameter)
            form.add_error(name if name in form.fields else None, error.message)
        else:
            row = Decision.objects.filter(pk=told.decision)
            log(request, row, CHANGE if decision is not None else ADDITION, told.title)
            messages.success(request, _("Decision %(number)d is written down.") % {"number": told.decision})
            return HttpResponseRedirect(address(request, database, decision=told.decision))
    return _form_page(request, database, form, decision)


def address_database(request: HttpRequest, decision: Decision) -> str:
    """Whose pages show a decision that is about no database in particular."""
    asked = request.GET.get("database", "")
    return asked if asked in postgres_aliases() else postgres_aliases()[0]


def _form_page(request: HttpRequest, database: str, form: DecisionForm, decision: Decision | None) -> HttpResponse:
    need(request, WRITE)
    incident = str(form["incident"].value() or "")
    back = {"decision": decision.pk} if decision is not None else {"part": "decisions"}
    return page(
        request,
        "logbook_write",
        "decisions",
        database,
        title=_("Change a decision") if decision is not None else _("Write down a decision"),
        form=form,
        decision=decision,
        templates=[] if decision is not None or form.is_bound else _templates(request, database, incident),
        back=address(request, database, **back),
        list_url=address(request, database, part="decisions"),
    )


def _templates(request: HttpRequest, database: str, incident: str) -> list[Link]:
    current = request.GET.get("write", "")
    return [
        Link(str(one.label), address(request, database, write=name, incident=incident), name == current)
        for name, one in TEMPLATES.items()
    ]


def _initial(decision: Decision) -> dict[str, Any]:
    names = ("title", "status", "context", "decision", "consequences")
    return {
        **{name: getattr(decision, name) for name in names},
        "incident": decision.incident_id,
        "run": decision.run_id,
    }


def _find(number: str) -> Decision:
    key = number_in(number)
    rows = Decision.objects.select_related("incident", "run", "superseded_by")
    decision = rows.filter(pk=key).first() if key is not None else None
    if decision is None or decision.database not in ("", *postgres_aliases()):
        raise Http404(_("There is no decision %(number)s.") % {"number": number[:30]})
    return decision


def _incident_url(request: HttpRequest, decision: Decision) -> str:
    if decision.incident is None or not request.user.has_perm("opsadmin.view_incident"):
        return ""
    return address(request, decision.incident.database, incident=decision.incident.pk)


def _decision_url(request: HttpRequest, database: str, decision: Decision | None) -> str:
    return address(request, database, decision=decision.pk) if decision is not None else ""
