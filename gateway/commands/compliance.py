"""`pmpbridge compliance`: which dispensers have reported, which have not, and which of them must."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.commands.common import config_option, open_gateway
from gateway.compliance import (
    COLUMNS,
    MAX_DAYS,
    Details,
    Standing,
    as_json,
    as_row,
    read_expected,
    read_instant,
    write_instant,
)

_SHOWN = ("name", "identifier", "schedule", "status", "last received", "covers", "next due", "overdue")
_COUNTED = ("days", "zero", "missing")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the beginning of a formula

_Rows = Sequence[tuple[Standing, Details]]


class _Instant(click.ParamType[datetime]):
    """A point in time."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """As :func:`gateway.compliance.read_instant`."""
        try:
            return read_instant(value)
        except ValueError:
            self.fail("expected a day as 2026-03-01, or an instant as 2026-03-01T12:00.", param, ctx)


@click.group(invoke_without_command=True)
@config_option
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)
@click.option("--late", is_flag=True, help="Only those of whom a report is overdue.")
@click.option("--dispenser", metavar="ID", help="Only this NCPDP id, NPI or DEA number, with its days.")
@click.option(
    "--as-of",
    type=_Instant(),
    help="As it was, or will be, then (UTC); a day is its end [default: now].",
)
@click.option(
    "--days",
    default=30,
    show_default=True,
    type=click.IntRange(1, MAX_DAYS),
    help="How many days back to count reports and to look for missing days.",
)
@click.pass_context
def compliance(
    context: click.Context,
    config: Path | None,
    form: str,
    late: bool,
    dispenser: str | None,
    as_of: datetime | None,
    days: int,
) -> None:
    """Which dispensers have reported, and which have not; those that never have come first.

    Exit status 0, whoever is late; 1: the dispenser of --dispenser is not known.
    """
    if context.invoked_subcommand is not None:
        context.obj = config
        return
    with open_gateway(config) as gateway:
        then = as_of or gateway.clock()
        standings = gateway.compliance.standings(then)
        if dispenser is not None:
            standings = [one for one in standings if one.is_known_by(dispenser)]
            if not standings:
                raise click.ClickException("No dispenser of that id has reported or is listed.")
        standings = [one for one in standings if one.is_late or not late]
        details = gateway.compliance.details(standings, then, days)
        rows = list(zip(standings, details, strict=True))
    if form == "json":
        found = [as_json(*row, with_days=dispenser is not None) for row in rows]
        content = {
            "as_of": write_instant(then),
            "days": days,
            "total": len(rows),
            "late": sum(one.is_late for one, _ in rows),
            "dispensers": found,
        }
        click.echo(json.dumps(content, indent=1))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_plain(cell) for cell in as_row(*row)] for row in rows)
    else:
        _print(rows, then, days, with_days=dispenser is not None)


@compliance.command()
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.pass_obj
def expect(config: Path | None, file: TextIO) -> None:
    """Load the list of dispensers that must report, FILE (CSV; - for standard input), in place of the one before.

    Columns: ncpdp_id, npi, dea (one of them at least), name, kind (pharmacy, practitioner, veterinary, otp), schedule
    (daily, weekly), from (first day), exempt (yes), closed (last day). With a wrong line nothing is changed.
    """
    try:
        read = read_expected(file)
    except UnicodeDecodeError:
        raise click.ClickException("The file is not UTF-8.") from None
    for line in (*read.warnings, *read.problems):
        click.echo(line, err=True)
    if read.problems:
        raise click.ClickException("Nothing was changed.")
    with open_gateway(config) as gateway:
        gateway.store.expect(read.dispensers)
    click.echo(f"{len(read.dispensers)} dispensers must report or are listed as exempt or closed.")


def _print(rows: _Rows, then: datetime, days: int, *, with_days: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    table = Table(title=f"Who has reported, as of {then:%Y-%m-%d %H:%M} UTC, last {days} days")
    for heading in _SHOWN:
        table.add_column(heading)
    for heading in _COUNTED:
        table.add_column(heading, justify="right")
    for one, details in rows:
        table.add_row(*(Text(_shown(cell)) for cell in _cells(one, details)))
    console.print(table)
    late = sum(one.is_late for one, _ in rows)
    console.print(f"Dispensers: {len(rows)}, late: {late}.", highlight=False)
    if with_days:
        for one, details in rows:
            _print_days(console, one, details)


def _cells(one: Standing, details: Details) -> list[str]:
    told = dict(zip(COLUMNS, as_row(one, details), strict=True))
    missing = sum(stretch.count for stretch in details.missing)
    late = "" if one.overdue is None else f"{one.overdue.days} d {one.overdue.seconds // 3600} h"
    return [
        told["name"] + ("" if one.is_listed else " (not listed)"),
        told["ncpdp_id"] or told["npi"] or told["dea"],
        *(told[name] for name in ("schedule", "status", "last_received", "covers", "next_due")),
        late,
        *(told["days_reported"], told["zero_reports"], str(missing)),
    ]


def _print_days(console: Console, one: Standing, details: Details) -> None:
    lines: list[tuple[date, str]] = []
    for covered in details.covered:
        what = f"to {covered.last}, nothing dispensed" if covered.is_zero else "dispensations"
        lines.append(
            (covered.last, f"{covered.first}  {what}, received {covered.received_at:%Y-%m-%d %H:%M}")
        )
    for days in details.missing:
        what = "no report" if days.count == 1 else f"to {days.last}, no report"
        lines.append((days.last, f"{days.first}  {what}"))
    console.print(f"\n{_shown(one.dispenser.name or '')}", markup=False, highlight=False)
    for _, line in sorted(lines):
        console.print(f"  {line}", markup=False, highlight=False)


def _shown(text: str) -> str:
    """Text that a terminal only shows."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _plain(cell: str) -> str:
    """Text that no spreadsheet runs: names are whatever a dispenser has sent."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
