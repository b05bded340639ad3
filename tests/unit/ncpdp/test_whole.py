"""A partner's history of more than one message is whole, or says that it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from lxml import etree

from adapters.ncpdp import ADAPTER
from adapters.ncpdp.whole import MOST_MESSAGES
from gateway.errors import GatewayError, Unavailable
from gateway.model import Answer, Dispensation, LookupRequest, Outcome, Period, StateOutcome
from gateway.ports import Inbound
from tests.factory import a_lookup, an_answer
from tests.unit.ncpdp.helpers import V2017071, VERSIONS, inbound
from tests.unit.ncpdp.partners import Partner
from tests.unit.ncpdp.test_rest import NEWEST, held

START = date(2020, 1, 1)
REQUEST = a_lookup(period=Period(start=START, end=NEWEST), states=("CT",))
CT = (StateOutcome(state="CT", outcome=Outcome.COMPLETE),)


def of_this_gateway(fills: Sequence[Dispensation]) -> Callable[[bytes], tuple[int, dict[str, str], bytes]]:
    """A partner that is one of these gateways, with these fills in its record."""

    def reply(body: bytes) -> tuple[int, dict[str, str], bytes]:
        request: Inbound = inbound(body)
        try:
            asked = ADAPTER.read(request)
            assert isinstance(asked, LookupRequest)
            period = Period(start=asked.period.start or START, end=asked.period.end or NEWEST)
            found = tuple(d for d in fills if period.start <= d.filled <= period.end)  # type: ignore[operator]
            outcome = Outcome.COMPLETE if found else Outcome.NO_DATA
            answer = an_answer(outcome=outcome, dispensations=found, period=period, states=CT)
            outbound = ADAPTER.write(answer, request)
        except GatewayError as error:
            outbound = ADAPTER.write_error(error, request)
        return outbound.status, {"Content-Type": "application/xml"}, outbound.body

    return reply


def by_dates_alone(
    reply: Callable[[bytes], tuple[int, dict[str, str], bytes]], *, oldest_first: bool = False
) -> Callable[[bytes], tuple[int, dict[str, str], bytes]]:
    """A partner that has no reference, and may sort in another way."""

    def plain(body: bytes) -> tuple[int, dict[str, str], bytes]:
        status, headers, answer = reply(body)
        root = etree.fromstring(answer)
        for reference in root.findall(".//{*}Approved/{*}ReferenceNumber"):
            reference.getparent().remove(reference)
        fills = root.findall(".//{*}MedicationDispensed")
        if oldest_first and fills:
            parent, place = fills[0].getparent(), fills[0].getparent().index(fills[0])
            for fill in fills:
                parent.remove(fill)
            parent[place:place] = fills[::-1]
        return status, headers, etree.tostring(root)

    return plain


def numbers(answer: Answer) -> list[str]:
    return [d.rx_number for d in answer.dispensations]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("per_day", [(1,) * 650, (150,) * 6, (700,), (1, 601), (299, 1, 1), (301,)])
def test_by_reference(partner: Partner, version: str, per_day: tuple[int, ...]) -> None:
    fills = held(*per_day)
    partner.reply = of_this_gateway(fills)
    answer = partner.ask(REQUEST, version)
    assert answer.outcome is Outcome.COMPLETE
    assert numbers(answer) == [d.rx_number for d in fills]
    assert answer.period == REQUEST.period
    assert "AQ" not in (answer.detail or "")
    assert "Newest 300" not in (answer.detail or "")
    assert len(partner.received) == -(-len(fills) // 300)
    ids = {re.search(rb"<MessageID>(.*?)<", body)[1] for _, _, body in partner.received}  # type: ignore[index]
    assert len(ids) == len(partner.received)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("per_day", [(1,) * 650, (150,) * 6, (299, 298, 297, 1), (200, 290, 10)])
def test_by_narrower_dates(partner: Partner, version: str, per_day: tuple[int, ...]) -> None:
    fills = held(*per_day)
    partner.reply = by_dates_alone(of_this_gateway(fills))
    answer = partner.ask(REQUEST, version)
    assert answer.outcome is Outcome.COMPLETE
    assert numbers(answer) == [d.rx_number for d in fills]


def test_equal_records_of_a_day_are_as_many_as_they_are(partner: Partner) -> None:
    """A partner's records may have no number: two equal ones are two fills, also where two messages meet."""
    fills = tuple(replace(d, rx_number="7") for d in held(299, 4, 5))
    partner.reply = by_dates_alone(of_this_gateway(fills))
    assert len(partner.ask(REQUEST).dispensations) == len(fills)
    partner.reply = of_this_gateway(fills)
    assert len(partner.ask(REQUEST).dispensations) == len(fills)


