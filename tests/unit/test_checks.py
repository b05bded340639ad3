from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.checks import check
from gateway.model import Drug, Species
from tests.factory import a_dispensation, a_dispenser, a_person, a_prescriber

TODAY = date(2026, 11, 20)


def _paths(*, errors: bool, **over: Any) -> list[str]:
    issues = check(a_dispensation(**over), path="record", today=TODAY)
    return [i.field or "" for i in issues if i.is_error is errors]


def test_a_good_record_has_no_issues() -> None:
    assert check(a_dispensation(), path="record", today=TODAY) == ()


@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"rx_number": ""}, "rx_number"),
        ({"filled": date(2026, 11, 22), "sold": None}, "filled"),
        ({"written": date(2026, 9, 3)}, "written"),
        ({"quantity": Decimal(0)}, "quantity"),
        ({"quantity": Decimal("NaN")}, "quantity"),
        ({"days_supply": 0}, "days_supply"),
        ({"days_supply": 1000}, "days_supply"),
        ({"fill_number": -1}, "fill_number"),
        ({"refills_authorised": 100}, "refills_authorised"),
        ({"partial_fill": 100}, "partial_fill"),
        ({"drug": Drug()}, "drug"),
        ({"dispenser": a_dispenser(npi=None, dea=None, ncpdp_id=None)}, "dispenser"),
        ({"person": a_person(names=())}, "person.names"),
        ({"person": a_person(birth_date=None)}, "person.birth_date"),
        ({"person": a_person(birth_date=date(2027, 1, 1))}, "person.birth_date"),
        ({"person": a_person(species=Species.VETERINARY, birth_date=None)}, "person.owner"),
    ],
)
def test_what_cannot_be_recorded(over: dict[str, Any], path: str) -> None:
    assert path in _paths(errors=True, **over)


@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"sold": date(2026, 9, 1)}, "sold"),
        ({"drug": replace(a_dispensation().drug, ndc11="1234")}, "drug.ndc11"),
        ({"prescriber": a_prescriber(npi="1023011179")}, "prescriber.npi"),
        ({"dispenser": a_dispenser(dea="BC6486055")}, "dispenser.dea"),
        ({"prescriber": a_prescriber(npi=None, dea=None, licence=None)}, "prescriber"),
    ],
)
def test_what_is_odd_is_recorded_and_told(over: dict[str, Any], path: str) -> None:
    assert _paths(errors=False, **over) == [path]
    assert _paths(errors=True, **over) == []


def test_tomorrow_is_today_somewhere() -> None:
    assert _paths(errors=True, filled=date(2026, 11, 21), sold=None) == []
