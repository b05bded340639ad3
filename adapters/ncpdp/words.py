"""What a version has no element for, in the words of a medication's Note.

It is for people, who need to see it: nothing of it is read back, and the losses of the answer name it. Which facts
these are is said by the field map alone. A version with one Patient in a message says there under which other name or
birth date a fill was reported.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

from adapters.ncpdp.fit import Fit, plain
from adapters.ncpdp.values import table
from adapters.ncpdp.version import Version
from gateway.model import Dispensation, Person, PersonName, Species
from gateway.terminology import field_map

_LIMIT = 210  # characters, of MedicationDispensed/Note


class Facts(NamedTuple):
    """What a note is made of. The same few facts recur from fill to fill, whoever's it is."""

    species: Species
    partial_fill: int
    ingredients: int
    refills: int | None
    payment: str | None
    rx_origin: str | None
    treatment_type: str | None
    prescriber_state: str | None
    dispenser_state: str | None


_Word = Callable[[Facts], str | None]


def medication_note(fit: Fit, d: Dispensation, version: Version, reported: str | None = None) -> str | None:
    """The note of one medication; None when there is nothing to say.

    :param reported: of :func:`reported_for`, where the version has one Patient in a message.
    """
    said = _said(version, facts_of(d))
    if reported:
        said = f"{reported} {said}".strip()
    return fit.sentence(said, _LIMIT) if said else None


def facts_of(d: Dispensation) -> Facts:
    """What the note of this fill is made of."""
    prescriber, dispenser = d.prescriber.licence, d.dispenser.licence
    return Facts(
        d.person.species,
        d.partial_fill,
        len(d.compound),
        d.refills_authorised,
        d.payment,
        d.rx_origin,
        d.treatment_type,
        prescriber.state if prescriber else None,
        dispenser.state if dispenser else None,
    )


@lru_cache(maxsize=4_096)
def _said(version: Version, facts: Facts) -> str:
    return " ".join(word for say in _words(version) if (word := say(facts)))


@cache
def _words(version: Version) -> tuple[_Word, ...]:
    """What says the facts that this version has no element for."""
    without = {field.name for field in field_map().fields if field.is_none(version)}
    return tuple(say for name, say in _WORDS.items() if name in without)


def reported_for(asked: Person) -> Callable[[Person], str | None]:
    """What says under which demographics a fill was reported, where a reader would not take them for those asked for.

    :param asked: the one Patient of the message.
    """

    def said(person: Person) -> str | None:
        if not person.names:
            return None
        name = person.names[0]
        if person.birth_date in {None, asked.birth_date} and _same_name(name, asked.names[0]):
            return None
        born = f", born {person.birth_date.isoformat()}" if person.birth_date else ""
        return f"Reported for {' '.join((*name.given[:1], name.family))}{born}."

    return said


def _same_name(one: PersonName, other: PersonName) -> bool:
    """True for names of which first and last are the same but for letter case and white space."""
    return one == other or _compared(one) == _compared(other)


def _compared(name: PersonName) -> list[str]:
    return [plain(part).casefold() for part in (*name.given[:1], name.family)]


def _species(facts: Facts) -> str | None:
    return "Veterinary patient." if facts.species is Species.VETERINARY else None


def _part(facts: Facts) -> str | None:
    return f"Partial fill {facts.partial_fill}." if facts.partial_fill else None


def _compound(facts: Facts) -> str | None:
    return f"Compound of {facts.ingredients} ingredients." if facts.ingredients else None


def _refills(facts: Facts) -> str | None:
    return None if facts.refills is None else f"Refills authorised: {facts.refills}."


def _payment(facts: Facts) -> str | None:
    return f"Payment: {table('payment').display(facts.payment)}." if facts.payment else None


def _origin(facts: Facts) -> str | None:
    return f"Sent as: {table('rx-origin').display(facts.rx_origin)}." if facts.rx_origin else None


def _treatment(facts: Facts) -> str | None:
    treatment = facts.treatment_type
    return f"Treatment: {table('treatment-type').display(treatment)}." if treatment else None


def _prescriber_licence(facts: Facts) -> str | None:
    state = facts.prescriber_state
    return f"Prescriber's licence of {state}." if state else None


def _dispenser_licence(facts: Facts) -> str | None:
    state = facts.dispenser_state
    return f"Dispenser's licence of {state}." if state else None


# In the order in which they are said: what is at the end is cut first.
_WORDS: dict[str, _Word] = {
    "person.species": _species,
    "partial_fill": _part,
    "compound": _compound,
    "refills_authorised": _refills,
    "payment": _payment,
    "rx_origin": _origin,
    "treatment_type": _treatment,
    "prescriber.licence.state": _prescriber_licence,
    "dispenser.licence.state": _dispenser_licence,
}
