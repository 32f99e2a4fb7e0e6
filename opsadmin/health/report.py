"""The report of `analyze_db_health`: every family's outcome, small enough to read."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from opsadmin.core.errors import OperationError
from opsadmin.core.finding import CheckResult, Finding, HealthReport, Status, worst
from opsadmin.health.areas import registered_areas
from opsadmin.health.batch import MAX_ROWS
from opsadmin.health.catalog import AREAS, PostgresCheck, checks
from opsadmin.health.findings import grouped
from opsadmin.health.limits import limits
from opsadmin.health.run import Examination, examine

#: Bytes of the report as JSON; beyond, findings of one check are told together.
MAX_BYTES = 160_000
#: Rows of one check that `everything` reads: what a site can hold in memory.
EVERYTHING = 50_000
#: How many findings of one check are told one by one, tried in this order until the report fits.
PER_CHECK = (200, 100, 50, 30, 20, 12, 8, 5, 3, 2, 1)


def health_report(database: str, wanted: str = "all", *, everything: bool = False) -> HealthReport:
    """Look at the database by the wanted families or checks (comma list, or "all"). `everything`: each finding by itself,
    however long that gets. A PostgreSQL that does not answer is a finding, not an error.

    Raises `OperationError` for a family or a check that there is not."""
    begun = time.perf_counter()
    taken_at = datetime.now(UTC)
    families, asked = _wanted(wanted)
    known = limits()
    most = EVERYTHING if everything else MAX_ROWS
    found = examine(database, asked, known, most=most) if asked or not families else Examination()
    results = list(found.results.values())
    if asked:
        results.append(_answers(database, found))
    if not everything:
        results = _fitting(results, asked, found)
    ignored = found.ignored
    for name in families:
        for result in registered_areas()[name].run(database):
            kept = tuple(one for one in result.findings if not known.ignores(one.check, one.object))
            ignored += len(result.findings) - len(kept)
            status = result.status if result.unavailable else worst(one.severity for one in kept)
            results.append(replace(result, findings=kept, status=status))
    order = {check: number for number, check in enumerate(one.id for one in asked)}
    results.sort(key=lambda one: (-one.status.rank, order.get(one.check, len(order)), one.check))
    detail = {"database": database, "answers": not found.error}
    if ignored:
        detail["ignored"] = ignored
    return HealthReport(
        checks=tuple(results),
        server=found.capabilities.server if found.capabilities else "PostgreSQL does not answer" if asked else "",
        taken_at=taken_at,
        elapsed_ms=(time.perf_counter() - begun) * 1000,
        detail=detail,
        statements=found.statements,
        not_looked_at=tuple({one.object: one for one in found.not_looked_at}.values()),
    )


def area_names() -> tuple[str, ...]:
    """The families that may be asked for."""
    return (*AREAS, *registered_areas())


def _wanted(said: str) -> tuple[list[str], list[PostgresCheck]]:
    """The families of other apps, and the checks of PostgreSQL, that are meant."""
    words = [word.strip() for word in said.split(",") if word.strip()] or ["all"]
    known = {check.id: check for check in checks()}
    families: dict[str, None] = {}
    asked: dict[str, PostgresCheck] = {}
    for word in words:
        if word == "all":
            families |= dict.fromkeys(registered_areas())
            asked |= known
        elif word in AREAS:
            asked |= {id: check for id, check in known.items() if id.startswith(f"{word}.")}
        elif word in registered_areas():
            families[word] = None
        elif word in known:
            asked[word] = known[word]
        else:
            allowed = ("all", *area_names())
            raise OperationError(
                f"checks is {word!r}; it must be one of {', '.join(allowed)}, or a check as in index.duplicate.",
                parameter="checks",
                allowed=allowed,
            )
    return list(families), [check for id, check in known.items() if id in asked]


def _answers(database: str, found: Examination) -> CheckResult:
    check, area, title = "connection.answers", "connection", "PostgreSQL answers"
    if not found.error:
        server = found.capabilities.server if found.capabilities else database
        return CheckResult(check, area, title, Status.OK, examined=server)
    finding = Finding(
        check=check,
        area=area,
        severity=Status.CRITICAL,
        object=database,
        message=found.error,
        hint="See whether the server runs and whether its address and the network are right; a host may be waking up.",
        why="Nothing that needs the database works.",
        threshold="any failed connection",
        docs="docs/checks.md#connectionanswers",
    )
    return CheckResult(check, area, title, Status.CRITICAL, (finding,), "one connection")


def _fitting(results: list[CheckResult], asked: Sequence[PostgresCheck], found: Examination) -> list[CheckResult]:
    """The results with as many findings told one by one as the report has room for."""
    major = found.capabilities.major if found.capabilities else 99
    cards = {check.id: check.card(major) for check in asked}
    sizes = {result.check: [_size(finding) for finding in result.findings] for result in results}
    fixed = 400 * len(results)
    for most in PER_CHECK:
        if fixed + sum(sum(one[:most]) for one in sizes.values()) <= MAX_BYTES:
            break
    fitting = []
    for result in results:
        total = found.totals.get(result.check, len(result.findings))
        if total > most or total > len(result.findings):
            kept = result.findings[:most]
            rest = list(result.findings[most:]) or list(result.findings[-1:])
            result = replace(result, findings=(*kept, grouped(cards[result.check], rest, total - len(kept))))
        fitting.append(result)
    return fitting


def _size(finding: Finding) -> int:
    return len(json.dumps(finding.as_dict(), ensure_ascii=False).encode())
