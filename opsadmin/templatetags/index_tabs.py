"""What there is about indexes, as links above each of these pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError
from opsadmin.follow.result import NOT_KNOWN
from opsadmin.models import FollowedIndex
from opsadmin.pages.indexes_look import LISTS, kept
from opsadmin.pages.indexes_words import titles
from opsadmin.postgres.aliases import default_alias

register = template.Library()

#: Lists in which each entry is a thing to do.
BAD = ("unused", "duplicate", "invalid", "bloated")


@dataclass(frozen=True)
class Tab:
    """`count`: how many there are; empty where nobody looked. `tone`: how that is judged."""

    label: str
    link: str
    is_current: bool
    count: str = ""
    tone: str = ""


@register.inclusion_tag("admin/opsadmin/indexes_tabs.html")
def index_tabs(current: str, database: str) -> dict[str, Any]:
    """`current`: ideas, or the list that is shown. PostgreSQL is not asked."""
    try:
        ideas, indexes = reverse("admin:ops_ideas"), reverse("admin:ops_indexes")
        at_default = database == default_alias()
    except (NoReverseMatch, OperationError):
        return {"tabs": []}
    here = {} if at_default else {"database": database}
    tabs = [Tab(_("Ideas"), _to(ideas, here), current == "ideas")]
    seen = kept(database)
    counts = seen.data["counts"] if seen is not None else {}
    for name in (*LISTS, "all"):
        count = counts.get(name)
        tone = "warning" if count and name in BAD else ""
        said = "" if name not in counts else NOT_KNOWN if count is None else f"{count:,}".replace(",", " ")
        link = _to(indexes, here if name == "unused" else {**here, "list": name})
        tabs.append(Tab(titles()[name], link, current == name, said, tone))
    followed = FollowedIndex.objects.filter(database=database).count()
    if followed:
        tabs.append(Tab(_("Followed"), f"{_to(ideas, here)}#kept-head", False, str(followed)))
    return {"tabs": tabs}


def _to(address: str, query: dict[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address
