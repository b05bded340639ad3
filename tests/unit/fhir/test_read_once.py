"""What is passed over because it was seen before, or cannot be there, is passed over rightly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.fhir import ADAPTER, read_bundle
from adapters.fhir.read_bundle import bundle_of
from adapters.fhir.tree import names_modifiers
from gateway.errors import ErrorCode, MessageError
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
    assert {fault.code for fault in caught.value.faults} == {ErrorCode.UNKNOWN_OPERATION}  # type: ignore[attr-defined]


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
