"""Reports of people whom an operator splits and merges, and what the record then says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.bootstrap import Gateway
from gateway.linking import Asked
from gateway.model import (
    Address,
    Dispensation,
    IntakeAction,
    IntakeBatch,
    IntakeRecord,
    IntakeResult,
    Link,
    Period,
    Person,
    PersonName,
    Sex,
)
from tests.factory import a_dispensation, a_drug, a_person

BY = "operator:hazel"
HARTFORD = Address(lines=("14 Larkspur Ln",), city="Hartford", state="CT", postal_code="06103")
NORWALK = Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850")


def somebody(family: str, given: str, **over: Any) -> Person:
    """Somebody born on 1971-04-09, in Hartford unless told."""
    values: dict[str, Any] = {
        "key": None,
        "appearance": None,
        "names": (PersonName(family=family, given=(given,)),),
        "addresses": (HARTFORD,),
        "phones": (),
        "sex": Sex.FEMALE,
    }
    return a_person(**{**values, **over})


SHE = somebody("Quillfeather", "Marigold")
MARRIED = somebody("Hawthorne", "Marigold", addresses=(NORWALK,))
"""She, moved and married: nobody can tell without being told."""


def report(gateway: Gateway, number: str, person: Person, **over: Any) -> IntakeResult:
    """A dispensation by that prescription number, taken in."""
    sent = reported(number, person, **over)
    return send(gateway, IntakeRecord(dispensation=sent, path="r"))


def reported(number: str, person: Person, **over: Any) -> Dispensation:
    """A dispensation as a dispenser reports it."""
    values: dict[str, Any] = {
        "id": None,
        "rx_number": number,
        "person": person,
        "drug": a_drug(ndc11="98999010901"),  # one that the drug table knows
        "source_state": None,
        "reported_at": None,
        "revision": 0,
    }
    return a_dispensation(**{**values, **over})


def again(gateway: Gateway, action: IntakeAction, sent: Dispensation, **over: Any) -> IntakeResult:
    """A revision or a void."""
    record = IntakeRecord(dispensation=replace(sent, id=None), path="r", action=action, **over)
    return send(gateway, record)


def send(gateway: Gateway, record: IntakeRecord) -> IntakeResult:
    (result,) = gateway.intake(IntakeBatch(records=(record,))).results
    return result


def key_of(result: IntakeResult) -> str:
    assert result.dispensation is not None, result.issues
    return str(result.dispensation.person.key)


def numbers(gateway: Gateway, key: str) -> list[str]:
    """The prescription numbers in that person's history."""
    history = gateway.store.history(key, Period())
    assert history is not None
    return sorted(one.rx_number for one in history.dispensations)


def mend(gateway: Gateway, asked: Asked, reason: str = "they said so") -> Link:
    """Propose and carry out."""
    return gateway.linking.carry_out(gateway.linking.propose(asked, by=BY, reason=reason))
