"""PatientRequest and ReportRequest -> canonical request. Order is free; what a look-up rests on is demanded.

    PatientRequest
      Requester                              -> requester (requester.py)
        LicenseeRequestId                    -> message_id
        RequestDestinations/Pmp              -> states
      PrescriptionRequest
        DateRange/Begin, End                 -> period
        Patient
          Name/First, Middle, Last, Suffix; Birthdate; SexCode
          Address, Phone                     one of ZipCode and Phone is required
          SSN, DriversLicenseIdentifier, MedicalRecordID     for matching only
          VeterinaryPrescription/AnimalName  the patient is an animal, and Name its owner's

RxCodes, DiagnosisCodes, Coverage, ContinuityOfCare and the numbers of insured members are passed over.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from lxml.etree import _Element

from adapters._wire import child, children, path_of, single, text
from adapters.pmpgateway.message import opened
from adapters.pmpgateway.names import CODES, PATIENT_REQUEST, REPORT_REQUEST
from adapters.pmpgateway.requester import address, missing, read_requester, required, state_code
from gateway.errors import ErrorCode, MessageError
from gateway.model import (
    Identifier,
    IdentifierKind,
    LookupRequest,
    Period,
    Person,
    PersonName,
    ReportQuery,
    Sex,
    Species,
)
from gateway.ports import Inbound
from gateway.terminology import codes

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[\d:.]+)?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_IDENTIFIERS = {"SSN": IdentifierKind.SSN, "MedicalRecordID": IdentifierKind.MEDICAL_RECORD_NUMBER}


def read_patient_request(message: Inbound) -> LookupRequest:
    """What is asked: the history, and a key under which the same client asks for links to its report.

    :raises MessageError: with the path of what is missing or impossible; see also
        :func:`~adapters.pmpgateway.message.opened`.
    """
    root = opened(message, PATIENT_REQUEST)
    requester = read_requester(root)
    asked = required(root, "PrescriptionRequest")
    return LookupRequest(
        person=_person(required(asked, "Patient"), message.received_at.date()),
        requester=requester,
        period=_period(single(asked, "DateRange")),
        states=_states(root),
        message_id=text(root, "Requester", "LicenseeRequestId"),
        wants_report_key=True,
    )


def read_report_request(message: Inbound) -> ReportQuery:
    """Who will read the report of the URL.

    :raises MessageError: as :func:`read_patient_request`.
    """
    root = opened(message, REPORT_REQUEST)
    return ReportQuery(key=message.arguments["report_id"], requester=read_requester(root))


def _states(root: _Element) -> tuple[str, ...]:
    destinations = children(child(root, "Requester", "RequestDestinations"), "Pmp")
    return tuple(dict.fromkeys(filter(None, map(state_code, destinations))))


def _period(asked: _Element | None) -> Period:
    if asked is None:
        return Period()
    period = Period(start=_day(single(asked, "Begin")), end=_day(single(asked, "End")))
    if period.start and period.end and period.end < period.start:
        raise MessageError(
            "End lies before Begin.",
            path=f"{path_of(asked)}/End",
            remedy="Send an End on or after it.",
            code=ErrorCode.DATE_RANGE,
        )
    return period


def _person(patient: _Element, today: date) -> Person:
    name = _name(required(patient, "Name"))
    birth_date = _birth_date(required(patient, "Birthdate"), today)
    home = address(single(patient, "Address"))
    phones = tuple(dict.fromkeys(filter(None, map(text, children(patient, "Phone")))))
    if not phones and not (home and home.postal_code):
        missing(path_of(patient), "The patient's Address/ZipCode or Phone", "Send one of them.")
    person = Person(
        names=(name,),
        birth_date=birth_date,
        sex=Sex(codes("sex").decode(text(patient, "SexCode") or "", CODES) or Sex.UNKNOWN),
        addresses=(home,) if home else (),
        phones=phones,
        identifiers=tuple(_identifiers(patient)),
    )
    animal = text(single(patient, "VeterinaryPrescription"), "AnimalName")
    return person if animal is None else _animal(person, animal)


def _name(element: _Element) -> PersonName:
    path = path_of(element)
    for part in ("First", "Last"):
        told = text(single(element, part))
        if told is None:
            missing(f"{path}/{part}", part, "Send the patient's first and last name.")
        if not any(map(str.isalnum, told)):
            raise MessageError(
                f"{part} has no letters.",
                path=f"{path}/{part}",
                remedy="Send the patient's first and last name.",
            )
    given = (text(element, "First"), text(element, "Middle") or text(element, "MiddleName"))
    return PersonName(
        family=text(element, "Last") or "",
        given=tuple(filter(None, given)),
        suffix=text(element, "Suffix"),
    )


def _birth_date(element: _Element, today: date) -> date:
    """No later than tomorrow, for it may be tomorrow where the sender is."""
    read = _day(element)
    if read is None:
        missing(path_of(element), "Birthdate", "Send it as YYYY-MM-DD.")
    if read > today + timedelta(days=1):
        raise MessageError(
            "The date of birth lies in the future.",
            path=path_of(element),
            remedy="Send the date of birth as YYYY-MM-DD.",
        )
    return read


def _animal(owner: Person, name: str) -> Person:
    """The animal of a person, with the owner's family name and address."""
    return Person(
        names=(PersonName(family=owner.name.family, given=(name,)),),
        addresses=owner.addresses,
        phones=owner.phones,
        species=Species.VETERINARY,
        owner=Person(names=owner.names, birth_date=owner.birth_date, sex=owner.sex),
    )


def _identifiers(patient: _Element) -> list[Identifier]:
    found = [
        Identifier(kind=kind, value=value)
        for name, kind in _IDENTIFIERS.items()
        for element in children(patient, name)
        if (value := text(element))
    ]
    for licence in children(patient, "DriversLicenseIdentifier"):
        number = text(licence, "Value")
        if number:
            issuer = text(licence, "StateCode")
            found.append(Identifier(kind=IdentifierKind.DRIVER_LICENCE, value=number, issuer=issuer))
    return found


def _day(element: _Element | None) -> date | None:
    """The day as it was written: a time or time zone behind it is passed over. None when nothing is there."""
    if element is None or not (len(element) or text(element)):
        return None
    found = _DATE.fullmatch(text(element) or "")
    try:
        if found:
            return date.fromisoformat(found[1])
    except ValueError:
        pass
    name = path_of(element).rpartition("/")[2]
    raise MessageError(f"{name} is not a date.", path=path_of(element), remedy="Send it as YYYY-MM-DD.")
