"""The JSON file as a store: content, transactions, and what others do to the file."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stores.backends.json_file import JsonStore
from stores.backends.protocol import Store
from stores.errors import DocumentDamaged, DocumentError, StoreBusy, StoreError, StoreMisconfigured

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.json"


@pytest.fixture
def store(path):
    return JsonStore(path, writer=lambda: "command:test")


def names(path: Path) -> set[str]:
    return {found.name for found in path.parent.iterdir()}


def run_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own that runs `code`."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class TestContent:
    def test_it_is_a_store(self, store):
        checked: Store = store
        assert checked.kind == "settings"
        assert JsonStore("x/state.json").kind == "state"
        assert JsonStore("x/any.json", kind="state").kind == "state"

    def test_a_missing_file_is_an_empty_document(self, store, path):
        assert store.read() == {}
        assert names(path) == set()

    def test_the_format_is_the_dashboards(self, store, path):
        document = {
            "timezone": "Europe/Paris",
            "nom": "Séjour 🌡",
            "time_windows": [{"days": [0, 1], "start": "08:00"}],
            "e": {},
        }
        store.write(document)
        assert path.read_text(encoding="utf-8") == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        assert store.read() == document

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
    def test_only_its_owner_may_read_it(self, store, path, umask):
        path.write_text("{}")
        path.chmod(0o644)
        former = os.umask(umask)
        try:
            store.write({"a": 1})
        finally:
            os.umask(former)
        assert {stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir() if found.suffix == ".json"} == {
            0o600
        }
        assert not any(stat.S_IMODE(found.stat().st_mode) & 0o077 for found in path.parent.iterdir())

    def test_missing_directories_are_made(self, tmp_path):
        store = JsonStore(tmp_path / "a" / "b" / "state.json")
        assert store.read() == {}
        assert store.health_check()
        store.write({"x": 1})
        assert store.read() == {"x": 1}
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700

    def test_nothing_is_left_beside_it(self, store, path):
        for number in range(5):
            store.write({"n": number})
        assert names(path) == {"settings.json", ".settings.json.lock", ".settings.json.sum"}

    def test_a_refused_document_changes_nothing(self, store, path):
        store.write({"a": 1})
        before = path.read_bytes(), store.status().revision
        with pytest.raises(DocumentError, match="winter.min_temp"):
            store.write({"winter": {"min_temp": float("nan")}})
        assert (path.read_bytes(), store.status().revision) == before

    def test_documents_are_isolated(self, store):
        given = {"winter": {"min_temp": 18}}
        store.write(given)
        given["winter"]["min_temp"] = 99
        found = store.read()
        found["winter"]["min_temp"] = 77
        assert store.read() == {"winter": {"min_temp": 18}}
        with store.transaction() as document:
            inner = document.read()
            inner["winter"]["min_temp"] = 55
            assert document.read() == {"winter": {"min_temp": 18}}
            document.write(inner)
            inner["winter"]["min_temp"] = 66
        assert store.read() == {"winter": {"min_temp": 55}}

    def test_a_symbolic_link_stays_and_its_target_is_replaced(self, tmp_path):
        (tmp_path / "real").mkdir()
        target, link = tmp_path / "real" / "home.json", tmp_path / "settings.json"
        link.symlink_to(target)
        linked, direct = JsonStore(link), JsonStore(target, deadline=0.05)
        linked.write({"a": 1})
        assert link.is_symlink()
        assert not target.is_symlink()
        assert direct.read() == linked.read() == {"a": 1}
        with linked.transaction(), pytest.raises(StoreBusy):
            direct.write({"a": 2})


class TestTransaction:
    def test_writes_once_at_the_end(self, store, path):
        store.write({"n": 0})
        with store.transaction() as document:
            document.write({"n": 1})
            document.write({"n": 2})
            assert document.read() == store.read() == {"n": 2}
            assert json.loads(path.read_text()) == {"n": 0}
        assert store.read() == {"n": 2}
        assert store.status().revision == 2

    def test_an_exception_takes_everything_back(self, store):
        store.write({"n": 0})
        with pytest.raises(ZeroDivisionError):
            with store.transaction() as document:
                document.write({"n": 1})
                raise ZeroDivisionError
        assert store.read() == {"n": 0}
        store.write({"n": 2})  # and the lock is free

    def test_the_stores_own_methods_act_on_it(self, store):
        with store.transaction() as document:
            store.write({"n": 1})
            assert document.read() == {"n": 1}
        assert store.read() == {"n": 1}

    def test_an_inner_block_joins(self, store):
        with store.transaction() as outer:
            outer.write({"n": 1})
            with store.transaction() as inner:
                assert inner.read() == {"n": 1}
                inner.write({"n": 2})
            assert outer.read() == {"n": 2}
        assert store.read() == {"n": 2}
        assert store.status().revision == 1

    def test_a_failed_inner_block_takes_back_its_own_part(self, store):
        with store.transaction() as outer:
            outer.write({"n": 1})
            with pytest.raises(ZeroDivisionError), store.transaction() as inner:
                inner.write({"n": 2})
                raise ZeroDivisionError
            assert outer.read() == {"n": 1}
        assert store.read() == {"n": 1}

    def test_a_failed_outer_block_takes_back_the_inner(self, store):
        with pytest.raises(ZeroDivisionError), store.transaction():
            with store.transaction() as inner:
                inner.write({"n": 2})
            raise ZeroDivisionError
        assert store.read() == {}

    def test_reading_only_writes_nothing(self, store, path):
        with store.transaction() as document:
            assert document.read() == {}
        assert not path.exists()

    def test_afterwards_it_is_of_no_use(self, store):
        with store.transaction() as document:
            pass
        for call in (document.read, lambda: document.write({})):
            with pytest.raises(StoreError, match="over"):
                call()

    def test_others_read_meanwhile_and_wait_to_write(self, store, path):
        store.write({"n": 0})
        other = JsonStore(path, deadline=0.1)
        with store.transaction() as document:
            document.write({"n": 1})
            assert other.read() == {"n": 0}
            with pytest.raises(StoreBusy, match=rf"Process {os.getpid()} holds the lock .*\.settings\.json\.lock"):
                other.write({"n": 9})
        other.write({"n": 2})
        assert store.read() == {"n": 2}

    def test_a_change_by_a_program_without_our_lock_is_not_overwritten(self, store, path):
        store.write({"n": 1})
        with pytest.raises(StoreBusy, match="changed by another program"), store.transaction() as document:
            found = document.read()
            path.write_text('{"n": 10, "dashboard": true}')
            document.write({"n": found["n"] + 1})
        assert store.read() == {"n": 10, "dashboard": True}

    def test_a_removed_lock_file_is_noticed(self, store, path):
        with pytest.raises(StoreBusy, match="was removed"), store.transaction() as document:
            document.write({"n": 1})
            (path.parent / ".settings.json.lock").unlink()
        assert store.read() == {}
        store.write({"n": 2})
        assert store.read() == {"n": 2}


COUNT = """
import sys
from stores.backends.json_file import JsonStore
store = JsonStore(sys.argv[1], deadline=60)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    with store.transaction() as document:
        found = document.read()
        document.write({**found, "n": found.get("n", 0) + 1})
