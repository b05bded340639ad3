"""RxFill over HTTP into the record and out of it: what was told is what the history shows, and nothing is twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import requests
from lxml import etree

from gateway.model import (
    Dispensation,
    DispensationStatus,
    IntakeVerdict,
    LookupRequest,
    Outcome,
    Period,
    QuantityUnit,
    Species,
)
from gateway.ports import Outbound
from gateway.terminology import field_map
from gateway.testing import LiveGateway
from tests.factory import a_person, a_requester
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    V2017071,
    VERSIONS,
    assert_valid,
    stripped,
    texts,
)
from tests.unit.ncpdp.rxfills import DISPENSED, NOT_DISPENSED, PART, TRANSFERRED, rxfill
from tests.unit.ncpdp.tellable import Fills

SEEDS = 25
REPORT = "system/MedicationDispense.c"


@pytest.fixture(scope="module")
def live_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("rxfill")) as gateway:
        yield gateway


def send(live: LiveGateway, body: str, scope: str = REPORT) -> requests.Response:
    return requests.post(
        f"{live.url}/ncpdp/script",
        data=body.encode(),
        headers={"Authorization": f"Bearer {live.token(scope)}", "Content-Type": "application/xml"},
        timeout=30,
    )


def told(response: requests.Response, version: str) -> tuple[str, str, str]:
    """Element, code and description of a valid answer that is related to the message."""
    assert_valid(Outbound(body=response.content, content_type=""), version)
    root = stripped(etree.fromstring(response.content))
    assert texts(root, "//RelatesToMessageID")
    (element,) = root.find("Body")
    (code,) = texts(element, ".//Code")
    (description,) = texts(element, ".//Description")
    return element.tag, code, description


def a_fill(version: str, **over: object) -> Dispensation:
    """A whole fill of a human, with all that a RxFill can tell."""
    made = (Fills(seed, version).dispensation() for seed in range(1, 99))
    values = {
        "partial_fill": 0,
        "compound": (),
        "sold": None,
        "refills_authorised": 0,
        "unit": QuantityUnit.EACH,
        "filled": date(2026, 9, 2),
        "written": date(2026, 9, 1),
        **over,
    }
    return replace(next(d for d in made if d.person.species is Species.HUMAN), **values)


def held(live: LiveGateway, about: Dispensation) -> list[Dispensation]:
    """What a history shows of this prescription."""
    answer = live.partner("fhir").ask(LookupRequest(person=about.person, requester=a_requester()))
    assert answer.outcome in {Outcome.COMPLETE, Outcome.NO_DATA}, answer.detail
    return [d for d in answer.dispensations if d.rx_number == about.rx_number]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_history_shows_what_was_told(live_of_module: LiveGateway, version: str) -> None:
    live = live_of_module
    for seed in range(SEEDS):
        given = Fills(seed, version).dispensation()
        status = PART if given.partial_fill else DISPENSED
        response = send(live, rxfill(given, version, status, message_id=f"{version[-4:]}{seed}"))
        assert response.status_code == 200, response.text
        assert told(response, version)[:2] == ("Status", "010")
        recorded = _recorded(live, given)
        changed = [
            field.name
            for field in field_map().fields
            if field.name not in _ADDED and field.value(recorded) != field.value(given)
        ]
        assert not changed, f"seed {seed}: {changed}"
        assert recorded.compound == given.compound


_ADDED = frozenset({"source_state", "reported_at", "revision"})  # by the gateway


def _recorded(live: LiveGateway, given: Dispensation) -> Dispensation:
    """What the record holds of this fill: found by the fill, in the history of its person."""
    store = live.gateway.store
    with store.intake() as unit:
        found = unit.same_fill(given)
    assert found is not None
    history = store.history(str(found.dispensation.person.key), Period())
    assert history is not None
    (shown,) = [d for d in history.dispensations if d.id == found.dispensation.id]
    return shown


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_again_changes_nothing_and_says_so(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    assert told(send(empty, rxfill(fill, version)), version) == ("Status", "010", "Recorded.")
    for message_id in ("FILL0001", "FILL0002"):
        answer = told(send(empty, rxfill(fill, version, message_id=message_id)), version)
        assert answer == ("Status", "010", "Known already; nothing was changed.")
    assert empty.gateway.store.dispensations() == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_other_content_is_refused_until_the_fill_is_void(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    send(empty, rxfill(fill, version))
    changed = rxfill(replace(fill, quantity=Decimal(77)), version)  # even under the id of the first
    response = send(empty, changed)
    assert response.status_code == 409
    element, code, description = told(response, version)
    assert (element, code) == ("Error", "900")
    assert description.startswith("Recorded already with other content.")
    assert description.endswith("Send NotDispensed, then anew.")
    assert [d.quantity for d in held(empty, fill)] == [fill.quantity]

    void = told(send(empty, rxfill(fill, version, NOT_DISPENSED, message_id="FILL0003")), version)
    assert void == ("Status", "010", "The recorded fill is void now.")
    assert held(empty, fill) == []
    assert told(send(empty, changed), version) == ("Status", "010", "Recorded.")
    assert [d.quantity for d in held(empty, fill)] == [Decimal(77)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_late_copy_brings_no_void_fill_back(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    void = rxfill(fill, version, NOT_DISPENSED, message_id="FILL0002")
    send(empty, rxfill(fill, version))
    send(empty, void)
    assert told(send(empty, void), version) == ("Status", "010", "Known already; nothing was changed.")
    answer = told(send(empty, rxfill(fill, version)), version)
    assert answer == ("Status", "010", "Known already; the record has changed since and was left as it is.")
    assert held(empty, fill) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_not_dispensed_is_noted_and_nothing_recorded(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    for body, said in (
        (
            rxfill(fill, version, NOT_DISPENSED),
            "Nothing dispensed; no such fill is recorded, nothing was changed.",
        ),
        (
            rxfill(fill, version, NOT_DISPENSED, medication=False),
            "Nothing dispensed or changed; to void a fill, send its LastFillDate.",
        ),
    ):
        assert told(send(empty, body), version) == ("Status", "010", said)
    assert empty.gateway.store.dispensations() == 0


def test_a_transfer_is_noted_and_nothing_recorded(empty: LiveGateway) -> None:
    answer = told(send(empty, rxfill(a_fill(V2017071), V2017071, TRANSFERRED)), V2017071)
    assert answer == ("Status", "010", "Transferred; nothing was recorded or changed.")
    assert empty.gateway.store.dispensations() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_part_is_recorded_as_a_part_and_voided_like_a_whole(empty: LiveGateway, version: str) -> None:
    part = a_fill(version, partial_fill=1)
    answer = told(send(empty, rxfill(part, version, PART)), version)
    assert answer == ("Status", "010", "Recorded as a part of a fill.")
    rest = replace(part, filled=date(2026, 9, 5))
    assert told(send(empty, rxfill(rest, version, PART, message_id="FILL0002")), version)[1] == "010"
    assert sorted((d.filled, d.partial_fill) for d in held(empty, part)) == [
        (date(2026, 9, 2), 1),
        (date(2026, 9, 5), 1),
    ]
    send(empty, rxfill(rest, version, NOT_DISPENSED, message_id="FILL0003"))
    assert [d.filled for d in held(empty, part)] == [date(2026, 9, 2)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refill_that_was_reported_in_another_format_is_the_same_fill(
    empty: LiveGateway, version: str
) -> None:
    fill = a_fill(version, fill_number=3, refills_authorised=5)
    (result,) = empty.record([fill]).results
    assert result.verdict is IntakeVerdict.CREATED
    answer = told(send(empty, rxfill(fill, version)), version)
    assert answer == ("Status", "010", "Known already; nothing was changed.")
    assert [d.fill_number for d in held(empty, fill)] == [3]
    send(empty, rxfill(fill, version, NOT_DISPENSED, message_id="FILL0002"))
    assert held(empty, fill) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_nobody_elses_fill_becomes_void(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    send(empty, rxfill(fill, version))
    other = replace(fill, person=replace(fill.person, birth_date=date(1944, 2, 3), names=_NAMES))
    response = send(empty, rxfill(other, version, NOT_DISPENSED, message_id="FILL0002"))
    assert response.status_code == 400
    answer = told(response, version)
    assert answer[0] == "Error"
    assert answer[2].startswith("The recorded fill is another patient's")
    assert len(held(empty, fill)) == 1


_NAMES = (replace(a_person().names[0], family="Thistlewood", given=("Ambrose",)),)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_receipt_is_given_where_it_is_asked_for(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    for asked, element in (("1", "Verify"), ("001", "Verify"), ("0", "Status"), ("N", "Status")):
        answer = told(send(empty, rxfill(fill, version, receipt=asked)), version)
        assert answer[:2] == (element, "010")
    refused = send(empty, rxfill(replace(fill, rx_number=""), version, receipt="1"))
    assert told(refused, version)[0] == "Error"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_test_message_is_checked_and_not_recorded(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    answer = told(send(empty, rxfill(fill, version, test="1")), version)
    assert answer == ("Status", "010", "Test: checked, not recorded.")
    wrong = send(empty, rxfill(replace(fill, days_supply=0), version, test="1"))
    assert told(wrong, version)[0] == "Error"
    assert empty.gateway.store.dispensations() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fill_number_that_is_not_told_is_said_to_stand_as_0(empty: LiveGateway, version: str) -> None:
    answer = told(send(empty, rxfill(a_fill(version, refills_authorised=3), version)), version)
    assert answer == ("Status", "010", "Recorded. The fill number is not told; 0 stands for it.")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"filled": date(2039, 1, 1)}, "The fill date lies in the future."),
        ({"days_supply": 0}, "The days supply must be a whole number from 1 to 999."),
        ({"quantity": Decimal(0)}, "The quantity must be more than zero."),
        ({"written": date(2026, 9, 3)}, "The prescription was written after it was filled."),
    ],
)
def test_what_the_record_refuses_is_refused_in_words_with_the_place(
    empty: LiveGateway, version: str, over: dict[str, object], said: str
) -> None:
    response = send(empty, rxfill(a_fill(version, **over), version))
    assert response.status_code == 400
    element, code, description = told(response, version)
    assert (element, code) == ("Error", "900")
    assert said in description
    if version == V2017071:
        assert "RxFill/MedicationDispensed/" in description
    assert empty.gateway.store.dispensations() == 0


def test_the_answer_has_the_senders_namespace_and_goes_back_to_it(empty: LiveGateway) -> None:
    body = rxfill(a_fill(V2017071), V2017071).replace("<Message ", f'<Message xmlns="{NAMESPACE}" ', 1)
    root = etree.fromstring(send(empty, body).content)
    assert etree.QName(root).namespace == NAMESPACE
    assert root.get("TransactionVersion") == "20170715"
    found = stripped(root)
    assert texts(found, "//To") == ["1234563"]
    assert texts(found, "//RelatesToMessageID") == ["FILL0001"]


def test_an_animal_is_recorded_with_its_owner(empty: LiveGateway) -> None:
    animals = (Fills(seed, V2017071).dispensation() for seed in range(99))
    given = next(d for d in animals if d.person.species is Species.VETERINARY and not d.partial_fill)
    assert told(send(empty, rxfill(given, V2017071)), V2017071)[1] == "010"
    recorded = _recorded(empty, given)
    assert recorded.person.species is Species.VETERINARY
    assert recorded.person.owner is not None
    assert given.person.owner is not None
    assert recorded.person.owner.names == given.person.owner.names
    alone = replace(given, rx_number="8", person=replace(given.person, owner=None))
    refused = told(send(empty, rxfill(alone, V2017071)), V2017071)
    assert "AlternateContact" in refused[2]


@pytest.mark.parametrize("version", VERSIONS)
def test_only_who_may_report_is_heard(empty: LiveGateway, version: str) -> None:
    response = send(empty, rxfill(a_fill(version), version), "pdmp/history")
    assert response.status_code == 403
    assert told(response, version)[:2] == ("Error", "900") if version == V2017071 else True
    assert empty.gateway.store.dispensations() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_void_fill_is_kept_as_void(empty: LiveGateway, version: str) -> None:
    fill = a_fill(version)
    send(empty, rxfill(fill, version))
    send(empty, rxfill(fill, version, NOT_DISPENSED, message_id="FILL0002"))
    with empty.gateway.store.intake() as unit:
        found = unit.same_fill(fill)
    assert found is not None
    assert found.dispensation.status is DispensationStatus.VOID
    assert found.dispensation.quantity == fill.quantity
