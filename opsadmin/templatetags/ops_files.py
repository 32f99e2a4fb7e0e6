"""The style sheets and scripts of the admin's pages: only those that the page uses, and these as one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import template
from django.conf import settings
from django.contrib.admin.widgets import ForeignKeyRawIdWidget, RelatedFieldWidgetWrapper
from django.forms import Media
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_bidi

from opsadmin.faces.bundle import LATE, WORDS, NotBundled, address
from opsadmin.pages.site import site_of

register = template.Library()

_MIN = "" if settings.DEBUG else ".min"
_JQUERY = (f"admin/js/vendor/jquery/jquery{_MIN}.js", "admin/js/jquery.init.js")
_RELATED = (*_JQUERY, "admin/js/core.js", "admin/js/admin/RelatedObjectLookups.js")
_PREPOPULATED = (*_JQUERY, "admin/js/urlify.js", "admin/js/prepopulate.js", f"admin/js/vendor/xregexp/xregexp{_MIN}.js")
#: Django gives these to each list and form, whether anything there is theirs or not.
_USUAL = frozenset({*_RELATED, *_PREPOPULATED, "admin/js/actions.js"})
_THEME, _ACTIONS, _FILTERS = "admin/js/theme.js", "admin/js/actions.js", "admin/js/filters.js"
_FIRST_FIELD = "admin/js/change_form.js"


@register.simple_tag(takes_context=True)
def ops_styles(context: Context, *paths: str) -> SafeString:
    """Links to the style sheets, in this order."""
    wanted = [path for path in paths if not path.endswith("_rtl.css") or get_language_bidi()]
    try:
        return format_html('<link rel="stylesheet" href="{}">', _address(context, wanted))
    except NotBundled:
        links = ((static(path),) for path in wanted)
        return format_html_join("\n", '<link rel="stylesheet" href="{}">', links)


@register.simple_tag(takes_context=True)
def ops_list_scripts(context: Context) -> SafeString:
    """What a change list uses of the scripts that it has."""
    chosen, media = context["cl"], context["media"]
    wanted: set[str] = set()
    if context.get("action_form"):
        wanted.add(_ACTIONS)
    if context.get("is_popup"):
        wanted.update(_RELATED)
    if chosen.formset:
        wanted.update(_USUAL)
    own = list(_used(media, wanted))
    words = [WORDS] if own else []
    filters = [_FILTERS] if chosen.has_filters else []
    return _scripts(context, [_THEME, *words, *own, *filters])


@register.simple_tag(takes_context=True)
def ops_form_scripts(context: Context) -> SafeString:
    """What a form uses of the scripts that it has."""
    adminform, media = context.get("adminform"), context["media"]
    wanted: set[str] = set()
    if adminform is None:
        wanted.update(_USUAL)
    else:
        if context.get("is_popup") or any(map(_leads_elsewhere, adminform.form.fields.values())):
            wanted.update(_RELATED)
        if adminform.prepopulated_fields:
            wanted.update(_PREPOPULATED)
        if context.get("inline_admin_formsets"):
            wanted.update(_USUAL)
    own = list(_used(media, wanted))
    words = [WORDS] if own else []
    first = [_FIRST_FIELD] if adminform is not None and context.get("add") else []
    return _scripts(context, [_THEME, *words, *own, *first])


@register.simple_tag(takes_context=True)
def ops_other_styles(context: Context) -> SafeString:
    """Links to the style sheets that the page's own widgets bring."""
    return _all(Media(css=context["media"]._css).render_css())


def _leads_elsewhere(field: Any) -> bool:
    return isinstance(field.widget, RelatedFieldWidgetWrapper | ForeignKeyRawIdWidget)


def _used(media: Any, wanted: Iterable[str]) -> Iterator[Any]:
    """In the order that Django found for them."""
    own = [one for one in media._js if one not in _USUAL]
    # A script that is not Django's may ask for all of what Django gives.
    known = all(isinstance(one, str) and one.startswith("admin/js/") for one in own)
    # Those of select2 and of a selection from many want jQuery, or what stands in core.js.
    wanted = {*wanted, *own, *(("admin/js/core.js",) if own else ()), *(_JQUERY if _wants_jquery(own) else ())}
    return (one for one in media._js if one in wanted or not known)


def _wants_jquery(own: Sequence[Any]) -> bool:
    return any(
        isinstance(one, str) and ("select2" in one or one.endswith(("autocomplete.js", "inlines.js"))) for one in own
    )


def _scripts(context: Context, wanted: Sequence[Any]) -> SafeString:
    """One script of all that are Django's, and behind it those that are not."""
    ours = [one for one in wanted if one == WORDS or isinstance(one, str) and one.startswith("admin/js/")]
    others = Media(js=[one for one in wanted if one not in ours]).render_js()
    try:
        tags: list[Any] = [format_html('<script src="{}"></script>', _address(context, ours))]
    except NotBundled:
        tags = [_script(context, one) for one in ours]
    return _all([*tags, *others])


def _all(tags: Iterable[Any]) -> SafeString:
    return format_html_join("\n", "{}", ((tag,) for tag in tags))


def _script(context: Context, path: str) -> SafeString:
    found = reverse("admin:jsi18n", current_app=_site(context)) if path == WORDS else static(path)
    return format_html('<script src="{}"{}></script>', found, " defer" if path in LATE else "")


def _address(context: Context, paths: Sequence[str]) -> str:
    return address(paths, _site(context), get_language() or "en")


def _site(context: Context) -> str | None:
    """The name of the admin site that shows the page."""
    request = context.get("request")
    return None if request is None else getattr(request, "current_app", None) or site_of(request).name
