"""The population is one that can be followed: intake with the matcher merges nobody and splits hardly anybody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import cast

import pytest

from gateway.drugs import DrugTable
from gateway.intake import Intake
from gateway.matching import FellegiSunter
from gateway.model import Dispensation, Dispenser, IntakeBatch, IntakeRecord, IntakeVerdict, Person
from gateway.ports import RecordStore
from tests.unit.synth.population import people

PEOPLE = 300


class Memory:
    """A record that holds appearances and blocking keys only: what linking needs."""

    def __init__(self) -> None:
        self._appearances: list[list[Person]] = []
        self._known: defaultdict[str, set[int]] = defaultdict(set)

    @contextmanager
    def intake(self, records: int = 1) -> Iterator[Memory]:
        yield self

    def same_fill(self, dispensation: Dispensation) -> None:
        """Nothing is reported twice here."""

    def candidates(self, keys: Collection[str]) -> Sequence[Person]:
        found = {n for key in keys for n in self._known.get(key, ())}
        return [person for n in sorted(found) for person in self._appearances[n]]

    def add_person(self, person: Person, keys: Collection[str]) -> str:
        self._appearances.append([])
        return str(len(self._appearances) - 1)

    def prepare(self, fills: Collection[Dispensation], keys: Collection[str] = ()) -> None:
        """Everything is in memory."""

    def add_dispensation(
        self, key: str, dispensation: Dispensation, keys: Collection[str], *, report: bytes | None = None
    ) -> Dispensation:
        appearance = replace(dispensation.person, key=key)
        if appearance not in self._appearances[int(key)]:
            self._appearances[int(key)].append(appearance)
        for one in keys:
            self._known[one].add(int(key))
        return replace(dispensation, person=appearance)

    def add_report(self, dispenser: Dispenser, days: Collection[date]) -> None:
        """Who has reported does not matter here."""


@pytest.mark.parametrize("seed", [1, 7, 20_261])
def test_linking(seed: int) -> None:
    intake = Intake(
        store=cast(RecordStore, Memory()),
        matcher=FellegiSunter(),
        drugs=DrugTable.load(),
        clock=lambda: datetime(2026, 11, 2, tzinfo=UTC),
    )
    linked: list[Counter[str]] = []
    for person in people(PEOPLE, seed):
        records = tuple(IntakeRecord(dispensation=d, path="r") for d in person.dispensations)
        results = intake(IntakeBatch(records=records)).results
        assert {r.verdict for r in results} <= {IntakeVerdict.CREATED}
        linked.append(Counter(r.dispensation.person.key or "" for r in results if r.dispensation))
    owners = Counter(key for keys in linked for key in keys)
    assert set(owners.values()) == {1}, "two people were merged"
    total = sum(keys.total() for keys in linked)
    together = sum(max(keys.values(), default=0) for keys in linked)
    assert together / total >= 0.97
