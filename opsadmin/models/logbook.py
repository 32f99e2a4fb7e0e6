"""The logbook: what went wrong and when, and what was decided."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Incident(models.Model):
    """Something that went wrong, from its beginning to its end. `cause`: what makes a second one of the same kind join it
    (`opsadmin.logbook.causes`). `open_key`: database and cause while it is open, so that there is one of each at a time.
    `fine_since`: nothing of it is wrong any more, and it is not closed yet."""

    class Severity(models.TextChoices):
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    database = models.CharField(_("database"), max_length=100)
    cause = models.CharField(_("cause"), max_length=200)
    open_key = models.CharField(max_length=310, null=True, blank=True, unique=True, editable=False)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    title = models.CharField(_("title"), max_length=200)
    message = models.TextField(_("what is wrong"), blank=True)
    opened_at = models.DateTimeField(_("opened at"), db_index=True)
    opened_by = models.CharField(_("opened by"), max_length=150, blank=True)
    fine_since = models.DateTimeField(_("fine since"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ("-opened_at", "-pk")
        default_permissions = ("view",)
        permissions = [("write_incident", _("May open and close incidents and write notes in them"))]

    def __str__(self) -> str:
        return f"{self.pk}: {self.title}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class IncidentEvent(models.Model):
    """One thing of an incident's time. `ref`: what it is told by, so that it is told once. `data`: what helps with it (a
    finding's `hint`, `fix_sql`, `fix_command`, `docs`)."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("opened")
        WORSE = "worse", _("went wrong")
        BETTER = "better", _("is better")
        FINE = "fine", _("is fine")
        HAPPENED = "happened", _("happened")
        NOTE = "note", _("note")
        RUN = "run", _("operation")
        REOPENED = "reopened", _("opened again")
        CLOSED = "closed", _("closed")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    severity = models.CharField(_("severity"), max_length=10, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    who = models.CharField(_("who"), max_length=150, blank=True)
    ref = models.CharField(max_length=200, null=True, blank=True, editable=False)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("entry of an incident")
        verbose_name_plural = _("entries of incidents")
        ordering = ("at", "pk")
        constraints = [models.UniqueConstraint(fields=["incident", "ref"], name="opsadmin_incident_event_once")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.text[:60]}"


class Condition(models.Model):
    """How a check, or something that an app tells of, stands: what incidents and alerts are made from. `subject`: the
    check's name, or what `happened` was told, as in `switch`. `since`: of this severity. `incident`: the one that it
    belongs to, or did last. `always`: alerts tell it whatever its severity."""

    database = models.CharField(_("database"), max_length=100)
    subject = models.CharField(_("subject"), max_length=200)
    title = models.CharField(_("title"), max_length=200)
    severity = models.CharField(_("severity"), max_length=10)
    since = models.DateTimeField(_("since"))
    message = models.TextField(_("message"), blank=True)
    data = models.JSONField(default=dict, blank=True)
    always = models.BooleanField(default=False)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="conditions")

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        constraints = [models.UniqueConstraint(fields=["database", "subject"], name="opsadmin_condition_once")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.subject} of {self.database}: {self.severity}"


class Decision(models.Model):
    """What was decided, and why."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        ACCEPTED = "accepted", _("accepted")
        SUPERSEDED = "superseded", _("superseded")

    database = models.CharField(_("database"), max_length=100, blank=True)
    title = models.CharField(_("title"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PROPOSED)
    template = models.CharField(_("template"), max_length=30, blank=True)
    context = models.TextField(_("context"), blank=True)
    decision = models.TextField(_("decision"))
    consequences = models.TextField(_("consequences"), blank=True)
    incident = models.ForeignKey(
        Incident,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decisions",
        verbose_name=_("incident"),
    )
    run = models.ForeignKey(
        "opsadmin.OperationRun",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decisions",
        verbose_name=_("run of an operation"),
    )
    superseded_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="supersedes",
        verbose_name=_("superseded by"),
    )
    written_by = models.CharField(_("written by"), max_length=150, blank=True)
    written_at = models.DateTimeField(_("written at"), auto_now_add=True)
    changed_by = models.CharField(_("changed by"), max_length=150, blank=True)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ("-written_at", "-pk")
        default_permissions = ("view",)
        permissions = [("write_decision", _("May write down decisions and change them"))]

    def __str__(self) -> str:
        return f"{self.pk}: {self.title}"
