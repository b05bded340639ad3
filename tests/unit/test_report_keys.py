"""A key to a report: for the client that looked the patient up, for its time, and of nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from gateway.ephemeral import Memory
from gateway.errors import NotFound, Unavailable
from gateway.model import Answer, LookupRequest, Outcome, ReportQuery, Requester
from gateway.report_keys import ReportKeys
from gateway.report_links import ReportLinks
from tests.factory import NOW, a_lookup, a_requester, an_answer

ASKED = a_lookup(requester=replace(a_requester(), client_id="ehr"), wants_report_key=True)
READER = Requester(client_id="ehr", state="CT")


class Record:
    """A look-up that answers as it is told, and a clock."""

    def __init__(self) -> None:
        self.answer = an_answer()
        self.asked: list[LookupRequest] = []
        self.passed = 0.0
        self.memory = Memory(clock=lambda: self.passed)
        links = ReportLinks(
            lookup=self.look_up,
            ephemeral=self.memory,
            clock=self.now,
            url="https://pmp.example/report",
            lifetime=300,
        )
        self.links = links
        self.keys = ReportKeys(
            lookup=links, links=links, ephemeral=self.memory, clock=self.now, lifetime=1800
        )

    def look_up(self, request: LookupRequest) -> Answer:
        self.asked.append(request)
        return self.answer

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)

    def key(self) -> str:
        key = self.keys(ASKED).report_key
        assert key is not None
        return key.value


@pytest.fixture
def record() -> Record:
    return Record()


def test_a_key_stands_beside_the_answer(record: Record) -> None:
    answer = record.keys(ASKED)
    assert answer.report_key is not None
    assert answer.report_key.until == NOW + timedelta(seconds=1800)
    assert UUID(answer.report_key.value).version == 4
    assert answer.report_key.value not in repr(answer)
    assert replace(answer, report_key=None) == record.answer


@pytest.mark.parametrize("outcome", list(Outcome))
def test_there_is_a_report_where_the_record_was_read(record: Record, outcome: Outcome) -> None:
    record.answer = an_answer(outcome=outcome)
    has_report = outcome in {Outcome.COMPLETE, Outcome.PARTIAL, Outcome.NO_DATA}
    assert (record.keys(ASKED).report_key is not None) is has_report


def test_no_key_where_none_is_wanted(record: Record) -> None:
    assert record.keys(replace(ASKED, wants_report_key=False)).report_key is None


def test_a_link_without_the_history(record: Record) -> None:
    key = record.key()
    linked = record.keys.link(ReportQuery(key=key, requester=READER))
    assert linked.link is not None
    assert (linked.dispensations, linked.persons, linked.analysis) == ((), (), None)
    report = record.links.open(linked.link.rpartition("/")[2])
    assert report.answer == record.answer
    assert report.requester == READER
    assert key not in linked.link


def test_the_same_is_looked_up_for_whoever_reads(record: Record) -> None:
    record.keys.link(ReportQuery(key=record.key(), requester=READER))
    first, second = record.asked
    assert second == replace(first, requester=READER, wants_report_key=False, message_id=None)


@pytest.mark.parametrize("outcome", [Outcome.DISALLOWED, Outcome.AMBIGUOUS, Outcome.ERROR, Outcome.DEFERRED])
def test_what_is_no_report_by_then_has_no_link(record: Record, outcome: Outcome) -> None:
    key = record.key()
    record.answer = an_answer(outcome=outcome, dispensations=(), persons=())
    answer = record.keys.link(ReportQuery(key=key, requester=READER))
    assert (answer.outcome, answer.link) == (outcome, None)


def test_another_client_an_end_and_a_key_that_never_was_are_all_the_same(record: Record) -> None:
    key = record.key()

    def later() -> ReportQuery:
        record.passed = 1801
        return ReportQuery(key=key, requester=READER)

    queries: list[Callable[[], ReportQuery]] = [
        lambda: ReportQuery(key=key, requester=replace(READER, client_id="other")),
        lambda: ReportQuery(key=key, requester=replace(READER, client_id=None)),
        lambda: ReportQuery(key="5b2f9c1e-6f0e-4f9c-8f51-0a3b2a3a9d10", requester=READER),
        lambda: ReportQuery(key="\ud800" * 1000, requester=READER),
        later,
    ]
    told = set()
    for query in queries:
        with pytest.raises(NotFound) as caught:
            record.keys.link(query())
        told.add(str(caught.value))
    assert len(told) == 1
    assert len(record.asked) == 1, "nothing was looked up"


def test_nothing_of_the_answer_leaves_where_the_key_cannot_be_kept(record: Record) -> None:
    record.memory = Memory(room=0)
    keys = ReportKeys(
        lookup=record.look_up, links=record.links, ephemeral=record.memory, clock=record.now, lifetime=1800
    )
    with pytest.raises(Unavailable):
        keys(ASKED)
