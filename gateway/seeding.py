"""A synthetic population into a record, by the same intake that real dispensations take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from gateway.model import IntakeBatch, IntakeRecord, IntakeVerdict
from gateway.synth import SynthPerson, generate

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

PEOPLE_A_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedingReport:
    """How many people were made, and how many dispensations were recorded, were there already, or were refused."""

    people: int
    recorded: int
    unchanged: int
    rejected: int

    @property
    def sentence(self) -> str:
        """The report in one line."""
        return (
            f"{self.people} people: {self.recorded} dispensations recorded, {self.unchanged} recorded before, "
            f"{self.rejected} rejected"
        )


def seed_record(
    gateway: Gateway,
    *,
    patients: int,
    years: int,
    seed: int,
    until: date,
    seen: Callable[[SynthPerson], None] = lambda person: None,
) -> SeedingReport:
    """Generate and record.

    :param until: the last day of the history.
    :param seen: called with each person after her dispensations are on disk.
    """
    counts = dict.fromkeys(IntakeVerdict, 0)
    made = 0
    for people in _batches(generate(patients=patients, years=years, seed=seed, until=until)):
        records = tuple(
            IntakeRecord(dispensation=d, path=f"{made + n}.{i}")
            for n, person in enumerate(people)
            for i, d in enumerate(person.dispensations)
        )
        for result in gateway.intake(IntakeBatch(records=records)).results:
            counts[result.verdict] += 1
        made += len(people)
        for person in people:
            seen(person)
    return SeedingReport(
        people=made,
        recorded=counts[IntakeVerdict.CREATED],
        unchanged=counts[IntakeVerdict.UNCHANGED],
        rejected=counts[IntakeVerdict.REJECTED],
    )


def _batches(people: Iterator[SynthPerson]) -> Iterator[list[SynthPerson]]:
    while batch := list(islice(people, PEOPLE_A_BATCH)):
        yield batch
