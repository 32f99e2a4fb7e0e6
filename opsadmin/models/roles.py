"""The groups that stand for the roles."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class RoleGroup(models.Model):
    """The group that was made for a role, by whatever name it goes now; `group` is None once somebody deleted it.
    `granted`: the permissions that it was given so far, so that one that was taken from it is not given again."""

    role = models.CharField(_("role"), max_length=20, unique=True)
    group = models.OneToOneField(
        Group, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("group")
    )
    granted = models.JSONField(_("permissions given"), default=list)

    class Meta:
        verbose_name = _("group of a role")
        verbose_name_plural = _("groups of roles")
        default_permissions = ()
        permissions = [("measure_index", _("May read an index as a whole to measure how much of it is empty"))]

    def __str__(self) -> str:
        return self.role
