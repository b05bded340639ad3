"""The service's description, served from the files in `wsdl/`."""

from __future__ import annotations

from pathlib import Path

from adapters._wire.wsdl import Description
from adapters.soap.names import CONTENT_TYPE
from gateway.ports import Inbound, Outbound

WSDL = Path(__file__).parent / "wsdl" / "pmix.wsdl"

_description = Description(WSDL)


def describe(message: Inbound) -> Outbound:
    """The WSDL for `?wsdl`, one of its schemas for `?xsd=<file name>`.

    :raises gateway.errors.NotFound: neither is asked, or there is no such schema.
    """
    body = _description.document(message.query, f"{message.base_url}/pmix")
    return Outbound(body=body, content_type=CONTENT_TYPE)
