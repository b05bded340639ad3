"""The URL of `GET MedicationDispense?patient=` -> LookupRequest.

Parameters (FHIR R4 "search", MedicationDispense): `patient` (required), `whenprepared`, `status`. A parameter that is
not known is ignored, or refused with `Prefer: handling=strict`; a modifier that is not known is always refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final
from urllib.parse import parse_qs, urlencode

from adapters.fhir.media import preference
from adapters.fhir.tree import days_of
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat
from gateway.model import LookupRequest, Period, Requester
from gateway.ports import Inbound

ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""FHIR's `id`."""

_SEARCHED: Final = ("patient", "whenprepared", "status")
_HARMLESS: Final = {"_format", "_pretty", "_summary", "_elements"}
_COMPARED = re.compile(r"(eq|ge|le|gt|lt|sa|eb)?(\d.*)", re.DOTALL)
_FORM: Final = "application/x-www-form-urlencoded"
_DAY: Final = timedelta(days=1)


def read_search(message: Inbound) -> LookupRequest:
    """The person key and the fill dates asked for.

    :raises MessageError: `path` is the parameter's name.
    """
    given = parameters(message)
    _refuse_unknown(message, given)
    _require_completed(given.get("status", ()))
    return LookupRequest(
        person=None,
        person_key=_patient(given.get("patient", ()), message.base_url),
        requester=Requester(),
        period=_period(given.get("whenprepared", ())),
    )


def parameters(message: Inbound) -> Mapping[str, tuple[str, ...]]:
    """The search parameters: those of the URL, and those of a form posted to `_search`."""
    if message.method != "POST":
        return message.query
    if message.content_type != _FORM:
        raise UnsupportedFormat("A search is posted as a form.", path="Content-Type", remedy=f"Send {_FORM}.")
    try:
        form = parse_qs(
            message.body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError:
        raise MessageError("The body is not a form in UTF-8.", code=ErrorCode.MALFORMED) from None
    return {name: (*message.query.get(name, ()), *form.get(name, ())) for name in {*message.query, *form}}


def self_link(message: Inbound) -> str:
    """The URL of the search as it was understood (FHIR R4 "search": the server's self link)."""
    given = parameters(message)
    used = [(name, value) for name in _SEARCHED for value in given.get(name, ())]
    return f"{message.base_url}/MedicationDispense?{urlencode(used)}"


def _refuse_unknown(message: Inbound, given: Mapping[str, tuple[str, ...]]) -> None:
    is_strict = preference(message, "handling") == "strict"
    for name in given:
        known = name.partition(":")[0] in _SEARCHED
        if name in _SEARCHED or name in _HARMLESS or (not known and not is_strict):
            continue
        raise MessageError(
            "A search parameter, or a modifier of one, is not known here.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path=name.partition(":")[0] if known else None,
            remedy=f"Search by {', '.join(_SEARCHED)}, without modifiers.",
        )


def _patient(values: tuple[str, ...], base_url: str) -> str:
    if not values or not values[0]:
        raise MessageError(
            "patient is missing.",
            code=ErrorCode.REQUIRED,
            path="patient",
            remedy="Send patient=Patient/KEY, with the key of an earlier answer (Patient.identifier).",
        )
    keys = {value.removeprefix(f"{base_url}/").removeprefix("Patient/") for value in values}
    key = keys.pop()
    if keys or not ID.fullmatch(key):
        raise MessageError(
            "patient is not the key of one patient.",
            path="patient",
            remedy="Send patient=Patient/KEY once, with the key of an earlier answer (Patient.identifier).",
        )
    return key


def _require_completed(values: tuple[str, ...]) -> None:
    if any(value != "completed" for value in values):
        raise MessageError(
            "Only completed dispensations can be searched for.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path="status",
            remedy="Send status=completed or leave it out.",
        )


def _period(values: tuple[str, ...]) -> Period:
    """The fill dates that satisfy every `whenprepared`."""
    start: date | None = None
    end: date | None = None
    for value in values:
        first, last = _range(value)
        start = max(filter(None, (start, first)), default=None)
        end = min(filter(None, (end, last)), default=None)
    return Period(start=start, end=end)


def _range(value: str) -> tuple[date | None, date | None]:
    """First and last fill date of one comparison; None where it is open. A day is compared with all of it."""
    match = _COMPARED.fullmatch(value)
    days = days_of(match[2]) if match is not None else None
    try:
        if match is not None and days is not None:
            return _bounds(match[1], *days)
    except OverflowError:
        pass
    raise MessageError(
        "whenprepared is not a date with a comparison.",
        path="whenprepared",
        remedy="Use YYYY-MM-DD with one of the prefixes eq, ge, le, gt, lt, sa, eb.",
    )


def _bounds(prefix: str | None, first: date, last: date) -> tuple[date | None, date | None]:
    match prefix:
        case "ge":
            return first, None
        case "le":
            return None, last
        case "gt" | "sa":
            return last + _DAY, None
        case "lt" | "eb":
            return None, first - _DAY
        case _:
            return first, last
