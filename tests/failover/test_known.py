"""The note of PostgreSQL's last document: in place, by many processes, and never lost to a kill."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stores.backends.failover import known as module
from stores.backends.failover.known import Known
from stores.errors import StoreError
from tests.failover.conftest import end, run_python


@pytest.fixture
def known(tmp_path: Path) -> Known:
    return Known(str(tmp_path / "state"))


def latest(known: Known) -> tuple[int, str] | None:
    found = Known(known.path).latest()
    return None if found is None else (found.revision, found.text)


def test_nothing_is_known_at_first(known: Known) -> None:
    assert (latest(known), known.seen, known.revision(1)) == (None, -1, 0)
    assert not os.path.exists(known.path)


def test_the_newest_revision_stays(known: Known) -> None:
    assert known.offer(3, "three")
    assert not Known(known.path).offer(2, "two")
    assert latest(known) == (3, "three")
    assert known.offer(4, "vier: äöü")
    assert latest(known) == (4, "vier: äöü")
    assert (known.seen, known.revision(1), Known(known.path).revision(7)) == (4, 4, 4)
    assert os.stat(known.path).st_mode & 0o777 == 0o600


def test_when_it_was_seen_is_noted_again_now_and_then(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    known.offer(3, "three")
    first = known.latest()
    assert first is not None
    assert abs((datetime.now(UTC) - first.seen_at).total_seconds()) < 60
    assert not known.offer(3, "three")
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 31)
    assert known.offer(3, "three")
    again = known.latest()
    assert again is not None
    assert again.seen_at > first.seen_at


def test_force_goes_back(known: Known) -> None:
    other = Known(known.path)
    known.offer(9, "nine")
    assert other.revision(1) == 9
    known.force(2, "two")
    assert latest(known) == (2, "two")
    # In the next epoch the others look again; before that they take no older one for the truth.
    assert (other.revision(1), other.revision(2)) == (9, 2)
    assert other.offer(3, "three")
    assert latest(known) == (3, "three")


def test_documents_grow_and_shrink(known: Known) -> None:
    reader = Known(known.path)
    for revision, length in enumerate([0, 1, 65_000, 65_500, 65_536, 70_000, 10, 3_000_000, 5, 6_000_000], start=1):
        text = str(revision % 10) * length
        other = Known(known.path) if revision % 3 else known
        assert other.offer(revision, text)
        found = reader.latest()
        assert found is not None
        assert (found.revision, found.text) == (revision, text)
    assert {entry.name for entry in Path(known.path).parent.iterdir()} == {"state"}


@pytest.mark.parametrize("length", [20, 10_000])
def test_a_torn_note_leaves_the_one_before(known: Known, length: int) -> None:
    """A writer dies in the middle of its write: as many bytes as it came to are there, the rest is older."""
    known.offer(1, "a" * length)
    known.offer(2, "b" * length)
    whole = Path(known.path).read_bytes()
    known.offer(3, "c" * length)
    after = Path(known.path).read_bytes()
    changed = [at for at in range(len(after)) if after[at] != whole[at]]
    first, last = changed[0], changed[-1]
    for at in range(first, last + 1, max(1, (last - first) // 97)):
        Path(known.path).write_bytes(after[:at] + whole[at:])
        found = latest(known)
        assert found in ((2, "b" * length), (3, "c" * length))
        if found[0] == 2:
            # The next one must not put the last good one at risk: it goes where the torn one is.
            good = Path(known.path).read_bytes()
            Known(known.path).offer(3, "d" * length)
            torn = Path(known.path).read_bytes()
            for cut in (1, 5, 12, 30, 40):
                start = next(at for at in range(len(good)) if good[at] != torn[at])
                Path(known.path).write_bytes(torn[: start + cut] + good[start + cut :])
                assert latest(known) in ((2, "b" * length), (3, "d" * length))


def test_damage_anywhere_gives_an_older_note_or_none_and_never_a_wrong_one(known: Known) -> None:
    known.offer(1, "one")
    known.offer(2, "two")
    whole = Path(known.path).read_bytes()
    places = [at for at in range(len(whole)) if whole[at]] + [len(whole) // 2 + 45, 50]
    for at in places:
        data = bytearray(whole)
        data[at] ^= 0xFF
        Path(known.path).write_bytes(data)
        assert latest(known) in ((1, "one"), (2, "two"))
        assert Known(known.path).offer(3, "three")
        assert latest(known) == (3, "three")
    for length in [0, 1, 3, 8, 36, 40, 71, 72, 73, 100, len(whole) // 2, len(whole) - 1]:
        Path(known.path).write_bytes(whole[:length])
        assert latest(known) in (None, (1, "one"), (2, "two"))
        assert Known(known.path).offer(3, "three")
        assert latest(known) == (3, "three")


def test_a_damaged_number_does_not_stop_the_notes(known: Known) -> None:
    """The header of the newest slot says revision 2**63: that is no note, as its checksum tells."""
    known.offer(1, "one")
    known.offer(2, "two")
    data = bytearray(Path(known.path).read_bytes())
    start = data.index(b"two") - module._HEADER.size
    data[start + 16] = 0x7F
    Path(known.path).write_bytes(data)
    other = Known(known.path)
    assert other.revision(1) == 1
    assert other.offer(3, "three")
    assert latest(known) == (3, "three")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    known = Known(str(tmp_path / "missing" / "state"))
    with pytest.raises(StoreError, match="state"):
        known.offer(1, "one")
    (tmp_path / "dir").mkdir()
    for attempt in (lambda place: place.offer(1, "one"), lambda place: place.latest()):
        with pytest.raises(StoreError):
            attempt(Known(str(tmp_path / "dir")))


_OFFER = """
import json, random, sys
from stores.backends.failover.known import Known
path, seed, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
known, chance = Known(path), random.Random(seed)
print("ready", flush=True)
sys.stdin.readline()
revision = seed
for _ in range(count):
    revision += 8
    known.offer(revision, json.dumps({"revision": revision, "fill": "x" * chance.randrange(size)}))
    if count > 1000: print(revision, flush=True)
