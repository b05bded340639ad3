"""`pmpbridge person`: how people are linked, for those who keep the record: look, split, merge, undo.

What is shown here is about patients, and goes to the terminal of whoever types it and nowhere else.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway.bootstrap import Gateway
from gateway.commands.common import config_option, open_gateway
from gateway.linking import Asked, Merge, PersonShown, Proposal, Split, Undo
from gateway.matching import Near
from gateway.model import AppearanceHeld, Link, Person, PersonHeld, PersonName, Species

_day = click.DateTime(formats=["%Y-%m-%d"])
_format = click.option(
    "--format", "form", type=click.Choice(["json", "text"]), default="text", show_default=True
)
_yes = click.option("--yes", is_flag=True, help="Do it without asking.")
_limit = click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))


@click.group()
def person() -> None:
    """People in the record: who is who, and who is one person.

    Every command is audited, as the user of the operating system who types it.
    """


@person.command()
@config_option
@click.argument("key")
@_format
def show(config: Path | None, key: str, form: str) -> None:
    """Show the person KEY: appearances with their dispensations, and who else may be the same person."""
    with open_gateway(config) as gateway:
        shown = gateway.linking.show(key, by=_operator())
    _tell(shown, _shown(shown), form)


@person.command()
@config_option
@click.option("--family", help="Family name.")
@click.option("--given", "given", multiple=True, help="Given name; repeat for a middle name.")
@click.option("--born", type=_day, required=True, help="Date of birth.")
@_limit
@_format
def find(
    config: Path | None, family: str | None, given: tuple[str, ...], born: datetime, limit: int, form: str
) -> None:
    """Find people by demographics, also where they are written a little differently. The likeliest comes first."""
    if not family and not given:
        raise click.UsageError("A family name or a given name is needed.")
    wanted = Person(names=(PersonName(family=family or "", given=given),), birth_date=born.date())
    with open_gateway(config) as gateway:
        near = gateway.linking.find(wanted, by=_operator(), limit=limit)
    _tell(near, _near(near) if near else ["Nobody in the record is near."], form)


@person.command()
@config_option
@click.argument("key")
@click.argument("into_key")
@click.option("--reason", required=True, help="Why; kept in the journal.")
@_yes
@_format
def merge(config: Path | None, key: str, into_key: str, reason: str, yes: bool, form: str) -> None:
    """Merge the person KEY into INTO_KEY: they are one. KEY leads there from then on."""
    with open_gateway(config) as gateway:
        _carry_out(gateway, Merge(key, into_key), reason, yes, form)


@person.command()
@config_option
@click.argument("key")
@click.option(
    "--appearance",
    "appearances",
    type=click.IntRange(1),
    multiple=True,
    required=True,
    help="The number of an appearance that is another person's; repeat for more.",
)
@click.option("--reason", required=True, help="Why; kept in the journal.")
@_yes
@_format
def split(
    config: Path | None, key: str, appearances: tuple[int, ...], reason: str, yes: bool, form: str
) -> None:
    """Split the person KEY: these appearances, with all their dispensations, become a new person."""
    with open_gateway(config) as gateway:
        _carry_out(gateway, Split(key, frozenset(appearances)), reason, yes, form)


@person.command()
@config_option
@click.argument("link_id")
@click.option("--reason", default="", help="Why; kept in the journal.")
@_yes
@_format
def undo(config: Path | None, link_id: str, reason: str, yes: bool, form: str) -> None:
    """Undo the link LINK_ID: what it has moved goes back, with what was dispensed under it since.

    Only the newest link that concerns these appearances can be undone. An undo is a link too, and can be undone.
    """
    with open_gateway(config) as gateway:
        _carry_out(gateway, Undo(link_id), reason, yes, form)


@person.command()
@config_option
@click.argument("key", required=False)
@_limit
@_format
def links(config: Path | None, key: str | None, limit: int, form: str) -> None:
    """The journal of splits, merges and undos, the newest first: of the person KEY, or of everybody."""
    with open_gateway(config) as gateway:
        found = gateway.linking.links(by=_operator(), limit=limit, person_key=key)
    lines = [line for link in found for line in _link(link)]
    _tell(found, lines or ["Nothing was split or merged."], form)


def _operator() -> str:
    return f"operator:{getpass.getuser()}"


def _carry_out(gateway: Gateway, asked: Asked, reason: str, yes: bool, form: str) -> None:
    proposal = gateway.linking.propose(asked, by=_operator(), reason=reason)
    if not yes:
        click.echo(_text(_proposed(proposal)), err=True)
        click.confirm("Do this?", abort=True, err=True)
    link = gateway.linking.carry_out(proposal)
    _tell(link, _link(link), form)


def _tell(what: Any, lines: Iterable[str], form: str) -> None:
    """JSON has the model's own names of fields."""
    click.echo(msgspec.json.encode(what).decode() if form == "json" else _text(lines))


