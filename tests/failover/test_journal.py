"""The journal of one document in one epoch: what was appended is there, whatever happens to the file's tail, middle or
disk."""

from __future__ import annotations

import os
import resource
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stores.backends.failover import journal as module
from stores.backends.failover.journal import Journal, Record, RecordKind, journal_files
from stores.errors import StoreError
from tests.failover.conftest import end, run_python

AT = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)


def record(number: int, text: str | None = "{}", what: RecordKind = "write", **more: Any) -> Record:
    return Record(number, what, AT, text, **more)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(str(tmp_path), "state", 3)
    made.append(record(0, '{"n": 0}', "base", revision=7))
    return made


def fresh(journal: Journal) -> Journal:
    """As another process sees it."""
    return Journal(journal.directory, journal.kind, journal.epoch)


def numbers(journal: Journal) -> list[int]:
    return [found.number for found in fresh(journal).records()]


def only_segment(journal: Journal) -> Path:
    [(_, path)] = journal.segments()
    return Path(path)


# --- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        record(0, None, "base"),
        record(1, '{"a": "\\n é 😀"}', writer="Zoë\n\ud800\0", reason="a\nSJ1 00000000 1 1\n", token="t", doubt=True),
        record(2, "{}", "resync", revision=0, more={"conflicts": [{"path": "a.b", "ours": None}]}),
        record(3, "x" * 100_000, "adopted"),
    ],
)
def test_a_record_is_read_as_it_was_written(journal: Journal, given: Record) -> None:
    journal.append(given)
    journal.append(record(9))
    assert list(fresh(journal).records())[1:] == [given, record(9)]


def test_the_state_says_what_counts(journal: Journal) -> None:
    journal.append(record(1, "1", token="a"))
    journal.append(record(2, "2", token="b", doubt=True))
    journal.append(record(3, "3", "adopted"))
    journal.append(record(4, "ours", "resync", token="r"))
    for seen in (journal, fresh(journal)):
        state = seen.state()
        assert state.base is not None
        assert state.head is not None
        assert (state.base.text, state.base.revision) == ('{"n": 0}', 7)
        assert (state.head.text, [found.token for found in state.resyncs], state.tokens) == ("3", ["r"], ["b"])
        assert (state.writes, state.next_number, state.damage) == (3, 5, [])
    assert os.stat(only_segment(journal)).st_mode & 0o777 == 0o600


def test_an_empty_journal_has_nothing(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "not there"), "state", 1)
    state = journal.state(repair=True)
    assert (state.base, state.head, state.next_number, journal.size(), journal.segments()) == (None, None, 0, 0, [])
    with pytest.raises(StoreError):
        journal.append(record(0))


def test_kinds_and_epochs_keep_apart(journal: Journal) -> None:
    Journal(journal.directory, "state", 30).append(record(0, "other"))
    Journal(journal.directory, "state.3", 1).append(record(0, "odd name"))
    (Path(journal.directory) / "state.3.x.log").write_text("no segment")
    assert journal.state().next_number == 1
    assert [entry[:3] for entry in journal_files(journal.directory)] == [
        ("state", 3, 0),
        ("state", 30, 0),
        ("state.3", 1, 0),
    ]


# --- other processes --------------------------------------------------------------------------------------------------


def test_another_process_follows(journal: Journal) -> None:
    other = fresh(journal)
    assert other.state().next_number == 1
    for number in range(1, 6):
        (journal if number % 2 else other).append(record(number, str(number)))
        for seen in (journal, other):
            head = seen.state().head
            assert head is not None
            assert (head.text, seen.state().next_number) == (str(number), number + 1)


def test_a_journal_that_was_archived_is_gone_for_all(journal: Journal) -> None:
    other = fresh(journal)
    other.append(record(1))
    journal.archive()
    assert (other.state().head, journal.state().head, journal.segments()) == (None, None, [])
    assert [path.name for path in (Path(journal.directory) / "done").iterdir()] == ["state.3.0.log"]


def test_an_archive_of_the_same_name_is_not_overwritten(journal: Journal) -> None:
    """Epochs begin anew where the mode file was lost."""
    journal.append(record(1, "first life"))
    journal.archive()
    journal.append(record(0, "second life", "base"))
    journal.archive()
    texts = sorted(path.read_bytes().split(b"\n")[-2] for path in (Path(journal.directory) / "done").iterdir())
    assert texts == [b"first life", b"second life"]


# --- tails and middles ------------------------------------------------------------------------------------------------


