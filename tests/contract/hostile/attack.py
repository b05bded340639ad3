"""Hostile and sloppy callers: whatever is sent is answered natively, tells nothing and changes nothing it may not.

The requests are those of the adapters' own clients, spoilt in one place at a time, so that a further adapter is
attacked as it registers.
"""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta

import pytest
import requests
import structlog

from gateway.model import Address, LookupRequest, Period, Person, PersonName, Sex
from gateway.testing import LiveGateway
from tests.contract.test_refusals import PATIENT_WORDS, Sent, native_texts
from tests.factory import a_dispensation, a_requester

FAMILY, GIVEN, BORN = "Zzyzxworth", "Peregrine", "1961-07-23"


ALWAYS = Period()


OTHER = Person(
    names=(PersonName(family="Umberfold", given=("Clementine",)),),
    birth_date=date(1950, 2, 3),
    sex=Sex.FEMALE,
    addresses=(Address(lines=("1 Elm St",), city="Avon", state="CT", postal_code="06001"),),
)


NEVER_DAYS = (
    "0000-00-00", "1961-02-30", "1961-13-01", "1961", "1961-07", "61-07-23", "07/23/1961", "1961-7-23", "-1961-07-23",
    "1961-W30-7", "1e5", "", "  ", "99999-01-01", "1961-07-23T", "9999-12-31", "\u0661961-07-23",
    "1961\u221207\u221223",
)  # fmt: skip


ODD_NAMES = (
    "---", "...", "123", "王", "محمد", "\u202egnirps", "😀", "é" * 900, "A" * 10_000, "a\u0301", "\u200b", "\u2028",
    "", " \t", "'; DROP TABLE person;--", "${jndi:ldap://x}", "%s%n{0}", "<b>", "&amp;", "]]>", "\\",
)  # fmt: skip


ANSWERED_AGAIN = {"security": {"repeats": 0}}
"""Settings under which one request may be sent many times; without, see `tests/integration/test_replay.py`."""


def caught(live: LiveGateway, person: Person, adapter: str, format: str, period: Period = ALWAYS) -> Sent:
    """The request with which the adapter's own client asks for this person."""
    live.partner(adapter, format).ask(LookupRequest(person=person, requester=a_requester(), period=period))
    prepared = live.responses[-1].request
    assert prepared.url is not None
    body = prepared.body if isinstance(prepared.body, bytes) else str(prepared.body).encode()
    headers = {k: v for k, v in prepared.headers.items() if k not in {"Content-Length", "Authorization"}}
    return Sent(prepared.url, headers, body)


def report_fills(
    live: LiveGateway, person: Person, rx_number: str, fills: int = 1, day: date | None = None
) -> None:
    """So many fills, one a day from 2025 on, or all on one day."""
    days = [day or date(2025, 1, 1) + timedelta(days=n) for n in range(fills)]
    receipt = live.record(
        [
            a_dispensation(
                id=None, person=person, rx_number=f"{rx_number}-{n}", written=day, filled=day, sold=None,
                source_state=None, reported_at=None, revision=0,
            )
            for n, day in enumerate(days)
        ]
    )  # fmt: skip
    assert {r.verdict.value for r in receipt.results} == {"created"}


def in_place_of(sent: Sent, old: str, new: str) -> bytes:
    """The body with one value replaced by another, written as the format writes it."""
    if sent.is_json:
        before, after = json.dumps(old), json.dumps(new, ensure_ascii=False)
    else:
        escaped = new.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        before, after = f">{old}<", f">{escaped}<"
    spoilt = sent.body.replace(before.encode(), after.encode())
    assert before.encode() in sent.body
    return spoilt


class Attack:
    """Sends one request and holds the answer to what every answer must be."""

    def __init__(self, live: LiveGateway, sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
        self._live, self._sent, self._caplog = live, sent, caplog
        caplog.set_level(logging.DEBUG)

    def __call__(
        self,
        body: bytes | None = None,
        *,
        method: str = "POST",
        url: str | None = None,
        **headers: str | None,
    ) -> requests.Response:
        live, sent = self._live, self._sent
        sends = {**sent.headers, "Authorization": f"Bearer {live.token()}"}
        sends |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[dict-item]  # None: leave out
        stored, audited = stored_in(live), audited_by(live)
        self._caplog.clear()
        with structlog.testing.capture_logs() as logs:
            response = requests.request(
                method, url or sent.url, data=sent.body if body is None else body, headers=sends, timeout=30,
                allow_redirects=False,
            )  # fmt: skip
        assert response.status_code < 500, response.text
        logged = [
            r.getMessage() for r in self._caplog.records if not r.name.startswith("urllib3")
        ]  # the test's own
        told = json.dumps([logs, logged], default=str) + str(response.headers)
        if response.status_code >= 400:
            told += response.text
            assert all(len(text) >= 15 for text in native_texts(sent, response))
            assert "person." not in response.text, "a place in the caller's own terms, not in ours"
        assert not [word for word in PATIENT_WORDS if word in told]
        assert stored_in(live) == stored
        assert audited_by(live) == audited + 1
        return response


def stored_in(live: LiveGateway) -> tuple[int, int]:
    return live.gateway.store.people(), live.gateway.store.dispensations()


def audited_by(live: LiveGateway) -> int:
    return sum(1 for _ in live.gateway.audit.events())
