"""The first use case: one patient's history, for somebody who may see it.

    authorise -> match the person -> choose states -> ask -> leave out what may not be shown -> analyse -> answer

Reads from top to bottom in :meth:`Lookup.__call__`. Whatever happens ends in an :class:`~gateway.model.Answer` or
in a :class:`~gateway.errors.GatewayError`: a lookup that fails never looks like "no records". The pipeline writes the
audit event once the answer is ready and before it leaves.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from gateway.clinical import Analyst
from gateway.drugs import DrugTable, drugs_of
from gateway.errors import ErrorCode, MessageError, NotFound, Unavailable
from gateway.matching import Ambiguous, Match, Matcher
from gateway.model import (
    Answer,
    Dispensation,
    DrugClass,
    LookupRequest,
    MatchEvidence,
    Outcome,
    Period,
    Person,
    StateOutcome,
)
from gateway.ports import Clock, History, Policy, RecordStore, StateRules
from gateway.routing import plan

_ATTEMPTS = 5  # where a person is split or merged just while she is looked up

# The first sentence of each fits into SCRIPT's 70 characters.
_DUPLICATE = "Another record may be this patient's too; it is not shown here."
_ONLY_DUPLICATE = "Nothing to show here, but another record may be this patient's."
_LOOK_THERE = "Ask again with an earlier address, phone number or name."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the home record says: how the person was matched, and what is held."""

    outcome: Outcome
    dispensations: tuple[Dispensation, ...] = ()
    evidence: MatchEvidence | None = None
    detail: str | None = None
    caution: str | None = None  # said beside a history that may not be the whole one


class Lookup:
    """Answers requests for a history out of one record.

    :param rules: the home state's rules.
    """

    def __init__(
        self,
        *,
        store: RecordStore,
        matcher: Matcher,
        drugs: DrugTable,
        policy: Policy,
        rules: StateRules,
        analyst: Analyst,
        clock: Clock,
    ) -> None:
        self._store = store
        self._matcher = matcher
        self._drugs = drugs
        self._policy = policy
        self._rules = rules
        self._analyst = analyst
        self._clock = clock

    def __call__(self, request: LookupRequest) -> Answer:
        """The answer, of whatever outcome.

        :raises MessageError: the request contradicts itself (consent refused, a period that ends before it starts),
            or names a person key that nobody has.
        :raises Unavailable: the record cannot be read now.
        """
        check(request)
        refusal = self._policy.refusal(request.requester)
        if refusal is not None:
            return self._answer(request.period, _Found(outcome=Outcome.DISALLOWED, detail=refusal))
        route = plan(request.states, home=self._rules.code)
        found = self._ask_home(request) if route.home else _Found(outcome=Outcome.ERROR)
        answer = self._answer(request.period, found, home_asked=route.home, silent=route.unreachable)
        return answer if request.dispensation_id is not None else self.analysed(answer)

    def analysed(self, answer: Answer) -> Answer:
        """With the figures of what is shown, as of the day of the answer or the last one that was asked for."""
        if not answer.dispensations:
            return answer
        today = answer.generated_at.date()
        as_of = min(today, answer.period.end or today)
        return replace(answer, analysis=self._analyst(answer.dispensations, as_of=as_of))

    def _ask_home(self, request: LookupRequest) -> _Found:
        if request.dispensation_id is not None:
            one = self._store.dispensation(request.dispensation_id)
            return self._held([one] if one else [])  # void as well: who names it is to learn that it is
        if request.person is None:
            return self._held(self._history(request.person_key or "", request.period).dispensations)
        for _ in range(_ATTEMPTS):
            found = self._match(request.person, request.period)
            if found is not None:
                return found
        raise Unavailable("The people in question are being split or merged.")

    def _match(self, person: Person, period: Period) -> _Found | None:
        """What is found by demographics. None where an operator has split or merged between the two reads: what was
        matched may be somebody else's by now."""
        candidates = self._store.candidates(self._matcher.blocking_keys(person))
        decision = self._matcher.decide(person, candidates)
        match decision:
            case Ambiguous(evidence=evidence):
                return _Found(outcome=Outcome.AMBIGUOUS, evidence=evidence, detail=_ambiguity(evidence))
            case Match(person_key=key, evidence=evidence):
                history = self._history(key, period)
                matched = {one.appearance for one in candidates if one.key == key}
                if history.person_key != key or not matched <= history.appearances:
                    return None
                found = self._held(history.dispensations, evidence)
                return _with_caution(found) if decision.possible_duplicates else found
            case _:
                return self._held((), decision.evidence)

    def _history(self, key: str, period: Period) -> History:
        """:raises NotFound: nobody has this key: a key that was mistyped is not a patient without records."""
        history = self._store.history(key, period)
        if history is None:
            raise NotFound(
                "Nobody in the record has this person key.",
                path="patient",
                remedy="Use the key of an earlier answer, or look the patient up by demographics.",
            )
        return history

    def _held(self, held: Iterable[Dispensation], evidence: MatchEvidence | None = None) -> _Found:
        held = tuple(held)
        whole = {id(d.drug): d.drug for d in held}
        parts = (part for d in held if d.compound for part in drugs_of(d)[1:])
        self._drugs.prepare(chain(whole.values(), parts))
        hidden: dict[int, bool] = {}  # by the identity of the drug, which is one object for many fills
        shown = tuple(self._disclosed(d) for d in held if not self._is_hidden(d, hidden))
        outcome = Outcome.COMPLETE if shown else Outcome.NO_DATA
        return _Found(outcome=outcome, dispensations=shown, evidence=evidence)

    def _is_hidden(self, dispensation: Dispensation, known: dict[int, bool]) -> bool:
        """A compounded drug is hidden only when each of its parts is.

        :param known: what was found of drugs of the same answer.
        """
        hidden, drug = self._rules.hidden_ingredients, dispensation.drug
        if id(drug) not in known:
            known[id(drug)] = self._drugs.is_hidden(drug, hidden)
        return known[id(drug)] and all(
            self._drugs.is_hidden(part, hidden) for part in drugs_of(dispensation)[1:]
        )

    def _disclosed(self, dispensation: Dispensation) -> Dispensation:
        """Without identifiers, and with a drug that was not known when it was reported as the table has it today."""
        person = _without_identifiers(dispensation.person)
        held = drug = dispensation.drug
        if held.drug_class is DrugClass.UNKNOWN or not held.ingredients:
            drug = self._drugs.resolve(held)
        if person is dispensation.person and (drug is held or drug == held):
            return dispensation
        return replace(dispensation, person=person, drug=drug)

    def _effective(self, asked: Period, found: _Found) -> Period:
        """What the answer covers. An end that was left open is not a filter, and the answer says how far it reaches:
        from the day collection began until today, or further where the record does."""
        filled = [d.filled for d in found.dispensations]
        return Period(
            start=asked.start or min(self._rules.record_since, *filled, asked.end or date.max),
            end=asked.end or max(self._clock().date(), *filled, asked.start or date.min),
        )

    def _answer(
        self,
        asked: Period,
        found: _Found,
        *,
        home_asked: bool = True,
        silent: tuple[StateOutcome, ...] = (),
    ) -> Answer:
        outcome, detail = found.outcome, found.detail or found.caution
        if silent and outcome in {Outcome.COMPLETE, Outcome.NO_DATA}:
            outcome = Outcome.PARTIAL
        if silent:
            detail = " ".join(filter(None, [detail, *(s.detail for s in silent)]))
        home = (
            (StateOutcome(state=self._rules.code, outcome=found.outcome, detail=found.detail),)
            if home_asked
            else ()
        )
        return Answer(
            outcome=outcome,
            report_id=str(uuid.uuid4()),
            generated_at=self._clock(),
            period=self._effective(asked, found),
            persons=tuple(dict.fromkeys({id(d.person): d.person for d in found.dispensations}.values())),
            dispensations=found.dispensations,
            states=home + silent,
            match=found.evidence,
            detail=detail,
            disclaimers=self._rules.disclaimers,
        )


