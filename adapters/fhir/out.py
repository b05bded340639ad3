"""The last step of every answer: a resource as bytes, with its content type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from adapters.fhir.media import answer_type
from gateway.ports import Inbound, Outbound

_OPTIONS: Final = orjson.OPT_UTC_Z


def to_json(resource: Any) -> bytes:
    """The bytes of a resource; instants end in Z."""
    return orjson.dumps(resource, option=_OPTIONS)


def outbound(
    resource: Any,
    request: Inbound | None,
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
    losses: tuple[str, ...] = (),
) -> Outbound:
    """The resource as an answer to that request."""
    return Outbound(
        body=to_json(resource),
        content_type=answer_type(request),
        status=status,
        headers=tuple(headers),
        losses=losses,
    )
