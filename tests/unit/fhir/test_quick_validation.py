"""What is accepted without fhir.resources is accepted by it, whatever is changed in what is ordinary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.fhir.json_kinds import kind_faults
from adapters.fhir.out import to_json
from adapters.fhir.outcomes import InvalidResource
from adapters.fhir.quick_validation import is_surely_valid
from adapters.fhir.standalone import standalone
from adapters.fhir.tree import Node
from adapters.fhir.validation import validate
from tests.unit.fhir.cases import BASE, answers, dispensations, written

SAMPLES = Path("adapters/fhir/samples")
TEXTS = (
    "",
    " ",
    "\n",
    "\u00a0",
    "\u0000",
    "\ud800",
    "a\ud800",
    "e\u0301",
    "two words",
    " led",
    "trailed ",
    "trailed\n",
    "a  b",
    "a\tb",
    "a\u2003b",
    "x" * 64,
    "x" * 65,
    "under_score",
    "true",
    "1",
    "1.0",
    "http://a.example/b c",
    "urn:uuid:0",
    "<div>x</div>",
    "#r1",
    "Patient",
    "completed",
    "female",
    "Female",
    "phone",
    "Address",
    "Resource",
    "String",
    "../x",
)
DATES = (
    "0000",
    "0001-01-01",
    "2024",
    "2024-13",
    "2024-12",
    "2024-02-29",
    "2023-02-29",
    "2024-2-9",
    "20240209",
    "2024-W05-1",
    "2024-02-29T10:00",
    "2024-02-29T10:00:00",
    "2024-02-29T10:00:00Z",
    "2024-02-29T10:00:00z",
    "2024-02-30T10:00:00Z",
    "2024-02-29T24:00:00Z",
    "2024-02-29T23:59:60Z",
    "2024-02-29T23:59:59.1234567Z",
    "2024-02-29T23:59:59.123456Z",
    "2024-02-29T10:00:00+14:00",
    "2024-02-29T10:00:00+14:30",
    "2024-02-29T10:00:00-13:59",
    "0001-01-01T00:00:00+13:00",
    "9999-12-31T23:59:59-13:00",
    "2024-02-29 ",
    "٢٠٢٤-02-29",
    "10:00:00",
)
NUMBERS = (
    0,
    1,
    -1,
    2**31 - 1,
    2**31,
    -(2**31),
    2**63,
    10**18,
    10**5000,
    1.5,
    float("inf"),
    Decimal(1),
    Decimal("1.0"),
    Decimal("-0.00"),
    Decimal("1E+5"),
    Decimal("1e-400"),
    Decimal("NaN"),
    Decimal("Infinity"),
)
EXTENSION: dict[str, Any] = {"url": "http://x.example", "valueString": "x"}
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    b"bytes",
    [],
    [None],
    ["x"],
    [["x"]],
    [1, "x"],
    {},
    {"id": "x"},
    {"id": "x y"},
    {"url": "x"},
    {"value": "x"},
    {"text": "x"},
    {"display": "x"},
    {"extension": []},
    {"extension": [EXTENSION]},
    {"extension": [EXTENSION | {"valueInteger": 1}]},
    {"extension": [{"valueString": "x"}]},
    {"extension": [{"url": "x", "_valueString": {"extension": [EXTENSION]}}]},
    {"fhir_comments": "x"},
    {"id": None, "extension": [EXTENSION]},
    {"resourceType": "Patient"},
    {"resourceType": "Address"},
    {"resourceType": "Nothing"},
    {"resourceType": 1},
    {"resourceType": "MedicationDispense"},
    [{"resourceType": "Patient", "id": "p"}],
    [{"resourceType": "Patient", "gender": "any"}, {"resourceType": "Basic"}],
)
VALUES = (*TEXTS, *DATES, *NUMBERS, *OTHERS)
NAMES = (
    *("resourceType", "resource_type", "fhir_comments", "unknown", "id", "_id", "status__ext", "_status"),
    *(
        "extension",
        "contained",
        "text",
        "meta",
        "language",
        "_whenPrepared",
        "whenPrepared",
        "value",
        "_value",
    ),
    *("medicationReference", "medicationCodeableConcept", "deceasedBoolean", "deceasedDateTime", "valueCode"),
    *("valueUrl", "valueUri", "valueBase64Binary", "valueOid", "valueUuid", "valueTime", "valueInstant"),
    *("valueDecimal", "valueInteger", "valuePositiveInt", "valueUnsignedInt", "valueDate", "valueDateTime"),
    *("valueId", "valueCanonical", "valueMarkdown", "valueBoolean", "valueReference", "url", "_url", "given"),
)


def decoded(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal)


def ours() -> list[dict[str, Any]]:
    """What the adapter's samples hold, and what it writes itself."""
    found = [decoded(one.read_text()) for one in sorted(SAMPLES.glob("*.json"))]
    found += [written(answer) for answer in answers().values()]
    found += [decoded(line) for line in (SAMPLES / "import.request.ndjson").read_text().splitlines()]
    found += reports()
    return found


def reports() -> list[dict[str, Any]]:
    """Dispensations that contain what they refer to, as they come in."""
    shown = (to_json(standalone(one, BASE)) for one in dispensations())
    import_lines = (SAMPLES / "import.request.ndjson").read_text().splitlines()
    return [*map(decoded, shown), *map(decoded, import_lines)]


