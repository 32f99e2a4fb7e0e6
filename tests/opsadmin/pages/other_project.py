"""Another Django project with opsadmin and nothing else of ours: two PostgreSQL aliases on Django's own engine, an admin
site of its own name. Run as a program with the address of a PostgreSQL; prints what it found as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict


def main(address: str, directory: str) -> None:
    parts = conninfo_to_dict(address)
    names = {"NAME": "dbname", "USER": "user", "HOST": "host", "PORT": "port", "PASSWORD": "password"}
    shop = {
        "ENGINE": "django.db.backends.postgresql",
        **{ours: parts.get(theirs, "") for ours, theirs in names.items()},
    }
    # Nothing listens there.
    gone = {**shop, "HOST": "127.0.0.1", "PORT": "1"}
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=__name__,
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(directory) / "site.sqlite3")},
            "shop": shop,
            "gone": gone,
        },
        INSTALLED_APPS=[
            "opsadmin",
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        STATIC_URL="/static/",
        USE_TZ=True,
    )
    django.setup()
    from django.contrib.admin import AdminSite
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client
    from django.urls import path

    from opsadmin.faces.admin_site import OperationsSiteMixin
    from opsadmin.pages import looks, patient

    class BackOffice(OperationsSiteMixin, AdminSite):
        site_header = "Back office"

    global urlpatterns
    urlpatterns = [path("office/", BackOffice(name="office").urls)]
    call_command("migrate", verbosity=0)
    call_command("check", "--fail-level", "WARNING")
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("lead", password="x"))

    found = {}
    begun = time.monotonic()
    for name in (
        "",
        "ops/run/",
        "ops/run/list_schemas/?_run=1",
        "ops/run/list_schemas/?database=gone",
        "ops/overview/",
        "ops/overview/?database=gone",
        "ops/overview/?database=default",
        "ops/queries/",
        "ops/queries/?database=gone",
    ):
        answers = [client.get(f"/office/{name}")]
        looks.join()
        patient.join()
        answers.append(client.get(f"/office/{name}"))
        found[name] = [answers[0].status_code, answers[1].status_code, answers[1].text]
    print(json.dumps({"pages": found, "seconds": time.monotonic() - begun}))


urlpatterns: list = []

if __name__ == "__main__":
    main(*sys.argv[1:])
