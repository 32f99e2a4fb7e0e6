"""What PostgreSQL told last, for when it does not answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class HealthSnapshot(models.Model):
    """A health report as it was: what a page shows while PostgreSQL does not answer.
    `report` is the report's `as_dict()`; `facts` are sizes and counts of the same moment."""

    database = models.CharField(_("database"), max_length=100)
    taken_at = models.DateTimeField(_("taken at"))
    status = models.CharField(_("status"), max_length=10)
    score = models.PositiveSmallIntegerField(_("score"))
    facts = models.JSONField(_("facts"), default=dict)
    report = models.JSONField(_("report"))

    class Meta:
        verbose_name = _("health report")
        verbose_name_plural = _("health reports")
        ordering = ("-taken_at", "-pk")
        indexes = [models.Index(fields=["database", "-taken_at"], name="opsadmin_snapshot_latest")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.database} at {self.taken_at:%Y-%m-%d %H:%M:%S}: {self.status}"


class SeenAnswer(models.Model):
    """What a page read from PostgreSQL last: shown, with its age, while PostgreSQL does not answer. One of each name."""

    database = models.CharField(_("database"), max_length=100)
    name = models.CharField(_("name"), max_length=100)
    taken_at = models.DateTimeField(_("taken at"))
    data = models.JSONField(_("data"))

    class Meta:
        verbose_name = _("answer seen last")
        verbose_name_plural = _("answers seen last")
        constraints = [models.UniqueConstraint(fields=["database", "name"], name="opsadmin_seen_answer_once")]
        default_permissions = ()
        permissions = [("view_rows", _("May see a few rows of any table"))]

    def __str__(self) -> str:
        return f"{self.name} of {self.database} at {self.taken_at:%Y-%m-%d %H:%M:%S}"
