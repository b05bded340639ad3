"""`/openapi.json`: one OpenAPI 3.1 document of every route, made of what each route says of itself.

A route without a description is refused when the application is built, so that the document leaves nothing out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import orjson
from flask import Blueprint, Flask, Response
from werkzeug.routing import Rule

from gateway.ports import Content, Parameter, RouteDescription, described, description_of
from gateway.registry import RegistryError
from gateway.security.metadata import TOKEN_PATH
from gateway.security.scopes import SUPPORTED

PATH: Final = "/openapi.json"

_VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_ABOUT: Final = RouteDescription(
    summary="This document",
    answers={
        200: (Content(media=("application/json",), schema={"type": "object", "required": ["openapi"]}),)
    },
)


def openapi_blueprint(app: Flask, origin: str) -> Blueprint:
    """The route of the document; of what is registered by the time that it is asked for first."""
    blueprint = Blueprint("openapi", __name__)
    written: list[bytes] = []

    @blueprint.get(PATH)
    @described(_ABOUT)
    def openapi() -> Response:
        if not written:
            written.append(orjson.dumps(document(app, origin)))
        return Response(written[0], content_type="application/json")

    return blueprint


def require_descriptions(app: Flask) -> None:
    """:raises RegistryError: a route says nothing of itself, or of a variable part of its path."""
    for rule in app.url_map.iter_rules():
        about = description_of(app.view_functions[rule.endpoint])
        if about is None:
            raise RegistryError(f"The route {rule.rule} has no description; give its Handle `about`.")
        told = {parameter.name for parameter in about.parameters if parameter.where == "path"}
        if told != set(rule.arguments):
            raise RegistryError(f"The route {rule.rule} does not describe the variable parts of its path.")


def document(app: Flask, origin: str) -> dict[str, Any]:
    """The OpenAPI document of all routes of the application."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, about in _operations(app):
        path = _VARIABLE.sub(r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, method, about)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PMP Bridge",
            "version": version("pmpbridge"),
            "description": "Gateway between health records and a state's Prescription Monitoring Program.",
        },
        "servers": [{"url": origin}],
        "paths": dict(sorted(paths.items())),
        "components": {"securitySchemes": _schemes(origin)},
    }


def _operations(app: Flask) -> Iterator[tuple[Rule, str, RouteDescription]]:
    for rule in app.url_map.iter_rules():
        about = description_of(app.view_functions[rule.endpoint])
        if about is not None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):  # HEAD is wherever GET is
                if not about.methods or method in about.methods:
                    yield rule, method, about


def _operation(rule: Rule, method: str, about: RouteDescription) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": about.summary,
        "responses": {str(status): _response(status, about) for status in sorted(about.answers)},
        "security": _security(about),
    }
    if about.parameters:
        told["parameters"] = [_parameter(one) for one in about.parameters]
    if about.takes:
        told["requestBody"] = {"required": True, "content": _content(about.takes)}
    return told


def _response(status: int, about: RouteDescription) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if about.answers[status]:
        told["content"] = _content(about.answers[status])
    return told


def _content(contents: tuple[Content, ...]) -> dict[str, Any]:
    return {media: _body(content) for content in contents for media in content.media}


def _body(content: Content) -> dict[str, Any]:
    told: dict[str, Any] = {"schema": dict(content.schema)} if content.schema else {}
    return told if content.example is None else {**told, "example": content.example}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required or parameter.where == "path",
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _security(about: RouteDescription) -> list[Mapping[str, list[str]]]:
    """Any one of these suffices; of a public route none is needed."""
    by_token: list[Mapping[str, list[str]]] = [{"oauth2": [scope]} for scope in about.scopes]
    if about.credentials_in_body:
        by_token.append(
            {}
        )  # the credentials of the protocol stand in the body, where OpenAPI has no word for them
    return by_token


def _schemes(origin: str) -> dict[str, Any]:
    scopes = {scope: scope for scope in SUPPORTED}
    flow = {"tokenUrl": origin + TOKEN_PATH, "scopes": scopes}
    return {"oauth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}}
