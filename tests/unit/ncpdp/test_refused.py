"""Over a hundred messages that are refused: with the right codes and place, cheaply, and in little memory."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.errors import GatewayError
from gateway.ports import Outbound
from gateway.testing import LiveGateway
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    REQUESTS,
    V10_6,
    V2017071,
    VERSIONS,
    assert_valid,
    inbound,
    stripped,
    texts,
)
from tests.unit.ncpdp.refused import CASES, Refused

MILLISECONDS = 50
MEGABYTES = 32  # for all of them, one after the other; the largest message that is parsed has one
RUNS = 3  # of which the cheapest counts: what else the machine does can make a run dearer, never cheaper


@pytest.fixture(scope="module")
def live_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("refused")) as live:
        yield live


def refused(body: bytes) -> tuple[GatewayError, Outbound]:
    message = inbound(body)
    try:
        ADAPTER.read(message)
    except GatewayError as error:
        return error, ADAPTER.write_error(error, message)
    pytest.fail("it was read")


def message_in(body: bytes) -> bytes:
    """The message, which is the text of a `string` where it was asked for in one."""
    root = etree.fromstring(body)
    return (root.text or "").encode() if etree.QName(root).localname == "string" else body


def codes(body: bytes) -> tuple[str, str | None]:
    root = stripped(etree.fromstring(message_in(body)))
    (code,) = texts(root, "//Error/Code")
    return code, next(iter(texts(root, "//Error/DescriptionCode")), None)


def assert_script(body: bytes) -> None:
    """Valid in the version that it speaks, where that has the namespace that its schema knows."""
    body = message_in(body)
    root = etree.fromstring(body)
    version = V10_6 if root.get("release") else V2017071
    if (etree.QName(root).namespace == NAMESPACE) is (version == V10_6):
        assert_valid(Outbound(body=body, content_type=""), version)


def test_the_table_is_long_and_no_case_is_there_twice() -> None:
    assert len(CASES) >= 100
    assert len({case.body for case in CASES.values()}) == len(CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_codes_and_place(case: Refused) -> None:
    error, outbound = refused(case.body)
    assert (outbound.status, *codes(outbound.body), error.path) == case[1:]
    assert_script(outbound.body)
    assert len(outbound.body) < 2_000
    assert b"Quillfeather" not in outbound.body


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_processor_time(case: Refused) -> None:
    used = []
    for _ in range(RUNS):
        begun = time.thread_time()
        refused(case.body)
        used.append((time.thread_time() - begun) * 1000)
    assert min(used) < MILLISECONDS


def test_what_is_just_not_too_large_is_cheap_too() -> None:
    """The dearest messages within the limits: as many elements, names and characters as there may be."""
    head, tail = REQUESTS[V2017071].split("<Gender>")
    for filling in (
        "<a/>" * 9_900,
        "".join(f"<n{n}/>" for n in range(9_900)),
        "".join(f'<a xmlns="urn:{n}"/>' for n in range(4_900)),
        f"<a>{'&amp;' * 190_000}</a>",
        f"<a>{'&#233;' * 160_000}</a>",
        f"<a>{'é' * 490_000}</a>",
        "<PDMPStatesRequested>" + "<StateProvince>CT</StateProvince>" * 4_900 + "</PDMPStatesRequested>",
        f'<a b="{"x" * 990_000}"/>',
    ):
        message = inbound(f"{head}{filling}<Gender>{tail}")
        used = []
        for _ in range(RUNS):
            begun = time.thread_time()
            assert ADAPTER.read(message) is not None
            used.append((time.thread_time() - begun) * 1000)
        assert min(used) < MILLISECONDS, filling[:20]


_ROOT = Path(__file__).resolve().parents[3]
_IN_LITTLE_MEMORY = f"""
import resource
from pathlib import Path
from tests.unit.ncpdp.refused import CASES
from tests.unit.ncpdp.test_refused import refused

refused(b"")  # everything that is loaded on first use is there
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + {MEGABYTES}_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for case in CASES.values():
    refused(case.body)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process this way")
def test_memory() -> None:
    """In a process that may not have more than so much, in which libxml2's own counts too."""
    done = subprocess.run(
        [sys.executable, "-c", _IN_LITTLE_MEMORY],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=_ROOT,
    )
    assert done.returncode == 0, done.stderr[-2_000:]


def test_over_http(live_of_module: LiveGateway) -> None:
    """Each as a caller sends it: the status, and an Error with the same codes."""
    headers = {
        "Authorization": f"Bearer {live_of_module.token('pdmp/history', 'system/MedicationDispense.c')}",
        "Content-Type": "application/xml",
    }
    for name, case in CASES.items():
        response = live_of_module.session.post(
            f"{live_of_module.url}/ncpdp/script", data=case.body, headers=headers, timeout=30
        )
        assert response.status_code == case.status, name
        assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
        assert codes(response.content) == (case.code, case.description_code), name
        assert_script(response.content)
    assert live_of_module.gateway.store.dispensations() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_elements_in_any_order_say_the_same(version: str) -> None:
    """What the schema orders is read in whatever order it stands, since each thing is there once."""
    expected = ADAPTER.read(inbound(REQUESTS[version]))
    for seed in range(50):
        shuffled = random.Random(seed).shuffle
        root = etree.fromstring(REQUESTS[version].encode())
        for element in [*root.iter()]:
            children = [*element]
            shuffled(children)
            element[:] = children
        assert ADAPTER.read(inbound(etree.tostring(root))) == expected
