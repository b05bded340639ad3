"""Answers written by the adapter and read back from the bytes, and reports that others wrote."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from adapters._wire import parse
from adapters.soap import ADAPTER
from adapters.soap.report import read_report
from gateway.errors import ErrorCode, Failure, UnsupportedFormat
from gateway.model import (
    Address,
    Answer,
    Dispensation,
    Dispenser,
    Drug,
    Ingredient,
    Outcome,
    Period,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Sex,
    StateOutcome,
)
from gateway.terminology import field_map
from tests.factory import NOW, a_dispensation, an_answer
from tests.unit.soap.helpers import Randomly, a_request, inbound
from tests.unit.soap.outcomes import ANSWERS, READ_BACK

BARE = inbound(a_request())
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def read(body: bytes | str) -> Answer:
    return read_report(parse(body.encode() if isinstance(body, str) else body), LATER)


def written(answer: Answer) -> str:
    return ADAPTER.write(answer, BARE).body.decode()


def assert_same_record(told: Answer, held: Answer) -> None:
    assert len(told.dispensations) == len(held.dispensations)
    for back, kept in zip(told.dispensations, held.dispensations, strict=True):
        for field in field_map().fields:
            expected = field.value(kept)
            if field.is_none("pmix-2") or (expected is not None and not field.carried(expected, "pmix-2")):
                continue
            assert field.value(back) == expected, field.name
        assert back.compound == kept.compound


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_outcome_comes_back(name: str) -> None:
    held = ANSWERS[name]
    told = read(written(held))
    assert told.outcome is READ_BACK[name]
    assert_same_record(told, held)
    assert (told.report_id, told.generated_at, told.period) == (
        held.report_id,
        held.generated_at,
        held.period,
    )
    assert told.disclaimers == held.disclaimers
    assert [(s.state, s.detail) for s in told.states] == [(s.state, s.detail) for s in held.states]


@pytest.mark.parametrize("seed", range(60))
def test_random_answers_come_back(seed: int) -> None:
    held = Randomly(seed).answer()
    told = read(written(held))
    assert told.outcome is Outcome.COMPLETE
    assert told.detail is None
    assert told.generated_at == held.generated_at
    assert_same_record(told, held)


def test_appearances_are_numbered_and_shared() -> None:
    told = read(written(ANSWERS["complete"]))
    assert [p.appearance for p in told.persons] == [1, 2]
    assert [d.person.appearance for d in told.dispensations] == [1, 1, 2]
    assert told.dispensations[0].person is told.dispensations[1].person


def test_the_source_is_known_where_one_state_answers() -> None:
    assert {d.source_state for d in read(written(ANSWERS["complete"])).dispensations} == {"CT"}
    assert {d.source_state for d in read(written(ANSWERS["partial"])).dispensations} == {None}


def test_the_shared_report_is_read_as_it_is(shared: Path) -> None:
    told = read((shared / "standards/pmix/report_2_x_synthetic.xml").read_bytes())
    assert told.outcome is Outcome.COMPLETE
    assert told.detail is None
    assert told.period == Period(start=date(2023, 3, 5), end=date(2024, 3, 5))
    assert told.generated_at == datetime(2024, 3, 5, 14, 30, tzinfo=UTC)
    person = Person(
        appearance=1,
        names=(PersonName(family="Testpatient", given=("Bob",)),),
        birth_date=date(1900, 1, 1),
        sex=Sex.MALE,
        addresses=(Address(lines=("123 Main St",), city="Wichita", state="KS", postal_code="67203"),),
    )
    assert told.persons == (person,)
    assert told.dispensations == (
        Dispensation(
            rx_number="12456",
            written=date(2024, 2, 10),
            filled=date(2024, 2, 10),
            refills_authorised=0,
            quantity=Decimal(10),
            days_supply=2,
            payment="04",
            rx_origin="05",
            drug=Drug(
                name="Oxycodone HCl 5 mg tablet",
                ndc11="00228298311",
                ingredients=(Ingredient(name="", strength=Decimal(5), unit="mg"),),
            ),
            dispenser=Dispenser(name="Test Pharmacy", dea="BC6486054"),
            prescriber=Prescriber(dea="AD1111119"),
            person=person,
        ),
    )


def test_other_senders_ways_are_read() -> None:
    """Element names and habits as public drafts and samples of PMIX 2.0 show them."""
    told = read(
        """
      <pmix:PMPPrescriptionReport xmlns:pmix="http://xml.ijis.org/niem/2.0/"
          xmlns:pmp="http://xml.ijis.org/niem/2.0/extension" xmlns:nc="http://niem.gov/niem/niem-core/2.0">
        <pmp:RequestResponsePrescriptionReport>
          <pmp:ReportExecutionDate>2026-11-01</pmp:ReportExecutionDate>
          <pmp:ReportExecutionTime>09:20:00.0-05:00</pmp:ReportExecutionTime>
          <pmp:Prescription>
            <pmp:Dispenser>
              <nc:OrganizationLocation><nc:LocationAddress><nc:StructuredAddress>
                <nc:LocationCityName>Columbus</nc:LocationCityName>
              </nc:StructuredAddress></nc:LocationAddress></nc:OrganizationLocation>
              <nc:OrganizationName>Larkspur #12</nc:OrganizationName>
            </pmp:Dispenser>
            <pmp:PrescriptionNumberText>77</pmp:PrescriptionNumberText>
            <pmp:DrugRefillNumberCount>00</pmp:DrugRefillNumberCount>
            <pmp:PrescriptionFilledDate><nc:Date>2026-10-01</nc:Date></pmp:PrescriptionFilledDate>
            <pmp:Patient>
              <nc:PersonBirthDate><nc:Date>1967-08-13</nc:Date></nc:PersonBirthDate>
              <nc:PersonName>
                <nc:PersonGivenName>Ada</nc:PersonGivenName><nc:PersonSurName>Finch</nc:PersonSurName>
              </nc:PersonName>
            </pmp:Patient>
            <pmp:PrescriptionDrug>
              <pmp:DrugProductNameText>Vicodin</pmp:DrugProductNameText>
              <pmp:DrugStrengthText>500 MG-5 MG/ML</pmp:DrugStrengthText>
              <pmp:DrugUnitOfMeasureText>TAB</pmp:DrugUnitOfMeasureText>
              <pmp:DEAClassScheduleText>II</pmp:DEAClassScheduleText>
            </pmp:PrescriptionDrug>
            <pmp:RefillsAuthorizedCount>1</pmp:RefillsAuthorizedCount>
            <pmp:DispensedQuantity>30.</pmp:DispensedQuantity>
            <pmp:DaysSupplyCount>30.0</pmp:DaysSupplyCount>
            <pmp:DrugDosageUnitsCode>ML</pmp:DrugDosageUnitsCode>
            <pmp:PartialFillIndicator>true</pmp:PartialFillIndicator>
          </pmp:Prescription>
        </pmp:RequestResponsePrescriptionReport>
      </pmix:PMPPrescriptionReport>""".strip()
    )
    (row,) = told.dispensations
    assert told.generated_at == datetime(2026, 11, 1, 14, 20, tzinfo=UTC)
    assert row.dispenser == Dispenser(name="Larkspur #12", address=Address(city="Columbus"))
    assert row.prescriber == Prescriber()
    assert (row.quantity, row.days_supply, row.unit) == (Decimal(30), 30, QuantityUnit.MILLILITRE)
    assert (row.fill_number, row.partial_fill, row.drug.schedule) == (0, 1, "CII")
    assert row.drug.ingredients == (
        Ingredient(name="", strength=Decimal(500), unit="MG"),
        Ingredient(name="", strength=Decimal(5), unit="MG/ML"),
    )
    assert told.detail is None


COMPLETE = written(an_answer(dispensations=(a_dispensation(), a_dispensation(rx_number="2")), disclaimers=()))


def broken(pattern: str, replacement: str, count: int = 1) -> str:
    body, done = re.subn(pattern, replacement, COMPLETE, count=count)
    assert done
    return body


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (r"(?<=FilledDate><nc:Date>)[^<]*", "Prescription[1]/PrescriptionFilledDate"),
        (r"(?<=DispensedQuantity>)[^<]*", "Prescription[1]/DispensedQuantity"),
        (r"(?<=DaysSupplyCount>)[^<]*", "Prescription[1]/DaysSupplyCount"),
    ],
)
@pytest.mark.parametrize("told", ["", "Quillfeather", "NaN", "-1e5", "2026-02-30"])
def test_a_prescription_without_its_essentials_makes_the_answer_partial(
    pattern: str, path: str, told: str
) -> None:
    answer = read(broken(pattern, told))
    assert answer.outcome is Outcome.PARTIAL
    assert [d.rx_number for d in answer.dispensations] == ["2"]
    assert answer.detail == f"Not read: {path}."


def test_a_prescription_without_a_patient_makes_the_answer_partial() -> None:
    answer = read(broken(r"<nc:PersonSurName>Quillfeather</nc:PersonSurName>", ""))
    assert answer.outcome is Outcome.PARTIAL
    assert answer.detail == "Not read: Prescription[1]/Patient."


def test_no_readable_prescription_is_a_failure() -> None:
    with pytest.raises(Failure, match="no prescription that could be read"):
        read(broken(r"(?<=DaysSupplyCount>)[^<]+", "many", count=2))


@pytest.mark.parametrize(
    ("pattern", "told", "path", "field"),
    [
        (r"(?<=WrittenDate><nc:Date>)[^<]*", "soon", "PrescriptionWrittenDate", "written"),
        (r"(?<=SoldDate><nc:Date>)[^<]*", "2026-99-99", "PrescriptionSoldDate", "sold"),
        (r"(?<=RefillsAuthorizedCount>)[^<]*", "-1", "RefillsAuthorizedCount", "refills_authorised"),
        (r"(?<=MethodOfPaymentCode>)[^<]*", "cash", "MethodOfPaymentCode", "payment"),
        (r"(?<=DEAClassScheduleText>)[^<]*", "VII", "PrescriptionDrug/DEAClassScheduleText", "drug.schedule"),
        (r"(?<=DrugStrengthText>)[^<]*", "strong", "PrescriptionDrug/DrugStrengthText", "drug.ingredients.0"),
        (r"(?<=PersonBirthDate><nc:Date>)[^<]*", "x", "Patient/PersonBirthDate", "person.birth_date"),
    ],
)
def test_an_unreadable_fact_is_left_out_and_named(pattern: str, told: str, path: str, field: str) -> None:
    answer = read(broken(pattern, told))
    assert answer.outcome is Outcome.COMPLETE
    assert answer.detail is not None
    assert f"Prescription[1]/{path}" in answer.detail
    value: object = answer.dispensations[0]
    for step in field.split("."):
        value = (value[0] if value else None) if step == "0" else getattr(value, step)
    assert value is None


def test_what_is_unreadable_on_two_prescriptions_is_named_twice() -> None:
    answer = read(broken(r"(?<=PersonBirthDate><nc:Date>)[^<]+", "x", count=2))
    assert answer.detail == (
        "Not read: Prescription[1]/Patient/PersonBirthDate, Prescription[2]/Patient/PersonBirthDate."
    )


def test_a_missing_fill_number_is_not_passed_over() -> None:
    answer = read(broken(r"<pmp:DrugRefillNumberCount>0</pmp:DrugRefillNumberCount>", ""))
    assert answer.detail == "Not read: Prescription[1]/DrugRefillNumberCount."


def test_long_lists_of_what_was_not_read_are_counted() -> None:
    rows = tuple(a_dispensation(rx_number=str(n)) for n in range(9))
    body = re.sub(r"(?<=WrittenDate><nc:Date>)[^<]*", "x", written(an_answer(dispensations=rows)))
    assert str(read(body).detail).endswith("Prescription[5]/PrescriptionWrittenDate and 4 more.")


@pytest.mark.parametrize(
    ("answer", "from_code", "to_code"),
    [
        ("complete", "complete", "no-data"),
        ("complete", "complete", "disallowed"),
        ("complete", "complete", "deferred"),
        ("complete", "complete", "fine"),
        ("no-data", "no-data", "complete"),
        ("no-data", "no-data", ""),
    ],
)
def test_a_report_that_contradicts_itself_is_a_failure(answer: str, from_code: str, to_code: str) -> None:
    body = written(ANSWERS[answer])
    code = "<pmp:ResponseStatusCode>{}</pmp:ResponseStatusCode>"
    changed = body.replace(code.format(from_code), code.format(to_code), 1)
    assert changed != body
    with pytest.raises(Failure):
        read(changed)


def test_silence_is_not_no_data() -> None:
    body = re.sub(r"<pmp:ResponseStatus>.*</pmp:ResponseStatus>", "", written(ANSWERS["no-data"]))
    with pytest.raises(Failure, match="no status"):
        read(body)
    with pytest.raises(Failure):
        read('<p:PMPPrescriptionReport xmlns:p="http://xml.ijis.org/niem/2.0/"/>')


def test_a_report_that_says_version_mismatch() -> None:
    body = written(ANSWERS["no-data"]).replace(">no-data<", ">version-mismatch<", 1)
    with pytest.raises(UnsupportedFormat) as caught:
        read(body)
    assert caught.value.code is ErrorCode.UNSUPPORTED_VERSION


def test_what_a_report_does_not_say_about_itself() -> None:
    body = re.sub(r"<nc:DocumentIdentification>.*?</nc:DocumentIdentification>", "", COMPLETE)
    body = re.sub(r"<pmp:ReportDateRange>.*?</pmp:ReportDateRange>", "", body)
    body = re.sub(r"(?<=ReportExecutionTime>)[^<]*", "noon", body)
    answer = read(body)
    assert answer.report_id
    assert (answer.generated_at, answer.period) == (LATER, Period())
    assert answer.detail == "Not read: ReportExecutionTime."


def test_a_state_without_a_code_is_a_failure() -> None:
    with pytest.raises(Failure):
        read(broken(r"<pmp:DisclosingState>CT</pmp:DisclosingState>", ""))


def test_microseconds_survive() -> None:
    at = datetime.combine(NOW.date(), time(1, 2, 3, 45), tzinfo=UTC)
    assert read(written(replace(ANSWERS["complete"], generated_at=at))).generated_at == at


def test_states_of_every_outcome_come_back() -> None:
    states = tuple(
        StateOutcome(state=s, outcome=o)
        for s, o in (("CT", Outcome.COMPLETE), ("MA", Outcome.DEFERRED), ("NY", Outcome.DISALLOWED))
    )
    assert read(written(an_answer(outcome=Outcome.PARTIAL, states=states))).states == states
