"""From a check's rows to its findings."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from opsadmin.core.finding import Finding, Status
from opsadmin.health.card import Card, fill, put, words_of


def finding_of(card: Card, row: dict[str, Any], values: dict[str, float]) -> Finding:
    """The finding that a row says. The columns `severity`, `hint`, `fix_sql`, `lock`, `why` and `caused_by` stand above
    what the card says."""

    words = words_of(card, row, values)

    def text(name: str, said: str, *, raw: bool = False) -> str:
        if row.get(name) is not None:
            return str(row[name])
        if not said:
            return ""
        return fill(said, card, row, values, raw=True) if raw else put(_(said), words)

    return Finding(
        check=card.id,
        area=card.area,
        severity=Status(row.get("severity") or card.severity),
        object=str(row["object"]),
        message=put(_(card.says), words),
        hint=text("hint", card.hint),
        fix_sql=text("fix_sql", card.fix, raw=True),
        fix_command=text("fix_command", card.command, raw=True),
        docs=f"docs/checks.md#{card.id.replace('.', '')}",
        why=text("why", card.why),
        threshold=threshold_of(card, values),
        lock=text("lock", card.lock, raw=True),
        caused_by=str(row.get("caused_by") or ""),
        values=words,
    )


def threshold_of(card: Card, values: dict[str, float]) -> str:
    """The numbers that the check goes by, and where they come from."""
    parts = [
        f"{one.name} = {one.said(values[one.name])}{f' ({one.text})' if one.text else ''}" for one in card.thresholds
    ]
    return "; ".join([*(parts or ["any such object"]), f"source: {card.source}"])


def grouped(card: Card, rest: list[Finding], total: int) -> Finding:
    """One finding for the many that a report has no room for. `rest`: those that were read; `total`: how many there are."""
    names = tuple(finding.object for finding in rest[:20])
    worst = max((finding.severity for finding in rest), key=lambda status: status.rank)
    return Finding(
        check=card.id,
        area=card.area,
        severity=worst,
        object=f"{total} more",
        message=f"{total} more like these: {', '.join(names)}{' and others' if total > len(names) else ''}.",
        hint=f"See all of them with: manage.py ops analyze_db_health --checks {card.id} --everything",
        docs=rest[0].docs,
        why=rest[0].why,
        threshold=rest[0].threshold,
        objects=names,
    )
