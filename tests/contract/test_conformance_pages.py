"""The pages of docs/conformance name every requirement once, and tests that exist."""

from __future__ import annotations

import ast
import csv
import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from adapters.fhir.conformance import metadata
from tests.unit.fhir.cases import inbound, resource

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/conformance").glob("*.md"))
US_CORE = ROOT / "docs/conformance/us-core-6.1.md"
STATUSES: Final = {"met", "allowed", "not met", "site"}
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_ID = re.compile(r"(\d+)(?:\.([A-Z]))?")


class Told(NamedTuple):
    """A row of a page: the requirements that it is about, and its other cells."""

    ids: tuple[str, ...]
    cells: tuple[str, ...]


def told(known: list[str]) -> list[Told]:
    """The rows of the page, with ranges taken apart into the IDs that are known."""
    rows = []
    for line in US_CORE.read_text(encoding="utf-8").splitlines():
        first, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if line.startswith("| ") and first[0].isdigit():
            ids = tuple(one for part in first.split(", ") for one in _expanded(part, known))
            rows.append(Told(ids, tuple(cells)))
    return rows


def _expanded(part: str, known: list[str]) -> list[str]:
    first, _, last = part.partition("-")
    within = [one for one in known if _place(first) <= _place(one) <= _place(last or first)]
    assert first in within, f"{first} is no requirement"
    assert not last or last in within, f"{last} is no requirement"
    return within


def _place(id: str) -> tuple[int, str]:
    found = _ID.fullmatch(id)
    assert found is not None, id
    return int(found[1]), found[2] or ""


@pytest.fixture
def requirements(shared: Path) -> dict[str, str]:
    """ID -> conformance."""
    with (shared / "standards/fhir-pdmp/us-core-6.1-server.csv").open(
        newline="", encoding="utf-8-sig"
    ) as file:
        return {row["ID"]: row["Conformance"] for row in csv.DictReader(file)}


def test_every_requirement_is_on_the_page_once(requirements: dict[str, str]) -> None:
    named = [id for row in told([*requirements]) for id in row.ids]
    assert sorted(named) == sorted(requirements)


def test_what_is_said_of_each_can_be_so(requirements: dict[str, str]) -> None:
    """A SHALL that is met has a test; what is not met has a reason; nothing that was withdrawn is claimed."""
    for ids, cells in told([*requirements]):
        if len(cells) == 1:
            assert cells[0], ids
            continue
        _, status, here, tests = cells
        assert status in STATUSES, ids
        assert status != "met" or _TEST.search(tests), ids
        assert status != "not met" or here, ids
        kinds = {requirements[id] for id in ids}
        assert "DEPRECATED" not in kinds, ids
        assert status != "allowed" or kinds == {"MAY"}, (ids, kinds)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_named_test_exists(page: Path) -> None:
    named = _TEST.findall(page.read_text(encoding="utf-8"))
    assert named
    assert [one for one in named if one[1] not in _tests_of(one[0])] == []


@cache
def _tests_of(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_profile_and_parameter_of_the_guide_is_on_its_page(shared: Path) -> None:
    page = (ROOT / "docs/conformance/us-pdmp-1.0.0.md").read_text(encoding="utf-8")
    for table, column in (("profile-rules", "profile"), ("operation-parameters", "name")):
        with (shared / f"standards/fhir-pdmp/{table}.csv").open(newline="") as file:
            for name in {row[column] for row in csv.DictReader(file)}:
                assert f"`{name}`" in page, name


def test_no_conformance_is_claimed_that_is_not_there() -> None:
    """As long as a SHALL of the page is not met, the statement instantiates no other."""
    assert "| not met |" in US_CORE.read_text(encoding="utf-8")
    message = inbound("metadata", method="GET", path="/fhir/metadata", headers={"content-type": ""})
    assert "instantiates" not in resource(metadata(message))
