"""What HTTP says about a message: its media type, the one wanted back, the caller's preferences.

JSON and XML are spoken, as `application/fhir+json` and `application/fhir+xml` and by their plain names. What weighs
most is written; of two that weigh the same, JSON. Source: FHIR R4 "http" (content types, `_format`, `_pretty`,
`Prefer`), RFC 9110 section 12.5.1, RFC 7240.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from gateway.errors import ErrorCode, UnsupportedFormat
from gateway.ports import Inbound

FHIR_JSON: Final = "application/fhir+json"
JSON: Final = "application/json"
FHIR_XML: Final = "application/fhir+xml"
XML: Final = "application/xml"
TEXT_XML: Final = "text/xml"
NDJSON: Final = "application/fhir+ndjson"
SPOKEN: Final = f"{FHIR_JSON} or {FHIR_XML} (or {JSON}, {XML}, {TEXT_XML})"

_JSON_TYPES: Final = (FHIR_JSON, JSON)
_XML_TYPES: Final = (FHIR_XML, XML, TEXT_XML)
_NDJSON_TYPES: Final = {NDJSON, "application/ndjson", "application/x-ndjson"}
_WILDCARDS: Final = {"*/*", "application/*"}
_FORMATS: Final = {
    "json": FHIR_JSON,
    "text/json": JSON,
    "xml": FHIR_XML,
    **{name: name for name in (*_JSON_TYPES, *_XML_TYPES)},
}
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100
_CHARSETS: Final = {"utf-8", "utf8", "us-ascii"}
_WEIGHT = re.compile(r"0(\.[0-9]*)?|1(\.0*)?")
_PARAMETER = re.compile(r';\s*([!#$%&\'*+.^_`|~\w-]+)\s*=\s*"?([^";,\s]*)"?')


def is_xml_body(message: Inbound) -> bool:
    """Whether the body is XML; else it is JSON.

    :raises UnsupportedFormat: it is of another media type, charset or FHIR version.
    """
    if message.content_type in _XML_TYPES:
        _require_r4(message)  # XML says itself how it is encoded, and its parser what it takes
        return True
    if message.content_type not in _JSON_TYPES:
        raise UnsupportedFormat(
            "The content type of the body is not one that is read here.",
            path="Content-Type",
            remedy=f"Send {SPOKEN}.",
        )
    _require_utf8_r4(message)
    return False


def is_xml_type(content_type: str) -> bool:
    """Whether a Content-Type, with or without parameters, is one of FHIR in XML."""
    return content_type.partition(";")[0].strip().lower() in _XML_TYPES


def charset_of(message: Inbound) -> str | None:
    """The `charset` of the Content-Type, in lower case."""
    return _parameters(message.headers.get("content-type", "")).get("charset")


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
    if (charset_of(message) or "utf-8") not in _CHARSETS:
        raise UnsupportedFormat("The body is not UTF-8.", path="Content-Type", remedy="Send JSON in UTF-8.")
    _require_r4(message)


def _require_r4(message: Inbound) -> None:
    parameters = _parameters(message.headers.get("content-type", ""))
    if not parameters.get("fhirversion", "4.0").startswith("4."):
        raise UnsupportedFormat(
            "The body is of another FHIR version.",
            path="Content-Type",
            remedy="Send FHIR R4 (fhirVersion=4.0).",
            code=ErrorCode.UNSUPPORTED_VERSION,
        )


def require_spoken_answer(message: Inbound) -> None:
    """:raises UnsupportedFormat: the caller accepts nothing that can be written here."""
    if _wanted(message) is None:
        asked = "_format" if _asked(message, "_format") else "Accept"
        raise UnsupportedFormat(
            "None of the content types that are asked for is written here.",
            path=asked,
            remedy=f"Accept {SPOKEN}.",
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
    require_spoken_answer(message)
    return False


def answer_type(message: Inbound | None) -> str:
    """The content type of the answer: a plain one only for a caller who accepts no FHIR type of that format."""
    return f"{_answer_type(message)}; charset=utf-8"


def is_xml_answer(message: Inbound | None) -> bool:
    """Whether the answer is XML; else it is JSON."""
    return _answer_type(message) in _XML_TYPES


def is_pretty(message: Inbound | None) -> bool:
    """Whether the answer is laid out for people."""
    return message is not None and (_asked(message, "_pretty") or ("",))[-1].lower() == "true"


def _answer_type(message: Inbound | None) -> str:
    if message is None:
        return FHIR_JSON
    # What cannot be written is refused, in what the caller accepts otherwise or has sent itself.
    return _wanted(message) or _accepted(message) or _own(message)


def _own(message: Inbound) -> str:
    return FHIR_XML if message.content_type in _XML_TYPES else FHIR_JSON


def preference(message: Inbound, name: str) -> str | None:
    """The value of one preference of the `Prefer` header, in lower case: `handling`, `return`."""
    return _parameters(";" + message.headers.get("prefer", "").replace(",", ";")).get(name)


def _asked(message: Inbound, name: str) -> tuple[str, ...]:
    """The values of a parameter of the URL, and of a form posted to `_search`."""
    values = message.query.get(name, ())
    if message.content_type != _FORM:
        return values
    try:
        form = parse_qs(message.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return values  # it is refused when the search is read
    return (*values, *form.get(name, ()))


def _wanted(message: Inbound) -> str | None:
    format = _asked(message, "_format")
    if format:
        return _FORMATS.get(format[-1].partition(";")[0].replace(" ", "+").strip().lower())
    return _accepted(message)


def _accepted(message: Inbound) -> str | None:
    """The type that weighs most in `Accept`; without one, the caller's own format."""
    accept = message.headers.get("accept", "")
    if not accept.strip():
        return _own(message)
    weights = {name: weight for name, weight in map(_weighed, accept.split(",")) if name}
    found = {}
    for types in (_JSON_TYPES, _XML_TYPES):
        weighed = {name: _weight(name, weights) for name in types}
        if name := next((name for name, weight in weighed.items() if weight), None):
            found[name] = max(weighed.values())
    return max(found, key=lambda name: found[name], default=None)  # the first of equals, which is JSON


def _weight(name: str, weights: Mapping[str, float]) -> float:
    """What a type weighs by the most specific range that it falls in."""
    ranges = (name, f"{name.partition('/')[0]}/*", "*/*")
    return next((weights[range] for range in ranges if range in weights), 0.0)


def _acceptable(part: str) -> str | None:
    """The media type of one part of `Accept`; None when its weight is zero or it wants another FHIR version."""
    name, weight = _weighed(part)
    return name if weight else None


def _weighed(part: str) -> tuple[str | None, float]:
    """Media type and weight of one part of `Accept`; no type when it wants another FHIR version."""
    parameters = _parameters(part)
    if not parameters.get("fhirversion", "4.0").startswith("4."):
        return None, 0.0
    weight = parameters.get("q", "1")
    return part.partition(";")[0].strip().lower(), float(weight) if _WEIGHT.fullmatch(weight) else 1.0


def _parameters(header: str) -> dict[str, str]:
    return {name.lower(): value.lower() for name, value in _PARAMETER.findall(header)}
