"""`pmpbridge synth --out`: the population as data, the same from the same arguments in any process."""

from __future__ import annotations

import json
import os
import subprocess
import sys


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
