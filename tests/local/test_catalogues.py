"""The compiled catalogues: made from the translations, and again when those changed."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

import pytest

from switchbot_site.local.catalogues import compile_catalogues

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "app" / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        f'{HEAD}msgid "index"\nmsgstr "indéx"\n\n#, fuzzy\nmsgid "guess"\nmsgstr "faux"\n'
        '\nmsgid "%d row"\nmsgid_plural "%d rows"\nmsgstr[0] "%d ligne"\nmsgstr[1] "%d lignes"\n',
        encoding="utf-8",
    )
    return path


def test_what_was_written_is_read(tmp_path, source):
    (compiled,) = compile_catalogues(tmp_path)
    with compiled.open("rb") as file:
        found = gettext.GNUTranslations(file)
    assert found.gettext("index") == "indéx"
    assert found.gettext("guess") == "guess"
    assert found.ngettext("%d row", "%d rows", 0) == "%d ligne"
    assert found.ngettext("%d row", "%d rows", 2) == "%d lignes"


def test_only_what_changed_is_made_again(tmp_path, source):
    (compiled,) = compile_catalogues(tmp_path)
    assert compile_catalogues(tmp_path) == []
    os.utime(source, (compiled.stat().st_mtime + 5,) * 2)
    assert compile_catalogues(tmp_path) == [compiled]
    assert not list(tmp_path.rglob("*.partial"))


def test_a_mistake_names_its_line(tmp_path, source):
    source.write_text(f"{HEAD}wrong\n", encoding="utf-8")
    with pytest.raises(OSError, match=r"django\.po.*line 4"):
        compile_catalogues(tmp_path)
    assert not list(tmp_path.rglob("*.mo"))
