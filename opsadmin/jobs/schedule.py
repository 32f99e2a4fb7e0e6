"""What comes round by itself, for who registers it and for who drives it:

    register_task("sample", title=_("Take a sample"), every=timedelta(minutes=5), run=sample)   # in an app's scheduled.py
    tick()                                                                                      # does what is due

The site's own scheduler calls `tick` (opsadmin/jobs/scheduler.py), or a cron does, by `manage.py ops tick` or over HTTP."""

from opsadmin.jobs.one_task import TaskDone
from opsadmin.jobs.tasks import Task, register_task, tasks
from opsadmin.jobs.tick import tick

__all__ = ["Task", "TaskDone", "register_task", "tasks", "tick"]
