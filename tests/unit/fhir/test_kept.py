"""What is kept from answer to answer: it changes no answer, is bounded, and is about no patient."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from adapters.fhir import kept
from adapters.fhir.history import history_parameters
from adapters.fhir.kept import Once, Source
from adapters.fhir.out import to_json
from adapters.fhir.standalone import standalone
from adapters.fhir.tree import Node
from adapters.fhir.validation import validate
from adapters.fhir.xml_write import to_xml
from gateway.model import Answer, Dispensation, Ingredient
from gateway.model.kept import Kept
from gateway.synth import generate
from tests.factory import a_dispensation, a_drug, an_answer
from tests.unit.fhir.cases import BASE, dispensations

STATES = (None, "CT", "NY")


@pytest.fixture(autouse=True)
def _anew() -> None:
    kept.source.cache_clear()


def histories() -> Iterator[Answer]:
    """Synthetic histories, and one that has everything; fills from several states."""
    people = generate(patients=60, years=3, seed=5, until=date(2026, 10, 1))
    for number, person in enumerate(people):
        fills = tuple(
            replace(
                d,
                id=f"d{n}",
                revision=1,
                source_state=STATES[n % 3],
                person=replace(d.person, key=f"key-of-{number}"),
            )
            for n, d in enumerate(person.dispensations)
        )
        if fills:
            yield an_answer(dispensations=fills)
    yield an_answer(dispensations=dispensations())


def test_the_second_answer_is_the_first_one() -> None:
    """Written with nothing kept, with its own things kept, and with everybody's."""
    shown = list(histories())
    assert len(shown) > 40
    first = []
    for answer in shown:
        kept.source.cache_clear()
        first.append(to_json(history_parameters(answer, BASE)))
    assert [to_json(history_parameters(answer, BASE)) for answer in shown] == first
    assert [to_json(history_parameters(answer, BASE)) for answer in shown] == first
    assert kept.source.cache_info().hits > len(shown)


def test_ready_json_is_what_the_dicts_say() -> None:
    """The Bundle takes the JSON, `contained` the dicts, XML the one or the other."""
    for answer in histories():
        history_parameters(answer, BASE)
    for name in (BASE, *(f"urn:pmpbridge:state:{state}" for state in STATES if state)):
        source = kept.source(name)
        for one in ready(source):
            assert orjson.dumps(one.json) == to_json(one.resource)
            assert to_xml(one.json) == to_xml(one.resource)


def test_a_reader_of_parts_of_an_answer_leaves_what_is_kept_alone() -> None:
    one = dispensations()[0]
    before = to_json(standalone(one, BASE))
    written = standalone(one, BASE)
    written["contained"][0]["id"] = "another"
    written["meta"]["tag"] = ["x"]
    written["supportingInformation"].clear()
    assert to_json(standalone(one, BASE)) == before


def test_equal_drugs_that_are_not_written_alike_are_kept_apart() -> None:
    def strength(text: str) -> Any:
        drug = a_drug(ingredients=(Ingredient(name="oxycodone", strength=Decimal(text), unit="mg"),))
        return to_json(standalone(a_dispensation(drug=drug), BASE))

    assert b'"value":5,' in strength("5")
    assert b'"value":5.0,' in strength("5.0")


def test_nothing_of_a_patient_is_kept() -> None:
    """Neither dates nor names, numbers or keys of who the answers and the reports were about."""
    told: set[str] = set()
    for answer in histories():
        history_parameters(answer, BASE)
        for d in answer.dispensations:
            validate(Node(orjson.loads(to_json(standalone(d, BASE))), None, "MedicationDispense"))
            told |= private(d)
    assert len(told) > 200
    held = [source for source in gc.get_objects() if isinstance(source, Source)]
    strings = {text for one in held for table in tables(one) for text in texts(table)}
    assert any("oxycodone" in text for text in strings)
    assert not {text for text in strings if text in told}


def test_what_is_kept_is_bounded_and_stays_right() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text.upper()

    table: Kept[str, str] = Kept(make, 3)
    values = [f"value {n}" for n in range(10)]
    for _ in range(3):
        assert [table.of(value) for value in values] == [value.upper() for value in values]
    assert [table.of(values[-1]), table.of(values[-1])] == ["VALUE 9"] * 2
    assert len(table._made) <= 3
    assert 10 <= len(made) <= 30


def test_once_makes_the_same_of_what_is_equal() -> None:
    made: list[Any] = []
    once: Once[Any, Any] = Once(lambda drug: drug)
    first, second = a_drug(), a_drug()
    assert first is not second
    for drug in (first, second, first, second):
        assert once.of(drug, made.append) is None
    assert made == [first]


# --- walking --------------------------------------------------------------------------------------------------


def tables(source: Source) -> tuple[Any, ...]:
    return source.drugs._made, source.dispensers._made, source.prescribers._made


def ready(source: Source) -> Iterator[kept.Ready]:
    for _, written in source.drugs._made.values():
        yield from written.resources
    for table in (source.dispensers, source.prescribers):
        for _, party in table._made.values():
            yield party.resource


def texts(value: Any) -> Iterator[str]:
    """Every text and date that is reached from there."""
    if isinstance(value, str | date | Decimal | int | float):
        yield str(value)
    elif isinstance(value, bytes):
        yield from (text for line in value.split(b"\n") for text in texts(orjson.loads(line)))
    elif isinstance(value, orjson.Fragment):
        yield from texts(orjson.loads(orjson.dumps(value)))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from texts(name) if isinstance(name, str) else ()
            yield from texts(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from texts(one)
    elif value is not None:
        for slot in getattr(type(value), "__slots__", ()) or vars(value):
            yield from texts(getattr(value, slot))


def private(d: Dispensation) -> set[str]:
    """What would tell of the patient; not what a street or a name shares with a pharmacy's or a prescriber's."""
    patient = {d.rx_number, str(d.person.birth_date), d.person.key or "", *d.person.phones}
    patient |= {line for address in d.person.addresses for line in address.lines}
    public = {line for one in (d.dispenser, d.prescriber) if one.address for line in one.address.lines}
    return patient - public - {"", "None"}
