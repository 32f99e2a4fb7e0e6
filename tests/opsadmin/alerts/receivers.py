"""Servers that receive alerts, and may be slow, broken or elsewhere."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hook:
    """A webhook: `answers` are the statuses to come, 200 after them; `slow` holds an answer back until it is set."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook/s3cret-t0ken"
        self.got: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.signed: list[str | None] = []
        self.answers: list[int] = []
        self.slow: threading.Event | None = None
        self.arrived = threading.Event()


@contextmanager
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(json.loads(body))
            found.keys.append(self.headers["X-Alert-Id"])
            found.signed.append(self.headers["Authorization"])
            found.arrived.set()
            if found.slow is not None:
                found.slow.wait(30)
            status = found.answers.pop(0) if found.answers else 200
            try:
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", found.url)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                pass  # nobody waits any more

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Hook(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield found
    finally:
        if found.slow is not None:
            found.slow.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Post:
    """A mail server: `mails` as they came; with `refuse` it takes none."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.mails: list[str] = []
        self.refuse = False


@contextmanager
def post_office() -> Iterator[Post]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part.decode())
                    found.mails.append("".join(lines))
                elif word == b"RCPT" and found.refuse:
                    self.wfile.write(b"550 nobody of that name\r\n")
                    continue
                self.wfile.write(b"250 ok\r\n")
                if word == b"QUIT":
                    return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Post(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
