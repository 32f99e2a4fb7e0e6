"""The first user, and the sample home in an empty store."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model

from stores.models import JsonDocument, Revision, StateHistory
from switchbot_site.local.prepare import create_first_user, load_sample_home

pytestmark = pytest.mark.django_db(databases=["default", "store"])

NOW = datetime(2026, 7, 18, 14, 22, tzinfo=UTC)


def test_an_empty_store_gets_the_sample_home_once():
    assert load_sample_home(NOW) is True
    assert JsonDocument.objects.get(kind="settings").data["mode"] == "summer"
    count = StateHistory.objects.count()
    assert count > 1000
    kept = Revision.objects.filter(kind="settings").latest("revision")
    assert (kept.writer, kept.reason) == ("make run", "sample home")
    assert load_sample_home(NOW) is False
    assert StateHistory.objects.count() == count


def test_a_store_with_a_document_is_left_alone():
    JsonDocument.objects.filter(kind="state").update(data={"last_tick": None})
    assert load_sample_home(NOW) is False
    assert JsonDocument.objects.get(kind="settings").data == {}
    assert not StateHistory.objects.exists()


def test_a_store_with_history_is_left_alone():
    StateHistory.objects.create(temperature="21.0")
    assert load_sample_home(NOW) is False
    assert JsonDocument.objects.get(kind="settings").data == {}


@pytest.fixture
def environment(monkeypatch):
    for name in ("ADMIN_USERNAME", "ADMIN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_generated_password_is_shown_once_and_works(environment, capsys):
    create_first_user()
    said = capsys.readouterr().out
    password = said.split("password ")[1].split()[0]
    assert authenticate(username="admin", password=password).is_superuser
    create_first_user()
    assert capsys.readouterr().out == ""


def test_the_given_name_and_password(environment, capsys):
    environment.setenv("ADMIN_USERNAME", "zoé")
    environment.setenv("ADMIN_PASSWORD", "$une phrase assez longue")
    create_first_user()
    assert "une phrase" not in capsys.readouterr().out
    assert authenticate(username="zoé", password="$une phrase assez longue")


def test_a_weak_password_is_taken_and_said(environment, capsys):
    environment.setenv("ADMIN_PASSWORD", "1234")
    create_first_user()
    assert "weak" in capsys.readouterr().out
    assert authenticate(username="admin", password="1234")


def test_a_user_who_is_there_keeps_the_password(environment, capsys):
    get_user_model().objects.create_superuser("admin", password="of the operator")
    environment.setenv("ADMIN_PASSWORD", "another one")
    create_first_user()
    assert authenticate(username="admin", password="of the operator")
    assert capsys.readouterr().out == ""


def migrate_alone(directory, own_cluster: bool) -> subprocess.CompletedProcess[str]:
    """`migrate` in a process whose PostgreSQL is not there."""
    code = f"import django; django.setup(); from switchbot_site.local import prepare as p; p.migrate(own_cluster={own_cluster})"
    environment = {"VAR_DIR": str(directory), "POSTGRES_URL": f"host={directory} user=store dbname=store"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        text=True,
        capture_output=True,
    )


def test_somebody_elses_postgresql_may_be_down(tmp_path):
    done = migrate_alone(tmp_path, own_cluster=False)
    assert done.returncode == 0, done.stderr
    assert "The site starts without it" in done.stdout
    assert (tmp_path / "site.sqlite3").stat().st_size > 0


def test_our_own_may_not(tmp_path):
    assert migrate_alone(tmp_path, own_cluster=True).returncode != 0
