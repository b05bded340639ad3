"""What one look-up costs in a small record and in that of a state, on both stores, side by side.

    python -m tests.bench.growth FOLDER [SMALL LARGE]        patients: 1,500 and 1,500,000, with 12 to 13 fills each

FOLDER keeps the records for the next run; the large ones take a quarter of an hour and 6 GB each to be made. The same
look-ups are made one after the other in all records, so that the machine's moods meet all of them alike: a patient
who is somewhere in the record, by name, birth date, sex, address and phone, matched, with the whole history. Printed
are the medians of the clock, those of the large record over those of the small one, and what came out.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import click

from gateway.bootstrap import Gateway, build
from gateway.demo.record import REQUESTER
from gateway.model import LookupRequest, Person
from gateway.settings import load_settings
from gateway.synth import Population
from tests.bench.databases import STORES, OpenDatabase, databases
from tests.integration.command import COMMAND, environment

UNTIL = date(2026, 11, 24)
SEED = 1
FIRST = 200  # people who are looked up first and not counted: they fill caches of plans, references and pages
PEOPLE = 1_200
PARTS = 4


@dataclass
class Record:
    """One record and what was measured in it: microseconds of the clock."""

    name: str
    gateway: Gateway
    people: list[Person]
    dispensations: int = 0
    spent: list[float] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def look_up(self, number: int) -> None:
        person = self.people[number]
        start = time.perf_counter()
        answer = self.gateway.lookup(LookupRequest(person=person, requester=REQUESTER))
        self.spent.append((time.perf_counter() - start) * 1e6)
        self.shown.append(len(answer.dispensations))
        self.outcomes[answer.outcome.value] += 1

    def forget(self) -> None:
        """What was measured so far."""
        self.spent, self.shown, self.outcomes = [], [], Counter()

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.spent, n=20)
        outcomes = ", ".join(f"{name} {count}" for name, count in sorted(self.outcomes.items()))
        return (
            f"{self.name:22} {self.dispensations:11,} {statistics.median(self.spent):9.0f} {cuts[-1]:9.0f}"
            f" {statistics.mean(self.shown):7.1f}   {outcomes}"
        )


def sample(patients: int) -> list[Person]:
    """People of the population as they would be asked for today, from anywhere in it."""
    population = Population(patients=patients, years=1, seed=SEED, until=UNTIL)
    chance = random.Random(7)
    parts = chance.sample(range(population.parts), min(PARTS, population.parts))
    people = [one.person for part in parts for one in population.part(part) if one.dispensations]
    return chance.sample(people, FIRST + PEOPLE)


def opened(folder: Path, url: OpenDatabase, store: str, patients: int) -> Gateway:
    """The record of that size, made if it is not there yet."""
    name = f"growth_{patients}"
    data = folder / f"{store}_{name}"
    variables = {
        "PMPBRIDGE__DATA_DIR": str(data),
        "PMPBRIDGE__STORE__URL": url(store, name),
        "PMPBRIDGE__LOGGING__LEVEL": "ERROR",
    }
    gateway = build(load_settings(environ=variables))
    if not gateway.store.people():
        gateway.close()
        arguments = ("--patients", str(patients), "--seed", str(SEED), "--until", UNTIL.isoformat())
        subprocess.run([*COMMAND, "synth", "--load", *arguments], env=environment(**variables), check=True)
        gateway = build(load_settings(environ=variables))
    return gateway


def measure(records: Sequence[Record]) -> None:
    """Everybody once, in every record before the next one: no cache of names or addresses knows them yet."""
    for number in range(FIRST + PEOPLE):
        for record in records:
            if number == FIRST:
                record.forget()
            record.look_up(number)


def main(folder: Path, small: int, large: int) -> None:
    """Both sizes on both stores."""
    folder.mkdir(parents=True, exist_ok=True)
    people = {size: sample(size) for size in (small, large)}
    with databases(folder) as url, ExitStack() as stack:
        records = []
        for store in STORES:
            for size in (small, large):
                gateway = opened(folder, url, store, size)
                stack.callback(gateway.close)
                record = Record(f"{store}, {size:,} people", gateway, people[size])
                record.dispensations = gateway.store.dispensations()
                records.append(record)
        measure(records)
    click.echo(f"{'':22} {'rows':>11} {'median µs':>9} {'p95 µs':>9} {'shown':>7}   outcomes")
    for record in records:
        click.echo(str(record))
    for n, store in enumerate(STORES):
        few, many = (statistics.median(one.spent) for one in records[2 * n : 2 * n + 2])
        click.echo(
            f"{store}: a look-up in the large record costs {many / few:.2f} times that in the small one"
        )


if __name__ == "__main__":
    sizes = [int(argument) for argument in sys.argv[2:]] or [1_500, 1_500_000]
    main(Path(sys.argv[1]), *sizes)
