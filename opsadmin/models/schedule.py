"""Tasks that come round by themselves, and whose turn it is to do them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ScheduledTask(models.Model):
    """What is known of a task that code registered (`opsadmin.jobs.schedule`): what a person changed about it, when it is
    due, and how it went last. A task without a row was never due here.

    `every_seconds`: in place of the task's own interval. `next_at`: None means at once. While it is under way `holder` names
    the process, `alive_until` is renewed, and `run` is its row in the log. `failures`: how often in a row. `enabled`: None
    as registered."""

    class Outcome(models.TextChoices):
        NONE = "", _("not yet")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        INTERRUPTED = "interrupted", _("interrupted")

    name = models.CharField(_("task"), max_length=100, unique=True)
    enabled = models.BooleanField(_("enabled"), null=True, blank=True)
    every_seconds = models.PositiveIntegerField(_("every (seconds)"), null=True, blank=True)
    next_at = models.DateTimeField(_("next"), null=True, blank=True)
    started_at = models.DateTimeField(_("last begun"), null=True, blank=True)
    elapsed_ms = models.FloatField(_("took (ms)"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, default=Outcome.NONE, blank=True)
    message = models.TextField(_("what it did"), blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    holder = models.CharField(_("process"), max_length=150, blank=True)
    alive_until = models.DateTimeField(_("alive until"), null=True, blank=True)
    run = models.BigIntegerField(_("run"), null=True, blank=True)

    class Meta:
        verbose_name = _("scheduled task")
        verbose_name_plural = _("scheduled tasks")
        ordering = ("name",)
        default_permissions = ()
        permissions = [
            ("run_tasks", _("May run scheduled tasks")),
            ("manage_schedule", _("May change when tasks run, and whether")),
        ]

    def __str__(self) -> str:
        return self.name


class ScheduleLease(models.Model):
    """The process whose turn it is: `holder` has it until `until`, and moves that on while it lives."""

    name = models.CharField(_("lease"), max_length=50, unique=True)
    holder = models.CharField(_("process"), max_length=150)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("lease of the schedule")
        verbose_name_plural = _("leases of the schedule")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
