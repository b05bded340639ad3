"""What is asked: read whole, and refused by name, place and remedy when it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.parameters import Parameters

from adapters.fhir import ADAPTER
from adapters.fhir.out import to_json
from adapters.fhir.write_request import write_request
from gateway.errors import (
    ErrorCode,
    GatewayError,
    MessageError,
)
from gateway.model import Identifier, IdentifierKind, LookupRequest, NameUse, Period, Person, PersonName
from tests.factory import a_lookup, a_person, a_requester
from tests.unit.fhir.cases import an_animal, inbound, resource

SSN = Identifier(kind=IdentifierKind.SSN, value="900-12-3456")
LICENCE = Identifier(kind=IdentifierKind.DRIVER_LICENCE, value="123456789", issuer="CT")
RECORD = Identifier(kind=IdentifierKind.MEDICAL_RECORD_NUMBER, value="MR-7", issuer="urn:example:mrn")


def parameters() -> dict[str, Any]:
    """The request that this adapter's own client sends; a new one at each call, to be spoilt."""
    document: dict[str, Any] = json.loads(to_json(write_request(a_lookup(message_id=None))))
    return document


def ask(body: Any, operation: str = "pdmp-history", **over: Any) -> LookupRequest:
    asked = ADAPTER.read(inbound(operation, body, **over))
    assert isinstance(asked, LookupRequest)
    return asked


def refused(body: Any, operation: str = "pdmp-history", **over: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        ADAPTER.read(inbound(operation, body, **over))
    return caught.value


def issue_of(error: GatewayError) -> tuple[int, dict[str, Any]]:
    outbound = ADAPTER.write_error(error, None)
    (issue,) = resource(outbound)["issue"]
    return outbound.status, issue


# --- read whole -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lookup",
    [
        a_lookup(message_id=None),
        a_lookup(
            message_id=None, person=a_person(key=None, appearance=None, identifiers=(SSN, LICENCE, RECORD))
        ),
        a_lookup(message_id=None, person=replace(an_animal(), key=None, appearance=None), period=Period()),
        a_lookup(
            message_id=None,
            requester=a_requester(
                delegate=replace(a_requester().practitioner, npi="1234567893", role="Nurse")
            ),
            period=Period(start=date(2025, 3, 1)),
        ),
        a_lookup(
            message_id=None,
            person=a_person(
                key=None,
                appearance=None,
                names=(
                    PersonName(family="Quillfeather", given=("Marigold",), prefix="Ms", suffix="Jr"),
                    PersonName(family="Thistle", given=("Marigold",), use=NameUse.MAIDEN),
                ),
            ),
        ),
    ],
    ids=["plain", "identifiers", "animal", "delegate", "former name"],
)
def test_what_the_client_writes_is_what_is_read(lookup: LookupRequest) -> None:
    """Save the state of the requester, which FHIR has only as an address."""
    assert ask(to_json(write_request(lookup))) == replace(
        lookup, requester=replace(lookup.requester, state=None)
    )


@pytest.mark.parametrize("person", [a_person(identifiers=(SSN, LICENCE, RECORD)), an_animal()])
def test_what_the_client_writes_is_valid(person: Person) -> None:
    body = to_json(write_request(a_lookup(person=person)))
    Parameters.model_validate_json(body)


def test_parameters_by_reference() -> None:
    """The profiles say Reference where all examples carry the resource."""
    body = parameters()
    first, *others = body["parameter"]
    patient = {**first["resource"], "id": "p"}
    body["contained"] = [patient]
    body["parameter"] = [{"name": "patient", "valueReference": {"reference": "#p"}}, *others]
    assert ask(body).person == ask(parameters()).person


def test_parameters_by_reference_into_the_message() -> None:
    body, message = parameters(), request_message()
    first, *others = body["parameter"]
    body["parameter"] = [{"name": "patient", "valueReference": {"reference": "urn:uuid:2"}}, *others]
    message["entry"][1]["resource"] = body
    message["entry"].append({"fullUrl": "urn:uuid:2", "resource": first["resource"]})
    assert ask(message, "process-message").person == ask(parameters()).person


@pytest.mark.parametrize("place", ["parameter", "Parameters", "MessageHeader"])
def test_the_period_may_stand_in_three_places(place: str) -> None:
    extension = {
        "url": "http://hl7.org/fhir/us/pdmp/StructureDefinition/pdmp-activity-period-extension",
        "valuePeriod": {"start": "2024-02", "end": "2025-01-31T23:59:59-05:00"},
    }
    message = request_message()
    header, body = (entry["resource"] for entry in message["entry"])
    del body["parameter"][0]["extension"]
    holder = {"parameter": body["parameter"][2], "Parameters": body, "MessageHeader": header}[place]
    holder["extension"] = [extension]
    assert ask(message, "process-message").period == Period(start=date(2024, 2, 1), end=date(2025, 1, 31))


