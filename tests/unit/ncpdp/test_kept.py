"""What is kept from answer to answer: parties and drugs as they were written, and nothing of a patient."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.ncpdp import kept
from adapters.ncpdp.kept import Kept, Written
from adapters.ncpdp.layout import _kept
from adapters.ncpdp.write import layout_for
from gateway.model import Dispenser, Drug, Ingredient, PersonName, Prescriber
from tests.factory import a_dispensation, a_dispenser, a_drug, a_person, a_prescriber, an_answer
from tests.unit.ncpdp.helpers import VERSIONS, texts, tree, written

PATIENT = a_person(names=(PersonName(family="Zzyzxworth", given=("Peregrine",)),), phones=("8605550177",))


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_of_a_patient_is_kept(version: str) -> None:
    answer = an_answer(dispensations=(a_dispensation(person=PATIENT, rx_number="4711-0815"),))
    written(answer, version)
    held = _kept(type(layout_for(version)))._made.values()
    assert {type(part) for part, _ in held} == {Drug, Prescriber, Dispenser}
    told = repr(list(held))
    assert "oxycodone" in told
    for word in ("Zzyzxworth", "Peregrine", "8605550177", "4711-0815", "1971-04-09"):
        assert word not in told


@pytest.mark.parametrize("version", VERSIONS)
def test_another_answer_is_written_and_loses_as_the_first(version: str) -> None:
    drug = a_drug(name="x" * 300)
    prescriber, dispenser = a_prescriber(licence=None), a_dispenser(name="Larkspur\tPharmacy")
    first, second = (
        written(
            an_answer(dispensations=(a_dispensation(drug=drug, prescriber=prescriber, dispenser=dispenser),)),
            version,
        )
        for _ in range(2)
    )
    assert first.body == second.body
    assert first.losses == second.losses
    assert {"drug.name", "dispenser.name"} <= set(second.losses)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_equal_is_written_as_it_is(version: str) -> None:
    """Strengths of 5 and of 5.0 mg are equal."""
    drugs = [
        a_drug(ingredients=(Ingredient(name="oxycodone", strength=Decimal(strength), unit="mg"),))
        for strength in ("5", "5.0")
    ]
    assert drugs[0] == drugs[1]
    answer = an_answer(dispensations=tuple(a_dispensation(drug=drug) for drug in drugs))
    path = "//Strength" if version == "script-10.6" else "//StrengthValue"
    told = [text.partition(" ")[0] for text in texts(tree(written(answer, version)), path)]
    assert told == ["5", "5.0"]


def test_so_much_is_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    here, made = Kept(), []
    parts = [object() for _ in range(10)]
    for part in parts * 2:
        here.of("part", part, lambda part=part: made.append(part) or Written("x", frozenset()))
        assert len(here._made) <= 3
    assert len(made) == 20
    here.of("part", parts[-1], lambda: pytest.fail("it is kept"))
