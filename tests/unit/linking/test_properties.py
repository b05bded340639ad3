"""Whatever is reported, merged, split and undone, in any order: every dispensation is shown exactly once, and undoing
everything gives back the people as they were."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bootstrap import Gateway, build
from gateway.errors import Conflict
from gateway.linking import Asked, Merge, Split, Undo
from gateway.model import Dispensation, IntakeAction, LinkAction, Period, Person
from gateway.settings import load_settings
from tests.contract.ports.fakes import Ticking
from tests.unit.linking.records import (
    HARTFORD,
    MARRIED,
    NORWALK,
    SHE,
    again,
    mend,
    report,
    reported,
    somebody,
)

PEOPLE = (
    SHE,
    replace(SHE, phones=("8605550142",)),
    replace(SHE, addresses=(HARTFORD, NORWALK)),
    MARRIED,
    somebody("Hawthorne", "Rosemary", addresses=(NORWALK,)),
    somebody("Zimmer", "Otto"),
    somebody("Smith", "Mary"),
    somebody("Smith", "Mary", addresses=(NORWALK,)),
)
_number = st.integers(0, 20)
MOVES = st.tuples(st.sampled_from(["merge", "split", "undo"]), _number, _number)
REPORTS = st.tuples(st.sampled_from(["report", "revise", "void", "correct"]), _number, _number)


@contextmanager
def a_gateway() -> Iterator[Gateway]:
    with tempfile.TemporaryDirectory() as folder:
        built = build(load_settings(environ={}, overrides={"data_dir": folder}), clock=Ticking())
        try:
            yield built
        finally:
            built.close()


class World:
    """A gateway, and what was reported to it: the active dispensations by prescription number."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.sent: dict[str, Dispensation] = {}
        self.given: dict[str, list[str]] = {}  # every id that a dispensation has had
        self.void: set[str] = set()

    def do(self, what: str, one: int, other: int) -> None:
        if what in {"merge", "split", "undo"}:
            asked = self._asked(what, one, other)
            if asked is not None:
                with suppress(Conflict):
                    mend(self.gateway, asked)
        elif what == "report" or not self.sent:
            number = str(len(self.sent))
            self.sent[number] = reported(number, PEOPLE[one % len(PEOPLE)])
            self._keep(number, report(self.gateway, number, self.sent[number].person).dispensation)
        else:
            self._change(what, str(one % len(self.sent)), other)

    def _change(self, what: str, number: str, other: int) -> None:
        """By the fill, or by an id given out at any time."""
        ids = self.given[number]
        original = ids[other % len(ids)] if other % 2 else None
        before = self.sent[number]
        if what == "void":
            again(self.gateway, IntakeAction.VOID, before, original=original)
            self.void.add(number)
            return
        person = PEOPLE[other % len(PEOPLE)] if what == "correct" else before.person
        after = replace(before, days_supply=before.days_supply + 1, person=person)
        result = again(self.gateway, IntakeAction.REVISE, after, original=original)
        assert (result.dispensation is None) is (number in self.void), result.issues
        if number not in self.void:
            self.sent[number] = after
            self._keep(number, result.dispensation)

    def _keep(self, number: str, dispensation: Dispensation | None) -> None:
        """A dispensation that a dispenser corrects to be another person's is void there, and a new one here."""
        assert dispensation is not None
        before = self.given.get(number, [])
        is_same = bool(before) and self.gateway.store.dispensation(before[0]) == dispensation
        self.given[number] = [*(before if is_same else ()), str(dispensation.id)]

    def _asked(self, what: str, one: int, other: int) -> Asked | None:
        keys = sorted(self.gateway.store.person_keys())
        links = self.gateway.store.links(1000)
        if what == "undo":
            return Undo(links[one % len(links)].id) if links else None
        if not keys:
            return None
        key = keys[one % len(keys)]
        if what == "merge":
            return Merge(key, keys[other % len(keys)])
        held = self.gateway.store.person(key)
        assert held is not None
        numbers = sorted(held.numbers)
        return Split(
            key, frozenset(n for n in numbers if (other >> n) & 1 or n == numbers[other % len(numbers)])
        )

    def histories(self) -> list[Dispensation]:
        found = [self.gateway.store.history(key, Period()) for key in self.gateway.store.person_keys()]
        return [one for history in found if history for one in history.dispensations]

    def groups(self) -> Counter[frozenset[Person]]:
        """Who is one person: the demographics of each."""
        held = [self.gateway.store.person(key) for key in self.gateway.store.person_keys()]
        return Counter(
            frozenset(replace(a.person, key=None, appearance=None) for a in one.appearances)
            for one in held
            if one
        )

    def check(self) -> None:
        shown = {one.rx_number: one for one in self.histories()}
        active = {number for number in self.sent if number not in self.void}
        assert Counter(one.rx_number for one in self.histories()) == Counter(active)
        with self.gateway.store.intake() as unit:
            for number, one in shown.items():
                assert replace(one.person, key=None, appearance=None) == self.sent[number].person
                assert one.days_supply == self.sent[number].days_supply
                found = unit.same_fill(one)
                assert found is not None
                assert found.dispensation == one, "the index of fills leads to what is shown"
                for id in self.given[number]:
                    assert self.gateway.store.dispensation(id) == one, "and so does every id given out"


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(REPORTS, MOVES), max_size=25))
def test_every_dispensation_is_shown_exactly_once(steps: list[tuple[str, int, int]]) -> None:
    with a_gateway() as gateway:
        world = World(gateway)
        for person in range(len(PEOPLE)):
            world.do("report", person, 0)
        for step in steps:
            world.do(*step)
            world.check()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(MOVES, st.tuples(st.just("report"), _number, _number)), max_size=25))
def test_undoing_everything_gives_back_the_people_as_they_were(steps: list[tuple[str, int, int]]) -> None:
    with a_gateway() as gateway:
        world = World(gateway)
        for person in range(len(PEOPLE)):
            world.do("report", person, 0)
        before = world.groups()
        for step in steps:
            world.do(*step)
        while todo := [link for link in gateway.store.links(1000) if not (link.undone_by or link.undoes)]:
            assert any(_is_undone(gateway, link.id) for link in todo), "something can always be undone"
        assert world.groups() == before
        world.check()


def _is_undone(gateway: Gateway, link_id: str) -> bool:
    with suppress(Conflict):
        return mend(gateway, Undo(link_id)).action is LinkAction.UNDO
    return False
