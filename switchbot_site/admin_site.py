"""The admin site: names, and (from opsadmin) the pages that are not models."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class StoreOpsAdminSite(AdminSite):
    site_title = _("SwitchBot Store Ops")
    site_header = _("SwitchBot Store Ops")
    index_title = _("Overview")
