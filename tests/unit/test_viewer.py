"""What the page of a report says: all that the answer does, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum

from lxml import html

from gateway.model import (
    Address,
    AlertSeverity,
    Answer,
    CompoundPart,
    DispensationStatus,
    Dispenser,
    Drug,
    Identifier,
    IdentifierKind,
    Ingredient,
    Licence,
    NotCountedReason,
    Organisation,
    PartyKind,
    Person,
    PersonName,
    Practitioner,
    Purpose,
    QuantityUnit,
    Requester,
    Species,
)
from gateway.terminology import codes
from gateway.viewer import notice_page, report_page
from gateway.viewer.words import KINDS, PURPOSES, REASONS
from tests.factory import (
    a_dispensation,
    a_drug,
    a_person,
    a_prescriber,
    a_requester,
    an_answer,
)
from tests.unit.reports import ESCAPED, MARKUP, REX, analysed, full, words


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name), field.name)
    elif isinstance(value, tuple):
        for one in value:
            yield from leaves(one, name)
    elif value is not None:
        yield name, value


CODED = {
    "payment": "payment",
    "rx_origin": "rx-origin",
    "treatment_type": "treatment-type",
    "unit": "quantity-unit",
    "schedule": "schedule",
    "sex": "sex",
    "status": "dispensation-status",
    "source_state": "state",
    "category": "alert-category",
    "species": "species",
}
UNSAID = {
    "appearance": "of no use outside of the record",
    "client_id": "of the machine, not of the reader",
    "message_id": "of the machine, not of the reader",
    "use": "only where a name is not the official one",
    "dispensations": "in an alert a position, shown as a number from 1",
    "dispensation": "a position, shown as a number from 1",
}


WORDS: dict[Enum, str] = {**REASONS, **KINDS, **PURPOSES, **{one: one.value for one in AlertSeverity}}


def said(name: str, value: object) -> str | None:
    """How the page says a fact; None where it is said in words of its own, which other tests are about."""
    if name in UNSAID or value in {DispensationStatus.ACTIVE, Species.HUMAN}:
        return None
    if name in CODED and isinstance(value, str) and value in set(codes(CODED[name])):
        return codes(CODED[name]).display(value)
    if isinstance(value, Enum):
        return WORDS.get(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def test_every_fact_of_the_answer_is_on_the_page() -> None:
    answer = full()
    requester = a_requester(
        delegate=Practitioner(
            name=PersonName(family="Nightingale", given=("Percival",)),
            npi="1234567893",
            dea="MN1234563",
            licence=Licence(number="RN.55", state="VT"),
            role="Nurse",
        ),
        organisation=Organisation(
            name="Charter Oak Hospital",
            npi="1700902491",
            dea="CO1111119",
            ncpdp_id="7654321",
            address=Address(lines=("1 Elm Row",), city="Meriden", state="CT", postal_code="06450"),
        ),
    )
    text = words(report_page(answer, requester))
    facts = [(n, v) for whole in (answer, requester) for n, v in leaves(whole)]
    spaced = {"field", "name", "level", "drug_class"}
    missing = [
        name
        for name, value in facts
        if (how := said(name, value)) is not None
        and how not in text
        and not (name in spaced and how.replace("_", " ").replace("-", " ") in text)
    ]
    assert missing == []
    for own in (
        "opioid",
        "Partial.",
        "Active on 2026-09-02",
        "Massachusetts Error",
        "dispensation 2, MME",
        "7 refills authorized",
        "3 (refill 3, part 2)",
        "97.50 each 13 3",
        "revision 41",
        "17 people were compared",
        "DEA AD1111119-K7",
        "license PCY.0991 of RI",
    ):
        assert own in text, own
    assert len(facts) > 150


def test_numbers_of_patients_never_show() -> None:
    kept = tuple(
        Identifier(kind=kind, value=f"98765{n}321", issuer="CT") for n, kind in enumerate(IdentifierKind)
    )
    dispensation = a_dispensation(person=a_person(identifiers=kept, owner=a_person(identifiers=kept)))
    page = report_page(an_answer(dispensations=(dispensation,)), a_requester())
    assert not re.search("98765.321", page)


def _with_markup(value: object) -> object:
    """The same with markup in each of its own texts; codes, identifiers of rows and enumerations stay."""
    if is_dataclass(value) and not isinstance(value, type):
        over = {
            f.name: _with_markup(getattr(value, f.name))
            for f in fields(value)
            if f.name not in {"analysis", "state", "source_state", *CODED} and f.init
        }
        return replace(value, **over)
    if isinstance(value, tuple):
        return tuple(_with_markup(one) for one in value)
    return f"{value}{MARKUP}" if isinstance(value, str) and not isinstance(value, Enum) else value


def test_markup_is_inert_wherever_it_stands() -> None:
    answer = full()
    assert answer.analysis is not None
    changed = _with_markup(answer)
    assert isinstance(changed, Answer)
    changed = replace(changed, analysis=replace(answer.analysis, alerts=_with_markup(answer.analysis.alerts)))
    requester = _with_markup(a_requester(delegate=a_requester().practitioner))
    assert isinstance(requester, Requester)
    page = report_page(changed, requester)
    assert "<img" not in page
    for start in (
        "Quillfeather",
        "Underbough",
        "oxycodone hydrochloride 5 MG Oral Tablet",
        "oxycodone",
        "Oral Tablet",
        "7001234",
        "M54.50",
        "Larkspur Pharmacy",
        "14 Larkspur Ln",
        "8605550142",
        "A remark for the reader.",
        "MA did not answer.",
        "Data may be inaccurate or incomplete.",
        "Charter Oak Hospital",
        "Physician",
        "exact",
    ):
        assert f"{start}{ESCAPED}" in page, start
    clean = html.fromstring(report_page(answer, a_requester(delegate=a_requester().practitioner)))
    assert [e.tag for e in html.fromstring(page).iter()] == [e.tag for e in clean.iter()]


def test_a_notice_is_inert_too() -> None:
    page = notice_page(MARKUP, MARKUP, MARKUP)
    assert page.count(ESCAPED) == 4
    assert "<img" not in page


# --- what a reader must not miss ------------------------------------------------------------------------------


def test_what_is_missing_is_said_first() -> None:
    text = words(report_page(full(), a_requester()))
    said_at = text.index("Something that was asked for is missing from this report. A remark for the reader.")
    assert said_at < text.index("What was asked")
    assert "Massachusetts Error MA did not answer." in text


def test_the_caution_of_a_possible_duplicate_stands_above() -> None:
    caution = "Another record may be this patient's too; it is not shown here."
    text = words(report_page(an_answer(detail=caution), a_requester()))
    assert text.index(caution) < text.index("What was asked")
    assert "missing from this report" not in text
    plain = html.fromstring(report_page(an_answer(), a_requester()))
    assert plain.xpath("//*[@role='note']") == []


def test_an_animal_is_shown_with_its_owner() -> None:
    rows = _table(report_page(analysed(a_dispensation(person=REX)), a_requester()), "Patient as reported")
    assert [row[0] for row in rows[1:]] == [
        "Rex Fennimore Veterinary Patient person key ANIMAL",
        "Ottoline Fennimore owner of the animal",
    ]
    assert rows[2][3].startswith("14 Larkspur Ln, Apt 2, Hartford")


def test_the_parts_of_a_compound_are_listed() -> None:
    parts = tuple(
        CompoundPart(sequence=n, ndc11=ndc, quantity=Decimal("1.5"), unit=QuantityUnit.MILLILITRE)
        for n, ndc in ((1, "00093015001"), (2, None))
    )
    page = html.fromstring(report_page(analysed(a_dispensation(compound=parts)), a_requester()))
    items = [" ".join(str(li.text_content()).split()) for li in page.xpath("//td//li")]
    assert items == ["part 1: NDC 00093015001, 1.5 mL", "part 2: no product code, 1.5 mL"]


def test_whom_a_delegate_asks_for() -> None:
    delegate = Practitioner(name=PersonName(family="Nightingale", given=("Percival",)), npi="1234567893")
    text = words(report_page(an_answer(), a_requester(delegate=delegate)))
    assert "Through the delegate Percival Nightingale NPI 1234567893" in text
    assert "Asked by Thaddeus Okonkwo-Baird, Physician NPI 1023011178" in text
    assert "delegate" not in words(report_page(an_answer(), a_requester()))
    assert "a practitioner who was not named" in words(report_page(an_answer(), Requester()))


def test_a_figure_is_a_number_or_says_why_not() -> None:
    opioid = a_dispensation()
    buprenorphine = a_dispensation(
        drug=a_drug(
            name="bup", ingredients=(Ingredient(name="buprenorphine", strength=Decimal(8), unit="mg"),)
        )
    )
    other = a_dispensation(drug=Drug(name="gabapentin", ndc11="00071080324"))
    answer = analysed(opioid, buprenorphine, other)
    assert answer.analysis is not None
    rows = _table(report_page(answer, a_requester()), "Dispensations")
    mme = rows[0].index("MME a day")
    assert rows[0][mme + 1] == "LME a day"
    assert rows[1][mme] == f"{answer.analysis.mme[0]:f}"
    assert rows[2][mme] == f"not counted: {REASONS[NotCountedReason.PARTIAL_AGONIST]}"
    assert rows[3][mme] == f"not counted: {REASONS[NotCountedReason.UNKNOWN_DRUG]}"
    assert "0" not in {row[mme] for row in rows[1:]}
    without = _table(report_page(replace(answer, analysis=None), a_requester()), "Dispensations")
    assert {row[mme] for row in without[1:]} == {"not reckoned"}


def test_an_alert_names_the_dispensations_by_their_numbers() -> None:
    answer = analysed(a_dispensation(), a_dispensation(fill_number=1, quantity=Decimal(20)))
    assert answer.analysis is not None
    text = words(report_page(answer, a_requester()))
    assert answer.analysis.alerts
    for alert in answer.analysis.alerts:
        numbers = ", ".join(str(n + 1) for n in alert.dispensations)
        assert f"Dispensations behind it number {numbers}" in text


def test_every_word_has_its_words() -> None:
    assert set(REASONS) == set(NotCountedReason)
    assert set(KINDS) == set(PartyKind)
    assert set(PURPOSES) == set(Purpose)


def test_little_known_is_no_fault() -> None:
    bare = a_dispensation(
        id=None,
        written=None,
        sold=None,
        refills_authorised=None,
        payment=None,
        rx_origin=None,
        treatment_type=None,
        diagnosis=None,
        drug=Drug(),
        prescriber=replace(
            a_prescriber(), name=None, npi=None, dea=None, licence=None, address=None, phone=None
        ),
        dispenser=Dispenser(),
        person=Person(names=(PersonName(family="Bell"),)),
        source_state=None,
        reported_at=None,
    )
    text = words(report_page(an_answer(dispensations=(bare,)), Requester()))
    assert "not in the drug table" in text
    assert "birth date not reported" in text
    assert "None" not in text


def _table(page: str, label: str) -> list[list[str]]:
    """The cells of the table in the region of that label, its head first."""
    (table,) = html.fromstring(page).xpath("//*[@aria-label=$label]/table", label=label)
    return [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row.xpath("./th|./td")]
        for row in table.xpath("./thead/tr|./tbody/tr")
    ]
