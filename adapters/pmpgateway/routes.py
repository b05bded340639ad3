"""The routes: a PatientRequest and a ReportRequest, in either version."""

from __future__ import annotations

from flask import Blueprint

from adapters.pmpgateway.described import patient, report
from adapters.pmpgateway.names import PATIENT, REPORT, Version
from gateway.ports import Handle


def blueprint(handle: Handle) -> Blueprint:
    """`POST /pmpgateway/v5/patient`, `POST /pmpgateway/v5/report/<report_id>`, and the same of v5_1."""
    routes = Blueprint("pmpgateway", __name__)
    for version in Version:
        for operation, path, about in (
            (PATIENT, f"/{version}/{PATIENT}", patient(version)),
            (REPORT, f"/{version}/{REPORT}/<report_id>", report(version)),
        ):
            routes.add_url_rule(
                path,
                endpoint=f"{version}_{operation}",
                view_func=handle.exchange(operation, about),
                methods=["POST"],
            )
    return routes
