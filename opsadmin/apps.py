from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpsadminConfig(AppConfig):
    name = "opsadmin"
    verbose_name = _("PostgreSQL operations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsadmin import setup_checks  # noqa: F401  (registers them)
        from opsadmin.follow import created  # noqa: F401  (listens)
