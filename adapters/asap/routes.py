"""The route under `/asap`."""

from __future__ import annotations

from flask import Blueprint

from adapters.asap.described import SUBMISSIONS
from gateway.ports import Handle


def blueprint(handle: Handle) -> Blueprint:
    """POST /submissions a file."""
    routes = Blueprint("asap", __name__)
    routes.add_url_rule(
        "/submissions", "submissions", handle.exchange("submissions", SUBMISSIONS), methods=["POST"]
    )
    return routes
