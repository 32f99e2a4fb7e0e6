"""What PostgreSQL did over time: samples of three widths, what they were counted from, and marks beside them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SampledCounters(models.Model):
    """Where the counters of a database stood at the last look, so that the next one knows what was added. `version` grows
    with each look that was written: who finds another one than they began with was overtaken. `data`: as
    `opsadmin.workload.standing` packs it."""

    database = models.CharField(_("database"), max_length=100, unique=True)
    version = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    tried_at = models.DateTimeField(_("tried at"), null=True, blank=True)
    data = models.BinaryField(default=bytes, blank=True)

    class Meta:
        verbose_name = _("counters seen last")
        verbose_name_plural = _("counters seen last")
        default_permissions = ()
        permissions = [("sample_database", _("May take samples for the trends"))]

    def __str__(self) -> str:
        return self.database


class Sample(models.Model):
    """What was added up in the stretch of time that begins at `at`, as wide as `level` says. The same look is in one row of
    each level; nothing is moved from one to another. `data` is as its `kind` has it (`opsadmin.workload.rollup`)."""

    class Kind(models.TextChoices):
        METRICS = "metrics", _("figures")
        STATEMENTS = "statements", _("statements")
        TABLES = "tables", _("tables")

    class Level(models.TextChoices):
        MINUTES = "minutes", _("five minutes")
        HOUR = "hour", _("hour")
        DAY = "day", _("day")

    database = models.CharField(_("database"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    level = models.CharField(_("width"), max_length=7, choices=Level)
    at = models.DateTimeField(_("from"))
    last_at = models.DateTimeField(_("last look"))
    data = models.JSONField(_("data"))

    class Meta:
        verbose_name = _("sample")
        verbose_name_plural = _("samples")
        constraints = [models.UniqueConstraint(fields=["database", "kind", "level", "at"], name="opsadmin_sample_once")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} of {self.database}, {self.level} from {self.at:%Y-%m-%d %H:%M}"


class SampledStatement(models.Model):
    """The text of a statement that samples have figures of, its constants masked."""

    database = models.CharField(_("database"), max_length=100)
    queryid = models.CharField(_("query id"), max_length=20)
    text = models.TextField(_("text"))
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("sampled statement")
        verbose_name_plural = _("sampled statements")
        constraints = [models.UniqueConstraint(fields=["database", "queryid"], name="opsadmin_sampled_statement_once")]
        indexes = [models.Index(fields=["database", "seen_at"], name="opsadmin_sampled_statement_age")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.queryid} of {self.database}"


class Mark(models.Model):
    """Something that happened at a moment, or lasted (`until`; None where it goes on or was a moment): shown beside the
    lines of the trends. `database`: empty where it is about all."""

    class Kind(models.TextChoices):
        DEPLOY = "deploy", _("deploy")
        INDEX_CREATED = "index_created", _("index made")
        INDEX_DROPPED = "index_dropped", _("index dropped")
        SWITCH = "switch", _("switch of the store")
        OUTAGE = "outage", _("outage")
        RESTART = "restart", _("restart")
        RESET = "reset", _("counters reset")
        SUSPENDED = "suspended", _("compute suspended")
        INCIDENT = "incident", _("incident")

    database = models.CharField(_("database"), max_length=100, blank=True)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    at = models.DateTimeField(_("at"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    text = models.CharField(_("text"), max_length=300)

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        ordering = ("at", "pk")
        constraints = [models.UniqueConstraint(fields=["database", "kind", "at", "text"], name="opsadmin_mark_once")]
        indexes = [models.Index(fields=["at"], name="opsadmin_mark_at")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}: {self.text}"
