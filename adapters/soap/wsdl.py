"""The service's description, served from the files in `wsdl/`.

In the files, documents refer to each other by file name and the service lies at a placeholder; what is served
refers to `?xsd=<file name>` at the address by which the caller reached us.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from adapters.soap.names import CONTENT_TYPE
from gateway.errors import NotFound
from gateway.ports import Inbound, Outbound

FOLDER = Path(__file__).parent / "wsdl"
WSDL = FOLDER / "pmix.wsdl"

_SCHEMAS = {path.name: path for path in FOLDER.glob("*.xsd")}
_SCHEMA_LOCATION = re.compile(r'schemaLocation="([^"]*)"')
_SERVICE_ADDRESS = re.compile(r'<soap:address location="[^"]*"/>')


def describe(message: Inbound) -> Outbound:
    """The WSDL for `?wsdl`, one of its schemas for `?xsd=<file name>`.

    :raises NotFound: neither is asked, or there is no such schema.
    """
    query = {name.lower(): values for name, values in message.query.items()}
    address = escape(f"{message.base_url}/pmix")
    if "wsdl" in query:
        return _served(WSDL, address)
    for name in query.get("xsd", ()):
        if name in _SCHEMAS:
            return _served(_SCHEMAS[name], address)
        raise NotFound(
            "There is no such schema.", path="xsd", remedy=f"Ask for one of {', '.join(sorted(_SCHEMAS))}."
        )
    raise NotFound(
        "Requests to this service are sent by POST.", remedy="Add ?wsdl to the address for its description."
    )


def _served(path: Path, address: str) -> Outbound:
    text = path.read_text(encoding="utf-8")
    text = _SCHEMA_LOCATION.sub(lambda found: f'schemaLocation="{address}?xsd={found[1]}"', text)
    text = _SERVICE_ADDRESS.sub(lambda _: f'<soap:address location="{address}"/>', text)
    return Outbound(body=text.encode(), content_type=CONTENT_TYPE)
