"""Indexes whose promise is held against what is measured."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
