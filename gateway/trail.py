"""What the audit event of an answer will say, gathered while the answer is made.

A trail begins as a message that was refused; each step that succeeds says more, and a failure takes back what did not
leave after all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import AccessError, Conflict, GatewayError, MessageError, Unauthenticated
from gateway.model import (
    Answer,
    IntakeReceipt,
    IntakeVerdict,
    LookupRequest,
    MatchEvidence,
    Organisation,
    Outcome,
    Practitioner,
    Requester,
)
from gateway.model.audit import AuditAction, AuditEvent, staging_of
from gateway.model.auditing import EventsFound
from gateway.model.people import PeopleFound, PersonQuery
from gateway.ports import Inbound, Outbound, Principal

ON_DISK = frozenset(IntakeVerdict) - {IntakeVerdict.REJECTED, IntakeVerdict.DEFERRED}
"""The verdicts of records that are recorded."""

_ANSWERS = frozenset(
    o.value for o in (Outcome.COMPLETE, Outcome.NO_DATA, Outcome.AMBIGUOUS, Outcome.DISALLOWED)
)


@dataclass(slots=True)
class Trail:
    """What the audit event will say, gathered on the way."""

    action: AuditAction = AuditAction.MESSAGE_REFUSED
    client_id: str | None = None
    requester: Requester = field(default_factory=Requester)
    outcome: str | None = None
    person_key: str | None = None
    report_id: str | None = None
    states: tuple[str, ...] = ()
    count: int = 0
    evidence: MatchEvidence | None = None
    operation: str | None = None  # where the message names a wider one
    staging: str | None = None
    repeat: str | None = None  # by which the message is told from one that comes again

    @property
    def is_answered(self) -> bool:
        """True when the sender has learned what it asked for, or that it may not; False when it has to ask again."""
        return self.outcome in _ANSWERS or (self.outcome == Outcome.PARTIAL.value and self.count > 0)

    def asked_by(self, principal: Principal, requester: Requester) -> None:
        self.client_id = principal.client_id
        self.requester = requester

    def asks_for(self, request: LookupRequest) -> None:
        if request.stage_only:
            self.operation = "stage"
        elif request.retrieval_key is not None:
            self.operation, self.staging = "fetch", staging_of(request.retrieval_key)

    def answered(self, answer: Answer) -> None:
        self.action = _action(answer)
        if answer.retrieval_key is not None:
            self.staging = staging_of(answer.retrieval_key)
        self.outcome = answer.outcome.value
        self.report_id = answer.report_id
        self.states = tuple(s.state for s in answer.states)
        self.count = len(answer.dispensations)
        self.person_key = next((p.key for p in answer.persons), None)
        self.evidence = answer.match

    def found(self, found: PeopleFound, query: PersonQuery) -> None:
        by_key = query.key is not None
        self.action = AuditAction.PERSON_SHOWN if by_key else AuditAction.PERSON_SEARCHED
        self.outcome = "found" if found.people else "nobody"
        self.count = len(found.people)
        self.person_key = found.people[0].key if self.count == 1 else None
        self.evidence = found.evidence

    def shown(self, found: EventsFound) -> None:
        self.action = AuditAction.AUDIT_READ
        self.outcome = "found" if found.events else "none"
        self.count = len(found.events)

    def acknowledged(self) -> None:
        self.action, self.outcome = AuditAction.MESSAGE_ACKNOWLEDGED, "acknowledged"

    def reported(self, receipt: IntakeReceipt) -> None:
        self.action = AuditAction.DISPENSATION_REPORTED
        verdicts = [r.verdict for r in receipt.results]
        self.outcome = ",".join(sorted({v.value for v in verdicts}))
        self.count = 0 if receipt.is_test else sum(v in ON_DISK for v in verdicts)

    def failed(self, error: GatewayError) -> None:
        """Nobody's history left. What had been recorded before the answer failed stays recorded, and counted."""
        if self.action is not AuditAction.DISPENSATION_REPORTED:
            self.count = 0
        self.outcome, self.person_key = error.code.value, None
        match error:
            case Unauthenticated():
                self.action, self.client_id = AuditAction.ACCESS_DENIED, error.claimed
            case AccessError():
                self.action = AuditAction.ACCESS_DENIED
            case MessageError() | Conflict():
                self.action = AuditAction.MESSAGE_REFUSED
            case _:
                self.action = AuditAction.REQUEST_FAILED

    def event(self, protocol: str, message: Inbound, outbound: Outbound, *, at: datetime) -> AuditEvent:
        """The event of an answer that is ready to leave."""
        asks = self.requester
        return AuditEvent(
            action=self.action,
            at=at,
            request_id=message.request_id,
            protocol=protocol,
            operation=self.operation or message.operation,
            status=outbound.status,
            client_id=self.client_id,
            practitioner=identified(asks.practitioner),
            organisation=identified(asks.organisation),
            delegate=identified(asks.delegate),
            purpose=asks.purpose.value,
            outcome=self.outcome,
            person_key=self.person_key,
            report_id=self.report_id,
            states=self.states,
            count=self.count if outbound.shown is None else outbound.shown,
            losses=outbound.losses,
            evidence=self.evidence,
            staging=self.staging,
        )


def _action(answer: Answer) -> AuditAction:
    if answer.outcome is Outcome.DISALLOWED:
        return AuditAction.ACCESS_DENIED
    if answer.retrieval_key is not None:
        return AuditAction.HISTORY_STAGED
    return AuditAction.HISTORY_LOOKED_UP if answer.link is None else AuditAction.REPORT_LINKED


def identified(party: Practitioner | Organisation | None) -> str | None:
    """How the audit names who asks: by NPI, else by DEA number, never by name."""
    if party is None:
        return None
    if party.npi:
        return f"npi:{party.npi}"
    return f"dea:{party.dea}" if party.dea else None
