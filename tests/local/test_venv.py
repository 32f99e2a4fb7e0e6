"""When pip runs, and when it is left out."""

import sys

import pytest

from switchbot_site.local import venv
from switchbot_site.local.binaries import CHECKOUT
from switchbot_site.local.venv import is_satisfied, pins


def test_pins_are_named_without_version_and_marker():
    assert pins("# note\nDjango==5.2.19\ntzdata==2026.6 ; sys_platform == 'win32'\n\nx[y]==1\n").keys() == {
        "django",
        "tzdata",
        "x",
    }


def test_the_development_lock_covers_the_one_that_is_served():
    base, dev, local = (
        pins((CHECKOUT / "requirements" / f"{name}.txt").read_text()) for name in ("base", "dev", "local")
    )
    assert is_satisfied(base, dev), "run: make lock"
    assert is_satisfied(base, local), "run: make lock"
    assert not is_satisfied(dev, base)


def test_a_package_for_some_systems_is_covered_by_one_for_all():
    assert is_satisfied({"click": "click==8 ; sys_platform != 'emscripten'"}, {"click": "click==8"})
    assert not is_satisfied({"click": "click==8"}, {"click": "click==8 ; sys_platform == 'win32'"})
    assert not is_satisfied({"click": "click==9 ; sys_platform != 'emscripten'"}, {"click": "click==8"})


def test_the_locks_name_no_index_and_no_hash():
    for lock in (CHECKOUT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert "--" not in text


@pytest.fixture
def made(tmp_path):
    """A virtual environment as far as these functions look at it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


def test_what_the_stamp_covers_is_not_installed_again(made, monkeypatch):
    (made / venv.STAMP).write_text((venv.REQUIREMENTS / "dev.txt").read_text())
    monkeypatch.setattr(venv, "_pip", pytest.fail)
    assert venv.install("base.txt", made) is False


def test_a_changed_lock_is_installed_and_stamped(made, monkeypatch, tmp_path):
    locks = tmp_path / "requirements"
    locks.mkdir()
    (locks / "base.txt").write_text("one==2\ntwo==1\n")
    (made / venv.STAMP).write_text("one==1\ntwo==1\nthree==3\n")
    monkeypatch.setattr(venv, "REQUIREMENTS", locks)
    installed = []
    monkeypatch.setattr(venv, "_pip", lambda python, lock: installed.append(lock.name))
    assert venv.install("base.txt", made) is True
    assert installed == ["base.txt"]
    assert (made / venv.STAMP).read_text() == "one==2\nthree==3\ntwo==1\n"
    assert venv.install("base.txt", made) is False


def test_a_failed_installation_is_not_stamped(made, monkeypatch):
    def fail(python, lock):
        raise venv.LocalError("no index")

    monkeypatch.setattr(venv, "_pip", fail)
    with pytest.raises(venv.LocalError):
        venv.install("base.txt", made)
    assert not (made / venv.STAMP).exists()
