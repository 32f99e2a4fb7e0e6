"""The store as Django models, in two databases (`stores.router` says which model lives where).

In PostgreSQL the dashboard's tables and what failover adds to them: these follow `stores.schema.expected` (tested),
which the migrations bring about; defaults stand in the database because the dashboard inserts without Django. In the
site database what must be kept and shown while PostgreSQL is down: switches, conflicts, the last known pages."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
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


# --- in the site database -------------------------------------------------------------------------------------------
class StoreSwitch(models.Model):
    """A change of the backend that a host works on, made by itself or by a person."""

    class Backend(models.TextChoices):
        POSTGRES = "postgres", _("PostgreSQL")
        FILESYSTEM = "filesystem", _("JSON copy")

    id = models.UUIDField(primary_key=True)
    epoch = models.BigIntegerField(_("epoch"))
    from_backend = models.CharField(_("from"), max_length=20, choices=Backend)
    to_backend = models.CharField(_("to"), max_length=20, choices=Backend)
    automatic = models.BooleanField(_("automatic"))
    who = models.CharField(_("who"), max_length=150, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"), db_index=True)
    # How long the former backend had been in use; null for the first switch of a host.
    lasted = models.FloatField(_("seconds on the former"), null=True, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("switch")
        verbose_name_plural = _("switches")
        permissions = [
            ("switch_store", "Can switch the store and bring its copies back"),
            ("manage_store", "Can move documents, adopt the tables and prune the history"),
        ]
        # The epoch decides between two switches of one moment.
        ordering = ["-at", "-epoch"]

    def __str__(self) -> str:
        return f"{self.epoch}: {self.from_backend} → {self.to_backend}"


class StoreConflict(models.Model):
    """A place that both sides changed in an outage, differently; a person settles it. `keys` is `path` in parts. A
    side's value counts only where its `has_` is true: a key that is not there is not the same as null."""

    class Side(models.TextChoices):
        OURS = "ours", _("this host's copy")
        THEIRS = "theirs", _("PostgreSQL")

    class Decision(models.TextChoices):
        OURS = "ours", _("this host's copy")
        THEIRS = "theirs", _("PostgreSQL")
        BASE = "base", _("before the outage")
        OTHER = "other", _("another value")

    #: stores.sync.conflict_id: the same conflict, reported again, is the same row.
    id = models.CharField(max_length=64, primary_key=True)
    resync = models.UUIDField(_("resync"), db_index=True)
    kind = models.CharField(_("document"), max_length=50)
    path = models.TextField(_("path"))
    keys = models.JSONField(_("keys"))
    has_base = models.BooleanField(_("there before the outage"))
    base = models.JSONField(_("before the outage"), null=True, blank=True)
    has_ours = models.BooleanField(_("in this host's copy"))
    ours = models.JSONField(_("this host's copy"), null=True, blank=True)
    has_theirs = models.BooleanField(_("in PostgreSQL"))
    theirs = models.JSONField(_("PostgreSQL"), null=True, blank=True)
    kept = models.CharField(_("kept for now"), max_length=10, choices=Side)
    rule = models.TextField(_("rule"), blank=True)
    epoch = models.BigIntegerField(_("epoch"))
    at = models.DateTimeField(_("at"))
    revision = models.BigIntegerField(_("revision"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True, db_index=True)
    settled_by = models.CharField(_("settled by"), max_length=150, blank=True)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, blank=True)
    decided = models.JSONField(_("decided value"), null=True, blank=True)

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        ordering = ["-at", "kind", "path"]

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


class LastKnownPage(models.Model):
    """What a list of PostgreSQL rows showed when it last could be read, for as long as it cannot."""

    path = models.CharField(_("page"), max_length=200, primary_key=True)
    title = models.CharField(_("title"), max_length=200)
    headers = models.JSONField(_("headers"))
    # Cells as PostgreSQL gave them: times and decimals become text.
    rows = models.JSONField(_("rows"), encoder=DjangoJSONEncoder)
    taken_at = models.DateTimeField(_("taken at"))

    class Meta:
        verbose_name = _("last known page")
        verbose_name_plural = _("last known pages")

    def __str__(self) -> str:
        return self.path
