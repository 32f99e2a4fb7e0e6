"""What the operations remember, in the site database (never in the PostgreSQL that is looked after)."""

from __future__ import annotations

from django.conf import settings
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


class ApiToken(models.Model):
    """A key for the doors without a password: HTTP and MCP. Only its digest is kept; it acts for its user, and at most
    with the effect it was made for."""

    class Reach(models.TextChoices):
        READS = "reads", _("reads only")
        WRITES = "writes", _("reads and writes")
        DESTROYS = "destroys", _("everything, with confirmation")

    name = models.CharField(_("name"), max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    reach = models.CharField(_("may do"), max_length=10, choices=Reach, default=Reach.READS)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}...)"


class CheckThreshold(models.Model):
    """A number of a check that was changed for this site, beside OPSADMIN["THRESHOLDS"] and above it."""

    name = models.CharField(
        _("threshold"), max_length=150, unique=True, help_text=_("As in index.unused.min_bytes: check and number.")
    )
    value = models.FloatField(_("value"))
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} = {self.value:g}"


class IgnoredFinding(models.Model):
    """A finding that is known and accepted, beside OPSADMIN["IGNORE"]."""

    check_id = models.CharField(
        _("check"), max_length=100, help_text=_("As in index.unused; * and ? stand for any characters.")
    )
    object = models.CharField(
        _("object"), max_length=300, default="*", help_text=_("As in public.orders; * and ? stand for any characters.")
    )
    reason = models.TextField(_("reason"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("ignored finding")
        verbose_name_plural = _("ignored findings")
        ordering = ("check_id", "object")

    def __str__(self) -> str:
        return f"{self.check_id} of {self.object}"


class HealthSnapshot(models.Model):
    """A health report as it was: what a page shows while PostgreSQL does not answer, and what trends are made of.
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

    def __str__(self) -> str:
        return f"{self.name} of {self.database} at {self.taken_at:%Y-%m-%d %H:%M:%S}"


class FollowedIndex(models.Model):
    """An index whose promise is held against what is measured: `opsadmin.follow`. Counters are kept as differences, so that
    a reset or a restart of PostgreSQL loses nothing but what was counted since the last look.

    `promise`: cost after / before of the statements that it is made for; None where nothing was promised. `found_at`: when
    it was first seen; None while it is awaited. `clock`: PostgreSQL's time of the last look. `scans`: of the index since it
    is there; `counters`: the last look's, by oid of the index and its partitions. `queries`: the statements and their
    figures before and after (`opsadmin.follow.watched`). `verdict`: what was last said."""

    database = models.CharField(_("database"), max_length=100)
    schema = models.CharField(_("schema"), max_length=63)
    name = models.CharField(_("name"), max_length=63)
    ddl = models.TextField(_("statement"), blank=True)
    oid = models.BigIntegerField(null=True, blank=True)
    promise = models.FloatField(_("promise"), null=True, blank=True)
    started_at = models.DateTimeField(_("followed since"), auto_now_add=True)
    found_at = models.DateTimeField(_("there since"), null=True, blank=True)
    gone_at = models.DateTimeField(_("gone since"), null=True, blank=True)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    clock = models.DateTimeField(null=True, blank=True)
    scans = models.BigIntegerField(_("scans"), default=0)
    counters = models.JSONField(default=dict, blank=True)
    queries = models.JSONField(_("statements"), default=list, blank=True)
    verdict = models.JSONField(_("verdict"), null=True, blank=True)

    class Meta:
        verbose_name = _("followed index")
        verbose_name_plural = _("followed indexes")
        ordering = ("-started_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["database", "schema", "name"], name="opsadmin_followed_index_once")
        ]
        default_permissions = ()
        permissions = [("follow_index", _("May follow indexes, and stop following them"))]

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"
