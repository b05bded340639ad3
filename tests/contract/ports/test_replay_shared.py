"""Two gateways, each a process of its own, that share one Redis: what one has seen, the other refuses too."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from gateway.bootstrap import build, register_client
from gateway.model import IntakeBatch, IntakeRecord
from gateway.settings import load_settings
from tests.factory import a_dispensation
from tests.integration.command import COMMAND, ended_after, environment, free_port
from tests.unit.ncpdp.helpers import REQUESTS, VERSIONS
from tests.unit.ncpdp.signing import renamed, with_digest

REPORTED = a_dispensation(id=None, source_state=None, reported_at=None, revision=0)


@dataclass(frozen=True)
class Pair:
    """The addresses of two processes, and the password of their client `oak`."""

    urls: tuple[str, str]
    password: str

    def signed(self, message_id: str | None = None) -> str:
        return with_digest(renamed(REQUESTS[VERSIONS[1]], message_id), "oak", self.password)


@contextmanager
def _serving(folder: Path, redis_url: str) -> Iterator[Pair]:
    variables = {"PMPBRIDGE__DATA_DIR": str(folder), "PMPBRIDGE__EPHEMERAL__URL": redis_url}
    settings = load_settings(environ=variables)
    password = register_client(
        settings, "oak", scopes=("pdmp/history",), role="Physician", digest_password=True
    )
    gateway = build(settings, clock=lambda: datetime.now(UTC))
    gateway.intake(IntakeBatch(records=(IntakeRecord(dispensation=REPORTED, path="0"),)))
    gateway.close()
    with ExitStack() as ends:
        ports = (free_port(), free_port())
        for port in ports:
            process = subprocess.Popen(
                [*COMMAND, "serve"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(**variables, PMPBRIDGE__SERVER__PORT=str(port)),
            )
            ends.enter_context(ended_after(process, port))
        for port in ports:
            _wait_for(port)
        one, other = (f"http://127.0.0.1:{port}/ncpdp/script" for port in ports)
        yield Pair((one, other), password)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=1).raise_for_status()
        except requests.RequestException:
            assert time.monotonic() < until, "the gateway does not answer"
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Pair]:
    with _serving(tmp_path_factory.mktemp("pair"), redis_url) as pair:
        yield pair


def _post(url: str, body: str) -> requests.Response:
    return requests.post(url, data=body.encode(), headers={"Content-Type": "application/xml"}, timeout=30)


def _said(response: requests.Response) -> tuple[int, str | None]:
    found = re.search("<DescriptionCode>(.*?)</DescriptionCode>", response.text)
    return response.status_code, found[1] if found else None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_nonce_that_one_has_seen_the_other_refuses(pair: Pair, order: tuple[int, int]) -> None:
    first, second = (pair.urls[n] for n in order)
    body = pair.signed()
    answer = _post(first, body)
    assert answer.status_code == 200
    assert REPORTED.rx_number in answer.text
    for url in (second, first):
        assert _said(_post(url, body)) == (401, "003")
        assert _said(_post(url, renamed(body))) == (401, "003")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_message_that_one_has_answered_the_other_refuses(pair: Pair, order: tuple[int, int]) -> None:
    first, second = (pair.urls[n] for n in order)
    message_id = f"ASK-{time.monotonic_ns()}"
    assert _post(first, pair.signed(message_id)).status_code == 200
    for url in (second, first):
        response = _post(url, pair.signed(message_id))
        assert _said(response) == (409, "220")
        assert REPORTED.rx_number not in response.text
    assert _post(second, pair.signed()).status_code == 200


def test_without_redis_nobody_is_let_in(tmp_path: Path, own_redis: tuple[str, Callable[[], None]]) -> None:
    url, stop = own_redis
    with _serving(tmp_path, url) as pair:
        assert _post(pair.urls[0], pair.signed()).status_code == 200
        stop()
        for gateway in pair.urls:
            response = _post(gateway, pair.signed())
            assert _said(response) == (503, "210")
            assert int(response.headers["Retry-After"]) > 0
            assert REPORTED.rx_number not in response.text
