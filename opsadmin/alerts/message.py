"""The words of an alert: plain data for a program, a text for people. It is written in the site's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from opsadmin.alerts.channels import Policy
from opsadmin.core.blocks import said_seconds
from opsadmin.core.finding import Status
from opsadmin.models import Condition

#: Changes that a text tells one by one.
MOST = 20
#: Characters of one's message.
LONGEST = 500


def change_of(
    condition: Condition, now: Status, before: Status, bad_since: datetime | None, at: datetime
) -> dict[str, Any]:
    """One change, as plain data. `seconds`: how long it was wrong, of one that is over."""
    found: dict[str, Any] = {
        "check": condition.subject,
        "title": condition.title,
        "severity": now.value,
        "before": before.value,
        "since": condition.since.isoformat(),
        "message": _cut(condition.message) if now is not Status.OK else "",
    }
    for name in ("object", "hint", "more"):
        if now is not Status.OK and condition.data.get(name):
            found[name] = condition.data[name]
    if now is Status.OK and bad_since is not None:
        found["seconds"] = max(0.0, round((condition.since - bad_since).total_seconds()))
    if condition.incident_id is not None:
        found["incident"] = condition.incident_id
    return found


def message_of(database: str, changes: Sequence[Mapping[str, Any]], rule: Policy, at: datetime) -> dict[str, Any]:
    """The whole message as plain data, worst first. `text` says it to people."""
    ordered = sorted(changes, key=lambda one: -Status(one["severity"]).rank)
    worst = Status(ordered[0]["severity"])
    found: dict[str, Any] = {
        "status": "resolved" if worst is Status.OK else worst.value,
        "site": rule.label,
        "database": database,
        "at": at.isoformat(),
        "changes": ordered,
    }
    if rule.site_url:
        found["url"] = rule.site_url + _path({one["incident"] for one in ordered if "incident" in one})
    with override(settings.LANGUAGE_CODE):
        found["text"] = _text(found)
    return found


def test_message(database: str, who: str, rule: Policy, at: datetime) -> dict[str, Any]:
    """A message that says that nothing happened."""
    with override(settings.LANGUAGE_CODE):
        text = _("Test alert, asked for by %(who)s. Nothing is wrong: alerts arrive here.") % {"who": who}
    found = {"status": "test", "site": rule.label, "database": database, "at": at.isoformat(), "changes": []}
    return {**found, "text": f"{_label(found)}{text}"}


def subject_of(message: Mapping[str, Any]) -> str:
    """One line for all of it."""
    return str(message["text"]).splitlines()[0][:200]


def _text(message: Mapping[str, Any]) -> str:
    changes = message["changes"]
    lines = [_line(one, message["database"]) for one in changes[:MOST]]
    if len(changes) > MOST:
        more = len(changes) - MOST
        lines.append(ngettext("and %(n)d more change", "and %(n)d more changes", more) % {"n": more})
    head = f"{_label(message)}{lines[0]}"
    if len(changes) > 1:
        one = ngettext("%(n)d change in %(database)s", "%(n)d changes in %(database)s", len(changes))
        head = f"{_label(message)}{one % {'n': len(changes), 'database': message['database']}}"
        lines = [head, *(f"- {line}" for line in lines)]
    else:
        lines = [head]
    if len(changes) == 1 and changes[0].get("hint"):
        lines.append(str(changes[0]["hint"]))
    if message.get("url"):
        lines.append(str(message["url"]))
    return "\n".join(lines)


def _line(change: Mapping[str, Any], database: str) -> str:
    values = {"title": change["title"], "database": database, "message": change["message"]}
    match change["severity"]:
        case Status.OK:
            if change.get("seconds"):
                return _("Resolved: %(title)s (%(database)s), after %(time)s.") % {
                    **values,
                    "time": said_seconds(change["seconds"]),
                }
            return _("Resolved: %(title)s (%(database)s).") % values
        case Status.CRITICAL:
            words = _("Critical: %(title)s (%(database)s). %(message)s")
        case _:
            words = _("Warning: %(title)s (%(database)s). %(message)s")
    # A message that says the title again says nothing.
    line = words % {**values, "message": ""} if _is_same(change) else words % values
    if more := change.get("more"):
        line += " " + ngettext("%(n)d more of the kind.", "%(n)d more of the kind.", more) % {"n": more}
    return " ".join(line.split())


def _is_same(change: Mapping[str, Any]) -> bool:
    return str(change["message"]).strip().rstrip(".") == str(change["title"]).strip().rstrip(".")


def _label(message: Mapping[str, Any]) -> str:
    return f"[{message['site']}] " if message["site"] else ""


def _path(incidents: set[int]) -> str:
    try:
        address = reverse("admin:ops_logbook")
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode({'incident': incidents.pop()})}" if len(incidents) == 1 else address


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
