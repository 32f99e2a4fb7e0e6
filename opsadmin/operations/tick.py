"""Doing what is due: for a cron, where the site has no scheduler of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import Block, Note, Table, said, said_seconds
from opsadmin.core.finding import Status
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import OnDatabase
from opsadmin.core.result import Result
from opsadmin.jobs import tick as jobs
from opsadmin.jobs.one_task import TaskDone
from opsadmin.jobs.site_database import in_words
from opsadmin.jobs.turn import holder_of


@dataclass(frozen=True)
class Ticked(Result):
    """What was done. `busy`: the process that is at it, where that is another one. `next_at`: when something is due next."""

    done: list[TaskDone]
    busy: str
    next_at: datetime | None

    def blocks(self) -> list[Block]:
        if self.busy:
            words = _("Another process is at it (%(holder)s). Nothing was done here.") % {"holder": self.busy}
            return [Note(Status.UNKNOWN, words)]
        if not self.done:
            when = said("", self.next_at) if self.next_at else _("never")
            return [Note(Status.OK, _("Nothing is due. The next time: %(when)s.") % {"when": when})]
        rows = tuple((one.title, one.outcome, one.message, said_seconds(one.seconds)) for one in self.done)
        columns = (_("Task"), _("Outcome"), _("What it did"), _("Took"))
        return [Table(_("Tasks that were due"), columns, rows, frozenset({3}))]


def preview(parameters: OnDatabase, call: Call) -> Preview:
    with in_words():
        due = [str(one.task.title) for one in jobs.due()]
    sentences = tuple(_("Due: %(task)s.") % {"task": title} for title in due)
    return Preview(sentences or (_("Nothing is due."),))


@operation(
    "tick",
    title=gettext_lazy("Do what is due"),
    summary=gettext_lazy(
        "Run every scheduled task that is due, one process at a time. For a cron; the site's own scheduler does the same."
    ),
    group="runs",
    effect=Effect.WRITES,
    permission="opsadmin.run_tasks",
    parameters=OnDatabase,
    preview=preview,
    is_logged=False,
)
def run(parameters: OnDatabase, call: Call) -> Ticked:
    with in_words():
        done = jobs.tick(is_stopped=call.is_stopped)
        busy = "" if done or not jobs.has_work() else holder_of(jobs.LEASE)
        return Ticked(done, busy, jobs.next_at())
