"""Where the cluster's files stand."""

import os
from pathlib import Path

import pytest

from switchbot_site.local.errors import ClusterError
from switchbot_site.local.places import (
    LONGEST_SOCKET_DIRECTORY,
    OUR_PREFIX,
    data_directory,
    make_private,
    server_user,
    socket_directory,
)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


def test_the_socket_stands_with_the_data():
    assert socket_directory(Path("/srv/site/var/postgres")) == Path("/srv/site/var/postgres")


@pytest.mark.parametrize(
    "data",
    [Path("/") / ("x" * LONGEST_SOCKET_DIRECTORY), Path("/srv/" + "é" * 50), Path("/srv/one,two/postgres")],
    ids=["too long", "too long in bytes", "a comma is a list of hosts"],
)
def test_the_socket_moves_where_its_path_is_no_address(data):
    moved = socket_directory(data)
    assert moved.name.startswith(OUR_PREFIX)
    assert len(os.fsencode(moved)) <= LONGEST_SOCKET_DIRECTORY
    assert moved == socket_directory(data)
    assert moved != socket_directory(data / "other")


def test_the_longest_path_stays():
    data = Path("/" + "x" * (LONGEST_SOCKET_DIRECTORY - 1))
    assert socket_directory(data) == data


def test_a_private_directory_is_ours_alone(tmp_path):
    make_private(tmp_path / "new" / "data", None)
    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700


def test_a_private_directory_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ClusterError, match="somebody else made it"):
        make_private(tmp_path / "data", None)


@needs_root
def test_a_private_directory_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", 12345, 12345)
    with pytest.raises(ClusterError, match="somebody else made it"):
        make_private(tmp_path / "data", server_user())


def test_our_own_data_stands_in_var(tmp_path):
    assert data_directory(tmp_path / "var" / "postgres", None) == (tmp_path / "var" / "postgres", "")


@needs_root
def test_data_moves_where_the_server_cannot_enter(tmp_path):
    tmp_path.chmod(0o700)
    wanted = tmp_path / "var" / "postgres"
    data, note = data_directory(wanted, server_user())
    assert data.name.startswith(OUR_PREFIX)
    assert Path(os.readlink(wanted)) == data
    assert str(data) in note
    # The second start finds the link and says nothing more.
    assert data_directory(wanted, server_user()) == (data, "")


@needs_root
def test_a_copied_checkout_leaves_the_other_one_its_data(tmp_path):
    tmp_path.chmod(0o700)
    first, _ = data_directory(tmp_path / "var" / "postgres", server_user())
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "postgres").symlink_to(first)
    second, _ = data_directory(tmp_path / "copy" / "postgres", server_user())
    assert second != first


def test_a_link_that_somebody_made_is_followed(tmp_path):
    (tmp_path / "big disk").mkdir()
    (tmp_path / "postgres").symlink_to(tmp_path / "big disk")
    assert data_directory(tmp_path / "postgres", server_user())[0] == tmp_path / "big disk"


@needs_root
def test_data_that_the_server_can_no_longer_reach_is_left_alone(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "postgres").mkdir()
    with pytest.raises(ClusterError, match="cannot enter"):
        data_directory(tmp_path / "postgres", server_user())
