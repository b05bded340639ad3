"""What a version has no element for, in the words of a medication's Note.

It is for people, who need to see it: nothing of it is read back, and the losses of the answer name it. Which facts
these are is said by the field map alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from adapters.ncpdp.fit import Fit
from adapters.ncpdp.values import table
from adapters.ncpdp.version import Version
from gateway.model import Dispensation, Species
from gateway.terminology import field_map

_LIMIT = 210  # characters, of MedicationDispensed/Note

_Word = Callable[[Dispensation], str | None]


def medication_note(fit: Fit, d: Dispensation, version: Version) -> str | None:
    """The note of one medication; None when there is nothing to say."""
    said = " ".join(word for say in _words(version) if (word := say(d)))
    return fit.sentence(said, _LIMIT) if said else None


@cache
def _words(version: Version) -> tuple[_Word, ...]:
    """What says the facts that this version has no element for."""
    without = {field.name for field in field_map().fields if field.is_none(version)}
    return tuple(say for name, say in _WORDS.items() if name in without)


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
