"""`/openapi.json` against the gateway: what is sent by it and against it is answered as it says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.bootstrap import register_client
from gateway.security.client import TokenSource
from gateway.testing import ALL_SCOPES, LiveGateway

EXAMPLES = int(os.environ.get("PMPBRIDGE_FUZZ_EXAMPLES", "6"))
"""For each operation and each kind of input; `make fuzz` sends many more."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STAFF = "fuzz-staff"
OPERATIONS = 25
SPOILT = ("", "/$pdmp-history", "/$process-message", "/MedicationDispense", "/MedicationDispense/_search")


@schemathesis.serializer("application/fhir+ndjson", "application/ndjson", "application/x-ndjson")
def lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Schemathesis has none for NDJSON; a text is the body itself, anything else one line of JSON."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("fuzzed")) as gateway:
        gateway.seed(patients=3)
        yield gateway


@pytest.fixture(scope="module")
def tokens(target: LiveGateway) -> tuple[str, str]:
    """Of a client of the protocols, and of the programme's staff."""
    secret = register_client(target.gateway.settings, STAFF, scopes=("audit/read",))
    url = f"{target.url}/oauth/token"
    return target.token(*ALL_SCOPES), TokenSource(
        url, client_id=STAFF, secret=secret, scopes=("audit/read",)
    )()


@pytest.fixture(scope="module")
def document(target: LiveGateway) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{target.url}/openapi.json", timeout=10).json()
    return found


def test_the_document_has_every_route_and_no_other(target: LiveGateway, document: dict[str, Any]) -> None:
    told = {(path, method.upper()) for path, item in document["paths"].items() for method in item}
    there = {
        (rule.rule.replace("<", "{").replace(">", "}"), method)
        for rule in target.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    only_refused = {("/oauth/token", method) for method in ("GET", "PUT", "PATCH", "DELETE")}
    assert told == there - only_refused
    assert len(told) >= OPERATIONS


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
def test_what_is_sent_is_answered_as_the_document_says(
    target: LiveGateway, tokens: tuple[str, str], document: dict[str, Any], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.base_url = target.url
    sent: set[str] = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        has_input = bool(operation.body or operation.path_parameters or operation.query or operation.headers)
        if mode is GenerationMode.POSITIVE or has_input:
            try:
                _send(operation, mode, tokens[operation.path == "/compliance"])
            except (
                Unsatisfiable
            ):  # everything is valid there: a text, or a body that no JSON Schema describes
                continue
            sent.add(operation.label)
    if mode is GenerationMode.POSITIVE:
        assert len(sent) >= OPERATIONS
    else:
        assert sent >= {f"POST /fhir{path}" for path in SPOILT}


def _send(operation: Any, mode: GenerationMode, token: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),  # bodies by a schema are slow to make and sometimes large
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=30)
        case.validate_response(response, checks=CHECKS)

    send()
