"""Differences of counters that begin anew in every way they can: never more than there was, never less than zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from opsadmin.workload.standing import Entry, Standing, added_between
from opsadmin.workload.sums import Sums

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


class Server:
    """A PostgreSQL that counts, and what it really did since the last look."""

    def __init__(self, system: str, now: datetime, history: int) -> None:
        self.system = system
        self.now = now
        self.started_at = now - timedelta(days=90)
        self.reset_at: datetime | None = None
        self.server_reset_at: datetime | None = now - timedelta(days=90)
        self.counted = history
        self.entries = {f"{number}:1:1": [history, history * 2.5, self.started_at] for number in range(3)}
        self.tells_since = True
        self.drift = timedelta()

    def look(self, *, sees_all: bool) -> Standing:
        visible = {
            key: Entry(
                key.split(":")[0],
                "app",
                True,
                Sums(calls=calls, ms=ms, max_ms=ms),
                since if self.tells_since else None,
            )
            for key, (calls, ms, since) in self.entries.items()
            if sees_all or key != "2:1:1"
        }
        return Standing(
            clock=self.now + self.drift,
            seen_at=self.now,
            system=self.system,
            started_at=self.started_at,
            reset_at=self.reset_at,
            server_reset_at=self.server_reset_at,
            counters={"xact_commit": float(self.counted), "wal_bytes": self.counted * 10.0},
            entries=visible,
            is_whole=sees_all,
        )

    def work(self, number: int, calls: int) -> None:
        self.counted += calls
        entry = self.entries.setdefault(f"{number}:1:1", [0, 0.0, self.now + self.drift])
        entry[0] += calls
        entry[1] += calls * 2.5


EVENTS = (
    "work",
    "work",
    "work",
    "reset",
    "reset_statements",
    "restart",
    "crash",
    "crash_behind",
    "evict",
    "failover",
    "clock",
    "sight",
)


@given(
    st.lists(
        st.tuples(st.sampled_from(EVENTS), st.integers(0, 5), st.integers(0, 500), st.booleans()),
        min_size=1,
        max_size=40,
    ),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_never_tells_more_than_there_was(events, tells_since: bool) -> None:
    server = Server("one.5", BEGIN, 1_000_000)
    server.tells_since = tells_since
    sees_all = True
    last = server.look(sees_all=sees_all)
    work = told = told_calls = 0.0
    disturbed = False
    for event, number, amount, looks in events:
        server.now += timedelta(minutes=2)
        clock = server.now + server.drift
        match event:
            case "work":
                server.work(number, amount)
                work += amount
            case "reset":
                server.counted, server.reset_at = 0, clock
            case "reset_statements":
                server.entries = {}
            case "restart":
                server.started_at = clock
            case "crash":
                server.counted, server.entries = 0, {}
                server.started_at = server.server_reset_at = clock
            case "crash_behind":
                # A backend died: the server begins anew, and its start is not told.
                server.counted, server.entries, server.server_reset_at = 0, {}, clock
            case "evict":
                server.entries.pop(f"{number}:1:1", None)
            case "failover":
                tells, now = server.tells_since, server.now
                # Its own counters have run for months, and it started long ago.
                server = Server(server.system, now, 5_000_000 + amount)
                server.started_at = now - timedelta(days=30, seconds=amount)
                server.tells_since = tells
            case "clock":
                server.drift -= timedelta(minutes=amount)
            case "sight" if not server.drift:
                sees_all = not sees_all
        disturbed = disturbed or event != "work"
        if looks:
            now = server.look(sees_all=sees_all)
            found = added_between(last, now)
            assert found.seconds > 0
            for value in (found.counters or {}).values():
                assert value >= 0
            if found.counters is not None:
                told += found.counters["xact_commit"]
            if found.statements is not None:
                for sums in found.statements.by.values():
                    assert min(sums.values()) >= 0
                told_calls += sum(sums.calls for sums in found.statements.by.values())
            assert told <= work + 1e-6
            assert told_calls <= work + 1e-6
            if not disturbed:
                assert told == told_calls == work
            last = now


def standing(minutes: float = 0, **more) -> Standing:
    at = BEGIN + timedelta(minutes=minutes)
    values = {"clock": at, "seen_at": at, "system": "one.5", "started_at": BEGIN - timedelta(days=9)}
    return Standing(**{**values, **more})


def test_what_is_kept_comes_back() -> None:
    entries = {"-7:10:1": Entry("-7", 'Odd "Röle" 100%', True, Sums(calls=3, ms=1.25), BEGIN)}
    one = standing(counters={"xact_commit": 5.0}, entries=entries, is_whole=True, idle_for=3.5, tables_at=BEGIN)
    assert Standing.unpacked(one.packed()) == one
    assert Standing.unpacked(replace(one, entries=None).packed()) == replace(one, entries=None)
    assert Standing.unpacked(b"") is None
    assert Standing.unpacked(b"x\x9cK\xad(\xc8/") is None


def test_counts_from_zero_after_a_reset_and_says_when() -> None:
    before = standing(0, counters={"xact_commit": 900.0})
    reset = BEGIN + timedelta(minutes=3)
    found = added_between(before, standing(5, counters={"xact_commit": 40.0}, reset_at=reset))
    assert found.counters == {"xact_commit": 40.0}
    assert found.reset_at == reset
    # Back at where it was, by chance: the time of the reset tells.
    found = added_between(before, standing(5, counters={"xact_commit": 950.0}, reset_at=reset))
    assert found.counters == {"xact_commit": 950.0}


def test_tells_nothing_where_nobody_knows_since_when_it_counts() -> None:
    before = standing(0, counters={"xact_commit": 900.0})
    found = added_between(before, standing(5, counters={"xact_commit": 40.0}))
    assert found.counters is None
    other = added_between(before, standing(5, counters={"xact_commit": 5e6}, system="two.5"))
    assert other.elsewhere
    assert other.counters is None


def test_a_woken_compute_is_a_start_with_lost_counters() -> None:
    entries = {"1:1:1": Entry("1", "app", True, Sums(calls=70))}
    before = standing(0, counters={"xact_commit": 900.0}, entries=entries, is_whole=True)
    woken = BEGIN + timedelta(minutes=50)
    after = standing(
        60,
        counters={"xact_commit": 12.0},
        entries={"1:1:1": Entry("1", "app", True, Sums(calls=4)), "2:1:1": Entry("2", "app", True, Sums(calls=5))},
        started_at=woken,
        server_reset_at=woken,
    )
    found = added_between(before, after)
    assert found.lost
    assert found.restarted_at == woken
    assert found.counters == {"xact_commit": 12.0}
    assert found.statements is not None
    assert found.statements.total.calls == 9


def test_a_clock_that_jumps_does_not_stretch_the_time() -> None:
    before = standing(0)
    forward = standing(5, clock=BEGIN + timedelta(days=30))
    assert added_between(before, forward).seconds == 300
    back = standing(5, clock=BEGIN - timedelta(days=30))
    assert added_between(before, back).seconds == 300
    both = standing(-60)
    assert added_between(before, both).seconds == 300


def test_a_longest_call_is_told_where_it_is_of_this_time() -> None:
    def entry(**sums: float) -> dict[str, Entry]:
        return {"1:1:1": Entry("1", "app", True, Sums(**sums))}

    before = standing(0, entries=entry(calls=10, ms=100, max_ms=50), is_whole=True)
    record = added_between(before, standing(5, entries=entry(calls=12, ms=190, max_ms=80), is_whole=True))
    assert record.statements is not None
    assert record.statements.by["1", "app"].max_ms == 80
    usual = added_between(before, standing(5, entries=entry(calls=12, ms=130, max_ms=50), is_whole=True))
    assert usual.statements is not None
    assert usual.statements.by["1", "app"].max_ms == 15
