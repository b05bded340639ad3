"""Content codings and cross-origin requests, whatever the protocol."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask, Response

from gateway.errors import MessageError, TooLarge, UnsupportedFormat
from gateway.settings import SettingsError, load_settings
from gateway.testing import LiveGateway
from gateway.web.encoding import LEAST, MOST_MEMBERS, pack, unpacked

ORIGIN = "https://ehr.example"
PACKED = gzip.compress(b"one", mtime=0)


@pytest.fixture
def shared_with(tmp_path: Path) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path, {"server": {"cors_origins": [ORIGIN]}}) as gateway:
        yield gateway


# --- bodies that come packed ----------------------------------------------------------------------------------


def test_what_was_packed_is_unpacked_up_to_the_limit() -> None:
    assert unpacked(b"one", "", 3) == unpacked(b"one", "identity", 3) == b"one"
    assert unpacked(PACKED, " GZIP", 3) == b"one"
    assert (
        unpacked(PACKED + gzip.compress(b"", mtime=0) + gzip.compress(b"two", mtime=0), "x-gzip", 6)
        == b"onetwo"
    )
    for body, limit in ((PACKED, 2), (PACKED + PACKED, 5), (gzip.compress(b" " * 10_000_000, mtime=0), 1000)):
        with pytest.raises(TooLarge):
            unpacked(body, "gzip", limit)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "ends before"),
        (b"one", "is not gzip"),
        (PACKED[:-1], "ends before"),
        (PACKED[:5], "ends before"),
        (PACKED + b"\0", "ends before|behind its end"),
        (PACKED + b"rubbish", "behind its end"),
        (PACKED[:-8] + bytes(8), "is not gzip"),
        (gzip.compress(b"", mtime=0) * (MOST_MEMBERS + 1), "members"),
    ],
)
def test_what_is_broken_is_refused_by_name(body: bytes, says: str) -> None:
    with pytest.raises(MessageError, match=says):
        unpacked(body, "gzip", 1000)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "*"])
def test_other_codings_are_not_read(encoding: str) -> None:
    with pytest.raises(UnsupportedFormat):
        unpacked(PACKED, encoding, 1000)


# --- answers that leave packed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        (None, False), ("", False), ("br", False), ("gzip", True), ("br;q=1, gzip;q=0.5", True), ("*", True),
        ("gzip;q=0", False), ("gzip;q=0, *", False), ("gzip;q=0.2, identity;q=0.7", False), ("x-gzip", True),
    ],
)  # fmt: skip
def test_an_answer_is_packed_for_who_wants_that(accepted: str | None, is_packed: bool) -> None:
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    with Flask("test").test_request_context(headers=headers):
        response = pack(Response(b"x" * LEAST, headers={"ETag": '"1"'}))
    assert response.headers["Vary"] == "Accept-Encoding"
    assert (response.headers.get("Content-Encoding") == "gzip") is is_packed
    assert response.headers["ETag"] == ('W/"1"' if is_packed else '"1"')
    body = response.get_data()
    assert (gzip.decompress(body) if is_packed else body) == b"x" * LEAST


def test_a_short_answer_leaves_as_it_is() -> None:
    with Flask("test").test_request_context(headers={"Accept-Encoding": "gzip"}):
        response = pack(Response(b"x" * (LEAST - 1)))
    assert {"Content-Encoding", "Vary"}.isdisjoint(response.headers.keys())


# --- browsers -------------------------------------------------------------------------------------------------


def _preflight(gateway: LiveGateway, path: str, origin: str = ORIGIN) -> requests.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return requests.options(gateway.url + path, headers=headers, timeout=10)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/oauth/token", "POST"),
        ("/fhir/MedicationDispense", "GET, HEAD, POST"),
        ("/fhir/MedicationDispense/1", "GET, HEAD, PUT"),
        ("/fhir/metadata", "GET, HEAD"),
        ("/soap/pmix", "GET, HEAD, POST"),
    ],
)
def test_a_preflight_is_answered_with_what_the_route_offers(
    shared_with: LiveGateway, path: str, methods: str
) -> None:
    response = _preflight(shared_with, path)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Methods"] == methods
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Authorization", "X-PMP-Losses", "X-PMP-Return", "X-PMP-States"} <= set(allowed)
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_an_origin_that_is_not_configured_gets_nothing(shared_with: LiveGateway, tmp_path: Path) -> None:
    refused = _preflight(shared_with, "/fhir/metadata", "https://other.example")
    assert refused.status_code == 405
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert refused.headers["Vary"] == "Origin"
    assert _preflight(shared_with, "/fhir/nothing").status_code == 404
    with LiveGateway(tmp_path / "without") as gateway:
        assert _preflight(gateway, "/fhir/metadata").status_code == 405


def test_errors_are_shared_with_the_origin_too(shared_with: LiveGateway) -> None:
    response = requests.get(
        f"{shared_with.url}/fhir/MedicationDispense/1", headers={"Origin": ORIGIN}, timeout=10
    )
    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "WWW-Authenticate" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", ["*", "null", "https://ehr.example/", "ehr.example", "ftp://ehr.example"])
def test_what_is_no_origin_is_refused_as_a_setting(origin: str) -> None:
    with pytest.raises(SettingsError, match=r"server\.cors_origins"):
        load_settings(environ={}, overrides={"server": {"cors_origins": [origin]}})


def test_head_is_where_get_is(shared_with: LiveGateway) -> None:
    response = requests.head(f"{shared_with.url}/fhir/metadata", timeout=10)
    assert (response.status_code, response.content) == (200, b"")
