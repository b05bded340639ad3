"""What must hold of any bytes: they are read, or refused by an error that can be written and quotes nothing."""

from __future__ import annotations

from lxml import etree

from adapters._wire import parse
from adapters.pmpgateway import ADAPTER
from adapters.pmpgateway.answer import read_patient_response
from adapters.pmpgateway.names import PATIENT, REPORT
from gateway.errors import Failure, GatewayError, MessageError
from gateway.model import LookupRequest, Outcome, ReportQuery
from gateway.ports import Asked, Inbound
from tests.factory import NOW, a_lookup
from tests.unit.pmpgateway.helpers import ANSWERS, inbound

_NOTHING = {Outcome.NO_DATA, Outcome.COMPLETE}


def asked(body: bytes) -> None:
    """The body as a PatientRequest."""
    read = _received(body, PATIENT)
    if read is not None:
        assert isinstance(read, LookupRequest)
        assert read.person is not None
        assert read.person.name.family.strip()
        assert (read.person.owner or read.person).birth_date is not None
        assert read.requester.state is not None


def read_for_whom(body: bytes) -> None:
    """The body as a ReportRequest."""
    read = _received(body, REPORT)
    if read is not None:
        assert isinstance(read, ReportQuery)
        assert read.requester.practitioner or read.requester.delegate


def said(body: bytes) -> None:
    """The body as a partner's PatientResponse: no more than a link, and never that there is nothing."""
    try:
        root = parse(body)
    except MessageError:
        return
    try:
        answer, _ = read_patient_response(root, a_lookup(), received_at=NOW)
    except Failure:
        return
    assert not {answer.outcome, *(state.outcome for state in answer.states)} & _NOTHING
    assert not answer.dispensations


def _received(body: bytes, operation: str) -> object:
    """What is read, when it can be answered; None when it is refused."""
    message = inbound(body, operation=operation)
    read = _attempted(message)
    if isinstance(read, GatewayError):
        assert isinstance(read, MessageError)
        assert read.remedy
        written = ADAPTER.write_error(read, message)
        assert written.status in {400, 413, 415}
        assert etree.fromstring(written.body).find("{*}Error") is not None
        return None
    etree.fromstring(ADAPTER.write(ANSWERS["complete"], message).body)
    return read


def _attempted(message: Inbound) -> Asked | GatewayError:
    try:
        return ADAPTER.read(message)
    except GatewayError as error:
        return error
