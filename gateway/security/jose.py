"""Reading signed tokens (JWS compact serialisation, RFC 7515) that strangers send.

Only the four asymmetric algorithms below are ever used, whatever a token claims for itself; keys come from the
caller, never from the token (`jwk`, `x5c` are ignored); extensions (`crit`, `b64`) are refused, because none is
understood here. All arithmetic is joserfc's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

ALGORITHMS: Final = ("RS384", "ES384", "RS256", "ES256")
"""What signatures may be made with. The first two are those of SMART App Launch 2.2."""

KEY_TYPES: Final = {"RS384": "RSA", "RS256": "RSA", "ES384": "EC", "ES256": "EC"}
CURVES: Final = {"P-256": "ES256", "P-384": "ES384"}
MIN_RSA_BITS: Final = 2048
NEW_RSA_BITS: Final = 3072
MAX_LENGTH: Final = 8192

# Header parameters that are not known are to be ignored (RFC 7515 section 4).
_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class UnreadableToken(ValueError):
    """The text is not a signed token whose payload is a set of claims."""


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token taken apart. Nothing in it holds before :meth:`is_signed_by` has said yes."""

    header: dict[str, Any] = field(repr=False)
    claims: dict[str, Any] = field(repr=False)
    _signature: jws.CompactSignature = field(repr=False)

    @property
    def algorithm(self) -> str | None:
        """The algorithm that the token names, None when it is none of :data:`ALGORITHMS`."""
        name = self.header.get("alg")
        return name if name in ALGORITHMS else None

    @property
    def kid(self) -> str | None:
        """The id of the key that the token names."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None

    def is_signed_by(self, key: Key) -> bool:
        """True when the signature is that key's, made with an algorithm that the key is meant for."""
        try:
            return jws.validate_compact(self._signature, key, registry=_REGISTRY)
        except (JoseError, ValueError):
            return False


def read_token(text: str) -> SignedToken:
    """Take a token apart without judging it. :raises UnreadableToken:"""
    if len(text) > MAX_LENGTH:
        raise UnreadableToken("longer than any token that is accepted here")
    try:
        signature = jws.extract_compact(text.encode("ascii"), registry=_REGISTRY)
        claims = json.loads(signature.payload)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # TypeError and AttributeError: a header that is JSON and no object. RecursionError: nested too deeply.
        raise UnreadableToken("not a signed JWT") from error
    header: Any = signature.protected
    if not isinstance(header, dict) or not isinstance(claims, dict) or not isinstance(header.get("alg"), str):
        raise UnreadableToken("header and payload must be JSON objects, and the header must name alg")
    if "crit" in header or "b64" in header:
        raise UnreadableToken("uses an extension (crit, b64) that is not understood here")
    return SignedToken(header, claims, signature)


def algorithm_of(key: Key) -> str | None:
    """The algorithm that the key is made for, or the first of :data:`ALGORITHMS` that it can serve."""
    declared = key.alg
    if isinstance(key, ECKey):
        algorithm = CURVES.get(key.curve_name)
        return algorithm if declared in (None, algorithm) else None
    if isinstance(key, RSAKey) and key.raw_value.key_size >= MIN_RSA_BITS:
        return (declared or "RS384") if KEY_TYPES.get(declared or "RS384") == "RSA" else None
    return None


def new_key(algorithm: str) -> ECKey | RSAKey:
    """A new private key for one of :data:`ALGORITHMS`; its kid is its thumbprint (RFC 7638).

    :raises ValueError: another algorithm.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm: expected one of {' '.join(ALGORITHMS)}")
    if KEY_TYPES[algorithm] == "RSA":
        return RSAKey.generate_key(NEW_RSA_BITS, {"alg": algorithm, "use": "sig"}, auto_kid=True)
    curve = next(name for name, served in CURVES.items() if served == algorithm)
    return ECKey.generate_key(curve, {"alg": algorithm, "use": "sig"}, auto_kid=True)
