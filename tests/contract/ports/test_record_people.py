"""What every record store says of the people of one birth date."""

from __future__ import annotations

from datetime import date

from gateway.model import PersonName
from gateway.store import Store
from tests.contract.ports.links import merge
from tests.contract.ports.records import record_one, reported
from tests.factory import a_person

BORN = date(1971, 4, 9)
OTHER = date(1971, 4, 10)


def _record(record: Store, given: str, born: date | None) -> str:
    person = a_person(
        key=None, appearance=None, names=(PersonName(family="Bell", given=(given,)),), birth_date=born
    )
    key = record_one(record, reported(person=person, rx_number=f"{given}{born}"), keys=(given,)).person.key
    assert key is not None
    return key


def test_everybody_born_that_day_and_nobody_else(record: Store) -> None:
    keys = {_record(record, "Ann", BORN), _record(record, "Bo", BORN)}
    _record(record, "Cy", OTHER)
    born = record.born_on(BORN, 2)
    assert born is not None
    assert {one.key for one in born} == keys
    assert record.born_on(BORN, 1) is None
    assert record.born_on(date(1900, 1, 1), 1) == []


def test_whoever_has_been_merged_is_found_as_who_they_are_now(record: Store) -> None:
    one, other = _record(record, "Ann", BORN), _record(record, "Ann", OTHER)
    assert one != other, "or this test shows nothing"
    merge(record, one, other)
    for day in (BORN, OTHER):
        born = record.born_on(day, 1)
        assert born is not None
        assert [(who.key, who.birth_date) for who in born] == [(other, OTHER), (other, BORN)]
