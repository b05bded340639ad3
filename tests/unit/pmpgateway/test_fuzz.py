"""Whatever is sent or said, reading ends in a message or a refusal: changed samples, any bytes, a short fuzzing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.unit.mutations import mutated
from tests.unit.pmpgateway.helpers import SAMPLES
from tests.unit.pmpgateway.whatever import asked, read_for_whom, said

RUNS = 3_000  # of the fuzzer, of each reader
ROOT = Path(__file__).resolve().parents[3]
TEXTS = ["", "CT", "1971-02-30", "physician", "complete: x", "\u0661", "A" * 200]


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    for reader in (asked, read_for_whom, said):
        reader(body)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("v5_1/*.xml")), ids=lambda path: path.name)
def test_any_sample_to_any_reader(path: Path) -> None:
    root = etree.parse(path).getroot()
    for seed in range(60):
        body = etree.tostring(mutated(root, seed, TEXTS))
        for reader in (asked, read_for_whom, said):
            reader(body)


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no wheel of atheris here")
@pytest.mark.parametrize("reader", ["patient", "report", "answer"])
def test_a_short_fuzzing(reader: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.pmpgateway",
        reader,
        f"-runs={RUNS}",
        f"-artifact_prefix={tmp_path}/",
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
