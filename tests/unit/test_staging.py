"""Staging: accepted at once, gathered in the background, fetched by whom it was staged for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.ephemeral import Memory
from gateway.errors import Forbidden, MessageError, Unavailable
from gateway.matching import FellegiSunter
from gateway.model import (
    Address,
    Analysis,
    Answer,
    Identifier,
    IdentifierKind,
    LookupRequest,
    Outcome,
    Period,
    Person,
    PersonName,
    Practitioner,
    Species,
    StateOutcome,
)
from gateway.model.audit import AuditAction, AuditEvent, staging_of
from gateway.staging import Staging, StagingRules
from tests.factory import NOW, a_dispensation, a_lookup, a_person, a_requester, an_answer

REQUESTER = replace(a_requester(), client_id="clinic")
MATCHER = FellegiSunter()
HER = a_person(key=None, appearance=None)
BARE = replace(HER, addresses=(), phones=())
REX = Person(
    names=(PersonName(family="Quillfeather", given=("Rex",)),), species=Species.VETERINARY, owner=HER
)


def ssn(value: str) -> tuple[Identifier, ...]:
    return (Identifier(kind=IdentifierKind.SSN, value=value),)


def called(*given: str, family: str = "Quillfeather") -> tuple[PersonName, ...]:
    return (PersonName(family=family, given=given),)


class World:
    """Everything around the staging, each part as the test sets it."""

    def __init__(self) -> None:
        self.now: datetime = NOW
        self.refused: str | None = None
        self.asked: list[LookupRequest] = []
        self.answers: list[Answer | Exception] = []
        self.events: list[AuditEvent] = []
        self.gate = threading.Event()
        self.gate.set()
        self.seconds = 0.0
        self.facts = Memory(clock=self.passed)
        self.staging = self.another()

    def another(self, **over: Any) -> Staging:
        rules: dict[str, Any] = {
            "home": "CT",
            "lifetime": 900,
            "gatherers": 1,
            "queue": 1,
            "wait": 1,
            "waiters": 1,
        }
        rules["patience"] = 60
        return Staging(
            lookup=HistoryLookup(self),
            matcher=MATCHER,
            policy=Policy(self),
            ephemeral=self.facts,
            audit=self,
            clock=lambda: self.now,
            rules=StagingRules(**{**rules, **over}),
            sleep=self.sleep,
        )

    def lookup(self, request: LookupRequest) -> Answer:
        self.asked.append(request)
        if threading.current_thread().name.startswith("gather"):
            self.gate.wait(30)
        answer = self.answers.pop(0) if self.answers else an_answer()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def passed(self) -> float:
        return (self.now - NOW).total_seconds()

    def judge(self, requester: object) -> str | None:
        return self.refused


class HistoryLookup:
    """As the world says at the time; its figures are of as many dispensations as the answer has."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: LookupRequest) -> Answer:
        return self._world.lookup(request)

    def analysed(self, answer: Answer) -> Answer:
        figures = tuple(Decimal(n) for n, _ in enumerate(answer.dispensations))
        return replace(answer, analysis=Analysis(as_of=NOW.date(), mme=figures, lme=figures))


class Policy:
    """As the world says at the time."""

    def __init__(self, world: World) -> None:
        self.refusal = world.judge


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.gate.set()
    made.staging.close()


def ask(**over: Any) -> LookupRequest:
    return a_lookup(requester=REQUESTER, **over)


def stage(world: World) -> str:
    answer = world.staging(ask(stage_only=True))
    assert (answer.outcome, answer.dispensations) == (Outcome.DEFERRED, ())
    assert answer.retrieval_key
    return answer.retrieval_key


def gathered(world: World) -> None:
    world.gate.set()
    world.staging._pool.submit(lambda: None).result(30)


def test_a_key_fetches_the_history_again_and_again(world: World) -> None:
    key = stage(world)
    gathered(world)
    for _ in range(2):
        assert world.staging(ask(retrieval_key=key)).outcome is Outcome.COMPLETE
    assert not any(r.stage_only or r.retrieval_key for r in world.asked)
    assert len(key) >= 43


