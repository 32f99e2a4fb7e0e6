"""The commands as processes: exit codes, output, and what is left when one is killed or its line is cut."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stores.errors import CommitUnknown, StoreUnavailable
from stores.sync import apply, session
from tests.sync.conftest import SAMPLE_HOME, SAMPLES

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

ROOT = Path(__file__).parent.parent.parent
HOME = ["--settings-path", SAMPLE_HOME / "settings.json", "--state-path", SAMPLE_HOME / "state.json"]


def manage(dsn, *arguments, **more):
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "POSTGRES_URL": dsn, **more},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_exit_codes_and_output(tables, tmp_path):
    nowhere = make_conninfo(host=str(tmp_path), password="hunter2")
    cases = [
        (0, tables.dsn, ["migrate_to_postgres", *HOME, "--apply", "--json"]),
        (2, tables.dsn, ["migrate_to_postgres", "--settings-path", SAMPLES / "latin1.json", "--json"]),
        (2, tables.dsn, ["migrate_to_postgres", "--dry-run", "--apply"]),
        (1, nowhere, ["migrate_to_postgres", *HOME, "--json"]),
        (1, nowhere, ["export_store", "--stdout"]),
        (0, tables.dsn, ["export_store", "--stdout", "settings"]),
    ]
    for code, dsn, arguments in cases:
        ended = manage(dsn, *arguments)
        assert ended.returncode == code, (arguments, ended)
        assert "Traceback" not in ended.stderr
        assert "hunter2" not in ended.stdout + ended.stderr
        if "--json" in arguments:
            assert json.loads(ended.stdout)["exit_code"] == code
            assert ended.stderr == ""
    assert ended.stdout == (SAMPLE_HOME / "settings.json").read_text()


def test_an_old_locale_and_a_closed_pipe(tables):
    tables.put("settings", {"mode": "winter"})
    ended = manage(tables.dsn, "migrate_to_postgres", *HOME, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (2, "")
    assert r"\u2192" in ended.stdout
    command = [sys.executable, "manage.py", "migrate_to_postgres", *map(str, HOME)]
    environment = {**os.environ, "POSTGRES_URL": tables.dsn}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 2


def test_interrupted_while_it_waits(tables):
    command = [sys.executable, "manage.py", "migrate_to_postgres", "--apply", *map(str, HOME)]
    environment = {**os.environ, "POSTGRES_URL": tables.dsn}
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(tables.dsn) as other:
        other.execute("SELECT data FROM json_store WHERE kind = 'settings' FOR UPDATE")
        before = tables.everything()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        while tables.connection.execute(waiting).fetchone() == (0,):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert "Interrupted" in err
    assert tables.everything() == before


WRITES_UNTIL_KILLED = """
import itertools, sys
import django
django.setup()
from stores.sync import apply, session
dsn = sys.argv[1]
for turn in itertools.count(int(sys.argv[2])):
    held = apply.look(dsn, ["settings", "state"]).held
    documents = {kind: {"turn": turn, "filling": "x" * 200_000} for kind in held}
    apply.write_documents(dsn, documents, held, writer="test", reason="")
    print(turn, flush=True)
