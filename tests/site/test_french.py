"""The French of the site: that there is one for all it says, that its placeholders hold, and that pages and reports use it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.utils import translation

from switchbot_site.local.binaries import CHECKOUT
from switchbot_site.local.catalogues import compile_catalogues
from switchbot_site.local.messages import APPS, CARDS

SOURCES = [CHECKOUT / app / "locale/fr/LC_MESSAGES/django.po" for app in APPS]
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|%%|%[sd](?![a-zé])|\{\w*\}|</?[a-z]+[^>]*>")
#: What stands in code and templates to be translated changes faster than one wants to translate; so much may be missing.
UNTRANSLATED = 0


@pytest.mark.parametrize("path", SOURCES, ids=APPS)
def test_every_message_has_its_placeholders(path):
    entries = [entry for entry in polib.pofile(str(path)) if not entry.obsolete]
    assert entries
    wrong = []
    for entry in entries:
        english = [sorted(PLACEHOLDER.findall(text)) for text in (entry.msgid, entry.msgid_plural) if text]
        for french in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            if french and sorted(PLACEHOLDER.findall(french)) not in english:
                wrong.append((entry.msgid, french))
    assert not wrong
    assert not [entry.msgid for entry in entries if "fuzzy" in entry.flags]


def test_everything_that_is_said_has_a_translation(tmp_path):
    """The catalogues are those that `make messages` would write, and nothing in them waits for a translator."""
    if shutil.which("xgettext") is None:
        pytest.skip("Collecting messages needs gettext's programs (as root: apt-get install gettext).")
    for app in APPS:
        shutil.copytree(
            CHECKOUT / app, tmp_path / app, ignore=shutil.ignore_patterns("__pycache__", "static", "*.mo", CARDS.name)
        )
    code = "from pathlib import Path; from switchbot_site.local.messages import collect; collect(Path.cwd())"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PATH": _path()}, check=True)
    missing = [
        entry.msgid
        for app in APPS
        for entry in polib.pofile(str(tmp_path / app / "locale/fr/LC_MESSAGES/django.po")).untranslated_entries()
    ]
    assert len(missing) <= UNTRANSLATED, "Run `make messages`, then translate: " + "; ".join(missing[:20])


def test_what_is_said_inside_an_f_string_is_collected():
    """gettext before 0.22 does not look there: a text that stands nowhere else must come out of it."""
    lost = []
    for app, path in zip(APPS, SOURCES, strict=True):
        known = {entry.msgid for entry in polib.pofile(str(path))}
        for file in (CHECKOUT / app).rglob("*.py"):
            for text in (one for one in ast.walk(ast.parse(file.read_bytes())) if isinstance(one, ast.JoinedStr)):
                for call in (one for one in ast.walk(text) if isinstance(one, ast.Call)):
                    if isinstance(call.func, ast.Name) and call.func.id in ("_", "gettext"):
                        said = call.args[0]
                        if isinstance(said, ast.Constant) and said.value not in known:
                            lost.append(f"{file.relative_to(CHECKOUT)}:{call.lineno} {said.value}")
    assert not lost, lost


def _path() -> str:
    return f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"


@pytest.mark.django_db
def test_pages_are_french_for_who_reads_french(admin_client):
    compile_catalogues()
    for path in ("progress", "logbook", "settings", "sql"):
        page = admin_client.get(f"/admin/ops/{path}/", headers={"accept-language": "fr"}).text
        assert '<html lang="fr"' in page
        assert "Vue d'ensemble" in page.replace("&#x27;", "'")
    english = admin_client.get("/admin/ops/progress/", headers={"accept-language": "en"}).text
    assert "Vue d" not in english


def test_cards_are_french():
    compile_catalogues()
    with translation.override("fr"):
        assert translation.gettext("Duplicate index") == "Index en double"
