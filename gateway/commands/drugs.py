"""`pmpbridge drugs`: load lists of drug products, and see what is known of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from gateway.clinical import factors
from gateway.commands.common import config_option, open_gateway
from gateway.drugs import DrugTable, ListError, Load, Loading
from gateway.model import Drug, Ingredient, ProductCode
from gateway.model.identifiers import ndc
from gateway.model.identifiers.exceptions import ValidationError

_FEW = 10  # lines named for each reason


@click.group()
def drugs() -> None:
    """Which drug is it? Lists of products, by NDC and RxNorm concept."""


@drugs.command()
@config_option
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--source", help="Name of a CSV file's list [default: the file's name].")
@click.option("--corrections", is_flag=True, help="The CSV file decides before the FDA's directory.")
@click.option("--fewer", is_flag=True, help="Accept less than half of what the list in force has.")
@click.option(
    "--lines", type=click.Path(dir_okay=False, path_type=Path), help="Write every line named there."
)
def load(
    config: Path | None,
    files: tuple[Path, ...],
    source: str | None,
    corrections: bool,
    fewer: bool,
    lines: Path | None,
) -> None:
    """Load FILES: the FDA's NDC directory (product.txt with package.txt, or ndctext.zip), or CSV lists of products.

    A list takes the place of the one that its source had, all of it or nothing.
    """
    with open_gateway(config) as gateway:
        loading = Loading(gateway.store.products, source=source, is_correction=corrections, fewer=fewer)
        try:
            if lines is not None:
                lines.write_text("", encoding="utf-8")
            for one in loading(files):
                for sentence in _report(one):
                    click.echo(sentence)
                if lines is not None:
                    _write_lines(one, lines)
        except ListError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            raise click.UsageError(f"{error.filename}: {error.strerror}.") from None


def _report(load: Load) -> Iterator[str]:
    report, loaded = load.report, load.loaded
    yield (
        f"{loaded.source}: {report.accepted} products accepted, {report.whole} of them read whole; "
        f"{report.skipped} lines skipped."
    )
    for some in report:
        named = ", ".join(map(str, some.numbers[:_FEW]))
        more = ", ..." if len(some.numbers) > _FEW else ""
        kind = "skipped" if some.is_skipped else "accepted"
        yield f"  {kind}, {len(some.numbers)} of {some.file}: {some.reason} (lines {named}{more})"


def _write_lines(load: Load, path: Path) -> None:
    with path.open("a", encoding="utf-8") as out:
        for some in load.report:
            kind = "skipped" if some.is_skipped else "accepted"
            out.writelines(f"{some.file}\t{number}\t{kind}\t{some.reason}\n" for number in some.numbers)


@drugs.command()
@config_option
@click.argument("code", metavar="NDC")
def show(config: Path | None, code: str) -> None:
    """What is known of the product NDC, and from which list. Exit status 1: nothing is."""
    try:
        number = ndc.validate(code)
    except ValidationError as error:
        raise click.UsageError(f"{code}: {error}") from None
    with open_gateway(config) as gateway:
        click.echo(ndc.format(number))
        for sentence in _known(gateway.drugs, number):
            click.echo(sentence)


def _known(table: DrugTable, number: str) -> Iterator[str]:
    """:raises click.ClickException: nothing is known."""
    entries = table.entries(ProductCode("ndc", number))
    decides = table.find(Drug(ndc11=number))
    if decides is None:
        raise click.ClickException(
            "No list has it. A dispensation of it is recorded as it is sent, and marked unknown."
        )
    for entry in entries:
        drug = entry.drug
        yield f"{entry.source}{' (decides)' if drug is decides else ''}"
        facts = {
            "name": drug.name,
            "ingredients": "; ".join(map(_ingredient, drug.ingredients)),
            "form": drug.dose_form,
            "route": drug.route,
            "schedule": drug.schedule and drug.schedule.value,
            "class": drug.drug_class.value,
            "rxcui": drug.rxcui,
        }
        yield from (f"  {what:<12} {fact or 'not stated'}" for what, fact in facts.items())
    yield from _factors(decides)


def _ingredient(ingredient: Ingredient) -> str:
    if ingredient.strength is None:
        return f"{ingredient.name} (strength not stated)"
    return f"{ingredient.name} {ingredient.strength} {ingredient.unit}"


def _factors(drug: Drug) -> Iterator[str]:
    names = {ingredient.name for ingredient in drug.ingredients}
    for factor in factors("cdc-2022"):
        if factor.ingredient in names:
            bands = ", ".join(str(band.factor) for band in factor.bands)
            yield f"MME (cdc-2022)  {factor.ingredient}, {factor.form}: {bands} per {factor.unit}"


@drugs.command()
@config_option
def status(config: Path | None) -> None:
    """Which lists are in force, in the order in which they decide."""
    with open_gateway(config) as gateway:
        for one in gateway.store.products.lists():
            loaded = one.loaded_at.strftime("%Y-%m-%d %H:%M UTC")
            click.echo(f"{one.source}: {one.products} products, loaded {loaded} from {', '.join(one.files)}")
        click.echo(f"shipped: {len(gateway.drugs.products)} products")


@drugs.command()
@config_option
@click.argument("source")
def remove(config: Path | None, source: str) -> None:
    """Take the list of SOURCE out of force."""
    with open_gateway(config) as gateway:
        if not gateway.store.products.remove(source):
            raise click.ClickException(f"{source}: no such list is in force; `drugs status` has them all.")
    click.echo(f"{source} is removed.")
