"""What every `RecordStore` keeps to."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import make_url

from gateway.database import SchemaError
from gateway.errors import Conflict, Unavailable
from gateway.model import (
    Address,
    CompoundPart,
    Dispensation,
    DispensationStatus,
    Dispenser,
    Drug,
    Identifier,
    IdentifierKind,
    Ingredient,
    Licence,
    NameUse,
    PartyKind,
    Period,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Sex,
    Species,
)
from gateway.store import Store, migrate
from tests.contract.ports.fakes import FakeVault, Ticking
from tests.factory import NOW, a_dispensation, a_dispenser, a_drug, a_person, a_prescriber

KEYS = ("name:quillfeather", "born:1971-04-09")
ALWAYS = Period()
SSN = Identifier(kind=IdentifierKind.SSN, value="987-65-4329")
LICENCE = Identifier(kind=IdentifierKind.DRIVER_LICENCE, value="123456789", issuer="CT")


def reported(**over: Any) -> Dispensation:
    """A dispensation as a dispenser reports it, with nothing of the store's."""
    values: dict[str, Any] = {
        "id": None,
        "person": a_person(key=None, appearance=None),
        "source_state": None,
        "reported_at": None,
        "revision": 0,
    }
    return a_dispensation(**{**values, **over})


def record_one(store: Store, dispensation: Dispensation, keys: tuple[str, ...] = KEYS) -> Dispensation:
    """Record it for a new person."""
    with store.intake() as unit:
        key = unit.add_person(dispensation.person, keys)
        return unit.add_dispensation(key, dispensation, keys)


def fills(store: Store, key: str | None, period: Period = ALWAYS) -> tuple[Dispensation, ...]:
    assert key is not None
    history = store.history(key, period)
    assert history is not None
    return history.dispensations


def test_postgresql_takes_part(postgresql: str) -> None:
    assert make_url(postgresql).get_backend_name() == "postgresql"


def test_postgresql_that_is_not_there_is_named_without_its_password(postgresql: str) -> None:
    url = make_url(postgresql).set(port=1, password="open-sesame").render_as_string(hide_password=False)
    for start in (migrate, lambda url: Store(url, vault=FakeVault(), clock=Ticking())):
        with pytest.raises(SchemaError, match=":1/") as failure:
            start(url)
        assert "open-sesame" not in str(failure.value)


# --- what goes in comes out -----------------------------------------------------------------------------------

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


# --- people and their appearances -----------------------------------------------------------------------------


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


# --- history --------------------------------------------------------------------------------------------------


def test_history_is_newest_fill_first_and_by_order_of_record_within_a_day(record: Store) -> None:
    days = [date(2026, 3, 1), date(2026, 5, 1), date(2026, 3, 1), date(2025, 1, 1), date(2026, 5, 1)]
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for number, day in enumerate(days):
            unit.add_dispensation(key, reported(rx_number=str(number), filled=day), KEYS)
    assert [one.rx_number for one in fills(record, key)] == ["1", "4", "0", "2", "3"]


def test_a_period_includes_both_its_ends_and_may_be_open(record: Store) -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 4)
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for number in range(4):
            unit.add_dispensation(
                key, reported(rx_number=str(number), filled=first + timedelta(days=number)), KEYS
            )

    def found(start: date | None, end: date | None) -> str:
        return "".join(one.rx_number for one in fills(record, key, Period(start=start, end=end)))

    assert found(None, None) == found(first, last) == "3210"
    assert found(first + timedelta(days=1), None) == "321"
    assert found(None, last - timedelta(days=1)) == "210"
    assert found(first, first) == "0"
    assert found(last + timedelta(days=1), None) == found(None, first - timedelta(days=1)) == ""
    assert found(date.min, date.max) == "3210"


