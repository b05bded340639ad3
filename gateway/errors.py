"""One family of errors, each said natively by every adapter.

    GatewayError
     ├─ MessageError          what was sent cannot be used: the caller corrects it
     │   ├─ UnsupportedFormat     the content type, version or encoding is not spoken here
     │   ├─ TooLarge              the message exceeds a size limit
     │   └─ NotFound              no such operation, route or resource
     │       └─ MethodNotAllowed      the route exists, the method does not
     ├─ AccessError           who is asking may not
     │   ├─ Unauthenticated       no credentials, or credentials that do not hold
     │   └─ Forbidden             credentials hold, the permission is missing
     ├─ Conflict              the record's state forbids it (version, duplicate, precondition)
     └─ Failure               our side could not do it
         ├─ Unavailable           for now: retry after a pause
         │   └─ Contended             another writer came first: do the same again at once
         └─ InternalFailure       a defect: the request id finds it in the log

Every error says what is wrong (`message`), where (`path`: a FHIRPath, an XPath of local names, an ASAP
segment and field, an HTTP header) and what to do (`remedy`). None of the three may hold anything about a
patient: name the field and the expected form, never the value that was sent.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, in one vocabulary; each adapter maps every member to its own codes."""

    MALFORMED = "malformed"  # not parseable as the format it claims to be
    HOSTILE = "hostile"  # parseable only by opening a door (DOCTYPE, entities, depth)
    REQUIRED = "required"  # an element that must be there is missing
    INVALID = "invalid"  # an element is there and its value cannot be
    UNSUPPORTED_VERSION = "unsupported-version"  # the format is known, this version of it is not
    UNSUPPORTED_MEDIA = "unsupported-media"  # wrong content type or encoding
    NOT_ACCEPTABLE = "not-acceptable"  # the answer's format that is asked for is not spoken
    UNKNOWN_OPERATION = "unknown-operation"  # no such operation, message type or route
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_FOUND = "not-found"  # a resource named by the caller is not there
    TOO_LARGE = "too-large"
    TOO_COSTLY = "too-costly"  # it could be done only by reading what is not of one patient
    CONSENT = "consent"  # the caller's own consent value forbids processing
    DATE_RANGE = "date-range"  # the period's end lies before its start
    DUPLICATE = "duplicate"  # the same message was sent before
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class GatewayError(Exception):
    """The root of the family.

    :param message: one sentence: what is wrong.
    :param path: where, in the caller's own terms; None when it is the message as a whole.
    :param remedy: one sentence: what the caller can do.
    :param code: the member of :class:`ErrorCode`; each class has its own default.
    """

    code: ErrorCode = ErrorCode.INTERNAL
    status: int = 500  # of HTTP, where the protocol has no say of its own

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        remedy: str | None = None,
        code: ErrorCode | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.remedy = remedy
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        """The whole of it in one line: message, place, remedy."""
        where = f" (at {self.path})" if self.path else ""
        then = f" {self.remedy}" if self.remedy else ""
        return f"{self.message}{where}{then}"


class MessageError(GatewayError):
    """What was sent cannot be used; sending it again unchanged will fail again."""

    code = ErrorCode.INVALID
    status = 400


class UnsupportedFormat(MessageError):
    """The content type, encoding or version is not one that this route speaks."""

    code = ErrorCode.UNSUPPORTED_MEDIA
    status = 415

    @property
    def is_about_the_answer(self) -> bool:
        """True when it is the answer's format (`Accept`) that cannot be served."""
        return self.code is ErrorCode.NOT_ACCEPTABLE


class TooLarge(MessageError):
    """The message exceeds a size limit; the limit stands in the message."""

    code = ErrorCode.TOO_LARGE
    status = 413


class NotFound(MessageError):
    """No such route, operation or resource. A person without history is *not* this: see Outcome.NO_DATA."""

    code = ErrorCode.NOT_FOUND
    status = 404


class MethodNotAllowed(NotFound):
    """The route exists, the method does not.

    :param allowed: the methods that the route has, for the `Allow` header.
    """

    code = ErrorCode.METHOD_NOT_ALLOWED
    status = 405

    def __init__(self, message: str, *, allowed: tuple[str, ...] = (), path: str | None = None) -> None:
        remedy = f"Use {' or '.join(allowed)}." if allowed else None
        super().__init__(message, path=path, remedy=remedy)
        self.allowed = allowed


class AccessError(GatewayError):
    """Who is asking may not; nothing was read and nothing was stored."""

    code = ErrorCode.FORBIDDEN
    status = 403


class Unauthenticated(AccessError):
    """No credentials, or credentials that do not hold.

    :param challenge: the RFC 6750 section 3.1 error code for `WWW-Authenticate`; None when no token was sent.
    :param claimed: the registered client that the sender says it is, for the audit; the caller does not see it.
    :param path: where the credentials stand, or are expected.
    """

    code = ErrorCode.UNAUTHENTICATED
    status = 401

    def __init__(
        self,
        message: str,
        *,
        challenge: str | None = None,
        remedy: str | None = None,
        claimed: str | None = None,
        path: str = "Authorization",
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.challenge = challenge
        self.claimed = claimed


class Forbidden(AccessError):
    """The credentials hold and the permission is missing.

    :param scope: the scope that would have sufficed, when it is a scope that is missing.
    """

    def __init__(self, message: str, *, scope: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, path="Authorization" if scope else None, remedy=remedy)
        self.scope = scope


class Conflict(GatewayError):
    """The record's state forbids it: a version, a precondition, an original that is not there."""

    code = ErrorCode.CONFLICT
    status = 409


class Failure(GatewayError):
    """Our side could not do it; the request may have been right. Never to be read as "no records"."""


class Unavailable(Failure):
    """For now; the same request may succeed later.

    :param retry_after: seconds after which a new attempt makes sense.
    """

    code = ErrorCode.UNAVAILABLE
    status = 503

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message, remedy=f"Send the same request again after {retry_after} seconds.")
        self.retry_after = retry_after


class Contended(Unavailable):
    """Another writer came first, and nothing of ours was written. The same can be done again at once."""


class InternalFailure(Failure):
    """A defect of ours. The text says nothing of the cause; the request id leads to it in the log."""

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "An unexpected error occurred while the request was processed; no answer about the patient was reached.",
            remedy=f"Send the request again; if it fails again, report request id {request_id}.",
        )
        self.request_id = request_id
