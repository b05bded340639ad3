"""The token endpoint and the discovery document on Flask. Every word of the answers is `server.py`'s."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.errors import Unavailable
from gateway.ports import Content, RouteDescription, described
from gateway.security.metadata import KEYS_PATH, METADATA_PATH, PARTNER_KEYS_PATH, TOKEN_PATH
from gateway.security.server import FORM, PARAMETERS, TokenRequest, TokenResponse, TokenServer
from gateway.security.signing_keys import SigningKeys

MAX_BYTES: Final = 65_536
MAX_DRAINED: Final = 128 * 1024 * 1024
KEYS_MAX_AGE: Final = 300
"""Seconds for which others may keep the published keys; as long as a token lives."""


def _object(*required: str) -> tuple[Content, ...]:
    return (Content(media=("application/json",), schema={"type": "object", "required": list(required)}),)


_TOKEN: Final = RouteDescription(
    summary="An access token, by the client credentials grant",
    methods=("POST",),
    takes=(
        Content(
            media=(FORM,),
            schema={
                "type": "object",
                "required": ["grant_type"],
                "properties": {name: {"type": "string"} for name in sorted(PARAMETERS)},
            },
        ),
    ),
    answers={
        200: _object("access_token", "token_type", "expires_in", "scope"),
        **dict.fromkeys((400, 401, 413, 503), _object("error", "error_description")),
    },
)
_KEYS: Final = RouteDescription(
    summary="The keys that access tokens are verified with",
    answers={200: _object("keys"), 503: _object("error", "error_description")},
)
_PARTNER_KEYS: Final = replace(_KEYS, summary="The keys with which this gateway asks others for tokens")
_METADATA: Final = RouteDescription(
    summary="The authorization server's metadata (RFC 8414)",
    answers={200: _object("issuer", "token_endpoint")},
)


def oauth_blueprint(server: TokenServer) -> Blueprint:
    """`POST /oauth/token`, `GET /oauth/jwks` and the document of RFC 8414, which lies outside of `/oauth`."""
    blueprint = Blueprint("oauth", __name__)

    # Other methods than POST are answered here as well, in the words that clients of this endpoint read.
    @blueprint.route(TOKEN_PATH, methods=["POST", "GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
    @described(_TOKEN)
    def token() -> Response:
        try:
            return _response(server.respond(_token_request()))
        except RequestEntityTooLarge:
            _drain()
            description = f"A token request has at most {MAX_BYTES} bytes."
            return _json({"error": "invalid_request", "error_description": description}, status=413)

    @blueprint.get(KEYS_PATH)
    @described(_KEYS)
    def keys() -> Response:
        return _published(server.published_keys)

    @blueprint.get(METADATA_PATH)
    @described(_METADATA)
    def metadata() -> Response:
        return _json(server.metadata())

    return blueprint


def partner_keys_blueprint(keys: SigningKeys) -> Blueprint:
    """The public keys of this gateway as a client of others, who read them here (SMART 2.2, "Backend Services")."""
    blueprint = Blueprint("partner-keys", __name__)

    @blueprint.get(PARTNER_KEYS_PATH)
    @described(_PARTNER_KEYS)
    def partner_keys() -> Response:
        return _published(keys.published)

    return blueprint


def _published(keys: Callable[[], dict[str, Any]]) -> Response:
    try:
        response = _json(keys())
    except Unavailable as error:
        return _json({"error": "temporarily_unavailable", "error_description": str(error)}, status=503)
    response.headers["Cache-Control"] = f"public, max-age={KEYS_MAX_AGE}"
    return response


def _token_request() -> TokenRequest:
    """:raises RequestEntityTooLarge:"""
    request.max_content_length = MAX_BYTES
    return TokenRequest(
        method=request.method,
        content_type=request.mimetype,
        authorization=request.headers.get("Authorization"),
        query=request.query_string.decode("latin-1"),
        body=request.get_data(cache=False),
        request_id=g.get("request_id") or uuid.uuid4().hex,
        certificate=g.get("certificate"),
    )


def _drain() -> None:
    """Read and throw away what the caller is still sending, so that it gets to see the answer."""
    left = min(request.content_length or MAX_DRAINED, MAX_DRAINED)
    while left > 0 and (chunk := request.environ["wsgi.input"].read(min(left, MAX_BYTES))):
        left -= len(chunk)


def _response(answer: TokenResponse) -> Response:
    response = _json(answer.body, status=answer.status)
    for name, value in answer.headers:
        response.headers[name] = value
    return response


def _json(body: dict[str, Any], *, status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response
