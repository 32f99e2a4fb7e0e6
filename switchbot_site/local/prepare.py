"""Brings the databases to where the site can be served: migrations, the first user, the sample home, the static
files. One process for all of it, because loading Django takes longer than the work.

    python -m switchbot_site.local.prepare [--own-cluster]
"""

from __future__ import annotations

import argparse
import io
import os
import secrets
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from switchbot_site.local.errors import LocalError

#: Of a generated password: what a double click selects and nobody misreads.
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="prepare", description="Bring the databases up to date.")
    parser.add_argument(
        "--own-cluster", action="store_true", help="the store is the private cluster: load the sample home where empty"
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError

    try:
        django.setup()
        migrate(own_cluster=options.own_cluster)
        if options.own_cluster and load_sample_home(datetime.now(UTC)):
            settle_sample_home()
            print("The store was empty: the sample home is loaded.", flush=True)
        call_command("collectstatic", interactive=False, verbosity=0)
        create_first_user()
    except (LocalError, ImproperlyConfigured, CommandError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except DatabaseError as error:
        print(f"\nThe database cannot be prepared: {error}", file=sys.stderr)
        return 1
    return 0


def migrate(*, own_cluster: bool) -> None:
    """Bring both schemas up to date. Somebody else's PostgreSQL may be down: the site is there for that too, so it
    starts all the same, and says so."""
    from django.core.management import call_command
    from django.db import OperationalError

    call_command("migrate", database="default", interactive=False, verbosity=0)
    try:
        call_command("migrate", database="store", interactive=False, verbosity=0)
    except OperationalError as error:
        if own_cluster:
            raise
        print(
            f"The PostgreSQL of POSTGRES_URL does not answer: {error}\nThe site starts without it. When it is back, run: "
            ".venv/bin/python manage.py migrate --database store",
            flush=True,
        )


def create_first_user() -> None:
    """Make the administrator: with ADMIN_PASSWORD, or with a generated password, printed this once. Someone who
    is there already keeps the password."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from switchbot_site.environment import Environment

    env = Environment()
    name, password = env("ADMIN_USERNAME"), env("ADMIN_PASSWORD")
    users = get_user_model()._default_manager
    if users.filter(username=name).exists() or (not password and users.filter(is_superuser=True).exists()):
        return
    given = bool(password)
    password = password or "".join(secrets.choice(LETTERS) for _ in range(16))
    users.create_superuser(username=name, email="", password=password)
    if not given:
        print(f"User {name}, password {password} (shown this once; change it: manage.py changepassword {name})")
        return
    print(f"User {name} is made, with the password from ADMIN_PASSWORD.")
    try:
        validate_password(password)
    except ValidationError as error:
        print(f"  That password is weak: {' '.join(error.messages)} Change it before others reach the site.")


def load_sample_home(now: datetime) -> bool:
    """Fill an empty store (both documents `{}`, no history) with the sample home. False: it was not empty."""
    from django.db import transaction

    from stores.models import JsonDocument, StateHistory
    from switchbot_site.local import sample

    with transaction.atomic(using="store"):
        kept = {row.kind: row for row in JsonDocument.objects.select_for_update()}
        if (
            set(kept) != {"settings", "state"}
            or any(row.data for row in kept.values())
            or StateHistory.objects.exists()
        ):
            return False
        settings, state, readings = sample.documents(now)
        from django.db import connections

        with connections["store"].cursor() as cursor:
            cursor.execute(
                "SELECT set_config('switchbot.writer', 'make run', true), "
                "set_config('switchbot.reason', 'sample home', true)"
            )
        for kind, data in (("settings", settings), ("state", state)):
            kept[kind].data = data
            kept[kind].updated_at = now
            kept[kind].save(update_fields=["data", "updated_at"])
        StateHistory.objects.bulk_create([StateHistory(**asdict(reading)) for reading in readings], batch_size=500)
    return True


def settle_sample_home() -> None:
    """What a home that has run for a while has too: table statistics, and JSON copies to fall back on."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from stores.models import JsonDocument, StateHistory

    with connections["store"].cursor() as cursor:
        for model in (JsonDocument, StateHistory):
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')
    if not any(path.exists() for path in settings.STORE_PATHS.values()):
        call_command("export_store", verbosity=0, stdout=io.StringIO())


if __name__ == "__main__":
    sys.exit(main())