def _text(lines: Iterable[str]) -> str:
    """Names came from outside: whatever would steer a terminal is shown as a question mark."""
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)


# --- in words -----------------------------------------------------------------------------------------------------


def _shown(shown: PersonShown) -> Iterator[str]:
    if shown.asked != shown.person.person_key:
        yield f"{shown.asked} was merged into {shown.person.person_key}."
    yield from _held(shown.person)
    if shown.possible_duplicates:
        yield "possible duplicates"
        yield from _near(shown.possible_duplicates)
    else:
        yield "no possible duplicates"


def _held(held: PersonHeld) -> Iterator[str]:
    yield f"person {held.person_key}"
    for one in held.appearances:
        yield from _appearance(one)


def _appearance(one: AppearanceHeld) -> Iterator[str]:
    yield f"  appearance {one.person.appearance}: {_demographics(one.person)}"
    when = f", filled {one.first_filled} to {one.last_filled}" if one.active else ""
    void = f"; {one.void} void" if one.void else ""
    yield f"    dispensations: {one.active}{when}{void}"


def _near(near: Iterable[Near]) -> Iterator[str]:
    for one in near:
        fits = "fits" if one.fits else "near"
        yield f"  person {one.appearance.key}, {fits}, score {one.evidence.score:.1f}"
        yield f"    appearance {one.appearance.appearance}: {_demographics(one.appearance)}"
        yield "    " + ", ".join(f"{f.field} {f.level} {f.weight:+.1f}" for f in one.evidence.fields)


def _proposed(proposal: Proposal) -> Iterator[str]:
    move, target = proposal.move, proposal.target
    moved = [one for one in proposal.source.appearances if one.person.appearance in move.appearances]
    where = f"to person {target.person_key}" if target else "to a new person"
    count = sum(one.active + one.void for one in moved)
    yield f"{move.action.value}: from person {move.from_key} {where}, with {_dispensations(count)}"
    for one in moved:
        yield from _appearance(one)
    if target is not None and target.appearances:
        yield "who has"
        for one in target.appearances:
            yield from _appearance(one)


def _link(link: Link) -> Iterator[str]:
    state = f"undone by {link.undone_by}" if link.undone_by else "in force"
    of = f" of {link.undoes}" if link.undoes else ""
    yield f"link {link.id}: {link.action.value}{of}, {state}"
    moved = ", ".join(f"{left} now {came}" for left, came in link.appearances)
    yield f"  from person {link.from_key} to person {link.to_key}, {_dispensations(link.dispensations)}"
    yield f"  appearances: {moved}"
    yield f"  {link.at:%Y-%m-%d %H:%M:%S} UTC, {link.by}{': ' if link.reason else ''}{link.reason}"


def _demographics(one: Person) -> str:
    """Everything that tells people apart, in one line."""
    parts = ["; ".join(map(_name, one.names))]
    if one.species is Species.VETERINARY:
        parts.append("veterinary patient")
    if one.birth_date:
        parts.append(f"born {one.birth_date}")
    parts.append(one.sex.value)
    for home in one.addresses:
        place = " ".join(filter(None, (home.city, home.state, home.postal_code)))
        parts.append(", ".join(filter(None, (*home.lines, place))))
    parts += one.phones
    if one.deceased:
        parts.append(f"deceased {one.deceased}")
    if one.owner:
        parts.append(f"owner {_demographics(one.owner)}")
    return "; ".join(filter(None, parts))


def _dispensations(number: int) -> str:
    return f"{number} dispensation{'' if number == 1 else 's'}"


def _name(name: PersonName) -> str:
    return ", ".join(filter(None, (name.family, " ".join(name.given), name.suffix)))
