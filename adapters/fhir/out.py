"""The last step of every answer: a resource as bytes, with its content type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from adapters.fhir.media import answer_type, is_pretty, is_xml_answer
from adapters.fhir.parts import part_of
from adapters.fhir.xml_write import to_xml
from gateway.ports import Inbound, Outbound

_OPTIONS: Final = orjson.OPT_UTC_Z


def to_json(resource: Any) -> bytes:
    """The bytes of a resource; instants end in Z."""
    return orjson.dumps(resource, option=_OPTIONS)


def to_body(resource: Any, request: Inbound | None) -> bytes:
    """The bytes of a resource in the format and the lay-out that the caller wants."""
    pretty = is_pretty(request)
    if is_xml_answer(request):
        return to_xml(resource, pretty=pretty)
    return orjson.dumps(resource, option=_OPTIONS | orjson.OPT_INDENT_2) if pretty else to_json(resource)


def outbound(
    resource: Any,
    request: Inbound | None,
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
    losses: tuple[str, ...] = (),
) -> Outbound:
    """The resource, or the part of it that is wanted, as an answer to that request."""
    return Outbound(
        body=to_body(part_of(resource, request), request),
        content_type=answer_type(request),
        status=status,
        headers=tuple(headers),
        losses=losses,
    )
