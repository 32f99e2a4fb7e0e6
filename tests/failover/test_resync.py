"""Bringing the copies back: a preview changes nothing, a kill at any step loses nothing, and a second run ends what the
first began. (Real kills of each step: tests/faults.)"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stores.backends.failover import copy_side, host, journal, postgres_side, resync
from stores.backends.failover.steps import STEPS
from stores.errors import StoreBusy, StoreError
from tests.failover.conftest import Begin, Process, end, run_python
from tests.fixtures.proxy import Proxy

pytestmark = [pytest.mark.django_db(databases=["default", "store"], transaction=True), pytest.mark.usefixtures("calm")]


class Killed(BaseException):
    """The process ends here."""


def increment(store: Any, key: str = "n") -> None:
    with store.transaction() as held:
        document = held.read()
        held.write({**document, key: document.get(key, 0) + 1})


def row(dashboard: psycopg.Connection, kind: str = "settings") -> Any:
    found = dashboard.execute("SELECT data FROM json_store WHERE kind = %s", [kind]).fetchone()
    return None if found is None else found[0]


def change(dashboard: psycopg.Connection, **keys: Any) -> None:
    dashboard.execute(
        "UPDATE json_store SET data = data || %s::jsonb, updated_at = now() WHERE kind = 'settings'", [json.dumps(keys)]
    )


def tree(directory: Path) -> dict[str, tuple[bytes, int]]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_ino) for path in found}


@pytest.fixture
def away(begin: Begin, proxy: Proxy, dashboard: psycopg.Connection) -> Process:
    """A host that wrote on its copy, while the dashboard wrote other keys and one and the same; the line is back."""
    one = begin(kind="settings")
    one.store.write({"n": 1, "both": "base"})
    proxy.refuse()
    proxy.cut()
    increment(one.store)
    one.store.write({**one.store.read(), "both": "ours"})
    change(dashboard, both="theirs", dash=1)
    proxy.accept()
    return one


def test_a_preview_says_what_a_run_does_and_changes_nothing(
    away: Process, dashboard: psycopg.Connection, home: Path
) -> None:
    files, before = tree(home), row(dashboard)
    revisions = dashboard.execute("SELECT count(*) FROM json_store_revision").fetchone()
    preview = away.store.resync(apply=False)
    assert (preview.applied, preview.backend, preview.stopped, preview.open_conflicts) == (False, "filesystem", "", 1)
    assert (tree(home), row(dashboard)) == (files, before)
    assert dashboard.execute("SELECT count(*) FROM json_store_revision").fetchone() == revisions
    report = away.store.resync()
    [seen], [done] = preview.documents, report.documents
    assert (seen.verdict, seen.document, seen.conflicts) == (done.verdict, done.document, done.conflicts)
    assert row(dashboard) == done.document
    assert json.dumps(report.as_dict())
    assert "ours" not in json.dumps(report.summary())


def test_both_sides_are_kept_as_revisions(away: Process, dashboard: psycopg.Connection) -> None:
    report = away.store.resync(reason="The line is back")
    kept = dashboard.execute(
        "SELECT data, reason, token::text FROM json_store_revision WHERE kind = 'settings' ORDER BY revision DESC LIMIT 3"
    ).fetchall()
    assert kept[0] == (row(dashboard), "The line is back", report.token)
    assert kept[1] == ({"n": 2, "both": "ours"}, "The copy, before the merge", None)
    assert kept[2][0] == {"n": 1, "both": "theirs", "dash": 1}


def test_a_copy_that_was_given_up_stays_a_revision(away: Process, dashboard: psycopg.Connection) -> None:
    dashboard.execute("DELETE FROM json_store_revision")
    dashboard.execute("DELETE FROM json_store WHERE kind = 'settings'")
    dashboard.execute("INSERT INTO json_store (kind, data) VALUES ('settings', '{\"new\": 1}')")
    copy = away.store.read()
    assert away.store.resync().stopped
    report = away.store.resync(strategy="theirs")
    assert (row(dashboard), report.documents[0].verdict, away.host.mode().backend) == ({"new": 1}, "theirs", "postgres")
    kept = dashboard.execute(
        "SELECT data FROM json_store_revision WHERE kind = 'settings' ORDER BY revision"
    ).fetchall()
    assert kept == [({"new": 1},), (copy,), ({"new": 1},)]


def test_a_second_run_finds_nothing_to_do(away: Process, dashboard: psycopg.Connection, home: Path) -> None:
    away.store.resync()
    before = dashboard.execute("SELECT * FROM json_store").fetchall()
    again = away.store.resync()
    assert (again.applied, again.backend, [found.verdict for found in again.documents]) == (False, "postgres", ["same"])
    assert dashboard.execute("SELECT * FROM json_store").fetchall() == before
    assert len(list((home / "conflicts").iterdir())) == 1


@pytest.mark.parametrize("to_postgres", [True, False])
@pytest.mark.parametrize("step", [step for step in STEPS if step.startswith("resync.")])
def test_killed_at_a_step_and_run_again(
    away: Process,
    begin: Begin,
    dashboard: psycopg.Connection,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    to_postgres: bool,
) -> None:
    last = "switch.done" if step == "resync.mode" and not to_postgres else step

    def reached(name: str) -> None:
        if name == last:
            raise Killed(step)

    with monkeypatch.context() as patch:
        for module in (host, journal, copy_side, postgres_side, resync):
            patch.setattr(module, "reached", reached)
        with pytest.raises(Killed):
            away.store.resync(to_postgres=to_postgres)
    away.store.primary.close()
    two = begin(kind="settings")
    assert two.store.read()["n"] == 2
    increment(two.store)
    change(dashboard, later=1)
    two.store.resync(to_postgres=to_postgres)
    found = row(dashboard)
    assert found == {"n": 3, "both": found["both"], "dash": 1, "later": 1}
    if not to_postgres:
        assert two.host.mode().backend == "filesystem"
        two.store.resync()
    assert two.host.mode().backend == "postgres"
    assert two.store.read() == row(dashboard) == found
    conflicts = [json.loads(path.read_text()) for path in (home / "conflicts").iterdir()]
    assert [[entry["path"] for entry in one["conflicts"]] for one in conflicts] == [["both"]]
    assert {entry for one in conflicts for entry in (one["conflicts"][0]["ours"], one["conflicts"][0]["theirs"])} == {
        "ours",
        "theirs",
    }
    increment(two.store)
    assert row(dashboard)["n"] == 4
    assert [name for name in os.listdir(home / "journal") if name != "done"] == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_line_that_breaks_at_the_commit(
    away: Process, proxy: Proxy, dashboard: psycopg.Connection, home: Path, when: str
) -> None:
    """Whether it arrived is found out by its token, at the next run."""
    proxy.cut_at(b"; COMMIT", when)
    with pytest.raises(StoreError):
        away.store.resync()
    assert away.host.mode().backend == "filesystem"
    assert ("dash" in row(dashboard), row(dashboard)["n"]) == (True, 1 if when == "before" else 2)
    increment(away.store)
    report = away.store.resync()
    found = row(dashboard)
    assert (report.applied, found["n"], found["dash"]) == (True, 3, 1)
    assert len(list((home / "conflicts").iterdir())) == 1


def test_a_row_that_somebody_holds_is_not_waited_for_long(
    away: Process, dashboard: psycopg.Connection, store_db: str
) -> None:
    with psycopg.connect(store_db) as holder:
        holder.execute("SELECT FROM json_store WHERE kind = 'settings' FOR UPDATE")
        with pytest.raises(StoreBusy):
            away.store.resync(seconds=1)
        mode = away.host.mode()
        assert (mode.backend, mode.phase) == ("filesystem", "")
        increment(away.store)
        holder.rollback()
    away.store.resync()
    assert row(dashboard)["n"] == 3


def test_the_dashboard_that_writes_meanwhile_comes_after(
    away: Process, dashboard: psycopg.Connection, store_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the row's lock, and then finds what the resync wrote."""
    with psycopg.connect(store_db) as other:
        other.execute("SET lock_timeout = '100ms'")

        def reached(name: str) -> None:
            if name == "resync.looked":
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    other.execute("SELECT data FROM json_store WHERE kind = 'settings' FOR UPDATE")
                other.rollback()

        monkeypatch.setattr(resync, "reached", reached)
        away.store.resync()
    change(dashboard, after=1)
    assert (row(dashboard)["n"], row(dashboard)["after"]) == (2, 1)


