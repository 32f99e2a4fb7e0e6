from django.contrib.admin.apps import AdminConfig


class SiteAdminConfig(AdminConfig):
    """Django's admin with our site class."""

    default_site = "switchbot_site.admin_site.StoreOpsAdminSite"
