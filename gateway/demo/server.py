"""The gateway as a process of its own, as in production, on a loopback port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import requests

START_SECONDS = 60


def chosen_port(asked: int) -> int:
    """The port asked for, or any free one for 0.

    :raises click.ClickException: somebody listens there already, whom the demo would otherwise talk to.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", asked))
        except OSError:
            raise click.ClickException(
                f"Port {asked} is in use; choose another: pmpbridge demo --port 8081 (make demo PORT=8081)."
            ) from None
        return int(probe.getsockname()[1])


@contextmanager
def running(config: Path, folder: Path, origin: str) -> Iterator[subprocess.Popen[bytes]]:
    """The server while the block runs; its output lies in `server.log`.

    :raises click.ClickException: it stops while starting, or is not ready in time.
    """
    log = (folder / "server.log").open("wb")
    command = [sys.executable, "-m", "gateway.cli", "serve", "--config", str(config)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PMPBRIDGE")}
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)  # noqa: S603 - our own command
    try:
        _wait_until_ready(process, f"{origin}/ready", folder / "server.log")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise click.ClickException(f"The server stopped while starting; see {log}.")
        try:
            if requests.get(url, timeout=1).status_code == requests.codes.ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise click.ClickException(f"The server was not ready within {START_SECONDS} seconds; see {log}.")
