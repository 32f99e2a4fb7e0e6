"""The API tokens: made here, shown once, and revoked by deleting them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from opsadmin.admin.moment import OVERRIDES
from opsadmin.core.errors import OperationError
from opsadmin.faces.tokens import PERMISSION, check_new, issue
from opsadmin.models import ApiToken

#: Where the request keeps the secret between saving and answering; it is kept nowhere else.
SECRET = "ops_new_secret"  # noqa: S105  # the name of an attribute


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    """What a new token is made of. `owner` is whose it is where there is no choice."""

    owner: Any = None

    class Meta:
        model = ApiToken
        fields = ("name", "user", "reach", "expires_at")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        user = found.get("user", self.owner)
        if not self.errors and user is not None:
            try:
                check_new(user, found["name"], found["reach"], found.get("expires_at"))
            except OperationError as error:
                self.add_error(error.parameter if error.parameter in self.fields else None, error.message)
        return found


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who may use tokens makes and revokes their own; only a superuser makes one for somebody else, because it would act
    with that user's permissions. What a token may do cannot be changed afterwards."""

    form = TokenForm
    formfield_overrides = OVERRIDES
    list_display = ("name", "user", "begins_with", "reach", "created_at", "expires_at", "last_used_at")
    list_filter = ("reach",)
    list_select_related = ("user",)
    search_fields = ("name", "hint")

    @admin.display(description=_lazy("begins with"))
    def begins_with(self, token: ApiToken) -> str:
        return f"{token.hint}..."

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        if obj is not None:
            return ("name", "user", "begins_with", "reach", "created_at", "expires_at", "last_used_at")
        return ("name", "user", "reach", "expires_at") if _chooses(request) else ("name", "reach", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def get_form(
        self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:  # type: ignore[type-arg]
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"owner": request.user})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        tokens = super().get_queryset(request)
        return tokens if _sees_all(request) else tokens.filter(user=request.user.pk)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        # After saving there is one page to see, whichever button was pressed.
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**buttons, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        user = obj.user if _chooses(request) else request.user
        token, secret = issue(user, obj.name, obj.reach, obj.expires_at)
        for field in ApiToken._meta.concrete_fields:
            setattr(obj, field.attname, getattr(token, field.attname))
        setattr(request, SECRET, secret)

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: Any = None) -> HttpResponse:
        # No redirect: the secret would have to wait in a cookie or a session.
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new token"),
            "opts": self.opts,
            "token": obj,
            "secret": getattr(request, SECRET),
        }
        return TemplateResponse(request, "admin/opsadmin/apitoken/created.html", context)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        # Django leads to the list only who may change what is in it, and nobody may change a token.
        answer = super().response_delete(request, obj_display, obj_id)
        if answer.status_code != HTTPStatus.FOUND:
            return answer
        return HttpResponseRedirect(reverse("admin:opsadmin_apitoken_changelist", current_app=self.admin_site.name))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return _sees_all(request) or _owns(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return super().has_delete_permission(request, obj) or _owns(request, obj)


def _chooses(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _sees_all(request: HttpRequest) -> bool:
    return request.user.has_perm("opsadmin.view_apitoken")


def _owns(request: HttpRequest, token: ApiToken | None) -> bool:
    return request.user.has_perm(PERMISSION) and (token is None or token.user_id == request.user.pk)