def test_nobody_is_not_the_same_as_nothing(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
    assert fills(record, key) == ()
    known = record_one(record, reported())
    assert known.person.key is not None
    far = Period(start=date(2001, 1, 1), end=date(2001, 1, 1))
    assert fills(record, known.person.key, far) == ()
    for nobody in (
        "0000000000000",
        "7ZZZZZZZZZZZZ",
        "",
        "x",
        key.lower() + "x",
        key[:-1],
        f"{key} ",
        "é" * 13,
    ):
        assert record.history(nobody, ALWAYS) is None


def test_a_key_is_written_in_one_way_only(record: Store) -> None:
    recorded = record_one(record, reported())
    key, id_ = recorded.person.key, recorded.id
    assert key is not None
    assert id_ is not None
    assert record.history("8" + key[1:], ALWAYS) is None
    assert record.history("Z" + key[1:], ALWAYS) is None
    for other in (
        key,
        f"{key}-",
        f"{key}-01",
        f"{key}-2",
        f"{id_}-1",
        f"{key}-ZZZZZZZZZZ",
        f" {id_}",
        "-1",
        "",
    ):
        assert record.dispensation(other) is None
    assert record.dispensation(id_) == recorded


# --- revisions ------------------------------------------------------------------------------------------------


def test_a_revision_replaces_and_a_void_hides(record: Store) -> None:
    recorded = record_one(record, reported(), KEYS)
    key = recorded.person.key
    assert key is not None
    with record.intake() as unit:
        revised = unit.add_dispensation(key, replace(reported(), id=recorded.id, days_supply=5), KEYS)
    assert (revised.id, revised.revision, revised.days_supply) == (recorded.id, 2, 5)
    assert fills(record, key) == (revised,)
    with record.intake() as unit:
        withdrawn = replace(reported(), id=recorded.id, status=DispensationStatus.VOID)
        void = unit.add_dispensation(key, withdrawn, KEYS)
        assert unit.same_fill(reported()) == void
    assert void.revision == 3
    assert fills(record, key) == ()
    assert record.dispensation(recorded.id or "") == void
    assert (record.people(), record.dispensations()) == (1, 1)


def test_a_revised_fill_date_counts_for_the_period(record: Store) -> None:
    old, new = date(2026, 1, 1), date(2026, 2, 1)
    recorded = record_one(record, reported(filled=old))
    key = recorded.person.key
    assert key is not None
    with record.intake() as unit:
        revised = unit.add_dispensation(key, replace(reported(filled=new), id=recorded.id), KEYS)
    assert fills(record, key, Period(start=old, end=old)) == ()
    assert fills(record, key, Period(start=new, end=new)) == (revised,)
    with record.intake() as unit:
        for day in (old, new):
            assert unit.same_fill(reported(filled=day)) == revised, (
                "the old report, sent again, is still known"
            )


def test_several_revisions_in_one_unit(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        last = unit.add_dispensation(key, reported(), KEYS)
        for supply in (3, 4, 5):
            last = unit.add_dispensation(key, replace(reported(), id=last.id, days_supply=supply), KEYS)
            assert unit.same_fill(reported()) == last
    assert last.revision == 4
    assert fills(record, key) == (last,)


def test_a_revision_of_what_is_not_there_is_refused(record: Store) -> None:
    mine, other = record_one(record, reported()), record_one(record, reported(rx_number="other"))
    mine_key = mine.person.key
    assert mine_key is not None
    with record.intake() as unit:
        for id_ in (other.id, f"{mine_key}-9", "nonsense"):
            with pytest.raises(Conflict):
                unit.add_dispensation(mine_key, replace(reported(), id=id_), KEYS)
        for id_ in (mine.id, other.id):
            with pytest.raises(Conflict):
                unit.add_dispensation(mine_key, replace(reported(rx_number="other"), id=id_), KEYS)
        for nobody in ("0000000000000", "nobody"):
            with pytest.raises(Conflict):
                unit.add_dispensation(nobody, reported(rx_number="new"), KEYS)
    assert fills(record, mine_key) == (mine,)
    assert fills(record, other.person.key) == (other,)


# --- the same fill --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_flushed", [False, True])
def test_a_fill_is_recorded_once(record: Store, is_flushed: bool) -> None:
    with record.intake() as unit:
        assert unit.same_fill(reported()) is None
        key = unit.add_person(a_person(), KEYS)
        recorded = unit.add_dispensation(key, reported(), KEYS)
        if not is_flushed:
            assert unit.same_fill(reported(days_supply=99)) == recorded
            with pytest.raises(Conflict):
                unit.add_dispensation(key, reported(), KEYS)
    if is_flushed:
        with record.intake() as unit:
            assert unit.same_fill(reported(days_supply=99)) == recorded
            with pytest.raises(Conflict):
                unit.add_dispensation(key, reported(), KEYS)
            other = unit.add_person(a_person(), KEYS)
            with pytest.raises(Conflict):
                unit.add_dispensation(other, reported(), KEYS)
    assert fills(record, key) == (recorded,)
    assert record.dispensations() == 1


@pytest.mark.parametrize(
    ("over", "is_same"),
    [
        ({"quantity": Decimal(9), "days_supply": 9, "drug": Drug(), "prescriber": Prescriber()}, True),
        ({"dispenser": a_dispenser(name="Renamed", npi="1", dea=None)}, True),
        ({"dispenser": a_dispenser(ncpdp_id=" 1234563 ")}, True),
        ({"rx_number": " 7001234"}, True),
        ({"person": Person(names=(PersonName(family="Other"),))}, True),
        ({"rx_number": "7001235"}, False),
        ({"fill_number": 1}, False),
        ({"partial_fill": 1}, False),
        ({"filled": date(2026, 9, 3)}, False),
        ({"dispenser": a_dispenser(ncpdp_id="7654321")}, False),
    ],
)
def test_what_makes_it_the_same_fill(record: Store, over: dict[str, Any], is_same: bool) -> None:
    recorded = record_one(record, reported())
    with record.intake() as unit:
        assert unit.same_fill(reported(**over)) == (recorded if is_same else None)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (Dispenser(npi="1234567893", name="A"), Dispenser(npi="1234567893", name="B"), True),
        (Dispenser(dea="BC6486054"), Dispenser(dea="bc6486054"), True),
        (Dispenser(npi="1234567893"), Dispenser(dea="1234567893"), False),
        (
            Dispenser(licence=Licence(number="1", state="CT")),
            Dispenser(licence=Licence(number="1", state="MA")),
            False,
        ),
        (Dispenser(name="Larkspur  pharmacy"), Dispenser(name="LARKSPUR PHARMACY"), True),
        (Dispenser(name="Larkspur"), Dispenser(name="Foxglove"), False),
        (Dispenser(phone="1"), Dispenser(phone="2"), False),
        (Dispenser(phone="1"), Dispenser(phone="1"), True),
    ],
)
def test_a_dispenser_is_known_by_what_there_is(
    record: Store, one: Dispenser, other: Dispenser, is_same: bool
) -> None:
    recorded = record_one(record, reported(dispenser=one))
    with record.intake() as unit:
        assert unit.same_fill(reported(dispenser=other)) == (recorded if is_same else None)


