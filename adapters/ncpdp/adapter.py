"""The adapter: joins reading, writing, the route and the client. Nothing is decided here."""

from __future__ import annotations

from datetime import UTC

from flask import Blueprint

from adapters.ncpdp import read, routes, rxfill, rxfill_facts
from adapters.ncpdp.beside import asked_beside
from adapters.ncpdp.client import ScriptPartner
from adapters.ncpdp.credentials import MOST, header_credentials
from adapters.ncpdp.message import open_request, transaction_refused
from adapters.ncpdp.receipt import REPLIES, write_acknowledged, write_receipt
from adapters.ncpdp.version import Version
from adapters.ncpdp.write import write_answer, write_error
from gateway.errors import GatewayError, InternalFailure
from gateway.model import Answer, IntakeBatch, IntakeReceipt, LookupRequest
from gateway.ports import (
    Acknowledgement,
    Adapter,
    Answered,
    Credentials,
    Handle,
    Inbound,
    Outbound,
    Partner,
    PartnerSettings,
)


class NcpdpAdapter(Adapter):
    """NCPDP SCRIPT 10.6, 2017071 and 2023011.

    Credentials are the bearer token of the HTTP header; where there is none, those of the message's own header.
    """

    name = "ncpdp"
    prefix = "/ncpdp"
    formats = tuple(version.value for version in Version)

    credentials_in_body = True
    most_unknown = MOST

    def credentials(self, message: Inbound) -> Credentials | None:
        """See :func:`adapters.ncpdp.credentials.header_credentials`."""
        return super().credentials(message) or header_credentials(message)

    def read(self, message: Inbound) -> LookupRequest | IntakeBatch | Acknowledgement:
        """See :func:`adapters.ncpdp.read.read_request` and :func:`adapters.ncpdp.rxfill.read_report`. A Status,
        Verify or Error says what became of a message of ours."""
        opened = open_request(message)
        today = message.received_at.astimezone(UTC).date()
        match opened.transaction:
            case read.REQUEST:
                return asked_beside(message, opened.dialect.version, read.read_request(opened, today=today))
            case rxfill_facts.FILL:
                return rxfill.read_report(opened, today=today)
            case name if name in REPLIES:
                return Acknowledgement()
            case _:
                raise transaction_refused()

    def write(self, answer: Answered, request: Inbound) -> Outbound:
        """See :func:`adapters.ncpdp.write.write_answer` and :func:`adapters.ncpdp.receipt.write_receipt`. Nothing is
        enclosed here."""
        match answer:
            case Answer():
                return write_answer(answer, request)
            case IntakeReceipt():
                return write_receipt(answer, request)
            case _:
                raise InternalFailure(request.request_id)

    def write_acknowledged(self, request: Inbound) -> Outbound:
        """See :func:`adapters.ncpdp.receipt.write_acknowledged`."""
        return write_acknowledged(request)

    def write_error(self, error: GatewayError, request: Inbound | None) -> Outbound:
        """See :func:`adapters.ncpdp.write.write_error`."""
        return write_error(error, request)

    def routes(self, handle: Handle) -> Blueprint:
        """`POST /ncpdp/script`."""
        return routes.blueprint(handle)

    def partner(self, settings: PartnerSettings) -> Partner:
        """A client in the version of `settings.format`, 10.6 when none is named."""
        return ScriptPartner(settings)