def test_a_tail_torn_at_any_byte_is_cut_off(journal: Journal) -> None:
    """Trap 11: nobody had acknowledged it."""
    journal.append(record(1, '{"n": 1}'))
    path = only_segment(journal)
    whole = path.read_bytes()
    torn = record(2, '{"n": "é"}', writer="w").encode()
    for length in range(len(torn)):
        path.write_bytes(whole + torn[:length])
        looking = fresh(journal)
        assert (looking.state().next_number, looking.state().damage) == (2, [])
        assert path.stat().st_size == len(whole) + length, "a look changes nothing"
        repaired = fresh(journal)
        assert repaired.state(repair=True).damage == []
        assert path.read_bytes() == whole
        repaired.append(record(2, "after"))
        assert numbers(journal) == [0, 1, 2]
    assert [name for name in os.listdir(journal.directory) if "damaged" in name] == []


def test_who_followed_meets_a_torn_tail_too(journal: Journal) -> None:
    other = fresh(journal)
    assert other.state().next_number == 1
    torn = record(1, "torn").encode()[:-4]
    with only_segment(journal).open("ab") as file:
        file.write(torn)
    other.append(record(1, "other"))
    journal.append(record(2, "mine"))
    assert [found.text for found in fresh(journal).records()] == ['{"n": 0}', "other", "mine"]


@pytest.mark.parametrize("place", ["middle", "end"])
def test_damage_at_any_byte_is_kept_aside_and_costs_one_record(journal: Journal, place: str) -> None:
    journal.append(record(1, '{"n": 1}', token="t", doubt=True))
    path = only_segment(journal)
    start = path.stat().st_size
    journal.append(record(2, '{"n": 2}'))
    stop = path.stat().st_size
    if place == "middle":
        journal.append(record(3, '{"n": 3}'))
    whole = path.read_bytes()
    rest = [0, 1, 3] if place == "middle" else [0, 1]
    for at in range(start, stop):
        data = bytearray(whole)
        data[at] ^= 0x55
        path.write_bytes(data)
        repaired = fresh(journal)
        damage = repaired.state(repair=True).damage
        if place == "end" and not damage:
            # A length that grew looks like a record that was never finished.
            assert at < start + 30
        else:
            assert [(found.offset, found.length) for found in damage] == [(start, stop - start)], at
            assert Path(damage[0].kept).read_bytes() == bytes(data[start:stop])
            assert fresh(journal).state().damage == damage or place == "end"
            os.unlink(damage[0].kept)
        repaired.append(record(4, "next"))
        assert numbers(journal) == [*rest, 4]
        assert repaired.state().tokens == ["t"]


@pytest.mark.parametrize("length", [1, 150, 200, 250, 300, 340, 380, 420, 600])
def test_who_followed_meets_a_tail_that_another_process_cut(journal: Journal, length: int) -> None:
    """The place up to which it knew the file may be in the middle of another record by now."""
    other, third = fresh(journal), fresh(journal)
    journal.append(record(1, "1" * 300))
    assert third.state().next_number == other.state().next_number == 2
    path = only_segment(journal)
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    repaired = fresh(journal)
    assert len(repaired.state(repair=True).damage) == 1
    repaired.append(record(2, "2" * length))
    repaired.append(record(3, "3" * length))
    for seen in (other, third, journal):
        state = seen.state(repair=True)
        assert state.head is not None
        assert (state.head.number, state.next_number) == (3, 4)
    other.append(record(4))
    assert numbers(journal) == [0, 2, 3, 4]


def test_a_damaged_base_is_missed_by_nobody_but_the_base(journal: Journal) -> None:
    journal.append(record(1, '{"n": 1}'))
    path = only_segment(journal)
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    state = fresh(journal).state(repair=True)
    assert state.base is None
    assert state.head is not None
    assert (state.head.text, len(state.damage)) == ('{"n": 1}', 1)


# --- segments ---------------------------------------------------------------------------------------------------------


def test_segments_roll_and_each_has_the_base_and_what_is_in_doubt(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 2000)
    monkeypatch.setattr(module, "KEPT_BYTES", 6000)
    other = fresh(journal)
    other.state()
    journal.append(record(1, "in doubt", token="token", doubt=True))
    journal.append(record(2, "ours", "resync", token="never"))
    journal.append(record(2, "ours", "resync", token="arrived"))
    journal.append(record(2, "ours", "resync", token="sent", more={"arrived": "arrived"}))
    for number in range(3, 60):
        (journal if number % 3 else other).append(record(number, str(number) * 100))
        for seen in (journal, other, fresh(journal)):
            state = seen.state()
            assert state.base is not None
            assert state.head is not None
            assert (state.base.revision, state.head.number, state.tokens) == (7, number, ["token"])
            assert ([found.token for found in state.resyncs], state.next_number, state.damage) == (
                ["arrived", "sent"],
                number + 1,
                [],
            )
            assert state.writes <= number - 1
    segments = journal.segments()
    assert len(segments) > 1
    assert segments[0][0] > 0
    assert 2000 < journal.size() < 9000


