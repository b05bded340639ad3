"""What a version cannot carry is declared, told in HTTP's header to who asks there, and said in words for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapters.ncpdp import ADAPTER
from adapters.ncpdp.version import Version
from adapters.ncpdp.words import _WORDS, facts_of
from gateway.errors import ErrorCode, MessageError
from gateway.model import (
    Dispensation,
    Licence,
    LookupRequest,
    Outcome,
    PartyKind,
    PersonName,
    Species,
    Wanted,
)
from gateway.ports import Inbound, Outbound
from gateway.terminology import field_map
from tests.factory import a_dispensation, a_dispenser, a_drug, a_person, a_prescriber, an_answer
from tests.unit.ncpdp.helpers import V10_6, V2017071, VERSIONS, asked, assert_valid, texts, tree, written
from tests.unit.ncpdp.test_scores import answer as an_analysed_answer

LATER = VERSIONS[1:]

FULL = a_dispensation(
    partial_fill=2,
    refills_authorised=3,
    payment="01",
    rx_origin="05",
    treatment_type="07",
    prescriber=a_prescriber(licence=Licence(number="1.23", state="CT")),
    dispenser=a_dispenser(licence=Licence(number="PCY.7", state="NY")),
)
# Facts, each alone in a record, in which every field of the map that a version has no place for holds something.
HELD: dict[str, Dispensation] = {
    "partial_fill": a_dispensation(partial_fill=1),
    "refills_authorised": a_dispensation(refills_authorised=0),
    "payment": a_dispensation(payment="02"),
    "rx_origin": a_dispensation(rx_origin="01"),
    "treatment_type": a_dispensation(treatment_type="01"),
    "prescriber.licence.state": FULL,
    "dispenser.licence.state": FULL,
}


def with_headers(request: Inbound, **headers: str) -> Inbound:
    added = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return replace(request, headers={**request.headers, **added})


def told(outbound: Outbound) -> str | None:
    return dict(outbound.headers).get("X-PMP-Losses")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_header_names_what_the_audit_is_told(version: str) -> None:
    answer = an_answer(dispensations=(FULL, a_dispensation(drug=a_drug(name="x" * 200))))
    plain = written(answer, version)
    assert told(plain) is None
    outbound = written(answer, version, with_headers(asked(version), X_PMP_Losses="Header"))
    assert outbound.losses == plain.losses
    assert outbound.body == plain.body
    assert told(outbound) == ", ".join(plain.losses)
    held = {
        f.name for f in field_map().fields if f.is_none(version) and f.value(FULL) not in (None, f.absent)
    }
    assert held
    assert held | {"drug.name"} <= set(plain.losses)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("field", HELD)
def test_each_of_them_alone_is_declared_where_the_map_has_no_place(version: str, field: str) -> None:
    row = next(f for f in field_map().fields if f.name == field)
    outbound = written(an_answer(dispensations=(HELD[field],)), version)
    assert (field in outbound.losses) is row.is_none(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_lost_is_told_as_well(version: str) -> None:
    request = with_headers(asked(version), X_PMP_Losses="header")
    assert told(written(an_answer(outcome=Outcome.NO_DATA), version, request)) == "none"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_note_says_in_words_what_has_no_element(version: str) -> None:
    outbound = written(an_answer(dispensations=(FULL,)), version)
    assert_valid(outbound, version)
    (note,) = texts(tree(outbound), "//MedicationDispensed/Note")
    said = ["Partial fill 2.", "Sent as: Electronic Prescription.", "Treatment: Acute Pain for an Individual"]
    said += ["Payment: Private Pay"] if version == V10_6 else ["Refills authorised: 3."]
    assert [words for words in said if words not in note] == []
    assert ("Refills authorised" in note) is (version != V10_6)
    licences = texts(
        tree(written(an_answer(dispensations=(replace(FULL, treatment_type=None),)), version)),
        "//MedicationDispensed/Note",
    )
    assert licences[0].endswith("Prescriber's licence of CT. Dispenser's licence of NY.")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fill_that_was_reported_under_other_demographics_says_so(version: str) -> None:
    def note(**over: object) -> str:
        d = a_dispensation(
            person=a_person(**over), treatment_type=None, payment=None, rx_origin=None, refills_authorised=None,
            prescriber=a_prescriber(licence=None),
        )  # fmt: skip
        return " ".join(
            texts(tree(written(an_answer(dispensations=(d,)), version)), "//MedicationDispensed/Note")
        )

    married = (PersonName(family="Thistlewood", given=("Marigold", "Ann")),)
    said = [
        note(names=married),
        note(birth_date=date(1971, 9, 4)),
        note(names=(PersonName(family="QUILLFEATHER", given=("marigold",)),)),
    ]
    if version == V10_6:
        assert said == [
            "Reported for Marigold Thistlewood, born 1971-04-09.",
            "Reported for Marigold Quillfeather, born 1971-09-04.",
            "",
        ]
    else:  # each fill has its own Patient
        assert said == ["", "", ""]


@pytest.mark.parametrize("version", Version)
def test_words_are_for_fields_of_the_map(version: Version) -> None:
    known = {f.name: f for f in field_map().fields}
    assert set(_WORDS) <= set(known)
    animal = replace(FULL, person=a_person(species=Species.VETERINARY, birth_date=date(2020, 1, 1)))
    facts = facts_of(animal)
    for name, say in _WORDS.items():
        if name != "compound":
            assert say(facts), name
    unlicensed = facts_of(a_dispensation(prescriber=a_prescriber(licence=None)))
    assert _WORDS["prescriber.licence.state"](unlicensed) is None
    assert FULL.prescriber.kind is PartyKind.PRACTITIONER


# --- what else is asked for in the header ---------------------------------------------------------------------


def read(request: Inbound) -> LookupRequest:
    found = ADAPTER.read(request)
    assert isinstance(found, LookupRequest)
    return found


def test_states_where_the_message_names_none() -> None:
    assert read(with_headers(asked(V10_6), X_PMP_States="ct, NY,ct")).states == ("CT", "NY")
    assert read(with_headers(asked(V2017071), X_PMP_States="NY")).states == ("CT",)
    unnamed = asked(
        V2017071, ("<PDMPStatesRequested><StateProvince>CT</StateProvince></PDMPStatesRequested>", "")
    )
    assert read(unnamed).states == ()
    assert read(with_headers(unnamed, X_PMP_States="NY")).states == ("NY",)


@pytest.mark.parametrize("version", LATER)
def test_a_link_beside_the_history(version: str) -> None:
    request = with_headers(asked(version), X_PMP_Return="link, DATA")
    assert read(request).wants == {Wanted.DATA, Wanted.LINK}
    assert read(asked(version)).wants == {Wanted.DATA}
    answer = replace(an_analysed_answer(), link="https://pmp.example/report/7KQ4M2XT9R0AB&x")
    outbound = written(answer, version, request)
    assert_valid(outbound, version)
    assert texts(tree(outbound), "//Scores/ReportURL") == [answer.link]
    assert texts(tree(outbound), "//Scores[1]/ReportURL") == [answer.link]


@pytest.mark.parametrize(
    ("version", "header", "value"),
    [
        (V10_6, "X-PMP-Losses", "issues"), (V2017071, "X-PMP-Losses", ""), (V10_6, "X-PMP-States", "Connecticut"),
        (V10_6, "X-PMP-States", ""), (V2017071, "X-PMP-Return", "link"), (V2017071, "X-PMP-Return", "page"),
        (V10_6, "X-PMP-Return", "data, link"), (V10_6, "X-PMP-Return", ""),
    ],
)  # fmt: skip
def test_headers_that_cannot_be_followed_are_refused(version: str, header: str, value: str) -> None:
    with pytest.raises(MessageError) as caught:
        read(with_headers(asked(version), **{header.replace("-", "_"): value}))
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID, header)
    assert len(f"{caught.value.message} {caught.value.remedy}") <= 70
    if value:
        assert value not in str(caught.value).replace("data, link.", "").replace(
            "SCRIPT 10.6 has no place", ""
        )
