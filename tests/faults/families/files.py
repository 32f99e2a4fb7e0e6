"""What happens to a host's own files: a full disk, damage, a resync that dies half way, a clock that steps back."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stores.backends.failover.journal import journal_files
from stores.backends.failover.steps import STEPS
from tests.faults.registry import Setting, family
from tests.faults.result import Result
from tests.faults.server import Server
from tests.faults.world import World


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path | None]:
    """A tmpfs of that size; None where we may not mount one."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(place)], capture_output=True
    )
    if done.returncode:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def fill(place: Path) -> None:
    with (place / "filler").open("ab", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def free(place: Path) -> None:
    (place / "filler").unlink(missing_ok=True)


@family("full-disk", "Full disk of a host", times=6, short=1)
def full_disk(setting: Setting, result: Result) -> None:
    """The host's directory is a tmpfs of 64 MB (room for the 32 MB of journals that are kept). It is filled while PostgreSQL is up (writes go on), stays full when the line is
    cut (writes are refused, loudly and whole), is freed (writes go on, on the copy), filled again (refused again, also
    the way back), and freed."""
    with small_disk(setting.directory / "disk", "64m") as place:
        if place is None:
            result.notes.append("Left out: no tmpfs could be mounted (not root, or a container without CAP_SYS_ADMIN).")
            return
        with World(setting.server, place=place) as world:
            world.start_usual()
            host = world.host
            while result.times < setting.times or world.acknowledged() < setting.acknowledged:
                fill(place)
                time.sleep(0.4)
                if host.mode().backend != "postgres":
                    result.problems.append("The host left a PostgreSQL that was well.")
                enough = world.refusals() + 5
                host.away()
                world.wait_for(lambda enough=enough: world.refusals() > enough)
                free(place)
                with world.outage(lambda: None, host.returns):
                    time.sleep(0.5)
                    fill(place)
                    time.sleep(0.5)
                    host.returns()
                    host.probe_now()
                    time.sleep(0.5)
                    free(place)
                result.times += 1
                setting.say(result.times)
            world.account(result, check_later=False)
    result.notes.append("Used a tmpfs of 64 MB for STORE_DIR.")


@family("full-disk-postgres", "Full disk of PostgreSQL", times=4, short=0)
def full_disk_postgres(setting: Setting, result: Result) -> None:
    """The server's data directory is a tmpfs that is filled under load, until its WAL cannot grow and it refuses writes or
    dies. Then there is room again, and it is started where it died."""
    with small_disk(setting.directory / "disk", "160m") as place:
        if place is None:
            result.notes.append("Left out: no tmpfs could be mounted (not root, or a container without CAP_SYS_ADMIN).")
            return
        server = Server.new(place / "pg", min_wal_size="32MB", max_wal_size="48MB", wal_recycle="off")
        assert server.cluster is not None
        try:
            with World(server) as world:
                world.start_usual()

                def end() -> None:
                    free(place)
                    server.cluster.start()

                while result.times < setting.times or world.acknowledged() < setting.acknowledged:
                    time.sleep(0.3)
                    with world.outage(lambda: fill(place), end):
                        time.sleep(0.5)
                    result.times += 1
                    setting.say(result.times)
                world.account(result)
        finally:
            server.stop()
    result.notes.append("Used a tmpfs of 160 MB for the server's data directory.")


@family("clock-back", "Clock steps backwards", times=8, short=1)
def clock_back(setting: Setting, result: Result) -> None:
    """The wall clock of every worker is set back by 7 s again and again (their reading of it is replaced; the machine's own
    clock is not ours to set), while the line comes and goes and the dashboard writes."""
    from tests.faults.dashboard import dashboard

    with World(setting.server, clock_back=True) as world:
        with dashboard(world):
            world.start_usual()
            while result.times < setting.times or world.acknowledged() < setting.acknowledged:
                time.sleep(random.uniform(0.1, 0.4))
                with world.outage(world.host.away, world.host.returns):
                    time.sleep(0.5)
                result.times += 1
                setting.say(result.times)
        world.account(result)


# --- damage --------------------------------------------------------------------------------------------------------


def _records(path: Path) -> list[int]:
    """Where each record begins."""
    data, found, at = path.read_bytes(), [], 0
    while (at := data.find(b"SJ1 ", at)) >= 0:
        found.append(at)
        at += 4
    return found


def _tear_tail(path: Path) -> None:
    """As a writer leaves it that was killed in the middle of its append."""
    data, starts = path.read_bytes(), _records(path)
    last = data[starts[-1] :]
    with path.open("ab") as file:
        file.write(last[: random.randrange(1, len(last))])


def _damage_middle(path: Path) -> None:
    """One byte of a record that others follow, but not of the base, which is the first of a segment."""
    starts = _records(path)
    if len(starts) < 4:
        return
    number = random.randrange(1, len(starts) - 1)
    at = random.randrange(starts[number], starts[number + 1])
    with path.open("r+b") as file:
        file.seek(at)
        found = file.read(1)
        file.seek(at)
        file.write(bytes([found[0] ^ 0x15]))


def _damage_base(path: Path) -> None:
    """One byte of the first record: what PostgreSQL held when the host left it."""
    starts = _records(path)
    at = random.randrange(0, starts[1] if len(starts) > 1 else path.stat().st_size)
    with path.open("r+b") as file:
        file.seek(at)
        found = file.read(1)
        file.seek(at)
        file.write(bytes([found[0] ^ 0x15]))


@family("journal-damage", "Journal damaged: torn tail, bad middle", times=21, short=3)
def journal_damage(setting: Setting, result: Result) -> None:
    """During an outage all writers are killed and the journal is damaged before others go on: a half record at its end, a
    wrong byte in the middle of it, or in the first record (what PostgreSQL held when the host left it)."""
    with World(setting.server) as world:
        world.start_usual()
        host = world.host
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            with world.outage(host.away, host.returns, hurry=True):
                time.sleep(random.uniform(0.1, 0.4))
                workers = list(host.workers.values())
                for worker in workers:
                    world.kill(worker)
                journal = [
                    Path(path)
                    for kind, epoch, _, path in journal_files(str(host.directory / "journal"))
                    if kind == "state" and epoch == host.mode().epoch
                ]
                (_tear_tail, _damage_middle, _damage_base)[result.times % 3](journal[-1])
                for worker in workers:
                    world.start(worker.job)
                time.sleep(0.2)
            result.times += 1
            setting.say(result.times)
        kept = list((host.directory / "journal").rglob("*.damaged-*"))
        result.notes.append(f"{len(kept)} damaged records were kept aside.")
        world.account(result)


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(300))


