"""Print the store's health; the exit code is for cron."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from opsadmin.core.finding import HealthReport, Status
from stores.backends.failover.mode import Mode
from stores.health import store_health
from stores.sync.show_resync import described_mode
from stores.templatetags.humanized import age, moment

MARKS = {
    Status.OK: ("✓", "green"),
    Status.WARNING: ("!", "yellow"),
    Status.CRITICAL: ("✗", "red"),
    Status.UNKNOWN: ("?", "dim"),
}


class Command(BaseCommand):
    help = (
        "Show which backend each document uses, pool, latency, age of the JSON copies, validity and row counts. "
        "Exits 0, or 3 when something is as bad as --fail-on says."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead")
        parser.add_argument(
            "--fail-on",
            choices=("critical", "warning", "never"),
            default="critical",
            help="exit 3 from this severity on (default: critical)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = store_health()
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
        else:
            show(report, Console(file=self.stdout, highlight=False))  # type: ignore[arg-type]
        limit = options["fail_on"]
        if limit != "never" and report.overall_status.rank >= Status(limit).rank:
            sys.exit(3)


def show(report: HealthReport, console: Console) -> None:
    mark, colour = MARKS[report.overall_status]
    console.print(f"[{colour}]{mark} {report.overall_status}[/]  {report.server}  ({report.elapsed_ms:.0f} ms)")
    if report.detail["mode"] is not None:
        console.print(described_mode(Mode.from_dict(report.detail["mode"])), markup=False)
    console.print()

    documents = Table(title="Documents", title_justify="left", box=None, pad_edge=False)
    for heading in ("document", "backend", "read", "revision", "last write", "by", "JSON copy"):
        documents.add_column(heading)
    for document in report.detail["documents"]:
        status, copy = document["status"], document["copy"]
        documents.add_row(
            document["kind"],
            status["backend"],
            f"{status['latency_ms']:.1f} ms" if status["latency_ms"] is not None else "-",
            str(status["revision"] or "-"),
            moment(status["updated_at"]),
            status["writer"] or "-",
            described_copy(copy),
        )
    console.print(documents)

    if report.detail["tables"]:
        tables = Table(title="\nTables", title_justify="left", box=None, pad_edge=False)
        for heading, justify in (("table", "left"), ("rows (estimate)", "right"), ("size", "right")):
            tables.add_column(heading, justify=justify)  # type: ignore[arg-type]
        for table in report.detail["tables"]:
            rows = f"{table['rows']:,}" if table["rows"] is not None else "never analysed"
            tables.add_row(table["name"], rows, f"{table['size_bytes'] / 1024:,.0f} KB")
        console.print(tables)

    console.print("\n[bold]Checks[/]")
    for result in report.checks:
        mark, colour = MARKS[result.status]
        console.print(f"[{colour}]{mark}[/] {result.title}", f"[dim]{result.examined}[/]" if result.examined else "")
        if result.unavailable:
            console.print(
                f"    not available, because {result.unavailable.reason} {result.unavailable.fix}", markup=False
            )
        for finding in result.findings:
            console.print(f"    {finding.message}", markup=False)
            if finding.hint:
                console.print(f"    {finding.hint}", style="dim", markup=False)
            if finding.fix_command:
                console.print(f"    $ {finding.fix_command}", style="cyan", markup=False)


def described_copy(copy: dict[str, Any]) -> str:
    """The copy in three words."""
    if copy["error"]:
        return "unreadable"
    if not copy["exists"]:
        return "none"
    same = {True: "same", False: "differs", None: "not compared"}[copy["same_as_store"]]
    return f"{age(copy['age_seconds'])} old, {same}"
