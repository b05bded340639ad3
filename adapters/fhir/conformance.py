"""What this server says of itself: CapabilityStatement and SMART configuration. True to what is there, nothing else.

Sources: FHIR R4 CapabilityStatement, SMART App Launch 2.2 ("conformance", "backend services").
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.media import FHIR_JSON, FHIR_XML, JSON, NDJSON, require_spoken_answer
from adapters.fhir.out import outbound, to_json
from adapters.fhir.parts import require_known_parts
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
    """The CapabilityStatement. :raises UnsupportedFormat: neither JSON nor XML is wanted."""
    require_spoken_answer(message)
    require_known_parts(message)
    return outbound(_statement(message), message)


def _origin(message: Inbound) -> str:
    """The gateway's address; the OAuth server lies beside this adapter."""
    return message.base_url.removesuffix(PREFIX)


def _statement(message: Inbound) -> Element:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "PMP Bridge", "version": version("pmpbridge")},
        "implementation": {"description": "Prescription Monitoring Program gateway", "url": message.base_url},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, FHIR_XML, "json", "xml"],
        "implementationGuide": [uris.IMPLEMENTATION_GUIDE],
        "rest": [_rest(_origin(message))],
    }


def _rest(origin: str) -> Element:
    history = {
        "name": "pdmp-history",
        "definition": uris.OPERATION_HISTORY,
        "documentation": "One patient's history, at once, staged (pre-stage-only) or as a link (X-PMP-Return).",
    }
    message = {
        "name": "process-message",
        "definition": uris.OPERATION_PROCESS_MESSAGE,
        "documentation": f"The event {uris.OPERATION_HISTORY}, answered at once.",
    }
    import_ = {
        "name": "import",
        "definition": uris.OPERATION_IMPORT,
        "documentation": f"{NDJSON} in the body, one MedicationDispense a line; files at URLs are not fetched.",
    }
    return {
        "mode": "server",
        "security": _security(origin),
        "resource": [_MEDICATION_DISPENSE, {"type": "Patient", "operation": [history]}],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
        "operation": [history, message, import_],
    }


def _security(origin: str) -> Element:
    return {
        "extension": [
            {"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": f"{origin}/oauth/token"}]},
        ],
        "service": [{"coding": [{"system": uris.SECURITY_SERVICE, "code": "SMART-on-FHIR"}]}],
        "description": "OAuth 2.0 client credentials (SMART Backend Services); see .well-known/smart-configuration.",
    }


_MEDICATION_DISPENSE: Final[Element] = {
    "type": "MedicationDispense",
    "supportedProfile": [uris.PROFILE_DISPENSE],
    "interaction": [{"code": "create"}, {"code": "read"}, {"code": "update"}, {"code": "search-type"}],
    "versioning": "versioned",
    "readHistory": False,
    "updateCreate": False,
    "conditionalCreate": False,
    "conditionalUpdate": False,
    "conditionalDelete": "not-supported",
    "searchParam": [
        {
            "name": "patient",
            "type": "reference",
            "documentation": "Required: the key of an earlier answer (Patient.identifier), as KEY or Patient/KEY.",
        },
        {"name": "whenprepared", "type": "date", "documentation": "Prefixes eq, ge, le, gt, lt, sa, eb."},
        {"name": "status", "type": "token", "documentation": "completed only."},
    ],
}
