"""What HTTP says about a message: its media type, the one wanted back, the caller's preferences.

JSON is spoken, as `application/fhir+json` and as `application/json`. Source: FHIR R4 "http" (content types,
`_format`, `Prefer`), RFC 9110 section 12.5.1, RFC 7240.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import ErrorCode, UnsupportedFormat
from gateway.ports import Inbound

FHIR_JSON: Final = "application/fhir+json"
JSON: Final = "application/json"
NDJSON: Final = "application/fhir+ndjson"
SPOKEN: Final = f"{FHIR_JSON} (or {JSON})"

_JSON_TYPES: Final = {FHIR_JSON, JSON}
_NDJSON_TYPES: Final = {NDJSON, "application/ndjson", "application/x-ndjson"}
_WILDCARDS: Final = {"*/*", "application/*"}
_FORMATS: Final = {"json": FHIR_JSON, "text/json": JSON, FHIR_JSON: FHIR_JSON, JSON: JSON}
_CHARSETS: Final = {"utf-8", "utf8", "us-ascii"}
_PARAMETER = re.compile(r';\s*([!#$%&\'*+.^_`|~\w-]+)\s*=\s*"?([^";,\s]*)"?')


def require_json_body(message: Inbound) -> None:
    """:raises UnsupportedFormat: the body is of another media type, charset or FHIR version."""
    if message.content_type not in _JSON_TYPES:
        raise UnsupportedFormat(
            "The content type of the body is not one that is read here.",
            path="Content-Type",
            remedy=f"Send {SPOKEN}; XML is not read in this release.",
        )
    _require_utf8_r4(message)


def require_ndjson_body(message: Inbound) -> None:
    """:raises UnsupportedFormat: the body is not NDJSON, or of another charset or FHIR version."""
    if message.content_type not in _NDJSON_TYPES:
        raise UnsupportedFormat(
            "The content type of the body is not one that is imported here.",
            path="Content-Type",
            remedy=f"Send the resources themselves, one a line, as {NDJSON}; files at URLs are not fetched.",
        )
    _require_utf8_r4(message)


def _require_utf8_r4(message: Inbound) -> None:
    parameters = _parameters(message.headers.get("content-type", ""))
    if parameters.get("charset", "utf-8") not in _CHARSETS:
        raise UnsupportedFormat("The body is not UTF-8.", path="Content-Type", remedy="Send JSON in UTF-8.")
    if not parameters.get("fhirversion", "4.0").startswith("4."):
        raise UnsupportedFormat(
            "The body is of another FHIR version.",
            path="Content-Type",
            remedy="Send FHIR R4 (fhirVersion=4.0).",
            code=ErrorCode.UNSUPPORTED_VERSION,
        )


def require_json_answer(message: Inbound) -> None:
    """:raises UnsupportedFormat: the caller accepts nothing that can be written here."""
    if _wanted(message) is None:
        asked = "_format" if "_format" in message.query else "Accept"
        raise UnsupportedFormat(
            "None of the content types that are asked for is written here.",
            path=asked,
            remedy=f"Accept {SPOKEN}; XML is not written in this release.",
            code=ErrorCode.NOT_ACCEPTABLE,
        )


def wants_ndjson(message: Inbound) -> bool:
    """Whether the answer to an import is NDJSON, which it is unless only a resource is accepted.

    :raises UnsupportedFormat: neither is.
    """
    format = message.query.get("_format")
    accept = ",".join(format) if format is not None else message.headers.get("accept", "")
    types = {
        _acceptable(part.replace(" ", "+") if format is not None else part) for part in accept.split(",")
    }
    if not accept.strip() or types & (_NDJSON_TYPES | _WILDCARDS | {"ndjson"}):
        return True
    require_json_answer(message)
    return False


def answer_type(message: Inbound | None) -> str:
    """The content type of the answer: plain JSON only for a caller who accepts no FHIR type."""
    wanted = _wanted(message) if message is not None else None
    return f"{wanted or FHIR_JSON}; charset=utf-8"


def preference(message: Inbound, name: str) -> str | None:
    """The value of one preference of the `Prefer` header, in lower case: `handling`, `return`."""
    return _parameters(";" + message.headers.get("prefer", "").replace(",", ";")).get(name)


def _wanted(message: Inbound) -> str | None:
    format = message.query.get("_format")
    if format is not None:
        return _FORMATS.get(format[-1].partition(";")[0].replace(" ", "+").strip().lower())
    accept = message.headers.get("accept")
    if accept is None or not accept.strip():
        return FHIR_JSON
    types = {_acceptable(part) for part in accept.split(",")} - {None}
    if FHIR_JSON in types or types & _WILDCARDS:
        return FHIR_JSON
    return JSON if JSON in types else None


def _acceptable(part: str) -> str | None:
    """The media type of one part of `Accept`; None when its weight is zero or it wants another FHIR version."""
    parameters = _parameters(part)
    refused = parameters.get("q", "1").rstrip("0").rstrip(".") in {"", "0"}
    if refused or not parameters.get("fhirversion", "4.0").startswith("4."):
        return None
    return part.partition(";")[0].strip().lower()


def _parameters(header: str) -> dict[str, str]:
    return {name.lower(): value.lower() for name, value in _PARAMETER.findall(header)}
