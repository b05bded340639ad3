"""`pmpbridge synth`: the population as data, the same from the same arguments in any process, and loaded at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from gateway.bootstrap import build
from gateway.model import IntakeBatch, IntakeRecord, IntakeVerdict
from gateway.settings import load_settings
from gateway.synth import PEOPLE_A_PART, Population
from tests.integration.command import pmpbridge


def _synth(*more: str, hash_seed: str) -> bytes:
    command = [
        sys.executable,
        "-m",
        "gateway.cli",
        "synth",
        "--patients",
        "40",
        "--seed",
        "3",
        "--out",
        "-",
        *more,
    ]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, capture_output=True, check=True, timeout=60, env=environment).stdout


def test_the_same_arguments_give_the_same_people_in_any_process() -> None:
    first = _synth("--until", "2026-11-01", hash_seed="1")
    assert first == _synth("--until", "2026-11-01", hash_seed="2")
    assert first != _synth("--until", "2026-11-02", hash_seed="1")
    people = [json.loads(line) for line in first.splitlines()]
    assert len(people) == 40
    assert sum(len(p["dispensations"]) for p in people) > 200


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_loaded_record_is_the_one_that_intake_would_have_made(
    database: str, tmp_path: Path, empty_postgresql: Callable[[], str]
) -> None:
    """Two parts, made by as many processes as there are processors; afterwards every fill is known to intake."""
    url = "" if database == "sqlite" else empty_postgresql()
    patients = PEOPLE_A_PART + 50
    variables = {"PMPBRIDGE__DATA_DIR": str(tmp_path), "PMPBRIDGE__STORE__URL": url}
    arguments = ("synth", "--load", "--patients", str(patients), "--until", "2026-11-01", "--seed", "3")
    ended = pmpbridge(*arguments, **variables)
    assert ended.returncode == 0, ended.stderr
    counted = re.fullmatch(r"(\d+) people with (\d+) dispensations loaded in \d+ s\n", ended.stdout)
    assert counted is not None
    population = Population(patients=patients, years=1, seed=3, until=date(2026, 11, 1))
    people = [one for n in range(2) for one in population.part(n) if one.dispensations]
    total = sum(len(one.dispensations) for one in people)
    assert (int(counted[1]), int(counted[2])) == (len(people), total)
    gateway = build(load_settings(environ=variables))
    try:
        assert gateway.store.people() == len(people)
        assert gateway.store.dispensations() == total
        sent = [d for one in [*people[:20], *people[-20:]] for d in one.dispensations]
        records = tuple(IntakeRecord(path=str(n), dispensation=d) for n, d in enumerate(sent))
        results = gateway.intake(IntakeBatch(records=records)).results
    finally:
        gateway.close()
    assert {result.verdict for result in results} == {IntakeVerdict.UNCHANGED}
    again = pmpbridge(*arguments, **variables)
    assert again.returncode == 1
    assert "The record is not empty" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "Missing option '--patients'"), (("--load", "--out", "-"), "--load and --out are two things")],
)
def test_what_is_to_be_done_must_be_clear(arguments: tuple[str, ...], said: str) -> None:
    ended = pmpbridge("synth", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
