"""What operations did: the log of runs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class OperationRun(models.Model):
    """One run of an operation that changes something."""

    class Outcome(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        INTERRUPTED = "interrupted", _("interrupted")

    started_at = models.DateTimeField(_("started at"), auto_now_add=True, db_index=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    elapsed_ms = models.FloatField(_("elapsed (ms)"), null=True, blank=True)
    operation = models.CharField(_("operation"), max_length=100)
    effect = models.CharField(_("effect"), max_length=10)
    database = models.CharField(_("database"), max_length=100, blank=True)
    caller = models.CharField(_("caller"), max_length=150)
    door = models.CharField(_("door"), max_length=20)
    address = models.CharField(_("address"), max_length=64, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, default=Outcome.RUNNING)
    result = models.JSONField(_("result"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    # Only of operations that take long: how far it has come, the sign of life of its process, and that it is to stop.
    progress = models.JSONField(_("progress"), null=True, blank=True)
    # What it said on the way: a list of [time, sentence], the last ones.
    log = models.JSONField(_("log"), default=list, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    stop_asked_by = models.CharField(_("asked to stop by"), max_length=150, blank=True)
    # What only one run at a time may have; empty when it has ended.
    lease = models.CharField(_("lease"), max_length=150, null=True, blank=True, unique=True)

    class Meta:
        verbose_name = _("run of an operation")
        verbose_name_plural = _("runs of operations")
        ordering = ("-started_at", "-pk")
        default_permissions = ("view",)
        permissions = [
            ("view_database", _("May look at PostgreSQL: its health and its catalogue")),
            ("use_api", _("May make tokens and call operations over HTTP and MCP")),
            ("execute_sql", _("May run SQL statements that only read")),
            ("cancel_query", _("May cancel the statement of any session")),
            ("terminate_session", _("May end any session")),
            ("create_index", _("May create indexes and build them again")),
            ("drop_index", _("May drop indexes")),
            ("cancel_run", _("May stop an operation that goes on")),
        ]

    def __str__(self) -> str:
        return f"{self.operation} by {self.caller} ({self.door})"
