"""What the demo prints: the table, what disagrees, and the lines to paste."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from gateway.comparison import differences
from gateway.demo.client import Exchange
from gateway.model import Outcome


def report(exchanges: list[Exchange]) -> int:
    """Print the table; returns 0, or 1 when a look-up failed or two formats tell different records."""
    table = Table(title="One patient, every protocol")
    for heading in ("protocol", "status", "medications", "milliseconds", "bytes"):
        table.add_column(heading, justify="left" if heading in {"protocol", "status"} else "right")
    for e in exchanges:
        status = e.answer.outcome.value if e.answer else f"failed: {e.failure}"
        medications = str(len(e.answer.dispensations)) if e.answer else "-"
        table.add_row(e.format, status, medications, f"{e.milliseconds:.1f}", str(e.received))
    Console().print(table)
    failed = [e.format for e in exchanges if e.answer is None or e.answer.outcome is not Outcome.COMPLETE]
    for name in failed:
        click.echo(f"{name}: the look-up failed.", err=True)
    disagree = False
    told = [(e.format, e.answer) for e in exchanges if e.answer is not None]
    for (one, answer), (other, other_answer) in combinations(told, 2):
        fields = differences(answer, one, other_answer, other)
        if fields:
            disagree = True
            click.echo(f"{one} and {other} disagree on: {', '.join(fields)}.", err=True)
    if not failed and not disagree:
        click.echo("All protocols give the same clinical record.")
    return 1 if failed or disagree or not exchanges else 0


def curl_lines(folder: Path, exchanges: list[Exchange], credentials: dict[str, Any]) -> None:
    """A line for each protocol's first format, with the request it sends in a file."""
    token = (
        f"$(curl -s -u {credentials['client_id']}:{credentials['client_secret']} -d grant_type=client_credentials "
        f'{credentials["token_url"]} | sed \'s/.*"access_token": *"\\([^"]*\\)".*/\\1/\')'
    )
    click.echo("\nReady to paste:")
    shown: set[str] = set()
    for e in exchanges:
        if e.request is None or e.request.url is None or e.request.url in shown:
            continue
        shown.add(e.request.url)
        content_type = e.request.headers["Content-Type"]
        path = folder / f"request-{e.format}.{'json' if 'json' in content_type else 'xml'}"
        body = e.request.body
        path.write_bytes(body if isinstance(body, bytes) else str(body).encode())
        extra = (
            f" -H 'SOAPAction: {e.request.headers['SOAPAction']}'"
            if "SOAPAction" in e.request.headers
            else ""
        )
        click.echo(
            f"\ncurl -s -H \"Authorization: Bearer {token}\" -H 'Content-Type: {content_type}'{extra} "
            f"--data-binary @{path} '{e.request.url}'"
        )
