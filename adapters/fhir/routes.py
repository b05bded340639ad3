"""The routes of the FHIR adapter, relative to its prefix."""

from __future__ import annotations

from flask import Blueprint

from adapters.fhir import described as about
from adapters.fhir.conformance import metadata, operation_definition, smart_configuration
from gateway.ports import Handle


def routes(handle: Handle) -> Blueprint:
    """Each route with the operation that reads and writes it."""
    blueprint = Blueprint("fhir", __name__)
    add = blueprint.add_url_rule
    bundle = handle.exchange("bundle", about.BUNDLE)
    history = handle.exchange("pdmp-history", about.PDMP_HISTORY)
    search, by_form = handle.exchange("search", about.SEARCH), handle.exchange("search", about.SEARCH_BY_FORM)
    add("/$pdmp-history", "history", history, methods=["POST"])
    add("/Patient/$pdmp-history", "patient-history", history, methods=["POST"])
    add(
        "/$process-message",
        "process-message",
        handle.exchange("process-message", about.PROCESS_MESSAGE),
        methods=["POST"],
    )
    add("/MedicationDispense", "create", handle.exchange("create", about.CREATE), methods=["POST"])
    add("/MedicationDispense", "search", search, methods=["GET"])
    add("/MedicationDispense/_search", "search-by-form", by_form, methods=["POST"])
    add("/MedicationDispense/<id>", "read", handle.exchange("read", about.READ_ONE), methods=["GET"])
    add(
        "/MedicationDispense/<id>/_history/<revision>",
        "vread",
        handle.exchange("vread", about.READ_REVISION),
        methods=["GET"],
    )
    provenances = handle.exchange("provenance-search", about.SEARCH_PROVENANCE)
    by_form = handle.exchange("provenance-search", about.SEARCH_PROVENANCE_BY_FORM)
    add("/Provenance", "provenance-search", provenances, methods=["GET"])
    add("/Provenance/_search", "provenance-search-by-form", by_form, methods=["POST"])
    add("/Provenance/<id>", "provenance", handle.exchange("provenance", about.PROVENANCE), methods=["GET"])
    add("/MedicationDispense/<id>", "update", handle.exchange("update", about.UPDATE), methods=["PUT"])
    audit = handle.exchange("audit-search", about.SEARCH_AUDIT)
    add("/AuditEvent", "audit-search", audit, methods=["GET"])
    audit_by_form = handle.exchange("audit-search", about.SEARCH_AUDIT_BY_FORM)
    add("/AuditEvent/_search", "audit-search-by-form", audit_by_form, methods=["POST"])
    add("/AuditEvent/<id>", "audit-read", handle.exchange("audit-read", about.READ_AUDIT), methods=["GET"])
    people = handle.exchange("patient-search", about.SEARCH_PEOPLE)
    add("/Patient", "patient-search", people, methods=["GET"])
    people_by_form = handle.exchange("patient-search", about.SEARCH_PEOPLE_BY_FORM)
    add("/Patient/_search", "patient-search-by-form", people_by_form, methods=["POST"])
    add("/Patient/$match", "match", handle.exchange("match", about.MATCH), methods=["POST"])
    add("/Patient/<id>", "patient-read", handle.exchange("patient-read", about.READ_PERSON), methods=["GET"])
    add("", "bundle", bundle, methods=["POST"])
    add("/", "bundle-with-slash", bundle, methods=["POST"])
    add("/$import", "import", handle.exchange("import", about.IMPORT), methods=["POST"])
    add("/metadata", "metadata", handle.public(metadata, about.METADATA), methods=["GET"])
    add(
        "/.well-known/smart-configuration",
        "smart",
        handle.public(smart_configuration, about.SMART),
        methods=["GET"],
    )
    definition = handle.public(operation_definition, about.OPERATION_DEFINITION)
    add("/OperationDefinition/<id>", "operation-definition", definition, methods=["GET"])
    return blueprint
