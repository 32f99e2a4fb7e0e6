"""Several static files of the admin as one: a page of Django's admin asks for up to thirty files, which a slow line feels more
than their bytes. The address says which files, and by a digest which state of them, so that a browser keeps it for good.

    address(["admin/css/responsive.css", "opsadmin/ops.css"], "office", "fr")"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.translation import check_for_language, override
from django.views.i18n import JavaScriptCatalog

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
#: Stands for the admin's words in the reader's language, which Django serves as a script of its own.
WORDS = "words.js"
MOST_FILES = 30
#: Scripts of Django's that look at the page at once, and that Django therefore puts at its end.
LATE = frozenset({"admin/js/filters.js", "admin/js/change_form.js"})
#: A bundle stays at its address for good.
FOR_GOOD = "public, max-age=31536000, immutable"

_IMPORT = re.compile(r"@import\s+url\(['\"]?(?P<path>[\w./-]+\.css)['\"]?\);")
_URL = re.compile(r"url\(['\"]?(?P<path>[\w./-]+)['\"]?\)")


class NotBundled(Exception):
    """A file that is none of the admin's or ours."""


def address(paths: Sequence[str], site: str | None, language: str) -> str:
    """Where the files are one. `paths`: as `static` takes them, all of one kind, or WORDS; `site`: the admin site's name.

    Raises `NotBundled`: the files have to be linked one by one."""
    try:
        view = reverse("admin:ops_bundle", args=[_kind(paths)], current_app=site)
    except NoReverseMatch:  # the site has none of our pages
        raise NotBundled from None
    _all, digest = _content(tuple(paths), language)
    return f"{view}?{urlencode({'f': paths, 'l': language, 'v': digest}, doseq=True)}"


def bundle(request: HttpRequest, kind: str) -> HttpResponse:
    """The files that the address names. They are public, as static files are."""
    paths, language = request.GET.getlist("f"), request.GET.get("l", "")
    try:
        if _kind(paths) != kind or not check_for_language(language):
            raise NotBundled
        content, digest = _content(tuple(paths), language)
    except NotBundled:
        raise Http404 from None
    answer = HttpResponse(content, content_type=KINDS[kind])
    # Of another state than the address says: a page of the release before asks, or after.
    answer["Cache-Control"] = FOR_GOOD if request.GET.get("v") == digest else "no-cache"
    return answer


def _kind(paths: Sequence[str]) -> str:
    """The extension that the paths have in common. Raises `NotBundled`."""
    kinds = {PurePosixPath(path).suffix.removeprefix(".") for path in paths}
    allowed = all(path == WORDS or path.startswith(("admin/", "opsadmin/")) for path in paths)
    if len(kinds) != 1 or not kinds <= KINDS.keys() or not allowed or len(paths) > MOST_FILES:
        raise NotBundled
    return kinds.pop()


def _content(paths: tuple[str, ...], language: str) -> tuple[str, str]:
    """What the files are together, and a digest of it. Raises `NotBundled`."""
    # While somebody works on the files, each request reads them.
    return _joined(paths, language) if settings.DEBUG else _kept(paths, language)


def _joined(paths: tuple[str, ...], language: str) -> tuple[str, str]:
    content = "\n".join(_words(language) if path == WORDS else _file(path) for path in paths)
    return content, hashlib.sha256(content.encode()).hexdigest()[:12]


_kept = lru_cache(maxsize=64)(_joined)


def _file(path: str) -> str:
    found = None if ".." in PurePosixPath(path).parts else finders.find(path)
    if not found:
        raise NotBundled
    text = Path(found).read_text(encoding="utf-8")
    if path.endswith(".css"):
        return _at_home(text, PurePosixPath(path).parent)
    return f"document.addEventListener('DOMContentLoaded', () => {{\n{text}\n}});" if path in LATE else text


def _at_home(text: str, folder: PurePosixPath) -> str:
    """A style sheet that means the same from another address."""
    text = _IMPORT.sub(lambda match: _file(str(folder / match["path"])), text)

    def from_root(match: re.Match[str]) -> str:
        parts: list[str] = []
        for part in (folder / match["path"]).parts:
            parts = parts[:-1] if part == ".." else [*parts, part]
        return f'url("{static("/".join(parts))}")' if not match["path"].startswith("/") else match[0]

    return _URL.sub(from_root, text)


def _words(language: str) -> str:
    with override(language):
        catalogue = JavaScriptCatalog(packages=["django.contrib.admin"]).get(HttpRequest())
        return bytes(catalogue.content).decode()
