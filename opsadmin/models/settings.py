"""What this site decided about checks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
