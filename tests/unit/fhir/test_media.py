"""Media types of bodies and answers, and the errors that FHIR says natively."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.fhir import ADAPTER
from adapters.fhir.media import answer_type, is_pretty, require_spoken_answer
from adapters.fhir.tree import parse
from gateway.errors import (
    ErrorCode,
    GatewayError,
    MessageError,
    MethodNotAllowed,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedFormat,
)
from tests.unit.fhir.cases import JSON, inbound
from tests.unit.fhir.test_requests import ask, issue_of, parameters, refused

XML = "application/fhir+xml"


@pytest.mark.parametrize(
    "sent", [JSON, "application/json", "application/fhir+json; charset=UTF-8; fhirVersion=4.0"]
)
def test_content_types_that_are_read(sent: str) -> None:
    assert ask(parameters(), headers={"content-type": sent}).person


@pytest.mark.parametrize(
    ("headers", "where"),
    [
        ({"content-type": "application/fhir+xml; fhirVersion=3.0"}, "Content-Type"),
        ({"content-type": "application/fhir+turtle"}, "Content-Type"),
        ({"content-type": "text/csv"}, "Content-Type"),
        ({"content-type": ""}, "Content-Type"),
        ({"content-type": "application/fhir+json; charset=iso-8859-1"}, "Content-Type"),
        ({"content-type": "application/fhir+json; fhirVersion=3.0"}, "Content-Type"),
    ],
)
def test_content_types_that_are_not_read(headers: dict[str, str], where: str) -> None:
    error = refused(parameters(), headers=headers)
    status, issue = issue_of(error)
    assert isinstance(error, UnsupportedFormat)
    assert (status, issue["code"], issue["location"]) == (415, "not-supported", [f"http.{where}"])


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("*/*", JSON),
        ("application/*;q=0.5, text/html", JSON),
        ("application/json", "application/json"),
        ("application/json, application/fhir+json;q=0.1", JSON),
        ("application/fhir+xml, application/fhir+json;q=0.5", XML),
        ("application/fhir+xml;q=0.5, application/fhir+json", JSON),
        ("application/fhir+xml, application/fhir+json", JSON),
        ("text/html, application/xml;q=0.9, */*;q=0.8", XML),
        ("application/fhir+json;q=0, */*", "application/json"),
        ("application/json;q=0, application/fhir+json;q=0, */*", XML),
        ("text/*", "text/xml"),
        ("text/html, application/xml", "application/xml"),
        ("application/fhir+json; fhirVersion=4.0", JSON),
        ("", JSON),
    ],
)
def test_answers_come_as_accepted(accept: str, answered: str) -> None:
    message = inbound(body=parameters(), headers={"accept": accept})
    ADAPTER.read(message)
    error = MessageError("x")
    assert ADAPTER.write_error(error, message).content_type == f"{answered}; charset=utf-8"


@pytest.mark.parametrize(
    ("over", "where"),
    [
        ({"headers": {"accept": "application/fhir+turtle"}}, "Accept"),
        ({"headers": {"accept": "application/fhir+json;q=0, text/html"}}, "Accept"),
        ({"headers": {"accept": "application/fhir+json; fhirVersion=5.0"}}, "Accept"),
        ({"query": {"_format": ("ttl",)}}, "_format"),
    ],
)
def test_answers_that_cannot_be_given(over: dict[str, Any], where: str) -> None:
    error = refused(parameters(), **over)
    status, issue = issue_of(error)
    assert (status, issue["code"], issue["location"]) == (406, "not-supported", [f"http.{where}"])
    assert "application/fhir+json" in issue["diagnostics"]


def test_format_outweighs_accept() -> None:
    message = inbound(
        body=parameters(),
        headers={"accept": "application/fhir+xml"},
        query={"_format": ("application/fhir json",)},
    )
    assert ADAPTER.read(message)


@pytest.mark.parametrize(
    ("format", "answered"),
    [
        ("xml", XML),
        ("application/fhir xml", XML),
        ("application/fhir+xml", XML),
        ("application/xml", "application/xml"),
        ("text/xml", "text/xml"),
        ("json", JSON),
        ("application/json", "application/json"),
    ],
)
def test_every_format(format: str, answered: str) -> None:
    message = inbound(body=parameters(), query={"_format": (format,)})
    assert ADAPTER.read(message)
    outbound = ADAPTER.write_error(MessageError("x"), message)
    assert outbound.content_type == f"{answered}; charset=utf-8"
    assert outbound.body.startswith(b"<?xml" if "xml" in answered else b"{")


@pytest.mark.parametrize(
    ("headers", "answered"),
    [({"accept": XML}, XML), ({"content-type": XML}, XML), ({"content-type": XML, "accept": "*/*"}, JSON)],
)
def test_a_refusal_is_in_the_callers_format(headers: dict[str, str], answered: str) -> None:
    message = inbound(headers=headers, query={"_format": ("ttl",)})
    with pytest.raises(UnsupportedFormat) as refused_:
        ADAPTER.read(message)
    assert ADAPTER.write_error(refused_.value, message).content_type == f"{answered}; charset=utf-8"


@pytest.mark.parametrize("format", ["json", "xml"])
def test_pretty(format: str) -> None:
    asked = {"_format": (format,), "_pretty": ("true",)}
    assert ADAPTER.write_error(MessageError("x"), inbound(query=asked)).body.count(b"\n") > 5


# --- errors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_code_has_an_issue_code_of_fhir(code: ErrorCode) -> None:
    """FHIR R4, value set issue-type."""
    _, issue = issue_of(GatewayError("Something is wrong.", code=code))
    assert issue["code"] in {
        "structure", "required", "value", "invariant", "login", "forbidden", "not-supported", "duplicate",
        "not-found", "too-long", "business-rule", "conflict", "transient", "exception", "too-costly",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unauthenticated("No token."), 401, "login"),
        (MethodNotAllowed("No.", allowed=("POST",)), 405, "not-supported"),
        (TooLarge("Too large.", path="Content-Length"), 413, "too-long"),
        (Unavailable("Later."), 503, "transient"),
    ],
)
def test_errors_of_the_gateway(error: GatewayError, status: int, code: str) -> None:
    told, issue = issue_of(error)
    assert (told, issue["code"], issue["details"]["text"]) == (status, code, error.message)
    assert issue["diagnostics"] == str(error)


def test_a_root_is_one_of_the_known_ones() -> None:
    assert parse(b'{"resourceType": "Observation"}').path == "Resource"


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "query", "type"),
    [
        (b"patient=abc&_format=xml", {}, XML),
        (b"patient=abc&_format=application%2Ffhir%2Bxml&_pretty=true", {}, XML),
        (b"patient=abc&_format=json", {"_format": ("xml",)}, JSON),
        (b"patient=abc", {"_format": ("xml",)}, XML),
        (b"patient=abc", {}, JSON),
        (b"\xff=", {}, JSON),
    ],
)
def test_a_posted_form_says_in_what_it_is_answered(
    body: bytes, query: dict[str, tuple[str, ...]], type: str
) -> None:
    message = inbound("search", body, query=query, headers={"content-type": FORM})
    assert answer_type(message) == f"{type}; charset=utf-8"
    assert is_pretty(message) is (b"_pretty" in body)


def test_a_format_in_a_form_that_is_not_written_is_refused() -> None:
    message = inbound("search", b"patient=abc&_format=turtle", headers={"content-type": FORM})
    with pytest.raises(UnsupportedFormat) as raised:
        require_spoken_answer(message)
    assert raised.value.path == "_format"
    assert raised.value.is_about_the_answer
