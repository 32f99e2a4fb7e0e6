"""An adoption report for people: a table for the terminal, a script for a DBA."""

from __future__ import annotations

import io

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stores.schema.adopt import AdoptionReport
from stores.schema.differences import Difference

#: From this width on, found and expected stand in columns of their own.
WIDE = 120

_STYLE = {"critical": "bold red", "warning": "yellow", "note": "dim"}


def severity_name(severity: str) -> str:
    return {"critical": _("critical"), "warning": _("warning"), "note": _("note")}[severity]


def as_table(report: AdoptionReport, *, width: int, colour: bool, done: bool) -> str:
    """The report as a table with its explanations below. `done`: the mends have been made."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    if report.applied or report.left:
        console.print(_table(report, narrow=width < WIDE, done=done))
    for number, difference in enumerate(report.undecided, start=1):
        console.print(Text(f"\n[{number}] {difference.object}: {difference.why}"))
    for item in report.unavailable:
        console.print(
            Text("\n" + _("Not available: %(what)s, because %(reason)s. %(fix)s") % {
                "what": item.what, "reason": item.reason, "fix": item.fix})
        )  # fmt: skip
    console.print(
        Text("\n" + summary(report, done=done) if report.applied or report.left else summary(report, done=done))
    )
    return file.getvalue()


def _table(report: AdoptionReport, *, narrow: bool, done: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    columns = [_("Object"), _("Found → expected")] if narrow else [_("Object"), _("Found"), _("Expected")]
    for heading in columns:
        table.add_column(heading, overflow="fold", ratio=3)
    table.add_column(_("What --apply did") if done else _("What --apply does"), overflow="fold", ratio=2)
    number = 0
    for difference in (*report.applied, *report.left):
        if difference.sql is not None:
            action = _action(difference, done)
        elif difference.severity == "note":
            action = _("nothing to do")
        else:
            number += 1
            action = _("nothing: a person decides [%(number)d]") % {"number": number}
        name = Text(difference.object)
        name.append(f" ({severity_name(difference.severity)})", style=_STYLE[difference.severity])
        found, expected = Text(difference.found), Text(difference.expected)
        states = [Text.assemble(found, " → ", expected)] if narrow else [found, expected]
        table.add_row(name, *states, Text(action))
    return table


def _action(difference: Difference, done: bool) -> str:
    if done:
        return _("mended")
    if not difference.lock:
        return _("mends it")
    return _("mends it; lock %(lock)s on %(table)s") % {"lock": difference.lock, "table": difference.table}


def summary(report: AdoptionReport, *, done: bool) -> str:
    """What the report comes to, and the next step, in a sentence or two."""
    mended, undecided = len(report.applied), len(report.undecided)
    if not mended and not undecided:
        return _("The schema %(schema)s is as it should be.") % {"schema": report.schema}
    said = []
    if mended and done:
        said.append(
            ngettext("%(count)d difference was mended.", "%(count)d differences were mended.", mended)
            % {"count": mended}
        )
    elif mended:
        said.append(
            ngettext(
                "%(count)d difference can be mended: run adopt_database --apply.",
                "%(count)d differences can be mended: run adopt_database --apply.",
                mended,
            )
            % {"count": mended}
        )
    if undecided:
        said.append(
            ngettext(
                "%(count)d difference needs a person: see its number above.",
                "%(count)d differences need a person: see their numbers above.",
                undecided,
            )
            % {"count": undecided}
        )
    return " ".join(said)


def as_script(report: AdoptionReport, *, lock_timeout_ms: int) -> str:
    """The statements for a DBA: one transaction that gives up soon on a lock, and what is left as comments."""
    lines = ["BEGIN;", f"SET LOCAL lock_timeout = '{lock_timeout_ms}ms';"]
    for difference in report.applied:
        if difference.kind == "migration":
            continue
        lines += ["", f"-- {difference.object}: {_one_line(difference.found)} -> {_one_line(difference.expected)}"]
        lines.append(f"{difference.sql};")
    lines += ["", "COMMIT;"]
    for difference in report.undecided:
        decides = _("A person decides")
        lines += ["", f"-- {decides}: {difference.object}: {_one_line(difference.why)}"]
    if any(difference.kind == "migration" for difference in report.applied):
        lines += ["", "-- " + _("Then: manage.py migrate --database store")]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())
