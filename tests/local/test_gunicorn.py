"""gunicorn's configuration file, as gunicorn reads it."""

import os
import subprocess
import sys

from django.conf import settings


def effective(**environment: str) -> dict[str, str]:
    """What `gunicorn --print-config` says."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PORT", "RENDER", "WEB_CONCURRENCY")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "switchbot_site/gunicorn.conf.py",
            "--print-config",
            "switchbot_site.wsgi",
        ],
        cwd=settings.BASE_DIR,
        env={**kept, **environment},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return {
        name.strip(): value.strip() for name, _, value in (line.partition("=") for line in done.stdout.splitlines())
    }


def test_here():
    config = effective()
    assert config["bind"] == "['127.0.0.1:8000']"
    assert (config["workers"], config["threads"], config["preload_app"]) == ("2", "4", "False")


def test_on_render():
    config = effective(
        RENDER="true", SECRET_KEY="of this test", PORT="10000", WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--threads 9"
    )
    assert config["bind"] == "['0.0.0.0:10000']"
    assert (config["workers"], config["threads"]) == ("1", "9")


def test_an_ipv6_address():
    assert effective(BIND_ADDRESS="::1", PORT="8005")["bind"] == "['[::1]:8005']"