def test_a_message_by_the_parameter_content() -> None:
    wrapped = {
        "resourceType": "Parameters",
        "parameter": [{"name": "content", "resource": request_message()}],
    }
    assert ask(wrapped, "process-message") == ask(request_message(), "process-message")
    answer = ADAPTER.write_error(refused({"resourceType": "Parameters"}, "process-message"), None)
    assert answer.status == 400


def test_extra_white_space_and_unknown_members_do_no_harm() -> None:
    body = parameters()
    body["parameter"][0]["resource"]["name"][0]["family"] = "  Quillfeather\t"
    body["parameter"][0]["resource"]["favouriteColour"] = {"hue": 7}
    body["parameter"].append({"name": "something-new", "valueCode": "x"})
    assert ask(body).person == ask(parameters()).person


def test_a_name_in_use_comes_before_a_former_one() -> None:
    body = parameters()
    former = {"use": "old", "family": "Thistle", "given": ["Marigold"]}
    body["parameter"][0]["resource"]["name"].insert(0, former)
    person = ask(body).person
    assert person is not None
    assert [n.family for n in person.names] == ["Quillfeather", "Thistle"]


def request_message() -> dict[str, Any]:
    event = "http://hl7.org/fhir/us/pdmp/OperationDefinition/pdmp-history"
    header = {
        "resourceType": "MessageHeader",
        "id": "m-1",
        "eventCoding": {"system": "urn:ietf:rfc:3986", "code": event},
        "source": {"endpoint": "https://ehr.example"},
        "focus": [{"reference": "Parameters/one"}],
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [
            {"fullUrl": "https://ehr.example/MessageHeader/m-1", "resource": header},
            {"fullUrl": "https://ehr.example/Parameters/one", "resource": {**parameters(), "id": "one"}},
        ],
    }


# --- refused --------------------------------------------------------------------------------------------------


