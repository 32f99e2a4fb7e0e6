"""The private cluster: made, stopped, killed and found again."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from switchbot_site.local.cluster import SUPERUSER, Cluster
from switchbot_site.local.errors import ClusterError
from switchbot_site.local.places import as_user
from tests.fixtures.postgres import FAST, require_server


@pytest.fixture
def directory():
    """A directory that the server's user can enter."""
    path = Path(tempfile.mkdtemp(prefix="swops-place-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def ask(dsn: str, statement: str) -> object:
    with psycopg.connect(dsn) as connection:
        return connection.execute(statement).fetchone()[0]


def kill(pid: int) -> None:
    """SIGKILL, and wait until the process is gone."""
    process = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    assert select.select([process], [], [], 10)[0]
    os.close(process)


def test_stopped_and_started_it_keeps_its_data(new_postgres):
    with psycopg.connect(new_postgres.dsn("store")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
    new_postgres.stop()
    assert not new_postgres.running()
    assert not list(new_postgres.sockets.glob(".s.PGSQL*"))
    assert new_postgres.start() is True
    assert ask(new_postgres.dsn("store"), "SELECT value FROM kept") == 42


def test_a_running_one_is_used_and_provisioned_again(new_postgres, monkeypatch):
    pid = new_postgres.server_pid()
    monkeypatch.setenv("PGPORT", "6543")  # somebody's habit must not lead elsewhere
    assert new_postgres.start() is False
    assert new_postgres.server_pid() == pid
    new_postgres.provision(extensions=require_server().extensions)
    assert ask(new_postgres.dsn("store"), "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'store'") is True


def test_a_killed_one_starts_again(new_postgres):
    kill(new_postgres.server_pid())
    assert new_postgres.start() is True
    assert ask(new_postgres.dsn("store"), "SELECT 1") == 1


def test_the_number_of_a_dead_server_given_to_another_process(new_postgres):
    new_postgres.stop()
    # Of the same user, which is what makes PostgreSQL itself refuse to start.
    other = subprocess.Popen(["sleep", "60"], **as_user(new_postgres.user))
    try:
        pid_file = new_postgres.data / "postmaster.pid"
        pid_file.write_text(f"{other.pid}\n{new_postgres.data}\n1700000000\n5432\n{new_postgres.sockets}\n\n\nready\n")
        if new_postgres.user:
            shutil.chown(pid_file, new_postgres.user)
        assert not new_postgres.running()
        assert new_postgres.start() is True
        assert other.poll() is None, "the other process was not touched"
    finally:
        other.kill()
        other.wait()


@pytest.fixture(scope="session")
def dsn(superuser_dsn):
    """The run's own cluster, made by the same code, as the plain role."""
    return psycopg.conninfo.make_conninfo(superuser_dsn, user="store")


def test_the_role_is_as_on_a_hosted_postgresql(dsn):
    row = "SELECT (rolsuper, pg_has_role('store', 'pg_monitor', 'MEMBER'))::text FROM pg_roles WHERE rolname = 'store'"
    assert ask(dsn, row) == "(f,t)"
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert ask(dsn, owner) == "store"
    assert ask(dsn, "SHOW listen_addresses") == ""


def test_the_extensions_are_there_and_work(dsn):
    available = require_server().extensions
    for name in available:
        assert ask(dsn, f"SELECT count(*) FROM pg_extension WHERE extname = '{name}'") == 1
    if "pg_stat_statements" in available:
        assert ask(dsn, "SELECT count(*) FROM pg_stat_statements") > 0
    if "hypopg" in available:
        assert ask(dsn, "SELECT count(*) FROM hypopg()") == 0


def test_an_odd_path(directory):
    cluster = Cluster(directory / 'it\'s "odd" $HOME, \\ and `ls`', require_server().bin, FAST)
    cluster.create()
    cluster.start()
    try:
        cluster.provision()
        assert cluster.sockets != cluster.data
        assert cluster.sockets.stat().st_mode & 0o777 == 0o700
        assert ask(cluster.dsn("store"), "SELECT current_user") == "store"
    finally:
        cluster.stop("immediate")
    assert not cluster.sockets.exists()


def test_a_path_with_a_space_and_a_quote_is_the_sockets_too(directory):
    cluster = Cluster(directory / "it's here", require_server().bin, FAST)
    cluster.create()
    cluster.start()
    try:
        assert cluster.sockets == cluster.data
        assert ask(cluster.dsn("postgres", user=SUPERUSER), "SELECT current_user") == SUPERUSER
    finally:
        cluster.stop("immediate")


def test_a_half_made_cluster_is_made_anew(directory):
    cluster = Cluster(directory / "pg", require_server().bin, FAST)
    (cluster.data / "base").mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("15\n")
    cluster.create()
    assert cluster.exists()
    with pytest.raises(ClusterError, match="already holds a cluster"):
        cluster.create()


def test_other_peoples_files_are_not_overwritten(directory):
    cluster = Cluster(directory / "pg", require_server().bin, FAST)
    cluster.data.mkdir()
    (cluster.data / "thesis.odt").write_text("years of work")
    with pytest.raises(ClusterError, match="move them away"):
        cluster.create()
    assert (cluster.data / "thesis.odt").read_text() == "years of work"


def test_a_server_that_does_not_start_says_why(directory):
    cluster = Cluster(directory / "pg", require_server().bin, {**FAST, "shared_buffers": "nonsense"})
    cluster.create()
    with pytest.raises(ClusterError, match="shared_buffers"):
        cluster.start()
    assert not cluster.running()


def test_a_dsn_quotes_its_values():
    cluster = Cluster(Path("/srv/it's \\ here"), Path("/bin"))
    assert psycopg.conninfo.conninfo_to_dict(cluster.dsn("my db", application_name="a'b")) == {
        "host": "/srv/it's \\ here",
        "port": "5432",
        "dbname": "my db",
        "user": "store",
        "application_name": "a'b",
    }
