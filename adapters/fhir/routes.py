"""The routes of the FHIR adapter, relative to its prefix."""

from __future__ import annotations

from flask import Blueprint

from adapters.fhir.conformance import metadata, smart_configuration
from gateway.ports import Handle


def routes(handle: Handle) -> Blueprint:
    """Each route with the operation that reads and writes it."""
    blueprint = Blueprint("fhir", __name__)
    add = blueprint.add_url_rule
    bundle = handle.exchange("bundle")
    history, search = handle.exchange("pdmp-history"), handle.exchange("search")
    add("/$pdmp-history", "history", history, methods=["POST"])
    add("/Patient/$pdmp-history", "patient-history", history, methods=["POST"])
    add("/$process-message", "process-message", handle.exchange("process-message"), methods=["POST"])
    add("/MedicationDispense", "create", handle.exchange("create"), methods=["POST"])
    add("/MedicationDispense", "search", search, methods=["GET"])
    add("/MedicationDispense/_search", "search-by-form", search, methods=["POST"])
    add("/MedicationDispense/<id>", "read", handle.exchange("read"), methods=["GET"])
    add("/MedicationDispense/<id>", "update", handle.exchange("update"), methods=["PUT"])
    add("", "bundle", bundle, methods=["POST"])
    add("/", "bundle-with-slash", bundle, methods=["POST"])
    add("/$import", "import", handle.exchange("import"), methods=["POST"])
    add("/metadata", "metadata", handle.public(metadata), methods=["GET"])
    add("/.well-known/smart-configuration", "smart", handle.public(smart_configuration), methods=["GET"])
    return blueprint
