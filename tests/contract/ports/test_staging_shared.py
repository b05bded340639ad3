"""Staged histories and report links among gateways that share one Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from gateway.bootstrap import Gateway, build
from gateway.model import IntakeBatch, IntakeRecord, Outcome, ReportQuery, Wanted
from gateway.settings import load_settings
from tests.factory import a_dispensation, a_lookup, a_requester

ASKED = a_lookup(requester=replace(a_requester(), client_id="clinic"))


@pytest.fixture
def pair(tmp_path: Path, redis_url: str) -> Iterator[tuple[Gateway, Gateway]]:
    overrides = {"data_dir": str(tmp_path), "ephemeral": {"url": redis_url}}
    settings = load_settings(environ={}, overrides=overrides)
    one, other = (build(settings, clock=lambda: datetime.now(UTC)) for _ in range(2))
    reported = a_dispensation(id=None, source_state=None, reported_at=None, revision=0)
    one.intake(IntakeBatch(records=(IntakeRecord(dispensation=reported, path="0"),)))
    yield one, other
    one.close()
    other.close()


def _dump(url: str) -> bytes:
    with redis.Redis.from_url(url) as client:
        keys = list(client.scan_iter("*"))
        return b"".join(keys) + b"".join(client.get(key) or b"" for key in keys)


def test_what_one_stages_another_fetches(pair: tuple[Gateway, Gateway], redis_url: str) -> None:
    one, other = pair
    key = one.report_links(replace(ASKED, stage_only=True)).retrieval_key
    assert key is not None
    answer = other.report_links(replace(ASKED, retrieval_key=key))
    assert (answer.outcome, len(answer.dispensations)) == (Outcome.COMPLETE, 1)
    kept = _dump(redis_url)
    assert key.encode() not in kept
    assert b"Quillfeather" not in kept


def test_a_link_of_one_is_opened_by_another_once(pair: tuple[Gateway, Gateway], redis_url: str) -> None:
    one, other = pair
    link = one.report_links(replace(ASKED, wants=frozenset({Wanted.LINK}))).link
    assert link is not None
    ticket = link.rpartition("/")[2]
    kept = _dump(redis_url)
    assert ticket.encode() not in kept
    assert b"Quillfeather" not in kept
    assert other.report_links.open(ticket).answer.dispensations
    with pytest.raises(Exception, match="opened already"):
        one.report_links.open(ticket)


def test_by_a_key_of_one_another_makes_links(pair: tuple[Gateway, Gateway], redis_url: str) -> None:
    one, other = pair
    key = one.report_keys(replace(ASKED, wants_report_key=True)).report_key
    assert key is not None
    link = other.report_keys.link(ReportQuery(key=key.value, requester=ASKED.requester)).link
    assert link is not None
    kept = _dump(redis_url)
    assert key.value.encode() not in kept
    assert b"Quillfeather" not in kept
    assert one.report_links.open(link.rpartition("/")[2]).answer.dispensations
