"""Every environment variable the site reads: name, type, default, what it means. `settings.py` reads them through
django-environ; docs/core/configuration.md is checked against this list."""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ


@dataclass(frozen=True)
class Variable:
    """`kind`: str, bool, int, float or list (comma separated). `default` None: no default, and unset is a state
    of its own. `secret`: never shown."""

    name: str
    kind: type
    default: Any
    meaning: str
    secret: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable("DEBUG", bool, False, "Development mode. `make run` leaves it off."),
    Variable(
        "SECRET_KEY",
        str,
        None,
        "Django's secret key. Unset: made once and kept in `VAR_DIR/secret_key`, except on Render, where it is required.",
        secret=True,
    ),
    Variable(
        "ALLOWED_HOSTS",
        list,
        ["localhost", "127.0.0.1", "[::1]"],
        "Host names the site answers to. `RENDER_EXTERNAL_HOSTNAME` is added by itself.",
    ),
    Variable("CSRF_TRUSTED_ORIGINS", list, [], "Origins with scheme, for a custom domain behind a proxy."),
    Variable(
        "HTTPS",
        bool,
        None,
        "The site is reached over HTTPS: secure cookies, HSTS, redirect. Unset: on where `RENDER` is set.",
    ),
    Variable("VAR_DIR", str, "var", "Where the site keeps its files. On Render: the mount path of the disk."),
    Variable(
        "SITE_DATABASE_URL",
        str,
        None,
        "The site's own database (users, sessions, log). Unset: SQLite in `VAR_DIR/site.sqlite3`.",
        secret=True,
    ),
    Variable(
        "POSTGRES_URL",
        str,
        None,
        "The PostgreSQL with the dashboard's tables: URL or libpq `key=value` text, sockets included. Unset: the private cluster in `VAR_DIR/postgres`.",
        secret=True,
    ),
    Variable(
        "POSTGRES_DIRECT_URL",
        str,
        None,
        "The same database past a pooler. Unset: `POSTGRES_URL` without `-pooler` in its host.",
        secret=True,
    ),
    Variable(
        "STORE_USE_DIRECT_URL", bool, False, "Commands go past the pooler. The deploy scripts set it for migrations."
    ),
    Variable(
        "POSTGRES_SSL_MODE",
        str,
        "require",
        "libpq sslmode, where `POSTGRES_URL` names none. Means nothing on a unix socket.",
    ),
    Variable(
        "MORE_DATABASES",
        list,
        [],
        "Names of further PostgreSQL databases to look after, `staging,replica`; the address of `staging` is `POSTGRES_URL_STAGING`.",
    ),
    Variable(
        "POSTGRES_BIN",
        str,
        None,
        "Which PostgreSQL the private cluster runs: a directory of programs, `system` or `wheel`. Unset: the system's, else the wheel's.",
    ),
    Variable("STORE_BACKEND", str, "postgres", "Where the documents live at start: `postgres` or `filesystem`."),
    Variable(
        "STORE_DIR",
        str,
        None,
        "The store's directory on this host: locks, copies, pool requests. Unset: `VAR_DIR/store`.",
    ),
    Variable("SWITCHBOT_SETTINGS_PATH", str, None, "The settings file. Unset: `STORE_DIR/settings.json`."),
    Variable("SWITCHBOT_STATE_PATH", str, None, "The state file. Unset: `STORE_DIR/state.json`."),
    Variable(
        "STORE_DEADLINE_SECONDS",
        float,
        1.0,
        "How long one store call may take before it fails. Neon's cold start takes 0.5 to 2 s: raise it where a slow first call is better than a failed one.",
    ),
    Variable(
        "STORE_POOL_SIZE",
        int,
        4,
        "Most connections of one process's pool. Budget: instances x workers x this x 2 during a deploy.",
    ),
    Variable("STORE_STATEMENT_TIMEOUT_MS", int, 5000, "Longest statement of the site's own pages on the store."),
    Variable("HISTORY_RETENTION_HOURS", int, 24, "How long `prune_history` keeps readings."),
    Variable(
        "HISTORY_SPOOL_MB",
        int,
        64,
        "Most MiB of readings that wait in `STORE_DIR/spool` while PostgreSQL is away. Full: new ones are refused.",
    ),
    Variable("ENVIRONMENT_LABEL", str, "local", "Shown beside the site's name: production, staging, local."),
    Variable("LANGUAGE_CODE", str, "en", "Language where the browser names none: `en` or `fr`."),
    Variable("TIME_ZONE", str, "Europe/Paris", "Time zone of the pages."),
    Variable("LOG_LEVEL", str, "INFO", "Level of the log on standard error."),
    Variable("PORT", int, 8000, "Port gunicorn listens on. Render sets it."),
    Variable("BIND_ADDRESS", str, None, "Address gunicorn listens on. Unset: 127.0.0.1, on Render 0.0.0.0."),
    Variable("WEB_CONCURRENCY", int, 2, "gunicorn workers."),
    Variable("WEB_THREADS", int, 4, "Threads of one worker."),
    Variable("ADMIN_USERNAME", str, "admin", "Name of the first user that `make run` creates."),
    Variable("ADMIN_PASSWORD", str, None, "Password of that user. Unset: generated and printed once.", secret=True),
    Variable(
        "READYZ_TOKEN",
        str,
        None,
        "Who asks `/readyz` must show it as a bearer token. Unset: anybody may ask.",
        secret=True,
    ),
    Variable(
        "OPS_API_TOKEN",
        str,
        None,
        "A bearer token of at least 32 characters with which cron may call `/ops-api/`: it reads and writes, and destroys nothing. Unset: only tokens of users are taken.",
        secret=True,
    ),
    Variable(
        "SCHEDULER",
        bool,
        True,
        "Do what comes round by itself (samples, looks at the health, clean-up) in the web process. Off: a cron calls `tick`.",
    ),
    Variable("ALERT_EMAIL", list, [], "Who is told by e-mail when a check or the store's mode changes."),
    Variable(
        "ALERT_WEBHOOK_URL",
        str,
        None,
        "A webhook that is told as JSON. https only, unless on this machine.",
        secret=True,
    ),
    Variable("ALERT_SLACK_URL", str, None, "A webhook that is told as Slack wants it.", secret=True),
    Variable("ALERT_LEAST_SEVERITY", str, "critical", "What is not as bad is not told: `warning` or `critical`."),
    Variable("ALERT_COOLDOWN_MINUTES", int, 15, "For so long the same is not told again."),
    Variable(
        "SITE_URL",
        str,
        None,
        "Where the site is reached, for the links in alerts. Unset: `https://` and `RENDER_EXTERNAL_HOSTNAME`, else alerts have no links.",
    ),
    Variable(
        "EMAIL_URL",
        str,
        None,
        "The mail server: `smtp+tls://user:password@host:587`, `smtp+ssl://...:465`. Characters such as `@` in the password are written `%40`. Unset: port 25 of this machine.",
        secret=True,
    ),
    Variable("EMAIL_FROM", str, "webmaster@localhost", "From whom the site's mails are."),
    Variable(
        "ENV_FILE", str, ".env", "File with further variables; those of the environment win. Relative to the checkout."
    ),
    Variable("RENDER", bool, False, "Set by Render."),
    Variable("RENDER_EXTERNAL_HOSTNAME", str, None, "Set by Render: the service's host name."),
    Variable(
        "RENDER_GIT_COMMIT",
        str,
        None,
        "Set by Render: what is deployed. Elsewhere any text: the trends mark when it changes.",
    ),
    Variable(
        "KEEP_AWAKE",
        bool,
        False,
        "Look at a PostgreSQL that its host suspends while idle (Neon) as often as at any other, which keeps it running and billed.",
    ),
)

