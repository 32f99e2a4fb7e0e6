"""Writes docs/checks.md and docs/operations.md from the registries: `python -m switchbot_site.reference_docs`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import django

DOCS = Path(__file__).resolve().parent.parent / "docs"

CHECKS = """# Health checks

What `analyze_db_health` looks at. This page is made from the checks themselves (`python -m switchbot_site.reference_docs`).

- **Status** of a check: `ok`, `warning`, `critical`, or `unknown` where it could not look; then the report says what is
  missing and what would let it. The report is as bad as its worst check: an average would hide a catastrophe.
- **Score**, 0 to 100, is for a trend over time: each critical check costs 20, each with a warning 5, each that could not
  look 1; one critical check holds it below 50, one warning below 90.
- **Thresholds** can be changed for a site, in the admin (Thresholds) or in the settings:
  `OPSADMIN = {"THRESHOLDS": {"index.unused.min_bytes": 10_000_000}}`. Bytes, seconds and percent are plain numbers.
- **Ignoring** what is known and accepted: in the admin (Ignored findings, with a reason and an end), or
  `OPSADMIN = {"IGNORE": ["index.unused:public.import_*"]}`. The report says how many findings were ignored.
- Checks that read the same facts go to PostgreSQL in one statement, read only, with timeouts, and without a lock that anybody holds
  for long. Sizes are those of the last VACUUM or ANALYZE.
- `manage.py ops analyze_db_health --checks index,vacuum` looks at families, `--checks index.duplicate` at one check.

To add one, write a file in `opsadmin/checks/FAMILY/`; `opsadmin/health/card.py` says what stands at its head.
"""

OPERATIONS = """# Operations

What the site can do. Each operation is defined once and is the same at every door. This page is made from the registry
(`python -m switchbot_site.reference_docs`).

| door | how |
|---|---|
| page | Operations > All operations, in the admin |
| command | `manage.py ops NAME --parameter value [--json]` |
| Python | `from opsadmin.api import NAME` |
| HTTP | `POST /ops-api/NAME/` with a token and a JSON body: [core/operations_http.md](core/operations_http.md) |
| assistant | a tool of the same name over MCP: [core/mcp.md](core/mcp.md) |

Every operation takes `database`, an alias of `settings.DATABASES`. What *writes* has a preview where one says more than
the parameters do, and is kept in the log of runs; what *destroys* asks for a confirmation at every door.
"""


def checks_page() -> str:
    """docs/checks.md, whole."""
    from opsadmin.health.catalog import AREAS, checks

    parts = [CHECKS]
    for area in AREAS:
        found = [one for one in checks() if one.id.startswith(f"{area}.")]
        parts.append(f"\n## {area.capitalize()}\n\n{len(found)} checks.\n")
        for check in found:
            card = check.variants[-1][1]
            lines = [f"\n### {check.id}\n", f"**{card.title}.** {card.why}\n"]
            lines += [f"- {name}: {text}" for name, text in _entries(card)]
            parts.append("\n".join(lines) + "\n")
    return "".join(parts)


def _entries(card: object) -> Iterator[tuple[str, str]]:
    from opsadmin.health.card import Card

    assert isinstance(card, Card)  # noqa: S101  # the registry holds nothing else
    yield "Says", _code(card.says)
    for threshold in card.thresholds:
        yield f"`{card.id}.{threshold.name}`", f"{threshold.said(threshold.value)}; {threshold.text}".rstrip("; ")
    if not any("critical" in threshold.name for threshold in card.thresholds):
        yield "Severity", card.severity.value
    for name, text in (("To do", card.hint), ("Fix", card.fix), ("Command", card.command), ("Lock", card.lock)):
        if text:
            yield name, _code(text)
    if card.needs:
        yield "Needs", ", ".join(card.needs)
    yield "Source", card.source


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`" if "{" in text or text.endswith(";") else text


def operations_page() -> str:
    """docs/operations.md, whole."""
    from opsadmin.perform import operations

    parts = [OPERATIONS]
    for group, members in groupby(operations(), key=lambda one: one.group):
        parts.append(f"\n## {group.capitalize()}\n")
        for operation in members:
            parts.append(f"\n### {operation.name}\n\n{operation.summary}\n\n")
            parts.append(f"It {operation.effect}; permission `{operation.permission}`.\n")
            fields = [field for field in operation.fields if field.name != "database"]
            if fields:
                parts.append("\n| parameter | kind | default | meaning |\n|---|---|---|---|\n")
            for field in fields:
                names = f"`{field.name}`" + "".join(f" (also `{spelling}`)" for spelling in field.spellings)
                default = (
                    "needed" if field.required else "-" if field.default in (None, "", []) else f"`{field.default}`"
                )
                allowed = f" One of: {', '.join(one for one in field.choices if one)}." if field.choices else ""
                help = field.help.replace("|", "\\|") + ("" if field.several else allowed)
                parts.append(f"| {names} | {field.kind} | {default} | {help} |\n")
    return "".join(parts)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
    django.setup()
    (DOCS / "checks.md").write_text(checks_page(), encoding="utf-8")
    (DOCS / "operations.md").write_text(operations_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
