"""The adapter: what the gateway calls, each a single step into the module that does it."""

from __future__ import annotations

from flask import Blueprint

from adapters.pmpgateway import credentials, read, routes, write
from adapters.pmpgateway.client import PmpGatewayPartner
from adapters.pmpgateway.names import REPORT
from gateway.errors import GatewayError
from gateway.model import LookupRequest, ReportQuery
from gateway.ports import (
    Adapter,
    Answered,
    Credentials,
    Handle,
    Inbound,
    Outbound,
    Partner,
    PartnerSettings,
)


class PmpGatewayAdapter(Adapter):
    """PMP Gateway v5 and v5_1.

    It writes no column of the field map: no dispensation stands in its messages, only the way to a report. A bearer
    token counts before the digest in the header.
    """

    name = "pmpgateway"
    prefix = "/pmpgateway"
    formats = ()

    def credentials(self, message: Inbound) -> Credentials | None:
        """See :func:`adapters.pmpgateway.credentials.credentials`."""
        return super().credentials(message) or credentials.credentials(message)

    def read(self, message: Inbound) -> LookupRequest | ReportQuery:
        """See :mod:`adapters.pmpgateway.read`."""
        if message.operation == REPORT:
            return read.read_report_request(message)
        return read.read_patient_request(message)

    def write(self, answer: Answered, request: Inbound) -> Outbound:
        """See :func:`adapters.pmpgateway.write.write`."""
        return write.write(answer, request)

    def write_error(self, error: GatewayError, request: Inbound | None) -> Outbound:
        """See :func:`adapters.pmpgateway.write.write_error`."""
        return write.write_error(error, request)

    def routes(self, handle: Handle) -> Blueprint:
        """See :func:`adapters.pmpgateway.routes.blueprint`."""
        return routes.blueprint(handle)

    def partner(self, settings: PartnerSettings) -> Partner:
        """A client in the version of `settings.format` (`v5` or `v5_1`), v5_1 when none is named."""
        return PmpGatewayPartner(settings)
