"""The adapter: what the gateway calls, each a single step into the module that does it."""

from __future__ import annotations

from flask import Blueprint

from adapters.soap import read, routes, write
from adapters.soap.client import PmixPartner
from adapters.soap.names import FORMAT
from gateway.errors import GatewayError
from gateway.model import LookupRequest
from gateway.ports import Adapter, Answered, Handle, Inbound, Outbound, Partner, PartnerSettings


class SoapAdapter(Adapter):
    """PMIX 2.x over SOAP 1.1. Credentials are the bearer token of the HTTP header."""

    name = "soap"
    prefix = "/soap"
    formats = (FORMAT,)

    def read(self, message: Inbound) -> LookupRequest:
        """See :func:`adapters.soap.read.read`."""
        return read.read(message)

    def write(self, answer: Answered, request: Inbound) -> Outbound:
        """See :func:`adapters.soap.write.write`."""
        return write.write(answer, request)

    def write_error(self, error: GatewayError, request: Inbound | None) -> Outbound:
        """See :func:`adapters.soap.write.write_error`; the request changes nothing about a fault."""
        return write.write_error(error)

    def routes(self, handle: Handle) -> Blueprint:
        """See :func:`adapters.soap.routes.blueprint`."""
        return routes.blueprint(handle)

    def partner(self, settings: PartnerSettings) -> Partner:
        """See :class:`adapters.soap.client.PmixPartner`."""
        return PmixPartner(settings)
