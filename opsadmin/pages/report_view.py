"""A health report as a template shows it: by check, worst first, a few findings of each, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from opsadmin.core.finding import Status, worst
from opsadmin.health.in_words import finding_in_words, title_in_words
from opsadmin.pages.actions import Action, action_for

#: Findings of one check that are shown at once.
SHOWN = 20
#: A fix up to that long is shown without being asked for.
SHORT_FIX = 160


@dataclass(frozen=True)
class ShownFinding:
    """`anchor` is its place on the page; `cause` the place of the finding that it follows from."""

    said: Mapping[str, Any]
    anchor: str
    action: Action | None
    ignore_query: str
    cause: str = ""

    @property
    def fix(self) -> str:
        return str(self.said.get("fix_sql") or self.said.get("fix_command") or "")

    @property
    def is_named(self) -> bool:
        """Whether the message names the object itself."""
        return str(self.said["object"]) in str(self.said["message"])

    @property
    def is_short(self) -> bool:
        return len(self.fix) <= SHORT_FIX and "\n" not in self.fix


@dataclass(frozen=True)
class Group:
    """The findings of one check and one severity. `hidden`: how many more there are."""

    check: str
    title: str
    area: str
    severity: str
    findings: tuple[ShownFinding, ...]
    hidden: int

    @property
    def total(self) -> int:
        return len(self.findings) + self.hidden

    @property
    def why(self) -> str:
        """What it hurts, where all findings say the same."""
        return self._common("why")

    @property
    def hint(self) -> str:
        return self._common("hint")

    @property
    def threshold(self) -> str:
        return self._common("threshold")

    @property
    def lock(self) -> str:
        return self._common("lock")

    @property
    def fixes(self) -> str:
        """What mends all that are shown, to copy at once; empty where that is one text for all."""
        fixes = list(dict.fromkeys(finding.fix for finding in self.findings if finding.fix))
        return "\n".join(fixes) if len(fixes) > 1 else ""

    def _common(self, name: str) -> str:
        said = {str(finding.said.get(name, "")) for finding in self.findings}
        return said.pop() if len(said) == 1 else ""


@dataclass(frozen=True)
class ShownArea:
    """`count`: its checks that found something or could not look."""

    name: str
    status: Status
    count: int


@dataclass(frozen=True)
class ReportView:
    """`blind`: checks that could not look; `fine`: those with nothing to say. `to_look_at` counts checks."""

    status: Status
    score: int
    server: str
    checks: int
    to_look_at: int
    groups: tuple[Group, ...]
    blind: tuple[Mapping[str, Any], ...]
    fine: tuple[Mapping[str, Any], ...]
    areas: tuple[ShownArea, ...]
    area: str
    elapsed_ms: float
    statements: int | None
    ignored: int
    not_looked_at: tuple[Mapping[str, Any], ...] = field(default=())


def view_of(
    report: Mapping[str, Any],
    database: str,
    may: Callable[[str], bool],
    *,
    area: str = "",
    all_of: str = "",
    most: int = SHOWN,
) -> ReportView:
    """`report` is a HealthReport's `as_dict()`, also one of an older release. `may` answers for the reader's permissions.
    `area`: only the findings of that one; `most`: how many of each check, but of `all_of` every one."""
    checks = report.get("checks", [])
    checks = [{**one, "title": title_in_words(one["check"], one["title"])} for one in checks]
    titles = {one["check"]: one["title"] for one in checks}
    findings = report.get("findings", [])
    grouped: dict[tuple[str, str], list[tuple[int, Mapping[str, Any]]]] = {}
    for number, finding in enumerate(findings):
        if not area or finding["area"] == area:
            grouped.setdefault((finding["severity"], finding["check"]), []).append((number, finding))
    in_order = sorted(grouped.items(), key=lambda item: -Status(item[0][0]).rank)
    shown = {key: members if key[1] == all_of else members[:most] for key, members in in_order}
    places = {
        finding["object"]: anchor_of(number) for part in reversed(shown.values()) for number, finding in reversed(part)
    }
    groups = [
        Group(
            check=check,
            title=titles.get(check, check),
            area=members[0][1]["area"],
            severity=severity,
            findings=tuple(_shown(number, one, database, places, may) for number, one in shown[severity, check]),
            hidden=len(members) - len(shown[severity, check]),
        )
        for (severity, check), members in in_order
    ]
    wanted = [one for one in checks if not area or one["area"] == area]
    return ReportView(
        status=Status(report.get("overall_status", "unknown")),
        score=int(report.get("score", 0)),
        server=report.get("server", ""),
        checks=len(checks),
        to_look_at=sum(one["status"] in ("warning", "critical") for one in checks),
        groups=tuple(groups),
        blind=tuple(one for one in wanted if one.get("unavailable")),
        fine=tuple(one for one in wanted if one["status"] == "ok" and not one.get("unavailable")),
        areas=_areas(checks),
        area=area,
        elapsed_ms=float(report.get("elapsed_ms") or 0),
        statements=report.get("statements"),
        ignored=int(report.get("ignored", 0)),
        not_looked_at=tuple(report.get("not_looked_at", ())),
    )


def anchor_of(number: int) -> str:
    """The place on the page of a report's finding."""
    return f"finding-{number}"


