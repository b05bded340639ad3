"""LookupRequest -> Parameters of `$pdmp-history`, for a partner. US PDMP IG 1.0.0, pdmp-parameters-request."""

from __future__ import annotations

from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.parties import write_organisation, write_practitioner, write_role
from adapters.fhir.patients import write_identifiers, write_owner, write_patient
from gateway.errors import MessageError
from gateway.model import LookupRequest, Organisation, Period, Person, Practitioner

_PATIENT: Final = "patient-1"


def write_request(request: LookupRequest) -> Element:
    """The Parameters resource.

    :raises MessageError: the request names nobody by demographics; keys mean nothing to a partner.
    """
    if request.person is None:
        raise MessageError("A partner is asked by demographics; the request has none.")
    parameters = [*_patient(request.person), *_requester(request)]
    if extensions := _period(request.period):
        parameters[0]["extension"] = extensions
    parameters.append({"name": "pre-stage-only", "valueBoolean": request.stage_only})
    if request.retrieval_key is not None:
        parameters.append({"name": "pre-stage-retrieval-key", "valueString": request.retrieval_key})
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [uris.PROFILE_REQUEST]},
        "parameter": parameters,
    }


def _patient(person: Person) -> list[Element]:
    """The patient, and an animal's owner. The key of the gateway's own record means nothing outside."""
    written = write_patient(person) | {"id": _PATIENT}
    written.pop("identifier", None)
    if identifiers := write_identifiers(person):
        written["identifier"] = identifiers
    parameters = [_parameter("patient", written, uris.PROFILE_PATIENT)]
    if person.owner is not None:
        owner = write_owner(person.owner, f"Patient/{_PATIENT}")
        if identifiers := write_identifiers(person.owner):
            owner["identifier"] = identifiers
        parameters.append(_parameter("animal-owner", owner, uris.PROFILE_RELATED_PERSON))
    return parameters


def _requester(request: LookupRequest) -> list[Element]:
    """Practitioner, role and organisation, which the profile wants: what is not known of them is marked as absent."""
    asks = request.requester
    organisation = write_organisation(asks.organisation or Organisation())
    return [
        *_practitioner("authorized-practitioner", asks.practitioner or Practitioner()),
        _parameter("authorized-practitioner-organization", organisation, uris.PROFILE_ORGANIZATION),
        *_practitioner("delegate-practitioner", asks.delegate),
    ]


def _practitioner(name: str, practitioner: Practitioner | None) -> list[Element]:
    if practitioner is None:
        return []
    return [
        _parameter(name, write_practitioner(practitioner), uris.PROFILE_PRACTITIONER),
        _parameter(f"{name}-role", write_role(practitioner), uris.PROFILE_PRACTITIONER_ROLE),
    ]


def _parameter(name: str, resource: Element, profile: str) -> Element:
    return {"name": name, "resource": resource | {"meta": {"profile": [profile]}}}


def _period(period: Period) -> list[Element]:
    written: Element = {}
    if period.start:
        written["start"] = period.start
    if period.end:
        written["end"] = period.end
    return [{"url": uris.EXT_PERIOD, "valuePeriod": written}] if written else []
