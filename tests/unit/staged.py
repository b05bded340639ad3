"""Staging by itself: a look-up that a test can hold back, its clock, its audit and its policy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.ephemeral import Memory
from gateway.matching import FellegiSunter
from gateway.model import (
    Analysis,
    Answer,
    Identifier,
    IdentifierKind,
    LookupRequest,
    Outcome,
    Person,
    PersonName,
    Species,
)
from gateway.model.audit import AuditEvent
from gateway.staging import Staging, StagingRules
from tests.factory import NOW, a_lookup, a_person, a_requester, an_answer

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


@contextmanager
def a_world() -> Iterator[World]:
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
