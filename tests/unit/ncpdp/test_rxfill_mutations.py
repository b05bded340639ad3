"""RxFill with something changed at random: answered in SCRIPT, recorded of nobody else, and never half."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
import requests
from lxml import etree

from gateway.model import Dispensation, IntakeVerdict, Period, PersonName
from gateway.ports import Outbound
from gateway.testing import LiveGateway
from tests.factory import a_person
from tests.unit.ncpdp.helpers import NAMESPACE, V10_6, V2017071, VERSIONS, assert_valid
from tests.unit.ncpdp.rxfills import DISPENSED, NOT_DISPENSED, PART, rxfill
from tests.unit.ncpdp.tellable import Fills
from tests.unit.ncpdp.test_mutations import changed

ROUNDS = 200


@pytest.mark.parametrize("version", VERSIONS)
def test_changed_messages_are_answered_and_touch_nobody_else(tmp_path: Path, version: str) -> None:
    """One pharmacy, two patients: whatever becomes of the one's messages, the other's record stays as it was."""
    random = Random(f"rxfill {version}")
    own = replace(Fills(1, version).dispensation(), partial_fill=0, sold=None)
    other = _of_another(own)
    kinds: dict[str, int] = {}
    with LiveGateway(tmp_path) as live:
        assert [r.verdict for r in live.record([other]).results] == [IntakeVerdict.CREATED]
        before = _history(live, other)
        token = live.token("system/MedicationDispense.c")
        for n in range(ROUNDS):
            status = random.choice((DISPENSED, PART, NOT_DISPENSED))
            own = replace(own, rx_number=f"OWN-{n // 4}")
            whole = rxfill(own, version, status, message_id=f"FILL{n}")
            response = _post(live, token, changed(_confused(whole, own, other, random), random))
            assert response.status_code in {200, 400, 409}, response.text
            kind = _kind(response)
            kinds[kind] = kinds.get(kind, 0) + 1
            assert _history(live, other) == before
    assert kinds.keys() == {"Status", "Error"}
    assert min(kinds.values()) > ROUNDS // 10


def _of_another(own: Dispensation) -> Dispensation:
    """A fill on the same day in the same pharmacy, of somebody quite different."""
    name = PersonName(family="Zzyzxworth", given=("Peregrine",))
    return replace(
        own,
        rx_number="OTHER-1",
        person=a_person(key=None, appearance=None, names=(name,), birth_date=date(1961, 7, 23), phones=()),
    )


def _confused(body: str, own: Dispensation, other: Dispensation, random: Random) -> bytes:
    """Sometimes the other's prescription number stands in the message: the hand slips by a line."""
    if random.random() < 0.3:
        body = body.replace(f">{own.rx_number}<", f">{other.rx_number}<")
    return body.encode()


def _post(live: LiveGateway, token: str, body: bytes) -> requests.Response:
    return live.session.post(
        f"{live.url}/ncpdp/script",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/xml"},
        timeout=30,
    )


def _kind(response: requests.Response) -> str:
    """The transaction of the answer, which is valid in the version that it speaks."""
    root = etree.fromstring(response.content)
    spoken = V10_6 if root.get("release") == "006" else V2017071  # 2023011 too: its schema is not public
    if (etree.QName(root).namespace == NAMESPACE) is (spoken == V10_6):  # the schema knows no other namespace
        assert_valid(Outbound(body=response.content, content_type=""), spoken)
    (element,) = root.find("{*}Body")
    return etree.QName(element).localname


def _history(live: LiveGateway, other: Dispensation) -> tuple[Dispensation, ...]:
    store = live.gateway.store
    with store.intake() as unit:
        found = unit.same_fill(other)
    assert found is not None
    history = store.history(str(found.dispensation.person.key), Period())
    assert history is not None
    return history.dispensations
