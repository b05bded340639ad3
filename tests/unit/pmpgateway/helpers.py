"""Messages, and one answer for each outcome: what `samples/*.answer.xml` hold and what each means to a reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from adapters.pmpgateway import ADAPTER
from adapters.pmpgateway.names import PATIENT, Version
from gateway.errors import MessageError, NotFound
from gateway.model import (
    Alert,
    AlertCategory,
    AlertFact,
    AlertSeverity,
    Analysis,
    Answer,
    LookupRequest,
    MatchEvidence,
    Outcome,
    ReportKey,
    StateOutcome,
)
from gateway.ports import Inbound
from tests.factory import NOW, an_answer

SAMPLES = Path(__file__).resolve().parents[3] / "adapters" / "pmpgateway" / "samples"
BASE = "http://127.0.0.1:8080/pmpgateway"
KEY = "5b2f9c1e-6f0e-4f9c-8f51-0a3b2a3a9d10"
LINK = "http://127.0.0.1:8080/report/8rq2m0xk"
DISCLAIMER = "Data may be inaccurate or incomplete."


def inbound(
    body: bytes | str = b"",
    *,
    operation: str = PATIENT,
    version: Version = Version.V5_1,
    content_type: str = "application/xml",
    **headers: str,
) -> Inbound:
    """A POST to one of the routes."""
    path = f"/pmpgateway/{version}/{operation}"
    return Inbound(
        operation=operation,
        method="POST",
        path=path if operation == PATIENT else f"{path}/{KEY}",
        request_id="0123456789abcdef",
        received_at=NOW,
        base_url=BASE,
        headers={"content-type": content_type, **{k.replace("_", "-"): v for k, v in headers.items()}},
        arguments={} if operation == PATIENT else {"report_id": KEY},
        content_type=content_type.partition(";")[0].strip().lower(),
        body=body.encode() if isinstance(body, str) else body,
    )


PROVIDER = """<Provider><Role>Physician</Role><FirstName>Paul</FirstName><LastName>Doctor</LastName>
    <DEANumber>AD1111119</DEANumber><NPINumber>1023011178</NPINumber></Provider>"""
LOCATION = """<Location><Name>Example Hospital</Name><NPINumber>1700902491</NPINumber>
    <Address><StateCode>CT</StateCode></Address></Location>"""
PATIENT_XML = """<Patient><Name><First>Marigold</First><Middle>Ann</Middle><Last>Quillfeather</Last></Name>
    <Birthdate>1971-04-09</Birthdate><SexCode>F</SexCode>
    <Address><Street>14 Larkspur Ln</Street><City>Hartford</City><StateCode>CT</StateCode>
    <ZipCode>06103</ZipCode></Address></Patient>"""


def patient_request(
    patient: str = PATIENT_XML,
    *,
    requester: str = PROVIDER + LOCATION,
    dates: str = "",
    namespace: str = Version.V5_1.namespace,
) -> str:
    """A PatientRequest; what is given replaces a part of it."""
    return f"""<PatientRequest xmlns="{namespace}"><Requester>{requester}</Requester>
        <PrescriptionRequest>{dates}{patient}</PrescriptionRequest></PatientRequest>"""


def report_request(requester: str = PROVIDER + LOCATION, *, namespace: str = Version.V5_1.namespace) -> str:
    """A ReportRequest."""
    return f'<ReportRequest xmlns="{namespace}"><Requester>{requester}</Requester></ReportRequest>'


def texts(body: bytes) -> dict[str, list[str]]:
    """The texts of a document, by local name."""
    found: dict[str, list[str]] = {}
    for element in etree.fromstring(body).iter(etree.Element):
        if not len(element):
            found.setdefault(etree.QName(element).localname, []).append(element.text or "")
    return found


def answer(**over: Any) -> Answer:
    """An answer with a key of its report."""
    key = ReportKey(value=KEY, until=datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
    return an_answer(**{"report_key": key, "disclaimers": (DISCLAIMER,), **over})


_DONE = StateOutcome(state="CT", outcome=Outcome.COMPLETE)
_EMPTY = replace(_DONE, outcome=Outcome.NO_DATA)
_SILENT = StateOutcome(state="MA", outcome=Outcome.ERROR, detail="The state's system did not answer in time.")


def _without_report(outcome: Outcome, detail: str | None = None, **over: Any) -> Answer:
    state = StateOutcome(state="CT", outcome=outcome, detail=detail)
    return answer(
        outcome=outcome, detail=detail, states=(state,), dispensations=(), persons=(), report_key=None, **over
    )


_ALERT = Alert(
    category=AlertCategory.OVERLAP,
    severity=AlertSeverity.HIGH,
    detail="An opioid and a benzodiazepine overlap.",
    formula="days with both >= 1",
    facts=(AlertFact(name="days", value="7"),),
    dispensations=(0,),
)

ANSWERS: dict[str, Answer] = {
    "complete": answer(states=(_DONE,), analysis=Analysis(as_of=NOW.date(), alerts=(_ALERT,))),
    "no-data": answer(outcome=Outcome.NO_DATA, states=(_EMPTY,), dispensations=(), persons=()),
    "partial": answer(outcome=Outcome.PARTIAL, states=(_DONE, _SILENT)),
    "partial-empty": answer(outcome=Outcome.PARTIAL, states=(_EMPTY, _SILENT), dispensations=(), persons=()),
    "ambiguous": _without_report(
        Outcome.AMBIGUOUS,
        "No certain match in the record; no history is shown. Check or send: phone.",
        match=MatchEvidence(score=7.5, candidates=2, deciding=("phone",)),
    ),
    "disallowed": _without_report(
        Outcome.DISALLOWED, "The requester's role is not one that may look a patient up in Connecticut."
    ),
    "deferred": _without_report(Outcome.DEFERRED, retry_after=60),
    "error": _without_report(Outcome.ERROR, "The record could not be read."),
}
REPORTS: dict[str, Answer] = {
    "report": answer(states=(_DONE,), dispensations=(), persons=(), report_key=None, link=LINK),
    "report-disallowed": ANSWERS["disallowed"],
}
ERRORS = {
    "report-refused": NotFound(
        "There is no such report, or its time has ended.", remedy="Look the patient up again."
    )
}
READ_BACK = {
    "complete": Outcome.PARTIAL,
    "no-data": Outcome.PARTIAL,
    "partial": Outcome.PARTIAL,
    "partial-empty": Outcome.PARTIAL,
    "ambiguous": Outcome.AMBIGUOUS,
    "disallowed": Outcome.DISALLOWED,
    "deferred": Outcome.DEFERRED,
    "error": Outcome.ERROR,
}


def asked(body: str) -> LookupRequest:
    read = ADAPTER.read(inbound(body))
    assert isinstance(read, LookupRequest)
    return read


def refused(body: str, *, operation: str = "patient") -> MessageError:
    with pytest.raises(MessageError) as caught:
        ADAPTER.read(inbound(body, operation=operation))
    assert caught.value.remedy
    return caught.value
