"""Spoilt values, bytes and HTTP: refused natively or read as what they are."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from lxml import etree

from adapters.fhir.uris import EXT_PERIOD
from gateway.model import Period
from gateway.testing import LiveGateway
from tests.contract.hostile.attack import (
    BORN,
    FAMILY,
    GIVEN,
    NEVER_DAYS,
    ODD_NAMES,
    Attack,
    caught,
    in_place_of,
)
from tests.contract.test_refusals import PATIENT, Sent


def test_a_day_that_never_was_is_refused(attack: Attack, sent: Sent) -> None:
    for day in NEVER_DAYS:
        assert attack(in_place_of(sent, BORN, day)).status_code == 400, day


def test_odd_names_are_answered_or_refused(attack: Attack, sent: Sent) -> None:
    for name in ODD_NAMES:
        for part in (FAMILY, GIVEN):
            assert attack(in_place_of(sent, part, name)).status_code in {200, 400}


@pytest.mark.parametrize("name", ["---", "😀", "..."])
def test_a_name_without_letters_names_nobody(attack: Attack, sent: Sent, name: str) -> None:
    without = replace(sent, body=in_place_of(sent, FAMILY, name))
    assert attack(in_place_of(without, GIVEN, name)).status_code == 400


def told_twice(sent: Sent, value: str, other: str) -> list[bytes]:
    """The body with the element that says this value there twice, the second time with another."""
    if sent.is_json:
        member = re.search(rb'"\w+":"%s"' % value.encode(), sent.body)
        if member is None:  # it stands in an array
            return []
        twice = member[0] + b"," + member[0].replace(value.encode(), other.encode())
        return [sent.body.replace(member[0], twice)]
    bodies = []
    for steps in (0, 1):  # the element, and the one around it
        root = etree.fromstring(sent.body)
        (element,) = root.xpath("//*[text()=$value]", value=value)
        for _ in range(steps):
            element = element.getparent()
        if steps and len(element) > 1:
            continue  # holds more than this fact
        twin = deepcopy(element)
        for leaf in twin.iter():
            leaf.text = other if leaf.text == value else leaf.text
        element.addnext(twin)
        bodies.append(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    return bodies


@pytest.mark.parametrize(
    ("value", "other"), [(BORN, "1950-02-03"), (FAMILY, "Umberfold"), (GIVEN, "Clementine")]
)
def test_nobody_is_looked_up_who_is_told_in_two_ways(
    attack: Attack, sent: Sent, value: str, other: str
) -> None:
    for body in told_twice(sent, value, other):
        assert attack(body).status_code == 400


def test_one_message_asks_for_one_patient(attack: Attack, sent: Sent) -> None:
    """Every element around the patient, the patient's own included, is there twice, the second time with another."""
    if sent.is_json:
        second = json.dumps({"name": "patient", "resource": _umberfold()}).encode()
        assert attack(sent.body[:-2] + b"," + second + sent.body[-2:]).status_code == 400
        return
    attacked = 0
    for n, element in enumerate(etree.fromstring(sent.body).iterdescendants()):
        told = etree.tostring(element).decode()
        if FAMILY not in told or BORN not in told:
            continue
        root = etree.fromstring(sent.body)
        twice = [*root.iterdescendants()][n]
        twin = deepcopy(twice)
        for leaf in twin.iter():
            leaf.text = {FAMILY: "Umberfold", GIVEN: "Clementine", BORN: "1950-02-03"}.get(
                leaf.text, leaf.text
            )
        twice.addnext(twin)
        assert attack(etree.tostring(root)).status_code == 400
        attacked += 1
    assert attacked >= 3


def _umberfold() -> dict[str, Any]:
    name = {"family": "Umberfold", "given": ["Clementine"]}
    return {"resourceType": "Patient", "name": [name], "birthDate": "1950-02-03"}


