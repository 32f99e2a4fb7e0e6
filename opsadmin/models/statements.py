"""The statements of the page SQL: those that a person asked, and those that somebody gave a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AskedStatement(models.Model):
    """A statement that a person asked on the page SQL, and what came of it the last time. The same text asked again is the
    same row. `digest`: of the text and its parameters. `rows`, `elapsed_ms`: where it was run."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    database = models.CharField(_("database"), max_length=100)
    digest = models.CharField(_("digest"), max_length=64)
    sql = models.TextField(_("statement"))
    params = models.TextField(_("parameters"), blank=True)
    action = models.CharField(_("asked for"), max_length=20)
    asked_at = models.DateTimeField(_("asked at"))
    times = models.PositiveIntegerField(_("times"), default=1)
    rows = models.PositiveIntegerField(_("rows"), null=True, blank=True)
    elapsed_ms = models.FloatField(_("elapsed (ms)"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("asked statement")
        verbose_name_plural = _("asked statements")
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["user", "database", "digest"], name="opsadmin_asked_statement_once")
        ]
        indexes = [models.Index(fields=["user", "database", "-asked_at"], name="opsadmin_asked_latest")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user} at {self.asked_at:%Y-%m-%d %H:%M:%S}"


class SavedStatement(models.Model):
    """A statement with a name. `is_shared`: everybody who may see the page sees it; else only its owner."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    database = models.CharField(_("database"), max_length=100)
    name = models.CharField(_("name"), max_length=100)
    sql = models.TextField(_("statement"))
    params = models.TextField(_("parameters"), blank=True)
    is_shared = models.BooleanField(_("shared"), default=False)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("saved statement")
        verbose_name_plural = _("saved statements")
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["user", "database", "name"], name="opsadmin_saved_statement_name")
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
