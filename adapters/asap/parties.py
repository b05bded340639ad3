"""The segments PHA, PAT and PRE -> dispenser, person, prescriber."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.asap import values
from adapters.asap.segments import Segment
from gateway.model import (
    Address,
    Dispenser,
    Identifier,
    IdentifierKind,
    IntakeIssue,
    IssueCode,
    Licence,
    Person,
    PersonName,
    Prescriber,
    Sex,
    Species,
)

_IDENTIFIERS = {"06": IdentifierKind.DRIVER_LICENCE, "07": IdentifierKind.SSN}
"""PAT02 and PAT05; identifiers of other kinds are not kept."""


@dataclass(slots=True)
class Notes:
    """What was found wrong or odd while segments were read."""

    issues: list[IntakeIssue] = field(default_factory=list)

    def add(self, path: str, code: IssueCode, message: str, *, is_error: bool) -> None:
        """One thing more."""
        self.issues.append(IntakeIssue(path=path, code=code, message=message, is_error=is_error))


def at(segment: Segment, position: int) -> str:
    """The path of a field: the segment's number in the file, and the field's name."""
    return f"{segment.number}:{segment.name}{position:02}"


def dispenser(pha: Segment) -> Dispenser:
    """PHA. A dispenser is taken for a pharmacy: the segment does not say what else it may be."""
    return Dispenser(
        npi=pha.fields[1] or None,
        ncpdp_id=pha.fields[2] or None,
        dea=pha.fields[3].upper() or None,
        name=pha.fields[4] or None,
        address=_address(pha, 5),
        phone=pha.fields[10] or None,
        licence=_licence(pha, 13, pha.fields[8]),
    )


def prescriber(pre: Segment) -> Prescriber:
    """PRE."""
    family = pre.fields[5]
    given = tuple(filter(None, (pre.fields[6], pre.fields[7])))
    return Prescriber(
        name=PersonName(family=family, given=given) if family else None,
        npi=pre.fields[1] or None,
        dea=pre.fields[2].upper() or None,
        dea_suffix=pre.fields[3] or None,
        licence=_licence(pre, 4, ""),
        phone=pre.fields[8] or None,
        address=_address(pre, 11),
    )


def person(pat: Segment, notes: Notes) -> Person:
    """PAT. Of an animal, PAT07 to PAT09 name the owner and PAT23 the animal; without PAT23, PAT08 does.

    A date of birth that cannot be read is an error: without it nobody could be told who the patient is.
    """
    species = _species(pat, notes)
    family, first = pat.fields[7], pat.fields[8]
    given = tuple(filter(None, (first, pat.fields[9])))
    name = PersonName(
        family=family, given=given, prefix=pat.fields[10] or None, suffix=pat.fields[11] or None
    )
    names = (name,) if family else ()
    birth_date = None
    if told := pat.fields[18]:
        try:
            birth_date = values.day(told)
        except ValueError as error:
            notes.add(at(pat, 18), IssueCode.MALFORMED, f"The date of birth is not {error}.", is_error=True)
    owner = None
    if species is Species.VETERINARY and family:
        animal = pat.fields[23]
        owner = Person(names=names if animal else (PersonName(family=family),), birth_date=birth_date)
        names, birth_date = (PersonName(family=family, given=tuple(filter(None, [animal or first]))),), None
    address = _address(pat, 12, country=pat.fields[22] or None)
    return Person(
        names=names,
        birth_date=birth_date,
        sex=_sex(pat, notes),
        addresses=(address,) if address else (),
        phones=tuple(filter(None, [pat.fields[17]])),
        identifiers=_identifiers(pat),
        species=species,
        owner=owner,
    )


def _sex(pat: Segment, notes: Notes) -> Sex:
    told = pat.fields[19]
    if not told:
        return Sex.UNKNOWN
    try:
        return Sex(values.code("sex", told))
    except ValueError as error:
        notes.add(at(pat, 19), IssueCode.UNKNOWN_CODE, f"The gender is not {error}.", is_error=False)
        return Sex.UNKNOWN


def _species(pat: Segment, notes: Notes) -> Species:
    told = pat.fields[20]
    if not told:
        return Species.VETERINARY if pat.fields[23] else Species.HUMAN
    try:
        return Species(values.code("species", told))
    except ValueError as error:
        notes.add(at(pat, 20), IssueCode.UNKNOWN_CODE, f"The species is not {error}.", is_error=True)
        return Species.HUMAN


def _identifiers(pat: Segment) -> tuple[Identifier, ...]:
    found = []
    for first in (1, 4):
        kind, value = _IDENTIFIERS.get(pat.fields[first + 1]), pat.fields[first + 2]
        if kind and any(c.isalnum() for c in value):
            issuer = pat.fields[first] if kind is IdentifierKind.DRIVER_LICENCE else ""
            found.append(Identifier(kind=kind, value=value, issuer=issuer or None))
    return tuple(found)


def _address(segment: Segment, first: int, *, country: str | None = None) -> Address | None:
    """Two lines, city, state and ZIP code, from that field on."""
    lines = tuple(filter(None, (segment.fields[first], segment.fields[first + 1])))
    city, state, postal_code = (segment.fields[first + n] or None for n in (2, 3, 4))
    if not (lines or city or state or postal_code or country):
        return None
    return Address(lines=lines, city=city, state=state, postal_code=postal_code, country=country)


def _licence(segment: Segment, position: int, state: str) -> Licence | None:
    number = segment.fields[position]
    return Licence(number=number, state=state or None) if number else None
