"""A health report on the terminal: the worst first, each with what to do, and in the last line the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.blocks import label_of
from opsadmin.core.finding import CheckResult, Finding, HealthReport, Status, Unavailable
from opsadmin.faces.show import Paper, sign_of

#: Of a finding that stands for many objects, so many are named.
MOST_OBJECTS = 10


def show_health(report: HealthReport, paper: Paper) -> None:
    """Put the whole report on the paper."""
    for finding in report.findings:
        _show_finding(finding, paper)
        paper.gap()
    _show_unavailable(report.checks, paper)
    if report.not_looked_at:
        paper.title(_("Not looked at"))
        for entry in report.not_looked_at:
            paper.line(f"{entry.object}: {entry.reason}", indent=2)
        paper.gap()
    _show_fine(report.checks, paper)
    _show_whole(report, paper)


def _show_finding(finding: Finding, paper: Paper) -> None:
    paper.line(sign_of(finding.severity), "  ", str(finding.message))
    labels = [
        (_("Object"), finding.object),
        (_("Why it hurts"), finding.why),
        (_("What to do"), finding.hint),
        (_("Follows from"), finding.caused_by),
        (_("Judged by"), finding.threshold),
        (_("The fix locks"), finding.lock),
        (_("More"), finding.docs),
        (_("Check"), finding.check),
    ]
    for label, text in labels:
        if text:
            paper.line(f"{label}: {text}", indent=4, style="dim" if text is finding.check else "")
    if finding.objects:
        named = ", ".join(finding.objects[:MOST_OBJECTS])
        left = len(finding.objects) - MOST_OBJECTS
        rest = _(" and %(count)d more (--json names them)") % {"count": left} if left > 0 else ""
        paper.line(_("About: %(objects)s") % {"objects": named} + rest, indent=4)
    for fix in (finding.fix_sql, finding.fix_command):
        if fix:
            paper.copyable(fix, indent=6)


def _show_unavailable(checks: Sequence[CheckResult], paper: Paper) -> None:
    blind = [one for one in checks if one.status is Status.UNKNOWN or (one.unavailable and one.unavailable.applicable)]
    if not blind:
        return
    paper.title(
        ngettext("%(count)d check could not look", "%(count)d checks could not look", len(blind))
        % {"count": len(blind)}
    )
    by_reason: dict[Unavailable, list[str]] = {}
    for one in blind:
        by_reason.setdefault(one.unavailable or Unavailable(_("It does not say why.")), []).append(one.check)
    for unavailable, names in by_reason.items():
        paper.line(sign_of(Status.UNKNOWN), "  ", str(unavailable.reason), indent=2)
        paper.line(", ".join(names), indent=4, style="dim")
        if unavailable.fix:
            paper.copyable(str(unavailable.fix), indent=6)
    paper.gap()


def _show_fine(checks: Iterable[CheckResult], paper: Paper) -> None:
    fine = [one for one in checks if one.status is Status.OK and not one.unavailable]
    idle = [one for one in checks if one.unavailable and not one.unavailable.applicable]
    if fine:
        paper.line(
            sign_of(Status.OK),
            ngettext(": %(count)d check found nothing", ": %(count)d checks found nothing", len(fine))
            % {"count": len(fine)},
        )
        for area in dict.fromkeys(one.area for one in fine):
            told = [
                f"{one.title} ({one.examined})" if one.examined else str(one.title) for one in fine if one.area == area
            ]
            paper.line(f"{label_of(area)}: {'; '.join(told)}", indent=2, style="dim")
    if idle:
        paper.line(
            ngettext(
                "%(count)d check has nothing to look at here",
                "%(count)d checks have nothing to look at here",
                len(idle),
            )
            % {"count": len(idle)}
            + ": "
            + ", ".join(one.check for one in idle),
            style="dim",
        )
    if fine or idle:
        paper.gap()


def _show_whole(report: HealthReport, paper: Paper) -> None:
    parts = [
        _("score %(score)d of 100") % {"score": report.score},
        report.server,
        f"{report.elapsed_ms:.0f} ms",
    ]
    if report.statements is not None:
        parts.append(
            ngettext("%(count)d statement", "%(count)d statements", report.statements) % {"count": report.statements}
        )
    paper.line(sign_of(report.overall_status), " · " + " · ".join(part for part in parts if part))