@pytest.mark.parametrize("is_flushed", [False, True])
def test_a_void_fill_can_be_recorded_for_somebody_else(record: Store, is_flushed: bool) -> None:
    recorded = record_one(record, reported())
    wrong = recorded.person.key
    assert wrong is not None
    with record.intake() as unit:
        unit.add_dispensation(
            wrong, replace(reported(), id=recorded.id, status=DispensationStatus.VOID), KEYS
        )
        if not is_flushed:
            right = unit.add_person(a_person(phones=()), KEYS)
            new = unit.add_dispensation(right, reported(), KEYS)
            assert unit.same_fill(reported()) == new
    if is_flushed:
        with record.intake() as unit:
            right = unit.add_person(a_person(phones=()), KEYS)
            new = unit.add_dispensation(right, reported(), KEYS)
    with record.intake() as unit:
        assert unit.same_fill(reported()) == new
    assert (new.person.key, new.revision) == (right, 1)
    assert fills(record, wrong) == ()
    assert fills(record, right) == (new,)


def test_two_writers_racing_record_a_fill_once(open_store: Callable[[], Store]) -> None:
    stores = [open_store(), open_store()]
    rounds, writers = 5, 4
    start = Barrier(writers)

    def record_if_new(writer: int, number: int) -> bool:
        store, sent = stores[writer % 2], reported(rx_number=str(number))
        start.wait()
        while True:
            try:
                with store.intake() as unit:
                    if unit.same_fill(sent) is not None:
                        return False
                    found = unit.candidates(KEYS)
                    key = found[0].key if found else unit.add_person(sent.person, KEYS)
                    assert key is not None
                    unit.add_dispensation(key, sent, KEYS)
            except Unavailable:
                continue  # as the error says: send it again
            return True

    with ThreadPoolExecutor(writers) as pool:
        for number in range(rounds):
            assert sum(pool.map(record_if_new, range(writers), [number] * writers)) == 1
    assert (stores[0].people(), stores[0].dispensations()) == (1, rounds)


