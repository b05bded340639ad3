"""`pmpbridge synth`: a reproducible synthetic Connecticut, as data, through intake, or loaded at once."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from gateway.bootstrap import loading_tools, now, prepare_record
from gateway.commands.common import config_option, open_gateway, read_settings
from gateway.loading import Task, load_record
from gateway.seeding import seed_record
from gateway.synth import generate

_A_STATE = 1_500_000  # patients
_SAY_EVERY = 10.0  # seconds


@click.command()
@config_option
@click.option(
    "--patients", type=click.IntRange(1), help=f"How many people [needed, but with --load: {_A_STATE}]."
)
@click.option(
    "--years",
    type=click.IntRange(1, 10),
    help="How many years of history [default: 2, with --load 1, which is 12 to 13 dispensations a patient].",
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same population.")
@click.option(
    "--until",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    default=None,
    help="Last day of the history [default: yesterday].",
)
@click.option(
    "--out", type=click.File("wb"), help="Write the people as NDJSON instead (- for standard output)."
)
@click.option("--load", is_flag=True, help="Fill an empty record at once, past intake, by all processors.")
def synth(
    config: Path | None,
    patients: int | None,
    years: int | None,
    seed: int,
    until: datetime | None,
    out: BinaryIO | None,
    load: bool,
) -> None:
    """Put a reproducible synthetic Connecticut into the record.

    The same arguments, --until included, give the same people and the same dispensations on any machine; with --load
    under other prescription numbers.
    """
    day = until.date() if until else datetime.now(UTC).date() - timedelta(days=1)
    if load:
        if out is not None:
            raise click.UsageError("--load and --out are two things; name one of them.")
        _load(config, patients=patients or _A_STATE, years=years or 1, seed=seed, until=day)
        return
    if patients is None:
        raise click.UsageError("Missing option '--patients'.")
    if out is not None:
        for person in generate(patients=patients, years=years or 2, seed=seed, until=day):
            out.write(msgspec.json.encode(person) + b"\n")
        return
    with open_gateway(config) as gateway:
        report = seed_record(gateway, patients=patients, years=years or 2, seed=seed, until=day)
    click.echo(report.sentence)


def _load(config: Path | None, *, patients: int, years: int, seed: int, until: date) -> None:
    settings = read_settings(config)
    prepare_record(settings)
    progress = _Progress()
    people, dispensations = load_record(
        settings.store_url(),
        Task(
            tools=partial(loading_tools, settings, now()),
            patients=patients,
            years=years,
            seed=seed,
            until=until,
        ),
        loaded=progress.loaded,
    )
    click.echo(f"{people} people with {dispensations} dispensations loaded in {progress.seconds:.0f} s")


class _Progress:
    """Says how far it is, on standard error."""

    def __init__(self) -> None:
        self._start = self._said = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._start

    def loaded(self, people: int, dispensations: int) -> None:
        """Now and then a line."""
        if time.monotonic() - self._said >= _SAY_EVERY:
            self._said = time.monotonic()
            click.echo(f"{people} people, {dispensations} dispensations, {self.seconds:.0f} s", err=True)
