"""The adapter: what the gateway calls, each a single step into the module that does it."""

from __future__ import annotations

from flask import Blueprint

from adapters.clearinghouse import read, routes, write
from gateway.errors import GatewayError
from gateway.ports import Adapter, Answered, Credentials, Enclosed, Handle, Inbound, Outbound


class ClearinghouseAdapter(Adapter):
    """Real-time reports over SOAP 1.1 and 1.2. Nobody looks a patient up by them, so there is no format of answers.

    Credentials are the Username and Password of the transaction: a client's id and secret. A bearer token of the HTTP
    header counts before them.
    """

    name = "clearinghouse"
    prefix = "/soap/clearinghouse"
    formats = ()
    credentials_in_body = True

    def credentials(self, message: Inbound) -> Credentials | None:
        """See :func:`adapters.clearinghouse.read.credentials`."""
        return super().credentials(message) or read.credentials(message)

    def read(self, message: Inbound) -> Enclosed:
        """See :func:`adapters.clearinghouse.read.read`."""
        return read.read(message)

    def write(self, answer: Answered, request: Inbound) -> Outbound:
        """See :func:`adapters.clearinghouse.write.write`."""
        return write.write(answer, request)

    def write_error(self, error: GatewayError, request: Inbound | None) -> Outbound:
        """See :func:`adapters.clearinghouse.write.write_error`."""
        return write.write_error(error, request)

    def routes(self, handle: Handle) -> Blueprint:
        """See :func:`adapters.clearinghouse.routes.blueprint`."""
        return routes.blueprint(handle)
