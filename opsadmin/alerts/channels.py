"""Where alerts go: OPSADMIN["ALERTS"].

    OPSADMIN = {"ALERTS": {
        "EMAIL": ["ops@example.com"],
        "WEBHOOKS": [{"url": "https://hooks.slack.com/...", "shape": "slack"}, {"url": "https://example.com/hook"}],
        "LEAST": "critical",
        "COOLDOWN_MINUTES": 15,
        "LABEL": "production",
        "SITE_URL": "https://ops.example.com",
    }}

The address of a webhook is a secret: whoever has it can write there. Only its host is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from opsadmin.core.finding import Status

SHAPES = ("json", "slack")
SEVERITIES = (Status.WARNING.value, Status.CRITICAL.value)
COOLDOWN_MINUTES = 15
#: A plain line is for what does not leave the machine.
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Channel:
    """One way out. `name` is shown and kept, and stays the same as long as the settings do. `shape`: email, json or slack.
    `recipients` of an e-mail, `url` of a webhook."""

    name: str
    shape: str
    recipients: tuple[str, ...] = ()
    url: str = field(default="", repr=False)


@dataclass(frozen=True)
class Policy:
    """`least`: what is not as bad is not told. `cooldown`: for so long the same is not told again. `label` names the site,
    `site_url` is where its pages are; both may be empty."""

    least: Status
    cooldown: timedelta
    label: str
    site_url: str


def channels() -> tuple[Channel, ...]:
    """Those of the settings; what is wrong there (`problems`) is left out."""
    options = _options()
    found = []
    recipients = tuple(one for one in _list(options, "EMAIL") if isinstance(one, str) and one.strip())
    if recipients:
        found.append(Channel("e-mail", "email", recipients))
    for hook in _list(options, "WEBHOOKS"):
        if problem_of(hook):
            continue
        host = urlsplit(hook["url"]).hostname
        count = sum(one.name.split(" #")[0] == host for one in found)
        found.append(
            Channel(f"{host} #{count + 1}" if count else f"{host}", hook.get("shape", "json"), url=hook["url"])
        )
    return tuple(found)


def policy() -> Policy:
    """How the settings want alerts; a wrong value counts as left out."""
    options = _options()
    least: Any = options.get("LEAST")
    minutes: Any = options.get("COOLDOWN_MINUTES")
    return Policy(
        least=Status(least) if least in SEVERITIES else Status.CRITICAL,
        cooldown=timedelta(minutes=float(minutes) if _is_minutes(minutes) else COOLDOWN_MINUTES),
        label=str(options.get("LABEL", "")),
        site_url=str(options.get("SITE_URL", "")).rstrip("/"),
    )


def problems() -> list[str]:
    """What is wrong in the settings, in sentences that show no address."""
    options = getattr(settings, "OPSADMIN", {}).get("ALERTS", {})
    if not isinstance(options, Mapping):
        return ['OPSADMIN["ALERTS"] is not a dictionary.']
    found = [
        f'OPSADMIN["ALERTS"]["{name}"] is not a list.'
        for name in ("EMAIL", "WEBHOOKS")
        if not isinstance(options.get(name, []), list | tuple)
    ]
    if any(not isinstance(one, str) or "@" not in one for one in _list(options, "EMAIL")):
        found.append('An entry of OPSADMIN["ALERTS"]["EMAIL"] is no e-mail address.')
    found += [
        f'Entry {number} of OPSADMIN["ALERTS"]["WEBHOOKS"] {problem}'
        for number, hook in enumerate(_list(options, "WEBHOOKS"), 1)
        if (problem := problem_of(hook))
    ]
    if options.get("LEAST", SEVERITIES[0]) not in SEVERITIES:
        found.append(f'OPSADMIN["ALERTS"]["LEAST"] must be one of {", ".join(SEVERITIES)}.')
    if not _is_minutes(options.get("COOLDOWN_MINUTES", 0)):
        found.append('OPSADMIN["ALERTS"]["COOLDOWN_MINUTES"] must be a number from 0 to 10080, a week.')
    return found


def problem_of(hook: Any) -> str:
    """Why the entry is no webhook; empty where it is one."""
    if not isinstance(hook, Mapping) or not isinstance(hook.get("url"), str):
        return 'is not {"url": ..., "shape": ...}.'
    if hook.get("shape", "json") not in SHAPES:
        return f"has a shape that is not one of {', '.join(SHAPES)}."
    try:
        parts = urlsplit(hook["url"])
        _port = parts.port
    except ValueError:
        return "has an address that cannot be read."
    if not parts.hostname or parts.scheme not in ("http", "https"):
        return "has an address without https:// and a host."
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        return "has an http:// address; only https:// may leave the machine."
    return ""


def _options() -> Mapping[str, Any]:
    options = getattr(settings, "OPSADMIN", {}).get("ALERTS", {})
    return options if isinstance(options, Mapping) else {}


def _list(options: Mapping[str, Any], name: str) -> list[Any]:
    found = options.get(name, [])
    return list(found) if isinstance(found, list | tuple) else []


def _is_minutes(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10_080
