"""Reading the parts that requests and answers share: dates, names, addresses, telephones, parties, persons.

Both versions' spellings are taken wherever they stand (`State` and `StateProvince`, `ZipCode` and `PostalCode`), and
nothing is judged here except dates: what is absent is absent.
"""

from __future__ import annotations

import re
from datetime import date

from adapters.ncpdp.tree import Tree, sub, subs, text
from gateway.model import (
    Address,
    Dispenser,
    Identifier,
    IdentifierKind,
    Licence,
    NameUse,
    Organisation,
    PartyKind,
    Person,
    PersonName,
    Practitioner,
    Prescriber,
    Sex,
    Species,
)
from gateway.model.identifiers import dea as dea_number
from gateway.terminology import codes

# xs:date and xs:dateTime, and the older form without hyphens; a time zone shifts no date of birth or fill.
_DATE = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})(?:T[0-9:.]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_TELEPHONES = ("TE", "CP", "HP", "NP", "WP")  # of 10.6, those that reach a person, the primary first
_NUMBERS = ("PrimaryTelephone", "HomeTelephone", "OtherTelephone", "WorkTelephone")


def date_in(tree: Tree, name: str) -> date | None:
    """The date in an element that holds Date or DateTime, or the text itself; None when there is none.

    :raises ValueError: there is a text and it is no date of the calendar.
    """
    written = text(tree, name, "Date") or text(tree, name, "DateTime") or text(tree, name)
    if written is None:
        return None
    found = _DATE.fullmatch(written)
    if found is None:
        raise ValueError("not a date")
    return date(int(found[1]), int(found[3]), int(found[4]))


def name_in(tree: Tree, use: NameUse = NameUse.OFFICIAL) -> PersonName | None:
    """A name; None without a last name."""
    family = text(tree, "LastName")
    if family is None:
        return None
    first, middle = text(tree, "FirstName"), text(tree, "MiddleName")
    return PersonName(
        family=family,
        given=tuple(part for part in (first, middle) if part),
        prefix=text(tree, "Prefix"),
        suffix=text(tree, "Suffix"),
        use=use,
    )


def address_in(tree: Tree) -> Address | None:
    """An address; None when nothing is in it."""
    lines = tuple(line for line in (text(tree, "AddressLine1"), text(tree, "AddressLine2")) if line)
    city = text(tree, "City")
    state = text(tree, "StateProvince") or text(tree, "State")
    postal_code = text(tree, "PostalCode") or text(tree, "ZipCode")
    country = text(tree, "CountryCode")
    if not (lines or city or state or postal_code or country):
        return None
    return Address(
        lines=lines,
        city=city,
        state=state,
        postal_code=postal_code,
        country=country,
    )


def telephones_in(tree: Tree) -> tuple[str, ...]:
    """The telephone numbers of CommunicationNumbers, in either version's form, the primary first."""
    numbers = sub(tree, "CommunicationNumbers")
    if not numbers:
        return ()
    found = [text(phone, "Number") for kind in _NUMBERS for phone in subs(numbers, kind)]
    listed = subs(numbers, "Communication")
    found += [text(c, "Number") for kind in _TELEPHONES for c in listed if text(c, "Qualifier") == kind]
    return tuple(dict.fromkeys(number for number in found if number))


def person_in(tree: Tree, *, species: Species = Species.HUMAN, identifiers: bool = False) -> Person:
    """A Patient of either version, or of one fill; `tree` holds its Name.

    :param identifiers: True to read what serves matching; never for an answer.
    :raises ValueError: the date of birth is no date of the calendar.
    """
    names = (name_in(sub(tree, "Name")), name_in(sub(tree, "FormerName"), NameUse.OLD))
    address = address_in(sub(tree, "Address"))
    gender = text(tree, "Gender")
    contact = sub(tree, "AlternateContact")
    return Person(
        names=tuple(name for name in names if name),
        birth_date=date_in(tree, "DateOfBirth"),
        sex=Sex((codes("sex").decode(gender, "script") if gender else None) or Sex.UNKNOWN),
        addresses=(address,) if address else (),
        phones=telephones_in(tree),
        identifiers=_identifiers(sub(tree, "Identification")) if identifiers else (),
        species=species,
        owner=person_in(contact) if contact and species is Species.VETERINARY else None,
    )


def _identifiers(tree: Tree) -> tuple[Identifier, ...]:
    kinds = {
        "SocialSecurity": IdentifierKind.SSN,
        "MedicalRecordIdentificationNumberEHR": IdentifierKind.MEDICAL_RECORD_NUMBER,
    }
    found = ((kind, text(tree, name)) for name, kind in kinds.items())
    return tuple(Identifier(kind=kind, value=value) for kind, value in found if value)


def prescriber_in(tree: Tree) -> Prescriber:
    """The Prescriber of a dispensation, of either version."""
    kind = PartyKind.VETERINARY if "Veterinarian" in tree else PartyKind.PRACTITIONER
    who = sub(tree, "Veterinarian") or sub(tree, "NonVeterinarian") or tree
    numbers = sub(who, "Identification")
    number, suffix = _dea(text(numbers, "DEANumber"))
    phones = telephones_in(who)
    return Prescriber(
        name=name_in(sub(who, "Name")),
        npi=text(numbers, "NPI"),
        dea=number,
        dea_suffix=suffix,
        licence=_licence(numbers),
        address=address_in(sub(who, "Address")),
        phone=phones[0] if phones else None,
        kind=kind,
    )


def dispenser_in(tree: Tree, reference: Tree) -> Dispenser:
    """The Pharmacy of a dispensation; its numbers, where it has none, from the Reference of its source."""
    numbers = sub(tree, "Identification") or reference
    phones = telephones_in(tree)
    return Dispenser(
        name=text(tree, "StoreName") or text(tree, "BusinessName"),
        npi=text(numbers, "NPI"),
        dea=text(numbers, "DEANumber"),
        ncpdp_id=text(numbers, "NCPDPID"),
        licence=_licence(numbers),
        address=address_in(sub(tree, "Address")),
        phone=phones[0] if phones else None,
    )


def practitioner_in(tree: Tree, role: str | None = None) -> Practitioner | None:
    """Who asks: a Prescriber or Pharmacist with Identification and Name; None when neither says anything."""
    numbers = sub(tree, "Identification")
    found = Practitioner(
        name=name_in(sub(tree, "Name")),
        npi=text(numbers, "NPI"),
        dea=_dea(text(numbers, "DEANumber"))[0],
        licence=_licence(numbers),
        role=role,
    )
    return found if found != Practitioner(role=role) else None


def organisation_in(tree: Tree) -> Organisation | None:
    """A Facility, PracticeLocation or Pharmacy; None when it says nothing."""
    numbers = sub(tree, "Identification")
    names = ("FacilityName", "BusinessName", "StoreName")
    found = Organisation(
        name=next((name for name in (text(tree, key) for key in names) if name), None),
        npi=text(numbers, "NPI"),
        dea=text(numbers, "DEANumber"),
        ncpdp_id=text(numbers, "NCPDPID"),
        address=address_in(sub(tree, "Address")),
    )
    return found if found != Organisation() else None


def _licence(numbers: Tree) -> Licence | None:
    number = text(numbers, "StateLicenseNumber")
    return Licence(number=number) if number else None


def _dea(number: str | None) -> tuple[str | None, str | None]:
    """The DEA number and an institution's suffix, where both are given in one: AD1111119-A12."""
    if number is None or "-" not in number:
        return number, None
    return dea_number.split(number)
