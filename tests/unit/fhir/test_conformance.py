"""What the server says of itself is what is there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from flask import Flask

from adapters.fhir import ADAPTER
from adapters.fhir.conformance import metadata, smart_configuration
from adapters.fhir.xml_read import decode_xml
from gateway.errors import UnsupportedFormat
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
        ("PUT", "/fhir/MedicationDispense/<id>"): "update",
        ("POST", "/fhir"): "bundle",
        ("POST", "/fhir/"): "bundle",
        ("POST", "/fhir/$import"): "import",
        ("GET", "/fhir/metadata"): "metadata",
        ("GET", "/fhir/.well-known/smart-configuration"): "smart_configuration",
    }


def test_the_capability_statement_names_every_operation(routes: dict[tuple[str, str], str]) -> None:
    outbound = metadata(inbound("public", method="GET"))
    CapabilityStatement.model_validate_json(outbound.body)
    (rest,) = resource(outbound)["rest"]
    offered = {o["name"] for o in rest["operation"]}
    codes = {
        "create": "create", "read": "read", "update": "update", "search-type": "search", "transaction": "bundle",
        "batch": "bundle",
    }  # fmt: skip
    offered |= {codes[i["code"]] for i in rest["interaction"]}
    for told in rest["resource"]:
        offered |= {o["name"] for o in told.get("operation", [])}
        offered |= {codes[i["code"]] for i in told.get("interaction", [])}
    assert offered == set(routes.values()) - {"metadata", "smart_configuration"}
    (dispense,) = (r for r in rest["resource"] if r["type"] == "MedicationDispense")
    assert {p["name"] for p in dispense["searchParam"]} == {"patient", "whenprepared", "status"}


def test_the_capability_statement_in_xml() -> None:
    asked = inbound("public", method="GET", headers={"accept": "application/fhir+xml"})
    told = resource(metadata(inbound("public", method="GET")))
    assert decode_xml(metadata(asked).body).value == told
    assert {"application/fhir+json", "application/fhir+xml"} <= set(told["format"])


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
