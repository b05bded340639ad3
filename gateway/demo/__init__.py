"""`pmpbridge demo`: a seeded record, a real server, and one patient looked up through every protocol.

    record    the folder: settings, clients, people and their dispensations, made once
    server    the gateway as a process of its own
    client    the look-ups, as a caller makes them
    show      the table, what disagrees, and the lines to paste

Everything lies in one folder: the record, the audit, the keys, `clients.json` (how to get a token) and
`patients.json` (whom to look up). A second start finds the record and uses it again.
"""

from __future__ import annotations

import signal
from pathlib import Path

import click

from gateway import logs
from gateway.demo import client, record, server, show


def run(*, folder: Path, port: int, patients: int, once: bool) -> int:
    """The demo; returns the exit status: 0, or 1 when a look-up failed or the protocols disagree."""
    logs.configure("WARNING")
    signal.signal(signal.SIGTERM, _interrupted)  # so that the server ends with the demo, however it is ended
    folder.mkdir(parents=True, exist_ok=True)
    port = server.chosen_port(port)
    origin = f"http://127.0.0.1:{port}"
    config = record.write_config(folder, port)
    people = record.patients(config, folder, patients)
    credentials = record.clients(config, folder, f"{origin}/oauth/token")
    with server.running(config, folder, origin) as process:
        exchanges = client.look_up(people[0], origin, credentials)
        status = show.report(exchanges)
        show.curl_lines(folder, exchanges, credentials)
        if not once and status == 0:
            click.echo(f"\nServing on {origin} until interrupted (Ctrl-C).")
            try:
                process.wait()
            except KeyboardInterrupt:
                click.echo("Stopped.")
    return status


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt
