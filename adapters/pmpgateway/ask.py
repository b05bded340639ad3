"""Canonical request -> PatientRequest, and the ReportRequest to the URL that its answer gives.

Written in the order in which the one template of a deployed client that is public has it, with every part that the
vendor's own samples call required: a request that lacks one is refused here, where its sender can still be told what.
"""

from __future__ import annotations

from importlib.metadata import version as version_of_package
from typing import TypeVar

from adapters._wire import Xml, to_bytes
from adapters.pmpgateway import blocks
from adapters.pmpgateway.names import CODES, Version
from adapters.pmpgateway.roles import role_of
from gateway.errors import ErrorCode, MessageError
from gateway.model import (
    Address,
    IdentifierKind,
    LookupRequest,
    Organisation,
    Person,
    Practitioner,
    Requester,
    Species,
)
from gateway.terminology import codes

_patient_request = blocks.document("patient_request")
_report_request = blocks.document("report_request")
_requester = blocks.part("requester")
_delegate = blocks.part("delegate")
_address = blocks.part("address")

T = TypeVar("T")


def patient_request(request: LookupRequest, version: Version) -> bytes:
    """The PatientRequest.

    :raises MessageError: the request lacks what the PMP Gateway requires.
    """
    person = _demanded(request.person, "patient", "person")
    named = person
    animal = None
    if person.species is Species.VETERINARY:
        named = _demanded(person.owner, "animal's owner", "person.owner")
        animal = " ".join(person.name.given) or person.name.family
    name, birth_date = named.name, _demanded(named.birth_date, "date of birth", "person.birth_date")
    home = person.address
    if not person.phones and not (home and home.postal_code):
        raise _lacking("patient's postal code or telephone", "person.addresses")
    licence = next((i for i in person.identifiers if i.kind is IdentifierKind.DRIVER_LICENCE), None)
    return to_bytes(
        _patient_request[version].render(
            {
                "licensee_request_id": request.message_id,
                "developer": "PMP Bridge",
                "product": "PMP Bridge",
                "version": version_of_package("pmpbridge"),
                "destinations": [blocks.destination.render({"state": state}) for state in request.states],
                "requester": _requester_xml(request.requester),
                "begin": request.period.start.isoformat() if request.period.start else None,
                "end": request.period.end.isoformat() if request.period.end else None,
                "first": _demanded(next(iter(name.given), None), "first name", "person.names"),
                "middle": " ".join(name.given[1:]),
                "last": name.family,
                "birth_date": birth_date.isoformat(),
                "sex": codes("sex").encode(named.sex, CODES),
                "address": _address_xml(home),
                "phone": person.phones[0] if person.phones else None,
                "ssn": person.identifier(IdentifierKind.SSN),
                "licence": licence.value if licence else None,
                "licence_state": licence.issuer if licence else None,
                "animal": animal,
                "record_number": _record_number(person),
            }
        )
    )


def report_request(requester: Requester, version: Version) -> bytes:
    """The ReportRequest, for a link. :raises MessageError: as :func:`patient_request`."""
    return to_bytes(_report_request[version].render({"requester": _requester_xml(requester)}))


def _requester_xml(requester: Requester) -> Xml:
    who = _demanded(requester.practitioner, "practitioner", "requester.practitioner")
    where = _demanded(requester.organisation, "organisation", "requester.organisation")
    name = _demanded(who.name, "practitioner's name", "requester.practitioner.name")
    if not (who.dea or who.npi or who.licence):
        raise _lacking("practitioner's DEA number, NPI or licence", "requester.practitioner")
    dea, npi = where.dea, where.npi
    if not (dea or npi or where.ncpdp_id):
        dea, npi = who.dea, who.npi  # as deployed clients do for a practice that has none of its own
    return _requester.render(
        {
            "role": _role(who, "practitioner"),
            "first": " ".join(name.given[:1]),
            "middle": " ".join(name.given[1:]),
            "last": name.family,
            "dea": who.dea,
            "npi": who.npi,
            "licence": who.licence.number if who.licence else None,
            "licence_state": who.licence.state if who.licence else None,
            "delegate": _delegate_xml(requester.delegate) if requester.delegate else None,
            "location": where.name,
            "location_dea": dea,
            "location_npi": npi,
            "location_ncpdp": where.ncpdp_id,
            "location_address": _address_xml(_located(where, requester.state)),
        }
    )


def _delegate_xml(delegate: Practitioner) -> Xml:
    return _delegate.render(
        {
            "role": _role(delegate, "delegate"),
            "first": " ".join(delegate.name.given[:1]) if delegate.name else None,
            "last": delegate.name.family if delegate.name else None,
            "dea": delegate.dea,
            "npi": delegate.npi,
        }
    )


def _role(who: Practitioner, what: str) -> str:
    return _demanded(
        role_of(who.role), f"{what}'s role, as the PMP Gateway has it,", f"requester.{what}.role"
    )


def _located(where: Organisation, state: str | None) -> Address:
    """The organisation's address; its state is required."""
    found = where.address or Address()
    known = _demanded(found.state or state, "organisation's state", "requester.organisation.address.state")
    return Address(lines=found.lines, city=found.city, state=known, postal_code=found.postal_code)


def _address_xml(address: Address | None) -> Xml | None:
    if address is None:
        return None
    zip_code, _, plus_four = (address.postal_code or "").partition("-")
    return _address.render(
        {
            "line1": address.lines[0] if address.lines else None,
            "line2": " ".join(address.lines[1:]),
            "city": address.city,
            "state": address.state,
            "zip_code": zip_code,
            "plus_four": plus_four,
        }
    )


def _record_number(person: Person) -> str | None:
    return person.identifier(IdentifierKind.MEDICAL_RECORD_NUMBER)


def _demanded(value: T | None, what: str, path: str) -> T:
    if not value:
        raise _lacking(what, path)
    return value


def _lacking(what: str, path: str) -> MessageError:
    return MessageError(
        f"The PMP Gateway requires the {what}, which is not told.",
        path=path,
        remedy="Send it with the request.",
        code=ErrorCode.REQUIRED,
    )
