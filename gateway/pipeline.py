"""The one way through, for every adapter: authenticate -> read -> look-up or intake -> write -> audit.

    Pipeline.exchange    a message of a protocol in, its answer in the same protocol out
    Pipeline.refuse      an error that was found before the message could be read (size, route, method)

Exactly one audit event is written for every answer, after the answer is ready and before it leaves; when the event
cannot be written, the answer does not leave. No exception passes through: what is not a
:class:`~gateway.errors.GatewayError` is a defect of ours, is logged by its type alone, and is answered as such.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from gateway.errors import (
    Failure,
    Forbidden,
    GatewayError,
    InternalFailure,
    MessageError,
    MethodNotAllowed,
    Unauthenticated,
    Unavailable,
)
from gateway.model import (
    Answer,
    IntakeBatch,
    IntakeReceipt,
    LookupRequest,
    ReportQuery,
    Requester,
)
from gateway.model.audit import AuditAction
from gateway.model.auditing import AuditQuery, EventsFound
from gateway.model.people import PeopleFound, PersonQuery
from gateway.ports import (
    Acknowledgement,
    Adapter,
    Asked,
    AuditLog,
    Clock,
    Enclosed,
    Inbound,
    Outbound,
    Parts,
    Principal,
    Security,
)
from gateway.registry import Registry
from gateway.repeats import Repeats
from gateway.trail import ON_DISK, Trail

SCOPE_HISTORY = "pdmp/history"
SCOPE_READ = "system/MedicationDispense.rs"
SCOPE_PATIENT = "system/Patient.rs"
SCOPES_AUDIT = ("audit/read", "system/AuditEvent.rs")
SCOPE_REPORT = "system/MedicationDispense.c"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """What can be asked, by what is asked."""

    lookup: Callable[[LookupRequest], Answer]
    reports: Callable[[ReportQuery], Answer]
    people: Callable[[PersonQuery], PeopleFound]
    auditing: Callable[[AuditQuery], EventsFound]
    intake: Callable[[IntakeBatch], IntakeReceipt]


class Pipeline:
    """Joins adapters, security, the use cases and the audit.

    :param home: the code of the state whose record this is.
    :param repeats: which messages were answered already.
    """

    def __init__(
        self,
        *,
        home: str,
        registry: Registry,
        security: Security,
        use_cases: UseCases,
        audit: AuditLog,
        repeats: Repeats,
        clock: Clock,
    ) -> None:
        self._home = home
        self._registry = registry
        self._security = security
        self._use_cases = use_cases
        self._audit = audit
        self._repeats = repeats
        self._clock = clock

    def exchange(self, adapter: Adapter, message: Inbound, admitted: Principal | None = None) -> Outbound:
        """The answer to one message, whatever it is. Never raises.

        :param admitted: who sends it, where :meth:`admit` knows; what it was shown by may hold only once.
        """
        trail = Trail()

        def answer() -> Outbound:
            principal = admitted or self._security.authenticate(
                adapter.credentials(message), certificate=message.certificate
            )
            trail.asked_by(principal, principal.registered)
            return self._answer(adapter, message, principal, trail)

        return self._guarded(adapter, message, trail, answer)

    def admit(self, adapter: Adapter, message: Inbound) -> Principal | None:
        """Refuse strangers before their body is read, so that half-sent bodies of nobody bind no thread.

        :param message: without its body yet.
        :returns: who sends it; None where that can stand in the body only.
        :raises Unauthenticated, Unavailable: as :meth:`Security.authenticate` has it.
        """
        credentials = adapter.credentials(message)
        if credentials is None and adapter.credentials_in_body:
            return None
        return self._security.authenticate(credentials, certificate=message.certificate)

    def refuse(self, adapter: Adapter, error: GatewayError, message: Inbound) -> Outbound:
        """The native form of an error that was found outside of the adapter. Never raises."""

        def answer() -> Outbound:
            raise error

        return self._guarded(adapter, message, Trail(), answer)

    def _guarded(
        self, adapter: Adapter, message: Inbound, trail: Trail, answer: Callable[[], Outbound]
    ) -> Outbound:
        try:
            outbound = answer()
        except GatewayError as error:
            outbound = self._failed(adapter, message, trail, error)
        except Exception as error:
            _log.error("request.failed", request_id=message.request_id, error=_describe(error))
            outbound = self._failed(adapter, message, trail, InternalFailure(message.request_id))
        try:
            self._audit.record(trail.event(adapter.name, message, outbound, at=self._clock()))
        except GatewayError as error:
            _log.error("audit.failed", request_id=message.request_id, error=error.code.value)
            outbound = self._failed(adapter, message, trail, error)
        if trail.repeat is not None and not trail.is_answered:
            self._repeats.forget(trail.repeat)
        return outbound

    def _failed(self, adapter: Adapter, message: Inbound, trail: Trail, error: GatewayError) -> Outbound:
        trail.failed(error)
        if isinstance(error, Failure):
            _log.warning("request.refused", request_id=message.request_id, code=error.code.value)
        return _native(adapter, error, message)

    def _answer(self, adapter: Adapter, message: Inbound, principal: Principal, trail: Trail) -> Outbound:
        asked: Asked = adapter.read(message)
        if isinstance(asked, LookupRequest):
            trail.asks_for(asked)
        self._require(principal, asked)
        match asked:
            case LookupRequest():
                requester = complete(asked.requester, principal)
                trail.asked_by(principal, requester)
                if asked.once is not None:
                    trail.repeat = self._repeats.begin(adapter.name, principal.client_id, asked.once)
                answer = self._use_cases.lookup(replace(asked, requester=requester))
                trail.answered(answer)
                return adapter.write(answer, message)
            case ReportQuery():
                requester = complete(asked.requester, principal)
                trail.asked_by(principal, requester)
                answer = self._use_cases.reports(replace(asked, requester=requester))
                trail.answered(answer)
                return adapter.write(answer, message)
            case PersonQuery():
                requester = complete(asked.requester, principal)
                trail.asked_by(principal, requester)
                found = self._use_cases.people(replace(asked, requester=requester))
                trail.found(found, asked)
                return adapter.write(found, message)
            case AuditQuery():
                events = self._use_cases.auditing(asked)
                trail.shown(events)
                return adapter.write(events, message)
            case IntakeBatch():
                receipt = self._use_cases.intake(asked)
                trail.reported(receipt)
                return adapter.write(receipt, message)
            case Acknowledgement():
                trail.acknowledged()
                return adapter.write_acknowledged(message)
            case Parts():
                return self._parts(adapter, asked, message, principal, trail)
            case Enclosed():
                return adapter.write(self._enclosed(asked, message, principal, trail), message)

    def _parts(
        self, adapter: Adapter, parts: Parts, message: Inbound, principal: Principal, trail: Trail
    ) -> Outbound:
        """What is reported together, then each message by itself. The event of the whole says what was reported."""
        receipt = None
        trail.action, trail.outcome = AuditAction.HISTORY_LOOKED_UP, "parts"
        if parts.reported is not None:
            self._require(principal, parts.reported)
            if parts.reported.all_or_nothing:  # whoever may not read is told before anything is recorded
                for one in parts.messages:
                    self._require(principal, adapter.read(one))
            receipt = self._use_cases.intake(parts.reported)
            trail.reported(receipt)
            if parts.reported.all_or_nothing and any(r.verdict not in ON_DISK for r in receipt.results):
                return adapter.write_parts(receipt, (), message)  # refused as a whole: nothing is read either
        answers = [self._part(adapter, one, principal) for one in parts.messages]
        return adapter.write_parts(receipt, answers, message)

    def _part(self, adapter: Adapter, message: Inbound, principal: Principal) -> Outbound:
        trail = Trail()
        trail.asked_by(principal, principal.registered)
        return self._guarded(
            adapter, message, trail, lambda: self._answer(adapter, message, principal, trail)
        )

    def _require(self, principal: Principal, asked: Asked) -> None:
        """:raises Forbidden: no scope of the principal covers what is asked. What is made of parts asks for each."""
        match asked:
            case LookupRequest(person=None):
                self._security.require(principal, SCOPE_READ)
            case LookupRequest() | ReportQuery():
                self._security.require(principal, SCOPE_HISTORY)
            case PersonQuery():
                self._security.require(principal, SCOPE_PATIENT)
            case AuditQuery():
                self._require_any(principal, SCOPES_AUDIT)
            case IntakeBatch():
                self._security.require(principal, SCOPE_REPORT)

    def _require_any(self, principal: Principal, scopes: tuple[str, ...]) -> None:
        """:raises Forbidden: none of them is covered; it names the first."""
        for scope in scopes[1:]:
            with suppress(Forbidden):
                self._security.require(principal, scope)
                return
        self._security.require(principal, scopes[0])

    def _enclosed(self, enclosed: Enclosed, message: Inbound, principal: Principal, trail: Trail) -> Outbound:
        """The answer to a message inside a message; its errors are its own format's, inside the wrapping.

        :raises MessageError: it is meant for another state's PMP.
        """
        if enclosed.destination not in {None, self._home}:
            raise MessageError(
                f"The message is meant for {enclosed.destination}, and this gateway has no connection to that "
                "state's PMP; nothing was done.",
                remedy=f"Send it to that state's PMP; the PMP of this gateway is {self._home}.",
            )
        inner = self._registry[enclosed.protocol]
        inside = replace(
            message,
            operation=enclosed.operation,
            body=enclosed.body,
            content_type=enclosed.content_type,
            headers={**message.headers, "content-type": enclosed.content_type, "accept": enclosed.accept},
        )
        try:
            return self._answer(inner, inside, principal, trail)
        except GatewayError as error:
            trail.failed(error)
            return _native(inner, error, inside)


def complete(requester: Requester, principal: Principal) -> Requester:
    """The requester of the message, with what it leaves out taken from the client's registration."""
    known = principal.registered
    practitioner = requester.practitioner or known.practitioner
    if practitioner is not None and practitioner.role is None and known.practitioner is not None:
        practitioner = replace(practitioner, role=known.practitioner.role)
    return replace(
        requester,
        practitioner=practitioner,
        organisation=requester.organisation or known.organisation,
        state=requester.state or known.state,
        client_id=principal.client_id,
    )


