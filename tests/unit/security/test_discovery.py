"""The FHIR adapter's discovery document and this server's own."""

from __future__ import annotations

import json
from typing import Any

from adapters.fhir.conformance import smart_configuration
from gateway.ports import Inbound


def test_the_smart_configuration_says_the_same_of_this_server(served: Any) -> None:
    """The FHIR adapter may not ask security what it understands; so the two are held together here."""
    message = Inbound(
        operation="public",
        method="GET",
        path="/fhir/.well-known/smart-configuration",
        request_id="1",
        received_at=served.clock(),
        base_url=f"{served.url}/fhir",
    )
    smart = json.loads(smart_configuration(message).body)
    for key, value in served.server.metadata().items():
        if key != "issuer":
            told = sorted(smart[key]) if isinstance(value, list) else smart[key]
            assert told == (sorted(value) if isinstance(value, list) else value), key