def accepted(resource: Any) -> bool:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(deepcopy(resource))
    except Exception:
        return False
    return True


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys or indexes."""
    if isinstance(value, dict | list):
        for step in list(value if isinstance(value, dict) else range(len(value))):
            yield value, step
            yield from places(value[step])


def is_accepted_rightly(resource: Any) -> bool:
    """That it was; fails where it was accepted and the library does not."""
    kind = resource.get("resourceType")
    if not is_surely_valid(kind if isinstance(kind, str) else None, resource):
        return False
    assert accepted(resource), resource
    assert not kind_faults(Node(resource, None, resource["resourceType"])), resource
    return True


def distinct(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The resources in these, each kind with each set of members once."""
    shown: dict[Any, dict[str, Any]] = {}
    waiting: list[Any] = list(found)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(kind := value.get("resourceType"), str):
                shown.setdefault((kind, frozenset(value)), value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return [one for one in shown.values() if one["resourceType"] not in {"Bundle", "Parameters"}]


def fullest(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of each kind the one that has most to it, without what is contained: that is there by itself."""
    bare = [{name: value for name, value in one.items() if name != "contained"} for one in resources]
    return {one["resourceType"]: one for one in sorted(bare, key=lambda one: len(list(places(one))))}


def changed(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resource after each single change; it is the same object every time."""
    for holder, step in list(places(resource)):
        kept = holder[step]
        for value in (*VALUES, [kept], [kept, kept], [kept, None], {"extension": [EXTENSION]}):
            holder[step] = deepcopy(value)
            yield resource
        holder[step] = kept
        if isinstance(holder, list):
            continue
        del holder[step]
        yield resource
        for value in ({"extension": [EXTENSION]}, {"id": "x"}, [None, {"id": "x"}]):
            holder[f"_{step}"] = value
            yield resource
            holder[step] = kept
            yield resource
            del holder[f"_{step}"], holder[step]
        holder[step] = kept
    for holder in [resource, *(h[s] for h, s in list(places(resource)) if isinstance(h[s], dict))]:
        for name in NAMES:
            if name not in holder:
                for value in ("x", "2024-02-29", 1, Decimal("1.5"), True, "http://x.example", {"id": "x"}):
                    holder[name] = value
                    yield resource
                del holder[name]


def test_one_change_anywhere_in_what_is_ours() -> None:
    found = fullest(RESOURCES)
    assert {
        "MedicationDispense",
        "Patient",
        "Organization",
        "Practitioner",
        "MedicationRequest",
    } <= found.keys()
    count = sum(
        is_accepted_rightly(one) for resource in found.values() for one in changed(deepcopy(resource))
    )
    assert count > 5_000  # the changes that leave it valid, which the library has confirmed


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_several_changes(data: st.DataObject) -> None:
    resource = deepcopy(data.draw(st.sampled_from(RESOURCES)))
    values = st.one_of(
        st.sampled_from(VALUES),
        st.text(max_size=6),
        st.integers(),
        st.decimals(),
        st.dates().map(str),
        st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
        st.sampled_from(RESOURCES),
    )
    for _ in range(data.draw(st.integers(1, 3))):
        holder, step = data.draw(st.sampled_from(list(places(resource))))
        holder[step] = deepcopy(data.draw(values))
        if isinstance(holder, dict) and data.draw(st.booleans()):
            holder[data.draw(st.sampled_from(NAMES))] = deepcopy(data.draw(values))
    is_accepted_rightly(resource)


RESOURCES = distinct(ours())


def test_what_is_ordinary_does_not_need_the_library() -> None:
    for report in reports():
        assert is_surely_valid("MedicationDispense", report)
    left = [one for one in RESOURCES if accepted(one) and not is_surely_valid(one["resourceType"], one)]
    assert len(left) <= len(RESOURCES) // 20, left


@pytest.mark.parametrize(
    "kind", [None, "", "Nothing", "Address", "Extension", "String", "Element", "__doc__"]
)
def test_other_things_than_resources_are_left_to_the_library(kind: str | None) -> None:
    assert not is_surely_valid(kind, {"resourceType": kind})
    assert not is_surely_valid(kind, {"id": "x"})


def test_what_lies_deep_is_left_to_the_library() -> None:
    extension: dict[str, Any] = {"url": "u", "valueString": "x"}
    for _ in range(12):
        extension = {"url": "u", "extension": [extension]}
    assert is_accepted_rightly({"resourceType": "Basic", "code": {"text": "x"}, "extension": [extension]})
    for _ in range(2000):
        extension = {"url": "u", "extension": [extension]}
    assert not is_surely_valid("Basic", {"resourceType": "Basic", "extension": [extension]})


def test_the_resources_of_the_guide(shared: Path) -> None:
    """As others write them: accepted rightly, and most of what is valid without the library."""
    found = [decoded(one.read_text()) for one in sorted(shared.rglob("fhir-pdmp/**/*.json"))]
    resources = distinct(found)
    count = sum(is_accepted_rightly(one) for one in resources)
    assert count >= 0.9 * sum(accepted(one) for one in resources)


def test_the_resources_of_others(shared: Path) -> None:
    """Synthea's patients: what is accepted is accepted rightly, as it stands and after one change."""
    files = sorted((shared / "data/synthea").glob("*.json"))
    found = [decoded(one.read_text()) for one in files]
    for resource in distinct(found):
        is_accepted_rightly(resource)
    for resource in distinct(found[:1]):
        if resource["resourceType"] in {"Patient", "MedicationRequest", "Organization", "Practitioner"}:
            for one in changed(deepcopy(resource)):
                is_accepted_rightly(one)


def test_a_code_that_is_none_is_named_though_all_else_is_ordinary() -> None:
    report = deepcopy(reports()[-1])
    patient = next(one for one in report["contained"] if one["resourceType"] == "Patient")
    patient["gender"] = "F"
    assert not is_surely_valid("MedicationDispense", report)
    with pytest.raises(InvalidResource) as caught:
        validate(Node(report, None, "MedicationDispense"))
    assert [fault.path.rpartition(".")[2] for fault in caught.value.faults] == ["gender"]