def test_a_request_as_any_goes_straight_through(world: World) -> None:
    assert world.staging(ask()).outcome is Outcome.COMPLETE
    assert world.asked == [ask()]


def test_the_home_record_is_read_at_the_fetch(world: World) -> None:
    """What was voided or recorded meanwhile, whose record was split off: the history is the one of now."""
    world.answers = [an_answer(), an_answer(outcome=Outcome.NO_DATA)]
    key = stage(world)
    gathered(world)
    assert world.staging(ask(retrieval_key=key)).outcome is Outcome.NO_DATA


def test_what_other_states_had_said_is_as_of_then(world: World) -> None:
    ours = a_dispensation(filled=date(2026, 9, 1), source_state="CT")
    theirs = a_dispensation(filled=date(2026, 9, 2), source_state="NY")
    told = (
        StateOutcome(state="CT", outcome=Outcome.COMPLETE),
        StateOutcome(state="NY", outcome=Outcome.COMPLETE),
    )
    world.answers = [
        an_answer(dispensations=(theirs, ours), states=told, generated_at=NOW),
        an_answer(
            outcome=Outcome.NO_DATA,
            states=(StateOutcome(state="CT", outcome=Outcome.NO_DATA),),
            generated_at=NOW + timedelta(seconds=90),
        ),
    ]
    request = ask(states=("CT", "NY"))
    key = world.staging(replace(request, stage_only=True)).retrieval_key
    gathered(world)
    answer = world.staging(replace(request, retrieval_key=key))
    assert world.asked[-1].states == ("CT",)
    assert (answer.outcome, answer.dispensations) == (Outcome.COMPLETE, (theirs,))
    assert answer.persons == (theirs.person,)
    assert answer.generated_at == NOW


def test_the_figures_are_of_what_is_shown(world: World) -> None:
    ours, theirs = (a_dispensation(source_state=state) for state in ("CT", "NY"))
    told = tuple(StateOutcome(state=s, outcome=Outcome.COMPLETE) for s in ("CT", "NY"))
    of_one = Analysis(as_of=NOW.date(), mme=(Decimal(9),), lme=(None,))
    world.answers = [
        an_answer(dispensations=(ours, theirs), states=told),
        an_answer(dispensations=(ours,), states=told[:1], analysis=of_one),
    ]
    request = ask(states=("CT", "NY"))
    key = world.staging(replace(request, stage_only=True)).retrieval_key
    gathered(world)
    answer = world.staging(replace(request, retrieval_key=key))
    assert answer.analysis is not None
    assert len(answer.analysis.mme) == len(answer.dispensations) == 2


def test_a_state_that_was_silent_then_makes_it_partial(world: World) -> None:
    silent = StateOutcome(state="NY", outcome=Outcome.ERROR, detail="NY did not answer.")
    home = StateOutcome(state="CT", outcome=Outcome.COMPLETE)
    world.answers = [
        an_answer(outcome=Outcome.PARTIAL, states=(home, silent)),
        an_answer(states=(home,)),
    ]
    request = ask(states=("CT", "NY"))
    key = world.staging(replace(request, stage_only=True)).retrieval_key
    gathered(world)
    answer = world.staging(replace(request, retrieval_key=key))
    assert answer.outcome is Outcome.PARTIAL
    assert answer.detail is not None
    assert "NY did not answer." in answer.detail


@pytest.mark.parametrize(
    "over",
    [
        {"requester": replace(REQUESTER, client_id="other")},
        {"requester": replace(REQUESTER, practitioner=Practitioner(npi="1234567893", role="Physician"))},
        {"requester": replace(REQUESTER, delegate=Practitioner(npi="1234567893"))},
        {"person": a_person(key=None, appearance=None, birth_date=date(1971, 4, 10))},
        {"period": Period()},
        {"retrieval_key": "k" * 43},
        {"retrieval_key": ""},
    ],
)
def test_in_other_hands_the_key_says_nothing(world: World, over: dict[str, Any]) -> None:
    key = stage(world)
    gathered(world)
    before = len(world.asked)
    with pytest.raises(Forbidden) as refused:
        world.staging(replace(ask(retrieval_key=key), **over))
    with pytest.raises(Forbidden) as unknown:
        world.staging(ask(retrieval_key="never"))
    assert str(refused.value) == str(unknown.value)
    assert len(world.asked) == before, "nothing was looked up"


