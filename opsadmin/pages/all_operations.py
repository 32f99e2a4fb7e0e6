"""The page "All operations": what can be done here, each with a page of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.operation import Operation
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import render_page
from opsadmin.perform import operations


def all_operations_page(request: HttpRequest) -> HttpResponse:
    """Every operation that the person may do, by group; `?q=` searches their names and what they do."""
    wanted = request.GET.get("q", "").strip()
    allowed = [one for one in operations() if request.user.has_perm(one.permission)]
    words = wanted.casefold().split()
    found = [
        one
        for one in allowed
        if all(word in f"{one.name} {one.title} {one.summary} {one.group}".casefold() for word in words)
    ]
    groups: dict[str, list[Operation]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one)
    context = {"title": _("All operations"), "groups": groups, "wanted": wanted, "found": found, "allowed": allowed}
    return render_page(request, "operations", context)


register_page(
    Page(
        "run",
        gettext_lazy("All operations"),
        all_operations_page,
        "opsadmin.view_database",
        order=100,
        needs_database=False,
    )
)
