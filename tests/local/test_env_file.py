"""The checkout's .env, and its example."""

import os
import subprocess
import sys
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from switchbot_site.environment import VARIABLES, Environment, read_env_file
from switchbot_site.local import env_example


@pytest.fixture
def env_file(tmp_path):
    """A file that stands in for .env; the environment is put back afterwards."""
    path = tmp_path / "env"
    with patch.dict(os.environ, ENV_FILE=str(path)):
        for name in ("WEB_THREADS", "ADMIN_PASSWORD"):
            os.environ.pop(name, None)
        yield path


def test_a_value_of_the_file(env_file):
    env_file.write_text("# sizes\n\nexport WEB_THREADS=7\nADMIN_PASSWORD='$a b#c'\n", encoding="utf-8-sig")
    read_env_file()
    assert Environment()("WEB_THREADS") == 7
    assert Environment()("ADMIN_PASSWORD") == "$a b#c"


def test_the_environment_wins(env_file):
    env_file.write_text("WEB_THREADS=7\n")
    os.environ["WEB_THREADS"] = "9"
    read_env_file()
    assert Environment()("WEB_THREADS") == 9


def test_an_empty_variable_of_the_environment_counts_as_unset(env_file):
    env_file.write_text("WEB_THREADS=7\n")
    os.environ["WEB_THREADS"] = ""
    read_env_file()
    assert Environment()("WEB_THREADS") == 7


def test_no_file_is_fine(env_file):
    read_env_file()
    assert Environment()("WEB_THREADS") == 4


def test_a_line_that_sets_nothing_is_named_and_not_shown(env_file):
    env_file.write_text("WEB_THREADS=7\nADMIN_PASSWORD: hunter2\n")
    with pytest.raises(ImproperlyConfigured, match="Line 2 of") as refused:
        read_env_file()
    assert "hunter2" not in str(refused.value)


def test_the_example_is_of_the_present_variables():
    assert (settings.BASE_DIR / ".env.example").read_text() == env_example.text(), "run: make env-example"


def test_the_example_changes_nothing_also_when_every_line_is_taken(env_file):
    named = [line[2:] for line in env_example.text().splitlines() if "=" in line and " " not in line[2:]]
    assert len(named) == len(VARIABLES) - len(env_example.LEFT_OUT)
    env_file.write_text("\n".join(named))
    kept = {name: value for name, value in os.environ.items() if name not in {v.name for v in VARIABLES} - {"ENV_FILE"}}
    done = subprocess.run(
        [sys.executable, "-c", "from switchbot_site import settings; print(settings.DATABASES['default']['NAME'])"],
        cwd=settings.BASE_DIR,
        env=kept,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("site.sqlite3")
