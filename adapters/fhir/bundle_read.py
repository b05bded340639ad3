"""A GET in a transaction or a batch -> the message that it would be by itself, and its answer -> `Bundle.entry`.

    MedicationDispense?..., MedicationDispense/ID, MedicationDispense/ID/_history/N
    Provenance?..., Provenance/ID; Patient?..., Patient/KEY; AuditEvent?..., AuditEvent/ID

It is answered through the same pipeline as any other: with a scope and an audit event of its own. Source: FHIR R4
"http" (transaction, batch: the conditions of a read).
"""

from __future__ import annotations

import json
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

from adapters.fhir.datatypes import Element, exact
from adapters.fhir.media import FHIR_JSON
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode, MessageError
from gateway.ports import Inbound, Outbound

_OPERATIONS: Final = {
    ("MedicationDispense", 1): "search",
    ("MedicationDispense", 2): "read",
    ("MedicationDispense", 4): "vread",
    ("Provenance", 1): "provenance-search",
    ("Provenance", 2): "provenance",
    ("Patient", 1): "patient-search",
    ("Patient", 2): "patient-read",
    ("AuditEvent", 1): "audit-search",
    ("AuditEvent", 2): "audit-read",
}
"""By the kind of the resource and the number of steps of the URL."""
_KINDS: Final = {kind for kind, _ in _OPERATIONS}
_CONDITIONS: Final = {"ifNoneMatch": "if-none-match", "ifModifiedSince": "if-modified-since"}
_NONE_OF_A_READ: Final = ("ifMatch", "ifNoneExist")
_OF_THE_BUNDLE: Final = frozenset(
    {"accept", "content-type", "content-length", "if-none-match", "if-modified-since"}
)


class _Target(NamedTuple):
    operation: str
    arguments: dict[str, str]
    query: dict[str, tuple[str, ...]]
    path: str


def message_of(entry: Node, place: str, whole: Inbound) -> Inbound:
    """The entry as a message of its own.

    :param place: its URL, below the root of this server.
    :raises MessageError: it reads something that cannot be read in a Bundle, or has what a read has not.
    """
    request = entry.need("request")
    if entry.get("resource") is not None:
        raise entry.need("resource").invalid("nothing", "Send a GET without a resource.")
    for name in _NONE_OF_A_READ:
        if request.get(name) is not None:
            raise request.need(name).invalid(
                "nothing", "Send a GET with ifNoneMatch or ifModifiedSince only."
            )
    target = _target(request, place)
    headers = {name: value for name, value in whole.headers.items() if name not in _OF_THE_BUNDLE}
    for name, header in _CONDITIONS.items():
        if (value := request.text(name)) is not None:
            headers[header] = value
    return Inbound(
        operation=target.operation,
        method="GET",
        path=target.path,
        request_id=whole.request_id,
        received_at=whole.received_at,
        base_url=whole.base_url,
        headers={**headers, "accept": FHIR_JSON},
        arguments=target.arguments,
        query=target.query,
    )


def _target(request: Node, place: str) -> _Target:
    path, _, search = place.partition("?")
    steps = path.split("/")
    operation = _OPERATIONS.get((steps[0], len(steps)))
    is_read = len(steps) > 1
    if operation is None or (operation == "vread" and steps[2] != "_history") or "_search" in steps or (
        is_read and not steps[1]
    ):  # fmt: skip
        raise MessageError(
            "This cannot be read in a Bundle.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path=f"{request.path}.url",
            remedy=f"Read {', '.join(sorted(_KINDS))} by search or by id, or ask for it by itself.",
        )
    try:
        query = parse_qs(search, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise request.need("url").invalid("a search in UTF-8") from None
    query.pop("_format", None)  # the answer is in the Bundle, in the Bundle's own
    return _Target(
        operation,
        dict(zip(("id", "revision"), steps[1::2], strict=False)),
        {name: tuple(values) for name, values in query.items()},
        f"/{path}",
    )


def entry_of(answer: Outbound, path: str) -> Element:
    """The entry of the response.

    :param path: of the entry of the request, to which errors point.
    """
    response: Element = {"status": str(answer.status)}
    headers = {name.lower(): value for name, value in answer.headers}
    if "etag" in headers:
        response["etag"] = headers["etag"]
    if "last-modified" in headers:
        response["lastModified"] = parsedate_to_datetime(headers["last-modified"])
    if not answer.body:
        return {"response": response}
    resource = _exactly(answer.body)
    if answer.status < 400:
        return {"resource": resource, "response": response}
    for issue in resource["issue"]:
        issue.pop("location", None)  # what it names stands in its words as well
        issue["expression"] = [f"{path}.request.url"]
    return {"response": {**response, "outcome": resource}}


def _exactly(body: bytes) -> Any:
    """The resource, its numbers with the digits that they have."""
    return json.loads(body, parse_float=lambda digits: exact(Decimal(digits)))
