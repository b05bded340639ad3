"""PMIX request -> canonical request.

A request names one patient, in `RequestPatient`, and may name a period. Who asks is not in the document: PMIX puts
it into the header `MetaData` of the PMIX service, which is read when it is there (`metadata.py`).

Reading is by local names and in any order, since senders differ in both (the order of siblings was never published
beyond a draft). What a look-up cannot do without is demanded, and refused with the path and the expected form.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from lxml.etree import _Element

from adapters._wire import child, children, path_of, single, text
from adapters.soap import values
from adapters.soap.envelope import open_request
from adapters.soap.metadata import read_meta_data
from adapters.soap.names import CODES
from gateway.errors import ErrorCode, MessageError
from gateway.model import Identifier, IdentifierKind, LookupRequest, Period, Person, PersonName, Sex, Species
from gateway.ports import Inbound
from gateway.terminology import codes

T = TypeVar("T")

_IDENTIFIERS = {
    "PersonSSNIdentification": IdentifierKind.SSN,
    "PersonSocialSecurityNumberIdentifier": IdentifierKind.SSN,
    "PersonDriverLicenseIdentifier": IdentifierKind.DRIVER_LICENCE,
    "PersonOtherIdentifier": IdentifierKind.MEDICAL_RECORD_NUMBER,
}


def read(message: Inbound) -> LookupRequest:
    """What is asked.

    :raises gateway.errors.MessageError: with the path of what is wrong; see also `envelope.open_request`.
    """
    opened = open_request(message)
    asked = read_meta_data(opened.meta_data)
    return LookupRequest(
        person=_person(_the_one(opened.request, "RequestPatient"), message.received_at.date()),
        period=_period(opened.request),
        requester=asked.requester,
        states=asked.states,
        message_id=asked.message_id,
    )


def _the_one(request: _Element, name: str) -> _Element:
    found = children(request, name)
    if not found:
        raise _missing(request, name, f"Send one {name}.")
    if len(found) > 1:
        raise MessageError(
            f"There is more than one {name}.",
            path=path_of(found[1]),
            remedy="Ask for one patient in one request.",
        )
    return found[0]


def _period(request: _Element) -> Period:
    asked = children(request, "RequestPrescriptionDateRange")
    if not asked:
        return Period()
    if len(asked) > 1:
        raise MessageError(
            "There is more than one RequestPrescriptionDateRange.",
            path=path_of(asked[1]),
            remedy="Ask for one period in one request.",
        )
    start = _read(values.day, single(asked[0], "RequestPrescriptionDateRangeBegin"))
    end = _read(values.day, single(asked[0], "RequestPrescriptionDateRangeEnd"))
    if start and end and end < start:
        raise MessageError(
            "The period's end lies before its start.",
            path=path_of(asked[0]),
            remedy="Put the earlier date into RequestPrescriptionDateRangeBegin.",
            code=ErrorCode.DATE_RANGE,
        )
    return Period(start=start, end=end)


def _person(patient: _Element, today: date) -> Person:
    names = _names(patient)
    birth_date = _birth_date(patient, today)
    animal = text(patient, "PatientNameOfAnimalText")
    species = _species(patient)
    owner = None
    if species is Species.HUMAN and birth_date is None:
        raise _missing(
            patient, "PersonBirthDate", "Give the date of birth as YYYY-MM-DD in PersonBirthDate/Date."
        )
    if species is Species.VETERINARY and animal is not None:
        owner = Person(names=names, birth_date=birth_date)
        names, birth_date = (PersonName(family=names[0].family, given=(animal,)),), None
    contact = child(patient, "PersonPrimaryContactInformation")
    return Person(
        names=names,
        birth_date=birth_date,
        sex=Sex(codes("sex").decode(text(patient, "PersonSexCode") or "", CODES) or Sex.UNKNOWN),
        addresses=values.addresses(contact),
        phones=values.phones(contact),
        identifiers=_identifiers(patient),
        species=species,
        owner=owner,
    )


def _names(patient: _Element) -> tuple[PersonName, ...]:
    """The names; the first one is whole."""
    first = child(patient, "PersonName")
    if first is None:
        raise _missing(patient, "PersonName", "Send PersonGivenName and PersonSurName in PersonName.")
    for part in ("PersonGivenName", "PersonSurName"):
        if text(single(first, part)) is None:
            raise _missing(
                first, part, "Send given name and surname apart; PersonFullName alone is not read."
            )
    if not any(c.isalnum() for part in ("PersonGivenName", "PersonSurName") for c in text(first, part) or ""):
        raise MessageError(
            "PersonName has no letters.",
            path=path_of(first),
            remedy="Send the patient's given name and surname.",
        )
    return values.names(patient)


def _birth_date(patient: _Element, today: date) -> date | None:
    element = single(patient, "PersonBirthDate")
    birth_date = _read(values.day, element)
    if birth_date is not None and element is not None and birth_date > today:
        raise MessageError(
            "The date of birth lies in the future.",
            path=path_of(element),
            remedy="Give the date of birth as YYYY-MM-DD.",
        )
    return birth_date


def _species(patient: _Element) -> Species:
    element = single(patient, "SpeciesCode")
    told = text(element)
    if element is None or told is None:
        return Species.HUMAN
    species = codes("species").decode(told, CODES)
    if species is None:
        raise MessageError(
            "SpeciesCode is not one of PMIX's codes.",
            path=path_of(element),
            remedy="Send 01 for a human patient, 02 for a veterinary one.",
        )
    return Species(species)


def _identifiers(patient: _Element) -> tuple[Identifier, ...]:
    read = (
        (kind, values.identification(element), values.jurisdiction(element))
        for name, kind in _IDENTIFIERS.items()
        for element in children(patient, name)
    )
    return tuple(Identifier(kind=kind, value=value, issuer=issuer) for kind, value, issuer in read if value)


def _read(reader: Callable[[_Element | None], T], element: _Element | None) -> T:
    try:
        return reader(element)
    except values.Unreadable as error:
        assert element is not None  # noqa: S101 - there was a text to be unreadable
        name = path_of(element).rpartition("/")[2]
        raise MessageError(
            f"{name} is not {error.expected}.", path=path_of(element), remedy=f"Send {error.expected}."
        ) from None


def _missing(parent: _Element, name: str, remedy: str) -> MessageError:
    return MessageError(
        f"{name} is missing or empty.",
        path=f"{path_of(parent)}/{name}",
        remedy=remedy,
        code=ErrorCode.REQUIRED,
    )
