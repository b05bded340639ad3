"""What is passed over because it was seen before, or cannot be there, is passed over rightly."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.fhir import ADAPTER, read_bundle
from adapters.fhir.read_bundle import bundle_of
from adapters.fhir.tree import content_of, names_modifiers
from gateway.errors import ErrorCode, MessageError
from gateway.model import IntakeBatch
from tests.unit.fhir.bundles import apart, bundle, entry, fill
from tests.unit.fhir.cases import inbound

MODIFIERS = {
    "modifierExtension": [{"url": "http://example.org/not"}],
    "implicitRules": "urn:x",
    "doNotPerform": True,
}


@pytest.mark.parametrize("name", MODIFIERS)
@pytest.mark.parametrize("is_escaped", [False, True])
def test_a_modifier_is_found_however_its_name_is_spelled(name: str, is_escaped: bool) -> None:
    body = bundle(entry(fill() | {name: MODIFIERS[name]}, 0))
    spelled = json.dumps(body)
    if is_escaped:
        spelled = spelled.replace(f'"{name}"', f'"\\u{ord(name[0]):04x}{name[1:]}"')
        assert name not in spelled
    assert names_modifiers(spelled.encode())
    message = inbound("bundle", spelled.encode())
    with pytest.raises(MessageError) as caught:
        ADAPTER.read(message)
    assert {fault.code for fault in caught.value.faults} == {ErrorCode.UNKNOWN_OPERATION}


def test_nobody_looks_for_a_modifier_where_there_is_none() -> None:
    assert not names_modifiers(json.dumps(bundle(entry(fill(), 0))).encode())


def test_each_resource_is_judged_once_for_reader_and_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []
    monkeypatch.setattr(read_bundle, "validate", lambda node: judged.append(node.path))
    body = bundle(*apart(fill()))
    message = inbound("bundle", json.dumps(body).encode())
    ADAPTER.read(message)
    shared = bundle_of(message)
    for one in shared.entries:
        shared.record(one)
    assert judged
    assert len(judged) == len(set(judged))


def test_what_is_kept_goes_with_its_own_body() -> None:
    message = inbound("bundle", json.dumps(bundle(entry(fill("1"), 0))).encode())
    first = bundle_of(message)
    assert bundle_of(message) is first
    another = replace(message, body=json.dumps(bundle(entry(fill("1"), 0), entry(fill("2"), 1))).encode())
    assert len(bundle_of(another).entries) == 2
    assert not inbound("bundle", message.body).kept


def _of_strength(rx_number: str, strength: str) -> bytes:
    """A report with a contained Medication of that strength, written with just those digits."""
    made = fill(rx_number)
    concept = {"text": "oxycodone"}
    numerator = {"value": "STRENGTH", "unit": "mg"}
    ingredient = {
        "itemCodeableConcept": concept,
        "strength": {"numerator": numerator, "denominator": {"value": 1}},
    }
    made["contained"].append(
        {"resourceType": "Medication", "id": "drug", "code": concept, "ingredient": [ingredient]}
    )
    made["supportingInformation"] = [{"reference": "#drug"}]
    return json.dumps(made).replace('"STRENGTH"', strength).encode()


def test_what_is_contained_again_is_read_once_and_only_where_it_says_the_same() -> None:
    given = ["5", "5.0", "5", "7"]
    body = b'{"resourceType":"Bundle","type":"transaction","entry":[%s]}' % b",".join(
        b'{"resource":%s,"request":{"method":"POST","url":"MedicationDispense"}}'
        % _of_strength(f"{n}", strength)
        for n, strength in enumerate(given)
    )
    asked = read_bundle.read_bundle(inbound("bundle", body), lambda _: None)
    assert isinstance(asked, IntakeBatch)
    read = [one.dispensation for one in asked.records]
    assert [str(one.drug.ingredients[0].strength) for one in read] == given
    assert len({id(one.prescriber) for one in read}) == len({id(one.dispenser) for one in read}) == 1


def test_what_cannot_be_said_again_has_no_content() -> None:
    assert content_of({"value": Decimal("5.0")}) == b'{"value":5.0}'
    assert content_of({"value": "5.0"}) == b'{"value":"5.0"}'
    assert content_of({"value": 10**30}) is None
    assert content_of({"value": "\ud800"}) is None
