"""Staging: accepted at once, gathered in the background, fetched when it is wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from gateway.errors import Forbidden, MessageError, Unavailable
from gateway.model import (
    Analysis,
    Answer,
    Outcome,
    StateOutcome,
)
from gateway.model.audit import AuditAction, staging_of
from tests.factory import NOW, a_dispensation, an_answer
from tests.unit.staged import (
    World,
    a_world,
    ask,
    gathered,
    stage,
)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as made:
        yield made


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
