"""What this server says of itself, true to what is there: CapabilityStatement, OperationDefinitions, SMART.

Sources: FHIR R4 CapabilityStatement, SMART App Launch 2.2 ("conformance", "backend services").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.media import FHIR_JSON, FHIR_XML, JSON, require_spoken_answer
from adapters.fhir.offered import INTERACTIONS, OPERATIONS, RESOURCES, Operation, Resource
from adapters.fhir.out import outbound, to_json
from adapters.fhir.parts import require_known_parts
from gateway.errors import MessageError, NotFound
from gateway.ports import Inbound, Outbound

PREFIX: Final = "/fhir"
DATE: Final = "2026-11-25"
"""The day of the last change of the CapabilityStatement."""

SMART: Final[dict[str, Any]] = {
    "grant_types_supported": ["client_credentials"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384", "RS256", "ES256"],
    "scopes_supported": [
        "system/MedicationDispense.c",
        "system/MedicationDispense.rs",
        "system/Patient.rs",
        "system/AuditEvent.rs",
        "pdmp/history",
        "pdmp/report",
        "audit/read",
        "admin",
    ],
    "capabilities": [
        "client-confidential-asymmetric",
        "client-confidential-symmetric",
        "permission-v1",
        "permission-v2",
    ],
    "code_challenge_methods_supported": [
        "S256"
    ],  # SMART 2.2 wants it said even without an authorization endpoint
}
"""What the token endpoint does; it must say the same of itself."""

_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def smart_configuration(message: Inbound) -> Outbound:
    """`.well-known/smart-configuration`: JSON whatever is accepted."""
    origin = _origin(message)
    document = {"token_endpoint": f"{origin}/oauth/token", "jwks_uri": f"{origin}/oauth/jwks", **SMART}
    return Outbound(body=to_json(document), content_type=JSON)


def metadata(message: Inbound) -> Outbound:
    """The CapabilityStatement, whole for `mode=normative` too; TerminologyCapabilities for `mode=terminology`.

    :raises UnsupportedFormat: neither JSON nor XML is wanted.
    :raises MessageError: `mode` is none of those that R4 has.
    """
    require_spoken_answer(message)
    require_known_parts(message)
    told = outbound(_MODES[_mode(message)](message), message)
    tag = f'W/"{sha256(told.body).hexdigest()[:32]}"'
    seen = {one.strip() for one in message.headers.get("if-none-match", "").split(",")}
    if seen & {tag, tag.removeprefix("W/"), "*"}:
        told = replace(told, body=b"", status=304)
    return replace(told, headers=(*told.headers, ("ETag", tag)))


def operation_definition(message: Inbound) -> Outbound:
    """The OperationDefinition of an operation that is offered.

    :raises UnsupportedFormat: neither JSON nor XML is wanted.
    :raises NotFound: there is no such operation.
    """
    require_spoken_answer(message)
    require_known_parts(message)
    found = next((one for one in OPERATIONS if one.name == message.arguments["id"]), None)
    if found is None:
        names = ", ".join(one.name for one in OPERATIONS)
        raise NotFound("There is no such OperationDefinition.", remedy=f"The operations offered are {names}.")
    return outbound(_definition(found, message.base_url), message)


def _definition(operation: Operation, base_url: str) -> Element:
    """Ours, which says where it is offered; `base` leads to the definition of who defined it."""
    return {
        "resourceType": "OperationDefinition",
        "id": operation.name,
        "url": _definition_url(operation, base_url),
        "version": version("pmpbridge"),
        "name": "".join(word.capitalize() for word in operation.name.split("-")),
        "status": "active",
        "kind": "operation",
        "date": DATE,
        "description": operation.documentation,
        "affectsState": operation.affects_state,
        "code": operation.code,
        **({"base": operation.canonical} if operation.canonical else {}),
        **({"resource": list(operation.types)} if operation.types else {}),
        "system": operation.is_system,
        "type": bool(operation.types),
        "instance": False,
        **operation.definition,
    }


def _definition_url(operation: Operation, base_url: str) -> str:
    return f"{base_url}/OperationDefinition/{operation.name}"


def _mode(message: Inbound) -> str:
    mode = message.query.get("mode", ("full",))[-1]
    if mode not in _MODES:
        raise MessageError("mode is not known.", path="mode", remedy=f"Use one of {', '.join(_MODES)}.")
    return mode


def _origin(message: Inbound) -> str:
    """The gateway's address; the OAuth server lies beside this adapter."""
    return message.base_url.removesuffix(PREFIX)


def _statement(message: Inbound) -> Element:
    return {
        "resourceType": "CapabilityStatement",
        **_instance(message),
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, FHIR_XML, "json", "xml"],
        "implementationGuide": [uris.IMPLEMENTATION_GUIDE],
        "rest": [_rest(message.base_url)],
    }


def _terminology(message: Inbound) -> Element:
    """No terminology is served; that, too, is said in the form that R4 has for it."""
    return {"resourceType": "TerminologyCapabilities", **_instance(message)}


def _instance(message: Inbound) -> Element:
    return {
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "PMP Bridge", "version": version("pmpbridge")},
        "implementation": {
            "description": "Prescription Monitoring Program gateway",
            "url": message.base_url,
        },
    }


_MODES: Final[Mapping[str, Callable[[Inbound], Element]]] = {
    "full": _statement,
    "normative": _statement,
    "terminology": _terminology,
}


def _rest(base_url: str) -> Element:
    told: Element = {
        "mode": "server",
        "security": _security(base_url.removesuffix(PREFIX)),
        "resource": [_resource(one, base_url) for one in RESOURCES],
        "interaction": [{"code": code} for code in INTERACTIONS],
    }
    at_the_root = [_operation(one, base_url) for one in OPERATIONS if one.is_system]
    return {**told, "operation": at_the_root} if at_the_root else told


def _resource(offered: Resource, base_url: str) -> Element:
    """The row of one resource; FHIR has no empty lists."""
    lists = {
        "supportedProfile": list(offered.profiles),
        "interaction": [{"code": code} for code in offered.interactions],
        "operation": [_operation(one, base_url) for one in OPERATIONS if offered.type in one.types],
    }
    return {"type": offered.type, **{name: one for name, one in lists.items() if one}, **offered.more}


def _operation(offered: Operation, base_url: str) -> Element:
    definition = offered.canonical or _definition_url(offered, base_url)
    return {"name": offered.name, "definition": definition, "documentation": offered.documentation}


def _security(origin: str) -> Element:
    return {
        "extension": [
            {"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": f"{origin}/oauth/token"}]},
        ],
        "service": [{"coding": [{"system": uris.SECURITY_SERVICE, "code": "SMART-on-FHIR"}]}],
        "description": "OAuth 2.0 client credentials (SMART Backend Services); see .well-known/smart-configuration.",
    }