def test_a_torn_tail_counts_where_a_later_segment_follows(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.append(record(1, "1" * 200))
    first = only_segment(journal)
    monkeypatch.setattr(module, "SEGMENT_BYTES", 500)
    journal.append(record(2, "2" * 200))
    first.write_bytes(first.read_bytes()[:-10])
    state = fresh(journal).state(repair=True)
    assert [found.segment for found in state.damage] == [first.name]
    assert state.head is not None
    assert (state.head.number, state.next_number) == (2, 3)


# --- disks ------------------------------------------------------------------------------------------------------------


def test_a_full_disk_refuses_the_record_and_keeps_the_others(journal: Journal) -> None:
    """RLIMIT_FSIZE ends the write half way, as a full disk does; SIGXFSZ is ignored as Python does it."""
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN
    journal.append(record(1, "one"))
    other = fresh(journal)
    other.state()
    size = only_segment(journal).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, 10, 60, 300):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, limits[1]))
        try:
            with pytest.raises(StoreError, match="state"):
                journal.append(record(2, "x" * 500))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        for seen in (journal, other, fresh(journal)):
            assert (seen.state().next_number, seen.state().damage) == (2, [])
    other.append(record(2, "two"))
    journal.append(record(3, "three"))
    assert [found.text for found in fresh(journal).records() if found.what == "write"] == ["one", "two", "three"]
    assert other.state().next_number == 4


def test_after_a_failed_sync_the_file_gets_no_more_records(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 12: a second fsync would report success for pages that are gone."""
    journal.append(record(1, "one"))
    real = os.fdatasync

    def fails(descriptor: int) -> None:
        monkeypatch.setattr(os, "fdatasync", real)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fails)
    with pytest.raises(StoreError):
        journal.append(record(2, "lost"))
    assert numbers(journal) == [0, 1]
    journal.append(record(2, "two"))
    assert [number for number, _ in journal.segments()] == [0, 1]
    other = fresh(journal)
    other.append(record(3, "three"))
    state = journal.state()
    assert state.base is not None
    assert [found.text for found in fresh(journal).records()] == ['{"n": 0}', "one", '{"n": 0}', "two", "three"]
    assert (state.next_number, state.base.revision) == (4, 7)


def test_a_record_can_be_taken_back(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    other = fresh(journal)
    journal.append(record(1, "one"))
    assert other.state().next_number == 2
    refused = record(2, "refused")
    journal.append(refused)
    journal.retract(refused)
    for seen in (journal, other):
        head = seen.state().head
        assert head is not None
        assert (head.text, seen.state().next_number) == ("one", 2)
    monkeypatch.setattr(module, "SEGMENT_BYTES", 10)
    journal.append(refused)
    journal.retract(refused)
    assert numbers(journal) == [0, 1, 0]
    other.append(record(2, "two"))
    assert journal.state().next_number == 3


_APPEND = """
import sys
from datetime import UTC, datetime
from stores.backends.failover.journal import Journal, Record
journal = Journal(sys.argv[1], "state", 3)
number = journal.state(repair=True).next_number
while True:
    journal.append(Record(number, "write", datetime.now(UTC), str(number) * 3000))
    print(number, flush=True)
    number += 1
"""


def test_killed_writers_leave_what_they_acknowledged(journal: Journal) -> None:
    acknowledged = 0
    for turn in range(8):
        writer = run_python(_APPEND, journal.directory)
        try:
            assert writer.stdout is not None
            for _ in range(3 + turn * 5):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            rest = [int(line) for line in writer.communicate()[0].splitlines() if line.strip().isdigit()]
            acknowledged = max([acknowledged, *rest])
        finally:
            end(writer)
        state = journal.state(repair=True)
        assert state.next_number in (acknowledged + 1, acknowledged + 2)
        assert state.damage == []
        assert state.head is not None
        assert state.head.text == str(state.head.number) * 3000
        assert numbers(journal) == list(range(state.next_number))


def test_old_archives_go_when_they_are_too_much(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 2500)
    for epoch in range(10, 20):
        old = Journal(journal.directory, "state", epoch)
        old.append(record(0, "x" * 500, "base"))
        old.archive()
    names = {path.name for path in (Path(journal.directory) / "done").iterdir()}
    assert "state.19.0.log" in names
    assert "state.10.0.log" not in names
    assert 2 < len(names) < 5
