"""opsadmin in a stranger's project: stock settings, PostgreSQL as the one database, no store."""

import json
import os
import subprocess
import sys

import pytest
from psycopg.conninfo import conninfo_to_dict

SETTINGS = """
SECRET_KEY = "x" * 50
DEBUG = True
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = [
    "opsadmin",
    "opsadmin.admin_config.OperationsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [
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
]
STATIC_URL = "static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", **%r}}
"""
URLS = """
from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("opsadmin.faces.urls"))]
"""
VISIT = """
import json
from django.contrib.auth import get_user_model
from django.test import Client

user = get_user_model().objects.create_superuser("ada", "ada@example.com", "secret")
client = Client()
client.force_login(user)
pages = ["/admin/", "/admin/ops/overview/", "/admin/ops/run/", "/admin/ops/run/list_schemas/", "/admin/opsadmin/operationrun/"]
print(json.dumps({page: client.get(page, follow=True).status_code for page in pages}))
print(Client().get("/ops-api/").status_code)
"""


@pytest.fixture
def project(tmp_path, empty_database):
    parts = conninfo_to_dict(empty_database)
    database = {
        "NAME": parts["dbname"],
        "USER": parts["user"],
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "PASSWORD": parts.get("password", ""),
    }
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "settings.py").write_text(SETTINGS % database)
    (tmp_path / "shop" / "urls.py").write_text(URLS)

    def manage(*arguments, stdin=""):
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}",
            "HOME": str(tmp_path),
        }
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return manage


@pytest.mark.django_db
def test_it_works_in_a_project_that_knows_nothing_of_ours(project):
    checked = project("check", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    assert project("migrate", "--verbosity", "0").returncode == 0
    health = project("ops", "analyze_db_health", "--json")
    assert health.returncode == 0, health.stderr
    report = json.loads(health.stdout)
    assert report["answers"]
    assert "store" not in {check["area"] for check in report["checks"]}
    refused = project("ops", "analyze_db_health", "--checks", "store")
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
    visited = project("shell", stdin=VISIT)
    assert visited.returncode == 0, visited.stderr
    pages, api = visited.stdout.strip().splitlines()[-2:]
    assert set(json.loads(pages).values()) == {200}, pages
    assert api == "401"
    names = {one["name"] for one in json.loads(project("ops", "--json").stdout)}
    assert {"analyze_db_health", "list_schemas"} <= names
    assert "switch_store" not in names
