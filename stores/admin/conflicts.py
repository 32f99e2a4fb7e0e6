"""Conflicts of a resync: the list, and one conflict with its three values side by side, for a person to settle.

They live in the site database, and the document is read and written through `get_store`: PostgreSQL is not needed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.retold import retold
from stores import conflicts, get_store
from stores.admin.json_value import JsonValueField
from stores.backends.protocol import Document
from stores.documents import validate
from stores.documents.secrets import HIDDEN
from stores.errors import StoreError
from stores.models import StoreConflict
from stores.sync.differences import same
from stores.sync.masking import masked_value
from stores.sync.merge import ABSENT, apply_decision, value_at

TEMPLATES = "admin/stores/storeconflict"
SIDES = ("base", "ours", "theirs")
RESYNCS_OFFERED = 10


class SettledFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", gettext_lazy("open")),
            ("person", gettext_lazy("settled by a person")),
            ("rule", gettext_lazy("settled by a rule")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StoreConflict]) -> QuerySet[StoreConflict]:
        settled = queryset.filter(settled_at__isnull=False)
        choices = {
            "open": queryset.filter(settled_at=None),
            "person": settled.exclude(settled_by=conflicts.BY_RULE),
            "rule": settled.filter(settled_by=conflicts.BY_RULE),
        }
        return choices.get(self.value() or "", queryset)


class ResyncFilter(admin.SimpleListFilter):
    title = gettext_lazy("resync")
    parameter_name = "resync"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        found = StoreConflict.objects.order_by("-at").values_list("resync", "at").distinct()[:RESYNCS_OFFERED]
        return [(str(resync), f"{localtime(at):%Y-%m-%d %H:%M:%S}") for resync, at in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StoreConflict]) -> QuerySet[StoreConflict]:
        given = self.value()
        try:
            return queryset.filter(resync=given) if given else queryset
        except ValidationError:
            return queryset.none()


class OptionalJsonField(JsonValueField):
    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


class OtherForm(forms.Form):
    """Another value than the three."""

    value = OptionalJsonField(
        label=gettext_lazy("Another value, as JSON"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    remove = forms.BooleanField(label=gettext_lazy("Take the key out of the document"), required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not found.get("remove") and "value" in found and found["value"] is None:
            self.add_error("value", _("Write a JSON value, as {} or 21.5, or take the key out."))
        if HIDDEN in str(found.get("value")):
            self.add_error(
                "value", _("%(hidden)s stands for a hidden value. Write the whole of it.") % {"hidden": HIDDEN}
            )
        return found


@dataclass(frozen=True)
class Column:
    """One of the values: `text` is what may be shown; `kept`: the document has it now."""

    side: str
    title: str
    text: str
    kept: bool


@admin.register(StoreConflict)
class StoreConflictAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("place", "kind", "state", "kept", "at", "settled_by")
    list_display_links = ("place",)
    list_filter = (SettledFilter, "kind", ResyncFilter)
    search_fields = ("path",)
    ordering = (F("settled_at").desc(nulls_first=True), "-at", "kind", "path")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("path"), ordering="path")
    def place(self, conflict: StoreConflict) -> str:
        return conflict.path or _("(all)")

    @admin.display(description=gettext_lazy("state"), ordering="settled_at")
    def state(self, conflict: StoreConflict) -> str:
        return _("settled") if conflict.settled_at else _("open")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        conflicts.collect()
        return super().changelist_view(request, {"title": _("Conflicts"), **(extra_context or {})})

    # --- one conflict ----------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        conflict = cast("StoreConflict | None", self.get_object(request, object_id))
        if conflict is None:
            raise Http404(_("There is no such conflict."))
        if not self.has_view_permission(request, conflict):
            raise PermissionDenied
        if request.method == "POST":
            if not self.has_change_permission(request, conflict):
                raise PermissionDenied
            return self._decide(request, conflict)
        return self._page(request, conflict)

    def _decide(self, request: HttpRequest, conflict: StoreConflict) -> HttpResponse:
        """Show what a decision would do; with `confirm` do it."""
        decision = request.POST.get("decision", "")
        if decision not in StoreConflict.Decision.values or conflict.settled_at is not None:
            return HttpResponseRedirect(request.path)
        form = OtherForm(request.POST) if decision == "other" else None
        if form is not None and not form.is_valid():
            return self._page(request, conflict, form=form)
        value = ABSENT
        if form is not None and not form.cleaned_data["remove"]:
            value = form.cleaned_data["value"]
        if "confirm" not in request.POST:
            return self._confirmation(request, conflict, decision, value)
        who = f"admin:{request.user.get_username()}"
        try:
            revision = conflicts.settle(conflict, decision, value, who=who, force="force" in request.POST)
        except conflicts.ValueChanged as changed:
            return self._confirmation(request, conflict, decision, value, changed=str(changed))
        except StoreError as error:
            return self._confirmation(request, conflict, decision, value, error=retold(str(error)))
        self._say(request, conflict, revision)
        following = StoreConflict.objects.filter(settled_at=None).order_by("-at", "kind", "path").first()
        if following is not None:
            return HttpResponseRedirect(reverse("admin:stores_storeconflict_change", args=[following.pk]))
        return HttpResponseRedirect(reverse("admin:ops_store_fallback"))

    def _say(self, request: HttpRequest, conflict: StoreConflict, revision: int | None) -> None:
        told = _("%(path)s of %(kind)s is settled: %(decision)s.") % {
            "path": conflict.path,
            "kind": conflict.kind,
            "decision": conflict.get_decision_display(),
        }
        if revision is not None:
            told += " " + _("Revision %(n)d holds it.") % {"n": revision}
        self.log_change(request, conflict, told)
        self.message_user(request, told, messages.SUCCESS)

    def _confirmation(
        self,
        request: HttpRequest,
        conflict: StoreConflict,
        decision: str,
        value: Any,
        *,
        changed: str = "",
        error: str = "",
    ) -> HttpResponse:
        decided = value if decision == "other" else getattr(conflicts.values(conflict, present=False), decision)
        document = _document(conflict.kind)
        return self._render(
            request,
            conflict,
            "confirm",
            decision=decision,
            decision_text=dict(StoreConflict.Decision.choices)[decision],
            value="" if value is ABSENT else json.dumps(value, ensure_ascii=False),
            remove=decision == "other" and value is ABSENT,
            decided=_text(conflict, decided),
            present=_present_text(conflict, document),
            unchanged=document is not None and _equal(value_at(document, tuple(conflict.keys)), decided),
            remarks=_remarks(conflict, document, decided),
            changed=changed,
            error=error,
        )

    def _page(self, request: HttpRequest, conflict: StoreConflict, form: OtherForm | None = None) -> HttpResponse:
        found = conflicts.values(conflict, present=False)
        document = _document(conflict.kind)
        present = ABSENT if document is None else value_at(document, tuple(conflict.keys))
        titles = {"base": _("Before the outage"), "ours": _("This host's copy"), "theirs": "PostgreSQL"}
        columns = [
            Column(
                side,
                titles[side],
                _text(conflict, getattr(found, side)),
                document is not None and _equal(present, getattr(found, side)),
            )
            for side in SIDES
        ]
        hidden = columns[1].text == columns[2].text
        return self._render(
            request,
            conflict,
            "change_form",
            columns=columns,
            present=_present_text(conflict, document),
            is_none_of_them=document is not None and not any(column.kept for column in columns),
            values_hidden=hidden,
            form=form or OtherForm(initial={"value": _to_begin_with(conflict, present)}),
            decided=_text(conflict, _decided(conflict)),
        )

    def _render(self, request: HttpRequest, conflict: StoreConflict, template: str, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{conflict.kind}: {conflict.path or _('(all)')}",
            "conflict": conflict,
            "original": conflict,
            "may_settle": self.has_change_permission(request, conflict),
            **more,
        }
        return TemplateResponse(request, f"{TEMPLATES}/{template}.html", context)


def _document(kind: str) -> Document | None:
    try:
        return get_store(kind).read()
    except StoreError:
        return None


def _text(conflict: StoreConflict, value: Any) -> str:
    """The value as it may be shown."""
    if value is ABSENT:
        return _("not there")
    return json.dumps(masked_value(conflict.kind, tuple(conflict.keys), value), ensure_ascii=False, indent=2)


def _present_text(conflict: StoreConflict, document: Document | None) -> str:
    if document is None:
        return _("The document cannot be read now.")
    return _text(conflict, value_at(document, tuple(conflict.keys)))


def _to_begin_with(conflict: StoreConflict, present: Any) -> Any:
    """The present value, to be changed a little; nothing where part of it is secret."""
    shown = masked_value(conflict.kind, tuple(conflict.keys), present)
    return None if present is ABSENT or shown != present else present


def _decided(conflict: StoreConflict) -> Any:
    """What a settled conflict was settled with."""
    if conflict.decision in SIDES:
        return getattr(conflicts.values(conflict, present=False), conflict.decision)
    return ABSENT if conflict.decided is None else conflict.decided


def _equal(one: Any, other: Any) -> bool:
    return one is other if one is ABSENT or other is ABSENT else same(one, other)


def _remarks(conflict: StoreConflict, document: Document | None, decided: Any) -> list[str]:
    """What the dashboard's rules say of the document with the decided value, and did not say before."""
    if document is None:
        return []
    try:
        after = apply_decision(document, tuple(conflict.keys), decided)
    except StoreError as error:
        return [retold(str(error))]
    before = {str(remark) for remark in validate(conflict.kind, document)}
    found = (remark for remark in validate(conflict.kind, after) if remark.code != "unknown")
    return [str(remark) for remark in found if str(remark) not in before]