def test_two_periods_are_refused(
    target: LiveGateway, format_of: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A period that is passed over would leave out, or show, what was not meant."""
    sent = caught(target, PATIENT, *format_of, period=Period(start=date(2025, 1, 1), end=date(2026, 1, 1)))
    attack = Attack(target, sent, caplog)
    if sent.is_json:
        body = json.loads(sent.body)
        for parameter, start in zip(body["parameter"], ("2024-01-01", "2025-01-01"), strict=False):
            parameter["extension"] = [{"url": EXT_PERIOD, "valuePeriod": {"start": start}}]
        assert attack(json.dumps(body).encode()).status_code == 400
        return
    root = etree.fromstring(sent.body)
    starts = root.xpath("//*[text()='2025-01-01']")
    assert len(starts) == 1
    element = starts[0] if etree.QName(starts[0]).localname != "Date" else starts[0].getparent()
    twin = deepcopy(element)
    for leaf in twin.iter():
        leaf.text = "2024-01-01" if leaf.text == "2025-01-01" else leaf.text
    element.addnext(twin)
    assert attack(etree.tostring(root)).status_code == 400


def test_text_mixed_with_elements_is_not_cut(attack: Attack, sent: Sent) -> None:
    if sent.is_json:
        return  # JSON has none
    cut = sent.body.replace(FAMILY.encode(), b"Umberfold<x/>worth")
    assert attack(cut).status_code == 400


@pytest.mark.parametrize(
    "number", ["1e99999999999999999999", "-1e-99999999999999999999", "NaN", "1e999", "9" * 5000]
)
def test_numbers_beyond_all_measure(attack: Attack, sent: Sent, number: str) -> None:
    if sent.is_json:
        assert attack(sent.body.replace(b'"8605550177"', number.encode())).status_code == 400
    else:
        assert attack(in_place_of(sent, BORN, number)).status_code == 400


@pytest.mark.parametrize(
    "encoding", ["latin-1", "utf-16", "utf-16-le", "utf-32", "cp037", "utf-8-sig", "utf-7"]
)
def test_other_encodings_are_refused_or_understood(attack: Attack, sent: Sent, encoding: str) -> None:
    accented = sent.body.decode().replace(GIVEN, "Pérégrine").encode(encoding)
    response = attack(accented)
    if encoding == "utf-8-sig":
        assert response.status_code == 200
        assert b"4711" in response.content
    else:
        assert b"4711" not in response.content


@pytest.mark.parametrize("packing", ["br", "x-unknown", "gzip, gzip"])
@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["packed", "only said to be"])
def test_a_packed_body_is_refused_as_such(
    attack: Attack, sent: Sent, packing: str, pack: Callable[[bytes], bytes]
) -> None:
    response = attack(pack(sent.body), Content_Encoding=packing)
    assert response.status_code == 415
    assert "compressed" in response.text


def test_a_body_packed_by_gzip_is_read_as_if_it_were_not(attack: Attack, sent: Sent) -> None:
    packed = gzip.compress(sent.body)
    assert attack(packed, Content_Encoding="gzip").status_code == 200
    bomb = gzip.compress(sent.body + b" " * 50_000_000)
    for broken, status in ((sent.body, 400), (packed[:-9], 400), (packed + b"x", 400), (bomb, 413)):
        response = attack(broken, Content_Encoding="gzip")
        assert response.status_code == status
        assert "packed" in response.text


def test_depth_is_refused(attack: Attack, sent: Sent) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>")):
        assert attack(opening * 100_000 + b"1" + closing * 100_000).status_code in {400, 413}


def test_half_a_character_cannot_be_sent(attack: Attack, sent: Sent) -> None:
    half = b"\\ud800" if sent.is_json else b"&#xD800;"
    raw = b"\xed\xa0\x80"
    nothing = b"\\u0000" if sent.is_json else b"&#0;"
    for odd in (half, raw, nothing):
        assert attack(sent.body.replace(GIVEN.encode(), odd)).status_code == 400


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "TRACE", "PATCH"])
def test_other_methods_are_refused_natively(attack: Attack, method: str) -> None:
    response = attack(method=method)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_other_ways_of_writing_the_path(attack: Attack, sent: Sent) -> None:
    head, _, tail = sent.url.rpartition("/")
    assert attack(url=f"{head}//{tail}").status_code == 404
    assert attack(url=f"{sent.url}/").status_code == 404
    assert attack(url=f"{sent.url}/{FAMILY}?birthdate={BORN}").status_code == 404
    escaped = "".join(f"%{ord(c):02X}" for c in tail)
    assert attack(url=f"{head}/{escaped}").status_code == 200


def test_authorization_is_read_as_http_says(target: LiveGateway, attack: Attack, sent: Sent) -> None:
    token = target.token()
    for good in (f"bearer {token}", f"BEARER  {token}", f"Bearer {token} "):
        assert attack(Authorization=good).status_code == 200
    for bad in (f"Basic {token}", "Bearer", f"Bearer\t{token}", token, "Bearer " + "a." * 4000, ""):
        assert attack(Authorization=bad).status_code == 401
    assert attack(url=f"{sent.url}?access_token={token}", Authorization=None).status_code == 401
