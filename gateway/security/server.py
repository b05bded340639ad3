"""The token endpoint, without HTTP: one grant, client_credentials, by Authlib's authorization server.

Nothing leaves before the audit has it on disk. When the audit, the registry, the signing keys or the memory of
used assertions is out of reach, there is no token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from authlib.common.security import is_secure_transport
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import (
    ClientCredentialsGrant,
    InvalidRequestError,
    InvalidScopeError,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6750 import BearerTokenGenerator

from gateway.errors import Unavailable
from gateway.model.audit import AuditAction, AuditEvent
from gateway.ports import AuditLog, Clock, Ephemeral
from gateway.security.access_tokens import AccessTokens
from gateway.security.authentication import (
    AssertionAuthentication,
    ClientRequest,
    Denied,
    SecretAuthentication,
)
from gateway.security.client_keys import PublishedKeys
from gateway.security.client_secrets import SecretChecker
from gateway.security.clients import ASSERTION_METHOD, GRANT_TYPE, SECRET_METHODS, Client, ClientRegistry
from gateway.security.metadata import authorization_server, token_url
from gateway.security.signing_keys import SigningKeys

FORM: Final = "application/x-www-form-urlencoded"
MAX_PARAMETERS: Final = 32
MAX_SCOPE_LENGTH: Final = 2048
REALM: Final = "pmpbridge"
UNAVAILABLE: Final = "temporarily_unavailable"
PARAMETERS: Final = frozenset(
    {"grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"}
)
_NO_STORE: Final[tuple[tuple[str, str], ...]] = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A request to the token endpoint as it came in over HTTP. `content_type` is the bare media type, `certificate`
    as in :class:`gateway.ports.Inbound`."""

    method: str
    content_type: str
    authorization: str | None = field(default=None, repr=False)
    query: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)
    request_id: str
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResponse:
    """The answer: a JSON object, and the headers that belong to it."""

    status: int
    body: dict[str, Any] = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()