"""


def test_killed_at_any_moment_both_documents_or_none(tables):
    chance = random.Random(4)
    turn = 0
    for _round in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITES_UNTIL_KILLED, tables.dsn, str(turn + 1)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "switchbot_site.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        told = int(process.stdout.readline())
        timer = threading.Timer(chance.uniform(0, 0.08), process.send_signal, [signal.SIGKILL])
        timer.start()
        told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
        process.wait()
        process.stdout.close()
        # Its backend may still be at work on the last statement: the lock is the end of it.
        tables.connection.execute("BEGIN")
        rows = tables.connection.execute("SELECT data->'turn' FROM json_store ORDER BY kind FOR UPDATE").fetchall()
        tables.connection.execute("COMMIT")
        assert rows[0] == rows[1]
        (turn,) = rows[0]
        assert turn in (told, told + 1)


class BrokenLine:
    """Stands between psycopg and the server's socket, and breaks the first connection where the client says `at`:
    `before` the server gets it, `after` the server has done it and before its answer gets through, or `silent`,
    swallowing everything from there. `dead`: nothing passes after that."""

    def __init__(self, dsn, how, *, at=b"COMMIT", dead=False):
        parts = conninfo_to_dict(dsn)
        self._server = f"{parts['host']}/.s.PGSQL.{parts.get('port', 5432)}"
        self._directory = tempfile.TemporaryDirectory(prefix="swops-cut-")
        self._how, self._at, self._dead = how, at, dead
        self.broken = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self._directory.name}/.s.PGSQL.5432")
        self._listener.listen()
        self.dsn = make_conninfo(dsn, host=self._directory.name, port="5432")
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            if self._dead and self.broken.is_set():
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            no_answer = threading.Event()
            threading.Thread(target=self._to_server, args=(client, server, no_answer), daemon=True).start()
            threading.Thread(target=self._to_client, args=(client, server, no_answer), daemon=True).start()

    def _to_server(self, client, server, no_answer):
        while data := _receive(client):
            if self._at in data and not self.broken.is_set():
                self.broken.set()
                no_answer.set()
                if self._how == "before":
                    _end(client, server)
                elif self._how == "after":
                    server.sendall(data)
                return
            server.sendall(data)
        _end(client, server)

    def _to_client(self, client, server, no_answer):
        while data := _receive(server):
            if no_answer.is_set():
                break
            client.sendall(data)
        if self._how != "silent":
            _end(client, server)

    def close(self):
        self._listener.close()
        self._directory.cleanup()


def _receive(line):
    try:
        return line.recv(65536)
    except OSError:
        return b""


def _end(*lines):
    for line in lines:
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


@pytest.fixture
def broken_line(tables):
    """Make a line that breaks."""
    lines = []

    def make(how, **more):
        lines.append(BrokenLine(tables.dsn, how, **more))
        return lines[-1]

    yield make
    for line in lines:
        line.close()


DOCUMENTS = {"settings": {"mode": "summer"}, "state": {"last_temperature": 21.5}}


def write(dsn):
    held = apply.look(dsn, DOCUMENTS).held
    return apply.write_documents(dsn, DOCUMENTS, held, writer="test", reason="")


def test_line_cut_before_the_commit(tables, broken_line):
    before = tables.everything()
    line = broken_line("before")
    # The look commits nothing: the first COMMIT is the write's.
    with pytest.raises(StoreUnavailable, match="Nothing was changed"):
        write(line.dsn)
    assert line.broken.is_set()
    assert tables.everything() == before


def test_line_cut_after_the_commit_is_found_to_be_done(tables, broken_line):
    line = broken_line("after")
    revisions = write(line.dsn)
    assert line.broken.is_set()
    for kind, document in DOCUMENTS.items():
        assert tables.document(kind) == document
        assert tables.revisions(kind)[0][0] == revisions[kind]


@pytest.mark.parametrize("how", ["before", "after"])
def test_commit_that_cannot_be_settled_says_so(tables, broken_line, monkeypatch, how):
    monkeypatch.setattr(apply, "SETTLE_SECONDS", 0.2)
    with pytest.raises(CommitUnknown) as raised:
        write(broken_line(how, dead=True).dsn)
    kept = tables.connection.execute("SELECT count(*) FROM json_store_revision WHERE token = %s", [raised.value.token])
    assert kept.fetchone() == (2 if how == "after" else 0,)


def test_silent_line_ends(broken_line, monkeypatch):
    """No timeout of the server ends the wait on a line that swallows everything."""
    monkeypatch.setattr(session, "SESSION_SECONDS", 0.5)
    with pytest.raises(StoreUnavailable, match="did not answer"):
        apply.look(broken_line("silent", at=b"pg_is_in_recovery").dsn, ["settings"])