def check(request: LookupRequest) -> None:
    """:raises MessageError: the request contradicts itself, or its own consent forbids it."""
    period = request.period
    if request.person is None and request.person_key is None and request.dispensation_id is None:
        raise MessageError("The request names no patient.", code=ErrorCode.REQUIRED)
    if request.consent is False:
        raise MessageError(
            "The consent in the request forbids processing a medication history.",
            code=ErrorCode.CONSENT,
            remedy="Obtain the patient's consent and send it with the request.",
        )
    if period.start and period.end and period.end < period.start:
        raise MessageError(
            "The period's end lies before its start.",
            code=ErrorCode.DATE_RANGE,
            remedy="Ask for a period whose end is the same day as its start or later.",
        )


def _with_caution(found: _Found) -> _Found:
    """What is found of one person while somebody else in the record may be the same.

    A history is shown and says that it may lack something. "No records" is not said: the other record may have some.
    """
    if found.outcome is Outcome.NO_DATA:
        return replace(found, outcome=Outcome.AMBIGUOUS, detail=f"{_ONLY_DUPLICATE} {_LOOK_THERE}")
    return replace(found, caution=f"{_DUPLICATE} {_LOOK_THERE}")


def _ambiguity(evidence: MatchEvidence) -> str:
    """One sentence for both: a single person who fits not well enough, and several who do."""
    sentence = "No certain match in the record; no history is shown."
    if evidence.deciding:
        return f"{sentence} Check or send: {', '.join(evidence.deciding)}."
    return sentence


def _without_identifiers(person: Person) -> Person:
    """Identifiers serve matching; a reader of the report has no need of another provider's record of them."""
    owner = _without_identifiers(person.owner) if person.owner else None
    if not person.identifiers and owner is person.owner:
        return person
    return replace(person, identifiers=(), owner=owner)
