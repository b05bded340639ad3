"""The WSGI server, and the application object it loads in each of its workers."""

from __future__ import annotations

import gc
import os
import socket
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from gateway import logs
from gateway.bootstrap import build
from gateway.settings import Settings, SettingsError, load_settings
from gateway.turns import Turns
from gateway.web.app import create_app

_YOUNG = 100_000  # objects that may be made before the collector looks at the young ones


def serve(settings: Settings, config: Path | None) -> int:
    """Serve until interrupted; returns the exit status.

    :raises SettingsError: a setting cannot be used, or somebody else listens on the port.
    :raises gateway.registry.RegistryError: an adapter cannot be loaded.

    The workers read the settings anew, from the same file: what the parent process knows does not reach them.
    """
    if config is not None:
        os.environ["PMPBRIDGE_CONFIG"] = str(config.resolve())
    build(settings).close()  # a broken setting, adapter or schema is said here, once, and not by every worker
    _check_port(settings.server.host, settings.server.port)
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


def _check_port(host: str, port: int) -> None:
    """:raises SettingsError: nobody can listen there; Granian would say so by a crash."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"server.host, server.port: {host}:{port} is not to be had: {error.strerror}."
        ) from None


def application() -> Flask:
    """The application of one worker."""
    settings = load_settings()
    logs.configure(settings.logging.level)
    app = create_app(build(settings))
    app.wsgi_app = Turns().around(app.wsgi_app)  # type: ignore[method-assign,assignment]  # Flask's own way
    # An answer is thousands of small objects that die with it, without cycles: with Python's own thresholds the
    # collector walks all that is alive a dozen times an answer (docs/decisions/0016-fhir-speed.md).
    gc.freeze()
    gc.set_threshold(_YOUNG)
    return app
