"""Alerts: what people were told, and what is on its way to them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from opsadmin.models.logbook import Condition


class ToldCondition(models.Model):
    """What people were told last of a condition. `bad_at`, `bad_severity`: when it was last told as wrong, and how much."""

    condition = models.OneToOneField(Condition, on_delete=models.CASCADE, related_name="told")
    severity = models.CharField(max_length=10)
    at = models.DateTimeField()
    bad_at = models.DateTimeField(null=True, blank=True)
    bad_severity = models.CharField(max_length=10, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.condition_id}: {self.severity}"


class AlertDelivery(models.Model):
    """One message on its way through one channel: written with the change that it tells of, sent afterwards. `channel`: its
    name, never its address. `claimed_until`: a process is at it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        GIVEN_UP = "given_up", _("given up")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.CharField(_("channel"), max_length=100)
    subject = models.CharField(_("subject"), max_length=300)
    message = models.JSONField(_("message"))
    created_at = models.DateTimeField(_("created at"), db_index=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING, db_index=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt at"))
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ("-created_at", "-pk")
        default_permissions = ("view",)
        permissions = [("test_alert", _("May send a test alert"))]

    def __str__(self) -> str:
        return f"{self.channel}: {self.subject}"
