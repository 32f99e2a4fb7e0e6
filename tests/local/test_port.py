"""A taken port says who has it."""

import os
import socket

import pytest

from switchbot_site.local.errors import LocalError
from switchbot_site.local.port import require_free


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    require_free("127.0.0.1", port)


def test_a_taken_port_names_its_holder_and_the_way_out(taken):
    with pytest.raises(LocalError) as refused:
        require_free("127.0.0.1", taken, patience=0)
    assert f"(process {os.getpid()})" in str(refused.value)
    assert f"PORT={taken + 1} make run" in str(refused.value)


@pytest.mark.parametrize("address, port", [("not an address", 8000), ("192.0.2.1", 8000), ("127.0.0.1", 99999)])
def test_what_cannot_be_an_address(address, port):
    with pytest.raises(LocalError, match="Correct BIND_ADDRESS and PORT"):
        require_free(address, port, patience=0)
