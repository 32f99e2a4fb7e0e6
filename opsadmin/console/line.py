"""A metered line to the server: what the server sends passes through here and is counted, and the line is cut when it is
too much or takes too long.

libpq keeps a whole message in memory, and one message is as large as one row, one error text or one notice: up to a
gigabyte for a statement of forty characters. Nothing that libpq offers bounds that; counting the bytes on their way does.
TLS is between libpq and the server as before: only the bytes are counted here."""

from __future__ import annotations

import contextlib
import logging
import selectors
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

logger = logging.getLogger(__name__)

#: A server that takes longer to answer the phone is down.
CONNECT_SECONDS = 3.0
_PIECE = 65536
#: How often the line looks whether it was closed.
_TICK = 0.5


class MeteredLine:
    """Listens where only this process looks for it, for one connection and for the requests to cancel what runs on it.
    `parameters`: of the connection, as libpq names them. `limit`: bytes from the server. `deadline`: of time.monotonic.

    Raises OSError where the server cannot be reached."""

    def __init__(self, parameters: Mapping[str, str], *, limit: int, deadline: float) -> None:
        self._limit = limit
        self._deadline = deadline
        self._server = _Server(parameters)
        self._directory: Path | None = None
        self._received = 0
        self._closed = threading.Event()
        self._selector = selectors.DefaultSelector()
        #: Why the line was cut: "bytes" or "time"; empty while it was not.
        self.cut = ""
        first = self._server.connect(min(deadline, time.monotonic() + CONNECT_SECONDS))
        try:
            self._listener = self._listen()
        except OSError:
            first.close()
            raise
        self._spare: socket.socket | None = first
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._carry, name="opsadmin-console-line", daemon=True)
        self._thread.start()

    @property
    def parameters(self) -> dict[str, str]:
        """What of the connection's parameters is different on this line."""
        address = self._listener.getsockname()
        if self._server.is_local:
            return {"host": str(self._directory), "port": self._server.port, "hostaddr": ""}
        return {"host": self._server.host, "hostaddr": address[0], "port": str(address[1])}

    def close(self) -> None:
        """Cut the line and wait until nothing is left of it."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._wake()
        self._thread.join(timeout=2)

    def _wake(self) -> None:
        """A connection to ourselves ends the wait for the next piece."""
        with socket.socket(self._listener.family, socket.SOCK_STREAM) as caller:
            caller.settimeout(0.2)
            caller.connect(self._listener.getsockname())

    def _listen(self) -> socket.socket:
        if self._server.is_local:
            self._directory = Path(tempfile.mkdtemp(prefix="ops-line-"))  # 0700: nobody else comes in
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self._directory / f".s.PGSQL.{self._server.port}"))
        else:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            # libpq looks a password up by host and port: keep the port, on an address of our own, where that can be.
            for address in (
                ("127.94.15.1", int(self._server.port)),
                ("127.0.0.1", int(self._server.port)),
                ("127.0.0.1", 0),
            ):
                try:
                    listener.bind(address)
                    break
                except OSError:
                    continue
        listener.listen(4)
        return listener

    def _carry(self) -> None:
        try:
            while not self._closed.is_set():
                left = self._deadline - time.monotonic()
                if left <= 0:
                    self.cut = self.cut or "time"
                    return
                for key, events in self._selector.select(min(left, _TICK)):
                    if key.data is None:
                        self._accept()
                    else:
                        self._serve(key.data, events)
                    if self.cut:
                        return
        except OSError as error:
            logger.debug("[console] the line broke: %s", type(error).__name__)
        finally:
            self._end()

    def _accept(self) -> None:
        client, _address = self._listener.accept()
        if self._closed.is_set():
            client.close()
            return
        server, self._spare = self._spare, None
        if server is None:
            server = self._server.connect(min(self._deadline, time.monotonic() + CONNECT_SECONDS))
        ends = _End(client), _End(server, is_server=True)
        for end, other in (ends, ends[::-1]):
            end.other = other
            end.socket.setblocking(False)
            self._selector.register(end.socket, selectors.EVENT_READ, end)

    def _serve(self, end: _End, events: int) -> None:
        """Hand over what there is; an end that went away takes the other one along."""
        if end.socket.fileno() < 0:
            return  # closed by what came just before
        try:
            if events & selectors.EVENT_WRITE:
                end.hand_over()
            if events & selectors.EVENT_READ:
                piece = end.socket.recv(_PIECE)
                if not piece:
                    raise ConnectionResetError
                if end.is_server:
                    self._received += len(piece)
                    if self._received > self._limit:
                        self.cut = "bytes"
                        return
                end.other.waiting += piece
                end.other.hand_over()
        except BlockingIOError:
            pass
        except OSError:
            for one in (end, end.other):
                self._watch(one, 0)
                one.socket.close()
            return
        # Who has something to hand over is not read from at the other side: no more than a piece is ever held here.
        for one in (end, end.other):
            wanted = (selectors.EVENT_READ if not one.other.waiting else 0) | (
                selectors.EVENT_WRITE if one.waiting else 0
            )
            self._watch(one, wanted)

    def _watch(self, end: _End, events: int) -> None:
        known = end.socket in self._selector.get_map()
        if events and known:
            self._selector.modify(end.socket, events, end)
        elif events:
            self._selector.register(end.socket, events, end)
        elif known:
            self._selector.unregister(end.socket)

    def _end(self) -> None:
        for key in list(self._selector.get_map().values()):
            for one in (key.data, key.data.other) if key.data is not None else ():
                one.socket.close()
        self._listener.close()
        self._selector.close()
        if self._spare is not None:
            self._spare.close()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)


class _End:
    """One end of a connection; `waiting`: what is still to be handed over to it."""

    other: _End

    def __init__(self, end: socket.socket, *, is_server: bool = False) -> None:
        self.socket = end
        self.is_server = is_server
        self.waiting = b""

    def hand_over(self) -> None:
        if self.waiting:
            self.waiting = self.waiting[self.socket.send(self.waiting) :]


class _Server:
    """Where the server is: the first of its addresses that answers."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        addresses = parameters.get("hostaddr") or parameters.get("host") or ""
        self._addresses = addresses.split(",")
        hosts = (parameters.get("host") or addresses).split(",")
        self._hosts = hosts if len(hosts) == len(self._addresses) else self._addresses
        ports = (parameters.get("port") or "5432").split(",")
        self._ports = ports if len(ports) == len(self._addresses) else ports[:1] * len(self._addresses)
        self.host, self.port = self._hosts[0], self._ports[0] or "5432"

    @property
    def is_local(self) -> bool:
        """Whether it is a socket in a directory."""
        return self._addresses[0].startswith(("/", "@"))

    def connect(self, deadline: float) -> socket.socket:
        failure: OSError | None = None
        for address, host, port in zip(self._addresses, self._hosts, self._ports, strict=True):
            left = max(0.2, deadline - time.monotonic())
            try:
                if address.startswith("/"):
                    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                    found.settimeout(left)
                    try:
                        found.connect(f"{address}/.s.PGSQL.{port or 5432}")
                    except OSError:
                        found.close()
                        raise
                else:
                    found = socket.create_connection((address, int(port or 5432)), timeout=left)
            except OSError as error:
                failure = error
                continue
            self.host, self.port = host, port or "5432"
            return found
        raise failure or OSError("no address")


def can_be_metered(parameters: Mapping[str, str]) -> bool:
    """Whether the address stands in the parameters: libpq may also take it from a service file or the environment."""
    address = parameters.get("hostaddr") or parameters.get("host") or ""
    kinds = {one.startswith("/") for one in address.split(",")}
    return bool(address) and not address.startswith("@") and len(kinds) == 1
