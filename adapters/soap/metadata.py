"""The header `MetaData` of the PMIX service: who asks, and which states are asked.

    Requestor              the person: role, names, identifiers (DEA, NPI, State License, Other), facility
    RequestorOrganization  the organisation that sends, as a rule a PMP
    RoutingData            ids of the request, the state that asks, the state that is asked

Source: the service schema of the PMIX service specification as published by the Ohio Board of Pharmacy
(PMIX_Schemas, `PMIX_Service.Enhanced.0.xsd`). The header is optional here: what it does not say is filled from the
client's registration. A delegate, a purpose and an NCPDP id have no place in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml.etree import _Element

from adapters._wire import child, children, path_of, text
from gateway.errors import MessageError
from gateway.model import Licence, LookupRequest, Organisation, PersonName, Practitioner, Requester

VERSION = "2"
_DEA, _NPI, _STATE_LICENSE = "DEA", "NPI", "State License"
_STATE = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the header says, as far as a look-up needs it."""

    requester: Requester
    states: tuple[str, ...] = ()
    message_id: str | None = None


def read_meta_data(header: _Element | None) -> Asked:
    """What the header says; without one, that nothing is said.

    :raises gateway.errors.MessageError: a state is not told by its two-letter code.
    """
    routing = child(header, "RoutingData")
    requester = Requester(
        practitioner=_practitioner(child(header, "Requestor")),
        organisation=_organisation(header),
        state=next(iter(_states(child(routing, "RequestingState"))), None),
    )
    return Asked(
        requester=requester,
        states=_states(child(routing, "DisclosingState")),
        message_id=text(routing, "RequestID"),
    )


def _practitioner(element: _Element | None) -> Practitioner | None:
    family, given = text(element, "RequestorSurName"), text(element, "RequestorGivenName")
    ids = _identifiers(element, "RequestorIdentification")
    licence = ids.get(_STATE_LICENSE)
    read = Practitioner(
        name=PersonName(family=family, given=(given,) if given else ()) if family else None,
        npi=ids.get(_NPI),
        dea=ids.get(_DEA),
        licence=Licence(number=licence) if licence else None,
        role=text(element, "RequestorRole"),
    )
    return None if read == Practitioner() else read


def _organisation(header: _Element | None) -> Organisation | None:
    """The facility where the person works; where none is named, the organisation that sends."""
    facility = child(header, "Requestor", "RequestorFacility")
    ids = _identifiers(facility, "FacilityIdentification")
    sender = text(header, "RequestorOrganization", "RequestorOrganizationName")
    read = Organisation(
        name=text(facility, "RequestorOrganizationName") or sender, npi=ids.get(_NPI), dea=ids.get(_DEA)
    )
    return None if read == Organisation() else read


def _identifiers(element: _Element | None, name: str) -> dict[str, str]:
    """Identifiers by category; the first of each."""
    found: dict[str, str] = {}
    for identifier in children(element, name):
        category, value = text(identifier, "IdentificationCategoryCode"), text(identifier, "IdentificationID")
        for known in (_DEA, _NPI, _STATE_LICENSE):
            if category and value and category.casefold() == known.casefold():
                found.setdefault(known, value)
    return found


def _states(element: _Element | None) -> tuple[str, ...]:
    told = [part.upper() for part in re.split(r"[,;\s]+", text(element) or "") if part]
    if element is not None and not all(map(_STATE.fullmatch, told)):
        raise MessageError(
            "A state is not told by its two-letter code.",
            path=path_of(element),
            remedy="Send the USPS code, several of them separated by commas.",
        )
    return tuple(dict.fromkeys(told))


def meta_data(request: LookupRequest, at: datetime) -> dict[str, Any]:
    """The header for a request, as the nested values that zeep makes it of."""
    requester = request.requester
    organisation = requester.organisation or Organisation()
    return {
        "Requestor": _requestor(requester.practitioner or Practitioner(), organisation),
        "RequestorOrganization": {"RequestorOrganizationName": organisation.name},
        "RoutingData": {
            "RequestID": request.message_id,
            "RequestDateTime": at,
            "RequestingState": requester.state,
            "StateRequestID": None,
            "DisclosingState": ",".join(request.states) or None,
            "StateDisclosureID": None,
            "HubRequestID": None,
            "HubDisclosureID": None,
            "HubUsedIdentification": None,
        },
        "Version": VERSION,
    }


def _requestor(practitioner: Practitioner, organisation: Organisation) -> dict[str, Any]:
    ids = {
        _DEA: practitioner.dea,
        _NPI: practitioner.npi,
        _STATE_LICENSE: practitioner.licence.number if practitioner.licence else None,
    }
    facility = {_DEA: organisation.dea, _NPI: organisation.npi}
    return {
        "RequestorRole": practitioner.role,
        "RequestorGivenName": " ".join(practitioner.name.given) or None if practitioner.name else None,
        "RequestorSurName": practitioner.name.family if practitioner.name else None,
        "RequestorIdentification": _told(ids),
        "RequestorFacility": {
            "RequestorOrganizationName": organisation.name,
            "FacilityIdentification": _told(facility),
        },
    }


def _told(ids: Mapping[str, str | None]) -> list[dict[str, str | None]]:
    """Identifiers that are known; the schema demands one, so a nil stands for none."""
    known: list[dict[str, str | None]] = [
        {"IdentificationID": value, "IdentificationCategoryCode": category}
        for category, value in ids.items()
        if value
    ]
    return known or [{"IdentificationID": None, "IdentificationCategoryCode": None}]