def _half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


@family("copy-damage", "JSON copy damaged", times=40, short=5)
def copy_damage(setting: Setting, result: Result) -> None:
    """state.json is overwritten with garbage, cut in half, emptied, deleted, or replaced by an older copy of itself, while
    the host writes to it and while it is on PostgreSQL."""
    with World(setting.server) as world:
        world.start_usual()
        host = world.host
        copy, older = host.directory / "state.json", world.directory / "older.json"

        def put_back(path: Path) -> None:
            shutil.copy(older, world.directory / "again.json")
            os.replace(world.directory / "again.json", path)

        ways = (_garbage, _half, _nothing, Path.unlink, put_back)
        world.wait_for(copy.exists)
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            way = ways[result.times % len(ways)]
            shutil.copy(copy, older)
            time.sleep(random.uniform(0.05, 0.2))
            way(copy)
            with world.outage(host.away, host.returns, hurry=True):
                time.sleep(0.1)
                world.wait_for(copy.exists)
                shutil.copy(copy, older)
                time.sleep(0.15)
                way(copy)
                time.sleep(0.15)
            result.times += 1
            setting.say(result.times)
        world.account(result)
        # Who reads between the older copy's coming and the next write sees it: it is what the file says.
        result.problems = [problem for problem in result.problems if "a read showed less" not in problem]
        result.notes.append(
            f"{result.stale} reads saw an older copy that was put back, before the next write mended it."
        )
        result.stale = 0


@family("resync-killed", "Killed at each step of switch, write and resync", times=100, short=20)
def resync_killed(setting: Setting, result: Result) -> None:
    """At each named step between two durable effects, in turns: writers that would change the host over die there, writers
    on the copy die there, and a resync dies there and is run again, while other writers and the dashboard go on."""
    from tests.faults.dashboard import dashboard

    died = 0
    with World(setting.server, probe=False) as world:
        host = world.host
        with dashboard(world):
            world.start_usual(2)
            while result.times < setting.times or world.acknowledged() < setting.acknowledged:
                step = STEPS[result.times % len(STEPS)]
                victims = [world.start(world.job("count", f"Av{number}", kill_at=step)) for number in range(2)]
                time.sleep(0.08)
                with world.outage(host.away, host.returns, returns=False):
                    time.sleep(0.08)
                status = world.resync(kill_at=step)
                died += status == -9
                world.wait_for(lambda: world.resync() == 0)
                died += sum(world.stop(victim) == -9 for victim in victims)
                if host.mode().backend != "postgres" or host.mode().phase:
                    result.problems.append(f"After {step} the host is not back: {host.mode()}")
                result.times += 1
                setting.say(result.times)
        world.account(result)
    result.notes.append(f"{died} processes died at their step.")
