"""Keys for the doors without a password."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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
