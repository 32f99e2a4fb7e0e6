"""`manage.py prune_history`: delete readings older than the retention."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from stores.backends.history_prune import MOST_COUNTED, PruneReport
from stores.backends.history_questions import HistoryQuestionError
from stores.errors import StoreError
from stores.runs.prune import count_before, cutoff_of, prune_before

#: An hourly prune deletes some hundred readings. More than this is a first prune, or a mistyped --hours: ask.
WORTH_ASKING = 100_000


class Command(BaseCommand):
    help = _(
        "Delete readings of state_history older than the retention, in short batches. Exit codes: 0 done (also where "
        "--max-seconds ended it early), 1 PostgreSQL does not answer or failed, 2 refused (wrong value, or more than "
        "100,000 readings without --yes)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, help=_("Keep so many hours (default: HISTORY_RETENTION_HOURS)."))
        parser.add_argument("--dry-run", action="store_true", help=_("Say how many would be deleted; delete nothing."))
        parser.add_argument("--yes", action="store_true", help=_("Do not ask before deleting more than 100,000."))
        parser.add_argument("--max-seconds", type=float, help=_("Stop after so many seconds; run again for the rest."))
        parser.add_argument("--json", action="store_true", help=_("Print the report as JSON."))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            cutoff = cutoff_of(options["hours"])
        except HistoryQuestionError as error:
            raise CommandError(str(error), returncode=2) from None
        try:
            count = count_before(cutoff)
        except StoreError as error:
            if options["json"]:
                self._say_result(PruneReport(cutoff, more_remain=True, error=str(error)), as_json=True)
            raise CommandError(str(error), returncode=1) from None
        if options["dry_run"]:
            self._say_plan(count, cutoff, as_json=options["json"])
            return
        if count > WORTH_ASKING and not options["yes"] and not self._agreed(count, cutoff):
            raise CommandError(
                _("Nothing was deleted: %(count)s readings are a lot. Look with --dry-run, then add --yes.")
                % {"count": _amount(count)},
                returncode=2,
            )
        report = prune_before(
            cutoff,
            max_seconds=options["max_seconds"],
            progress=None if options["json"] else self._progress(count),
        )
        self._say_result(report, as_json=options["json"])
        if report.error:
            raise CommandError(
                _("%(error)s %(deleted)s readings were deleted before that; run it again for the rest.")
                % {"error": report.error, "deleted": f"{report.deleted:,}"},
                returncode=1,
            )

    def _say_plan(self, count: int, cutoff: datetime, *, as_json: bool) -> None:
        if as_json:
            plan = {"would_delete": count, "more_than_that": count >= MOST_COUNTED, "cutoff": cutoff.isoformat()}
            self.stdout.write(json.dumps(plan))
            return
        self.stdout.write(
            _("%(count)s readings are older than %(cutoff)s. Nothing was deleted.")
            % {"count": _amount(count), "cutoff": _moment(cutoff)}
        )

    def _agreed(self, count: int, cutoff: datetime) -> bool:
        if not sys.stdin.isatty():
            return False
        question = _("Delete %(count)s readings from before %(cutoff)s for good? [y/N] ")
        answer = input(question % {"count": _amount(count), "cutoff": _moment(cutoff)})
        return answer.strip().lower() in ("y", "yes", "o", "oui")

    def _progress(self, count: int) -> Any:
        shown = timedelta(0)

        def progress(report: PruneReport) -> None:
            nonlocal shown
            if report.elapsed_seconds < shown.total_seconds() + 2:
                return
            shown = timedelta(seconds=report.elapsed_seconds)
            self.stderr.write(
                _("%(deleted)s of %(count)s deleted after %(seconds).0f s")
                % {"deleted": f"{report.deleted:,}", "count": _amount(count), "seconds": report.elapsed_seconds}
            )

        return progress

    def _say_result(self, report: PruneReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(replace(report, elapsed_seconds=round(report.elapsed_seconds, 3)).as_dict()))
            return
        if report.error:
            return
        self.stdout.write(
            _("%(deleted)s readings from before %(cutoff)s deleted in %(seconds).1f s.")
            % {"deleted": f"{report.deleted:,}", "cutoff": _moment(report.cutoff), "seconds": report.elapsed_seconds}
        )
        if report.more_remain:
            self.stdout.write(_("More remain: time was over or somebody held them. Run it again."))


def _amount(count: int) -> str:
    return _("%(count)s or more") % {"count": f"{MOST_COUNTED:,}"} if count >= MOST_COUNTED else f"{count:,}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
