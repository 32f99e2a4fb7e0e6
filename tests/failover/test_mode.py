"""The file that says where the documents live: readers see every change, and a damaged one is never believed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stores.backends.failover import Host
from stores.backends.failover.journal import Record
from stores.backends.failover.mode import Mode, ModeFile
from stores.errors import StoreError
from tests.failover.conftest import end, run_python

AT = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
NORMAL = Mode("postgres", False, 1, AT, "STORE_BACKEND=postgres at the start.", "start", start_value="postgres")


@pytest.fixture
def file(tmp_path: Path) -> ModeFile:
    return ModeFile(str(tmp_path / "mode"))


def test_no_file_is_no_mode(file: ModeFile) -> None:
    assert file.read() is None


def test_a_mode_is_read_as_it_was_written(file: ModeFile) -> None:
    given = Mode("filesystem", True, 7, AT, "Grund: \n é 😀", "admin:Zoë", "draining", "Why", "postgres", 5)
    file.write(given)
    assert file.read() == given == ModeFile(file.path).read()
    assert Mode.from_dict(json.loads(json.dumps(given.as_dict()))) == given
    assert os.stat(file.path).st_mode & 0o777 == 0o600


def test_quick_changes_there_and_back_are_seen(file: ModeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inode, time and size may all be the same where a file is replaced twice within a tick of the clock, so the
    writer sees to it that they are not. The clock stands still here, and reasons have every length."""
    file.write(NORMAL)
    reader = ModeFile(file.path)
    seen = reader.read()
    assert seen == NORMAL
    for turn in range(300):
        for phase in ("switching", "", "draining", "catching up"):
            here = replace(NORMAL, phase=phase, reason="x" * (turn * 7 % 64), epoch=turn)
            file.write(here, durable=False)
            os.utime(file.path, ns=(0, 0))
            if turn % 3 and phase:
                continue
            assert reader.read() == here


def test_two_files_that_differ_differ_in_size_or_inode(file: ModeFile) -> None:
    """What a reader looks at, for all pairs of near changes: the inode of the one before the last may come again."""
    sizes: list[int] = []
    for turn in range(130):
        phase = ("", "switching")[turn % 2]
        file.write(replace(NORMAL, phase=phase, reason="r" * (turn % 13), epoch=turn // 2), durable=False)
        size = os.stat(file.path).st_size
        assert size not in sizes[-40:]
        sizes.append(size)


def test_a_damaged_file_is_never_believed(file: ModeFile) -> None:
    file.write(replace(NORMAL, backend="filesystem", epoch=12, automatic=True, fenced=11))
    whole = Path(file.path).read_bytes()
    text = whole.rstrip()
    for at in range(len(text)):
        for flip in (0x01, 0x02, 0x80):
            data = bytearray(whole)
            data[at] ^= flip
            Path(file.path).write_bytes(data)
            found = ModeFile(file.path).read()
            assert found is None, bytes(data)
    for length in range(len(text)):
        Path(file.path).write_bytes(whole[:length])
        assert ModeFile(file.path).read() is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"1", b'"since"', b"{}", b"null", b'{"since": 3}', b"\xff\xfe", b'{"backend": "postgres"}']
)
def test_what_is_no_mode_is_none(file: ModeFile, content: bytes) -> None:
    Path(file.path).write_bytes(content)
    assert file.read() is None


def test_a_place_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "mode").mkdir()
    with pytest.raises(StoreError):
        ModeFile(str(tmp_path / "mode")).read()
    with pytest.raises(StoreError):
        ModeFile(str(tmp_path / "none" / "mode")).write(NORMAL)


_FOLLOW = """
import sys
from stores.backends.failover.mode import ModeFile
file, seen, last = ModeFile(sys.argv[1]), 0, -1
print("ready", flush=True)
while True:
    mode = file.read()
    assert mode is not None
    assert mode.epoch >= last, (mode.epoch, last)
    last = mode.epoch
    if mode.stop:
        break
print(last)
"""


def test_other_processes_follow_and_never_see_half_a_file(file: ModeFile) -> None:
    file.write(NORMAL)
    readers = [run_python(_FOLLOW, file.path) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        for epoch in range(2, 500):
            file.write(replace(NORMAL, epoch=epoch), durable=False)
        file.write(replace(NORMAL, epoch=500, stop="enough"))
        assert [reader.communicate(timeout=30) for reader in readers] == [("500\n", "")] * 2
    finally:
        for reader in readers:
            end(reader)


# --- what a host makes of a lost one -------------------------------------------------------------------------------------


def started(directory: Path, start: str = "postgres") -> Host:
    host = Host(str(directory))
    host.start(start)  # type: ignore[arg-type]
    return host


@pytest.mark.parametrize("how", ["missing", "damaged"])
@pytest.mark.parametrize("open_journals", [False, True])
def test_a_lost_mode_file(tmp_path: Path, how: str, open_journals: bool) -> None:
    """Where writes wait in a journal the host goes on where they are; else where STORE_BACKEND says."""
    host = started(tmp_path)
    host.fail_over(host.mode(), "gone", "")
    host.fail_over(host.mode(), "gone", "")
    assert host.mode().epoch == 2
    if open_journals:
        host.journal("state", 2).append(Record(0, "base", AT, "{}", revision=1))
    path = tmp_path / "mode"
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(b'{"backend": "postgres", "au')
    # One that runs, and one that begins.
    for found in (host.mode(), started(tmp_path).mode()):
        if open_journals:
            assert (found.backend, found.automatic, found.epoch) == ("filesystem", True, 2)
            assert "was lost" in found.reason
        else:
            assert (found.backend, found.automatic, found.epoch) == ("postgres", False, 3)
    kept = [entry.read_bytes() for entry in tmp_path.glob("mode.damaged-*")]
    assert kept == ([b'{"backend": "postgres", "au'] if how == "damaged" else [])
