"""The page of a report: all that the answer says, nothing else, for every reader, and nothing in it acts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Any

import pytest
from lxml import html

from gateway.clinical import Analyst, Thresholds
from gateway.model import (
    Address,
    AlertSeverity,
    Answer,
    CompoundPart,
    DispensationStatus,
    Dispenser,
    Drug,
    FieldEvidence,
    Identifier,
    IdentifierKind,
    Ingredient,
    Licence,
    MatchEvidence,
    NameUse,
    NotCountedReason,
    Organisation,
    Outcome,
    PartyKind,
    Person,
    PersonName,
    Practitioner,
    Purpose,
    QuantityUnit,
    Requester,
    Species,
    StateOutcome,
)
from gateway.terminology import codes
from gateway.viewer import HEADERS, door_page, notice_page, report_page
from gateway.viewer.words import KINDS, PURPOSES, REASONS
from tests.factory import (
    a_dispensation,
    a_dispenser,
    a_drug,
    a_person,
    a_prescriber,
    a_requester,
    an_answer,
)

ANALYST = Analyst(
    version="cdc-2022",
    thresholds=Thresholds(
        mme_per_day=Decimal(20),
        overlap_days=0,
        overlap_within_days=30,
        prescribers=1,
        pharmacies=1,
        providers_within_days=180,
    ),
)
MARKUP = "<img src=x onerror=alert(1)>'\"&"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;&#39;&#34;&amp;"
OWNER = a_person(names=(PersonName(family="Fennimore", given=("Ottoline",)),), birth_date=date(1965, 2, 3))
REX = Person(
    key="ANIMAL",
    names=(PersonName(family="Fennimore", given=("Rex",)),),
    species=Species.VETERINARY,
    owner=OWNER,
)


def analysed(*dispensations: Any, **over: Any) -> Answer:
    answer = an_answer(dispensations=dispensations, **over)
    return replace(answer, analysis=ANALYST(dispensations, as_of=date(2026, 9, 2)))


def full() -> Answer:
    """An answer in which everything is said that an answer can say."""
    part = CompoundPart(sequence=1, ndc11="00093015001", quantity=Decimal("2.50"), unit=QuantityUnit.GRAM)
    person = a_person(
        names=(
            PersonName(family="Quillfeather", given=("Marigold", "Ann"), prefix="Dr.", suffix="III"),
            PersonName(family="Underbough", given=("Mari",), use=NameUse.MAIDEN),
        ),
        deceased=date(2026, 9, 9),
        phones=("8605550142", "2035550199"),
    )
    one = a_dispensation(
        person=person,
        refills_authorised=7,
        fill_number=3,
        partial_fill=2,
        days_supply=13,
        quantity=Decimal("97.50"),
        prescriber=a_prescriber(dea_suffix="K7", kind=PartyKind.OPIOID_TREATMENT_PROGRAMME),
        dispenser=a_dispenser(licence=Licence(number="PCY.0991", state="RI")),
        revision=41,
    )
    two = a_dispensation(
        id="X-2",
        compound=(part,),
        person=REX,
        drug=a_drug(ingredients=(Ingredient(name="ketamine"),)),
        status=DispensationStatus.VOID,
        source_state="NY",
    )
    states = (
        StateOutcome(state="CT", outcome=Outcome.COMPLETE),
        StateOutcome(state="MA", outcome=Outcome.ERROR, detail="MA did not answer."),
    )
    match = MatchEvidence(
        score=61.25,
        candidates=17,
        fields=(FieldEvidence(field="birth_date", level="exact", weight=12.75),),
    )
    return analysed(
        one, two, outcome=Outcome.PARTIAL, states=states, match=match, detail="A remark for the reader."
    )


def words(page: str) -> str:
    """What a reader reads, runs of white space as one."""
    body = html.fromstring(page).find("body")
    assert body is not None
    return " ".join(" ".join(str(text) for text in body.itertext()).split())


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
    changed = replace(changed, analysis=replace(answer.analysis, alerts=_with_markup(answer.analysis.alerts)))  # type: ignore[arg-type]
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


# --- the page as a page ---------------------------------------------------------------------------------------

PAGES: dict[str, Callable[[], str]] = {
    "report": lambda: report_page(full(), a_requester()),
    "empty": lambda: report_page(an_answer(outcome=Outcome.PARTIAL, dispensations=()), Requester()),
    "door": door_page,
    "notice": lambda: notice_page("The report cannot be opened now", "It cannot be.", None),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_can_be_used_by_everybody(name: str) -> None:
    page = html.document_fromstring(PAGES[name]())
    assert page.get("lang") == "en"
    assert len(page.xpath("//title[normalize-space()]")) == 1
    assert len(page.xpath("//h1")) == len(page.xpath("//main")) == 1
    assert page.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    levels = [int(str(e.tag)[1]) for e in page.xpath("//h1|//h2|//h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in page.xpath("//table"):
        assert len(table.xpath("./caption[normalize-space()]")) == 1
        assert table.xpath("./thead/tr/th")
        assert not table.xpath(".//th[not(@scope)] | .//thead//td")
        assert not table.xpath("./tbody/tr[count(th[@scope='row']) != 1]")
        width = len(table.xpath("./thead/tr/th"))
        assert {len(row.xpath("./th|./td")) for row in table.xpath("./tbody/tr")} == {width}
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(" ".join(page.xpath("//@aria-labelledby")).split()) <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_loads_and_does_nothing(name: str) -> None:
    page = html.document_fromstring(PAGES[name]())
    assert not page.xpath("//script|//img|//link|//iframe|//object|//embed|//base|//a|//*[@style]")
    assert not [
        a
        for a in page.xpath("//@*")
        if a.attrname.startswith("on") or a.attrname in {"src", "href", "action"}
    ]
    assert not re.search(r"https?:|//|url\(|@import", re.sub(r"<!DOCTYPE[^>]*>", "", PAGES[name]()))


def test_the_headers_keep_it_where_it_is() -> None:
    headers = dict(HEADERS)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert "script-src" not in policy


def test_the_colours_can_be_read() -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 to 1 for text, 3 to 1 for borders and the ring of the focus."""
    (style,) = html.document_fromstring(PAGES["door"]()).xpath("//style/text()")
    rules = dict(re.findall(r"([^{}]+?)\s*\{([^}]*)\}", style))
    rules = {selector.strip(): rule for selector, rule in rules.items()}
    ink, paper = _colours(rules["body"])
    for rule in ("th", ".note"):
        assert _contrast(ink, _colours(rules[rule])[-1]) >= 4.5
    assert _contrast(ink, paper) >= 4.5
    assert _contrast(*_colours(rules["button"])) >= 4.5
    for rule in ("th, td", ".note", "button:focus-visible, .scroll:focus-visible"):
        assert _contrast(_colours(rules[rule])[0], paper) >= 3


def _colours(rule: str) -> list[str]:
    return re.findall(r"#[0-9a-f]{3,6}\b", rule)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _table(page: str, label: str) -> list[list[str]]:
    """The cells of the table in the region of that label, its head first."""
    (table,) = html.fromstring(page).xpath("//*[@aria-label=$label]/table", label=label)
    return [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row.xpath("./th|./td")]
        for row in table.xpath("./thead/tr|./tbody/tr")
    ]