print("done", flush=True)
"""


def test_eight_processes_offer_while_readers_look(known: Known) -> None:
    writers = [run_python(_OFFER, known.path, str(seed), "400", "20000") for seed in range(8)]
    known.offer(0, json.dumps({"revision": 0}))
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        newest, looks = 0, 0
        while any(writer.poll() is None for writer in writers):
            found = known.latest()
            assert found is not None
            assert json.loads(found.text)["revision"] == found.revision >= newest
            newest, looks = found.revision, looks + 1
        for writer in writers:
            assert writer.communicate()[0] == "done\n"
    finally:
        for writer in writers:
            end(writer)
    assert looks > 10
    assert latest(known)[0] == 7 + 400 * 8  # type: ignore[index]


def test_writers_are_killed_at_random_points(known: Known) -> None:
    """What a process had noted before it was killed is there, or something newer; the others go on."""
    chance = random.Random(5)
    newest = 0
    for turn in range(12):
        writer = run_python(_OFFER, known.path, str(newest), "1000000", "100000")
        try:
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == "ready\n"
            for _ in range(chance.randrange(1, 40)):
                newest = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = [int(line) for line in writer.communicate()[0].splitlines() if line.strip().isdigit()]
            newest = max([newest, *rest])
        finally:
            end(writer)
        found = latest(known)
        assert found is not None
        assert json.loads(found[1])["revision"] == found[0] >= newest, turn
        newest = found[0]
        assert known.offer(newest + 1, json.dumps({"revision": newest + 1}))
        newest += 1


def test_a_child_of_fork_offers_too_and_keeps_no_lock_of_its_parent(known: Known) -> None:
    known.offer(1, "one")
    descriptor, length = known._lock()
    assert length
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(writer)
            known.after_fork()
            os.read(reader, 1)  # lives on while the parent's lock ends with its holder
        finally:
            os._exit(0)
    os.close(reader)
    try:
        os.close(descriptor)  # what the kernel does when the parent is killed
        known._descriptor = -1
        assert Known(known.path).offer(2, "two")
    finally:
        os.close(writer)
        os.waitpid(child, 0)
    child = os.fork()
    if child == 0:
        os._exit(0 if known.offer(3, "three") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert latest(known) == (3, "three")
    assert known.offer(4, "four")


def test_threads_offer_through_one_object(known: Known) -> None:
    def work(first: int) -> None:
        for revision in range(first, 800, 8):
            known.offer(revision, str(revision))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert latest(known) == (799, "799")


def test_after_close_it_opens_again(known: Known) -> None:
    known.offer(1, "one")
    known.sync()
    known.close()
    known.close()
    assert known.offer(2, "two")
    known.close()
    os.unlink(known.path)
    known.sync()
    assert known.latest() is None
