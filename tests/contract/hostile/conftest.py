"""A gateway to attack, and the requests to attack it with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.testing import LiveGateway
from tests.contract.hostile.attack import ANSWERED_AGAIN, OTHER, Attack, caught, report_fills
from tests.contract.test_refusals import FORMATS, PATIENT, Sent


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("target"), ANSWERED_AGAIN) as live:
        report_fills(live, PATIENT, "4711")
        report_fills(live, OTHER, "4712")
        yield live


@pytest.fixture(params=FORMATS, ids=[f for _, f in FORMATS])
def format_of(request: pytest.FixtureRequest) -> tuple[str, str]:
    adapter, format = request.param
    return adapter, format


@pytest.fixture
def sent(format_of: tuple[str, str], target: LiveGateway) -> Sent:
    return caught(target, PATIENT, *format_of)


@pytest.fixture
def attack(target: LiveGateway, sent: Sent, caplog: pytest.LogCaptureFixture) -> Attack:
    return Attack(target, sent, caplog)
