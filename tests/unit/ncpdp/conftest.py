"""A partner to ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.unit.ncpdp.partners import Partner


@pytest.fixture
def partner() -> Iterator[Partner]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.received.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, headers, answer = here.reply(body) if callable(here.reply) else here.reply
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                if value:
                    self.send_header(name, value)
            if not headers.get("Content-Length", "x"):
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    here = Partner(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()
