"""`pmpbridge matching`: how well people are matched, and what the weights are to be, out of files of people.

Nothing else needs arrays; they are loaded when one of these commands runs, so that the others start no slower.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from gateway.errors import GatewayError

_File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def matching() -> None:
    """Who is this? Measure the matcher, and estimate its weights."""


@matching.command("evaluate")
@click.argument("file", type=_File)
@click.option(
    "--truth",
    type=click.Choice(["febrl", "cluster"]),
    required=True,
    help="febrl: column rec_id names the person (rec-N-org, rec-N-dup-M). cluster: the column of that name does.",
)
@click.option(
    "--weights",
    type=click.Choice(["estimated", "shipped"]),
    default="estimated",
    show_default=True,
    help="estimated: out of the file, without its truth. shipped: the record's own, with its own rule.",
)
def evaluate_command(file: Path, truth: str, weights: str) -> None:
    """Find the rows of FILE (CSV) that are one person, and print how well, as JSON.

    Columns are taken by their usual names: first_name or given_name, middle_name, last_name or surname, suffix, dob
    or date_of_birth, sex, street or address_1, address_2, city or suburb, state, zip or postcode, phone, email.
    """
    from gateway.deduplication import evaluate, evaluate_shipped, read  # noqa: PLC0415 - as said above

    try:
        records = read(file, truth)
    except GatewayError as error:
        raise click.ClickException(f"{file}: {error}") from None
    result = evaluate(records) if weights == "estimated" else evaluate_shipped(records)
    click.echo(json.dumps(asdict(result)))


@matching.command()
@click.argument("files", type=_File, nargs=-1, required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the table there.")
def train(files: tuple[Path, ...], out: Path | None) -> None:
    """Estimate the weights out of FILES (CSV, columns as for evaluate; no truth is needed), and print the table.

    Put its place into the setting `matching.weights` to use it. What a level asks for beyond its weight is kept as it
    is shipped.
    """
    from gateway.deduplication import read, trained  # noqa: PLC0415 - as said above

    try:
        records = [record for file in files for record in read(file)]
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    table = trained(records)
    if out is None:
        sys.stdout.write(table)
    else:
        out.write_text(table, encoding="utf-8")
