"""`make messages`: collects what the site says into */locale/fr/LC_MESSAGES/django.po, to be translated there. Needs the
programs of gettext (as root: apt-get install gettext)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from switchbot_site.local.binaries import CHECKOUT

APPS = ("opsadmin", "stores", "switchbot_site")
#: The texts of the checks' cards stand in SQL files and docstrings, which gettext does not read: they are written where it
#: does, for the moment.
CARDS = Path("health", "texts_of_the_cards.py")


def collect(root: Path = CHECKOUT) -> None:
    """Bring the catalogues below `root` up to date.

    Raises CalledProcessError where gettext refuses."""
    cards = root / "opsadmin" / CARDS
    cards.write_text(f"from django.utils.translation import gettext as _\n\n{_texts()}", encoding="utf-8")
    try:
        for app in APPS:
            (root / app / "locale").mkdir(exist_ok=True)
            options = ("--locale=fr", "--no-obsolete", "--no-wrap", "--add-location=never", "--verbosity=0")
            command = [sys.executable, "-m", "django", "makemessages", *options]
            # No settings: what is collected does not depend on them.
            environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
            subprocess.run(command, cwd=root / app, env=environment, check=True)
            _without_dates(root / app / "locale/fr/LC_MESSAGES/django.po")
    finally:
        cards.unlink()


def _texts() -> str:
    from opsadmin.health.catalog import checks

    texts = {
        text: None
        for check in checks()
        for _since, card in check.variants
        for text in (card.title, card.says, card.why, card.hint)
        if text
    }
    return "".join(f"_({text!r})\n" for text in texts)


def _without_dates(path: Path) -> None:
    """The day of the collecting changes nothing."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "POT-Creation-Date" not in line), encoding="utf-8")


if __name__ == "__main__":
    collect()
