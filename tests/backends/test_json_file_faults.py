"""What must not hurt a document: killed writers, a full or failing disk, missing permissions."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from stores.backends import durable_file
from stores.backends.json_file import JsonStore
from stores.errors import StoreError, StoreReadOnly

ROOT = Path(__file__).parents[2]

#: For each line of its input: forks a writer (so that a kill costs no interpreter start) and prints its process
#: number; prints `dead` when that has ended. A writer counts on from the file's number and says each number it wrote.
WRITERS = """
import os, sys
from stores.backends.json_file import JsonStore
acknowledge = int(sys.argv[2])
store = JsonStore(sys.argv[1], deadline=10)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        number = store.read().get("n", 0)
        while True:
            number += 1
            if number % 2:
                store.write({"n": number, "pad": "x" * (number % 7 * 3000)})
            else:
                with store.transaction() as document:
                    document.write({**document.read(), "n": number})
            os.write(acknowledge, b"%d\\n" % number)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


@pytest.fixture
def store(path):
    return JsonStore(path)


def names(directory: Path) -> set[str]:
    return {found.name for found in directory.iterdir()}


def ours(path: Path) -> set[str]:
    return {path.name, f".{path.name}.lock", f".{path.name}.sum"}


class TestKilledWriters:
    def test_a_killed_writer_loses_no_acknowledged_write(self, store, path):
        """At least 220 times: a writer is killed at a random moment of its work; the file is whole and holds the last write
        it acknowledged or the one after; the next writer is not held up."""
        chance = random.Random(20)
        reading, writing = os.pipe()
        starter = subprocess.Popen(
            [sys.executable, "-c", WRITERS, str(path), str(writing)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[writing],
            text=True,
            bufsize=1,
        )
        os.close(writing)
        ahead: set[int] = set()
        left_over = 0
        try:
            for kills in range(1500):
                if kills >= 220 and ahead == {0, 1} and left_over:
                    break  # a busy machine needs more kills to hit every moment of a write
                starter.stdin.write("go\n")
                child = int(starter.stdout.readline())
                said = os.read(reading, 65536)
                until = time.perf_counter() + chance.uniform(0, 0.003)
                while time.perf_counter() < until:
                    pass
                os.kill(child, signal.SIGKILL)
                assert starter.stdout.readline() == "dead\n"
                said += everything_in(reading)
                acknowledged = int(said.split()[-1])
                found = json.loads(path.read_bytes())["n"]
                assert found in (acknowledged, acknowledged + 1)
                ahead.add(found - acknowledged)
                left_over += any(name.endswith(".tmp") for name in names(path.parent))
        finally:
            starter.kill()
            starter.communicate()
            os.close(reading)
        # The kills did fall into the middle of writes.
        assert ahead == {0, 1}
        assert left_over > 0
        store.write({"n": "last"})
        assert store.read() == {"n": "last"}
        assert names(path.parent) == ours(path)
        assert store.status().detail["checksum"] == "ok"

    def test_leftovers_go_and_nothing_else(self, store, path):
        left = [f".state.json.{'0' * 16}.tmp", f".state.json.{'f' * 16}.old.tmp"]
        others = [
            "state.json.tmp",
            ".state.json.backup.tmp",
            f".settings.json.{'0' * 16}.tmp",
            f".state-json.{'0' * 16}.tmp",
        ]
        for name in left + others:
            (path.parent / name).write_text("x")
        store.read()
        assert names(path.parent) == {*left, *others}
        store.write({"n": 1})
        assert names(path.parent) == {*ours(path), *others}

    def test_leftovers_of_another_process_go_with_the_next_write(self, store, path):
        store.write({"n": 1})
        code = """
import os, signal, sys
from stores.backends import durable_file, json_file
durable_file._put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
json_file.JsonStore(sys.argv[1]).write({"n": 2})
"""
        assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT).returncode == -signal.SIGKILL
        assert any(name.endswith(".tmp") for name in names(path.parent))
        status = store.status()
        assert (store.read(), status.detail["checksum"], status.revision) == ({"n": 1}, "ok", 1)
        store.write({"n": 3})
        assert names(path.parent) == ours(path)
        assert store.status().revision == 2


def everything_in(pipe: int) -> bytes:
    os.set_blocking(pipe, False)
    data = b""
    try:
        while more := os.read(pipe, 65536):
            data += more
    except BlockingIOError:
        pass
    os.set_blocking(pipe, True)
    return data


