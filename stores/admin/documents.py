"""Settings and state in the admin: list, form, JSON, revisions, and letting go of a stale automation lock.

Pages read and write through `get_store`, so they show the document in use on either backend; revisions are kept by
PostgreSQL alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.retold import retold
from stores import get_store
from stores.admin import document_revisions as revisions
from stores.admin import document_save as saving
from stores.admin.document_form import DocumentForm, read_view
from stores.admin.document_raw import raw_page
from stores.admin.document_seal import seal, sign, unsign
from stores.admin.outage import OutageMixin
from stores.backends.protocol import KINDS, Document, StoreStatus
from stores.documents import definition, validate
from stores.errors import DocumentError, StoreError, StoreUnavailable
from stores.models import JsonDocument
from stores.sync.differences import Change
from stores.sync.merge import ABSENT

TEMPLATES = "admin/stores/jsondocument"


@admin.register(JsonDocument)
class JsonDocumentAdmin(OutageMixin):
    """The two documents. None is ever added or deleted here: the dashboard needs both rows."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        def page(address: str, view: Callable[..., HttpResponse], name: str) -> Any:
            wrapped = self._surviving(cast(Any, self.admin_site.admin_view(view)))
            return path(f"<str:kind>/{address}", wrapped, name=f"stores_jsondocument_{name}")

        return [
            page("raw/", self.raw_view, "raw"),
            page("revisions/", self.revisions_view, "revisions"),
            page("revisions/<int:number>/", self.revision_view, "revision"),
            page("revisions/<int:number>/restore/", self.restore_view, "restore"),
            page("release-lock/", self.release_lock_view, "release_lock"),
            *super().get_urls(),
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> JsonDocument | None:
        """Without asking PostgreSQL: the pages that use this show the admin's log."""
        return JsonDocument(kind=object_id) if object_id in KINDS else None

    # --- what every page has ---------------------------------------------------------------------------------------

    def _must_view(self, request: HttpRequest, kind: str) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in KINDS:
            raise Http404(_("There are two documents: settings and state."))

    def _must_change(self, request: HttpRequest, kind: str) -> None:
        self._must_view(request, kind)
        if not self.has_change_permission(request):
            raise PermissionDenied

    def page(
        self, request: HttpRequest, kind: str, template: str, status: StoreStatus | None = None, **more: Any
    ) -> TemplateResponse:
        """A page of one document, with its head and tabs."""
        title = _(definition(kind).title)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "kind": kind,
            "document_title": title,
            "title": title,
            "status": status or get_store(kind).status(),
            "may_change": self.has_change_permission(request),
            **more,
        }
        return TemplateResponse(request, f"{TEMPLATES}/{template}.html", context)

    def read(self, kind: str) -> Document:
        """The document, sealed."""
        return seal(kind, get_store(kind).read())[0]

    def saved(self, request: HttpRequest, kind: str, changes: list[Change], reason: str = "") -> None:
        """Log and say what was done."""
        if not changes:
            self.message_user(request, _("Nothing was changed."), messages.INFO)
            return
        self.log_change(request, JsonDocument(kind=kind), revisions.log_text(changes, reason))
        text = ngettext("%(count)d value was saved.", "%(count)d values were saved.", len(changes))
        self.message_user(request, text % {"count": len(changes)}, messages.SUCCESS)

    def _unreadable(self, request: HttpRequest, kind: str, error: DocumentError) -> HttpResponse:
        return self.page(request, kind, "unreadable", problems=error.problems, active="")

    # --- list ------------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = []
        for kind in KINDS:
            problems: list[str] = []
            notes = 0
            empty = False
            try:
                document = get_store(kind).read()
                empty = not document
                found = validate(kind, document, strict=False)
            except DocumentError as error:
                problems = [str(problem) for problem in error.problems]
            else:
                problems = [str(remark) for remark in found if remark.code != "unknown"]
                notes = sum(remark.code == "unknown" for remark in found)
            # After the read, which may have gone over to the copy.
            status = get_store(kind).status()
            if not status.available and not problems:
                raise StoreUnavailable(status.error)
            rows.append(
                {
                    "kind": kind,
                    "title": _(definition(kind).title),
                    "status": status,
                    "known": status.detail.get("known"),
                    "problems": problems,
                    "unknown": notes,
                    "empty": empty,
                }
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Documents"),
            "rows": rows,
            "may_change": self.has_change_permission(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, f"{TEMPLATES}/change_list.html", context)

    # --- form ------------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        kind = object_id
        self._must_view(request, kind)
        try:
            if request.method == "POST":
                self._must_change(request, kind)
                return self._save_form(request, kind)
            sealed = self.read(kind)
        except DocumentError as error:
            return self._unreadable(request, kind, error)
        if not self.has_change_permission(request):
            return self.page(request, kind, "view", sections=read_view(kind, sealed), active="form")
        return self._form_page(request, DocumentForm(kind, sealed))

    def _form_page(self, request: HttpRequest, form: DocumentForm, **more: Any) -> HttpResponse:
        status = get_store(form.kind).status()
        age = saving.lock_age(form.base, timezone.now()) if form.kind == "state" else None
        return self.page(
            request,
            form.kind,
            "change_form",
            status,
            form=form,
            base=sign(form.kind, form.base),
            active="form",
            lock_is_stale=saving.is_stale(age),
            **more,
        )

    def _save_form(self, request: HttpRequest, kind: str) -> HttpResponse:
        base = unsign(kind, request.POST.get("base", ""))
        if base is None:
            self.message_user(
                request, _("The form was not complete, so nothing was saved. Here it is anew."), messages.ERROR
            )
            return HttpResponseRedirect(request.path)
        form = DocumentForm(kind, base, request.POST)
        if not form.is_valid():
            return self._form_page(request, form)
        try:
            changes = saving.save_changes(kind, base, form.mine, reason=_("form"))
        except saving.Conflicted as conflicted:
            anew = DocumentForm(kind, conflicted.current, shown=conflicted.merged.document)
            conflicts = shown_conflicts(conflicted)
            return self._form_page(request, anew, conflicts=conflicts)
        except StoreError as error:
            return self._form_page(request, form, store_error=retold(str(error)))
        self.saved(request, kind, changes)
        stay = "_continue" in request.POST
        return HttpResponseRedirect(request.path if stay else reverse("admin:stores_jsondocument_changelist"))

    # --- JSON ------------------------------------------------------------------------------------------------------

    def raw_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        self._must_view(request, kind)
        if request.method == "POST":
            self._must_change(request, kind)
        try:
            return raw_page(self, request, kind)
        except DocumentError as error:
            return self._unreadable(request, kind, error)

    # --- revisions -------------------------------------------------------------------------------------------------

    def revisions_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        self._must_view(request, kind)
        before = request.GET.get("before", "")
        first = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        rows, following = revisions.rows_before(kind, first)
        return self.page(request, kind, "revisions", rows=rows, following=following, first=first, active="revisions")

    def revision_view(self, request: HttpRequest, kind: str, number: int) -> HttpResponse:
        self._must_view(request, kind)
        revision = self._revision(kind, number)
        against = "current" if request.GET.get("against") == "current" else "before"
        before, after = revision.data, revision.data
        previous = revisions.revision_before(kind, number)
        if against == "current":
            after = get_store(kind).read()
        elif previous is not None:
            before = previous.data
        changes = revisions.changes_between(kind, before, after)
        return self.page(
            request,
            kind,
            "revision",
            revision=revision,
            against=against,
            previous=previous,
            changes=revisions.shown(changes),
            active="revisions",
        )

    def _revision(self, kind: str, number: int) -> Any:
        found = revisions.revision_or_none(kind, number) if number < 2**63 else None
        if found is None:
            raise Http404(_("This revision is not kept."))
        return found

    def restore_view(self, request: HttpRequest, kind: str, number: int) -> HttpResponse:
        self._must_change(request, kind)
        revision = self._revision(kind, number)
        if not isinstance(revision.data, dict):
            raise Http404(_("This revision holds no document."))
        error = ""
        if request.method == "POST":
            expected = unsign(kind, request.POST.get("base", ""))
            reason = f"restore of revision {number}"
            try:
                changes = saving.restore(kind, revision.data, expected=expected or {}, reason=reason)
            except saving.Conflicted:
                error = _("The document was changed after this page was shown. Below is what a restore would do now.")
            except StoreError as failed:
                error = str(failed)
            else:
                self.saved(request, kind, changes, reason)
                return HttpResponseRedirect(reverse("admin:stores_jsondocument_revisions", args=[kind]))
        current = get_store(kind).read()
        target = saving.restored(kind, revision.data, current)
        return self.page(
            request,
            kind,
            "restore",
            revision=revision,
            changes=revisions.shown(revisions.changes_between(kind, current, target)),
            base=sign(kind, seal(kind, current)[0]),
            store_error=error,
            remarks=[remark for remark in validate(kind, target, strict=False) if remark.code != "unknown"],
            active="revisions",
        )

    # --- lock ------------------------------------------------------------------------------------------------------

    def release_lock_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        self._must_change(request, kind)
        if kind != "state":
            raise Http404(_("Only the state has a lock."))
        error = ""
        if request.method == "POST":
            reason = "release of a stale automation lock"
            try:
                changes = saving.release_lock(timezone.now(), reason=reason)
            except saving.LockNotStale:
                error = _("The lock is free, or held for less than five minutes. Nothing was changed.")
            except StoreError as failed:
                error = str(failed)
            else:
                self.saved(request, kind, changes, reason)
                return HttpResponseRedirect(reverse("admin:stores_jsondocument_change", args=[kind]))
        state = self.read(kind)
        age = saving.lock_age(state, timezone.now())
        return self.page(
            request,
            kind,
            "release_lock",
            store_error=error,
            stale=saving.is_stale(age),
            held=age is not None,
            since=state.get("automation_locked_at"),
            owner=state.get("automation_lock_owner"),
            token=state.get("automation_lock_token"),
            active="form",
        )


def shown_conflicts(conflicted: saving.Conflicted) -> list[dict[str, str]]:
    """Both values of each place. A new secret of the person's own is masked like the stored one."""

    def text(value: Any) -> str:
        return _("not set") if value is ABSENT else saving.value_text(value)

    found = []
    for conflict in conflicted.merged.conflicts:
        secret = conflict.path.startswith("ifttt_webhooks")
        found.append(
            {
                "path": conflict.path,
                "base": text(conflict.base),
                "theirs": text(conflict.theirs),
                "mine": _("your new address") if secret and conflict.ours else text(conflict.ours),
            }
        )
    return found