"""


class TestTogether:
    def test_four_processes_lose_no_increment(self, store, path):
        workers = [run_python(COUNT, path, 250) for _ in range(4)]
        for worker in workers:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        assert [worker.wait(120) for worker in workers] == [0] * 4
        for worker in workers:
            worker.communicate()
        assert store.read() == {"n": 1000}
        assert store.status().revision == 1000
        assert names(path) == {"settings.json", ".settings.json.lock", ".settings.json.sum"}

    def test_threads_lose_no_increment(self, store):
        def count() -> None:
            for _ in range(50):
                with store.transaction() as document:
                    found = document.read()
                    document.write({"n": found.get("n", 0) + 1})

        threads = [threading.Thread(target=count) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert store.read() == {"n": 300}

    def test_readers_only_ever_see_whole_documents(self, store):
        store.write({"n": 0, "pad": "x" * 20_000})
        stop = threading.Event()
        seen: list[int] = []
        failures: list[Exception] = []

        def look() -> None:
            while not stop.is_set():
                try:
                    seen.append(store.read()["n"])
                except Exception as error:
                    failures.append(error)

        thread = threading.Thread(target=look)
        thread.start()
        for number in range(1, 200):
            store.write({"n": number, "pad": "x" * 20_000})
        stop.set()
        thread.join(10)
        assert failures == []
        assert seen == sorted(seen)

    def test_a_forked_child_holds_nothing(self, store, path):
        """The parent is in a transaction: the child has neither it nor its lock, and a parent that dies frees it."""
        store.write({"n": 0})
        to_child, from_parent = os.pipe()
        to_parent, from_child = os.pipe()
        with store.transaction() as document:
            child = os.fork()
            if child == 0:
                try:
                    assert store.read() == {"n": 0}
                    try:
                        document.write({"n": -1})
                        os._exit(1)
                    except StoreError:
                        pass
                    try:
                        JsonStore(path, deadline=0.05).write({"n": -2})
                        os._exit(2)
                    except StoreBusy:
                        pass
                    os.write(from_child, b"x")
                    os.read(to_child, 1)
                    store.write({"n": store.read()["n"] + 1})
                    os._exit(0)
                finally:
                    os._exit(3)
            os.read(to_parent, 1)
            document.write({"n": 5})
        os.write(from_parent, b"x")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert store.read() == {"n": 6}

    def test_a_lock_dies_with_its_holder_even_when_it_forked(self, store, path):
        code = """
