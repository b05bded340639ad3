"""The routes under `/soap/clearinghouse`: the service and its description, at one address."""

from __future__ import annotations

from flask import Blueprint

from adapters.clearinghouse.described import DESCRIPTION, TRANSACTION
from adapters.clearinghouse.wsdl import describe
from gateway.ports import Handle


def blueprint(handle: Handle) -> Blueprint:
    """POST a transaction, GET ?wsdl and ?xsd=... without credentials."""
    routes = Blueprint("clearinghouse", __name__)
    routes.add_url_rule("", "transaction", handle.exchange("transaction", TRANSACTION), methods=["POST"])
    routes.add_url_rule("", "description", handle.public(describe, DESCRIPTION), methods=["GET"])
    return routes
