"""A slip in the request: whom the record holds is never said to be unknown, and nobody is taken for somebody else."""

from __future__ import annotations

import pytest

from tests.bench.matching_slips import BEYOND, SINGLE, WITH_CONTACT, tally


@pytest.fixture(scope="module", params=[7, 20261])
def found(request: pytest.FixtureRequest) -> dict[tuple[str, str], dict[str, int]]:
    return {row: dict(ended) for row, ended in tally(request.param, SINGLE | WITH_CONTACT | BEYOND).items()}


def test_every_slip_was_made(found: dict[tuple[str, str], dict[str, int]]) -> None:
    assert {name for name, _ in found} == SINGLE.keys() | WITH_CONTACT.keys() | BEYOND.keys()


def test_nobody_is_taken_for_somebody_else(found: dict[tuple[str, str], dict[str, int]]) -> None:
    assert [row for row, ended in found.items() if "wrong" in ended] == []


def test_one_slip_never_makes_somebody_unknown(found: dict[tuple[str, str], dict[str, int]]) -> None:
    assert [row for row, ended in found.items() if row[0] in SINGLE and "nobody" in ended] == []


def test_more_than_a_slip_is_seen_through_by_address_or_phone(
    found: dict[tuple[str, str], dict[str, int]],
) -> None:
    assert [row for row, ended in found.items() if row[1] == "all" and "nobody" in ended] == [
        (name, "all") for name in BEYOND
    ]