import os, sys, time
from stores.backends.json_file import JsonStore
with JsonStore(sys.argv[1]).transaction():
    child = os.fork()
    if child == 0:
        os.close(1)
        sys.stdin.read()
        os._exit(0)
    print("ready", flush=True)
    time.sleep(60)
"""
        holder = run_python(code, path)
        assert holder.stdout.readline() == "ready\n"
        with pytest.raises(StoreBusy):
            JsonStore(path, deadline=0.05).write({"n": 1})
        holder.kill()
        holder.wait(10)
        store.write({"n": 2})
        assert store.read() == {"n": 2}
        holder.communicate()


class TestForeignContent:
    def test_a_change_by_another_program_is_the_document(self, store, path):
        store.write({"n": 1})
        assert store.status().detail["checksum"] == "ok"
        path.write_text('{"n": 2}')
        assert store.read() == {"n": 2}
        status = store.status()
        assert (status.available, status.detail["checksum"], status.writer) == (
            True,
            "changed by another program",
            None,
        )
        assert status.revision == 2
        store.write({"n": 3})
        status = store.status()
        assert (status.detail["checksum"], status.revision, status.writer) == ("ok", 3, "command:test")
        assert status.detail["damaged_copies"] == []

    def test_the_same_content_put_back_is_ours(self, store, path):
        store.write({"n": 1})
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
        assert store.status().detail["checksum"] == "ok"

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (b'{\n  "n": 1,\n  "x', "line 3"),
            (b"[1, 2]", "must be an object"),
            (b"", "empty"),
            (b"\x80\x02binary", "0x80 is not UTF-8"),
            (b"\x00" * 4096, "zero bytes"),
            (b'{"n": NaN}', "line 1, column 7: n: NaN"),
        ],
    )
    def test_a_damaged_file_is_kept(self, store, path, data, expected):
        store.write({"n": 1})
        path.write_bytes(data)
        with pytest.raises(DocumentDamaged) as caught:
            store.read()
        assert expected in str(caught.value)
        assert str(path) in str(caught.value)
        assert "settings.json.damaged-TIME" in str(caught.value)
        assert path.read_bytes() == data
        assert not store.health_check()
        assert store.status().error == str(caught.value)
        assert not store.status().available

        store.write({"n": 2})
        assert store.read() == {"n": 2}
        copies = [found for found in path.parent.iterdir() if ".damaged-" in found.name]
        assert [copy.read_bytes() for copy in copies] == [data]
        assert store.status().detail["damaged_copies"] == [copies[0].name]
        assert store.health_check()

    def test_copies_are_never_overwritten(self, store, path):
        for number in range(4):
            path.write_text(f"torn {number}")
            store.write({"n": number})
        kept = sorted(found.read_text() for found in path.parent.iterdir() if ".damaged-" in found.name)
        assert kept == ["torn 0", "torn 1", "torn 2", "torn 3"]

    def test_a_name_that_exists_is_not_taken(self, tmp_path):
        from stores.backends.durable_file import set_aside

        for expected in ("x.damaged", "x.damaged-2", "x.damaged-3"):
            (tmp_path / "x").write_text(expected)
            assert set_aside(str(tmp_path / "x"), "x.damaged") == str(tmp_path / expected)
            (tmp_path / "x").unlink()
        assert sorted(found.read_text() for found in tmp_path.iterdir()) == ["x.damaged", "x.damaged-2", "x.damaged-3"]

    def test_a_transaction_on_a_damaged_file(self, store, path):
        path.write_text("torn")
        with pytest.raises(DocumentDamaged), store.transaction() as document:
            document.read()
        assert path.read_text() == "torn"
        with store.transaction() as document:
            document.write({"n": 1})
        assert store.read() == {"n": 1}

    def test_a_repaired_file_works_by_itself(self, store, path):
        path.write_text("torn")
        for _ in range(3):
            with pytest.raises(DocumentDamaged), store.transaction() as document:
                document.read()
        path.write_text('\ufeff{"n": 4}\r\n')
        with store.transaction() as document:
            document.write({"n": document.read()["n"] + 1})
        assert store.read() == {"n": 5}
        assert store.status().detail["damaged_copies"] == []

    def test_a_huge_file_is_not_read_into_memory(self, store, path):
        with path.open("wb") as huge:
            huge.truncate(3 << 30)
        with pytest.raises(DocumentDamaged, match="3,072 MiB"):
            store.read()
        store.write({"n": 1})
        assert store.read() == {"n": 1}

    @pytest.mark.parametrize("note", [b"", b"{}", b"\x00" * 2048, b'{"sha256": 1, "check": 2}', None])
    def test_a_broken_note_means_that_nothing_is_known(self, store, path, note):
        store.write({"n": 1})
        beside = path.parent / ".settings.json.sum"
        beside.unlink() if note is None else beside.write_bytes(note)
        status = store.status()
        assert (status.available, status.detail["checksum"], status.revision) == (True, "missing", None)
        store.write({"n": 2})
        assert store.status().detail["checksum"] == "ok"

    def test_a_directory_in_its_place(self, path, store):
        path.mkdir()
        with pytest.raises(StoreMisconfigured, match="not a file"):
            store.read()
        with pytest.raises(StoreMisconfigured):
            store.write({})
        assert not store.health_check()

    def test_a_pipe_in_its_place_does_not_hang(self, path, store):
        os.mkfifo(path)
        with pytest.raises(StoreMisconfigured, match="not a file"):
            store.read()

    def test_links_in_a_circle(self, tmp_path):
        (tmp_path / "a.json").symlink_to(tmp_path / "b.json")
        (tmp_path / "b.json").symlink_to(tmp_path / "a.json")
        with pytest.raises(StoreMisconfigured, match="links"):
            JsonStore(tmp_path / "a.json").read()

    def test_status_of_a_missing_file(self, store):
        status = store.status()
        assert (status.available, status.backend, status.revision, status.detail["size_bytes"]) == (
            True, "filesystem", None, None,
        )  # fmt: skip
        json.dumps(status.as_dict())

    def test_status_says_who_and_when(self, path):
        JsonStore(path, writer=lambda: "admin:é" + "x" * 500).write({"n": 1})
        status = JsonStore(path).status()
        assert status.writer.startswith("admin:é")
        assert status.revision == 1
        assert status.updated_at.tzinfo is not None
        assert status.latency_ms > 0
        json.dumps(status.as_dict())
