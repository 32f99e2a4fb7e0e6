"""The site's settings, all from environment variables (`environment.py` lists them)."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from switchbot_site import databases
from switchbot_site.alerting import alert_options, mail_settings
from switchbot_site.api_token import environment_tokens
from switchbot_site.environment import Environment, read_env_file
from switchbot_site.secret_key import kept_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
read_env_file()
env = Environment()

ON_RENDER: bool = env("RENDER")
DEBUG: bool = env("DEBUG")
VAR_DIR = (BASE_DIR / env("VAR_DIR")).resolve()
STORE_DIR = (BASE_DIR / (env("STORE_DIR") or VAR_DIR / "store")).resolve()
ENVIRONMENT_LABEL: str = env("ENVIRONMENT_LABEL")
READYZ_TOKEN: str = env("READYZ_TOKEN") or ""

SECRET_KEY: str = env("SECRET_KEY") or ""
if not SECRET_KEY:
    if ON_RENDER:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. On Render each instance would make its own and log everyone out: let render.yaml generate one."
        )
    SECRET_KEY = kept_secret_key(VAR_DIR / "secret_key")

ALLOWED_HOSTS: list[str] = list(env("ALLOWED_HOSTS"))
if env("RENDER_EXTERNAL_HOSTNAME"):
    ALLOWED_HOSTS.append(env("RENDER_EXTERNAL_HOSTNAME"))
CSRF_TRUSTED_ORIGINS: list[str] = list(env("CSRF_TRUSTED_ORIGINS"))

INSTALLED_APPS = [
    # Both stand before django.contrib.admin: their templates override the admin's.
    "opsadmin",
    "stores",
    "switchbot_site.apps.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_extensions",
]

MIDDLEWARE = [
    "switchbot_site.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A page of 100 kB goes over the line as 13; static files are compressed already, by the middleware above.
    "django.middleware.gzip.GZipMiddleware",
    "switchbot_site.security.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "stores.writer.WriterMiddleware",
]

ROOT_URLCONF = "switchbot_site.urls"
WSGI_APPLICATION = "switchbot_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "switchbot_site" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "switchbot_site.context.site_names",
                "stores.context.mode_badge",
            ],
        },
    },
]

# --- the two databases -------------------------------------------------------------------------------------------
# ATOMIC_REQUESTS stays off: on the store's alias it would turn every page, login included, into a 500 in an outage.
POSTGRES_PARTS = databases.with_ssl_mode(
    databases.parse_dsn("POSTGRES_URL", env("POSTGRES_URL"))
    if env("POSTGRES_URL")
    else databases.local_cluster(VAR_DIR),
    env("POSTGRES_SSL_MODE"),
)
POSTGRES_DIRECT_PARTS = (
    databases.with_ssl_mode(
        databases.parse_dsn("POSTGRES_DIRECT_URL", env("POSTGRES_DIRECT_URL")), env("POSTGRES_SSL_MODE")
    )
    if env("POSTGRES_DIRECT_URL")
    else databases.direct_dsn(POSTGRES_PARTS)
)
DATABASES = {
    "default": databases.site_database(env("SITE_DATABASE_URL"), VAR_DIR / "site.sqlite3"),
    "store": databases.store_database(
        POSTGRES_DIRECT_PARTS if env("STORE_USE_DIRECT_URL") else POSTGRES_PARTS, env("STORE_STATEMENT_TIMEOUT_MS")
    ),
    **databases.more_databases(
        env("MORE_DATABASES"), os.environ, env("POSTGRES_SSL_MODE"), env("STORE_STATEMENT_TIMEOUT_MS")
    ),
}
DATABASE_ROUTERS = ["stores.router.StoreRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- the store ---------------------------------------------------------------------------------------------------
STORE_BACKEND: str = env("STORE_BACKEND").lower()
if STORE_BACKEND not in ("postgres", "filesystem"):
    raise ImproperlyConfigured(f"STORE_BACKEND is {STORE_BACKEND!r}; it must be postgres or filesystem.")
STORE_PATHS = {
    "settings": Path(env("SWITCHBOT_SETTINGS_PATH") or STORE_DIR / "settings.json"),
    "state": Path(env("SWITCHBOT_STATE_PATH") or STORE_DIR / "state.json"),
}
STORE_DEADLINE_SECONDS: float = env("STORE_DEADLINE_SECONDS")
if not 0 < STORE_DEADLINE_SECONDS < 3600:
    raise ImproperlyConfigured(f"STORE_DEADLINE_SECONDS is {STORE_DEADLINE_SECONDS:g}; it must be above 0, below 3600.")
STORE_POOL_SIZE: int = env("STORE_POOL_SIZE")
if STORE_POOL_SIZE < 1:
    raise ImproperlyConfigured(f"STORE_POOL_SIZE is {STORE_POOL_SIZE}; it must be 1 or more.")
HISTORY_RETENTION_HOURS: int = env("HISTORY_RETENTION_HOURS")
HISTORY_SPOOL_MB: int = env("HISTORY_SPOOL_MB")
if HISTORY_SPOOL_MB < 1:
    raise ImproperlyConfigured(f"HISTORY_SPOOL_MB is {HISTORY_SPOOL_MB}; it must be 1 or more.")

# --- operations --------------------------------------------------------------------------------------------------
OPSADMIN = {
    "DATABASE": "store",  # and not the site's own where that is a PostgreSQL, too
    "ALERTS": alert_options(env),
    "API_TOKEN_SHA256": environment_tokens(env("OPS_API_TOKEN")),
    "SCHEDULER": env("SCHEDULER"),
    "DEPLOY": env("RENDER_GIT_COMMIT"),
    "KEEP_AWAKE": env("KEEP_AWAKE"),
    "DIRECT": {"store": POSTGRES_DIRECT_PARTS} if env("POSTGRES_DIRECT_URL") else {},
}

# --- mail --------------------------------------------------------------------------------------------------------
globals().update(mail_settings(env("EMAIL_URL")))
DEFAULT_FROM_EMAIL: str = env("EMAIL_FROM")
EMAIL_TIMEOUT = 10

# --- people ------------------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

# --- language, time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE: str = env("LANGUAGE_CODE")
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
TIME_ZONE: str = env("TIME_ZONE")
USE_I18N = True
USE_TZ = True

# --- static files ------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"  # part of the build, not of the disk
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- security ----------------------------------------------------------------------------------------------------
HTTPS: bool = env("HTTPS") if env("HTTPS") is not None else ON_RENDER
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ON_RENDER else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- log ---------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL").upper()},
    "loggers": {
        "psycopg.pool": {"level": "ERROR"},  # it repeats each failed connection attempt, address included
    },
}

# --- django-extensions -------------------------------------------------------------------------------------------
SHELL_PLUS_IMPORTS = ["from stores import get_history, get_store", "from stores.pool import validate_pool"]

# On Render the disk is not mounted while building, and nothing there needs it.
with contextlib.suppress(OSError):
    VAR_DIR.mkdir(parents=True, exist_ok=True)