def _native(adapter: Adapter, error: GatewayError, message: Inbound) -> Outbound:
    """The error in the adapter's words, with the headers that HTTP asks for whatever the protocol."""
    outbound = adapter.write_error(error, message)
    return replace(outbound, headers=(*outbound.headers, *http_headers(error)))


def http_headers(error: GatewayError) -> tuple[tuple[str, str], ...]:
    """The headers that HTTP asks for with this error (RFC 6750 section 3, RFC 9110 sections 10.2.1 and 10.2.3)."""
    match error:
        case Unauthenticated(challenge=None):
            return (("WWW-Authenticate", 'Bearer realm="pmpbridge"'),)
        case Unauthenticated():
            return (("WWW-Authenticate", f'Bearer realm="pmpbridge", error="{error.challenge}"'),)
        case Forbidden(scope=str()):
            value = f'Bearer realm="pmpbridge", error="insufficient_scope", scope="{error.scope}"'
            return (("WWW-Authenticate", value),)
        case MethodNotAllowed():
            return (("Allow", ", ".join(error.allowed)),)
        case Unavailable():
            return (("Retry-After", str(error.retry_after)),)
        case _:
            return ()


def _describe(error: BaseException) -> str:
    """Type and place of a defect, never its text: that may quote the message."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_globals.get('__name__', '?')}:{frame.tb_lineno}" if frame else "?"
    return f"{type(error).__name__} at {place}"
