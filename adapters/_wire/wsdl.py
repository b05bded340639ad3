"""A SOAP service's description, served from files.

In the files, documents refer to each other by file name and the service lies at a placeholder; what is served
refers to `?xsd=<file name>` at the address by which the caller reached us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from gateway.errors import NotFound

_SCHEMA_LOCATION = re.compile(r'schemaLocation="([^"]*)"')
_SERVICE_ADDRESS = re.compile(r'<(soap|soap12):address location="[^"]*"/>')


class Description:
    """The WSDL in a file, and the schemas beside it.

    :param wsdl: the file; every `*.xsd` of its folder is one of its schemas.
    """

    def __init__(self, wsdl: Path) -> None:
        self._wsdl = wsdl
        self._schemas = {path.name: path for path in wsdl.parent.glob("*.xsd")}

    def document(self, query: Mapping[str, Sequence[str]], address: str) -> bytes:
        """The WSDL for `?wsdl`, one of its schemas for `?xsd=<file name>`.

        :param query: the parameters of the URL.
        :param address: the URL of the service.
        :raises NotFound: neither is asked, or there is no such schema.
        """
        asked = {name.lower(): values for name, values in query.items()}
        if "wsdl" in asked:
            return _served(self._wsdl, escape(address))
        for name in asked.get("xsd", ()):
            if name in self._schemas:
                return _served(self._schemas[name], escape(address))
            raise NotFound(
                "There is no such schema.",
                path="xsd",
                remedy=f"Ask for one of {', '.join(sorted(self._schemas))}.",
            )
        raise NotFound(
            "Requests to this service are sent by POST.",
            remedy="Add ?wsdl to the address for its description.",
        )


def _served(path: Path, address: str) -> bytes:
    text = path.read_text(encoding="utf-8")
    text = _SCHEMA_LOCATION.sub(lambda found: f'schemaLocation="{address}?xsd={found[1]}"', text)
    return _SERVICE_ADDRESS.sub(lambda found: f'<{found[1]}:address location="{address}"/>', text).encode()
