"""Many fills and many callers at once: nothing silently missing, nothing mixed up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import requests

from gateway.model import LookupRequest, Outcome, Person, PersonName, Sex
from gateway.testing import LiveGateway
from tests.contract.hostile.attack import ANSWERED_AGAIN, audited_by, caught, report_fills
from tests.contract.test_refusals import FORMATS, PATIENT
from tests.factory import a_requester


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveGateway, list[Person]]]:
    """A gateway with one patient of 670 fills, 350 of them on one day, and eight that have nothing in common."""
    with LiveGateway(tmp_path_factory.mktemp("busy"), ANSWERED_AGAIN) as live:
        report_fills(live, PATIENT, "many", fills=320)
        report_fills(live, PATIENT, "day", fills=350, day=date(2025, 11, 1))
        people = [
            Person(
                names=(PersonName(family=f"{letter * 5}ilton", given=(f"{letter * 3}ine",)),),
                birth_date=date(1940 + 4 * n, 1 + n, 2 + 2 * n),
                sex=Sex.FEMALE,
            )
            for n, letter in enumerate("BDFGKLMR")
        ]
        for n, person in enumerate(people):
            report_fills(live, person, f"only{n}", fills=2 + n)
        yield live, people


def test_a_long_history_is_whole_or_says_that_it_is_not(
    busy: tuple[LiveGateway, list[Person]], format_of: tuple[str, str]
) -> None:
    live, _ = busy
    before = len(live.responses)
    answer = live.partner(*format_of).ask(LookupRequest(person=PATIENT, requester=a_requester()))
    bodies = [response.content for response in live.responses[before:]]
    if format_of[1].startswith("script"):  # a RxHistoryResponse has 300 medications at most
        assert [b">AQ<" in body for body in bodies] == [True, True, False]
        assert [body.count(b"<MedicationDispensed>") for body in bodies] == [300, 300, 70]
    assert (answer.outcome, len(answer.dispensations)) == (Outcome.COMPLETE, 670)
    assert len({d.rx_number for d in answer.dispensations}) == len(answer.dispensations)


def test_every_answer_belongs_to_its_asker(busy: tuple[LiveGateway, list[Person]]) -> None:
    live, people = busy
    asked = {(n, f): caught(live, p, a, f) for n, p in enumerate(people) for a, f in FORMATS}
    token = live.token()
    before = audited_by(live)

    def ask(n: int) -> list[tuple[int, int, set[str]]]:
        seen = []
        for _ in range(5):
            for _, format in FORMATS:
                sent = asked[n, format]
                headers = {**sent.headers, "Authorization": f"Bearer {token}"}
                response = requests.post(sent.url, data=sent.body, headers=headers, timeout=60)
                seen.append((n, response.status_code, set(re.findall(r"only\d+-\d+", response.text))))
        return seen

    with ThreadPoolExecutor(len(people)) as pool:
        answers = [answer for seen in pool.map(ask, range(len(people))) for answer in seen]
    for n, status, numbers in answers:
        assert status == 200
        assert numbers == {f"only{n}-{fill}" for fill in range(2 + n)}
    assert audited_by(live) == before + len(answers) == before + 5 * len(people) * len(FORMATS)
