"""The connection of our own: past a pooler where that can be, and never through one unnoticed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from opsadmin.core.errors import OperationFailed
from opsadmin.indexing.failures import looking
from opsadmin.postgres.direct import direct_address, own_connection

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@contextmanager
def at(changed: dict[str, Any]) -> Iterator[None]:
    """The alias with other settings."""
    wrapper = connections["store"]
    before = wrapper.settings_dict
    wrapper.settings_dict = {**before, **changed}
    try:
        yield
    finally:
        wrapper.settings_dict = before


@pytest.fixture
def pooler(shop) -> Iterator[tuple[str, int]]:
    """An address that answers as a pooler does: with process numbers of its own."""
    parts = conninfo_to_dict(shop.dsn)
    target = str(Path(str(parts["host"])) / f".s.PGSQL.{parts.get('port') or 5432}")
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, sink: socket.socket, *, changed: bool) -> None:
        while data := source.recv(65536):
            at = data.find(b"K\x00\x00\x00\x0c") if changed else -1
            if at >= 0:
                data = data[: at + 5] + b"\x7f\x00\x00\x01" + data[at + 9 :]
            sink.sendall(data)
        sink.close()

    def serve() -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(target)
            for pair, changed in (((client, server), False), ((server, client), True)):
                threading.Thread(target=carry, args=pair, kwargs={"changed": changed}, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_pooler_is_noticed_and_a_direct_address_taken_instead(shop, pooler, settings):
    wrapper = connections["store"]
    server = {"host": wrapper.settings_dict["HOST"], "dbname": "another"}
    away = {"HOST": pooler[0], "PORT": str(pooler[1])}
    with at(away):
        with pytest.raises(OperationFailed, match="leads to a connection pooler") as caught, own_connection("store"):
            pass
        assert "POSTGRES_DIRECT_URL" in caught.value.hint
        settings.OPSADMIN = {"DIRECT": {"store": {**server, "port": ""}}}
        with own_connection("store") as connection:
            row = connection.execute("SELECT current_database(), current_setting('search_path')").fetchone()
    assert row == (wrapper.settings_dict["NAME"], "pg_catalog"), "the database is the alias's"


def test_neons_pooler_is_gone_around():
    host = "ep-cool-night-123-pooler.eu-central-1.aws.neon.tech"
    with at({"HOST": host, "OPTIONS": {"assume_role": "keeper"}}):
        address = direct_address("store")
    assert address.parameters["host"] == "ep-cool-night-123.eu-central-1.aws.neon.tech"
    assert (address.role, address.is_given) == ("keeper", False)


def test_nothing_of_an_address_is_in_a_refusal():
    with at({"HOST": "127.0.0.1", "PORT": "1", "PASSWORD": "hunter2"}):
        with pytest.raises(OperationFailed) as caught, looking("store"):
            pass
    assert caught.value.message == "PostgreSQL does not answer."
