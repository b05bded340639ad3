"""The command `pmpbridge` as a process of its own, for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

COMMAND = (sys.executable, "-m", "gateway.cli")


def environment(**more: str) -> dict[str, str]:
    """The caller's environment without settings of the gateway, and with these variables."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PMPBRIDGE")} | more


def pmpbridge(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        env=environment(**variables),
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ended_after(process: subprocess.Popen[str], port: int) -> Iterator[None]:
    """The process is ended when the block ends, and leaves nobody behind who answers on the port."""
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)
    for _ in range(50):
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=1)
            time.sleep(0.1)
        except requests.ConnectionError:
            return
    raise AssertionError("a server outlived the command that started it")