@pytest.mark.parametrize(
    ("staged", "fetched"),
    [
        (HER, replace(HER, phones=("8605550142", "2035550100"))),
        (BARE, HER),
        (HER, BARE),
        (HER, replace(HER, names=called("Marigold"))),
        (HER, replace(HER, names=called("MARIGOLD", "Ann", family="QUILLFEATHER"))),
        (HER, replace(HER, addresses=(Address(lines=("9 Elm St",), city="Bridgeport", state="CT"),))),
        (HER, replace(HER, identifiers=ssn("987654320"))),
        (REX, replace(REX, owner=replace(HER, phones=()))),
    ],
)
def test_more_may_be_known_of_her_by_the_fetch(world: World, staged: Person, fetched: Person) -> None:
    key = world.staging(ask(person=staged, stage_only=True)).retrieval_key
    gathered(world)
    assert world.staging(ask(person=fetched, retrieval_key=key)).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    ("staged", "fetched"),
    [
        (HER, replace(HER, names=called("Rosemary", "Ann"))),  # a twin
        (HER, replace(HER, names=called("Maribel"))),
        (HER, replace(HER, birth_date=date(1971, 4, 10))),
        (HER, replace(HER, names=called("Thaddeus", family="Okonkwo-Baird"))),
        (
            HER,  # of her name and day, with nothing else in common
            replace(
                HER,
                phones=("2035550100",),
                addresses=(Address(lines=("9 Elm St",), city="Bridgeport", state="CT", postal_code="06604"),),
            ),
        ),
        (replace(HER, identifiers=ssn("987654320")), replace(HER, identifiers=ssn("987654321"))),
        (HER, REX),
        (REX, replace(REX, names=called("Bella"))),
        (
            REX,
            replace(
                REX, owner=a_person(names=called("Ada", family="Otherwise"), birth_date=date(1980, 1, 2))
            ),
        ),
    ],
)
def test_another_patient_is_refused(world: World, staged: Person, fetched: Person) -> None:
    key = world.staging(ask(person=staged, stage_only=True)).retrieval_key
    gathered(world)
    before = len(world.asked)
    with pytest.raises(Forbidden) as refused:
        world.staging(ask(person=fetched, retrieval_key=key))
    with pytest.raises(Forbidden) as unknown:
        world.staging(ask(retrieval_key="never"))
    assert str(refused.value) == str(unknown.value)
    assert len(world.asked) == before


def test_what_was_gathered_is_not_joined_to_another_person(world: World) -> None:
    """The record finds somebody else by now: she was merged or split, or more was sent of her."""
    ours = a_dispensation(source_state="CT", person=a_person(key="OLD"))
    theirs = a_dispensation(source_state="NY", person=a_person(key=None))
    told = tuple(StateOutcome(state=s, outcome=Outcome.COMPLETE) for s in ("CT", "NY"))
    now = a_dispensation(source_state="CT", person=a_person(key="NEW"))
    anew = an_answer(dispensations=(now,), states=told)
    world.answers = [
        an_answer(dispensations=(theirs, ours), states=told),
        an_answer(dispensations=(now,), states=told[:1]),
        anew,
    ]
    request = ask(states=("CT", "NY"))
    key = world.staging(replace(request, stage_only=True)).retrieval_key
    gathered(world)
    assert world.staging(replace(request, retrieval_key=key)) is anew
    assert world.asked[-1] == request, "all states were asked anew"


def test_the_key_ends(world: World) -> None:
    key = stage(world)
    gathered(world)
    world.now += timedelta(seconds=901)
    with pytest.raises(Forbidden):
        world.staging(ask(retrieval_key=key))