class TestDisk:
    @pytest.mark.parametrize("failing", ["file", "directory"])
    @pytest.mark.parametrize("existed", [True, False])
    def test_a_failed_fsync_is_a_failed_write(self, store, path, monkeypatch, failing, existed):
        if existed:
            store.write({"n": 1})
        real, asked = os.fsync, []

        def broken(descriptor: int) -> None:
            is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            asked.append(is_directory)
            if is_directory == (failing == "directory"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            real(descriptor)

        monkeypatch.setattr(durable_file.os, "fsync", broken)
        with pytest.raises(StoreError, match="did not take .*Input/output error.*former content is in place"):
            store.write({"n": 2})
        assert asked == [False] if failing == "file" else [False, True]
        monkeypatch.undo()
        assert store.read() == ({"n": 1} if existed else {})
        assert not any(name.endswith(".tmp") for name in names(path.parent))
        assert store.status().revision == (1 if existed else None)
        store.write({"n": 3})
        assert store.read() == {"n": 3}

    def test_a_failed_write_keeps_a_damaged_file_under_its_own_name_only(self, store, path, monkeypatch):
        path.write_text("torn")

        def broken(_descriptor: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(durable_file.os, "fsync", broken)
        with pytest.raises(StoreError):
            store.write({"n": 2})
        assert path.read_text() == "torn"
        assert store.status().detail["damaged_copies"] == []

    def test_a_full_disk(self, small_disk):
        store = JsonStore(small_disk / "state.json")
        store.write({"n": 1})
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as full:
            while True:
                full.write(b"x" * 4096)
        for _ in range(3):
            with pytest.raises(StoreError, match="The disk is full: .* was not written and has its former content"):
                store.write({"n": 2, "pad": "x" * 50_000})
        assert store.read() == {"n": 1}
        assert store.status().detail["checksum"] == "ok"
        filler.unlink()
        store.write({"n": 3})
        assert store.read() == {"n": 3}
        assert names(small_disk) == ours(small_disk / "state.json")

    def test_a_file_size_limit(self, path, store):
        store.write({"n": 1})
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        try:
            with pytest.raises(StoreError, match="limit for a file's size"):
                store.write({"n": 2, "pad": "x" * 50_000})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert store.read() == {"n": 1}
        assert names(path.parent) == ours(path)

    def test_a_read_only_file_system(self, small_disk):
        store = JsonStore(small_disk / "state.json")
        store.write({"n": 1})
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        for call in (lambda: store.write({"n": 2}), lambda: store.transaction().__enter__()):
            with pytest.raises(StoreReadOnly, match="read-only"):
                call()
        assert store.read() == {"n": 1}
        assert not store.health_check()
        assert store.status().available


AS_NOBODY = """
import os, sys
from stores.backends.json_file import JsonStore
os.setgid(65534); os.setuid(65534)
store = JsonStore(sys.argv[1])
for name, call in (("read", store.read), ("write", lambda: store.write({"n": 2}))):
    try:
        print(name, call())
    except Exception as error:
        print(name, type(error).__name__, error)
print(store.health_check(), store.status().available)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="changing to another user needs root")
class TestPermissions:
    @pytest.fixture
    def home(self, tmp_path):
        """A directory that anyone may enter."""
        directory = Path(tempfile.mkdtemp(prefix="swops-user-"))
        directory.chmod(0o755)
        yield directory
        shutil.rmtree(directory)

    def as_nobody(self, path: Path) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    def test_a_directory_one_may_only_read(self, home):
        (home / "state.json").write_text('{"n": 1}')
        (home / "state.json").chmod(0o644)
        read, write, health = self.as_nobody(home / "state.json")
        assert read == "read {'n': 1}"
        assert write.startswith("write StoreReadOnly")
        assert "chown" in write
        assert health == "False True"

    def test_a_file_one_may_not_read(self, home):
        JsonStore(home / "state.json").write({"n": 1})
        home.chmod(0o777)
        read, write, health = self.as_nobody(home / "state.json")
        assert read.startswith("read StoreMisconfigured")
        assert "user 65534" in read
        assert write.startswith("write StoreMisconfigured")
        assert health == "False False"

    def test_what_root_writes_belongs_to_the_directorys_owner(self, home):
        os.chown(home, 65534, 65534)
        JsonStore(home / "state.json").write({"n": 1})
        assert {found.stat().st_uid for found in home.iterdir()} == {65534}
        assert self.as_nobody(home / "state.json") == ["read {'n': 1}", "write None", "True True"]
        assert JsonStore(home / "state.json").read() == {"n": 2}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB of its own."""
    directory = tmp_path / "disk"
    directory.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "swops", str(directory)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"mounting a small file system needs root: {made.stderr.strip()}")
    yield directory
    subprocess.run(["umount", str(directory)], check=True)
