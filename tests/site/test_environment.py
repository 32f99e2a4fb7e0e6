"""The environment variables: typed, documented, and never shown when secret."""

import os
import re
import subprocess
import sys

import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from switchbot_site.configuration_docs import DOCUMENT, with_table
from switchbot_site.environment import VARIABLES, Environment

NAMES = {variable.name for variable in VARIABLES}


def test_the_document_holds_the_present_table():
    text = DOCUMENT.read_text()
    assert text == with_table(text), "run: python -m switchbot_site.configuration_docs"


def test_every_declared_variable_is_read_somewhere():
    code = "".join(path.read_text() for path in (settings.BASE_DIR / "switchbot_site").rglob("*.py"))
    unread = {
        name
        for name in NAMES
        if f'"{name}"' not in code.replace(f'Variable("{name}"', "").replace(f'Variable(\n        "{name}"', "")
    }
    assert not unread


def test_an_unset_or_empty_variable_has_its_default(monkeypatch):
    monkeypatch.delenv("WEB_THREADS", raising=False)
    assert Environment()("WEB_THREADS") == 4
    monkeypatch.setenv("WEB_THREADS", " ")
    assert Environment()("WEB_THREADS") == 4


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("WEB_THREADS", "8", 8),
        ("HTTPS", "true", True),
        ("HTTPS", "0", False),
        ("ALLOWED_HOSTS", "a.example, b.example", ["a.example", "b.example"]),
        ("ADMIN_PASSWORD", "$tarts with a dollar", "$tarts with a dollar"),
        ("STORE_DEADLINE_SECONDS", "2.5", 2.5),
    ],
)
def test_typed(monkeypatch, name, text, value):
    monkeypatch.setenv(name, text)
    assert Environment()(name) == value


def test_a_wrong_value_names_the_variable(monkeypatch):
    monkeypatch.setenv("WEB_THREADS", "many")
    with pytest.raises(ImproperlyConfigured, match="WEB_THREADS must be int; 'many' is not"):
        Environment()("WEB_THREADS")


def run_check(**environment: str) -> subprocess.CompletedProcess[str]:
    # The browser's fixture sets the last one for its whole worker.
    dropped = (NAMES - {"ENV_FILE"}) | {"DJANGO_ALLOW_ASYNC_UNSAFE"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={**kept, **environment},
        text=True,
        capture_output=True,
    )


def test_the_production_settings_pass_the_deploy_check(tmp_path):
    done = run_check(
        RENDER="true",
        SECRET_KEY="x7Vq2mP9-" * 8,
        VAR_DIR=str(tmp_path),
        POSTGRES_URL="postgresql://u:p@ep-a-1-pooler.eu.aws.neon.tech/db?sslmode=require",
        RENDER_EXTERNAL_HOSTNAME="store.onrender.com",
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_render_needs_a_secret_key(tmp_path):
    done = run_check(RENDER="true", VAR_DIR=str(tmp_path))
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr


def test_a_broken_address_is_named_without_its_password(tmp_path):
    done = run_check(VAR_DIR=str(tmp_path), POSTGRES_URL="postgres//me:hunter2@host/db")
    assert done.returncode != 0
    assert "POSTGRES_URL is neither" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_the_blueprint_sets_only_declared_variables():
    blueprint = yaml.safe_load((settings.BASE_DIR / "render.yaml").read_text())
    service = blueprint["services"][0]
    names = {entry["key"] for entry in service["envVars"]} - {"PYTHON_VERSION"}
    assert names <= NAMES
    assert service["healthCheckPath"] == "/healthz"
    for command in (service["preDeployCommand"], service["startCommand"]):
        script = re.fullmatch(r"bash (\S+)", command)
        assert script
        assert (settings.BASE_DIR / script[1]).exists()
    secrets = {variable.name for variable in VARIABLES if variable.secret}
    assert not [entry for entry in service["envVars"] if entry["key"] in secrets and "value" in entry]
