"""A model check of the failover: hypothesis draws what hosts, lines, operators, other programs and the grim reaper do,
over the real code and a real PostgreSQL, and looks whether what was acknowledged is there.

Two hosts with two processes each and a dashboard work on one document. Threads are off, so that every step is drawn.
`HYPOTHESIS_PROFILE=long` runs thousands of steps (MODEL_EXAMPLES, MODEL_STEPS say how many)."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from stores.backends import durable_file
from stores.backends.failover import copy_side, host, journal, postgres_side, resync
from stores.backends.failover.background import Background
from stores.backends.failover.journal import Journal
from stores.backends.failover.steps import STEPS
from stores.errors import CommitUnknown, StoreBusy, StoreError, StoreUnavailable
from tests.failover.conftest import Process, refresh, start_process
from tests.fixtures.postgres import reset_store
from tests.fixtures.proxy import Proxy, proxy_to

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

#: The lines are never slow here, and nobody calls who would have to wait for a lock: what is refused is refused at once.
DEADLINE = 3.0
KIND = "settings"
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
#: Of each register the latest writer counts, whoever it is.
REGISTERS = ("r0", "r1")
RESYNC_STEPS = [step for step in STEPS if step.startswith("resync.")]
WRITE_STEPS = [step for step in STEPS if not step.startswith("resync.")]


class Killed(BaseException):
    """The process ends here."""


class Reaper:
    """Ends the process that reaches `step`: nothing that it would do afterwards, as cleaning up, comes to the disk."""

    def __init__(self) -> None:
        self.step = ""
        self.dead = False

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for module in (host, journal, copy_side, postgres_side, resync):
            patch.setattr(module, "reached", self._reached)
        for place, name in ((durable_file, "replace"), (Journal, "retract"), (Journal, "append"), (Journal, "archive")):
            patch.setattr(place, name, self._mortal(getattr(place, name)))

    def _reached(self, step: str) -> None:
        if step == self.step:
            self.dead = True
            raise Killed(step)

    def _mortal(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def mortal(*arguments: Any, **options: Any) -> Any:
            if self.dead:
                raise Killed
            return act(*arguments, **options)

        return mortal

    @contextmanager
    def at(self, step: str) -> Iterator[None]:
        self.step, self.dead = step, False
        try:
            yield
        finally:
            self.step, self.dead = "", False


class Clock(datetime):
    """The wall clock, which steps back."""

    offset = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) - cls.offset


class World:
    """What the test gives to the machine, which hypothesis makes anew for each example."""

    dsn = ""
    directory = Path()
    reaper = Reaper()


class Failover(RuleBasedStateMachine):
    hosts = ("A", "B")
    people = st.sampled_from([("A", 0), ("A", 1), ("B", 0), ("B", 1)])
    some_host = st.sampled_from(hosts)
    some_task = st.sampled_from(["increment", "increment", "whole", "register", "delete", "dashboard"])
    some_step = st.one_of(st.just(""), st.just(""), st.just(""), st.sampled_from(WRITE_STEPS))
    some_tasks = st.lists(st.tuples(people, some_task, some_step), min_size=1, max_size=6)

    def __init__(self) -> None:
        super().__init__()
        reset_store(World.dsn)
        Clock.offset = timedelta()
        self.place = Path(tempfile.mkdtemp(dir=World.directory))
        self.lines: dict[str, Proxy] = {name: proxy_to(World.dsn) for name in self.hosts}
        self.up = dict.fromkeys(self.hosts, True)
        self.dashboard = psycopg.connect(World.dsn, autocommit=True)
        self.dashboard.execute("SET lock_timeout = '50ms'")
        self.processes: dict[tuple[str, int], Process] = {}
        self.open: dict[tuple[str, int], tuple[AbstractContextManager[Any], Any, str]] = {}
        self.number = 0
        # What the documents must say: of each key whether it may be there and may be missing, of each counter how
        # often it was surely raised, and how often perhaps.
        self.may: dict[str, set[bool]] = {}
        self.owner: dict[str, str] = {}
        self.sure: Counter[str] = Counter()
        self.perhaps: Counter[str] = Counter()
        self.values: dict[str, set[str]] = {name: set() for name in REGISTERS}
        self.kept: set[str] = set()
        self.latest: dict[tuple[str, int, str], str] = {}
        self.restored = False

    @initialize()
    def start(self) -> None:
        for name in self.hosts:
            (self.place / name).mkdir()
            for number in (0, 1):
                self.begin((name, number))
        # Never empty: a document that another host emptied key by key is taken for one that was lost, and stops the return.
        self.processes["A", 0].store.write({"root": True})
        self.seen_by_all()

    def begin(self, who: tuple[str, int]) -> None:
        line = self.lines[who[0]].dsn(World.dsn, application_name=f"model-{who[0]}")
        self.processes[who] = start_process(line, self.place / who[0], kind=KIND, deadline=DEADLINE, name=f"{who}")

    def teardown(self) -> None:
        try:
            if len(self.processes) == 4:
                self.heal()
        finally:
            self.end()

    def end(self) -> None:
        for manager, _, _ in self.open.values():
            manager.__exit__(Killed, Killed(), None)
        for process in self.processes.values():
            process.store.primary.close()
            process.host.close()
        for line in self.lines.values():
            line.close()
        self.dashboard.close()
        shutil.rmtree(self.place, ignore_errors=True)

    # --- what a call may come to -----------------------------------------------------------------------------------

    def new_name(self, prefix: str) -> str:
        self.number += 1
        return f"{prefix}{self.number}!"

    def told(self, who: tuple[str, int], act: Callable[[], None], step: str = "") -> str:
        """Do it: "sure", "perhaps" or "no". A process that dies at `step` is replaced."""
        try:
            with World.reaper.at(step):
                act()
        except CommitUnknown:
            return "perhaps"
        except StoreUnavailable:
            return "no"
        except Killed:
            self.bury(who)
            return "perhaps"
        return "sure"

    def bury(self, who: tuple[str, int]) -> None:
        process = self.processes[who]
        process.store.primary.close()
        process.host.close()
        self.begin(who)

    def key_written(self, key: str, name: str, outcome: str, *, there: bool) -> None:
        self.owner[key] = name
        if outcome == "sure":
            self.may[key] = {there}
        elif outcome == "perhaps":
            self.may[key] = self.may.get(key, {False}) | {there}
        else:
            self.may.setdefault(key, {False})

    def counted(self, key: str, outcome: str) -> None:
        self.sure[key] += outcome == "sure"
        self.perhaps[key] += outcome == "perhaps"

    def registered(self, name: str, register: str, value: str, outcome: str, mode: Any) -> None:
        if outcome == "no":
            return
        self.values[register].add(value)
        if outcome != "sure":
            return
        if mode.backend == "filesystem":
            # What the same host overwrites on its copy is no more wanted.
            self.kept.discard(self.latest.get((name, mode.epoch, register), ""))
            self.latest[name, mode.epoch, register] = value
        self.kept.add(value)

    # --- what the hosts do -----------------------------------------------------------------------------------------

    def free(self, who: tuple[str, int]) -> bool:
        """Whether this process can write without waiting for a block that is open."""
        if who in self.open:
            return False
        process = self.processes[who]
        if process.host.mode().backend == "filesystem":
            return not self.file_is_locked(process)
        return not self.row_is_locked()

    def file_is_locked(self, process: Process) -> bool:
        try:
            with process.store.fallback.hold(0.0):
                return False
        except StoreBusy:
            return True

    def row_is_locked(self) -> bool:
        ask = "SELECT FROM json_store WHERE kind = %s FOR UPDATE SKIP LOCKED"
        return self.dashboard.execute(ask, [KIND]).fetchone() is None

    def increment(self, who: tuple[str, int], step: str) -> None:
        if not self.free(who):
            return
        key, fresh = f"count.{who[0]}", self.new_name(f"key.{who[0]}.")

        def act() -> None:
            with self.processes[who].store.transaction() as held:
                document = held.read()
                held.write({**document, key: document.get(key, 0) + 1, fresh: True})

        outcome = self.told(who, act, step)
        self.counted(key, outcome)
        self.key_written(fresh, who[0], outcome, there=True)

    def set_register(self, who: tuple[str, int]) -> None:
        if not self.free(who):
            return
        register = REGISTERS[self.number % len(REGISTERS)]
        value = self.new_name("value.")

        def act() -> None:
            with self.processes[who].store.transaction() as held:
                held.write({**held.read(), register: value})

        outcome = self.told(who, act)
        self.registered(who[0], register, value, outcome, self.processes[who].host.mode())

    def write_whole(self, who: tuple[str, int], step: str) -> None:
        if not self.free(who):
            return
        fresh = self.new_name(f"key.{who[0]}.")
        store = self.processes[who].store

        def act() -> None:
            store.write({**store.read(), fresh: True})

        self.key_written(fresh, who[0], self.told(who, act, step), there=True)

    def delete(self, who: tuple[str, int]) -> None:
        mine = sorted(key for key, owner in self.owner.items() if owner == who[0] and self.may[key] != {False})
        if not self.free(who) or not mine:
            return
        key = mine[self.number % len(mine)]

        def act() -> None:
            with self.processes[who].store.transaction() as held:
                document = held.read()
                document.pop(key, None)
                held.write(document)

        self.key_written(key, who[0], self.told(who, act), there=False)

    def task(self, who: tuple[str, int], what: str, step: str) -> None:
        if what == "increment":
            self.increment(who, step)
        elif what == "whole":
            self.write_whole(who, step)
        elif what == "register":
            self.set_register(who)
        elif what == "delete":
            self.delete(who)
        else:
            self.dashboard_counts()

    def work(self, tasks: list[tuple[tuple[str, int], str, str]]) -> None:
        for who, what, step in tasks:
            self.task(who, what, step)

    # Most of what hosts do is this.
    work_first = rule(tasks=some_tasks)(work)
    work_again = rule(tasks=some_tasks)(work)
    work_on = rule(tasks=some_tasks)(work)

    @rule(
        who=people,
        events=st.lists(
            st.one_of(
                st.tuples(
                    st.sampled_from(["goes", "comes", "sessions", "before", "after", "foreign", "switch"]), people
                ),
                st.tuples(some_task, people),
            ),
            max_size=4,
        ),
        undo=st.sampled_from([False, False, False, True]),
    )
    def block(self, who: tuple[str, int], events: list[tuple[str, tuple[str, int]]], undo: bool) -> None:
        """A transaction during which other things happen."""
        if not self.open_block(who):
            return
        for what, other in events:
            if what == "goes":
                self.line_goes(other[0])
            elif what == "comes":
                self.line_comes(other[0])
            elif what == "sessions":
                self.server_ends_sessions(other[0])
            elif what in ("before", "after"):
                self.line_will_break(other[0], what, other[1] == 0)
            elif what == "foreign":
                self.another_program(other[0], "edit")
            elif what == "switch":
                self.switch_to_filesystem(other)
            else:
                self.task(other, what, "")
        self.close_block(who, undo)

    def open_block(self, who: tuple[str, int]) -> bool:
        if not self.free(who):
            return False
        manager = self.processes[who].store.transaction()
        try:
            held = manager.__enter__()
        except StoreUnavailable:
            return False
        key, fresh = f"count.{who[0]}", self.new_name(f"key.{who[0]}.")
        document = held.read()
        held.write({**document, key: document.get(key, 0) + 1, fresh: True})
        self.open[who] = manager, held, fresh
        return True

    def close_block(self, who: tuple[str, int], undo: bool) -> None:
        manager, _, fresh = self.open.pop(who)
        if undo:
            with pytest.raises(ValueError, match="undo"):
                error = ValueError("undo")
                if not manager.__exit__(ValueError, error, None):
                    raise error
            outcome = "no"
        else:
            outcome = self.told(who, lambda: manager.__exit__(None, None, None) and None)
        self.counted(f"count.{who[0]}", outcome)
        self.key_written(fresh, who[0], outcome, there=True)

    @rule(who=people)
    def refresh_copy(self, who: tuple[str, int]) -> None:
        if not any(other[0] == who[0] for other in self.open):
            refresh(self.processes[who])

    def dashboard_counts(self) -> None:
        value = self.new_name("value.")
        try:
            with self.dashboard.transaction():
                row = self.dashboard.execute(
                    "SELECT data FROM json_store WHERE kind = %s FOR UPDATE", [KIND]
                ).fetchone()
                assert row is not None
                data = {**row[0], "count.D": row[0].get("count.D", 0) + 1, "r1": value}
                self.dashboard.execute(
                    "UPDATE json_store SET data = %s::jsonb, updated_at = now() WHERE kind = %s",
                    [json.dumps(data), KIND],
                )
        except psycopg.errors.LockNotAvailable:
            return
        self.counted("count.D", "sure")
        self.values["r1"].add(value)
        self.kept.add(value)

    # --- what happens to them --------------------------------------------------------------------------------------

    @rule(name=some_host, what=st.sampled_from(["goes", "comes", "comes", "sessions"]))
    def line(self, name: str, what: str) -> None:
        if what == "goes":
            self.line_goes(name)
        elif what == "comes":
            self.line_comes(name)
        else:
            self.server_ends_sessions(name)

    def line_goes(self, name: str) -> None:
        if self.up[name]:
            self.up[name] = False
            self.lines[name].refuse()
        self.server_ends_sessions(name)

    def line_comes(self, name: str) -> None:
        if not self.up[name]:
            self.up[name] = True
            self.lines[name].accept()

    @rule(name=some_host, when=st.sampled_from(["before", "after"]), for_good=st.booleans())
    def line_will_break(self, name: str, when: str, for_good: bool) -> None:
        """At the next write, resyncs included; `for_good`: nobody can look afterwards what became of it."""
        self.lines[name].cut_at(b"UPDATE json_store", when)
        if for_good and self.up[name]:
            self.up[name] = False
            self.lines[name].refuse()

    def server_ends_sessions(self, name: str) -> None:
        self.lines[name].cut()
        ask = "SELECT FROM pg_stat_activity WHERE application_name = %s"
        while self.dashboard.execute(ask, [f"model-{name}"]).fetchone() is not None:
            time.sleep(0.001)

    def clock_steps(self, back: int) -> None:
        Clock.offset = timedelta(hours=back)

    @rule(name=some_host, how=st.sampled_from(["delete", "damage", "edit", "replace"]))
    def another_program(self, name: str, how: str) -> None:
        """Something happens to the copy. A change of a copy in use is a write; else it goes nowhere."""
        path = self.place / name / f"{KIND}.json"
        process = self.processes[name, 0]
        mode = process.host.mode()
        if mode.backend != "filesystem" or not Journal(process.host.journals, KIND, mode.epoch).segments():
            path.write_text('{"nowhere": true}')
            return
        if how in ("delete", "damage"):
            if self.file_is_locked(process):
                return
            with process.store.transaction():
                pass  # has taken notice of what another program wrote: else only the file has it
        if how == "delete":
            path.unlink(missing_ok=True)
        elif how == "damage":
            path.write_bytes(b'{"torn')
        else:
            process.store.health_check()  # brings a lost copy back
            fresh = self.new_name(f"key.{name}.")
            text = json.dumps({**json.loads(path.read_text()), fresh: True})
            if how == "edit":
                path.write_text(text)
            else:
                path.with_suffix(".new").write_text(text)
                path.with_suffix(".new").rename(path)
            self.key_written(fresh, name, "sure", there=True)

    def journal_is_damaged(self, name: str, how: str) -> None:
        """A record that was never finished, or the last one rots while the copy still has it."""
        process = self.processes[name, 1]
        mode = process.host.mode()
        segments = Journal(process.host.journals, KIND, mode.epoch).segments()
        if mode.backend != "filesystem" or not segments or self.file_is_locked(process):
            return
        path = Path(segments[-1][1])
        if how == "torn":
            with path.open("ab") as file:
                file.write(path.read_bytes()[:60])
            return
        with process.store.transaction():
            pass
        data = bytearray(path.read_bytes())
        if list(Journal(process.host.journals, KIND, mode.epoch).records())[-1].what in ("write", "adopted"):
            data[-3] ^= 1
            path.write_bytes(data)
            with process.store.transaction():
                pass

    def mode_file_is_lost(self, name: str) -> None:
        (self.place / name / "mode").unlink(missing_ok=True)

    @rule(name=some_host, what=st.sampled_from(["clock", "mode", "torn", "rotten"]), back=st.integers(0, 100))
    def mishap(self, name: str, what: str, back: int) -> None:
        if what == "clock":
            self.clock_steps(back)
        elif what == "mode":
            self.mode_file_is_lost(name)
        else:
            self.journal_is_damaged(name, what)

    # --- operators -------------------------------------------------------------------------------------------------

    @rule(who=people)
    def switch_to_filesystem(self, who: tuple[str, int]) -> None:
        if not any(other[0] == who[0] for other in self.open):
            self.processes[who].host.to_filesystem("drawn", "operator", lambda mode: None, DEADLINE)

    @rule(
        who=people,
        back=st.booleans(),
        automatic=st.booleans(),
        step=st.one_of(st.just(""), st.sampled_from(RESYNC_STEPS)),
    )
    def resync(self, who: tuple[str, int], back: bool, automatic: bool, step: str) -> None:
        if any(other[0] == who[0] for other in self.open) or self.row_is_locked():
            return
        process = self.processes[who]
        run = resync.Resync(process.host, process.store.primary, strategy="rules", seconds=DEADLINE)
        try:
            with World.reaper.at(step):
                report = run.run(automatic=automatic, who="", reason="", to_postgres=back)
        except StoreError:
            return
        except Killed:
            self.bury(who)
            return
        assert self.restored or not report.stopped, report.stopped

    @precondition(lambda self: not self.open and not self.restored)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """PostgreSQL comes back as it was earlier, while all hosts are on it and have seen the latest."""
        if not all(self.up.values()) or any(self.mode(name).backend != "postgres" for name in self.hosts):
            return
        for line in self.lines.values():
            line._trap = None
        self.seen_by_all()
        if any(self.mode(name).backend != "postgres" for name in self.hosts):
            return
        before = self.row()
        numbers = [
            row[0]
            for row in self.dashboard.execute(
                "SELECT revision FROM json_store_revision WHERE kind = %s ORDER BY revision", [KIND]
            )
        ]
        if len(numbers) < 2:
            return
        to = data.draw(st.sampled_from(numbers[:-1]))
        self.dashboard.execute("ALTER TABLE json_store DISABLE TRIGGER USER")
        self.dashboard.execute(
            "UPDATE json_store SET data = kept.data, revision = kept.revision FROM json_store_revision AS kept "
            "WHERE kept.kind = json_store.kind AND kept.revision = %s AND json_store.kind = %s",
            [to, KIND],
        )
        self.dashboard.execute("DELETE FROM json_store_revision WHERE kind = %s AND revision > %s", [KIND, to])
        self.dashboard.execute("ALTER TABLE json_store ENABLE TRIGGER USER")
        self.restored = True
        for name in self.hosts:
            assert self.processes[name, 0].store.read() == before
            mode = self.mode(name)
            assert mode.backend == "filesystem"
            assert mode.stop

    # --- what must hold --------------------------------------------------------------------------------------------

    def mode(self, name: str) -> Any:
        return self.processes[name, 0].host.mode()

    def row(self) -> dict[str, Any]:
        found = self.dashboard.execute("SELECT data FROM json_store WHERE kind = %s", [KIND]).fetchone()
        assert found is not None
        return dict(found[0])

    def seen_by_all(self) -> None:
        for process in self.processes.values():
            process.store.read()

    @invariant()
    def hosts_see_what_they_wrote(self) -> None:
        if not self.processes:
            return
        for name in self.hosts:
            who = (name, self.number % 2)
            if self.free(who):
                self.check(self.processes[who].store.read(), name)

    def check(self, document: dict[str, Any], *names: str) -> None:
        assert "nowhere" not in document
        # After a restore the two hosts may be of different opinion until somebody has decided.
        counters = [f"count.{name}" for name in names]
        for counter in counters:
            assert self.sure[counter] <= document.get(counter, 0) <= self.sure[counter] + self.perhaps[counter]
        for key, may in self.may.items():
            if self.owner[key] in names:
                assert (key in document) in may, f"{key} {'is' if key in document else 'is not'} there"
        for register in REGISTERS:
            assert document.get(register) in {None, *self.values[register]}
        assert document.get("root") is True
        known = {"root", *self.may, *self.values, "count.A", "count.B", "count.D"}
        assert set(document) <= known

    @rule(now=st.integers(0, 5))
    def perhaps_heal(self, now: int) -> None:
        if now == 0:
            self.heal()

    def heal(self) -> None:
        """All faults end, and everything is brought back."""
        for who in sorted(self.open):
            manager, _, fresh = self.open.pop(who)
            outcome = self.told(who, lambda manager=manager: manager.__exit__(None, None, None) and None)  # type: ignore[misc]
            self.counted(f"count.{who[0]}", outcome)
            self.key_written(fresh, who[0], outcome, there=True)
        for name in self.hosts:
            self.lines[name]._trap = None
            self.line_comes(name)
        for name in self.hosts:
            store = self.processes[name, 1].store
            for _ in range(4):
                report = store.resync(seconds=5)
                if report.stopped:
                    assert self.restored
                    if name == "B":
                        return self.b_gives_up()
                    store.resync(strategy="ours", seconds=5)
                store.read()  # a host whose mode was lost learns here that it is fenced
                store.write(store.read())
                if self.mode(name).backend == "postgres":
                    break
            mode = self.mode(name)
            assert (mode.backend, mode.stop, mode.phase) == ("postgres", "", "")
        self.seen_by_all()
        final = self.row()
        self.check(final, "A", "B")
        if not self.restored:
            assert final.get("count.D", 0) == self.sure["count.D"]
        for process in self.processes.values():
            assert process.store.read() == final
        self.nothing_is_gone(final)
        if self.restored:
            self.forget()
        return None

    def b_gives_up(self) -> None:
        """A restored database was brought back from host A; what B wrote since is for a person. It is still there."""
        store = self.processes["B", 1].store
        self.check(store.read(), "B")
        store.resync(strategy="ours", seconds=5)
        self.check(self.row(), "B")
        self.nothing_is_gone(self.row())
        # From here on nobody can tell what A shall see: the example ends as a new world.
        self.forget()

    def forget(self) -> None:
        final = self.row()
        self.seen_by_all()
        for name in self.hosts:
            store = self.processes[name, 1].store
            for _ in range(3):
                if self.mode(name).backend == "filesystem":
                    store.resync(strategy="theirs", seconds=5)
                store.read()
        self.may = {key: {key in final} for key in self.may}
        for key in ("count.A", "count.B", "count.D"):
            self.sure[key], self.perhaps[key] = final.get(key, 0), 0
        self.kept = set()
        self.latest = {}
        self.restored = False

    def nothing_is_gone(self, final: dict[str, Any]) -> None:
        """Each acknowledged value of a register is the present one, was once, or is in a conflict."""
        texts = [json.dumps(final)]
        texts += [row[0] for row in self.dashboard.execute("SELECT data::text FROM json_store_revision")]
        for name in self.hosts:
            texts += [path.read_text() for path in (self.place / name / "conflicts").iterdir()]
        everything = "\n".join(texts)
        if not self.restored:
            missing = {value for value in self.kept if value not in everything}
            assert not missing


@pytest.fixture
def world(store_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    World.dsn, World.directory, World.reaper = store_db, tmp_path, Reaper()
    World.reaper.install(monkeypatch)
    monkeypatch.setattr(Background, "_start", lambda self: None)
    for module in (copy_side, host, resync):
        monkeypatch.setattr(module, "datetime", Clock)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - Clock.offset.total_seconds())


@pytest.mark.usefixtures("world")
@pytest.mark.slow
def test_what_was_acknowledged_is_there_whatever_happens() -> None:
    run_state_machine_as_test(
        Failover,
        settings=hypothesis.settings(
            max_examples=int(os.environ.get("MODEL_EXAMPLES", "2000" if LONG else "20")),
            stateful_step_count=int(os.environ.get("MODEL_STEPS", "60" if LONG else "40")),
            deadline=None,
            derandomize=not LONG,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            print_blob=True,
        ),
    )
