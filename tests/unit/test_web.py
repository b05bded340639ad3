"""The HTTP surface around every protocol: headers, request ids, bodies of any kind, what lies outside of all."""

from __future__ import annotations

import http.client
import socket
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import requests

from gateway.testing import LiveGateway


def test_health_and_readiness_say_nothing_else(empty: LiveGateway) -> None:
    assert requests.get(f"{empty.url}/health", timeout=10).json() == {"status": "ok"}
    assert requests.get(f"{empty.url}/ready", timeout=10).json() == {"status": "ready"}


@pytest.mark.parametrize("path", ["/", "/nowhere", "/fhirx/metadata", "/oauth/nothing"])
def test_outside_of_every_protocol_problems_are_problem_details(empty: LiveGateway, path: str) -> None:
    response = requests.get(empty.url + path, timeout=10)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "unknown-operation"


def test_every_response_may_not_be_kept_or_sniffed(empty: LiveGateway) -> None:
    for path in ("/health", "/fhir/metadata", "/nowhere"):
        headers = requests.get(empty.url + path, timeout=10).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_harmless_request_id_comes_back_and_any_other_is_replaced(empty: LiveGateway) -> None:
    asked = {"X-Request-ID": "ehr-42.a"}
    assert (
        requests.get(f"{empty.url}/health", headers=asked, timeout=10).headers["X-Request-ID"] == "ehr-42.a"
    )
    odd = {"X-Request-ID": "John Smith, 1970"}
    assert requests.get(f"{empty.url}/health", headers=odd, timeout=10).headers["X-Request-ID"].isalnum()


def test_a_body_in_chunks_is_read_up_to_the_limit(empty: LiveGateway) -> None:
    headers = {"Authorization": f"Bearer {empty.token()}", "Content-Type": "application/fhir+json"}

    def pieces(count: int):  # type: ignore[no-untyped-def]
        for _ in range(count):
            yield b" " * 1_000_000

    small = requests.post(f"{empty.url}/fhir/$pdmp-history", data=pieces(2), headers=headers, timeout=30)
    assert small.status_code == 400
    large = requests.post(f"{empty.url}/fhir/$pdmp-history", data=pieces(30), headers=headers, timeout=30)
    assert large.status_code == 413
    assert large.json()["resourceType"] == "OperationOutcome"


def test_a_connection_that_breaks_off_leaves_the_gateway_well(empty: LiveGateway) -> None:
    host, port = empty.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /fhir/$pdmp-history HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
    assert requests.get(f"{empty.url}/health", timeout=10).status_code == http.client.OK


def test_a_stranger_is_refused_before_the_body_is_waited_for(empty: LiveGateway) -> None:
    """Half-sent bodies of nobody bind no thread: the answer comes while the body is still missing."""
    host, port = empty.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /soap/pmix HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<"
        )
        assert b" 401 " in connection.recv(200)


def test_half_sent_bodies_that_could_say_whose_they_are_bind_half_of_the_threads(tmp_path: Path) -> None:
    half = b"POST /ncpdp/script HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 9\r\n\r\n<"
    with LiveGateway(tmp_path, {"server": {"threads": 4}}) as gateway, ExitStack() as held:
        host, port = gateway.url.removeprefix("http://").split(":")

        def send() -> socket.socket:
            connection = held.enter_context(socket.create_connection((host, int(port)), timeout=10))
            connection.sendall(half)
            return connection

        waiting = [send(), send()]
        for connection in waiting:
            connection.settimeout(0.5)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        refused = b"".join(iter(partial(send().recv, 2000), b""))
        assert b" 503 " in refused
        assert b"<Code>600</Code>" in refused
        waiting[0].sendall(b"_no_xml_")
        assert b" 400 " in waiting[0].recv(200)
        send().settimeout(0.5)
        with pytest.raises(TimeoutError):
            waiting[1].recv(1)


def test_every_route_of_every_protocol_is_guarded_or_public_by_name(empty: LiveGateway) -> None:
    """No route of an adapter answers without a token, but those that its standard makes public."""
    public = {
        "/fhir/metadata",
        "/fhir/.well-known/smart-configuration",
        "/fhir/OperationDefinition/<id>",
        "/soap/pmix",
        "/soap/clearinghouse",
    }
    checked = 0
    for rule in empty.app.url_map.iter_rules():
        if empty.gateway.registry.for_path(rule.rule) is None:
            continue
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            path = rule.rule.replace("<id>", "X").replace("<dispensation_id>", "X")
            response = requests.request(method, empty.url + path, timeout=10)
            if method == "GET" and rule.rule in public:
                assert response.status_code in {200, 404}
            else:
                assert response.status_code == 401, (method, rule.rule)
            checked += 1
    assert checked >= 8
