"""The whole document as JSON: read strictly, judged, shown as differences, and only then saved.

Stored secrets stand as placeholders; one left as it is keeps the stored secret. Values that break the dashboard's
rules can be saved where a person says so, as the dashboard tolerates them; what the store cannot hold never can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from opsadmin.retold import retold
from stores import get_store
from stores.admin import document_revisions as revisions
from stores.admin import document_save as saving
from stores.admin.document_seal import seal, sign, strange_placeholders, unseal, unsign
from stores.backends.json_text import encode, parse_file
from stores.backends.protocol import Document
from stores.documents import Remark, ordered, validate
from stores.errors import DocumentError, Problem, StoreError
from stores.sync.merge import merge

if TYPE_CHECKING:
    from stores.admin.documents import JsonDocumentAdmin


def raw_page(pages: JsonDocumentAdmin, request: HttpRequest, kind: str) -> HttpResponse:
    """GET: the text. POST: what it would change, and on the second POST of the same text the change itself."""
    if request.method != "POST":
        current = pages.read(kind)
        return _show(pages, request, kind, current, _text(kind, current))
    base = unsign(kind, request.POST.get("base", ""))
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if base is None:
        current = pages.read(kind)
        error = _("The form was not complete, so nothing was saved. Check the differences and save again.")
        return _show(pages, request, kind, current, text, store_error=error)
    try:
        mine = parse_file(text.encode("utf-8", "replace"), source=_("the text"))
        return _judge(pages, request, kind, base, mine, text)
    except DocumentError as error:
        return _show(pages, request, kind, base, text, problems=error.problems)
    except saving.Conflicted as conflicted:
        # The text with the others' changes in it, against the document as it is by now: the differences that are
        # shown next are exactly what saving would overwrite.
        from stores.admin.documents import shown_conflicts

        merged = _text(kind, conflicted.merged.document)
        return _show(pages, request, kind, conflicted.current, merged, conflicts=shown_conflicts(conflicted))
    except StoreError as error:
        return _show(pages, request, kind, base, text, store_error=retold(str(error)))


def _judge(
    pages: JsonDocumentAdmin, request: HttpRequest, kind: str, base: Document, mine: Document, text: str
) -> HttpResponse:
    sealed, secrets = seal(kind, get_store(kind).read())
    merged = merge(base, mine, sealed, strategy="ours")
    if merged.conflicts:
        raise saving.Conflicted(merged, sealed)
    target = unseal(merged.document, secrets)
    problems = [
        Problem("", _("%(name)s stands for no stored address. Write the whole address.") % {"name": name})
        for name in strange_placeholders(target)
    ]
    if kind == "settings" and not target and sealed:
        problems.append(Problem("", _("An empty object would wipe the settings. Remove single keys instead.")))
    if problems:
        raise DocumentError(problems)
    remarks = [remark for remark in validate(kind, target) if remark.code != "unknown"]
    before = set(validate(kind, unseal(sealed, secrets)))
    fresh = [remark for remark in remarks if remark not in before]
    anyway = bool(request.POST.get("anyway"))
    mark = _mark(request.POST.get("base", ""), text)
    previewed = constant_time_compare(request.POST.get("previewed", ""), mark)
    if "_save" in request.POST and previewed and (anyway or not fresh):
        changes = saving.save_changes(kind, base, mine, reason="JSON")
        pages.saved(request, kind, changes, _("JSON"))
        return HttpResponseRedirect(request.path)
    changes = revisions.changes_between(kind, unseal(sealed, secrets), target)
    return _show(
        pages,
        request,
        kind,
        base,
        text,
        changes=revisions.shown(changes),
        is_preview=True,
        previewed=mark,
        remarks=remarks,
        fresh=fresh,
        must_tick="_save" in request.POST and previewed and bool(fresh),
    )


def _text(kind: str, sealed: Document) -> str:
    return encode(ordered(kind, sealed), indent=2)


def _mark(base: str, text: str) -> str:
    """Proves that the differences of this text were shown."""
    return salted_hmac("stores.document.preview", f"{base}\n{text}").hexdigest()


def _show(
    pages: JsonDocumentAdmin, request: HttpRequest, kind: str, base: Document, text: str, **more: Any
) -> HttpResponse:
    noted: list[Remark] = more.pop("remarks", None) or []
    # The signature has a time in it: the text that was previewed goes with the very same base.
    posted = request.POST.get("base", "")
    signed = posted if posted and unsign(kind, posted) == base else sign(kind, base)
    return pages.page(
        request, kind, "raw", text=text, base=signed, remarks=noted, active="raw", lines=text.count("\n") + 2, **more
    )
