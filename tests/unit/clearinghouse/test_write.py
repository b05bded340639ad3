"""What is said of a report, and of an error, in the sender's version of SOAP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lxml import etree

from adapters._wire.soap import MustUnderstand, VersionMismatch
from adapters.clearinghouse import ADAPTER
from adapters.clearinghouse.wsdl import WSDL
from gateway.errors import (
    Forbidden,
    GatewayError,
    InternalFailure,
    MessageError,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from gateway.model import IntakeReceipt
from gateway.ports import Inbound, Outbound
from tests.unit.clearinghouse.transactions import (
    ENVELOPE,
    ENVELOPE_1_2,
    Told,
    a_body,
    enveloped,
    inbound,
)

SCHEMAS = {
    name: etree.XMLSchema(etree.parse(WSDL.with_name(f"{name}.xsd"))) for name in ("transaction", "gateway")
}
REQUEST = inbound(enveloped(a_body()))
REQUEST_1_2 = inbound(enveloped(a_body(), namespace=ENVELOPE_1_2), content_type="application/soap+xml")
BY_TOKEN = inbound(enveloped(a_body(username=None, password=None)), authorization="Bearer x")
UNREADABLE = inbound("<x")
ROW = {"segment": 5, "kind": "dispensation", "status": "accepted", "verdict": "created"}
ISSUE = {
    "severity": "error",
    "segment": 5,
    "field": "DSP08",
    "code": "missing",
    "message": "It is <missing>.",
}


def a_report(status: str, *rows: dict[str, Any], http: int = 200, **more: Any) -> Outbound:
    """A submission report as the ASAP adapter writes it."""
    counts = {
        s: sum(r["status"] == s for r in rows) for s in ("accepted", "corrected", "rejected", "deferred")
    }
    document = {"test": False, "issues": [], "records": rows, **more}
    document["summary"] = {"status": status, "records": len(rows), **counts}
    return Outbound(body=json.dumps(document).encode(), content_type="application/json", status=http)


def valid(outbound: Outbound) -> Told:
    """The answer, whose parts were held against our own schemas."""
    root = etree.fromstring(outbound.body)
    for element in root.iter("{*}SubmitTransactionResponse", "{*}Error", "{*}SubmissionReport"):
        namespace = "transaction" if etree.QName(element).namespace == "pmp" else "gateway"
        SCHEMAS[namespace].assertValid(etree.ElementTree(etree.fromstring(etree.tostring(element))))
    return Told(outbound.body)


# --- reports ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["created", "unchanged", "revised"])
def test_all_accepted_has_an_empty_error_message(verdict: str) -> None:
    status = "corrected" if verdict == "revised" else "accepted"
    outbound = ADAPTER.write(a_report("accepted", {**ROW, "status": status, "verdict": verdict}), REQUEST)
    told = valid(outbound)
    assert (outbound.status, outbound.content_type) == (200, "text/xml; charset=utf-8")
    assert (told.status, told.message, told.number) == ("1", "", str(int("0123456789abc", 16)))
    assert told.report is not None
    assert ("unchanged: recorded before" in told.report) is (verdict == "unchanged")
    assert f"segment 5, dispensation: {status}" in told.report


def test_a_remark_rejects_nothing_and_stands_in_the_header() -> None:
    remark = {**ISSUE, "severity": "warning"}
    told = valid(ADAPTER.write(a_report("accepted", {**ROW, "issues": [remark]}), REQUEST))
    assert (told.status, told.message) == ("1", "")
    assert "warning at segment 5 DSP08 [missing]: It is <missing>." in (told.report or "")


def test_a_rejected_record_is_named_by_segment_field_code_and_sentence() -> None:
    row = {**ROW, "status": "rejected", "verdict": "rejected", "issues": [ISSUE]}
    outbound = ADAPTER.write(a_report("rejected", row, http=422), REQUEST)
    told = valid(outbound)
    assert (outbound.status, told.status, told.number, told.report) == (200, "0", "0", None)
    assert "segment 5, dispensation: rejected\n" in (told.message or "")
    assert "error at segment 5 DSP08 [missing]: It is <missing>." in (told.message or "")


def test_a_part_that_was_not_taken_asks_for_action_and_has_a_number() -> None:
    row = {**ROW, "segment": 7, "status": "rejected", "verdict": "rejected", "issues": [ISSUE]}
    told = valid(ADAPTER.write(a_report("accepted in part", ROW, row), REQUEST))
    assert told.status == "0"
    assert told.number != "0"
    assert "segment 5, dispensation: accepted\nsegment 7, dispensation: rejected" in (told.message or "")
    assert "1 accepted, 0 corrected, 1 rejected" in (told.message or "")


def test_what_is_wrong_with_the_whole_is_told() -> None:
    issue = {**ISSUE, "segment": 9, "field": "TT02", "code": "inconsistent"}
    told = valid(ADAPTER.write(a_report("accepted in part", ROW, issues=[issue]), REQUEST))
    assert (told.status, (told.message or "").splitlines()[0]) == (
        "0",
        "transaction: error at segment 9 TT02 [inconsistent]: It is <missing>.",
    )


def test_a_transaction_without_a_record_is_not_taken_for_accepted() -> None:
    told = valid(ADAPTER.write(a_report("accepted"), REQUEST))
    assert (told.status, told.number) == ("0", "0")
    assert "no record in it" in (told.message or "")


def test_a_test_says_that_nothing_is_recorded() -> None:
    told = valid(ADAPTER.write(a_report("accepted", ROW, test=True), REQUEST))
    assert (told.status, told.message) == ("1", "")
    assert "nothing is recorded" in (told.report or "")


def test_what_is_deferred_is_a_fault_of_ours_that_asks_to_send_again() -> None:
    row = {**ROW, "status": "deferred", "verdict": "deferred", "issues": [{**ISSUE, "code": "unavailable"}]}
    outbound = ADAPTER.write(a_report("incomplete", row, http=503), REQUEST)
    told = valid(outbound)
    assert (outbound.status, told.is_fault, told.code) == (503, True, "soap:Server")
    assert "segment 5, dispensation: deferred" in (told.message or "")


def test_errors_of_the_asap_adapter() -> None:
    def wrapped(status: int, request: Inbound, **headers: str) -> Outbound:
        error = {"code": "malformed", "message": "No ASAP.", "field": "TH", "remedy": "Send TH."}
        inner = Outbound(
            body=json.dumps({"error": error}).encode(),
            content_type="application/json",
            status=status,
            headers=tuple(headers.items()),
        )
        return ADAPTER.write(inner, request)

    told = valid(wrapped(400, REQUEST))
    assert (told.status, told.number, told.report) == ("0", "0", None)
    assert told.message == "error at TH [malformed]: No ASAP. Send TH."
    assert valid(wrapped(403, REQUEST)).status == "0"
    by_token = wrapped(403, BY_TOKEN)
    assert (by_token.status, valid(by_token).code) == (403, "soap:Client")
    later = wrapped(503, REQUEST, **{"Retry-After": "5"})
    assert (later.status, later.headers, valid(later).code) == (503, (("Retry-After", "5"),), "soap:Server")
    assert b"<gateway:Code>unavailable<" in later.body
    assert b"<gateway:Code>internal<" in wrapped(500, REQUEST).body


def test_nothing_but_an_enclosed_message_has_an_answer_here() -> None:
    with pytest.raises(TypeError, match="IntakeReceipt"):
        ADAPTER.write(IntakeReceipt(results=()), REQUEST)


def test_the_answer_is_in_the_senders_version() -> None:
    outbound = ADAPTER.write(a_report("accepted", ROW), REQUEST_1_2)
    assert (valid(outbound).namespace, outbound.content_type) == (
        ENVELOPE_1_2,
        "application/soap+xml; charset=utf-8",
    )
    assert valid(ADAPTER.write(a_report("accepted", ROW), REQUEST)).namespace == ENVELOPE


# --- errors -----------------------------------------------------------------------------------------------------


def test_wrong_credentials_are_said_in_the_clearinghouses_words() -> None:
    outbound = ADAPTER.write_error(Unauthenticated("No active client.", remedy="Check."), REQUEST)
    told = valid(outbound)
    assert (outbound.status, told.number, told.status, told.message) == (200, "0", "0", "Invalid Credentials")
    missing = ADAPTER.write_error(Unauthenticated("No token."), inbound(enveloped(a_body(password=None))))
    assert (valid(missing).status, missing.status) == ("0", 200)
    assert "Password is missing" in (valid(missing).message or "")


def test_a_token_that_does_not_hold_is_told_by_the_http_status() -> None:
    for error, status in ((Unauthenticated("No."), 401), (Forbidden("No.", scope="x"), 403)):
        outbound = ADAPTER.write_error(error, BY_TOKEN)
        assert (outbound.status, valid(outbound).code) == (status, "soap:Client")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MessageError("Wrong.", path="a"), None),
        (Unavailable("Later."), "Server"),
        (InternalFailure("1"), "Server"),
        (GatewayError("Nobody knows."), "Server"),
    ],
)
def test_a_transaction_that_was_opened_gets_a_response_unless_we_failed(
    error: GatewayError, code: str | None
) -> None:
    outbound = ADAPTER.write_error(error, REQUEST)
    told = valid(outbound)
    assert told.message == str(error)
    if code is None:
        assert (outbound.status, told.status, told.number) == (200, "0", "0")
    else:
        assert (outbound.status, told.code) == (error.status, f"soap:{code}")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MessageError("Wrong.", path="line 1"), "Client"),
        (Unauthenticated("No token."), "Client"),
        (TooLarge("Too large."), "Client"),
        (NotFound("Nothing."), "Client"),
        (MustUnderstand("Not done."), "MustUnderstand"),
        (VersionMismatch("Not spoken."), "VersionMismatch"),
        (Unavailable("Later."), "Server"),
    ],
)
def test_what_could_not_be_opened_gets_a_fault(error: GatewayError, code: str) -> None:
    for request in (UNREADABLE, None):
        outbound = ADAPTER.write_error(error, request)
        told = valid(outbound)
        assert (outbound.status, told.code, told.namespace) == (error.status, f"soap:{code}", ENVELOPE)
    in_1_2 = ADAPTER.write_error(error, inbound("", content_type="application/soap+xml"))
    told = valid(in_1_2)
    assert told.namespace == ENVELOPE_1_2
    assert told.code == "env:" + {"Client": "Sender", "Server": "Receiver"}.get(code, code)
