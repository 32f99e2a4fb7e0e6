"""A process of some other project that ticks: a program (one tick, printed as JSON), and an application for a real gunicorn.
TICKING_DATABASE is the site database; the tasks write what they do into files of TICKING_DIRECTORY."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings

DIRECTORY = Path(os.environ["TICKING_DIRECTORY"])

settings.configure(
    SECRET_KEY="x" * 50,
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["TICKING_DATABASE"],
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10},
        }
    },
    INSTALLED_APPS=["opsadmin", "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"],
    OPSADMIN={"SCHEDULER": True},
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402

from opsadmin.jobs import tasks  # noqa: E402
from opsadmin.jobs.schedule import register_task, tick  # noqa: E402
from opsadmin.jobs.scheduler import start_scheduler  # noqa: E402

tasks.load()
tasks._tasks.clear()


def note(word: str) -> None:
    with (DIRECTORY / "notes").open("a") as file:
        file.write(f"{word} {os.getpid()}\n")


def hang() -> str:
    note("hang")
    while not (DIRECTORY / "go on").exists():
        time.sleep(0.01)
    return "It ended."


def quick(number: int) -> str:
    note(f"quick-{number}")
    time.sleep(0.02)
    return "Noted."


if os.environ.get("TICKING_HANGS"):
    register_task("hang", title="Hang", every=timedelta(hours=2), run=hang)
else:
    for n in range(8):
        register_task(f"quick-{n}", title="Quick", every=timedelta(hours=2), run=lambda n=n: quick(n))

application = get_wsgi_application()

if __name__ == "__main__":
    note("ready")
    while not (DIRECTORY / "go").exists():
        time.sleep(0.001)
    print(json.dumps([one.task for one in tick()]))
else:
    start_scheduler()
