"""What goes into a record store comes out of it: dispensations, people and their appearances."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import make_url

from gateway.database import SchemaError
from gateway.model import (
    Address,
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    IdentifierKind,
    Ingredient,
    Licence,
    NameUse,
    PartyKind,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Sex,
    Species,
)
from gateway.store import Store, migrate
from tests.contract.ports.fakes import FakeVault, Ticking
from tests.contract.ports.records import KEYS, LICENCE, SSN, fills, record_one, reported
from tests.factory import NOW, a_dispenser, a_drug, a_person, a_prescriber


def test_postgresql_takes_part(postgresql: str) -> None:
    assert make_url(postgresql).get_backend_name() == "postgresql"


def test_postgresql_that_is_not_there_is_named_without_its_password(postgresql: str) -> None:
    url = make_url(postgresql).set(port=1, password="open-sesame").render_as_string(hide_password=False)
    for start in (migrate, lambda url: Store(url, vault=FakeVault(), clock=Ticking())):
        with pytest.raises(SchemaError, match=":1/") as failure:
            start(url)
        assert "open-sesame" not in str(failure.value)


BARE = reported(
    rx_number="0",
    written=None,
    sold=None,
    refills_authorised=None,
    quantity=Decimal("0.001"),
    payment=None,
    rx_origin=None,
    treatment_type=None,
    diagnosis=None,
    drug=Drug(),
    prescriber=Prescriber(),
    dispenser=Dispenser(),
    person=Person(names=(PersonName(family="X"),), birth_date=date(2000, 2, 29)),
)
FULL = reported(
    quantity=Decimal("1234567890.12345678901234567890"),
    unit=QuantityUnit.MILLILITRE,
    fill_number=5,
    partial_fill=2,
    compound=(
        CompoundPart(sequence=1, ndc11="00228298311", quantity=Decimal("0.50"), unit=QuantityUnit.GRAM),
        CompoundPart(sequence=2, ndc11=None, quantity=Decimal("1E+2"), unit=QuantityUnit.EACH),
    ),
    drug=a_drug(
        ingredients=(
            Ingredient(name="codeine", strength=Decimal("1.20"), unit="mg/mL"),
            Ingredient(name="guaifenesin"),
        )
    ),
    prescriber=a_prescriber(dea_suffix="A-17", kind=PartyKind.VETERINARY, licence=Licence(number="1")),
    dispenser=a_dispenser(
        licence=Licence(number="PCY.1", state="CT"), kind=PartyKind.OPIOID_TREATMENT_PROGRAMME
    ),
    person=a_person(
        key=None,
        appearance=None,
        names=(
            PersonName(family="O'Brien-Núñez", given=("Zoë", "J", "Łucja"), prefix="Dr", suffix="III"),
            PersonName(family="Brien", use=NameUse.MAIDEN),
            PersonName(family="", given=("Zo",), use=NameUse.NICKNAME),
        ),
        sex=Sex.OTHER,
        addresses=(Address(city="Hartford"), Address(), Address(lines=("", "Apt 2"), country="CA")),
        phones=("8605550142", "+1 (860) 555-0143"),
        deceased=date(2026, 10, 31),
    ),
)
ANIMAL = reported(
    person=Person(
        names=(PersonName(family="Quillfeather", given=("Biscuit",)),),
        species=Species.VETERINARY,
        owner=a_person(key=None, appearance=None, identifiers=(SSN,)),
        identifiers=(LICENCE,),
    )
)


@pytest.mark.parametrize("sent", [reported(), BARE, FULL, ANIMAL], ids=["usual", "bare", "full", "animal"])
def test_a_dispensation_comes_back_as_it_was_reported(
    open_store: Callable[[], Store], sent: Dispensation
) -> None:
    store = open_store()
    recorded = record_one(store, sent)
    person = recorded.person
    owner = sent.person.owner and replace(sent.person.owner, identifiers=())
    assert person == replace(sent.person, key=person.key, appearance=1, identifiers=(), owner=owner)
    assert recorded == replace(
        sent,
        id=recorded.id,
        person=person,
        revision=1,
        source_state="CT",
        reported_at=recorded.reported_at,
    )
    for one in (store, open_store()):  # with and without anything in memory
        assert fills(one, person.key) == (recorded,)
        assert one.dispensation(recorded.id or "") == recorded
        assert list(one.candidates(KEYS)) == [person]
    assert str(fills(open_store(), person.key)[0].quantity) == str(sent.quantity)


def test_the_record_adds_id_revision_state_and_time_of_report(record: Store) -> None:
    recorded = record_one(record, reported())
    assert recorded.id is not None
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", recorded.id), "a FHIR id"
    assert recorded.person.key is not None
    assert recorded.id.startswith(recorded.person.key)
    assert recorded.revision == 1
    assert recorded.source_state == "CT"
    assert recorded.reported_at is not None
    assert recorded.reported_at > NOW
    assert recorded.reported_at.utcoffset() == timedelta(0)


def test_a_state_that_is_known_stays(record: Store) -> None:
    assert record_one(record, reported(source_state="MA")).source_state == "MA"


def test_equal_people_have_unlike_keys_that_say_nothing_of_them(record: Store) -> None:
    keys = [record_one(record, reported(rx_number=str(n))).person.key or "" for n in range(50)]
    assert len({key[:4] for key in keys}) > 40, "keys are random from the first character on"
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{13}", key) for key in keys)


def test_equal_demographics_are_one_appearance(record: Store) -> None:
    moved = a_person(key=None, appearance=None, addresses=())
    with record.intake() as unit:
        key = unit.add_person(a_person(key="other", appearance=9), KEYS)
        seen = [
            unit.add_dispensation(key, reported(rx_number=str(n), person=person), KEYS).person.appearance
            for n, person in enumerate([a_person(key=None, appearance=None), moved, a_person(), moved])
        ]
    assert seen == [1, 2, 1, 2]
    with record.intake() as unit:
        again = unit.add_dispensation(key, reported(rx_number="later", person=moved), KEYS)
    assert again.person.appearance == 2
    assert [person.appearance for person in record.candidates(KEYS)] == [1, 2]
    people = {id(one.person): one.person.appearance for one in fills(record, key)}
    assert sorted(filter(None, people.values())) == [1, 2], "fills of one appearance share it"


def test_another_identifier_is_another_appearance(record: Store) -> None:
    plain = a_person(key=None, appearance=None)
    people = [
        plain,
        replace(plain, identifiers=(SSN,)),
        replace(plain, identifiers=(replace(SSN, value="987-65-4321"),)),
        replace(plain, identifiers=(replace(SSN, kind=IdentifierKind.MEDICAL_RECORD_NUMBER),)),
        replace(plain, identifiers=(replace(SSN, issuer="NY"),)),
    ]
    with record.intake() as unit:
        key = unit.add_person(plain, KEYS)
        seen = [
            unit.add_dispensation(key, reported(rx_number=str(n), person=person), KEYS).person.appearance
            for n, person in enumerate([*people, *people])
        ]
    assert seen == [1, 2, 3, 4, 5] * 2


def test_identifiers_are_never_given_back(record: Store) -> None:
    sent = reported(person=a_person(key=None, appearance=None, identifiers=(SSN, LICENCE)))
    recorded = record_one(record, sent)
    given = [recorded.person, *record.candidates(KEYS), fills(record, recorded.person.key)[0].person]
    assert [person.identifiers for person in given] == [(), (), ()]


def test_candidates_are_every_appearance_of_everybody_known_by_a_key(record: Store) -> None:
    with record.intake() as unit:
        first = unit.add_person(a_person(phones=("1",)), ["a", "b"])
        second = unit.add_person(a_person(phones=("2",)), ["b", "c"])
        unit.add_person(a_person(phones=("3",)), ["d"])
        unit.add_dispensation(first, reported(person=a_person(phones=("4",))), ["e"])

    def found(*keys: str) -> set[tuple[str | None, str]]:
        candidates = record.candidates(keys)
        assert len(candidates) == len(set(candidates)), "nobody twice"
        return {(person.key, person.phones[0]) for person in candidates}

    both = {(first, "1"), (first, "4")}
    assert found("a") == found("e") == found("a", "e", "nobody") == both
    assert found("b") == found("a", "c") == both | {(second, "2")}
    assert found("nobody") == found() == set()


def test_a_key_that_very_many_share_gives_them_all(record: Store) -> None:
    with record.intake() as unit:
        added = {unit.add_person(a_person(phones=(str(n),)), ["common", str(n)]) for n in range(1200)}
        assert {person.key for person in unit.candidates(["common"])} == added
    assert {person.key for person in record.candidates(["common"])} == added
    assert {person.key for person in record.candidates([str(n) for n in range(1200)])} == added
