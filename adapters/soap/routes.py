"""The routes under `/soap`: the PMIX service and its description."""

from __future__ import annotations

from flask import Blueprint

from adapters.soap.described import DESCRIPTION, PMIX
from adapters.soap.wsdl import describe
from gateway.ports import Handle


def blueprint(handle: Handle) -> Blueprint:
    """POST /pmix a request, GET /pmix?wsdl and ?xsd=... without credentials."""
    routes = Blueprint("soap", __name__)
    routes.add_url_rule("/pmix", "pmix", handle.exchange("pmix", PMIX), methods=["POST"])
    routes.add_url_rule("/pmix", "description", handle.public(describe, DESCRIPTION), methods=["GET"])
    return routes
