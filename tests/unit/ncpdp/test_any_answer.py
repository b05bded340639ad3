"""2,000 answers of every kind in each version: valid SCRIPT, read back as they were given, losses exactly declared.

Where the schemas are not at hand, everything but their verdict is still held.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from adapters.ncpdp.rest import MAX_MEDICATIONS
from gateway.errors import Failure
from gateway.model import Answer, Dispensation, Outcome, Species
from gateway.ports import Inbound
from gateway.terminology import Field, field_map
from tests.contract.wire import absent
from tests.factory import a_lookup
from tests.unit.ncpdp.generator import Wild
from tests.unit.ncpdp.helpers import (
    V10_6,
    VERSIONS,
    asked,
    assert_valid,
    read_back,
    stripped,
    written,
)

ANSWERS = 2_000
PORTION = 250  # the seeds of one test, so that they can be shared out
_PORTIONS = range(0, ANSWERS, PORTION)


def _request(version: str, given: Answer) -> Inbound:
    """Who asks for animals says so, where that can be said."""
    animals = {d.person.species for d in given.dispensations} == {Species.VETERINARY}
    if not animals or version == V10_6:
        return asked(version)
    species = "<Species><Text>Cat</Text><Code>448169003</Code></Species></NonHumanPatient>"
    return asked(version, ("<HumanPatient>", "<NonHumanPatient>"), ("</HumanPatient>", species))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("first", _PORTIONS)
def test_answers_are_valid_and_come_back(version: str, first: int) -> None:
    kinds: Counter[str] = Counter()
    for seed in range(first, first + PORTION):
        given = Wild(seed).any_answer()
        request = _request(version, given)
        if _has_no_quantity(given, version):
            with pytest.raises(Failure, match="quantity"):
                written(given, version, request)
            kinds["impossible"] += 1
            continue
        outbound = written(given, version, request)
        assert_valid(outbound, version)
        states = () if version == V10_6 else tuple(s.state for s in given.states)  # 10.6 cannot ask for any
        told = read_back(outbound, a_lookup(states=states))
        assert told.outcome is _expected(given, version), f"seed {seed}"
        shown = given.dispensations[:MAX_MEDICATIONS]
        assert (told.dispensations == ()) is (shown == ())
        lost = _lost(shown, told.dispensations, outbound.body, version)
        assert set(outbound.losses) == lost, f"seed {seed}: {lost.symmetric_difference(outbound.losses)}"
        kinds[given.outcome] += 1
    assert kinds.keys() >= set(Outcome)


def _has_no_quantity(given: Answer, version: str) -> bool:
    """True when 2017071, which requires a quantity, cannot say one of those that are shown."""
    if version == V10_6:
        return False
    return any(not _sayable(d.quantity) for d in given.dispensations[:MAX_MEDICATIONS])


def _sayable(quantity: Decimal) -> bool:
    return quantity.is_finite() and quantity >= 0 and quantity.quantize(Decimal(1)) < 10**11


def _expected(given: Answer, version: str) -> Outcome:
    """What the reader of a partner's answer makes of this one; what is not whole never looks whole."""
    if len(given.dispensations) > MAX_MEDICATIONS:
        return Outcome.PARTIAL
    if given.outcome is Outcome.PARTIAL and not given.dispensations and version == V10_6:
        return Outcome.ERROR
    return given.outcome


def _lost(
    given: tuple[Dispensation, ...], told: tuple[Dispensation, ...], body: bytes, version: str
) -> set[str]:
    """The fields that are not there as they were given."""
    wire = stripped(etree.fromstring(body)).findall(".//MedicationDispensed")
    assert len(given) == len(told) == len(wire)
    there = [
        d if fill.find("Patient") is not None else replace(d, person=None)  # read as who was asked for
        for d, fill in zip(told, wire, strict=True)
    ]
    return {
        field.name
        for field in field_map().fields
        if any(_differs(field, one, other, version) for one, other in zip(given, there, strict=True))
    }


def _differs(field: Field, given: Dispensation, told: Any, version: str) -> bool:
    value = field.value(given)
    if field.is_none(version):
        return value is not None and value != absent(field)
    return bool(value != field.value(told))
