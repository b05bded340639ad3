"""Cross-origin requests of browsers (WHATWG Fetch, "CORS protocol"), from the origins that are configured alone.

A preflight is answered here, for routes that there are, with the methods that they have. Credentials of the browser
(cookies, client certificates) are never admitted: a caller shows its token in Authorization, which a page of another
origin has to have for itself. OPTIONS that is no preflight of such an origin is a method like any other that is not
offered: 405, in the words of the protocol.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gateway.ports import description_of

REQUEST_HEADERS: Final = (
    "Accept", "Authorization", "Content-Encoding", "Content-Type", "If-Match", "If-Modified-Since", "If-None-Exist",
    "If-None-Match", "Prefer", "SOAPAction", "X-PMP-Losses", "X-PMP-Return", "X-PMP-States", "X-Request-ID",
)  # fmt: skip
EXPOSED: Final = (
    "Allow", "Content-Location", "ETag", "Last-Modified", "Location", "Retry-After", "WWW-Authenticate",
    "X-PMP-Losses", "X-Request-ID",
)  # fmt: skip
_MAX_AGE: Final = 600
"""Seconds for which a browser need not ask again."""


def admit_origins(app: Flask, origins: tuple[str, ...]) -> None:
    """Answer browsers' pages of these origins; with none, nothing changes."""
    if not origins:
        return

    @app.before_request
    def preflight() -> Response | None:
        if request.method != "OPTIONS" or request.headers.get("Origin") not in origins:
            return None
        methods = _methods(app) if "Access-Control-Request-Method" in request.headers else ()
        if not methods:
            return None
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
        response.headers["Access-Control-Allow-Headers"] = ", ".join(REQUEST_HEADERS)
        response.headers["Access-Control-Max-Age"] = str(_MAX_AGE)
        return response

    @app.after_request
    def share(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
        return response


def _methods(app: Flask) -> tuple[str, ...]:
    """What the route of the request offers; empty when there is no such route."""
    routes = app.create_url_adapter(request)
    if routes is None:
        return ()
    offered = set()
    for method in routes.allowed_methods():
        try:
            rule, _ = routes.match(method=method, return_rule=True)
        except HTTPException:
            continue
        about = description_of(app.view_functions[rule.endpoint])
        if about is None or not about.methods or method in about.methods:
            offered.add(method)
    return tuple(sorted(offered - {"OPTIONS"}))
