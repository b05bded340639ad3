"""Who is found in the record, by whom, and what is refused; on each store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway import people as people_module
from gateway.bootstrap import Gateway
from gateway.errors import ErrorCode, Forbidden, MessageError, NotFound
from gateway.linking import Merge, Split
from gateway.model import (
    Address,
    Identifier,
    IdentifierKind,
    IntakeBatch,
    IntakeRecord,
    Person,
    PersonName,
    Practitioner,
    Sex,
    Species,
)
from gateway.model.people import MatchGrade, PersonFacts, PersonFound, PersonQuery, TextFact, TextTest
from gateway.people import People
from tests.factory import a_dispensation, a_person, a_requester

BORN = date(1971, 4, 9)
COMMON = (PersonName(family="Johnson", given=("Mary",)),)
ELSEWHERE = Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850")


@pytest.fixture
def people(gateway: Gateway) -> People:
    return gateway.people


def record(gateway: Gateway, *people: Person) -> None:
    fills = [
        a_dispensation(id=None, source_state=None, reported_at=None, revision=0, rx_number=str(n), person=one)
        for n, one in enumerate(people)
    ]
    gateway.intake(IntakeBatch(records=tuple(IntakeRecord(dispensation=d, path="") for d in fills)))


def matched(people: People, person: Person, **over: Any) -> tuple[PersonFound, ...]:
    sent = replace(person, key=None, appearance=None)
    return people(PersonQuery(requester=a_requester(), person=sent, **over)).people


def searched(people: People, **facts: Any) -> tuple[PersonFound, ...]:
    return people(PersonQuery(requester=a_requester(), facts=PersonFacts(**facts))).people


def text(value: str, of: Any = "name", how: TextTest = TextTest.STARTS) -> tuple[TextFact, ...]:
    return (TextFact(of=of, how=how, any_of=(value,)),)


def test_one_who_fits_is_certain_and_nobody_has_identifiers(gateway: Gateway, people: People) -> None:
    ssn = Identifier(kind=IdentifierKind.SSN, value="987654320")
    record(gateway, a_person(identifiers=(ssn,)))
    (one,) = matched(people, a_person())
    assert (one.grade, one.appearances[0].identifiers) == (MatchGrade.CERTAIN, ())
    assert one.evidence is not None
    assert one.evidence.score > 25
    assert matched(people, a_person(), only_certain=True) == (one,)


def test_namesakes_are_all_shown_and_none_is_certain(gateway: Gateway, people: People) -> None:
    here, there = a_person(names=COMMON, phones=()), a_person(names=COMMON, phones=(), addresses=(ELSEWHERE,))
    record(gateway, here, there)
    assert gateway.store.people() == 2
    bare = a_person(names=COMMON, phones=(), addresses=())
    both = matched(people, bare)
    assert len(both) == 2
    assert MatchGrade.CERTAIN not in {one.grade for one in both}
    assert matched(people, bare, most=1) == both[:1]
    found = people(
        PersonQuery(
            requester=a_requester(), person=replace(bare, key=None, appearance=None), only_certain=True
        )
    )
    assert found.people == ()
    assert "address" in (found.detail or "")
    best, other = matched(people, here)
    assert (best.grade, best.appearances[0].addresses) == (MatchGrade.CERTAIN, here.addresses)
    assert other.grade is not MatchGrade.CERTAIN


def test_twins_are_told_apart(gateway: Gateway, people: People) -> None:
    twins = [a_person(names=(PersonName(family="Quillfeather", given=(one,)),)) for one in ("Ann", "Amy")]
    record(gateway, *twins)
    for twin in twins:
        assert [one.appearances[0].names for one in matched(people, twin, only_certain=True)] == [twin.names]


def test_an_animal_is_found_among_animals_only(gateway: Gateway, people: People) -> None:
    owner = a_person(key=None, appearance=None)
    cat = a_person(
        names=(PersonName(family="Quillfeather", given=("Biscuit",)),),
        species=Species.VETERINARY,
        owner=owner,
    )
    record(gateway, cat, a_person())
    (found,) = matched(people, cat)
    assert found.appearances[0].species is Species.VETERINARY
    (human,) = matched(people, a_person())
    assert human.appearances[0].species is Species.HUMAN


@pytest.mark.parametrize(
    ("facts", "is_found"),
    [
        (text("quill"), True),
        (text("QUILLFEÄTHER"), True),
        (text("feather"), False),
        (text("feather", how=TextTest.CONTAINS), True),
        (text("quillfeather", how=TextTest.EXACT), False),
        (text("Quillfeather", how=TextTest.EXACT), True),
        (text("ann"), True),
        (text("ann", "given"), True),
        (text("ann", "family"), False),
        (text("mari", "given") + text("quill", "family"), True),
        (text("mari", "given") + text("johnson", "family"), False),
        (text("061", "postal_code"), True),
        (text("062", "postal_code"), False),
        (text("---"), False),
    ],
)
def test_texts_are_compared_as_fhir_has_it(
    gateway: Gateway, people: People, facts: tuple[TextFact, ...], is_found: bool
) -> None:
    record(gateway, a_person())
    assert bool(searched(people, birth_date=BORN, texts=facts)) is is_found
    assert searched(people, birth_date=date(1971, 4, 10), texts=facts) == ()


def test_further_facts_narrow(gateway: Gateway, people: People) -> None:
    record(gateway, a_person())
    (one,) = searched(people, birth_date=BORN, texts=text("quill"), sexes=frozenset({Sex.FEMALE}))
    assert searched(people, birth_date=BORN, texts=text("quill"), sexes=frozenset({Sex.MALE})) == ()
    assert searched(people, birth_date=BORN, phones=(("(860) 555-0142",),)) == (one,)
    assert searched(people, birth_date=BORN, phones=(("8605550143",),)) == ()
    assert searched(people, keys=(one.key, "NOBODY")) == (one,)
    assert searched(people, keys=(one.key,), texts=text("johnson")) == ()
    assert searched(people, keys=()) == ()


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"texts": text("quill")},
        {"texts": text("quill"), "sexes": frozenset({Sex.FEMALE})},
        {"birth_date": BORN},
        {"birth_date": BORN, "sexes": frozenset({Sex.FEMALE})},
    ],
)
def test_what_would_read_too_many_is_refused_by_name(people: People, facts: dict[str, Any]) -> None:
    with pytest.raises(MessageError) as caught:
        searched(people, **facts)
    assert caught.value.code is ErrorCode.TOO_COSTLY
    assert caught.value.remedy


def test_more_than_can_be_read_or_shown_is_refused_and_never_cut(
    gateway: Gateway, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(
        gateway, *(a_person(names=(PersonName(family=f"Quill{one}", given=(one,)),)) for one in ("Ann", "Bo"))
    )
    assert len(searched(people, birth_date=BORN, texts=text("quill"))) == 2
    for limit in ("MOST_FOUND", "MOST_BORN"):
        with monkeypatch.context() as patched:
            patched.setattr(people_module, limit, 1)
            with pytest.raises(MessageError) as caught:
                searched(people, birth_date=BORN, texts=text("quill"))
            assert caught.value.code is ErrorCode.TOO_COSTLY


def test_a_merged_person_is_one_by_either_key_and_a_split_one_is_two(
    gateway: Gateway, people: People
) -> None:
    record(gateway, a_person(names=COMMON), a_person(names=COMMON, phones=(), addresses=(ELSEWHERE,)))
    one, other = (found.key for found in searched(people, birth_date=BORN, texts=text("john")))
    linking = gateway.linking
    linking.carry_out(linking.propose(Merge(one, other), by="operator:hazel", reason="same"))
    (merged,) = searched(people, birth_date=BORN, texts=text("john"))
    assert (merged.key, len(merged.appearances)) == (other, 2)
    (led,) = people(PersonQuery(requester=a_requester(), key=one)).people
    assert led == replace(merged, earlier_key=one)
    assert searched(people, keys=(one, other)) == (merged,)
    moved = merged.appearances[0].appearance or 0
    linking.carry_out(linking.propose(Split(other, frozenset({moved})), by="operator:hazel", reason="two"))
    apart = searched(people, birth_date=BORN, texts=text("john"))
    assert [len(found.appearances) for found in apart] == [1, 1]


def test_who_is_not_admitted_learns_nothing(gateway: Gateway, people: People) -> None:
    record(gateway, a_person())
    (one,) = matched(people, a_person())
    asks = a_requester(practitioner=Practitioner(npi="1023011178", role="Journalist"))
    for query in (
        PersonQuery(person=a_person(key=None, appearance=None)),
        PersonQuery(key=one.key),
        PersonQuery(key="NOBODY"),
        PersonQuery(facts=PersonFacts(birth_date=BORN, texts=text("quill"))),
    ):
        with pytest.raises(Forbidden):
            people(replace(query, requester=asks))


def test_a_key_that_nobody_has(people: People) -> None:
    with pytest.raises(NotFound):
        people(PersonQuery(requester=a_requester(), key="0000000000000"))
