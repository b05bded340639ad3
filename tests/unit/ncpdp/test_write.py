"""SCRIPT answers: the envelope and the outcomes."""

from __future__ import annotations

import re

import pytest

from adapters.ncpdp import ADAPTER
from gateway.errors import InternalFailure
from gateway.model import (
    Identifier,
    IdentifierKind,
    MatchEvidence,
    Outcome,
    StateOutcome,
)
from gateway.ports import Outbound
from tests.factory import a_dispensation, a_person, an_answer
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
from tests.unit.ncpdp.writing import CODE, DENIAL_CODE, SILENT_NY, fills


@pytest.mark.parametrize("version", VERSIONS)
def test_the_header_goes_back_where_it_came_from(version: str) -> None:
    root = tree(written(an_answer(), version))
    assert (texts(root, "Header/To"), root.xpath("string(Header/To/@Qualifier)")) == (["CHARTEROAK"], "C")
    assert (texts(root, "Header/From"), root.xpath("string(Header/From/@Qualifier)")) == (["CTPMP"], "ZZZ")
    assert texts(root, "Header/RelatesToMessageID") == ["ASK-0001"]
    assert texts(root, "Header/MessageID") == ["0192f2c46a537e118c558a1f0f6f3d10"]
    sent = "2026-11-20T15:30:00.0Z" if version == V10_6 else "2026-11-20T15:30:00Z"
    assert texts(root, "Header/SentTime") == [sent]
    assert len(root.findall("Header/SenderSoftware")) == (version != V10_6)


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
    assert texts(root, "//Approved/Note") == [f"Newest 300 of 301; rest: ask up to {held[300].filled}."]
    told = read_back(outbound)
    assert told.outcome is Outcome.PARTIAL
    assert told.detail is not None
    assert "AQ" in told.detail
    both = tree(written(an_answer(outcome=Outcome.PARTIAL, dispensations=held, states=SILENT_NY), version))
    assert texts(both, "//Approved/Note") == [
        f"No answer from NY. Newest 300 of 301; rest: ask up to {held[300].filled}."
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


def test_no_enclosed_answer_is_wrapped() -> None:
    with pytest.raises(InternalFailure):
        ADAPTER.write(Outbound(body=b"", content_type="text/plain"), asked(V10_6))
