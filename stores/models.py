"""The store's tables as Django models. They follow `stores.schema.expected` (tested), which the migrations bring
about; defaults stand in the database because the dashboard inserts without Django."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone as clock
from django.utils.translation import gettext_lazy as _


class JsonDocument(models.Model):
    """One of the dashboard's documents: `settings` or `state`."""

    kind = models.CharField(_("document"), max_length=50, primary_key=True)
    data = models.JSONField(_("content"))
    updated_at = models.DateTimeField(_("updated at"), null=True, db_default=Now())
    revision = models.BigIntegerField(_("revision"), db_default=1, editable=False)

    class Meta:
        db_table = "json_store"
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind


class Revision(models.Model):
    """A value that a document had, and who wrote it. Filled by a trigger."""

    pk = models.CompositePrimaryKey("kind", "revision")
    kind = models.CharField(max_length=50)
    revision = models.BigIntegerField()
    data = models.JSONField()
    written_at = models.DateTimeField(
        db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField())
    )
    writer = models.CharField(max_length=150, db_default="")
    reason = models.CharField(max_length=200, db_default="")
    token = models.UUIDField(null=True)

    class Meta:
        db_table = "json_store_revision"
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["kind", "-revision"]

    def __str__(self) -> str:
        return f"{self.kind} {self.revision}"


class StoreHost(models.Model):
    """A host that keeps a copy, and the epoch below which its writes are refused. Filled by the failover store."""

    host = models.UUIDField(_("host"), primary_key=True)
    epoch = models.BigIntegerField(_("epoch"), db_default=0)
    name = models.CharField(_("name"), max_length=150, db_default="")
    seen_at = models.DateTimeField(
        _("seen at"), db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField())
    )

    class Meta:
        db_table = "json_store_host"
        verbose_name = _("host")
        verbose_name_plural = _("hosts")

    def __str__(self) -> str:
        return self.name or str(self.host)


class HistoryReplay(models.Model):
    """A batch of readings that is in state_history already. Filled by the history's spool."""

    id = models.UUIDField(primary_key=True)
    replayed_at = models.DateTimeField(
        _("replayed at"), db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField())
    )
    rows = models.IntegerField(_("rows"), db_default=0)

    class Meta:
        db_table = "history_replay"
        verbose_name = _("replayed batch")
        verbose_name_plural = _("replayed batches")

    def __str__(self) -> str:
        return str(self.id)


class StateHistory(models.Model):
    """One reading of the meter with what the air conditioner was assumed to do."""

    id = models.AutoField(primary_key=True)
    timestamp = models.DateTimeField(_("time"), null=True, db_default=Now())
    temperature = models.DecimalField(_("temperature"), max_digits=4, decimal_places=1, null=True)
    humidity = models.DecimalField(_("humidity"), max_digits=4, decimal_places=1, null=True)
    assumed_aircon_power = models.CharField(_("air conditioner"), max_length=10, null=True)
    last_action = models.CharField(_("last action"), max_length=255, null=True)
    api_requests_today = models.IntegerField(_("API requests today"), null=True, db_default=0)
    error_count = models.IntegerField(_("errors"), null=True, db_default=0)
    last_temperature_stale = models.BooleanField(_("stale"), null=True, db_default=False)
    timezone = models.CharField(_("time zone"), max_length=50, null=True, db_default="UTC")
    metadata = models.JSONField(_("metadata"), null=True, db_default=models.Value({}, models.JSONField()))

    class Meta:
        db_table = "state_history"
        verbose_name = _("reading")
        verbose_name_plural = _("history")

    def __str__(self) -> str:
        return f"{clock.localtime(self.timestamp):%Y-%m-%d %H:%M:%S}" if self.timestamp else f"#{self.pk}"


class AutomationState(models.Model):
    """What an automation remembers of a device: one value per device and key."""

    id = models.BigAutoField(primary_key=True)
    device_id = models.CharField(_("device"), max_length=50)
    key = models.CharField(_("key"), max_length=100)
    value = models.JSONField(_("value"), db_default=models.Value({}, models.JSONField()))
    updated_at = models.DateTimeField(_("updated at"), db_default=Now())

    class Meta:
        db_table = "automation_state"
        verbose_name = _("automation state")
        verbose_name_plural = _("automation states")
        constraints = [models.UniqueConstraint(fields=["device_id", "key"], name="automation_state_device_id_key")]

    def __str__(self) -> str:
        return f"{self.device_id} {self.key}"


class HistoryEntry(models.Model):
    """One event of a device."""

    id = models.BigAutoField(primary_key=True)
    device_id = models.CharField(_("device"), max_length=50, db_default="", blank=True)
    kind = models.CharField(_("kind"), max_length=50)
    timestamp = models.DateTimeField(_("happened at"), db_default=Now())
    created_at = models.DateTimeField(_("stored at"), db_default=Now())
    payload = models.JSONField(_("payload"), db_default=models.Value({}, models.JSONField()))

    class Meta:
        db_table = "history_entries"
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.kind} {self.timestamp:%Y-%m-%d %H:%M:%S}"
