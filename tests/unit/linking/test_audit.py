"""Who looked at whom and who moved what is in the audit before it is acknowledged: keys, and never demographics."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Gateway
from gateway.errors import Conflict, NotFound, Unavailable
from gateway.linking import Merge, Split, Undo
from gateway.model.audit import AuditAction, AuditEvent
from tests.unit.linking.records import BY, MARRIED, SHE, key_of, mend, numbers, report


def events(gateway: Gateway) -> list[AuditEvent]:
    return [one for one in gateway.audit.events() if one.protocol == "operator"]


def said(gateway: Gateway) -> list[tuple[str, str | None, str | None]]:
    return [(one.operation, one.outcome, one.person_key) for one in events(gateway)]


def two(gateway: Gateway) -> tuple[str, str]:
    return key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", MARRIED))


def test_a_move_is_framed_for_each_of_the_two(gateway: Gateway) -> None:
    key, into = two(gateway)
    link = mend(gateway, Merge(key, into))
    assert said(gateway) == [
        ("merge", outcome, each) for outcome in ("proposed", "begun", "done") for each in (key, into)
    ]
    done = events(gateway)[-1]
    assert (done.action, done.client_id, done.report_id) == (AuditAction.PERSON_LINKED, BY, link.id)
    assert (done.status, done.count) == (200, 1)


def test_a_split_and_its_undo(gateway: Gateway) -> None:
    key, into = two(gateway)
    mend(gateway, Merge(key, into))
    seen = len(events(gateway))
    new = mend(gateway, Split(into, frozenset({2})))
    assert said(gateway)[seen:] == [
        ("split", "proposed", into),
        ("split", "begun", into),
        ("split", "done", into),
        ("split", "done", new.to_key),
    ]
    back = mend(gateway, Undo(new.id))
    assert said(gateway)[-2:] == [("undo", "done", new.to_key), ("undo", "done", into)]
    assert {one.report_id for one in events(gateway)[-2:]} == {back.id}


def test_looking_is_audited_for_everybody_who_is_shown(gateway: Gateway) -> None:
    key, into = two(gateway)
    gateway.linking.show(key, by=BY)
    gateway.linking.find(SHE, by=BY)
    gateway.linking.links(by=BY, limit=5)
    gateway.linking.links(by=BY, limit=5, person_key=into)
    assert said(gateway) == [
        ("show", "shown", key),
        ("find", "found", key),
        ("links", "shown", None),
        ("links", "shown", into),
    ]
    assert events(gateway)[1].action is AuditAction.PERSON_SEARCHED


def test_what_fails_is_audited_too(gateway: Gateway) -> None:
    key, into = two(gateway)
    for call in (
        lambda: gateway.linking.show("Quillfeather", by=BY),
        lambda: gateway.linking.links(by=BY, limit=5, person_key="Quillfeather"),
    ):
        with pytest.raises(NotFound):
            call()
    assert said(gateway) == [("show", "not-found", None), ("links", "not-found", None)]
    proposal = gateway.linking.propose(Merge(key, into), by=BY, reason="moved")
    mend(gateway, Merge(key, into))
    with pytest.raises(Conflict):
        gateway.linking.carry_out(proposal)
    assert [one.outcome for one in events(gateway)[-2:]] == ["conflict"] * 2
    assert {one.status for one in events(gateway)[-2:]} == {409}


def test_no_event_holds_demographics_or_the_reason(gateway: Gateway, tmp_path: Path) -> None:
    key, into = two(gateway)
    gateway.linking.find(SHE, by=BY)
    gateway.linking.show(key, by=BY)
    mend(gateway, Merge(key, into), reason="Marigold told us")
    with sqlite3.connect(tmp_path / "audit.sqlite") as connection:
        rows = connection.execute("SELECT event FROM audit_event").fetchall()
    connection.close()
    assert len(rows) >= 8
    for word in ("quillfeather", "hawthorne", "marigold", "1971-04", "19710409"):
        assert not [row for row in rows if word in row[0].decode().lower()]


def test_nothing_is_shown_or_moved_without_the_audit(gateway: Gateway, monkeypatch: Any) -> None:
    key, into = two(gateway)
    proposal = gateway.linking.propose(Merge(key, into), by=BY, reason="moved")

    def refuse(event: AuditEvent) -> None:
        raise Unavailable("The audit log cannot answer now.")

    monkeypatch.setattr(gateway.audit, "record", refuse)
    for call in (
        lambda: gateway.linking.show(key, by=BY),
        lambda: gateway.linking.find(SHE, by=BY),
        lambda: gateway.linking.links(by=BY, limit=5),
        lambda: gateway.linking.propose(Merge(key, into), by=BY, reason="moved"),
        lambda: gateway.linking.carry_out(proposal),
    ):
        with pytest.raises(Unavailable):
            call()
    assert (numbers(gateway, key), numbers(gateway, into)) == (["1"], ["2"])
    assert gateway.store.links(5) == []
