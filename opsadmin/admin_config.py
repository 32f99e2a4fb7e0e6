"""The admin with the operations' pages, for a project that has no AdminSite of its own:

INSTALLED_APPS = ["opsadmin", "opsadmin.admin_config.OperationsAdminConfig", ...]   # in place of django.contrib.admin
"""

from django.contrib.admin.apps import AdminConfig


class OperationsAdminConfig(AdminConfig):
    default = False  # named whole in INSTALLED_APPS
    default_site = "opsadmin.faces.admin_site.OperationsSite"
