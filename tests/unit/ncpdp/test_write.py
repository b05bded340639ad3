"""Canonical answers -> SCRIPT: every outcome in both versions, in the shape in which the caller wrote."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from adapters.ncpdp import ADAPTER
from gateway.errors import InternalFailure
from gateway.model import (
    CompoundPart,
    Identifier,
    IdentifierKind,
    IntakeReceipt,
    Licence,
    MatchEvidence,
    Outcome,
    PartyKind,
    QuantityUnit,
    Schedule,
    Species,
    StateOutcome,
)
from tests.factory import a_dispensation, a_dispenser, a_drug, a_person, a_prescriber, an_answer
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    REQUESTS,
    V10_6,
    V2017071,
    VERSIONS,
    asked,
    assert_valid,
    inbound,
    read_back,
    texts,
    tree,
    written,
)

SILENT_NY = (
    StateOutcome(state="CT", outcome=Outcome.COMPLETE),
    StateOutcome(state="NY", outcome=Outcome.ERROR, detail="NY was not asked."),
)
CODE = {V10_6: "//Approved/ApprovalReasonCode", V2017071: "//Approved/ReasonCode"}
DENIAL_CODE = {V10_6: "//Denied/DenialReasonCode", V2017071: "//Denied/ReasonCode"}


def fills(count: int) -> tuple:
    """So many dispensations, a day apart, newest first."""
    return tuple(
        a_dispensation(rx_number=f"RX{n}", filled=date(2026, 10, 1) - timedelta(days=n)) for n in range(count)
    )


# --- envelope -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_the_header_goes_back_where_it_came_from(version: str) -> None:
    root = tree(written(an_answer(), version))
    assert (texts(root, "Header/To"), root.xpath("string(Header/To/@Qualifier)")) == (["CHARTEROAK"], "C")
    assert (texts(root, "Header/From"), root.xpath("string(Header/From/@Qualifier)")) == (["CTPMP"], "ZZZ")
    assert texts(root, "Header/RelatesToMessageID") == ["ASK-0001"]
    assert texts(root, "Header/MessageID") == ["0192f2c46a537e118c558a1f0f6f3d10"]
    sent = {V10_6: "2026-11-20T15:30:00.0Z", V2017071: "2026-11-20T15:30:00Z"}
    assert texts(root, "Header/SentTime") == [sent[version]]
    assert len(root.findall("Header/SenderSoftware")) == (version == V2017071)


@pytest.mark.parametrize("version", VERSIONS)
def test_headers_that_do_not_fit_are_made_to(version: str) -> None:
    changes = (
        (">CHARTEROAK<", f">{'Ö' * 40}.hospital.example<"),
        ('Qualifier="C"', 'Qualifier="EHR"'),
        (">ASK-0001<", f">{'m' * 36}<"),
    )
    outbound = written(an_answer(), version, asked(version, *changes))
    assert_valid(outbound, version)
    root = tree(outbound)
    assert root.find("Header/To").attrib == {}
    assert texts(root, "Header/RelatesToMessageID") == ["m" * 35]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_request_without_a_header_is_answered(version: str) -> None:
    body = REQUESTS[version]
    start, end = body.index("<Header>"), body.index("</Header>") + len("</Header>")
    outbound = written(an_answer(), version, inbound(body[:start] + body[end:]))
    assert_valid(outbound, version)
    root = tree(outbound)
    assert (texts(root, "Header/To"), texts(root, "Header/From")) == (["unknown"], ["PMP"])
    assert root.find("Header/RelatesToMessageID") is None


def test_each_dialect_is_answered_in_itself() -> None:
    plain = written(an_answer(), V10_6, asked(V10_6, (f' xmlns="{NAMESPACE}"', "")))
    assert b"xmlns" not in plain.body
    assert b'<Message version="010" release="006">' in plain.body
    assert f'<Message xmlns="{NAMESPACE}" version="010"'.encode() in written(an_answer(), V10_6).body
    assert b"<Message DatatypesVersion" in written(an_answer(), V2017071).body
    old_namespace = asked(
        V2017071, ("<Message ", f'<Message xmlns="{NAMESPACE}" '), ("20170715", "2017-07-15")
    )
    answered = written(an_answer(), V2017071, old_namespace).body.decode()
    assert f'<Message xmlns="{NAMESPACE}" DatatypesVersion="2017-07-15"' in answered
    assert answered.count("2017-07-15") == 5
    assert answered.count("xmlns") == 1
    assert read_back(written(an_answer(), V2017071, old_namespace)).outcome is Outcome.COMPLETE


@pytest.mark.parametrize("version", VERSIONS)
def test_the_answer_says_what_was_searched_and_with_whose_consent(version: str) -> None:
    for outcome in (
        Outcome.COMPLETE,
        Outcome.NO_DATA,
        Outcome.AMBIGUOUS,
        Outcome.DISALLOWED,
        Outcome.PARTIAL,
    ):
        root = tree(written(an_answer(outcome=outcome), version))
        dates = ("RequestedDates", "StartDate", "EndDate")
        if version == V10_6:
            dates = ("BenefitsCoordination", "EffectiveDate", "ExpirationDate")
        assert texts(root, f"//{dates[0]}/{dates[1]}/Date") == ["2025-01-01"]
        assert texts(root, f"//{dates[0]}/{dates[2]}/Date") == ["2026-11-20"]
        assert texts(root, "//BenefitsCoordination/Consent") == ["Y"]


def test_a_consent_that_was_not_stated_is_not_made_up() -> None:
    consent = ("<Consent>Y</Consent>", "")
    assert texts(tree(written(an_answer(), V10_6, asked(V10_6, consent))), "//Consent") == []
    outbound = written(an_answer(), V2017071, asked(V2017071, consent))
    assert texts(tree(outbound), "//Consent") == ["TPO"]
    assert_valid(outbound, V2017071)
    beyond = asked(V10_6, (">Y<", ">TPO<"))  # a value that 10.6 does not have
    assert_valid(written(an_answer(), V10_6, beyond), V10_6)


@pytest.mark.parametrize("version", VERSIONS)
def test_who_was_asked_for_is_repeated_and_nothing_else(version: str) -> None:
    identified = (
        "<Identification><SocialSecurity>000-12-3456</SocialSecurity></Identification><Name><LastName>Quill"
    )
    request = asked(version, ("<Name><LastName>Quill", identified))
    outbound = written(an_answer(outcome=Outcome.NO_DATA), version, request)
    body = outbound.body.decode()
    assert "<LastName>Quillfeather</LastName><FirstName>Marigold</FirstName>" in body
    for not_repeated in ("000-12-3456", "Okonkwo", "1023011178", "Oak EHR", "1700902491"):
        assert not_repeated not in body
    assert outbound.losses == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_identifiers_of_a_person_never_leave(version: str) -> None:
    ssn = Identifier(kind=IdentifierKind.SSN, value="000-12-3456")
    answer = an_answer(dispensations=(a_dispensation(person=a_person(identifiers=(ssn,))),))
    assert b"000-12-3456" not in written(answer, version).body


# --- outcomes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_complete(version: str) -> None:
    outbound = written(an_answer(dispensations=fills(3)), version)
    assert (outbound.status, outbound.content_type) == (200, "application/xml; charset=utf-8")
    root = tree(outbound)
    assert texts(root, "//HistorySource/SourceReference") == ["RX0", "RX1", "RX2"]
    assert texts(root, CODE[version]) == []
    (note,) = texts(root, "//Approved/Note")
    assert "verify with the pharmacy" in note


@pytest.mark.parametrize("version", VERSIONS)
def test_three_hundred_and_how_to_get_the_rest(version: str) -> None:
    outbound = written(an_answer(dispensations=fills(300)), version)
    assert texts(tree(outbound), CODE[version]) == []
    held = fills(301)
    outbound = written(an_answer(dispensations=held), version)
    assert_valid(outbound, version)
    root = tree(outbound)
    assert texts(root, "//HistorySource/SourceReference") == [d.rx_number for d in held[:300]]
    assert texts(root, CODE[version]) == ["AQ"]
    assert texts(root, "//Approved/Note") == [f"Newest 300 of 301; rest: ask up to {held[299].filled}."]
    told = read_back(outbound)
    assert told.outcome is Outcome.PARTIAL
    assert told.detail is not None
    assert "AQ" in told.detail
    both = tree(written(an_answer(outcome=Outcome.PARTIAL, dispensations=held, states=SILENT_NY), version))
    assert texts(both, "//Approved/Note") == [
        f"No answer from NY. Newest 300 of 301; rest: ask up to {held[299].filled}."
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_data(version: str) -> None:
    outbound = written(an_answer(outcome=Outcome.NO_DATA), version)
    root = tree(outbound)
    assert (outbound.status, len(root.findall(".//Approved"))) == (200, 1)
    assert root.find(".//MedicationDispensed") is None
    assert texts(root, "//Approved/Note") == ["No records found for the requested period."]


@pytest.mark.parametrize("version", VERSIONS)
def test_ambiguous_tells_what_would_decide_and_nothing_of_anybody(version: str) -> None:
    deciding = ("middle name", "address", "phone")
    sentence = "More than one person in the record fits the request; no history is shown."
    long = f"{sentence} Send {', '.join(deciding)} to tell them apart."
    match = MatchEvidence(score=9.0, candidates=2, deciding=deciding)
    # dispensations have no business in such an answer; if they were there, they would stay there
    answer = an_answer(
        outcome=Outcome.AMBIGUOUS, match=match, detail=long, dispensations=fills(2), states=SILENT_NY
    )
    outbound = written(answer, version)
    assert_valid(outbound, version)
    root = tree(outbound)
    assert root.find(".//MedicationDispensed") is None
    assert root.find(".//PDMPStatesResponded") is None
    assert texts(root, DENIAL_CODE[version]) == ["AA"]
    short = "No certain match. Send middle name, address, phone."
    assert texts(root, "//Denied/DenialReason") == [short if version == V10_6 else long]
    bare = tree(written(an_answer(outcome=Outcome.AMBIGUOUS), version))
    assert texts(bare, "//Denied/DenialReason") == ["No certain match; no history is shown."]


@pytest.mark.parametrize("version", VERSIONS)
def test_disallowed(version: str) -> None:
    outbound = written(
        an_answer(outcome=Outcome.DISALLOWED, detail="The role is not admitted.", dispensations=fills(1)),
        version,
    )
    assert_valid(outbound, version)
    root = tree(outbound)
    assert root.find(".//MedicationDispensed") is None
    assert texts(root, DENIAL_CODE[version]) == []
    assert texts(root, "//Denied/DenialReason") == ["The role is not admitted."]
    assert texts(tree(written(an_answer(outcome=Outcome.DISALLOWED), version)), "//Denied/DenialReason")


@pytest.mark.parametrize("version", VERSIONS)
def test_partial_names_who_is_silent(version: str) -> None:
    outbound = written(an_answer(outcome=Outcome.PARTIAL, states=SILENT_NY), version)
    root = tree(outbound)
    assert len(root.findall(".//MedicationDispensed")) == 1
    assert texts(root, "//Approved/Note") == ["No answer from NY."]
    responded = [] if version == V10_6 else ["CT"]
    assert texts(root, "//PDMPStatesResponded/PDMPStates/StateProvince") == responded
    assert texts(root, "//PDMPStates/ReasonCode") == ["DJ"] * len(responded)
    told = read_back(outbound)
    assert {s.state: s.outcome for s in told.states}["NY"] is Outcome.ERROR


@pytest.mark.parametrize("version", VERSIONS)
def test_many_silent_states_are_named_as_far_as_there_is_room(version: str) -> None:
    states = tuple(
        StateOutcome(state=s, outcome=Outcome.DEFERRED)
        for s in [
            "NY",
            "NJ",
            "MA",
            "RI",
            "NH",
            "VT",
            "ME",
            "PA",
            "DE",
            "MD",
            "VA",
            "NC",
            "SC",
            "GA",
            "FL",
            "OH",
        ]
    )
    outbound = written(an_answer(outcome=Outcome.PARTIAL, states=states), version)
    assert_valid(outbound, version)
    (note,) = texts(tree(outbound), "//Approved/Note")
    assert re.fullmatch(r"No answer from (?:[A-Z]{2}(?:, )?)+ and \d+ more\.", note)
    shown = re.findall(r"\b[A-Z]{2}\b", note)
    assert len(shown) + int(re.findall(r"\d+", note)[0]) == len(states)


def test_a_partial_answer_without_medications_never_looks_like_no_records() -> None:
    answer = an_answer(outcome=Outcome.PARTIAL, dispensations=(), states=SILENT_NY)
    old = written(answer, V10_6)
    assert_valid(old, V10_6)
    root = tree(old)
    assert root.find(".//Approved") is None
    assert texts(root, "//Error/Code") == ["602"]
    assert texts(root, "//Error/Description") == ["No answer from NY. No records elsewhere."]
    new = written(answer, V2017071)
    assert texts(tree(new), "//Approved/Note") == ["No answer from NY."]
    assert texts(tree(new), "//PDMPStates/StateProvince") == ["CT"]
    assert read_back(old).outcome is Outcome.ERROR
    assert read_back(new).outcome is Outcome.PARTIAL
    unnamed = an_answer(outcome=Outcome.PARTIAL, dispensations=(), states=())
    assert read_back(written(unnamed, V2017071)).outcome is Outcome.PARTIAL
    (description,) = texts(tree(written(unnamed, V10_6)), "//Error/Description")
    assert description == "Not complete: a source has not answered. No records elsewhere."


@pytest.mark.parametrize("version", VERSIONS)
def test_deferred(version: str) -> None:
    root = tree(written(an_answer(outcome=Outcome.DEFERRED, retry_after=90), version))
    assert texts(root, "//Status/Code") == ["010"]
    assert texts(root, "//Status/Description") == ["The answer is not ready. Ask again in 90 seconds."]


@pytest.mark.parametrize("version", VERSIONS)
def test_error(version: str) -> None:
    outbound = written(an_answer(outcome=Outcome.ERROR, detail="The record is not at hand."), version)
    root = tree(outbound)
    assert (texts(root, "//Error/Code"), texts(root, "//Error/DescriptionCode")) == (["602"], ["007"])
    assert texts(root, "//Error/Description") == ["The record is not at hand."]
    root = tree(written(an_answer(outcome=Outcome.ERROR, retry_after=5, detail="Busy."), version))
    assert (texts(root, "//Error/Code"), texts(root, "//Error/DescriptionCode")) == (["600"], ["210"])
    assert texts(root, "//Error/Description") == ["Busy. Ask again in 5 seconds."]


def test_only_answers_to_look_ups_are_written() -> None:
    with pytest.raises(InternalFailure):
        ADAPTER.write(IntakeReceipt(results=()), asked(V10_6))


# --- medications ----------------------------------------------------------------------------------------------


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
    plain = a_dispensation(payment=None, treatment_type=None)
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
