"""Every record is one that a dispenser could have reported: valid identifiers, sane dates and amounts, no doubles."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.checks import check
from gateway.drugs import DrugTable
from gateway.model import Dispensation, PartyKind, QuantityUnit, Schedule
from gateway.model.identifiers import dea, ncpdp_id, ndc, npi
from gateway.synth.places import atlas
from gateway.terminology import codes
from tests.unit.synth.population import SEEDS, UNTIL, dispensations, people

MANY = 600


@pytest.fixture(scope="module", params=SEEDS)
def records(request: pytest.FixtureRequest) -> list[Dispensation]:
    return dispensations(people(MANY if request.param == 7 else 120, request.param))


def test_intake_finds_nothing_wrong_or_odd(records: list[Dispensation]) -> None:
    said = {issue.message for d in records for issue in check(d, path="r", today=UNTIL)}
    assert said == set()


def test_dates_and_amounts(records: list[Dispensation]) -> None:
    for d in records:
        assert d.written is not None
        assert d.written <= d.filled <= (d.sold or d.filled) <= UNTIL
        assert 1 <= d.days_supply <= 120
        assert d.quantity > 0
        assert d.quantity.is_finite()
        assert d.refills_authorised is not None
        assert 0 <= d.fill_number <= d.refills_authorised
        assert (d.id, d.source_state, d.reported_at, d.revision) == (None, None, None, 0)


def test_quantities_are_amounts_that_can_be_counted(records: list[Dispensation]) -> None:
    """Whole or half tablets, whole patches."""
    for d in records:
        assert (d.quantity * 2) % 1 == 0
        if d.drug.dose_form in {"Transdermal System", "Nasal Spray", "Oral Capsule", "Sublingual Film"}:
            assert d.quantity % 1 == 0
        assert d.quantity <= Decimal(40) * d.days_supply or d.unit is not QuantityUnit.EACH


def test_refills_follow_the_schedule(records: list[Dispensation]) -> None:
    """21 CFR 1306.12 and 1306.22."""
    for d in records:
        assert d.written is not None
        assert d.refills_authorised is not None
        if d.drug.schedule is Schedule.CII:
            assert d.refills_authorised == 0
        elif d.drug.schedule in {Schedule.CIII, Schedule.CIV}:
            assert d.refills_authorised <= 5
            assert (d.filled - d.written).days <= 180 + 30  # the rest of a partial fill comes later


def test_the_fills_of_a_prescription_count_up(records: list[Dispensation]) -> None:
    prescriptions = defaultdict(list)
    for d in records:
        prescriptions[d.dispenser, d.rx_number].append(d)
    assert any(len(fills) > 4 for fills in prescriptions.values())
    for fills in prescriptions.values():
        parts = [(d.fill_number, d.partial_fill) for d in fills]
        assert parts == sorted(parts)
        assert sorted({number for number, _ in parts}) == list(range(fills[-1].fill_number + 1))
        assert len({(d.drug, d.prescriber, d.written, d.refills_authorised) for d in fills}) == 1
        assert [d.filled for d in fills] == sorted(d.filled for d in fills)
        for number in {number for number, part in parts if part}:
            assert [part for n, part in parts if n == number] == [1, 2]


def test_no_fill_comes_twice(records: list[Dispensation]) -> None:
    keys = [(d.dispenser.dea, d.rx_number, d.fill_number, d.partial_fill, d.filled) for d in records]
    assert len(set(keys)) == len(keys)


def test_a_prescription_number_belongs_to_one_person() -> None:
    owners = defaultdict(set)
    for n, person in enumerate(people(MANY, 7)):
        for d in person.dispensations:
            owners[d.dispenser.dea, d.rx_number].add(n)
    assert all(len(who) == 1 for who in owners.values())


def test_identifiers_are_valid_and_nobody_shares_one(records: list[Dispensation]) -> None:
    prescribers, dispensers = {d.prescriber for d in records}, {d.dispenser for d in records}
    npis = [p.npi for p in (*prescribers, *dispensers) if p.npi]
    deas = [p.dea for p in prescribers if p.dea and not p.dea_suffix] + [d.dea for d in dispensers if d.dea]
    ncpdp_ids = [d.ncpdp_id for d in dispensers if d.ncpdp_id]
    for one, valid in ((npis, npi.is_valid), (deas, dea.is_valid), (ncpdp_ids, ncpdp_id.is_valid)):
        assert len(set(one)) == len(one)
        assert all(valid(number) for number in one)
    assert all(dea.is_valid(f"{p.dea}-{p.dea_suffix}") for p in prescribers if p.dea_suffix)
    assert all(ndc.is_valid(d.drug.ndc11) for d in records if d.drug.ndc11)


def test_each_kind_of_party_has_what_its_kind_has(records: list[Dispensation]) -> None:
    for p in {d.prescriber for d in records}:
        assert p.dea
        assert (p.npi is None) == (p.kind is PartyKind.VETERINARY)
    for d in {d.dispenser for d in records}:
        assert (d.ncpdp_id is not None) == (d.kind is PartyKind.PHARMACY)
        assert d.licence is None or (d.address is not None and d.licence.state == d.address.state)


def test_drugs_are_the_table_s(records: list[Dispensation]) -> None:
    table = DrugTable.load()
    units = {p.drug: p.unit for p in table.products}
    ndcs = {p.drug.ndc11 for p in table.products}
    for d in records:
        assert table.resolve(d.drug) == d.drug
        if d.compound:
            assert (d.drug.name or "").startswith("compounded ")
            assert [part.sequence for part in d.compound] == list(range(1, len(d.compound) + 1))
            assert all(part.ndc11 in ndcs for part in d.compound)
        else:
            assert units[d.drug] is d.unit


def test_codes_are_of_the_tables(records: list[Dispensation]) -> None:
    for d in records:
        assert d.payment in set(codes("payment"))
        assert d.rx_origin in set(codes("rx-origin"))
        assert d.treatment_type is None or d.treatment_type in set(codes("treatment-type"))
        assert d.diagnosis is None or re.fullmatch(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", d.diagnosis)


def test_no_telephone_can_ring(records: list[Dispensation]) -> None:
    """No exchange begins with 1."""
    phones = {phone for d in records for phone in d.person.phones}
    phones |= {phone for d in records for phone in (d.prescriber.phone, d.dispenser.phone) if phone}
    phones |= {phone for d in records if d.person.owner for phone in d.person.owner.phones}
    assert len(phones) > 50
    assert all(re.fullmatch(r"(203|860|475|959)1\d{6}", phone) for phone in phones)


def test_addresses_are_in_towns_that_have_that_zip_code(records: list[Dispensation]) -> None:
    towns = {(t.name.upper(), t.state, t.postal_code) for t in (*atlas().home, *atlas().neighbours)}
    addresses = {a for d in records for a in d.person.addresses}
    addresses |= {a for d in records for a in (d.prescriber.address, d.dispenser.address) if a}
    for a in addresses:
        assert a.city is not None
        assert a.postal_code is not None
        assert (a.city.upper(), a.state, a.postal_code[:5]) in towns
        assert re.fullmatch(r"\d{5}(-\d{4})?", a.postal_code)
        assert a.country == "US"


def test_the_volume_is_plausible() -> None:
    counts = [len(p.dispensations) for p in people(MANY, 7)]
    assert 15 <= sum(counts) / len(counts) <= 26
    assert max(counts) <= 300
    for d in dispensations(people(MANY, 7)):
        assert d.sold is None or d.sold - d.filled <= timedelta(days=10)