def with_silence(report: Mapping[str, Any], silent: Mapping[str, Any]) -> dict[str, Any]:
    """An older report, with what was seen since without PostgreSQL's help: that it is silent, and what other families
    found. `silent` is the report of that look."""
    seen = {one["check"]: one for one in silent.get("checks", []) if not one.get("unavailable")}
    areas = {one["area"] for one in seen.values()} - {"connection"}

    def is_new(one: Mapping[str, Any]) -> bool:
        return one["check"] in seen or one["area"] in areas

    checks = [*seen.values(), *(one for one in report.get("checks", []) if not is_new(one))]
    findings = [
        *(one for one in silent.get("findings", []) if one["check"] in seen),
        *(one for one in report.get("findings", []) if not is_new(one)),
    ]
    return {
        **report,
        "overall_status": worst(Status(one["status"]) for one in checks).value,
        "checks": sorted(checks, key=lambda one: -Status(one["status"]).rank),
        "findings": sorted(findings, key=lambda one: -Status(one["severity"]).rank),
    }


def without_ignored(report: Mapping[str, Any], ignores: Callable[[str, str], bool]) -> dict[str, Any]:
    """The report without what is known and accepted by now: a report of before may still tell it."""
    findings = report.get("findings", [])
    left = [one for one in findings if not ignores(one["check"], one["object"])]
    if len(left) == len(findings):
        return dict(report)
    worst_of: dict[str, Status] = {}
    for one in left:
        worst_of[one["check"]] = worst((Status(one["severity"]), worst_of.get(one["check"], Status.OK)))
    touched = {one["check"] for one in findings}
    checks = [
        {**one, "status": worst_of.get(one["check"], Status.OK).value} if one["check"] in touched else one
        for one in report.get("checks", [])
    ]
    return {
        **report,
        "findings": left,
        "checks": checks,
        "overall_status": worst(Status(one["status"]) for one in checks).value,
        "ignored": int(report.get("ignored", 0)) + len(findings) - len(left),
    }


def _shown(
    number: int, finding: Mapping[str, Any], database: str, places: Mapping[str, str], may: Callable[[str], bool]
) -> ShownFinding:
    anchor = anchor_of(number)
    action = action_for(finding, database)
    cause = places.get(finding.get("caused_by", ""), "")
    return ShownFinding(
        said=finding_in_words(finding),
        anchor=anchor,
        action=action if action is not None and may(action.permission) else None,
        ignore_query=urlencode({"ignore": finding["check"], "object": finding["object"]}) if _lasts(finding) else "",
        cause="" if cause == anchor else cause,
    )


def _lasts(finding: Mapping[str, Any]) -> bool:
    """Whether it is about one thing that has the same name tomorrow: not many at once, not a session."""
    return not finding.get("objects") and not str(finding["object"]).startswith("pid ")


def _areas(checks: list[Mapping[str, Any]]) -> tuple[ShownArea, ...]:
    areas: dict[str, list[Status]] = {}
    for one in checks:
        areas.setdefault(one["area"], []).append(Status(one["status"]))
    shown = [ShownArea(name, worst(found), sum(one is not Status.OK for one in found)) for name, found in areas.items()]
    return tuple(sorted(shown, key=lambda one: (-one.status.rank, one.name)))