def test_a_writer_that_waits_too_long_is_unavailable(database: str, record: Store) -> None:
    impatient = Store(database, vault=FakeVault(), clock=Ticking(), busy_timeout=0.3)
    sent = [reported(rx_number=str(n)) for n in range(1000)]  # as many as are written at once
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for one in sent:
            unit.add_dispensation(key, one, KEYS)
        with pytest.raises(Unavailable):
            record_one(impatient, sent[0])
    assert record.dispensations() == 1000
    with impatient.intake() as unit:
        assert unit.same_fill(sent[0]) is not None
    impatient.close()


# --- the unit -------------------------------------------------------------------------------------------------


def test_a_unit_that_fails_leaves_nothing(record: Store) -> None:
    def fail_halfway() -> None:
        with record.intake() as unit:
            key = unit.add_person(a_person(), KEYS)
            for number in range(1500):  # more than are written at once
                unit.add_dispensation(key, reported(rx_number=str(number)), KEYS)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway()
    assert (record.people(), record.dispensations(), list(record.candidates(KEYS))) == (0, 0, [])
    recorded = record_one(record, reported(rx_number="1"))
    assert fills(record, recorded.person.key) == (recorded,), "nothing in memory is left over either"


def test_nothing_is_seen_before_the_unit_ends(open_store: Callable[[], Store]) -> None:
    writer, reader = open_store(), open_store()
    with writer.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for number in range(1500):
            unit.add_dispensation(key, reported(rx_number=str(number)), KEYS)
        assert reader.history(key, ALWAYS) is None
        assert list(reader.candidates(KEYS)) == []
    assert len(fills(reader, key)) == 1500


def test_a_unit_sees_what_it_has_written_and_what_was_there(record: Store) -> None:
    old = record_one(record, reported(rx_number="old"), ("shared",))
    with record.intake() as unit:
        assert list(unit.candidates(["shared", "mine"])) == [old.person]
        key = unit.add_person(a_person(phones=()), ["mine"])
        mine = unit.candidates(["mine"])
        assert [(person.key, person.appearance) for person in mine] == [(key, 1)]
        unit.add_dispensation(key, reported(rx_number="new", person=a_person(phones=("9",))), ["shared"])
        both = unit.candidates(["shared"])
        assert [(p.key, p.appearance) for p in both] == sorted([(old.person.key, 1), (key, 1), (key, 2)])
        assert unit.same_fill(reported(rx_number="old")) == old
    assert list(record.candidates(["shared"])) == list(both)


def test_thousands_in_one_unit(record: Store) -> None:
    drugs = [a_drug(ndc11=f"{n:011}") for n in range(7)]
    sent: dict[str, list[Dispensation]] = {}
    with record.intake() as unit:
        for person in range(50):
            who = a_person(key=None, appearance=None, phones=(str(person),))
            key = unit.add_person(who, [f"person:{person}", "everybody"])
            sent[key] = [
                unit.add_dispensation(
                    key,
                    reported(
                        rx_number=f"{person}-{n}",
                        filled=date(2026, 1, 1) + timedelta(days=n),
                        person=replace(who, sex=Sex.MALE) if n % 3 else who,
                        drug=drugs[n % 7],
                    ),
                    [f"person:{person}"],
                )
                for n in range(50)
            ]
            assert {one.key for one in unit.candidates([f"person:{person}"])} == {key}
        assert unit.same_fill(reported(rx_number="0-0", filled=date(2026, 1, 1))) is not None
        assert {one.key for one in unit.candidates(["everybody"])} == set(sent)
    for key, recorded in sent.items():
        assert list(fills(record, key)) == recorded[::-1]
    assert (record.people(), record.dispensations()) == (50, 2500)


def test_a_refused_record_does_not_end_the_unit(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        first = unit.add_dispensation(key, reported(), KEYS)
        with pytest.raises(Conflict):
            unit.add_dispensation(key, reported(), KEYS)
        second = unit.add_dispensation(key, reported(rx_number="next"), KEYS)
    assert [first.id, second.id] == [f"{key}-1", f"{key}-2"]
    assert set(fills(record, key)) == {first, second}


def test_an_instant_is_utc_whatever_the_clock_says(record: Store) -> None:
    record._clock = lambda: datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    recorded = record_one(record, reported())
    again = fills(record, recorded.person.key)[0]
    assert again.reported_at == recorded.reported_at == datetime(2026, 1, 1, 17, tzinfo=UTC)
    assert again.reported_at is not None
    assert again.reported_at.tzinfo is UTC


def test_a_migrated_store_is_ready(record: Store) -> None:
    assert record.ready() is True
