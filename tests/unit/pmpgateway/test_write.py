"""Answers and errors in the PMP Gateway's XML: every outcome apart from the others, and nothing that breaks it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.pmpgateway import ADAPTER
from adapters.pmpgateway.names import REPORT, Version
from gateway.errors import ErrorCode, Failure, InternalFailure, MessageError, Unavailable
from gateway.model import AlertCategory, AlertSeverity, IntakeReceipt, Outcome, StateOutcome
from tests.unit.pmpgateway.helpers import ANSWERS, LINK, REPORTS, inbound, patient_request, texts

SILENT = "no answer from"
NOTHING = "No prescriptions are on record"


def written(name: str) -> etree._Element:
    return etree.fromstring(ADAPTER.write(ANSWERS[name], inbound()).body)


@pytest.mark.parametrize("name", ANSWERS)
def test_only_no_data_says_that_there_is_nothing(name: str) -> None:
    body = ADAPTER.write(ANSWERS[name], inbound()).body.decode()
    assert (NOTHING in body) is (name in {"no-data", "partial-empty"})
    assert (SILENT in body) is name.startswith("partial")


@pytest.mark.parametrize("name", ANSWERS)
def test_a_report_or_what_the_states_say_instead(name: str) -> None:
    root, answer = written(name), ANSWERS[name]
    has_report = answer.outcome in {Outcome.COMPLETE, Outcome.NO_DATA, Outcome.PARTIAL}
    assert (root.find("{*}Report") is not None) is has_report
    assert (root.find("{*}Report/{*}ReportRequestURLs/{*}ViewableReport") is not None) is has_report
    assert root.find("{*}Error") is None, "that is for what was not looked up at all"
    silent = [s for s in answer.states if s.outcome not in {Outcome.COMPLETE, Outcome.NO_DATA}]
    assert len(root.findall("{*}Response")) == len(silent)
    for response in root.findall("{*}Response"):
        (said,) = [e for e in response if not e.tag.endswith("ResponseDestinations")]
        assert [etree.QName(e).localname for e in said] == ["Message", "Details", "Source"]
        assert all(e.text for e in said)


def test_a_report_has_what_clients_look_for() -> None:
    """One takes a Report without scores and words for nobody found; one reads no URL without an attribute."""
    for name in ("complete", "no-data", "partial"):
        report = written(name).find("{*}Report")
        assert report is not None
        scores = report.find("{*}NarxScores")
        assert scores is not None
        assert len(scores) == 0, "no score of ours, and none of others'"
        assert report.findtext("{*}Message")
        (viewable,) = report.findall("{*}ReportRequestURLs/{*}ViewableReport")
        assert viewable.get("Content-Type") == "text/html"


def test_a_caution_beside_a_history_is_said() -> None:
    caution = "Another record may be this patient's too; it is not shown here."
    for name in ("complete", "partial"):
        body = ADAPTER.write(replace(ANSWERS[name], detail=caution), inbound()).body
        assert any(caution in text for text in texts(body)["Message"])


def test_all_that_alerts_can_be_is_said() -> None:
    analysis = ANSWERS["complete"].analysis
    assert analysis is not None
    alerts = tuple(
        replace(analysis.alerts[0], category=category, severity=severity)
        for category in AlertCategory
        for severity in AlertSeverity
    )
    told = texts(
        ADAPTER.write(replace(ANSWERS["complete"], analysis=replace(analysis, alerts=alerts)), inbound()).body
    )
    assert set(told["MessageSeverity"]) == {"High", "Medium", "Low"}
    assert all(kind.startswith("PMP Bridge: ") for kind in told["MessageType"])
    assert len(set(told["MessageType"])) == len(AlertCategory)


def test_without_a_word_of_any_state_there_is_an_error() -> None:
    bare = replace(ANSWERS["error"], states=())
    root = etree.fromstring(ADAPTER.write(bare, inbound()).body)
    assert root.findtext("{*}Error/{*}Message") == "The record could not be read."


@pytest.mark.parametrize("version", list(Version))
def test_errors_of_every_kind(version: Version) -> None:
    for code in ErrorCode:
        error = MessageError("It is wrong.", path="PatientRequest/X", remedy="Mend it.", code=code)
        for operation, name in (("patient", "PatientResponse"), (REPORT, "ReportResponse")):
            outbound = ADAPTER.write_error(error, inbound(operation=operation, version=version))
            root = etree.fromstring(outbound.body)
            assert root.tag == f"{{{version.namespace}}}{name}"
            assert texts(outbound.body)["Details"] == [f"At PatientRequest/X. Mend it. ({code.value})"]
            assert outbound.status == error.status
    for failure in (Failure("x"), Unavailable("x"), InternalFailure("1")):
        assert ADAPTER.write_error(failure, None).status == failure.status
        assert etree.fromstring(ADAPTER.write_error(failure, None).body).find("{*}Error") is not None


def test_the_senders_own_id_comes_back() -> None:
    requester = "<LicenseeRequestId>&lt;&amp;\u00e9 1</LicenseeRequestId>"
    body = patient_request().replace("<Requester>", f"<Requester>{requester}")
    message = inbound(body)
    ADAPTER.read(message)
    assert texts(ADAPTER.write(ANSWERS["complete"], message).body)["LicenseeRequestId"] == ["<&\u00e9 1"]
    refused = inbound(body.replace("Physician", "physician"))
    with pytest.raises(MessageError) as caught:
        ADAPTER.read(refused)
    assert texts(ADAPTER.write_error(caught.value, refused).body)["LicenseeRequestId"] == ["<&\u00e9 1"]


def test_a_page_only_for_whoever_asks_for_one() -> None:
    for accept, is_page in (
        ("text/html", True),
        ("text/html;q=0.9, application/xml", True),
        ("application/xml, text/html", False),
        ("*/*", False),
        ("", False),
    ):
        written = ADAPTER.write(REPORTS["report"], inbound(operation=REPORT, accept=accept))
        assert written.content_type.startswith("text/html") is is_page, accept
        assert LINK.encode() in written.body
    refused = ADAPTER.write(REPORTS["report-disallowed"], inbound(operation=REPORT, accept="text/html"))
    assert refused.content_type.startswith("application/xml")


def test_no_other_answer_is_written() -> None:
    with pytest.raises(TypeError):
        ADAPTER.write(IntakeReceipt(message="1", results=()), inbound())


_TEXT = st.text(max_size=60)


@given(detail=_TEXT, state=_TEXT, disclaimer=_TEXT, outcome=st.sampled_from(Outcome))
def test_no_text_breaks_the_answer(detail: str, state: str, disclaimer: str, outcome: Outcome) -> None:
    answer = replace(
        ANSWERS["partial"],
        outcome=outcome,
        detail=detail,
        states=(StateOutcome(state=state, outcome=outcome, detail=detail),),
        disclaimers=(disclaimer,),
    )
    for operation in ("patient", REPORT):
        body = ADAPTER.write(answer, inbound(operation=operation)).body
        assert etree.fromstring(body).tag.startswith("{http://xml.appriss.com/gateway/v5_1}")
