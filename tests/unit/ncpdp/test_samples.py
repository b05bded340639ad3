"""The samples are what the adapter reads and writes; and both sides are valid SCRIPT."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.ports import Outbound
from tests.unit.ncpdp.helpers import VERSIONS, assert_valid, inbound, read_back, schema
from tests.unit.ncpdp.samples import ANSWERS, FOLDER, RECEIPTS, answered, case_of, comparable

REQUESTS = sorted(FOLDER.glob("*/*.request.xml"))
IDS = [f"{path.parent.name} {path.name.removesuffix('.request.xml')}" for path in REQUESTS]


def test_there_is_a_pair_for_every_outcome_in_each_version() -> None:
    for version in VERSIONS:
        folder = FOLDER / version.removeprefix("script-")
        animals = {"veterinary", "rxfill-veterinary"} if version == "script-10.6" else set()
        cases = {*ANSWERS, *RECEIPTS, "refused"} - animals
        assert {path.name for path in folder.iterdir()} == {
            f"{c}.{k}.xml" for c in cases for k in ("request", "answer")
        }


@pytest.mark.parametrize("request_path", REQUESTS, ids=IDS)
def test_the_answer_is_the_sample(request_path: Path) -> None:
    sample = request_path.with_name(request_path.name.replace(".request.", ".answer."))
    assert comparable(answered(request_path).body) == comparable(sample.read_bytes())


@pytest.mark.parametrize("request_path", REQUESTS, ids=IDS)
def test_both_sides_are_valid(request_path: Path) -> None:
    version = f"script-{request_path.parent.name}"
    if schema(version) is None:
        pytest.skip("the SCRIPT schemas belong to NCPDP and are not part of the project")
    body = request_path.read_bytes()
    if not request_path.name.startswith("refused"):
        assert_valid(Outbound(body=body, content_type=""), version)
    assert_valid(answered(request_path), version)
    assert etree.fromstring(body) is not None


@pytest.mark.parametrize("request_path", [p for p in REQUESTS if case_of(p) in ANSWERS])
def test_the_outcome_is_read_back(request_path: Path) -> None:
    asked = ADAPTER.read(inbound(request_path.read_bytes()))
    expected = ANSWERS[case_of(request_path)]
    told = read_back(answered(request_path), asked)
    assert told.outcome is expected.outcome
    assert [d.rx_number for d in told.dispensations] == [d.rx_number for d in expected.dispensations]
