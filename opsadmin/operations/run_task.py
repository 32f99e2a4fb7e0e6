"""Running a scheduled task now."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import NotPermitted, OperationFailed, Stopped
from opsadmin.core.operation import Call, Effect, Preview, Progress, operation
from opsadmin.core.params import LongOnDatabase, parameter
from opsadmin.jobs.one_task import TaskDone, do
from opsadmin.jobs.planned import note_dead, planned_one
from opsadmin.jobs.site_database import in_words
from opsadmin.jobs.tasks import Task, find_task
from opsadmin.jobs.turn import new_holder


class AtIt(OperationFailed):
    """The task is under way already."""

    http_status = 409


@dataclass(frozen=True, kw_only=True)
class Parameters(LongOnDatabase):
    task: str = parameter(help="The task's name, as list_tasks says it.")


def preview(parameters: Parameters, call: Call) -> Preview:
    task = find_task(parameters.task)
    words = {"task": str(task.title)}
    if task.operation:
        return Preview((str(task.summary),), refusal=_elsewhere(task).message)
    return Preview((_("%(task)s: it runs once, now, and then again as planned.") % words, str(task.summary)))


@operation(
    "run_task",
    title=gettext_lazy("Run a scheduled task"),
    summary=gettext_lazy("Run a scheduled task once, now, whether it is due or not, also one that is switched off."),
    group="runs",
    effect=Effect.WRITES,
    permission="opsadmin.run_tasks",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> TaskDone:
    task = find_task(parameters.task)
    if task.operation:
        raise _elsewhere(task)
    with in_words():
        note_dead()
        one = planned_one(parameters.task)
        call.report(Progress(0, message=str(one.task.title)))
        done = do(one, new_holder(), is_stopped=call.is_stopped, run=call.run)
    if done is None:
        raise AtIt(_("%(task)s is under way already.") % {"task": one.task.title}, hint=_("Wait for its end."))
    match done.outcome:
        case "interrupted":
            raise Stopped(_("It is no longer waited for. What it had begun comes to its end by itself."))
        case "failed":
            raise OperationFailed(done.message)
    return done


def _elsewhere(task: Task) -> NotPermitted:
    words = {"task": task.title, "operation": task.operation}
    return NotPermitted(
        _("A person does “%(task)s” by the operation %(operation)s, which asks for what it takes.") % words
    )
