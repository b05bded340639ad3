"""`_summary` and `_elements`: what stays, what goes, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.medicationdispense import MedicationDispense

from adapters.fhir import ADAPTER
from adapters.fhir.parts import SUBSETTED
from gateway.errors import MessageError
from gateway.model import Outcome, StateOutcome
from tests.factory import a_dispensation, an_answer
from tests.unit.fhir.cases import inbound, resource, searched

ONE = {"id": "7KQ4M2XT9R0AB-1"}


def read(**query: str) -> Any:
    given = {name: (value,) for name, value in query.items()}
    message = inbound("read", method="GET", query=given, arguments=ONE, path="/fhir/MedicationDispense/x")
    ADAPTER.read(message)
    return resource(ADAPTER.write(an_answer(dispensations=(a_dispensation(),)), message))


def refusal(message: Any) -> MessageError:
    with pytest.raises(MessageError) as refused:
        ADAPTER.read(message)
    return refused.value


def require_whole_references(dispense: Any) -> None:
    """Nothing that is kept refers to a contained resource that is not."""
    held = {f"#{one['id']}" for one in dispense.get("contained", [])}
    told = str(dispense)
    assert all(reference in held for reference in {f"#r{n}" for n in range(1, 9)} if f"'{reference}'" in told)


@pytest.mark.parametrize(
    "query", [{"_summary": "true"}, {"_summary": "data"}, {"_summary": "text"}, {"_elements": "quantity"}]
)
def test_a_part_is_valid_and_marked(query: dict[str, str]) -> None:
    part = read(**query)
    MedicationDispense.model_validate(part)
    assert SUBSETTED in part["meta"]["tag"]
    assert {"id", "status"} <= part.keys()
    assert any(name.startswith("medication") for name in part)
    require_whole_references(part)


def test_a_summary_has_less() -> None:
    assert "quantity" not in read(_summary="true")
    assert "whenPrepared" in read(_summary="true")
    assert read(_summary="false") == read()
    assert "tag" not in read().get("meta", {})


def test_elements_by_name() -> None:
    part = read(_elements="quantity, daysSupply")
    assert {"quantity", "daysSupply"} <= part.keys()
    assert "whenHandedOver" not in part
    assert "whenPrepared" not in part


def test_a_choice_is_named_without_its_type() -> None:
    assert read(_elements="medication")


def search(answer: Any, **query: str) -> Any:
    message = searched(patient="P1", **query)
    ADAPTER.read(message)
    found = resource(ADAPTER.write(answer, message))
    Bundle.model_validate(found)
    return found


def test_a_search_in_summary() -> None:
    found = search(an_answer(dispensations=(a_dispensation(),)), _summary="true")
    (dispense,) = [e["resource"] for e in found["entry"] if e["search"]["mode"] == "match"]
    assert SUBSETTED in dispense["meta"]["tag"]
    assert found["total"] == 1


def test_a_count_has_the_total_and_never_hides_a_silent_state() -> None:
    assert search(an_answer(dispensations=(a_dispensation(),)), _summary="count")["total"] == 1
    silent = (StateOutcome(state="MA", outcome=Outcome.ERROR, detail="MA does not answer."),)
    partial = an_answer(outcome=Outcome.PARTIAL, states=silent, dispensations=(a_dispensation(),))
    counted = search(partial, _summary="count")
    assert [e["search"]["mode"] for e in counted["entry"]] == ["outcome"]
    assert counted["total"] == 1


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"_summary": "maybe"}, "_summary"),
        ({"_summary": ""}, "_summary"),
        ({"_summary": "count"}, "_summary"),
        ({"_summary": "true", "_elements": "quantity"}, "_elements"),
        ({"_elements": "made-up"}, "_elements"),
        ({"_elements": "madeUp"}, "_elements"),
    ],
)
def test_what_is_not_known_is_refused(query: dict[str, str], path: str) -> None:
    given = {name: (value,) for name, value in query.items()}
    message = inbound("read", method="GET", query=given, arguments=ONE, path="/fhir/MedicationDispense/x")
    error = refusal(message)
    assert error.path == path
    (issue,) = resource(ADAPTER.write_error(error, message))["issue"]
    assert path in str(issue)


def test_a_report_is_whole_or_not_at_all() -> None:
    assert refusal(inbound(query={"_summary": ("true",)})).path == "_summary"
    assert refusal(inbound(query={"_elements": ("parameter",)})).path == "_elements"
