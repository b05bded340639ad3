"""Prescribers and dispensers, each with the identifiers that its kind has, valid and nobody's.

A veterinarian has a DEA number and a licence and no NPI; a resident writes under the hospital's DEA number with a
suffix of his or her own; a dispensing practitioner and an opioid treatment programme have no NCPDP id.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from gateway.model import Dispenser, Licence, PartyKind, PersonName, Prescriber
from gateway.model.identifiers import dea, ncpdp_id, npi
from gateway.synth.chance import generator
from gateway.synth.names import book
from gateway.synth.places import atlas, phone, premises

MOST_PRESCRIBERS, MOST_DISPENSERS = (
    40_000,
    5_000,
)  # a big state has no more, and NCPDP ids have four free digits
LEAST_PRESCRIBERS, LEAST_DISPENSERS = 25, 15
PATIENTS_A_PRESCRIBER, PATIENTS_A_DISPENSER = 12, 25

_PRESCRIBER, _DISPENSER = 0, 1  # even and odd numbers, so that no party has another's
_STATE_NCPDP = {"CT": "07", "MA": "22", "NY": "33", "RI": "41"}  # an NCPDP id's first two digits
_CHAINS = ("Nutmeg Pharmacy", "Charter Oak Drug", "Sound Shore Apothecary", "Elm City Pharmacy", "Quinnipiac Drug",
           "7 Corners Pharmacy", "Yankee Family Pharmacy", "Thames River Drugs", "Housatonic Pharmacy")  # fmt: skip
_HOSPITALS = ("Hartford Valley Hospital", "Long Island Sound Medical Center", "Charter Oak General Hospital")


@dataclass(frozen=True, slots=True)
class Parties:
    """Everybody who prescribes or dispenses, by kind."""

    physicians: tuple[Prescriber, ...]
    veterinarians: tuple[Prescriber, ...]
    pharmacies: tuple[Dispenser, ...]
    practitioners: tuple[Dispenser, ...]
    animal_hospitals: tuple[Dispenser, ...]
    programmes: tuple[Dispenser, ...]


def parties(seed: int, patients: int) -> Parties:
    """As many as a population of that size has."""
    count = min(max(patients // PATIENTS_A_PRESCRIBER, LEAST_PRESCRIBERS), MOST_PRESCRIBERS)
    prescribers = [_prescriber(seed, n) for n in range(count)]
    count = min(max(patients // PATIENTS_A_DISPENSER, LEAST_DISPENSERS), MOST_DISPENSERS)
    dispensers = [_dispenser(seed, n) for n in range(count)]
    return Parties(
        physicians=tuple(p for p in prescribers if p.kind is PartyKind.PRACTITIONER),
        veterinarians=tuple(p for p in prescribers if p.kind is PartyKind.VETERINARY),
        pharmacies=_of(dispensers, PartyKind.PHARMACY),
        practitioners=_of(dispensers, PartyKind.PRACTITIONER),
        animal_hospitals=_of(dispensers, PartyKind.VETERINARY),
        programmes=_of(dispensers, PartyKind.OPIOID_TREATMENT_PROGRAMME),
    )


def _of(dispensers: Sequence[Dispenser], kind: PartyKind) -> tuple[Dispenser, ...]:
    return tuple(d for d in dispensers if d.kind is kind)


# --- prescribers ----------------------------------------------------------------------------------------------


def _prescriber(seed: int, n: int) -> Prescriber:
    """The n-th: of each 25 one veterinarian, two residents, four mid-level, one of a neighbouring state."""
    rng = generator(seed, "prescriber", n)
    place = n % 25
    name = _professional(rng, animals=place == 24)
    towns = atlas().neighbours if place == 23 else atlas().home
    address = premises(rng, towns)
    kind = PartyKind.VETERINARY if place == 24 else PartyKind.PRACTITIONER
    suffix, registrant, first = None, name.family, rng.choice("ABF")
    number = n
    if place in {21, 22}:
        hospital = rng.randrange(len(_HOSPITALS))
        registrant, first, number = _HOSPITALS[hospital], "A", MOST_PRESCRIBERS + hospital
        suffix = f"{rng.choice('ABCDEFGHJKMNPRSTUVWXYZ')}{n % 10_000:03}"
    elif place in {17, 18, 19, 20}:
        first = "M"
    state = address.state or "CT"
    return Prescriber(
        name=name,
        npi=None if kind is PartyKind.VETERINARY else _npi(seed, _PRESCRIBER, n),
        dea=_dea(seed, _PRESCRIBER, number, first, registrant),
        dea_suffix=suffix,
        licence=None
        if place == 5
        else Licence(number=f"{state}.{rng.randrange(1_000, 99_999):06}", state=state),
        address=address,
        phone=None if place == 9 else phone(rng),
        kind=kind,
    )


def _professional(rng: Random, *, animals: bool) -> PersonName:
    names = book()
    given = [rng.choice(rng.choice((names.female, names.male)))]
    if rng.randrange(2):
        given.append(rng.choice(rng.choice((names.female, names.male))))
    family = rng.choice(
        rng.choice((names.family, names.family, names.family, names.accented, names.apostrophe))
    )
    title = "DVM" if animals else rng.choice(("MD", "MD", "DO", "APRN", "PA-C"))
    return PersonName(
        family=family,
        given=tuple(given),
        prefix="Dr" if title in {"MD", "DO", "DVM"} and rng.randrange(3) else None,
        suffix=title if rng.randrange(2) else None,
    )


# --- dispensers -----------------------------------------------------------------------------------------------


def _dispenser(seed: int, n: int) -> Dispenser:
    """The n-th: of each 15 one practitioner, one animal hospital, one programme, one pharmacy of a neighbour."""
    rng = generator(seed, "dispenser", n)
    place = n % 15
    address = premises(rng, atlas().neighbours if place == 11 else atlas().home)
    state = address.state or "CT"
    kind, name = _business(rng, place, address.city or "")
    pharmacy = kind is PartyKind.PHARMACY
    return Dispenser(
        name=name,
        npi=None if kind is PartyKind.VETERINARY else _npi(seed, _DISPENSER, n),
        dea=_dea(seed, _DISPENSER, n, rng.choice("BF"), name),
        ncpdp_id=_ncpdp(seed, state, n) if pharmacy else None,
        licence=None
        if place == 3
        else Licence(number=f"{state}.{rng.randrange(100, 9_999):06}", state=state),
        address=address,
        phone=phone(rng),
        kind=kind,
    )


def _business(rng: Random, place: int, city: str) -> tuple[PartyKind, str]:
    family = rng.choice(book().family)
    if place == 12:
        return PartyKind.PRACTITIONER, f"{family} Medical Group"
    if place == 13:
        return PartyKind.VETERINARY, f"{city} Animal Hospital"
    if place == 14:
        return PartyKind.OPIOID_TREATMENT_PROGRAMME, f"{city} Recovery Services"
    if place % 2:
        return PartyKind.PHARMACY, f"{family} & Sons Pharmacy"
    return PartyKind.PHARMACY, f"{rng.choice(_CHAINS)} #{rng.randrange(101, 990)}"


# --- identifiers ----------------------------------------------------------------------------------------------


def _number(seed: int, kind: str, n: int, modulus: int) -> int:
    """The n-th of a sequence that begins anywhere and comes to no number twice before it has been round.

    The step, a prime, has no factor in common with the modulus, a product of twos and fives.
    """
    return (generator(seed, kind, 0).randrange(modulus) + n * 7_919) % modulus


def _npi(seed: int, role: int, n: int) -> str:
    digits = f"2{2 * _number(seed, 'npi', n, 50_000_000) + role:08}"
    return digits + npi.calc_check_digit(digits)


def _dea(seed: int, role: int, n: int, letter: str, registrant: str) -> str:
    initial = unicodedata.normalize("NFD", registrant)[0].upper()
    second = initial if initial.isalpha() else "9"
    body = f"{letter}{second}{2 * _number(seed, 'dea', n, 500_000) + role:06}"
    return body + dea.calc_check_digit(body)


def _ncpdp(seed: int, state: str, n: int) -> str:
    body = f"{_STATE_NCPDP[state]}{_number(seed, 'ncpdp', n, 10_000):04}"
    return body + ncpdp_id.calc_check_digit(body)
