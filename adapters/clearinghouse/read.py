"""Transaction -> who sends it, and the ASAP message that it encloses.

The ASAP text comes escaped or as CDATA. The XML parser has made one line feed of each line end by then, whatever it
was, unless it was written `&#13;`; the ASAP reader takes either.
"""

from __future__ import annotations

import re

from adapters.clearinghouse.envelope import Transaction, open_transaction
from gateway.errors import ErrorCode, MessageError
from gateway.ports import ClientPassword, Enclosed, Inbound

_STATE = re.compile(r"[A-Za-z]{2}", re.ASCII)


def credentials(message: Inbound) -> ClientPassword | None:
    """Username and Password; None when one of them is missing, or nothing at all was sent.

    :raises MessageError: as :func:`~adapters.clearinghouse.envelope.open_transaction`.
    """
    if not message.body:
        return None
    transaction = open_transaction(message)
    if transaction.username is None or transaction.password is None:
        return None
    return ClientPassword(transaction.username, transaction.password)


def read(message: Inbound) -> Enclosed:
    """The ASAP message, for the state that the transaction names.

    :raises MessageError: with the path of what is missing; see also
        :func:`~adapters.clearinghouse.envelope.open_transaction`.
    """
    transaction = open_transaction(message)
    if transaction.asap is None:
        raise _missing(transaction, "Request", "Send the ASAP text in Request, escaped or as CDATA.")
    if transaction.destination is None:
        raise _missing(transaction, "DestinationPMP", "Name the state in DestinationPMP by its two letters.")
    if not _STATE.fullmatch(transaction.destination):
        raise MessageError(
            "DestinationPMP is not a state's code of two letters.",
            path=f"{transaction.path}/DestinationPMP",
            remedy="Name the state in DestinationPMP by its two letters.",
        )
    return Enclosed(
        protocol="asap",
        operation="submissions",
        body=transaction.asap.encode(),
        content_type="text/plain",
        accept="application/json",
        destination=transaction.destination.upper(),
    )


def _missing(transaction: Transaction, name: str, remedy: str) -> MessageError:
    return MessageError(
        f"{name} is missing, or holds no text.",
        path=f"{transaction.path}/{name}",
        remedy=remedy,
        code=ErrorCode.REQUIRED,
    )
