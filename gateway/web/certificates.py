"""The client certificate of a connection that a proxy has ended, as the proxy tells it in a header.

TLS ends before the gateway, so it sees a certificate only through somebody's word, and takes that of the configured
proxies alone: a header that comes from any other address is taken away unread. That the sender holds the key, and, if
that is asked, who issued the certificate and until when it holds, the proxy has checked; here it is only recognised.

A WSGI server makes one variable of `X-Name` and `X_Name`, and of a header that is there twice keeps the last. So the
proxy must put its header in the place of every one that came with the request, and let none with an underscore pass
(nginx does not, unless `underscores_in_headers` is on).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import structlog
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

MAX_LENGTH: Final = 32_768
"""Characters of the header; a certificate has two or three thousand."""
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"

_log = structlog.get_logger(__name__)


class ToldCertificates:
    """Reads the header.

    :param header: its name; empty: nobody tells a certificate.
    :param form: `pem`: URL-encoded PEM, as of nginx's `$ssl_client_escaped_cert`; `rfc9440`: a byte sequence of the
        certificate in DER, as of `Client-Cert` (RFC 9440, section 2.2).
    :param proxies: the addresses and networks whose word counts.
    """

    def __init__(self, *, header: str, form: str, proxies: Iterable[str]) -> None:
        self._variable = f"HTTP_{header.upper().replace('-', '_')}" if header else None
        self._form = form
        self._proxies: tuple[IPv4Network | IPv6Network, ...] = tuple(map(ip_network, proxies))

    def take(self, environ: dict[str, Any]) -> str | None:
        """Take the header out of a WSGI environment, so that nobody else reads it.

        :returns: the certificate's SHA-256 thumbprint in lower-case hexadecimal; None when there is none, it cannot
            be read, or who tells it is not to be believed.
        """
        told = environ.pop(self._variable, "") if self._variable else ""
        if not told or not self._is_trusted(environ.get("REMOTE_ADDR", "")):
            return None
        try:
            return self._thumbprint(told)
        except ValueError:
            _log.error("certificate.unreadable", form=self._form)
            return None

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:  # a socket in the file system has none
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._proxies)

    def _thumbprint(self, told: str) -> str:
        """:raises ValueError: it is no certificate in the configured form."""
        if len(told) > MAX_LENGTH:
            raise ValueError("longer than a certificate is")
        if self._form == "pem":
            return thumbprint_of(unquote_to_bytes(told.strip()))
        told = told.strip()
        if len(told) < 2 or told[0] != ":" or told[-1] != ":":
            raise ValueError("no byte sequence of structured fields")
        return thumbprint_of(b64decode(told[1:-1], validate=True))


def thumbprint_of(certificate: bytes) -> str:
    """The SHA-256 thumbprint of one certificate in PEM or DER.

    :raises ValueError: it is none, or several: a header that came twice may have been joined, and whose the first is
        nobody knows.
    """
    certificate = certificate.strip() if certificate.lstrip().startswith(_BEGIN) else certificate
    if certificate.startswith(_BEGIN):
        if certificate.count(b"-----BEGIN") != 1 or not certificate.endswith(_END):
            raise ValueError("not exactly one certificate")
        read = load_pem_x509_certificate(certificate)
    else:
        read = load_der_x509_certificate(certificate)
    return sha256(read.public_bytes(Encoding.DER)).hexdigest()
