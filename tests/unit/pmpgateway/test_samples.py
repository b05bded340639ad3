"""The samples are what the adapter reads and writes; one pair for each outcome, in each version."""

from __future__ import annotations

import pytest
from lxml import etree

from adapters.pmpgateway import ADAPTER
from adapters.pmpgateway.names import PATIENT, REPORT, Version
from gateway.errors import GatewayError
from gateway.model import LookupRequest, ReportQuery, Wanted
from gateway.ports import Outbound
from tests.unit.pmpgateway.helpers import ANSWERS, ERRORS, KEY, REPORTS, SAMPLES, inbound

NAMES = [*ANSWERS, "refused", *REPORTS, *ERRORS]
CASES = [(version, name) for version in Version for name in NAMES]


def answered(version: Version, name: str) -> Outbound:
    operation = REPORT if name.startswith("report") else PATIENT
    body = (SAMPLES / version / f"{name}.request.xml").read_bytes()
    message = inbound(body, operation=operation, version=version)
    try:
        ADAPTER.read(message)
        if name in ERRORS:
            raise ERRORS[name]
    except GatewayError as error:
        return ADAPTER.write_error(error, message)
    return ADAPTER.write({**ANSWERS, **REPORTS}[name], message)


@pytest.mark.parametrize("version", list(Version))
def test_there_is_a_pair_for_every_outcome(version: Version) -> None:
    assert {path.name for path in (SAMPLES / version).iterdir()} == {
        f"{name}.{kind}.xml" for name in NAMES for kind in ("request", "answer")
    }


@pytest.mark.parametrize(("version", "name"), CASES)
def test_the_answer_is_the_sample(version: Version, name: str) -> None:
    sample = (SAMPLES / version / f"{name}.answer.xml").read_text(encoding="utf-8")
    written = answered(version, name)
    assert etree.canonicalize(sample, strip_text=True) == etree.canonicalize(
        written.body.decode(), strip_text=True
    )
    assert etree.fromstring(written.body).nsmap == {None: version.namespace}
    assert written.content_type == "application/xml; charset=utf-8"


@pytest.mark.parametrize(("version", "name"), [case for case in CASES if case[1] != "refused"])
def test_the_request_is_read(version: Version, name: str) -> None:
    operation = REPORT if name.startswith("report") else PATIENT
    body = (SAMPLES / version / f"{name}.request.xml").read_bytes()
    asked = ADAPTER.read(inbound(body, operation=operation, version=version))
    if isinstance(asked, ReportQuery):
        assert asked.key == KEY
    else:
        assert isinstance(asked, LookupRequest)
        assert asked.person is not None
        assert asked.person.name.family == "Quillfeather"
        assert asked.states == (("CT", "MA") if name.startswith("partial") else ("CT",))
        assert (asked.wants, asked.wants_report_key) == ({Wanted.DATA}, True)
    assert asked.requester.practitioner is not None
    assert asked.requester.practitioner.npi == "1023011178"


def test_no_dispensation_stands_in_any_answer() -> None:
    for name, answer in ANSWERS.items():
        written = ADAPTER.write(answer, inbound())
        assert written.shown == 0
        for dispensation in answer.dispensations:
            for fact in (dispensation.rx_number, dispensation.drug.name, dispensation.person.name.family):
                assert fact is not None
                assert fact.encode() not in written.body, name
