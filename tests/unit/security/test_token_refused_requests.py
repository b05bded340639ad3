"""The token endpoint: requests that cannot be token requests."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.unit.security.token_requests import assertion, assertion_form, post, with_secret


def test_a_scope_that_is_not_registered_is_not_granted(served: Any) -> None:
    partly = post(served, **with_secret(served, scope="admin pdmp/history system/*.cruds"))
    assert partly.json()["scope"] == "pdmp/history system/MedicationDispense.rs system/MedicationDispense.c"
    response = post(served, **with_secret(served, scope='admin system/Patient.rs patient/*.rs nonsense "'))
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_scope"
    assert "pdmp/history" in response.json()["error_description"], "says what may be asked for"
    assert served.audited() == ("oauth:token:deny", "hospital", "invalid_scope", 400)


@pytest.mark.parametrize("grant_type", ["password", "authorization_code", "refresh_token", 'x"\\é'])
def test_other_grants_are_not_offered(served: Any, grant_type: str) -> None:
    response = post(served, **with_secret(served, grant_type=grant_type))
    assert response.status_code == 400
    assert response.json()["error"] == "unsupported_grant_type"
    assert "client_credentials" in response.json()["error_description"]


@pytest.mark.parametrize("grant_type", [None, ""])
def test_a_grant_must_be_named(served: Any, grant_type: str | None) -> None:
    form: dict[str, Any] = with_secret(served)
    form["grant_type"] = grant_type
    response = requests.post(served.token_url, data=form, timeout=10)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "multipart/form-data; boundary=x", "text/plain"]
)
def test_only_forms_are_read(served: Any, content_type: str | None) -> None:
    body = f"grant_type=client_credentials&client_id=hospital&client_secret={served.secret}"
    headers = {"Content-Type": content_type} if content_type else {}
    response = requests.post(served.token_url, data=body.encode(), headers=headers, timeout=10)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert "application/x-www-form-urlencoded" in response.json()["error_description"]


def test_a_charset_beside_the_content_type_does_no_harm(served: Any) -> None:
    body = f"grant_type=client_credentials&client_id=hospital&client_secret={served.secret}"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert requests.post(served.token_url, data=body, headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe=1",
        b"grant_type=%FF%FE",
        b"&".join(b"p%d=1" % n for n in range(40)),
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"scope=a&scope=b&grant_type=client_credentials",
        b"",
    ],
    ids=["bytes", "escaped bytes", "many", "grant twice", "scope twice", "empty"],
)
def test_bodies_that_cannot_be_read(served: Any, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = requests.post(served.token_url, data=body, headers=headers, timeout=10)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_parameters_may_not_stand_in_the_url(served: Any) -> None:
    response = requests.post(
        served.token_url, params={"client_secret": served.secret}, data=with_secret(served), timeout=10
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_one_method_of_authentication_at_a_time(served: Any, pharmacy: dict[str, Any]) -> None:
    form = {**with_secret(served), **assertion_form(assertion(served, pharmacy))}
    response = post(served, **form)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_the_header_and_the_body_may_not_name_two_clients(served: Any) -> None:
    response = requests.post(
        served.token_url,
        data={"grant_type": "client_credentials", "client_id": "pharmacy"},
        auth=("hospital", served.secret),
        timeout=10,
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post(served: Any, method: str) -> None:
    response = requests.request(method, served.token_url, data=with_secret(served), timeout=10)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert response.json()["error"] == "invalid_request"


def test_a_large_body_is_not_read(served: Any) -> None:
    response = post(served, **with_secret(served, scope="a" * 20_000_000))
    assert response.status_code == 413
    assert "65536" in response.json()["error_description"]


def test_a_long_list_of_scopes(served: Any) -> None:
    response = post(served, **with_secret(served, scope="pdmp/history " * 300))
    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")
