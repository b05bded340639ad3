"""The body of what a partner answers over HTTP: read up to a limit, and never unpacked.

A partner is believed no more than a caller. Ask with `Accept-Encoding: identity` and `stream=True`, so that nothing
is read before this module reads it.
"""

from __future__ import annotations

import requests

from adapters._wire.xml import MAX_BYTES
from gateway.errors import Failure

_CHUNK = 65_536


def body_of(response: requests.Response) -> bytes:
    """The body, at most :data:`~adapters._wire.xml.MAX_BYTES` long: 300 dispensations take some two million.

    A length that is announced bounds what is read; without one it is counted.

    :raises Failure: it is longer, or compressed.
    :raises requests.RequestException: the partner broke it off.
    """
    if "Content-Encoding" in response.headers:
        raise Failure("The partner's answer is compressed, which was not asked for.")
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(announced) < 10 and int(announced) <= MAX_BYTES:
        return response.content
    received = bytearray()
    for chunk in response.iter_content(_CHUNK):
        received += chunk
        if len(received) > MAX_BYTES:
            raise Failure(f"The partner's answer is larger than {MAX_BYTES} bytes.")
    return bytes(received)
