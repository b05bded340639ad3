"""The FHIR adapter: the contract of gateway.ports, filled in by the modules beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from flask import Blueprint

from adapters.fhir.client import FhirPartner
from adapters.fhir.conformance import PREFIX
from adapters.fhir.read import read
from adapters.fhir.read_import import open_file
from adapters.fhir.routes import routes
from adapters.fhir.write import FORMAT, write, write_error
from adapters.fhir.write_receipt import write_bundle
from gateway.errors import GatewayError
from gateway.model import IntakeReceipt
from gateway.ports import (
    Adapter,
    Answered,
    Asked,
    Handle,
    Inbound,
    Outbound,
    Partner,
    PartnerSettings,
    SubmittedFile,
)


class FhirAdapter(Adapter):
    """FHIR R4 by the US PDMP implementation guide 1.0.0, in JSON."""

    name = "fhir"
    prefix = PREFIX
    formats = (FORMAT,)

    def read(self, message: Inbound) -> Asked:
        return read(message)

    def write(self, answer: Answered, request: Inbound) -> Outbound:
        return write(answer, request)

    def write_parts(
        self, receipt: IntakeReceipt | None, answers: Sequence[Outbound], request: Inbound
    ) -> Outbound:
        return write_bundle(receipt, answers, request)

    def write_error(self, error: GatewayError, request: Inbound | None) -> Outbound:
        return write_error(error, request)

    def routes(self, handle: Handle) -> Blueprint:
        return routes(handle)

    def open_file(self, file: BinaryIO) -> SubmittedFile | None:
        return open_file(file)

    def partner(self, settings: PartnerSettings) -> Partner:
        return FhirPartner(settings)
