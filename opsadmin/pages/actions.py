"""The one action beside a finding. An app, or a page that comes later, adds what helps with its checks:

register_action("store.*", lambda finding, database: Action(_("Store & fallback"), reverse("admin:ops_store_fallback")))"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Action:
    """Where it is done, for people with `permission`."""

    label: str
    url: str
    permission: str = "opsadmin.view_database"


ActionOf = Callable[[Mapping[str, Any], str], Action | None]

_actions: list[tuple[str, ActionOf]] = []

#: Areas whose findings are about an object of the catalogue, and its kind.
KINDS = {
    "index": "index",
    "table": "table",
    "vacuum": "table",
    "buffer": "table",
    "constraint": "table",
    "sequence": "sequence",
}
#: Checks of indexes that are about tables.
ABOUT_TABLES = ("index.too_many", "index.sequential_scans")
_NAME = re.compile(r'"(?:[^"]|"")+"|[^".\s(),]+')


def register_action(check: str, function: ActionOf) -> None:
    """`function(finding as dict, database)` for the checks that match the pattern; the latest one registered counts."""
    _actions.insert(0, (check, function))


def action_for(finding: Mapping[str, Any], database: str) -> Action | None:
    """What helps with the finding; None where nothing is known."""
    for pattern, function in _actions:
        if fnmatchcase(finding["check"], pattern):
            found = function(finding, database)
            if found is not None:
                return found
    return _details(finding, database)


def names_of(object: str) -> list[str]:
    """The names in `public.orders` or `"My schema"."a.b"`, as they are stored; none where it is not such a thing."""
    names, place = [], 0
    while True:
        part = _NAME.match(object, place)
        if part is None:
            return []
        quoted = part[0].startswith('"')
        names.append(part[0][1:-1].replace('""', '"') if quoted else part[0])
        place = part.end()
        if place == len(object):
            return names
        if object[place] != ".":
            return []
        place += 1


def _details(finding: Mapping[str, Any], database: str) -> Action | None:
    kind, names = KINDS.get(finding["area"]), names_of(finding["object"])
    if kind is None or len(names) not in (2, 3):
        return None
    if len(names) == 3 or finding["check"] in ABOUT_TABLES:
        kind = "table"  # of which it is a column or a constraint
    url = details_url(database, names[0], names[1], kind)
    label = {"index": _("See the index"), "sequence": _("See the sequence")}.get(kind, _("See the table"))
    return Action(label, url) if url else None


def details_url(database: str, schema: str, name: str, kind: str = "table") -> str:
    """The page of an object of the catalogue; empty where there is none."""
    try:
        address = reverse("admin:ops_tables")
    except NoReverseMatch:
        return ""
    query = {"schema": schema, "name": name, "type": kind, "database": database}
    return f"{address}?{urlencode(query)}"
