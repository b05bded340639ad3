"""The WSGI server, and the application object it loads in each of its workers."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from gateway import logs
from gateway.bootstrap import build
from gateway.settings import Settings, load_settings
from gateway.web.app import create_app


def serve(settings: Settings, config: Path | None) -> int:
    """Serve until interrupted; returns the exit status.

    The workers read the settings anew, from the same file: what the parent process knows does not reach them.
    """
    if config is not None:
        os.environ["PMPBRIDGE_CONFIG"] = str(config.resolve())
    build(settings).close()  # a broken setting, adapter or schema is said here, once, and not by every worker
    Granian(
        "gateway.web.server:application",
        factory=True,
        address=settings.server.host,
        port=settings.server.port,
        interface=Interfaces.WSGI,
        workers=settings.server.workers,
        blocking_threads=settings.server.threads,
        log_enabled=False,
        log_access=False,
    ).serve()
    return 0


def application() -> Flask:
    """The application of one worker."""
    settings = load_settings()
    logs.configure(settings.logging.level)
    return create_app(build(settings))
