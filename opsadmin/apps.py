from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OpsadminConfig(AppConfig):
    name = "opsadmin"
    verbose_name = _("PostgreSQL operations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsadmin import setup_checks  # noqa: F401  (registers them)
        from opsadmin.follow import created  # noqa: F401  (listens)
        from opsadmin.jobs.scheduler import start_with_requests
        from opsadmin.role_groups import after_migrate

        post_migrate.connect(after_migrate, dispatch_uid="opsadmin.roles")
        start_with_requests()
