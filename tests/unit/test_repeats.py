"""Which messages are told from one that comes again, and which outcomes are an answer."""

from __future__ import annotations

import pytest
import structlog

from gateway.ephemeral import Memory
from gateway.errors import Conflict, ErrorCode, MessageError, Unavailable
from gateway.model import Outcome
from gateway.repeats import Repeats
from gateway.trail import Trail
from tests.factory import a_dispensation, an_answer


def test_a_name_is_a_clients_in_a_protocol() -> None:
    repeats = Repeats(ephemeral=Memory(), seconds=60)
    names = [("ncpdp", "oak", "a"), ("ncpdp", "elm", "a"), ("fhir", "oak", "a"), ("ncpdp", "oak", "b")]
    for name in names:
        assert repeats.begin(*name)
    for name in names:
        with pytest.raises(Conflict) as refused:
            repeats.begin(*name)
        assert refused.value.code is ErrorCode.DUPLICATE
        assert refused.value.remedy


def test_a_name_that_is_forgotten_is_new() -> None:
    repeats = Repeats(ephemeral=Memory(), seconds=60)
    for _ in range(3):
        key = repeats.begin("ncpdp", "oak", "a")
        assert key is not None
        repeats.forget(key)


def test_for_no_time_nothing_is_remembered() -> None:
    repeats = Repeats(ephemeral=Memory(limit=0), seconds=0)
    assert repeats.begin("ncpdp", "oak", "a") is repeats.begin("ncpdp", "oak", "a") is None


def test_what_cannot_be_forgotten_now_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise Unavailable("The short-lived facts cannot be reached.")

    facts = Memory()
    repeats = Repeats(ephemeral=facts, seconds=60)
    key = repeats.begin("ncpdp", "oak", "a")
    monkeypatch.setattr(facts, "release", gone)
    with structlog.testing.capture_logs() as logs:
        repeats.forget(str(key))
    assert [line["event"] for line in logs] == ["repeats.kept"]
    with pytest.raises(Conflict):
        repeats.begin("ncpdp", "oak", "a")


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("held", [0, 1])
def test_what_sends_the_asker_away_with_nothing_is_no_answer(outcome: Outcome, held: int) -> None:
    """A partial answer without records is an error in SCRIPT 10.6: a silent state may have some."""
    trail = Trail()
    assert not trail.is_answered
    trail.answered(an_answer(outcome=outcome, dispensations=(a_dispensation(),) * held))
    expected = outcome not in {Outcome.DEFERRED, Outcome.ERROR} and (
        outcome is not Outcome.PARTIAL or held > 0
    )
    assert trail.is_answered is expected
    for error in (MessageError("It cannot be read."), Unavailable("Not now.")):
        trail.failed(error)
        assert not trail.is_answered
