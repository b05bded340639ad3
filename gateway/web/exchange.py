"""Between Flask and the pipeline: a request becomes an :class:`~gateway.ports.Inbound`, an Outbound a response."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from threading import Semaphore
from typing import Any

from flask import Response, g, jsonify, request
from flask.typing import RouteCallable
from werkzeug.exceptions import ClientDisconnected

from gateway.errors import ErrorCode, GatewayError, MessageError, TooLarge, Unavailable
from gateway.pipeline import Pipeline, http_headers
from gateway.ports import (
    Adapter,
    BearerToken,
    Clock,
    Inbound,
    Outbound,
    RouteDescription,
    described,
)
from gateway.turns import waiting
from gateway.web.encoding import unpacked

ACCESS = "pmpbridge_access"  # attribute of a view that says how it is guarded
_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DRAIN_CHUNK = 65_536
_DRAIN_LIMIT = 128 * 1024 * 1024


class WebHandle:
    """Makes the views of one adapter; the :class:`~gateway.ports.Handle` of its `routes`.

    :param strangers: one place for each body that may be read at a time before its sender is known.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        adapter: Adapter,
        *,
        origin: str,
        max_body: int,
        strangers: Semaphore,
        clock: Clock,
    ) -> None:
        self._pipeline = pipeline
        self._adapter = adapter
        self._base_url = origin + adapter.prefix
        self._max_body = max_body
        self._strangers = strangers
        self._clock = clock

    def exchange(self, operation: str, about: RouteDescription) -> RouteCallable:
        """A view through the pipeline."""

        def view(**arguments: str) -> Response:
            message = self.inbound(operation, arguments)
            try:
                admitted = self._pipeline.admit(self._adapter, message)
                message = self.with_body(message) if admitted else self._of_a_stranger(message)
            except GatewayError as error:
                return respond(self._pipeline.refuse(self._adapter, error, message))
            return respond(self._pipeline.exchange(self._adapter, message, admitted))

        return described(about)(_marked(view, operation, "exchange"))

    def public(self, view: Callable[[Inbound], Outbound], about: RouteDescription) -> RouteCallable:
        """A view without credentials."""

        def public_view(**arguments: str) -> Response:
            message = self.inbound("public", arguments)
            try:
                return respond(view(message))
            except GatewayError as error:
                return respond(self._pipeline.refuse(self._adapter, error, message))

        return described(about)(_marked(public_view, view.__name__, "public"))

    def inbound(self, operation: str, arguments: dict[str, str]) -> Inbound:
        """The request without its body."""
        return Inbound(
            operation=operation,
            method=request.method,
            path=request.path,
            request_id=g.request_id,
            received_at=self._clock(),
            base_url=self._base_url,
            headers={name.lower(): value for name, value in request.headers.items()},
            arguments=arguments,
            query={name: tuple(values) for name, values in request.args.lists()},
            content_type=request.mimetype,
            certificate=g.get("certificate"),
        )

    def _of_a_stranger(self, message: Inbound) -> Inbound:
        """The request with a body that must be read to know whose it is: few at a time, so that half-sent ones leave
        threads for everybody else, and none that is longer than such a message can be.

        :raises Unavailable: too many are being read.
        """
        most = self._adapter.most_unknown
        if not self._strangers.acquire(blocking=False):
            raise Unavailable("Too many messages without a bearer token are being received.", retry_after=1)
        try:
            return self.with_body(message, self._max_body if most is None else min(most, self._max_body))
        finally:
            self._strangers.release()

    def with_body(self, message: Inbound, most: int | None = None) -> Inbound:
        """The request with its body.

        :param most: how many bytes it may have, unpacked; None: as many as any.
        :raises TooLarge: longer than the limit; what follows has been read and thrown away, so that the caller,
            who is still sending, gets to see the answer.
        :raises MessageError: the connection ended before the announced length, or a packed body is broken.
        :raises UnsupportedFormat: the body is packed, and not by gzip.
        """
        most = self._max_body if most is None else most
        announced = request.content_length
        if announced is None or announced <= most:
            with waiting():
                body = _read(most + 1)
            if len(body) <= most:
                encoding = message.headers.get("content-encoding", "")
                return replace(message, body=unpacked(body, encoding, most))
        with waiting():
            _drain(min(announced or _DRAIN_LIMIT, _DRAIN_LIMIT, 16 * most))
        raise TooLarge(
            f"The body is larger than {most} bytes.",
            path="Content-Length",
            remedy="Send a smaller message; several dispensations can be sent in several messages.",
        )


def new_request_id() -> None:
    """Give the request an id of our own: it stands in the log, so it may not be the caller's text."""
    g.request_id = uuid.uuid4().hex


def respond(outbound: Outbound) -> Response:
    """The Flask response of an Outbound; a caller's own X-Request-ID comes back when it is harmless."""
    response = Response(outbound.body, status=outbound.status, content_type=outbound.content_type)
    for name, value in outbound.headers:
        response.headers[name] = value
    return response


PROBLEM = "application/problem+json"
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["title", "status", "code"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": ["string", "null"]},
        "code": {"enum": [code.value for code in ErrorCode]},
        "path": {"type": "string"},
    },
}


def problem(error: GatewayError) -> Response:
    """The error outside of every protocol: problem details (RFC 9457)."""
    content = {
        "title": error.message,
        "status": error.status,
        "detail": error.remedy,
        "code": error.code.value,
    }
    if error.path is not None:
        content["path"] = error.path
    response = jsonify(content)
    response.status_code = error.status
    response.content_type = PROBLEM
    for name, value in http_headers(error):
        response.headers[name] = value
    return response


def common_headers(response: Response) -> Response:
    """Headers of every response: no caching of anything, no sniffing, the request's id."""
    asked = request.headers.get("X-Request-ID", "")
    response.headers["X-Request-ID"] = asked if _SAFE_REQUEST_ID.fullmatch(asked) else g.request_id
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def bearer_token() -> BearerToken | None:
    """The access token that came with a request outside of every protocol."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return BearerToken(value.strip()) if scheme.lower() == "bearer" and value.strip() else None


def is_guarded(view: Any) -> bool:
    """True for a view that a Handle made, or that was marked by hand as public."""
    return getattr(view, ACCESS, None) in {"exchange", "public"}


def _marked(view: RouteCallable, name: str, access: str) -> RouteCallable:
    view.__name__ = f"{access}_{name}"
    setattr(view, ACCESS, access)
    return view


def _read(most: int) -> bytes:
    """The body, as far as it goes or `most` bytes of it, however it is transferred."""
    chunks, left = [], most
    try:
        while left > 0 and (chunk := request.stream.read(min(_DRAIN_CHUNK, left))):
            chunks.append(chunk)
            left -= len(chunk)
    except ClientDisconnected:
        raise MessageError(
            "The body ends before the announced Content-Length.",
            code=ErrorCode.MALFORMED,
            remedy="Send the message again, whole.",
        ) from None
    return b"".join(chunks)


def _drain(limit: int) -> None:
    stream = request.environ["wsgi.input"]
    left = limit
    while left > 0:
        chunk = stream.read(min(_DRAIN_CHUNK, left))
        if not chunk:
            return
        left -= len(chunk)
