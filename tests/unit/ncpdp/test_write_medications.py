"""SCRIPT answers: the medications."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from gateway.model import (
    CompoundPart,
    Licence,
    PartyKind,
    PersonName,
    QuantityUnit,
    Schedule,
    Species,
)
from tests.factory import a_dispensation, a_dispenser, a_drug, a_person, a_prescriber, an_answer
from tests.unit.ncpdp.helpers import (
    V10_6,
    V2017071,
    VERSIONS,
    asked,
    assert_valid,
    read_back,
    texts,
    tree,
    written,
)


@pytest.mark.parametrize("version", VERSIONS)
def test_fill_numbers(version: str) -> None:
    for fill_number, wire in ((0, "0"), (1, "1"), (11, "11")):
        root = tree(written(an_answer(dispensations=(a_dispensation(fill_number=fill_number),)), version))
        assert texts(root, "//FillNumber") == [wire if version == V10_6 else wire.zfill(2)]
    outbound = written(an_answer(dispensations=(a_dispensation(fill_number=100),)), version)
    assert texts(tree(outbound), "//FillNumber") == []
    assert "fill_number" in outbound.losses


@pytest.mark.parametrize("version", VERSIONS)
def test_codes_of_schedules_and_units(version: str) -> None:
    schedule = "//DEASchedule" if version == V10_6 else "//DEASchedule/Code"
    unit = "//PotencyUnitCode" if version == V10_6 else "//QuantityUnitOfMeasure/Code"
    for value, code in zip(Schedule, ("C48672", "C48675", "C48676", "C48677", "C48679", None), strict=True):
        root = tree(written(an_answer(dispensations=(a_dispensation(drug=a_drug(schedule=value)),)), version))
        assert texts(root, schedule) == ([code] if code else [])
    for value, code in zip(QuantityUnit, ("C64933", "C28254", "C48155"), strict=True):
        root = tree(written(an_answer(dispensations=(a_dispensation(unit=value),)), version))
        assert texts(root, unit) == [code]


def test_a_prescriber_without_npi_is_not_identified_in_2017071_and_is_said_to_be_lost() -> None:
    prescriber = a_prescriber(npi=None)
    answer = an_answer(dispensations=(a_dispensation(prescriber=prescriber),))
    outbound = written(answer, V2017071)
    assert_valid(outbound, V2017071)
    root = tree(outbound)
    assert root.find(".//Prescriber/NonVeterinarian/Identification") is None
    assert texts(root, "//Prescriber/NonVeterinarian/Name/LastName") == ["Okonkwo-Baird"]
    assert {"prescriber.dea", "prescriber.licence.number"} <= set(outbound.losses)
    old = written(answer, V10_6)
    assert texts(tree(old), "//Prescriber/Identification/DEANumber") == ["AD1111119"]
    assert "prescriber.dea" not in old.losses


def test_veterinarians_are_told_from_other_prescribers() -> None:
    vet = a_prescriber(kind=PartyKind.VETERINARY, npi=None, licence=Licence(number="VET.77"))
    outbound = written(an_answer(dispensations=(a_dispensation(prescriber=vet),)), V2017071)
    assert_valid(outbound, V2017071)
    root = tree(outbound)
    assert texts(root, "//Veterinarian/Identification/StateLicenseNumber") == ["VET.77"]
    assert texts(root, "//Veterinarian/Identification/DEANumber") == ["AD1111119"]
    (told,) = read_back(outbound).dispensations
    assert told.prescriber.kind is PartyKind.VETERINARY
    assert "prescriber.dea" not in outbound.losses
    for prescriber in (
        a_prescriber(kind=PartyKind.VETERINARY),
        a_prescriber(kind=PartyKind.VETERINARY, licence=None),
    ):
        outbound = written(an_answer(dispensations=(a_dispensation(prescriber=prescriber),)), V2017071)
        assert_valid(outbound, V2017071)
        assert "prescriber.npi" in outbound.losses
        assert ("prescriber.dea" in outbound.losses) is (prescriber.licence is None)


def test_a_dispenser_without_ncpdp_id_is_identified_as_the_source_in_2017071() -> None:
    for dispenser in (a_dispenser(ncpdp_id=None), a_dispenser(npi=None), a_dispenser(name=None)):
        outbound = written(an_answer(dispensations=(a_dispensation(dispenser=dispenser),)), V2017071)
        assert_valid(outbound, V2017071)
        root = tree(outbound)
        assert root.find(".//Pharmacy/Identification") is None
        assert texts(root, "//HistorySource/Source/Reference/DEANumber") == ["BC6486054"]
        (told,) = read_back(outbound).dispensations
        assert (told.dispenser.npi, told.dispenser.dea, told.dispenser.ncpdp_id) == (
            dispenser.npi, dispenser.dea, dispenser.ncpdp_id,
        )  # fmt: skip
        assert not {"dispenser.npi", "dispenser.dea", "dispenser.ncpdp_id"} & set(outbound.losses)
        assert ("dispenser.phone" in outbound.losses) is (dispenser.name is None)
    whole = tree(written(an_answer(), V2017071))
    assert whole.find(".//Reference") is None
    assert texts(whole, "//Pharmacy/Identification/NCPDPID") == ["1234563"]


def test_10_6_identifies_a_pharmacy_by_three_numbers() -> None:
    dispenser = a_dispenser(licence=Licence(number="PCY.0001"))
    outbound = written(an_answer(dispensations=(a_dispensation(dispenser=dispenser),)), V10_6)
    assert_valid(outbound, V10_6)
    assert "dispenser.licence.number" in outbound.losses
    outbound = written(
        an_answer(
            dispensations=(a_dispensation(dispenser=a_dispenser(npi=None, licence=dispenser.licence)),)
        ),
        V10_6,
    )
    assert texts(tree(outbound), "//Pharmacy/Identification/StateLicenseNumber") == ["PCY.0001"]
    assert "dispenser.licence.number" not in outbound.losses


@pytest.mark.parametrize("version", VERSIONS)
def test_what_only_people_can_read_is_in_the_note(version: str) -> None:
    part = CompoundPart(sequence=1, ndc11=None, quantity=a_dispensation().quantity, unit=QuantityUnit.GRAM)
    animal = a_person(species=Species.VETERINARY, birth_date=None)
    d = a_dispensation(
        person=animal, partial_fill=2, compound=(part, part), payment="01", treatment_type="07"
    )
    outbound = written(an_answer(dispensations=(d,)), version)
    assert_valid(outbound, version)
    (note,) = texts(tree(outbound), "//MedicationDispensed/Note")
    assert note.startswith("Veterinary patient. Partial fill 2. Compound of 2 ingredients.")
    assert ("Payment: Private Pay" in note) is (version == V10_6)
    assert "Treatment: Acute Pain" in note
    assert {"partial_fill", "compound", "treatment_type", "person.species"} <= set(outbound.losses)
    plain = a_dispensation(
        payment=None,
        treatment_type=None,
        rx_origin=None,
        refills_authorised=None,
        prescriber=a_prescriber(licence=None),
    )
    assert (
        texts(tree(written(an_answer(dispensations=(plain,)), version)), "//MedicationDispensed/Note") == []
    )


def test_an_animal_asked_for_in_2017071() -> None:
    request = asked(V2017071, ("HumanPatient>", "NonHumanPatient>"))
    animal = a_person(species=Species.VETERINARY)
    outbound = written(an_answer(dispensations=(a_dispensation(person=animal),)), V2017071, request)
    assert_valid(outbound, V2017071)
    root = tree(outbound)
    assert texts(root, "//NonHumanPatient/Species/Text") == ["Animal"]
    assert root.find(".//HumanPatient") is None
    (told,) = read_back(outbound).dispensations
    assert told.person.species is Species.VETERINARY


def test_a_person_that_cannot_be_written_is_left_out_whole() -> None:
    for person in (
        a_person(names=(a_person().names[0].__class__(family="Mononym"),)),
        a_person(birth_date=None),
    ):
        outbound = written(an_answer(dispensations=(a_dispensation(person=person),)), V2017071)
        assert_valid(outbound, V2017071)
        assert tree(outbound).find(".//MedicationDispensed/Patient") is None
        assert {"person.names.0.family", "person.addresses.0.city", "person.sex"} <= set(outbound.losses)


@pytest.mark.parametrize("version", VERSIONS)
def test_ten_thousand_characters_cost_no_more_than_their_field(version: str) -> None:
    drug = a_drug(name="x" * 10_000)
    outbound = written(an_answer(dispensations=(a_dispensation(drug=drug),)), version)
    assert_valid(outbound, version)
    assert texts(tree(outbound), "//DrugDescription") == ["x" * 105]
    assert "drug.name" in outbound.losses


@pytest.mark.parametrize("version", VERSIONS)
def test_markup_in_a_value_stays_a_value(version: str) -> None:
    drug = a_drug(name="</DrugDescription><Denied/>&amp;<!-- ]]> %s {x}")
    outbound = written(an_answer(dispensations=(a_dispensation(drug=drug),)), version)
    root = tree(outbound)
    assert texts(root, "//DrugDescription") == [drug.name]
    assert root.find(".//Denied") is None


def test_equal_parts_of_a_history_are_written_for_every_fill() -> None:
    drug, prescriber = a_drug(), a_prescriber()
    answer = an_answer(
        dispensations=tuple(a_dispensation(drug=drug, prescriber=prescriber) for _ in range(4))
    )
    counted = Counter(element.tag for element in tree(written(answer, V2017071)).iter())
    assert (counted["DrugDescription"], counted["NonVeterinarian"], counted["BusinessName"]) == (4, 4, 4)


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_an_npi_that_was_not_reported_is_taken_from_another_fill_of_the_prescriber(version: str) -> None:
    whole = a_prescriber()
    without = replace(whole, npi=None)
    resident = replace(without, name=PersonName(family="Thistlewood", given=("Odile",)))
    of_an_institution = replace(without, dea_suffix="A12")
    history = tuple(
        a_dispensation(rx_number=str(n), prescriber=one)
        for n, one in enumerate((without, whole, resident, of_an_institution))
    )
    outbound = written(an_answer(dispensations=history), version)
    assert_valid(outbound, version)
    fills = tree(outbound).findall(".//MedicationDispensed")
    npis = [fill.findtext("Prescriber/*/Identification/NPI") for fill in fills]
    assert npis == [whole.npi, whole.npi, None, None]
    assert fills[0].findtext("Prescriber/*/Identification/DEANumber") == whole.dea
    assert {"prescriber.npi", "prescriber.dea"} <= set(outbound.losses)
    alone = written(an_answer(dispensations=history[:2]), version)
    assert "prescriber.npi" in alone.losses  # the first was not reported so
    assert "prescriber.dea" not in alone.losses
    other = replace(whole, npi="1700902491")
    contradicted = (*history[:2], a_dispensation(rx_number="9", prescriber=other))
    fills = tree(written(an_answer(dispensations=contradicted), version)).findall(".//MedicationDispensed")
    assert fills[0].find("Prescriber/*/Identification") is None
