"""What the server says of itself is what is there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationdefinition import OperationDefinition
from fhir.resources.R4B.terminologycapabilities import TerminologyCapabilities
from flask import Flask

from adapters.fhir import ADAPTER
from adapters.fhir.conformance import metadata, operation_definition, smart_configuration
from adapters.fhir.xml_read import decode_xml
from gateway.errors import MessageError, NotFound, UnsupportedFormat
from gateway.ports import Handle
from tests.unit.fhir.cases import inbound, resource


class Recorder:
    """A Handle whose views say which operation they are."""

    def exchange(self, operation: str, about: Any) -> Any:
        return lambda **arguments: operation

    def public(self, view: Any, about: Any) -> Any:
        return lambda **arguments: view.__name__


@pytest.fixture
def routes() -> dict[tuple[str, str], str]:
    handle: Handle = Recorder()
    app = Flask("test")
    app.register_blueprint(ADAPTER.routes(handle), url_prefix=ADAPTER.prefix)
    return {
        (method, rule.rule): app.view_functions[rule.endpoint](**dict.fromkeys(rule.arguments, "x"))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/fhir")
    }


def test_the_routes(routes: dict[tuple[str, str], str]) -> None:
    assert routes == {
        ("POST", "/fhir/$pdmp-history"): "pdmp-history",
        ("POST", "/fhir/Patient/$pdmp-history"): "pdmp-history",
        ("POST", "/fhir/$process-message"): "process-message",
        ("POST", "/fhir/MedicationDispense"): "create",
        ("GET", "/fhir/MedicationDispense"): "search",
        ("POST", "/fhir/MedicationDispense/_search"): "search",
        ("GET", "/fhir/MedicationDispense/<id>"): "read",
        ("GET", "/fhir/MedicationDispense/<id>/_history/<revision>"): "vread",
        ("PUT", "/fhir/MedicationDispense/<id>"): "update",
        ("GET", "/fhir/AuditEvent"): "audit-search",
        ("POST", "/fhir/AuditEvent/_search"): "audit-search",
        ("GET", "/fhir/AuditEvent/<id>"): "audit-read",
        ("GET", "/fhir/Patient"): "patient-search",
        ("POST", "/fhir/Patient/_search"): "patient-search",
        ("POST", "/fhir/Patient/$match"): "match",
        ("GET", "/fhir/Patient/<id>"): "patient-read",
        ("GET", "/fhir/Provenance"): "provenance-search",
        ("POST", "/fhir/Provenance/_search"): "provenance-search",
        ("GET", "/fhir/Provenance/<id>"): "provenance",
        ("POST", "/fhir"): "bundle",
        ("POST", "/fhir/"): "bundle",
        ("POST", "/fhir/$import"): "import",
        ("GET", "/fhir/metadata"): "metadata",
        ("GET", "/fhir/OperationDefinition/<id>"): "operation_definition",
        ("GET", "/fhir/.well-known/smart-configuration"): "smart_configuration",
    }


DOCUMENTS = {("GET", "/fhir/metadata"), ("GET", "/fhir/.well-known/smart-configuration")}
INTERACTIONS = {
    "create": {("POST", "")},
    "read": {("GET", "/<id>")},
    "vread": {("GET", "/<id>/_history/<revision>")},
    "update": {("PUT", "/<id>")},
    "search-type": {("GET", ""), ("POST", "/_search")},
    "transaction": {("POST", ""), ("POST", "/")},
    "batch": {("POST", ""), ("POST", "/")},
}
"""Of FHIR R4 "http": where each is found below its type, or below the root."""


def test_the_capability_statement_has_every_route_and_no_other(routes: dict[tuple[str, str], str]) -> None:
    outbound = metadata(inbound("public", method="GET"))
    CapabilityStatement.model_validate_json(outbound.body)
    (rest,) = resource(outbound)["rest"]
    told = set()
    for base, one in (("/fhir", rest), *((f"/fhir/{r['type']}", r) for r in rest["resource"])):
        told |= {(m, base + p) for i in one.get("interaction", []) for m, p in INTERACTIONS[i["code"]]}
        told |= {("POST", f"{base}/${o['name']}") for o in one.get("operation", [])}
    assert told == set(routes) - DOCUMENTS
    (dispense,) = (r for r in rest["resource"] if r["type"] == "MedicationDispense")
    names = {p["name"] for p in dispense["searchParam"]}
    assert {
        "_id",
        "patient",
        "status",
        "type",
        "code",
        "whenprepared",
        "whenhandedover",
        "performer",
    } <= names
    assert not any("." in name for name in names)
    assert dispense["searchRevInclude"] == ["Provenance:target"]


def test_the_capability_statement_in_xml() -> None:
    asked = inbound("public", method="GET", headers={"accept": "application/fhir+xml"})
    told = resource(metadata(inbound("public", method="GET")))
    assert decode_xml(metadata(asked).body).value == told
    assert {"application/fhir+json", "application/fhir+xml"} <= set(told["format"])


def test_every_operation_has_a_definition_that_is_served() -> None:
    (rest,) = resource(metadata(inbound("public", method="GET")))["rest"]
    for told in rest["operation"]:
        message = inbound("public", method="GET", arguments={"id": told["name"]})
        outbound = operation_definition(message)
        OperationDefinition.model_validate_json(outbound.body)
        definition = resource(outbound)
        assert told["definition"] in {definition["url"], definition.get("base")}
    with pytest.raises(NotFound):
        operation_definition(inbound("public", method="GET", arguments={"id": "nothing"}))


def test_the_modes_of_metadata() -> None:
    kinds = {}
    for mode in ("full", "normative", "terminology"):
        outbound = metadata(inbound("public", method="GET", query={"mode": (mode,)}))
        kinds[mode] = resource(outbound)["resourceType"]
    TerminologyCapabilities.model_validate_json(outbound.body)
    assert kinds == {
        "full": "CapabilityStatement",
        "normative": "CapabilityStatement",
        "terminology": "TerminologyCapabilities",
    }
    with pytest.raises(MessageError):
        metadata(inbound("public", method="GET", query={"mode": ("other",)}))


def test_metadata_that_was_seen_is_not_sent_again() -> None:
    tag = dict(metadata(inbound("public", method="GET")).headers)["ETag"]
    again = metadata(inbound("public", method="GET", headers={"if-none-match": f'"other", {tag}'}))
    assert (again.status, again.body) == (304, b"")
    assert metadata(inbound("public", method="GET", headers={"if-none-match": '"other"'})).status == 200


def test_the_capability_statement_in_what_is_not_spoken() -> None:
    with pytest.raises(UnsupportedFormat):
        metadata(inbound("public", method="GET", headers={"accept": "text/html"}))


def test_smart_configuration() -> None:
    """JSON whatever is accepted; addresses beside the adapter, whatever path the gateway lies under."""
    outbound = smart_configuration(
        inbound("public", base_url="https://state.example/pmp/fhir", headers={"accept": "application/xml"})
    )
    document = json.loads(outbound.body)
    assert outbound.content_type == "application/json"
    assert document["token_endpoint"] == "https://state.example/pmp/oauth/token"
    assert document["jwks_uri"] == "https://state.example/pmp/oauth/jwks"
    required = {"grant_types_supported", "token_endpoint", "capabilities", "code_challenge_methods_supported"}
    assert required <= set(document)
    assert {"RS384", "ES384"} <= set(document["token_endpoint_auth_signing_alg_values_supported"])
