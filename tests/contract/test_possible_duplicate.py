"""Somebody who moved and changed her number is two people to a careful matcher: every format says so.

A history that may not be the whole one says it in the caller's own words, and "no records" is never said of somebody
of whom another record may be.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.model import Address, LookupRequest, Outcome, Period
from gateway.registry import load_registry
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_person, a_requester

FORMATS = [(a.name, f) for a in load_registry() for f in a.formats]
BEFORE = replace(a_person(), key=None, appearance=None)
AFTER = replace(
    BEFORE,
    addresses=(Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850", country="US"),),
    phones=("2035550188",),
)


@pytest.mark.parametrize(("adapter", "format"), FORMATS, ids=[f for _, f in FORMATS])
def test_a_history_that_may_not_be_whole_says_so(empty: LiveGateway, adapter: str, format: str) -> None:
    bare = {"id": None, "source_state": None, "reported_at": None, "revision": 0, "sold": None}
    empty.record([
        a_dispensation(person=BEFORE, rx_number="1", filled=date(2026, 9, 2), **bare),
        a_dispensation(person=AFTER, rx_number="2", filled=date(2026, 10, 2), **bare),
    ])  # fmt: skip
    partner = empty.partner(adapter, format)
    whole = LookupRequest(person=AFTER, requester=a_requester(), period=Period(start=date(2026, 1, 1)))
    answer = partner.ask(whole)
    assert answer.outcome is Outcome.COMPLETE
    assert [d.rx_number for d in answer.dispensations] == ["2"]
    assert (answer.detail or "").startswith("Another record may be this patient's too")

    earlier = replace(whole, period=Period(start=date(2026, 9, 1), end=date(2026, 9, 30)))
    assert partner.ask(earlier).outcome in {Outcome.AMBIGUOUS, Outcome.DEFERRED}
