"""Whatever is done to the log behind its back, `verify` names the first place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.audit import HashChainedLog, Head
from gateway.audit.chain import chained, decode, encode, genesis
from tests.contract.ports.fakes import EVENT

Open = Callable[..., HashChainedLog]
Tamper = Callable[..., list[Any]]


@pytest.fixture
def written(open_log: Open) -> HashChainedLog:
    """Three streams of five events."""
    for _ in range(3):
        log = open_log()
        for number in range(5):
            log.record(replace(EVENT, request_id=str(number), at=EVENT.at + timedelta(seconds=number)))
    return log


HIDE_AN_EVENT = (
    "DELETE FROM audit_event WHERE stream = 2 AND seq = 3",
    "UPDATE audit_event SET seq = 3 WHERE stream = 2 AND seq = 4",
    "UPDATE audit_event SET seq = 4 WHERE stream = 2 AND seq = 5",
    "UPDATE audit_stream SET seq = 4 WHERE stream = 2",
)
SWAP = (
    "UPDATE audit_event SET seq = 99 WHERE stream = 2 AND seq = 3",
    "UPDATE audit_event SET seq = 3 WHERE stream = 2 AND seq = 4",
    "UPDATE audit_event SET seq = 4 WHERE stream = 2 AND seq = 99",
)
COPIED = "seq, at, event, previous, hash, person_key"
FROM_ANOTHER_STREAM = (
    "DELETE FROM audit_event WHERE stream = 2 AND seq = 3",
    f"INSERT INTO audit_event SELECT 2, {COPIED} FROM audit_event WHERE stream = 1 AND seq = 3",
)
HIDE_A_STREAM = (
    "DELETE FROM audit_event WHERE stream = 2",
    "DELETE FROM audit_stream WHERE stream = 2",
)
CHANGED = "CAST(replace(CAST(event AS TEXT), 'complete', 'no-data') AS BLOB)"
THIRD = "WHERE stream = 2 AND seq = 3"


@pytest.mark.parametrize(
    ("statements", "stream", "seq", "reason"),
    [
        ((f"UPDATE audit_event SET event = {CHANGED} {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET event = CAST(event AS TEXT) {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET event = 7 {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET at = 'yesterday' {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET at = '2020-01-01 00:00:00.000000' {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET person_key = NULL {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET person_key = '7KQ4M2XT9R0AC' {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET hash = zeroblob(32) {THIRD}",), 2, 3, "altered"),
        ((f"UPDATE audit_event SET previous = zeroblob(32) {THIRD}",), 2, 3, "altered"),
        ((f"DELETE FROM audit_event {THIRD}",), 2, 3, "removed"),
        (("DELETE FROM audit_event WHERE stream = 2 AND seq = 1",), 2, 1, "removed"),
        (("DELETE FROM audit_event WHERE stream = 2 AND seq = 5",), 2, 5, "removed"),
        (("DELETE FROM audit_event WHERE stream = 2",), 2, 1, "removed"),
        (HIDE_AN_EVENT, 2, 3, "does not follow"),
        (SWAP, 2, 3, "reordered"),
        (FROM_ANOTHER_STREAM, 2, 3, "does not follow"),
        (HIDE_A_STREAM, 2, None, "removed"),
        (("DELETE FROM audit_stream WHERE stream = 3",), 3, None, "removed"),
        (("UPDATE audit_stream SET seq = 4 WHERE stream = 2",), 2, 6, "end"),
        (("UPDATE audit_stream SET hash = zeroblob(32) WHERE stream = 2",), 2, 6, "end"),
        (("UPDATE audit_event SET stream = 0 WHERE stream = 1",), 0, None, "removed"),
    ],
)
def test_a_change_is_found_where_it_was_made(
    written: HashChainedLog,
    tamper: Tamper,
    statements: tuple[str, ...],
    stream: int,
    seq: int | None,
    reason: str,
) -> None:
    assert written.verify().is_intact
    tamper(*statements)
    verdict = written.verify()
    assert not verdict.is_intact
    assert verdict.broken is not None
    assert (verdict.broken.stream, verdict.broken.seq) == (stream, seq)
    assert reason in verdict.broken.reason
    assert f"stream {stream}" in str(verdict)


def test_an_intact_log_says_how_much_it_holds(written: HashChainedLog) -> None:
    verdict = written.verify()
    assert verdict.events == 15
    assert [(head.stream, head.seq) for head in verdict.heads] == [(1, 5), (2, 5), (3, 5)]
    assert str(verdict) == "The audit log is intact: 15 events in 3 streams"


def test_heads_noted_elsewhere_give_away_a_log_made_anew(open_log: Open, tamper: Tamper) -> None:
    log = open_log()
    for number in range(4):
        log.record(replace(EVENT, request_id=str(number)))
    noted = log.verify().heads
    log.record(EVENT)
    assert log.verify(noted).is_intact, "the log may have grown since"
    previous = genesis(1)
    tamper("DELETE FROM audit_event")
    for seq in range(1, 6):
        content = encode(replace(EVENT, request_id="forged"))
        hash_ = chained(previous, content)
        values = f"1, {seq}, '2026-11-20 15:30:00.000000', x'{content.hex()}', x'{previous.hex()}', x'{hash_.hex()}'"
        values += f", '{EVENT.person_key}'"
        tamper(f"INSERT INTO audit_event VALUES ({values})")
        previous = hash_
    tamper(f"UPDATE audit_stream SET seq = 5, hash = x'{previous.hex()}'")
    assert log.verify().is_intact, "without a key, a whole new chain is a chain"
    broken = log.verify(noted).broken
    assert broken is not None
    assert (broken.stream, broken.seq) == (1, 4)
    tamper("DELETE FROM audit_event WHERE seq > 2", "UPDATE audit_stream SET seq = 2")
    tamper("UPDATE audit_stream SET hash = (SELECT hash FROM audit_event WHERE seq = 2)")
    assert log.verify().is_intact
    assert not log.verify(noted).is_intact
    tamper("DELETE FROM audit_event", "DELETE FROM audit_stream")
    assert log.verify().is_intact
    assert not log.verify(noted).is_intact


def test_a_noted_head_without_events_asks_for_nothing(open_log: Open) -> None:
    log = open_log()
    log.record(EVENT)
    assert log.verify([Head(1, 0, genesis(1))]).is_intact


def test_the_hash_is_what_anybody_can_compute(open_log: Open, tamper: Tamper) -> None:
    log = open_log()
    log.record(EVENT)
    log.record(replace(EVENT, status=403))
    before = hashlib.sha256(b"pmpbridge audit stream 1").digest()
    for content, previous, hash_ in tamper("SELECT event, previous, hash FROM audit_event ORDER BY seq"):
        assert previous == before
        assert hash_ == hashlib.sha256(before + content).digest()
        before = hash_
    assert tamper("SELECT seq, hash FROM audit_stream") == [(2, before)]


def test_an_event_s_bytes_are_canonical() -> None:
    content = encode(EVENT)
    assert decode(content) == EVENT
    assert encode(decode(content)) == content
    assert content.startswith(b'{"action":"pmp:history:look-up","at":"2026-11-20T15:30:00Z","client_id":')
