"""The application factory: blueprints of the adapters, OAuth, staff and health, and native errors everywhere.

A view that was not made by a :class:`~gateway.ports.Handle` is refused when the application is built, so that no
adapter can serve a route without credentials by oversight.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Semaphore
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed

from gateway.errors import ErrorCode, GatewayError, InternalFailure, MessageError, MethodNotAllowed, NotFound
from gateway.ports import Content, RouteDescription, described
from gateway.registry import RegistryError
from gateway.web.certificates import ToldCertificates
from gateway.web.compliance import compliance_blueprint
from gateway.web.cors import admit_origins
from gateway.web.encoding import pack
from gateway.web.exchange import WebHandle, common_headers, is_guarded, new_request_id, problem, respond
from gateway.web.openapi import openapi_blueprint, require_descriptions
from gateway.web.report import report_blueprint

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway
    from gateway.settings import Server

_log = structlog.get_logger(__name__)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def create_app(gateway: Gateway) -> Flask:
    """The WSGI application of a gateway.

    :raises RegistryError: an adapter registers a view that no Handle made, or a route has no description.
    """
    app = Flask("pmpbridge", static_folder=None)
    # Both would answer by themselves, in HTML and unaudited: a redirect for a doubled slash, and OPTIONS.
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    handles = {}
    strangers = Semaphore(max(1, gateway.settings.server.threads // 2))
    for adapter in gateway.registry:
        handles[adapter.name] = handle = WebHandle(
            gateway.pipeline,
            adapter,
            origin=gateway.settings.server.url,
            max_body=gateway.settings.server.max_body_bytes,
            strangers=strangers,
            clock=gateway.clock,
        )
        before = set(app.view_functions)
        app.register_blueprint(adapter.routes(handle), url_prefix=adapter.prefix)
        for name in set(app.view_functions) - before:
            if not is_guarded(app.view_functions[name]):
                raise RegistryError(f"Adapter {adapter.name!r} has a route that no Handle made: {name}.")
    for blueprint in gateway.oauth_blueprints:
        app.register_blueprint(blueprint)
    app.register_blueprint(compliance_blueprint(gateway))
    app.register_blueprint(report_blueprint(gateway))
    app.register_blueprint(_health(gateway))
    app.register_blueprint(openapi_blueprint(app, gateway.settings.server.url))
    require_descriptions(app)
    _native_errors(app, gateway, handles)
    app.before_request(_begin(gateway.settings.server))
    app.after_request(pack)  # the last of all: Flask goes through these backwards
    app.after_request(_end)
    admit_origins(app, gateway.settings.server.cors_origins)
    return app


def _begin(server: Server) -> Callable[[], None]:
    told = ToldCertificates(
        header=server.client_certificate_header,
        form=server.client_certificate_form,
        proxies=server.trusted_proxies,
    )

    def begin() -> None:
        new_request_id()
        g.certificate = told.take(request.environ)
        g.started = time.perf_counter()

    return begin


def _end(response: Response) -> Response:
    _log.info(
        "request",
        request_id=g.request_id,
        method=request.method if request.method in _METHODS else "other",
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        milliseconds=round((time.perf_counter() - g.started) * 1000, 2),
    )
    return common_headers(response)


def _health(gateway: Gateway) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    @described(_said("The process answers", 200))
    def health() -> Response:
        """The process answers."""
        return jsonify(status="ok")

    @blueprint.get("/ready")
    @described(_said("The record can be read and written", 200, 503))
    def ready() -> tuple[Response, int]:
        """The record can be read and written."""
        is_ready = gateway.store.ready()
        return jsonify(status="ready" if is_ready else "not ready"), 200 if is_ready else 503

    return blueprint


def _said(summary: str, *statuses: int) -> RouteDescription:
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    body = (Content(media=("application/json",), schema=schema),)
    return RouteDescription(summary=summary, answers=dict.fromkeys(statuses, body))


def _native_errors(app: Flask, gateway: Gateway, handles: dict[str, WebHandle]) -> None:
    """Every error under an adapter's prefix in that adapter's words; elsewhere as RFC 9457 problem details."""

    def answer(error: GatewayError) -> Response:
        adapter = gateway.registry.for_path(request.path)
        if adapter is None:
            return problem(error)
        message = handles[adapter.name].inbound("unknown", {})
        return respond(gateway.pipeline.refuse(adapter, error, message))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        return answer(_translated(error))

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        _log.error("request.failed", request_id=g.request_id, error=type(error).__name__)
        return answer(InternalFailure(g.request_id))


def _translated(error: HTTPException) -> GatewayError:
    match error:
        case WerkzeugMethodNotAllowed():
            allowed = tuple(sorted(error.valid_methods or ()))
            return MethodNotAllowed("This method is not offered here.", allowed=allowed)
        case HTTPException(code=404):
            return NotFound(
                "There is no such route.",
                code=ErrorCode.UNKNOWN_OPERATION,
                remedy="See the conformance document of the protocol for what is offered.",
            )
        case _:
            return MessageError("The request is not valid HTTP for this route.", code=ErrorCode.MALFORMED)