def spoil(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Puts a value at a path of member names and indexes; `...` takes the member away."""

    def change(document: dict[str, Any]) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        here: Any = document
        for step in way:
            here = here[step]
        if value is ...:
            del here[last]
        else:
            here[last] = value

    return change


PATIENT = "parameter.0.resource"
AT = "Parameters.parameter[0].resource"
REFUSED = {
    "no family name": (spoil(f"{PATIENT}.name.0.family", ...), "required", f"{AT}.name[0].family"),
    "blank family name": (spoil(f"{PATIENT}.name.0.family", "  "), "required", f"{AT}.name[0].family"),
    "no given name": (spoil(f"{PATIENT}.name.0.given", ...), "required", f"{AT}.name[0].given"),
    "no name": (spoil(f"{PATIENT}.name", ...), "required", f"{AT}.name"),
    "name no array": (spoil(f"{PATIENT}.name", {"family": "X"}), "value", f"{AT}.name"),
    "no birth date": (spoil(f"{PATIENT}.birthDate", ...), "required", f"{AT}.birthDate"),
    "impossible date": (spoil(f"{PATIENT}.birthDate", "1971-02-30"), "value", f"{AT}.birthDate"),
    "year only": (spoil(f"{PATIENT}.birthDate", "1971"), "value", f"{AT}.birthDate"),
    "other date form": (spoil(f"{PATIENT}.birthDate", "04/09/1971"), "value", f"{AT}.birthDate"),
    "date no string": (spoil(f"{PATIENT}.birthDate", 19710409), "value", f"{AT}.birthDate"),
    "unknown gender": (spoil(f"{PATIENT}.gender", "F"), "value", f"{AT}.gender"),
    "another resource": (spoil(f"{PATIENT}.resourceType", "Group"), "value", f"{AT}.resourceType"),
    "no resource": (spoil(PATIENT, ...), "required", AT),
    "no patient": (spoil("parameter.0", ...), "required", "Parameters.parameter"),
    "no parameters": (spoil("parameter", ...), "required", "Parameters.parameter"),
    "unnamed parameter": (spoil("parameter.1.name", ...), "required", "Parameters.parameter[1].name"),
    "two patients": (spoil("parameter.1.name", "patient"), "value", "Parameters.parameter[1]"),
    "control characters": (
        spoil(f"{PATIENT}.name.0.family", "Quill\u0000feather"),
        "value",
        f"{AT}.name[0].family",
    ),
    "half a character": (spoil(f"{PATIENT}.name.0.family", "\ud800"), "value", f"{AT}.name[0].family"),
    "endless text": (spoil(f"{PATIENT}.name.0.family", "x" * 1001), "value", f"{AT}.name[0].family"),
    "endless names": (
        spoil(f"{PATIENT}.name", [{"family": "X", "given": ["Y"]}] * 51),
        "value",
        f"{AT}.name",
    ),
    "null name": (spoil(f"{PATIENT}.name", [None]), "value", f"{AT}.name[0]"),
    "impossible period": (
        spoil("parameter.0.extension.0.valuePeriod.start", "2025-13-01"),
        "value",
        "Parameters.parameter[0].extension[0].valuePeriod.start",
    ),
    "dangling reference": (
        spoil("parameter.0", {"name": "patient", "valueReference": {"reference": "Patient/9"}}),
        "value",
        "Parameters.parameter[0].valueReference.reference",
    ),
    "staging that is no boolean": (
        spoil("parameter.3", {"name": "pre-stage-only", "valueBoolean": "true"}),
        "value",
        "Parameters.parameter[3].valueBoolean",
    ),
    "a key that is none": (
        spoil("parameter.3", {"name": "pre-stage-retrieval-key", "valueString": "k" * 101}),
        "value",
        "Parameters.parameter[3].valueString",
    ),
    "a key without a value": (
        spoil("parameter.3", {"name": "pre-stage-retrieval-key"}),
        "required",
        "Parameters.parameter[3].valueString",
    ),
    "not a Parameters": (spoil("resourceType", "Bundle"), "value", "Bundle.resourceType"),
    "no known resource": (spoil("resourceType", "Quillfeather"), "value", "Resource.resourceType"),
    "no resource type": (spoil("resourceType", ...), "required", "Resource"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_parameters(name: str) -> None:
    change, code, expression = REFUSED[name]
    body = parameters()
    change(body)
    error = refused(body)
    status, issue = issue_of(error)
    assert isinstance(error, MessageError)
    assert (status, issue["severity"], issue["code"]) == (400, "error", code)
    assert issue["expression"] == [expression]
    assert expression in issue["diagnostics"]
    assert error.remedy
    for word in ("Quill", "Marigold", "1971", "Thaddeus", "06103"):
        assert word not in json.dumps(issue)


MESSAGE_REFUSED = {
    "no message": (spoil("type", "collection"), "value", "Bundle.type"),
    "no entry": (spoil("entry", []), "required", "Bundle.entry"),
    "no header": (spoil("entry.0", ...), "value", "Bundle.entry[0].resource.resourceType"),
    "another event": (
        spoil("entry.0.resource.eventCoding.code", "admin-notify"),
        "not-supported",
        "Bundle.entry[0].resource.eventCoding",
    ),
    "no event": (
        spoil("entry.0.resource.eventCoding", ...),
        "required",
        "Bundle.entry[0].resource.eventCoding",
    ),
    "no id": (spoil("entry.0.resource.id", ...), "required", "Bundle.entry[0].resource.id"),
    "no such id": (spoil("entry.0.resource.id", "a b"), "value", "Bundle.entry[0].resource.id"),
    "no Parameters": (spoil("entry.1", ...), "required", "Bundle.entry"),
    "impossible date": (
        spoil("entry.1.resource.parameter.0.resource.birthDate", "1971-02-30"),
        "value",
        "Bundle.entry[1].resource.parameter[0].resource.birthDate",
    ),
}


@pytest.mark.parametrize("name", MESSAGE_REFUSED)
def test_refused_messages(name: str) -> None:
    change, code, expression = MESSAGE_REFUSED[name]
    body = request_message()
    change(body)
    status, issue = issue_of(refused(body, "process-message"))
    assert (status, issue["code"], issue["expression"]) == (400, code, [expression])


def test_an_asynchronous_message_is_refused() -> None:
    error = refused(request_message(), "process-message", query={"async": ("true",)})
    _, issue = issue_of(error)
    assert issue["location"] == ["http.async"]


@pytest.mark.parametrize("operation", ["pdmp-history", "process-message", "create"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", ErrorCode.MALFORMED),
        (b" \n", ErrorCode.MALFORMED),
        (b"{", ErrorCode.MALFORMED),
        (b"<Parameters/>", ErrorCode.MALFORMED),
        (b'{"resourceType": "Parameters", "a": NaN}', ErrorCode.MALFORMED),
        (b'{"resourceType": "Parameters", "resourceType": "Parameters"}', ErrorCode.MALFORMED),
        (b'{"resourceType": "Parameters", "n": ' + b"9" * 5000 + b"}", ErrorCode.MALFORMED),
        ('{"resourceType": "Paramètres"}'.encode("latin-1"), ErrorCode.MALFORMED),
        ('{"resourceType": "Parameters"}'.encode("utf-16"), ErrorCode.MALFORMED),
        (b'{"resourceType":' + b"[" * 200_000, ErrorCode.HOSTILE),
        (b"[]", ErrorCode.REQUIRED),
        (b'"Parameters"', ErrorCode.REQUIRED),
        (b'{"resourceType": 7}', ErrorCode.REQUIRED),
    ],
)
def test_refused_bodies(body: bytes, code: ErrorCode, operation: str) -> None:
    error = refused(body, operation)
    assert error.code is code
    assert error.status == 400


def test_a_byte_order_mark_does_no_harm() -> None:
    assert ask(b"\xef\xbb\xbf" + json.dumps(parameters()).encode()) == ask(parameters())


def test_where_json_stops_making_sense() -> None:
    assert "line 2, column 3" in str(refused(b'{\n  oops"resourceType": 1}'))
