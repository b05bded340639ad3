"""The same arguments give the same people, whatever the process; other arguments give others."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from gateway.synth import PEOPLE_A_PART, Population, SynthPerson, generate
from tests.unit.synth.population import UNTIL, digest, people

ROOT = Path(__file__).parents[3]


def _in_another_process(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(Path(__file__).with_name("population.py")), "120", "7"]
    return subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def test_twice_is_the_same() -> None:
    first, second = (generate(patients=120, years=2, seed=7, until=UNTIL) for _ in range(2))
    assert digest(first) == digest(second)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_another_process_and_hash_seed_is_the_same(hash_seed: str) -> None:
    assert _in_another_process(hash_seed) == digest(people(120, 7))


def test_another_seed_is_another_population() -> None:
    assert len({digest(people(60, seed)) for seed in range(5)}) == 5


def test_it_comes_one_by_one() -> None:
    """A population that would not fit into any memory begins at once."""
    endless = generate(patients=10**9, years=2, seed=7, until=UNTIL)
    assert len(list(islice(endless, 3))) == 3


@pytest.mark.parametrize(("patients", "years"), [(-1, 2), (5, 0)])
def test_impossible_populations_are_refused(patients: int, years: int) -> None:
    with pytest.raises(ValueError, match="no less than"):
        generate(patients=patients, years=years, seed=1, until=UNTIL)


def test_nobody_is_a_population() -> None:
    assert list(generate(patients=0, years=1, seed=1, until=UNTIL)) == []


@pytest.mark.parametrize("until", [date(2024, 2, 29), date(2026, 12, 31), date(2025, 3, 1)])
@pytest.mark.parametrize("years", [1, 2, 5])
def test_fill_dates_lie_in_the_period(until: date, years: int) -> None:
    try:
        start = until.replace(year=until.year - years)
    except ValueError:
        start = date(until.year - years, 2, 28)
    filled = [d.filled for p in people(60, 3, years, until) for d in p.dispensations]
    assert start < min(filled)
    assert max(filled) <= until
    assert (max(filled) - min(filled)).days > 330 * years


def test_parts_are_the_whole_but_for_the_prescription_numbers() -> None:
    patients = PEOPLE_A_PART + 130
    population = Population(patients=patients, years=1, seed=7, until=UNTIL)
    assert population.parts == 2
    last = list(population.part(1))
    whole = islice(generate(patients=patients, years=1, seed=7, until=UNTIL), PEOPLE_A_PART, None)
    assert digest(map(_without_numbers, whole)) == digest(map(_without_numbers, last))


def test_no_dispenser_gives_a_prescription_number_in_two_parts() -> None:
    population = Population(patients=2 * PEOPLE_A_PART, years=1, seed=7, until=UNTIL)
    given = [
        {(d.dispenser.dea, d.rx_number) for person in population.part(n) for d in person.dispensations}
        for n in range(2)
    ]
    assert min(map(len, given)) > 1000
    assert not given[0] & given[1]


def _without_numbers(person: SynthPerson) -> SynthPerson:
    return replace(person, dispensations=tuple(replace(d, rx_number="") for d in person.dispensations))
