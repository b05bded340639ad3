"""Report or error -> SubmitTransactionResponse or SOAP fault, in the sender's version of SOAP.

A transaction that could be opened is answered with a `SubmitTransactionResponse`, whose `TransactionStatus` decides:
1 when every record of it was taken, 0 when the sender has to act, and then `ErrorMessage` is the submission report.
Senders take a text there for a fatal error, so the report of what was accepted, with its remarks, stands in a header
block that nobody has to understand. What could not be opened, and what failed on our side, is a fault: it asks for a
message that is a transaction, or to send it again.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from adapters._wire import Block, Xml, soap
from adapters._wire.faults import Faults
from adapters.clearinghouse.envelope import SOAP_1_2, Transaction, has_token, open_transaction, version_of
from adapters.clearinghouse.names import GATEWAY, NAMESPACES
from adapters.clearinghouse.report import read_submission
from gateway.errors import (
    AccessError,
    ErrorCode,
    Failure,
    GatewayError,
    MessageError,
    Unauthenticated,
    Unavailable,
)
from gateway.ports import Answered, Inbound, Outbound

INVALID_CREDENTIALS = "Invalid Credentials"  # the clearinghouse's own words, by which senders may tell it
NO_CREDENTIALS = "Username or Password is missing. Send the client's id and secret in them."

_OF_ACCESS = {AccessError.status, Unauthenticated.status}
_CONTENT_TYPES = {
    soap.Version.SOAP_1_1: "text/xml; charset=utf-8",
    soap.Version.SOAP_1_2: f"{SOAP_1_2}; charset=utf-8",
}
_BLOCKS = Path(__file__).parent / "blocks"
_accepted = Block.load(_BLOCKS / "accepted.xml", fixed=NAMESPACES)
_not_accepted = Block.load(_BLOCKS / "not_accepted.xml", fixed=NAMESPACES)
_report = Block.load(_BLOCKS / "report.xml", fixed=NAMESPACES)
_faults = Faults(GATEWAY)


def write(answer: Answered, request: Inbound) -> Outbound:
    """The answer to the ASAP message, wrapped.

    :raises TypeError: it is not the answer to an enclosed message, the only one there can be.
    """
    if not isinstance(answer, Outbound):
        raise TypeError(f"The clearinghouse has no message for {type(answer).__name__}")
    submission = read_submission(answer.body)
    if _is_a_fault(answer.status, request):
        return _fault(
            _as_error(submission.text, answer.status), request, status=answer.status, headers=answer.headers
        )
    number = _number(request) if submission.has_taken else 0
    if submission.is_accepted:
        body = _accepted.render({"number": str(number)})
        return _response(body, version_of(request), header=_report.render({"text": submission.text}))
    body = _not_accepted.render({"number": str(number), "message": submission.text})
    return _response(body, version_of(request))


def write_error(error: GatewayError, request: Inbound | None) -> Outbound:
    """An error before the ASAP message was looked at."""
    transaction = _opened(request) if request else None
    if request is None or transaction is None or _is_a_fault(error.status, request):
        return _fault(error, request, status=error.status)
    message = str(error)
    if isinstance(error, Unauthenticated):
        is_told = transaction.username is not None and transaction.password is not None
        message = INVALID_CREDENTIALS if is_told else NO_CREDENTIALS
    return _response(_not_accepted.render({"number": "0", "message": message}), transaction.version)


def _is_a_fault(status: int, request: Inbound) -> bool:
    """Whether an error of this HTTP status is said by a fault although the transaction could be opened.

    Our failures are, for they say nothing about the transaction. So is what a bearer token may not: who sends one
    looks at the HTTP status (RFC 6750 section 3), and who sends a Username looks at the response.
    """
    return status >= 500 or (status in _OF_ACCESS and has_token(request))


def _as_error(text: str, status: int) -> GatewayError:
    """The ASAP adapter's answer of that HTTP status, as the error that it was."""
    if status in _OF_ACCESS:
        return AccessError(text)
    return Failure(text, code=ErrorCode.UNAVAILABLE if status == Unavailable.status else None)


def _opened(request: Inbound) -> Transaction | None:
    with suppress(MessageError):
        return open_transaction(request)
    return None


def _number(request: Inbound) -> int:
    """TransactionID: the beginning of the request's id, by which the log is searched, as a number below 2**52."""
    return int(request.request_id[:13], 16)


def _response(body: Xml, version: soap.Version, *, header: Xml | None = None) -> Outbound:
    envelope = soap.envelope_1_2 if version is soap.Version.SOAP_1_2 else soap.envelope_1_1
    return Outbound(body=envelope(body, header), content_type=_CONTENT_TYPES[version])


def _fault(
    error: GatewayError, request: Inbound | None, *, status: int, headers: tuple[tuple[str, str], ...] = ()
) -> Outbound:
    version = version_of(request) if request else soap.Version.SOAP_1_1
    return Outbound(
        body=_faults.write(error, version),
        content_type=_CONTENT_TYPES[version],
        status=status,
        headers=headers,
    )
