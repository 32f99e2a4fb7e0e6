"""`make` itself: the list of its targets, and the site from nothing to its end."""

import os
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import pytest

from switchbot_site.environment import VARIABLES
from switchbot_site.local.binaries import CHECKOUT
from switchbot_site.local.cluster import Cluster
from tests.fixtures.postgres import require_server

LONGEST = 120


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without what this test run set for itself."""
    names = {variable.name for variable in VARIABLES} - {"POSTGRES_BIN"}
    kept = {name: value for name, value in os.environ.items() if name not in names | {"MAKEFLAGS", "MAKELEVEL"}}
    return {**kept, "ENV_FILE": os.devnull, **more}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=CHECKOUT,
        env=clean_environment(),
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )


def test_help_lists_every_target():
    targets = set(re.findall(r"^\.PHONY: (\S+)", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    listed = set(re.findall(r"^  make (\S+)  +\S", make("help").stdout, re.MULTILINE))
    assert listed == targets - {"test-setup"}


def test_without_a_python_it_says_what_to_install():
    done = make("setup", "PYTHON=")
    assert done.returncode != 0
    assert "apt-get install python3 python3-venv" in done.stderr


@pytest.fixture
def checkout():
    """The project's files in a directory of their own, with the present `.venv`."""
    directory = Path(tempfile.mkdtemp(prefix="swops-site-"))
    directory.chmod(0o755)
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT, capture_output=True
    ).stdout.split(b"\0")
    for name in map(os.fsdecode, filter(None, files)):
        if (CHECKOUT / name).exists():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, directory / name)
    (directory / ".venv").symlink_to(CHECKOUT / ".venv")
    yield directory
    Cluster(directory / "var" / "postgres", require_server().bin).stop("immediate")
    shutil.rmtree(directory)


class Site:
    """A running `make run`, as from a terminal: a process group of its own."""

    def __init__(self, checkout: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        environment = clean_environment(PORT=str(port), ADMIN_PASSWORD="a password of this test")
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.said = ""

    def wait_for(self, words: str) -> None:
        """Read what it says until `words` come."""
        assert self.process.stdout is not None
        while words not in self.said:
            assert select.select([self.process.stdout], [], [], LONGEST)[0], f"nothing new after:\n{self.said}"
            piece = os.read(self.process.stdout.fileno(), 65536)
            assert piece, f"it ended:\n{self.said}"
            self.said += piece.decode()

    def interrupt(self) -> None:
        """Ctrl-C: the whole foreground process group gets it."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.said += self.process.communicate(timeout=LONGEST)[0].decode()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            assert answer.status == 200
            return answer.read().decode()


def processes_in(directory: Path) -> list[str]:
    """The living processes that work in `directory`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(directory):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # gone meanwhile, or not ours to see
    return found


@pytest.mark.slow
def test_the_site_from_nothing_to_its_end(checkout):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    var = checkout / "var"

    first = Site(checkout, port)
    first.wait_for("The site is ready")
    assert "The store was empty: the sample home is loaded." in first.said
    assert first.get("/healthz")
    style = re.search(r'href="(/static/[^"]+\.css)"', first.get("/admin/login/"))
    assert style
    assert "{" in first.get(style[1])
    assert list((var / "postgres").glob(".s.PGSQL.*"))
    assert stat.S_IMODE((var / "postgres.dsn").stat().st_mode) == 0o600
    assert stat.S_IMODE((var / "site.sqlite3").stat().st_mode) == 0o600

    other = Site(checkout, port)
    with pytest.raises(AssertionError, match=f"in use already: {first.url}"):
        other.wait_for("The site is ready")
    assert other.process.wait(LONGEST) != 0

    first.interrupt()
    assert first.said.index("The web server is stopped.") < first.said.index("PostgreSQL is stopped.")
    assert processes_in(checkout) == []
    assert not list((var / "postgres").glob(".s.PGSQL.*"))
    assert not (var / "postgres" / "postmaster.pid").exists()

    # Again: nothing is made, nobody is created. Then all of it dies at once, but for PostgreSQL.
    second = Site(checkout, port)
    second.wait_for("The site is ready")
    assert not re.search("Making|Installing|sample home is loaded|User admin", second.said)
    supervisor = int(re.search(r"process (\d+)", (var / "run.lock").read_text())[1])
    os.kill(supervisor, signal.SIGKILL)
    second.process.communicate(timeout=LONGEST)
    assert any("postgres" in command for command in processes_in(checkout))

    third = Site(checkout, port)
    third.wait_for("The site is ready")
    assert "PostgreSQL still ran from an earlier start: using it." in third.said
    third.interrupt()
    assert processes_in(checkout) == []