class TokenServer(AuthorizationServer):
    """Grants access tokens to registered clients.

    :param base_url: the gateway's address as callers see it, without a slash at the end; https, or http on a
        loopback address.
    """

    def __init__(
        self,
        *,
        base_url: str,
        clients: ClientRegistry,
        keys: SigningKeys,
        tokens: AccessTokens,
        ephemeral: Ephemeral,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        super().__init__()
        if not is_secure_transport(base_url):
            raise ValueError(f"base_url: expected https, or http on a loopback address, not {base_url}")
        self._base_url = base_url
        self._clients = clients
        self._keys = keys
        self._audit = audit
        self._clock = clock
        secret = SecretAuthentication(SecretChecker())
        assertion = AssertionAuthentication(
            token_url=token_url(base_url),
            published=PublishedKeys(clock=clock),
            ephemeral=ephemeral,
            clock=clock,
        )
        self.register_client_auth_method(ASSERTION_METHOD, assertion)
        self.register_client_auth_method("client_secret_basic", secret.basic)
        self.register_client_auth_method("client_secret_post", secret.post)
        self.register_token_generator(
            "default",
            BearerTokenGenerator(tokens.issue, expires_generator=lambda client, grant_type: tokens.lifetime),
        )
        self.register_grant(_Grant)

    def respond(self, request: TokenRequest) -> TokenResponse:
        """The answer to a token request, after the audit has it.

        What it says of an error is RFC 6749 section 5.2, and besides that 503 `temporarily_unavailable`.
        """
        asked: ClientRequest | None = None
        try:
            asked = self.create_oauth2_request(request)
            response = self._grant(asked)
            action, outcome = AuditAction.TOKEN_GRANTED, str(response.body["scope"])
        except OAuth2Error as error:
            response = _refusal(error)
            action, outcome = AuditAction.TOKEN_DENIED, _outcome(error)
        except Unavailable as error:
            response = _unavailable(error)
            action, outcome = AuditAction.TOKEN_DENIED, UNAVAILABLE
        event = AuditEvent(
            action=action,
            at=self._clock(),
            request_id=request.request_id,
            protocol="oauth",
            operation="token",
            status=response.status,
            client_id=self._registered_id(asked),
            outcome=outcome,
        )
        try:
            self._audit.record(event)
        except Unavailable as error:
            return _unavailable(error)
        return response

    def _grant(self, asked: ClientRequest) -> TokenResponse:
        if asked.method_used() is None:
            raise Denied(
                "no-credentials",
                "Client authentication is missing. Send client_assertion (private_key_jwt), or client_id and "
                "client_secret in the Authorization header (Basic) or in the body.",
            )
        try:
            grant = cast("_Grant", self.get_token_grant(asked))
        except UnsupportedGrantTypeError:
            description = f"The only grant_type offered is {GRANT_TYPE}."
            raise OAuth2Error(error="unsupported_grant_type", description=description) from None
        grant.validate_token_request()
        return TokenResponse(status=200, body=grant.token(), headers=_NO_STORE)

    def _registered_id(self, asked: ClientRequest | None) -> str | None:
        """Who the client says it is, if there is such a client: strangers' words stay out of the audit."""
        claimed = asked.claimed if asked else None
        try:
            return claimed if claimed and self._clients.is_registered(claimed) else None
        except Unavailable:
            return None

    def published_keys(self) -> dict[str, Any]:
        """The JWK Set that access tokens are verified with. :raises gateway.errors.Unavailable:"""
        return self._keys.published()

    def metadata(self) -> dict[str, Any]:
        """The document of RFC 8414."""
        return authorization_server(self._base_url)

    # --- what Authlib asks of a server ---

    def create_oauth2_request(self, request: TokenRequest) -> ClientRequest:
        """What was sent, in Authlib's form. :raises OAuth2Error: it cannot be a token request."""
        return ClientRequest(
            token_url(self._base_url),
            authorization=request.authorization,
            parameters=_parameters(request),
            certificate=request.certificate,
        )

    def query_client(self, client_id: str) -> Client | None:  # type: ignore[override]  # the stub forgets None
        """The active client of that id."""
        return self._clients.find(client_id)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""


class _Grant(ClientCredentialsGrant):
    """The client credentials grant (RFC 6749 section 4.4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = (ASSERTION_METHOD, *SECRET_METHODS)

    def token(self) -> dict[str, Any]:
        """The token response. Authlib's own would write the token into the log, and ask for it to be kept."""
        token = self.generate_token(scope=self.request.scope, include_refresh_token=False)
        return {**token, "token_type": "bearer"}  # SMART App Launch 2.2 fixes the spelling; RFC 6749 does not


def _parameters(request: TokenRequest) -> dict[str, str]:
    """The parameters of the body. One without a value counts as not sent (RFC 6749 section 3.2)."""
    if request.method != "POST":
        raise OAuth2Error(
            error="invalid_request", description="Send token requests with POST.", status_code=405
        )
    if request.content_type != FORM:
        raise InvalidRequestError(f"Send the parameters in the body, as Content-Type {FORM}.")
    try:
        in_query = {name for name, _ in parse_qsl(request.query, max_num_fields=MAX_PARAMETERS)}
        pairs = parse_qsl(
            request.body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise InvalidRequestError(
            f"The body cannot be read: send at most {MAX_PARAMETERS} parameters, form-encoded, in UTF-8."
        ) from None
    if in_query & PARAMETERS:
        raise InvalidRequestError("Send the parameters in the body, not in the URL, which ends up in logs.")
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise InvalidRequestError("A parameter is there more than once: send each once.")
    if len(parameters.get("scope", "")) > MAX_SCOPE_LENGTH:
        raise InvalidScopeError(f"scope is longer than {MAX_SCOPE_LENGTH} characters: ask for fewer.")
    parameters = {name: value for name, value in parameters.items() if value}
    if "grant_type" not in parameters:
        raise InvalidRequestError(f"grant_type is missing: send {GRANT_TYPE}.")
    return parameters


def _refusal(error: OAuth2Error) -> TokenResponse:
    headers = _NO_STORE
    if error.status_code == 401:
        headers = (*headers, ("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"'))
    if error.status_code == 405:
        headers = (*headers, ("Allow", "POST"))
    body = {"error": error.error, "error_description": error.description}
    return TokenResponse(status=error.status_code, body=body, headers=headers)


def _unavailable(error: Unavailable) -> TokenResponse:
    body = {
        "error": UNAVAILABLE,
        "error_description": f"No token can be granted now. {error.remedy}",
    }
    return TokenResponse(status=503, body=body, headers=(*_NO_STORE, ("Retry-After", str(error.retry_after))))


def _outcome(error: OAuth2Error) -> str:
    """For the audit: the error, and of a client that was not recognised the reason."""
    return f"{error.error}/{error.reason}" if isinstance(error, Denied) else str(error.error)
