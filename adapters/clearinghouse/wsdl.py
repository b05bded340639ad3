"""The service's description, served from the files in `wsdl/`."""

from __future__ import annotations

from pathlib import Path

from adapters._wire.wsdl import Description
from gateway.ports import Inbound, Outbound

WSDL = Path(__file__).parent / "wsdl" / "clearinghouse.wsdl"

_description = Description(WSDL)


def describe(message: Inbound) -> Outbound:
    """The WSDL for `?wsdl`, one of its schemas for `?xsd=<file name>`.

    :raises gateway.errors.NotFound: neither is asked, or there is no such schema.
    """
    body = _description.document(message.query, message.base_url)
    return Outbound(body=body, content_type="text/xml; charset=utf-8")
