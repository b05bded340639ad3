"""The one route: POST a SCRIPT message, receive a SCRIPT message."""

from __future__ import annotations

from flask import Blueprint

from adapters.ncpdp.described import SCRIPT
from gateway.ports import Handle

OPERATION = "script"
PATH = "/script"


def blueprint(handle: Handle) -> Blueprint:
    """`POST /ncpdp/script`."""
    routes = Blueprint("ncpdp", __name__)
    routes.add_url_rule(PATH, view_func=handle.exchange(OPERATION, SCRIPT), methods=["POST"])
    return routes
