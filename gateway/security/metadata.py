"""What the discovery document says of the authorization server: its addresses, and what it understands.

`base_url` is always the gateway's address as callers see it, without a slash at the end; it is the issuer.
"""

from __future__ import annotations

from typing import Any

from gateway.security.clients import ASSERTION_METHOD, GRANT_TYPE, SECRET_METHODS
from gateway.security.jose import ALGORITHMS
from gateway.security.scopes import SUPPORTED

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
KEYS_PATH = "/oauth/jwks"
PARTNER_KEYS_PATH = "/oauth/partner-jwks"
"""Where others find the public keys with which this gateway asks them for tokens."""
METADATA_PATH = "/.well-known/oauth-authorization-server"


def token_url(base_url: str) -> str:
    """The address of the token endpoint."""
    return base_url + TOKEN_PATH


def authorization_server(base_url: str) -> dict[str, Any]:
    """The document of RFC 8414. What it has no values for is left out, as its section 3.2 asks."""
    return {
        "issuer": base_url,
        "token_endpoint": token_url(base_url),
        "jwks_uri": base_url + KEYS_PATH,
        "grant_types_supported": [GRANT_TYPE],
        "token_endpoint_auth_methods_supported": [ASSERTION_METHOD, *SECRET_METHODS],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": list(SUPPORTED),
    }
