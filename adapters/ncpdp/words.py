"""What a version has no element for, in the words of a medication's Note.

It is for people, who need to see it: nothing of it is read back, and the losses of the answer name it. Which facts
these are is said by the field map alone. A version with one Patient in a message says there under which other name or
birth date a fill was reported.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from adapters.ncpdp.fit import Fit, plain
from adapters.ncpdp.values import table
from adapters.ncpdp.version import Version
from gateway.model import Dispensation, Person, PersonName, Species
from gateway.terminology import field_map

_LIMIT = 210  # characters, of MedicationDispensed/Note

_Word = Callable[[Dispensation], str | None]


def medication_note(fit: Fit, d: Dispensation, version: Version, asked: Person) -> str | None:
    """The note of one medication; None when there is nothing to say.

    :param asked: the one Patient of the message.
    """
    words = [] if _has_patients(version) else [_appearance(d.person, asked)]
    words += [say(d) for say in _words(version)]
    said = " ".join(filter(None, words))
    return fit.sentence(said, _LIMIT) if said else None


@cache
def _words(version: Version) -> tuple[_Word, ...]:
    """What says the facts that this version has no element for."""
    without = _without(version)
    return tuple(say for name, say in _WORDS.items() if name in without)


@cache
def _has_patients(version: Version) -> bool:
    return "person.names.0.family" not in _without(version)


def _without(version: Version) -> frozenset[str]:
    return frozenset(field.name for field in field_map().fields if field.is_none(version))


def _appearance(person: Person, asked: Person) -> str | None:
    """Under which demographics the fill was reported, where a reader would not take them for those asked for."""
    if not person.names:
        return None
    name = person.names[0]
    if person.birth_date in {None, asked.birth_date} and _same_name(name, asked.names[0]):
        return None
    born = f", born {person.birth_date.isoformat()}" if person.birth_date else ""
    return f"Reported for {' '.join((*name.given[:1], name.family))}{born}."


def _same_name(one: PersonName, other: PersonName) -> bool:
    """True for names of which first and last are the same but for letter case and white space."""
    return one == other or _compared(one) == _compared(other)


def _compared(name: PersonName) -> list[str]:
    return [plain(part).casefold() for part in (*name.given[:1], name.family)]


def _species(d: Dispensation) -> str | None:
    return "Veterinary patient." if d.person.species is Species.VETERINARY else None


def _part(d: Dispensation) -> str | None:
    return f"Partial fill {d.partial_fill}." if d.partial_fill else None


def _compound(d: Dispensation) -> str | None:
    return f"Compound of {len(d.compound)} ingredients." if d.compound else None


def _refills(d: Dispensation) -> str | None:
    return None if d.refills_authorised is None else f"Refills authorised: {d.refills_authorised}."


def _payment(d: Dispensation) -> str | None:
    return f"Payment: {table('payment').display(d.payment)}." if d.payment else None


def _origin(d: Dispensation) -> str | None:
    return f"Sent as: {table('rx-origin').display(d.rx_origin)}." if d.rx_origin else None


def _treatment(d: Dispensation) -> str | None:
    return f"Treatment: {table('treatment-type').display(d.treatment_type)}." if d.treatment_type else None


def _prescriber_licence(d: Dispensation) -> str | None:
    licence = d.prescriber.licence
    return f"Prescriber's licence of {licence.state}." if licence and licence.state else None


def _dispenser_licence(d: Dispensation) -> str | None:
    licence = d.dispenser.licence
    return f"Dispenser's licence of {licence.state}." if licence and licence.state else None


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
