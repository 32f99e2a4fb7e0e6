"""How long this site keeps things, where somebody decided it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Retention(models.Model):
    """A bound (`opsadmin.retention.bounds`) that was changed for this site. `value`: None where it is the default again.
    `since`: nothing older was certain to be there when it was changed; only of what is kept for a time."""

    name = models.CharField(_("name"), max_length=50, unique=True)
    value = models.PositiveIntegerField(_("value"), null=True, blank=True)
    since = models.DateTimeField(_("since"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retention")
        ordering = ("name",)
        default_permissions = ()
        permissions = [("change_retention", _("May change how long things are kept"))]

    def __str__(self) -> str:
        return self.name
