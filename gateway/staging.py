"""Histories gathered before they are needed: accepted at once, gathered in the background, fetched with a key.

    Staging.__call__    a look-up as any; one that is only to be staged; one that fetches what was staged

The key is bound to who asked and to the patient, period and states asked about. Whether the patient is the same is
for the matcher to say, since more may be known of her by the fetch; the birth date must not differ. What was gathered
from other states is kept, sealed, since they are slow; the home record is read anew at the fetch, so that what was
recorded, corrected, merged or split in between is neither missing nor somebody else's. Policy and consent are judged
both times.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import BoundedSemaphore
from typing import Final, Protocol

import structlog

from gateway.errors import Forbidden, GatewayError, InternalFailure, MessageError, Unavailable
from gateway.gathered import ANSWERED, is_one_person, is_same_patient, joined
from gateway.lookup import check
from gateway.matching import Matcher
from gateway.model import Answer, LookupRequest, Outcome, Period, Person, Practitioner
from gateway.model.audit import AuditAction, AuditEvent, staging_of
from gateway.ports import AuditLog, Clock, Ephemeral, Policy
from gateway.sealing import Sealed, new_ticket
from gateway.turns import waiting

_POLL: Final = 0.05  # seconds between two looks whether all is gathered
_PAUSE: Final = 2  # seconds after which the same fetch makes sense again
_BUSY: Final = 5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staged:
    """What is known from the beginning: when it was accepted, and whose history it is."""

    at: float
    person: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingRules:
    """How long a key holds, how many histories are gathered at a time, how many may wait; times in seconds."""

    home: str  # the code of the state whose record is read anew at the fetch
    lifetime: int
    gatherers: int
    queue: int
    wait: float  # that a fetch waits for what is still being gathered
    waiters: int  # fetches that may wait at a time; a further one is deferred at once
    patience: int  # after which gathering is given up for lost, and the fetch is a look-up as any


class HistoryLookup(Protocol):
    """The look-up, as staging needs it."""

    def __call__(self, request: LookupRequest) -> Answer:
        """The answer."""
        ...

    def analysed(self, answer: Answer) -> Answer:
        """The same answer with the figures of its dispensations."""
        ...


class Staging:
    """Stands before the look-up.

    :param sleep: how a fetch waits.
    """

    def __init__(
        self,
        *,
        lookup: HistoryLookup,
        matcher: Matcher,
        policy: Policy,
        ephemeral: Ephemeral,
        audit: AuditLog,
        clock: Clock,
        rules: StagingRules,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._lookup = lookup
        self._matcher = matcher
        self._policy = policy
        self._ephemeral = ephemeral
        self._audit = audit
        self._clock = clock
        self._home = rules.home
        self._rules = rules
        self._sleep = sleep
        self._room = BoundedSemaphore(rules.gatherers + rules.queue)
        self._seats = BoundedSemaphore(rules.waiters)
        self._pool = ThreadPoolExecutor(rules.gatherers, thread_name_prefix="gather")

    def __call__(self, request: LookupRequest) -> Answer:
        """The answer; DEFERRED with a key when it was only to be staged, DEFERRED when it is not gathered yet.

        :raises MessageError: it is to be staged and fetched at once, or what :class:`~gateway.lookup.Lookup` has.
        :raises Forbidden: the key is unknown, has ended, or is not this requester's for this patient: all the same.
        :raises Unavailable: there is no room for another history to gather, or the keys cannot be reached.
        """
        if request.stage_only and request.retrieval_key is not None:
            raise MessageError(
                "A history is either staged or fetched.",
                path="pre-stage-retrieval-key",
                remedy="Send pre-stage-only to stage it, or the key to fetch it.",
            )
        if request.stage_only:
            return self._stage(request)
        if request.retrieval_key is not None:
            return self._fetch(request, request.retrieval_key)
        return self._lookup(request)

    def close(self) -> None:
        """What was accepted is gathered to its end; nothing further is accepted."""
        self._pool.shutdown(wait=True)

    # --- staging ----------------------------------------------------------------------------------------------

    def _stage(self, request: LookupRequest) -> Answer:
        check(request)
        refusal = self._policy.refusal(request.requester)
        if refusal is not None:
            return self._without_history(request, Outcome.DISALLOWED, detail=refusal)
        if not self._room.acquire(blocking=False):
            raise Unavailable("As many histories as there is room for are being gathered.", retry_after=_BUSY)
        key = new_ticket()
        try:
            sealed = self._sealed(key, request)
            staged = _Staged(at=self._clock().timestamp(), person=request.person)
            sealed.put("staged", staged, self._rules.lifetime)
            self._pool.submit(self._gather, replace(request, stage_only=False), sealed, staging_of(key))
        except RuntimeError:  # the pool takes nothing any more
            self._room.release()
            raise Unavailable("The gateway is being stopped.", retry_after=_BUSY) from None
        except BaseException:
            self._room.release()
            raise
        return self._without_history(request, Outcome.DEFERRED, key=key)

    def _gather(self, request: LookupRequest, sealed: Sealed, staging: str) -> None:
        """In the background. A failure is audited and leads the fetch to a look-up as any."""
        try:
            sealed.put("gathered", self._lookup(request), self._rules.lifetime)
        except Exception as error:
            code = error.code if isinstance(error, GatewayError) else InternalFailure.code
            _log.error("staging.failed", staging=staging, error=type(error).__name__)
            self._give_up(sealed, self._failure(request, code.value, staging))
        finally:
            self._room.release()

    def _give_up(self, sealed: Sealed, failure: AuditEvent) -> None:
        """Nobody waits for an error here: what fails is logged, and the fetch has a patience of its own."""
        try:
            self._audit.record(failure)
        except GatewayError as error:
            _log.error("staging.failed", staging=failure.staging, error=error.code.value)
        try:
            sealed.put("failed", True, self._rules.lifetime)
        except GatewayError as error:
            _log.error("staging.failed", staging=failure.staging, error=error.code.value)

    def _failure(self, request: LookupRequest, code: str, staging: str) -> AuditEvent:
        asks = request.requester
        return AuditEvent(
            action=AuditAction.REQUEST_FAILED,
            at=self._clock(),
            request_id=uuid.uuid4().hex,
            protocol="staging",
            operation="gather",
            status=500,
            client_id=asks.client_id,
            purpose=asks.purpose.value,
            outcome=code,
            staging=staging,
        )

    # --- fetching ---------------------------------------------------------------------------------------------

    def _fetch(self, request: LookupRequest, key: str) -> Answer:
        check(request)
        refusal = self._policy.refusal(request.requester)
        if refusal is not None:
            return self._without_history(request, Outcome.DISALLOWED, detail=refusal)
        sealed = self._sealed(key, request)
        staged = sealed.get("staged", _Staged)
        if staged is None or not is_same_patient(self._matcher, request.person, staged.person):
            raise Forbidden(
                "The retrieval key does not hold: it is unknown, has ended, or is not for this requester, patient "
                "and period.",
                remedy="Send the request again without pre-stage-retrieval-key.",
            )
        gathered = self._gathered(sealed, staged.at)
        if gathered is _NOT_YET:
            return self._without_history(
                request,
                Outcome.DEFERRED,
                detail="The history is still being gathered. Send the same request again.",
                retry_after=_PAUSE,
            )
        plain = replace(request, retrieval_key=None)
        if not isinstance(gathered, Answer) or gathered.outcome not in ANSWERED:
            return self._lookup(plain)
        return self._with_home(plain, gathered)

    def _gathered(self, sealed: Sealed, staged: float) -> Answer | _NotYet | None:
        """What was gathered; None when that failed, or has been lost. Waits for it while there is a seat."""
        found = self._now(sealed, staged)
        if found is not _NOT_YET or not self._seats.acquire(blocking=False):
            return found
        try:
            for _ in range(int(self._rules.wait / _POLL)):
                with waiting():
                    self._sleep(_POLL)
                found = self._now(sealed, staged)
                if found is not _NOT_YET:
                    break
            return found
        finally:
            self._seats.release()

    def _now(self, sealed: Sealed, staged: float) -> Answer | _NotYet | None:
        answer = sealed.get("gathered", Answer)
        if answer is not None:
            return answer
        is_lost = self._clock().timestamp() - staged > self._rules.patience
        return None if is_lost or sealed.get("failed", bool) else _NOT_YET

    def _with_home(self, request: LookupRequest, gathered: Answer) -> Answer:
        elsewhere = tuple(s for s in gathered.states if s.state != self._home)
        if request.states and self._home not in request.states:
            return gathered
        home = self._lookup(replace(request, states=(self._home,)))
        if elsewhere and not is_one_person(home, gathered, self._home):
            return self._lookup(request)
        answer = joined(home, gathered, elsewhere=frozenset(s.state for s in elsewhere))
        return answer if answer is home else self._lookup.analysed(answer)

    # --- both -------------------------------------------------------------------------------------------------

    def _sealed(self, key: str, request: LookupRequest) -> Sealed:
        asks = request.requester
        bound = (
            asks.client_id,
            _identity(asks.practitioner),
            _identity(asks.delegate),
            request.person and (request.person.species, request.person.birth_date),
            request.person_key,
            request.dispensation_id,
            request.period,
            sorted(request.states),
        )
        return Sealed(self._ephemeral, key, purpose="staging", bound=bound)

    def _without_history(
        self,
        request: LookupRequest,
        outcome: Outcome,
        *,
        detail: str | None = None,
        key: str | None = None,
        retry_after: int | None = None,
    ) -> Answer:
        now = self._clock()
        return Answer(
            outcome=outcome,
            report_id=str(uuid.uuid4()),
            generated_at=now,
            period=Period(start=request.period.start, end=request.period.end or now.date()),
            detail=detail,
            retrieval_key=key,
            retry_after=retry_after,
        )


class _NotYet:
    """Neither gathered nor given up."""


_NOT_YET: Final = _NotYet()


def _identity(practitioner: Practitioner | None) -> object:
    """What a practitioner is known by: spellings of a name may differ from message to message."""
    if practitioner is None:
        return None
    return practitioner.npi or practitioner.dea or practitioner