def assert_cut(answer: Answer, fills: Sequence[Dispensation], count: int) -> None:
    assert answer.outcome is Outcome.PARTIAL
    assert len(answer.dispensations) == count < len(fills)
    assert "AQ" in (answer.detail or "")


def test_what_leads_nowhere_is_partial(partner: Partner) -> None:
    for per_day, count in (((301,), 300), ((5, 400), 305), ((299, 300, 5), 599)):
        fills = held(*per_day)
        partner.reply = by_dates_alone(of_this_gateway(fills))
        assert_cut(partner.ask(REQUEST), fills, count)
    partner.received.clear()
    fills = held(*(1,) * 350)
    partner.reply = by_dates_alone(of_this_gateway(fills), oldest_first=True)
    assert_cut(partner.ask(REQUEST), fills, 300)
    assert len(partner.received) == 1  # oldest first: nothing says what was left out


def test_a_partner_that_left_out_others_than_the_oldest_is_not_made_whole(partner: Partner) -> None:
    """It leaves out the newest; a request with narrower dates would seem to end it."""
    fills = held(*(1,) * 350)
    kept = fills[50:]
    first = by_dates_alone(of_this_gateway(fills[:1] + fills))  # 351, so that AQ is said

    def reply(body: bytes) -> tuple[int, dict[str, str], bytes]:
        if len(partner.received) == 1:
            return first(body)
        return by_dates_alone(of_this_gateway(kept[:200]))(body)

    partner.reply = reply
    answer = partner.ask(REQUEST)
    assert_cut(answer, fills, 300)


@pytest.mark.parametrize("trouble", ["error", "status", "denied", "nonsense", "gone", "nothing"])
def test_what_comes_instead_of_the_rest_leaves_what_was_had(partner: Partner, trouble: str) -> None:
    fills = held(*(1,) * 650)
    first = of_this_gateway(fills)

    def reply(body: bytes) -> tuple[int, dict[str, str], bytes]:
        if len(partner.received) < 3:
            return first(body)
        request, head = inbound(body), {"Content-Type": "application/xml"}
        match trouble:
            case "error":
                return 503, head, ADAPTER.write_error(Unavailable("Not now."), request).body
            case "status":
                return 200, head, ADAPTER.write(an_answer(outcome=Outcome.DEFERRED), request).body
            case "denied":
                return 200, head, ADAPTER.write(an_answer(outcome=Outcome.DISALLOWED), request).body
            case "gone":
                return 200, {"Content-Length": ""}, b""
            case "nothing":
                return of_this_gateway(())(body.replace(b"RelatesToMessageID", b"Related"))
            case _:
                return 200, head, b"<html/>"

    partner.reply = reply
    assert_cut(partner.ask(REQUEST), fills, 600)
    assert len(partner.received) == 3


def test_a_silent_state_stays_silent(partner: Partner) -> None:
    fills = held(*(1,) * 400)
    partner.reply = of_this_gateway(fills)
    request = replace(REQUEST, states=("CT", "NY"))
    answer = partner.ask(request, V2017071)
    assert answer.outcome is Outcome.PARTIAL
    assert {s.state: s.outcome for s in answer.states} == {"CT": Outcome.COMPLETE, "NY": Outcome.ERROR}
    assert numbers(answer) == [d.rx_number for d in fills]


def test_a_slow_partner_is_not_asked_for_ever(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    fills = held(*(1,) * 900)
    partner.reply = of_this_gateway(fills)
    clock = iter(range(0, 1000, 4))  # seconds; the partner has five
    monkeypatch.setattr("adapters.ncpdp.client.monotonic", lambda: next(clock))
    assert_cut(partner.ask(REQUEST), fills, 600)


def test_there_is_an_end(partner: Partner) -> None:
    """A partner that says AQ for ever is asked so many times and no more."""
    day = [NEWEST]

    def reply(body: bytes) -> tuple[int, dict[str, str], bytes]:
        fills = tuple(replace(d, filled=day[0] - timedelta(days=n)) for n, d in enumerate(held(1, 1)))
        day[0] -= timedelta(days=1)
        status, headers, answer = by_dates_alone(of_this_gateway(fills))(body)
        return status, headers, answer.replace(b"<Approved>", b"<Approved><ReasonCode>AQ</ReasonCode>")

    partner.reply = reply
    answer = partner.ask(REQUEST)
    assert answer.outcome is Outcome.PARTIAL
    assert len(partner.received) <= MOST_MESSAGES
