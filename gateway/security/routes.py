"""The token endpoint and the discovery document on Flask. Every word of the answers is `server.py`'s."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.errors import Unavailable
from gateway.security.metadata import KEYS_PATH, METADATA_PATH, PARTNER_KEYS_PATH, TOKEN_PATH
from gateway.security.server import TokenRequest, TokenResponse, TokenServer
from gateway.security.signing_keys import SigningKeys

MAX_BYTES: Final = 65_536
MAX_DRAINED: Final = 128 * 1024 * 1024
KEYS_MAX_AGE: Final = 300
"""Seconds for which others may keep the published keys; as long as a token lives."""


def oauth_blueprint(server: TokenServer) -> Blueprint:
    """`POST /oauth/token`, `GET /oauth/jwks` and the document of RFC 8414, which lies outside of `/oauth`."""
    blueprint = Blueprint("oauth", __name__)

    # Other methods than POST are answered here as well, in the words that clients of this endpoint read.
    @blueprint.route(TOKEN_PATH, methods=["POST", "GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def token() -> Response:
        try:
            return _response(server.respond(_token_request()))
        except RequestEntityTooLarge:
            _drain()
            description = f"A token request has at most {MAX_BYTES} bytes."
            return _json({"error": "invalid_request", "error_description": description}, status=413)

    @blueprint.get(KEYS_PATH)
    def keys() -> Response:
        return _published(server.published_keys)

    @blueprint.get(METADATA_PATH)
    def metadata() -> Response:
        return _json(server.metadata())

    return blueprint


def partner_keys_blueprint(keys: SigningKeys) -> Blueprint:
    """The public keys of this gateway as a client of others, who read them here (SMART 2.2, "Backend Services")."""
    blueprint = Blueprint("partner-keys", __name__)

    @blueprint.get(PARTNER_KEYS_PATH)
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