def test_a_fetch_that_comes_too_early_waits_and_is_deferred(world: World) -> None:
    world.gate.clear()
    key = stage(world)
    answer = world.staging(ask(retrieval_key=key))
    assert (answer.outcome, answer.retrieval_key) == (Outcome.DEFERRED, None)
    assert answer.retry_after
    assert 0.9 < world.seconds < 1.1
    gathered(world)
    assert world.staging(ask(retrieval_key=key)).outcome is Outcome.COMPLETE


def test_only_so_many_fetches_wait(world: World) -> None:
    """The others do not, so that waiting holds no more than its share of the threads."""
    world.gate.clear()
    key = stage(world)
    sleeping, go_on = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        sleeping.set()
        go_on.wait(30)
        world.seconds += seconds

    world.staging._sleep = sleep
    first: list[Answer] = []
    waiting = threading.Thread(target=lambda: first.append(world.staging(ask(retrieval_key=key))))
    waiting.start()
    assert sleeping.wait(30)
    answer = world.staging(ask(retrieval_key=key))
    assert (answer.outcome, world.seconds) == (Outcome.DEFERRED, 0.0)
    assert answer.retry_after
    go_on.set()
    waiting.join(30)
    assert first[0].outcome is Outcome.DEFERRED
    assert world.seconds > 0.9
    world.seconds = 0.0
    world.staging(ask(retrieval_key=key))
    assert world.seconds > 0.9, "the seat is free again"


def test_what_was_lost_is_looked_up(world: World) -> None:
    """The worker that gathered it has ended."""
    world.gate.clear()
    key = stage(world)
    world.now += timedelta(seconds=61)
    assert world.staging(ask(retrieval_key=key)).outcome is Outcome.COMPLETE


@pytest.mark.parametrize("error", [Unavailable("no"), RuntimeError("Quillfeather")])
def test_a_failure_is_audited_and_the_fetch_looks_up(world: World, error: Exception) -> None:
    world.answers = [error]
    key = stage(world)
    gathered(world)
    (event,) = world.events
    assert (event.action, event.operation) == (AuditAction.REQUEST_FAILED, "gather")
    assert (event.client_id, event.person_key) == ("clinic", None)
    assert event.staging == staging_of(key)
    assert world.staging(ask(retrieval_key=key)).outcome is Outcome.COMPLETE


def test_the_fetch_fails_as_any_look_up(world: World) -> None:
    world.answers = [Unavailable("no"), Unavailable("no")]
    key = stage(world)
    gathered(world)
    with pytest.raises(Unavailable):
        world.staging(ask(retrieval_key=key))


def test_there_is_room_for_so_many(world: World) -> None:
    world.gate.clear()
    stage(world), stage(world)
    with pytest.raises(Unavailable) as full:
        stage(world)
    assert full.value.retry_after
    gathered(world)
    world.staging._room.acquire(timeout=30)
    world.staging._room.release()
    stage(world)


def test_what_was_accepted_is_gathered_before_the_end(world: World) -> None:
    world.gate.clear()
    keys = [stage(world), stage(world)]
    closing = threading.Thread(target=world.staging.close)
    closing.start()
    world.gate.set()
    closing.join(30)
    for key in keys:
        sealed = world.staging._sealed(key, ask())
        assert sealed.get("gathered", Answer) is not None
    with pytest.raises(Unavailable):
        stage(world)


def test_policy_and_consent_are_judged_both_times(world: World) -> None:
    key = stage(world)
    gathered(world)
    world.refused = "Not you."
    before = len(world.asked)
    for request in (ask(stage_only=True), ask(retrieval_key=key)):
        answer = world.staging(request)
        assert (answer.outcome, answer.retrieval_key) == (Outcome.DISALLOWED, None)
        with pytest.raises(MessageError):
            world.staging(replace(request, consent=False))
    assert len(world.asked) == before


def test_it_is_staged_or_fetched(world: World) -> None:
    with pytest.raises(MessageError):
        world.staging(ask(stage_only=True, retrieval_key="k"))


def test_nothing_is_accepted_while_keys_cannot_be_kept(world: World) -> None:
    world.facts._room = 0
    for _ in range(5):  # and a refusal takes no place
        with pytest.raises(Unavailable):
            stage(world)
    assert world.asked == []
