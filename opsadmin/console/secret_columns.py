"""Where the server's own catalogue holds secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: The probe of pg_settings, for which the settings themselves are asked for one by one.
SETTINGS = "settings"


@dataclass(frozen=True)
class Secret:
    """Columns that hold secrets. Without a probe they are for nobody. With one they may be shown, because rows are masked,
    and not be worked with where the probe (`sql/holds_<probe>.sql`, or SETTINGS) finds a secret at this moment."""

    columns: frozenset[str]
    probe: str = ""

    @property
    def always(self) -> bool:
        return not self.probe


def _secret(columns: str, probe: str = "") -> Secret:
    return Secret(frozenset(columns.split()), probe)


#: By the relation's name; with its schema where that is not pg_catalog.
SECRETS: Mapping[str, Secret] = {
    "pg_authid": _secret("rolpassword"),
    "pg_shadow": _secret("passwd"),
    "pg_user_mapping": _secret("umoptions"),
    "pg_user_mappings": _secret("umoptions"),
    "information_schema.user_mapping_options": _secret("option_value"),
    "information_schema._pg_user_mappings": _secret("umoptions"),
    "pg_subscription": _secret("subconninfo"),
    "pg_largeobject": _secret("data"),
    "pg_settings": _secret("setting reset_val boot_val", SETTINGS),
    "pg_file_settings": _secret("setting", "file_settings"),
    "pg_hba_file_rules": _secret("options", "hba_rules"),
    "pg_db_role_setting": _secret("setconfig", "role_settings"),
    "pg_roles": _secret("rolconfig", "role_settings"),
    "pg_user": _secret("useconfig", "role_settings"),
    "pg_statistic": _secret("stavalues1 stavalues2 stavalues3 stavalues4 stavalues5", "statistics"),
    "pg_stats": _secret("most_common_vals histogram_bounds most_common_elems", "statistics"),
}

#: Functions that show what one of the relations shows.
SECRET_FUNCTIONS = {2084: "pg_settings", 3329: "pg_file_settings", 3401: "pg_hba_file_rules"}

#: How it looks inside a text, and how a setting is called that is one: regular expressions of PostgreSQL.
LOOKS = (
    r"(password|passwd|passphrase|secret|bindpasswd|token|api_?key|access_?key)[\w-]*\s*=\s*\S|://[^/\s:@]*:[^@\s]+@"
)
NAMED = r"(password|passwd|passphrase|secret|token|api_?key|private_?key|access_?key|credential|jwt)"