def test_the_fence_rises_above_what_postgresql_knows(away: Process, dashboard: psycopg.Connection) -> None:
    dashboard.execute("INSERT INTO json_store_host (host, epoch) VALUES (%s, 40)", [away.host.id])
    report = away.store.resync()
    assert (report.epoch, away.host.mode().epoch) == (41, 41)
    assert dashboard.execute("SELECT epoch FROM json_store_host").fetchall() == [(41,)]
    increment(away.store)
    assert row(dashboard)["n"] == 3


def test_a_full_disk_after_the_commit_is_no_loss(
    away: Process, dashboard: psycopg.Connection, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(resync.Resync, "_write_conflicts", full)
        with pytest.raises(StoreError, match="full"):
            away.store.resync()
    assert away.host.mode().backend == "filesystem"
    increment(away.store)
    away.store.resync()
    assert (row(dashboard)["n"], len(list((home / "conflicts").iterdir()))) == (3, 1)


_RESYNC = """
import sys
from pathlib import Path
from tests.failover.conftest import start_process
process = start_process(sys.argv[1], Path(sys.argv[2]), kind="settings")
process.store.resync()
"""


@pytest.mark.parametrize("step", ["resync.announced", "resync.journalled", "resync.committed", "resync.mode"])
def test_a_process_that_is_really_killed(
    away: Process, begin: Begin, dashboard: psycopg.Connection, home: Path, store_db: str, step: str
) -> None:
    process = run_python(_RESYNC, store_db, str(home), STORE_KILL_AT=step)
    try:
        said = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, said
    finally:
        end(process)
    assert away.store.read()["n"] == 2
    increment(away.store)
    away.store.resync()
    assert (row(dashboard)["n"], away.host.mode().backend) == (3, "postgres")
    assert len(list((home / "conflicts").iterdir())) == 1


def test_what_arrived_is_remembered_through_later_tries(
    away: Process, proxy: Proxy, dashboard: psycopg.Connection, home: Path
) -> None:
    """The first try arrived unheard, the second did not: the third starts from the first."""
    for when in ("after", "before"):
        proxy.cut_at(b"; COMMIT", when)
        with pytest.raises(StoreError):
            away.store.resync()
        increment(away.store)
    change(dashboard, n=10)
    report = away.store.resync()
    [document] = report.documents
    assert [(found.path, found.base, found.ours, found.theirs) for found in document.conflicts] == [("n", 2, 4, 10)]
    conflicts = [json.loads(path.read_text())["conflicts"] for path in (home / "conflicts").iterdir()]
    assert sorted(entry["path"] for one in conflicts for entry in one) == ["both", "n"]


def test_a_foreign_edit_in_the_midst_of_it_is_kept_aside(
    away: Process, dashboard: psycopg.Connection, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(name: str) -> None:
        if name == "resync.conflicts":
            (home / "settings.json").write_text('{"by": "hand"}')

    monkeypatch.setattr(resync, "reached", reached)
    away.store.resync()
    assert json.loads((home / "settings.json").read_text()) == row(dashboard)
    assert [path.read_text() for path in home.glob("settings.json.changed-*")] == ['{"by": "hand"}']
