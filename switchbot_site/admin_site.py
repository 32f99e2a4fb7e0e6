"""The admin site of the project: Django's, with the operations pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from opsadmin.faces.admin_site import OperationsSiteMixin


class StoreOpsAdminSite(OperationsSiteMixin):
    site_title = _("SwitchBot Store Ops")
    site_header = _("SwitchBot Store Ops")
    index_title = _("Everything in one place")
