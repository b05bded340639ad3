"""Which drugs no patient report shows."""

from __future__ import annotations

import pytest

from gateway.drugs import DrugTable
from gateway.model import Drug, DrugClass, Ingredient
from tests.unit.drug_table import NALOXONE, NALOXONE_NDC, TABLE

SPRAY = next(p.drug for p in TABLE.products if p.drug.drug_class is DrugClass.OPIOID_ANTAGONIST)


def _ingredients(*names: str) -> tuple[Ingredient, ...]:
    return tuple(Ingredient(name=name) for name in names)


@pytest.mark.parametrize(
    "name", ["BUPREN/NALOX 8-2", "Buprenorfin film 8-2", "bup/nalox", "NALOXONE 4 MG SPRAY SOMETHING"]
)
@pytest.mark.parametrize("code", [{"ndc11": SPRAY.ndc11}, {"rxcui": SPRAY.rxcui}, {"ndc11": "55555555555"}])
def test_a_word_that_may_be_another_ingredient_shows_the_drug_whatever_its_code(
    name: str, code: dict[str, str]
) -> None:
    sent = Drug(name=name, **code)
    assert not TABLE.is_hidden(sent, NALOXONE)
    assert not TABLE.is_hidden(DrugTable.load().resolve(sent), NALOXONE)


def test_a_labeller_in_the_name_does_not_show_naloxone() -> None:
    assert TABLE.is_hidden(Drug(name="NALOXONE HCL 4 MG NASAL SPRAY TEVA"), NALOXONE)


@pytest.mark.parametrize(
    "drug",
    [
        SPRAY,
        Drug(ndc11=SPRAY.ndc11),
        Drug(rxcui=SPRAY.rxcui),
        Drug(name="Narcan 4 mg nasal spray"),
        Drug(name="NALOXONE HCL 4 MG/ACTUATION SPRAY"),
        Drug(name="Kloxxado"),
        Drug(name="Zimhi 5 mg/0.5 mL prefilled syringe"),
        Drug(name="1 ML naloxone hydrochloride 0.4 MG/ML Prefilled Syringe"),
        Drug(ingredients=_ingredients("Naloxone Hydrochloride")),
        Drug(name="Take-home rescue kit", ingredients=_ingredients("naloxone")),
    ],
)
def test_naloxone_alone_is_hidden(drug: Drug) -> None:
    assert TABLE.is_hidden(drug, NALOXONE)
    assert TABLE.is_hidden(TABLE.resolve(drug), NALOXONE)
    assert not TABLE.is_hidden(drug, frozenset())


@pytest.mark.parametrize(
    "drug",
    [
        *(p.drug for p in TABLE.products if {i.name for i in p.drug.ingredients} != NALOXONE),
        Drug(),
        Drug(name="Wonderfulol"),
        Drug(name="Suboxone 8-2 mg film"),
        Drug(name="buprenorphine 8 MG / naloxone 2 MG Sublingual Film"),
        Drug(name="naloxone 0.5 MG / pentazocine 50 MG Oral Tablet"),
        Drug(name="naloxone / wonderfulol"),  # a part that is not known is not hidden with it
        Drug(name="naloxone 8-2 mg"),
        Drug(ingredients=_ingredients("naloxone", "wonderfulol")),
        Drug(name="Suboxone film", ingredients=_ingredients("naloxone")),
        Drug(name="Suboxone film", ndc11=SPRAY.ndc11),
        Drug(ndc11="98999010901", ingredients=_ingredients("naloxone")),
    ],
)
def test_everything_else_is_shown(drug: Drug) -> None:
    assert not TABLE.is_hidden(drug, NALOXONE)
    assert not TABLE.is_hidden(TABLE.resolve(drug), NALOXONE)


@pytest.mark.parametrize("code", sorted(NALOXONE_NDC))
def test_naloxone_reported_by_its_ndc_alone_is_hidden(code: str) -> None:
    assert TABLE.is_hidden(Drug(ndc11=code), NALOXONE)
    assert TABLE.is_hidden(TABLE.resolve(Drug(ndc11=code)), NALOXONE)


def test_hidden_ingredients_may_be_written_in_any_case() -> None:
    assert TABLE.is_hidden(SPRAY, frozenset({"Naloxone"}))
