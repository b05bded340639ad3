"""What one look-up costs in a small record and in that of a state, on both stores, side by side.

    python -m tests.bench.growth FOLDER [SMALL LARGE]        patients: 1,500 and 1,500,000, with 12 to 13 fills each

FOLDER keeps the records for the next run; the large ones take a quarter of an hour and 6 GB each to be made. The same
look-ups are made one after the other in all records, so that the machine's moods meet all of them alike: a patient
who is somewhere in the record, by name, birth date, sex, address and phone, whom no cache knows yet.

A look-up is a request by FHIR with an access token, read, matched, the whole history from the
store, a durable audit event, the answer written; all in this process, without a network. Beside it stands its core:
matching and store alone. Printed are the medians of the clock, those of the large record over those of the small one,
and what came out.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import mean, median, quantiles

import click
import orjson

from adapters.fhir.write_request import write_request
from gateway import logs
from gateway.bootstrap import build
from gateway.demo.record import REQUESTER
from gateway.model import LookupRequest, Person
from gateway.settings import load_settings
from gateway.synth import Population
from gateway.testing import LiveGateway
from tests.bench.databases import STORES, databases
from tests.integration.command import COMMAND, environment

UNTIL = date(2026, 11, 24)
SEED = 1
FIRST = 100  # people who are looked up first and not counted: they fill caches of plans, references and pages
PEOPLE = 600
PARTS = 4


@dataclass
class Record:
    """One record and what was measured in it: microseconds of the clock, of the whole look-up and of its core."""

    name: str
    live: LiveGateway
    people: list[Person]
    whole: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dispensations = self.live.gateway.store.dispensations()
        self._caller = self.live.app.test_client()

    def look_up(self, number: int) -> None:
        """The patient of that number by FHIR, and the next but some by the core alone."""
        request = LookupRequest(person=self.people[number], requester=REQUESTER)
        body = orjson.dumps(write_request(request))
        headers = {
            "Authorization": f"Bearer {self.live.token('pdmp/history')}",
            "Content-Type": "application/fhir+json",
        }
        start = time.perf_counter()
        response = self._caller.post("/fhir/$pdmp-history", data=body, headers=headers)
        self.whole.append((time.perf_counter() - start) * 1e6)
        if response.status_code != 200:
            raise SystemExit(f"a look-up was answered with {response.status_code}: {response.text}")
        another = LookupRequest(person=self.people[-1 - number], requester=REQUESTER)
        start = time.perf_counter()
        answer = self.live.gateway.lookup(another)
        self.core.append((time.perf_counter() - start) * 1e6)
        self.shown.append(len(answer.dispensations))
        self.outcomes[answer.outcome.value] += 1

    def forget(self) -> None:
        """What was measured so far."""
        self.whole, self.core, self.shown, self.outcomes = [], [], [], Counter()

    def __str__(self) -> str:
        outcomes = ", ".join(f"{name} {count}" for name, count in sorted(self.outcomes.items()))
        p95 = quantiles(self.whole, n=20)[-1]
        return (
            f"{self.name:28} {self.dispensations:11,} {median(self.whole):9.0f} {p95:9.0f}"
            f" {median(self.core):9.0f} {mean(self.shown):7.1f}   {outcomes}"
        )


def sample(patients: int) -> list[Person]:
    """People of the population as they would be asked for today, from anywhere in it."""
    population = Population(patients=patients, years=1, seed=SEED, until=UNTIL)
    chance = random.Random(7)
    parts = chance.sample(range(population.parts), min(PARTS, population.parts))
    people = [one.person for part in parts for one in population.part(part) if one.dispensations]
    return chance.sample(people, 2 * (FIRST + PEOPLE))


def opened(folder: Path, url: str, store: str, patients: int) -> LiveGateway:
    """A gateway on the record of that size, which is made if it is not there yet."""
    data = folder / f"{store}_{patients}"
    variables = {
        "PMPBRIDGE__DATA_DIR": str(data),
        "PMPBRIDGE__STORE__URL": url,
        "PMPBRIDGE__LOGGING__LEVEL": "ERROR",
    }
    gateway = build(load_settings(environ=variables))
    is_empty = not gateway.store.people()
    gateway.close()
    if is_empty:
        arguments = ("--patients", str(patients), "--seed", str(SEED), "--until", UNTIL.isoformat())
        subprocess.run([*COMMAND, "synth", "--load", *arguments], env=environment(**variables), check=True)
    return LiveGateway(data, {"store": {"url": url}, "logging": {"level": "ERROR"}})


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
    logs.configure("ERROR")
    people = {size: sample(size) for size in (small, large)}
    with databases(folder) as url, ExitStack() as stack:
        records = []
        for store in STORES:
            for size in (small, large):
                live = stack.enter_context(opened(folder, url(store, f"growth_{size}"), store, size))
                records.append(Record(f"{store}, {size:,} people", live, people[size]))
        measure(records)
    click.echo(f"{'':28} {'rows':>11} {'median µs':>9} {'p95 µs':>9} {'core µs':>9} {'shown':>7}   outcomes")
    for record in records:
        click.echo(str(record))
    for n, store in enumerate(STORES):
        few, many = records[2 * n : 2 * n + 2]
        click.echo(
            f"{store}: a look-up in the large record costs {median(many.whole) / median(few.whole):.2f} times "
            f"what it costs in the small one, its core {median(many.core) / median(few.core):.2f} times"
        )


if __name__ == "__main__":
    sizes = [int(argument) for argument in sys.argv[2:]] or [1_500, 1_500_000]
    main(Path(sys.argv[1]), *sizes)