_BY_NAME = {variable.name: variable for variable in VARIABLES}


class Environment:
    """Typed access to the declared variables; a name that is not declared is a programming error (KeyError)."""

    def __init__(self) -> None:
        self._env = environ.Env()

    def __call__(self, name: str) -> Any:
        """The value of `name` in its declared type, or its default. An empty text counts as unset.

        Raises `django.core.exceptions.ImproperlyConfigured` where the text does not fit the type."""
        from django.core.exceptions import ImproperlyConfigured

        variable = _BY_NAME[name]
        if not self._env.ENVIRON.get(name, "").strip():
            return variable.default
        try:
            if variable.kind is list:
                return [part.strip() for part in self._env.list(name) if part.strip()]
            if variable.kind is str:
                # Not Env.str(): a leading "$" in a password would be taken for a reference to another variable.
                return self._env.ENVIRON[name].strip()
            return self._env.get_value(name, cast=variable.kind)
        except ValueError:
            shown = "its value" if variable.secret else repr(self._env.ENVIRON[name])
            raise ImproperlyConfigured(
                f"{name} must be {variable.kind.__name__}; {shown} is not. It means: {variable.meaning}"
            ) from None


def read_env_file() -> None:
    """Add the variables of ENV_FILE to the environment, below those that are there. No file: nothing to add.

    Raises `django.core.exceptions.ImproperlyConfigured` at a line that sets nothing, without repeating it."""
    from django.core.exceptions import ImproperlyConfigured

    name = os.environ.get("ENV_FILE", "").strip() or _BY_NAME["ENV_FILE"].default
    path = Path(__file__).resolve().parent.parent / name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(text.splitlines(), start=1):
        # The library would log such a line, secrets included, and go on.
        if line.strip() and not line.startswith("#") and not re.match(r"(export )?\w+=", line, re.ASCII):
            raise ImproperlyConfigured(f"Line {number} of {path} sets nothing. Write NAME=value, or # for a comment.")
    # An empty variable counts as unset, here as in `Environment`.
    for unset in [key for key, value in os.environ.items() if key in _BY_NAME and not value.strip()]:
        del os.environ[unset]
    environ.Env.read_env(io.StringIO(text), overwrite=False)
