"""FHIR XML says what FHIR JSON says, both ways; what is not FHIR XML is refused with its place."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.fhir import ADAPTER
from adapters.fhir.xhtml import XHTML
from adapters.fhir.xml_read import FHIR, decode_xml
from adapters.fhir.xml_write import to_xml
from gateway.errors import ErrorCode, GatewayError
from gateway.model import LookupRequest
from tests.factory import an_answer
from tests.unit.fhir.cases import answers, dispensations, inbound, reported
from tests.unit.fhir.test_hostile import MARK
from tests.unit.fhir.test_requests import parameters, request_message

XML = "application/fhir+xml"


def in_xml(operation: str, body: bytes, **over: Any) -> Any:
    return inbound(operation, body, headers={"content-type": XML, "accept": XML}, **over)


def exact(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal)


def one_spelling(value: Any) -> Any:
    """Narratives in canonical XML, since they may be spelt in many ways; all else as it is."""
    if isinstance(value, dict):
        return {
            name: etree.tostring(etree.fromstring(v), method="c14n")
            if name == "div" and isinstance(v, str)
            else one_spelling(v)
            for name, v in value.items()
        }
    return [one_spelling(item) for item in value] if isinstance(value, list) else value


def require_order(element: Any) -> None:
    """The elements of each resource are in the models' order."""
    kind = etree.QName(element).localname
    model = get_fhir_model_class(kind)
    order = model.elements_sequence()
    places = [order.index(etree.QName(child).localname) for child in element]
    assert places == sorted(places), kind
    for wrapper in element.iter(f"{{{FHIR}}}resource", f"{{{FHIR}}}contained"):
        require_order(wrapper[0])


def require_same(resource: Any) -> None:
    written = to_xml(resource)
    assert one_spelling(decode_xml(written).value) == one_spelling(resource)
    assert decode_xml(to_xml(resource, pretty=True)).value == decode_xml(written).value
    require_order(etree.fromstring(written))


@pytest.mark.parametrize("name", answers())
def test_every_answer(name: str) -> None:
    answer = answers()[name]
    message = in_xml("pdmp-history", b"")
    outbound = ADAPTER.write(answer, message)
    assert outbound.content_type == f"{XML}; charset=utf-8"
    told = exact(ADAPTER.write(answer, inbound()).body)
    assert decode_xml(outbound.body).value == told
    require_same(told)


def test_the_examples_of_the_guide(shared: Path) -> None:
    found = sorted((shared / "standards/fhir-pdmp/examples").glob("*.json"))
    assert found
    for path in found:
        require_same(exact(path.read_bytes()))


def test_bundles_of_synthea(shared: Path) -> None:
    for path in sorted((shared / "data/synthea").glob("*.json"))[:4]:
        require_same(exact(path.read_bytes()))


@pytest.mark.parametrize(
    ("operation", "document"),
    [("pdmp-history", parameters()), ("process-message", request_message()), ("create", reported())],
    ids=["history", "message", "report"],
)
def test_every_request_is_read_as_in_json(operation: str, document: Any) -> None:
    asked = ADAPTER.read(in_xml(operation, to_xml(document)))
    assert asked == ADAPTER.read(inbound(operation, document))


def test_a_reader_names_its_faults_as_in_json() -> None:
    document = parameters()
    (patient,) = (p["resource"] for p in document["parameter"] if p["name"] == "patient")
    patient["birthDate"] = "1961-02-30"
    with pytest.raises(GatewayError) as in_json:
        ADAPTER.read(inbound("pdmp-history", document))
    with pytest.raises(GatewayError) as of_xml:
        ADAPTER.read(in_xml("pdmp-history", to_xml(document)))
    assert (of_xml.value.path, str(of_xml.value)) == (in_json.value.path, str(in_json.value))


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1
).filter(lambda text: bool(text.strip()))
EXTENSIONS = st.lists(
    st.fixed_dictionaries({"url": st.just("urn:x"), "valueString": TEXTS}), min_size=1, max_size=2
)
BESIDE = st.fixed_dictionaries({"extension": EXTENSIONS}, optional={"id": st.just("a1")})
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-999, max_value=999)


@st.composite
def given_names(draw: st.DrawFn) -> dict[str, Any]:
    """Parallel arrays with nulls: in each place a value, something beside it, or both."""
    pairs = draw(
        st.lists(
            st.one_of(st.tuples(TEXTS, st.none()), st.tuples(st.none(), BESIDE), st.tuples(TEXTS, BESIDE)),
            min_size=1,
            max_size=4,
        )
    )
    sides = {"given": [p[0] for p in pairs], "_given": [p[1] for p in pairs]}
    return {name: side for name, side in sides.items() if any(value is not None for value in side)}


PATIENTS = st.fixed_dictionaries(
    {"resourceType": st.just("Patient")},
    optional={
        "active": st.booleans(),
        "multipleBirthInteger": st.integers(-9, 9),
        "_birthDate": BESIDE,
        "name": st.lists(given_names(), min_size=1, max_size=3),
        "extension": st.lists(
            st.fixed_dictionaries({"url": st.just("urn:y"), "valueDecimal": DECIMALS}), min_size=1, max_size=2
        ),
        "contained": st.lists(
            st.fixed_dictionaries({"resourceType": st.just("Organization"), "name": TEXTS}),
            min_size=1,
            max_size=2,
        ),
    },
)


@given(PATIENTS)
def test_any_patient(patient: dict[str, Any]) -> None:
    require_same(patient)


def test_digits_are_kept() -> None:
    quantity = {"resourceType": "Observation", "valueQuantity": {"value": Decimal("7.50")}}
    assert b'<value value="7.50"/>' in to_xml(quantity)
    assert str(decode_xml(to_xml(quantity)).value["valueQuantity"]["value"]) == "7.50"


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    written = to_xml({"resourceType": "Organization", "name": 'A\x00\x0b\ufffeB\n\t<&>"'})
    assert decode_xml(written).value["name"] == 'AB\n\t<&>"'


def test_an_element_that_r4_does_not_know_is_never_dropped_in_writing() -> None:
    with pytest.raises(ValueError, match="does not know"):
        to_xml({"resourceType": "Organization", "made-up": "x"})


# --- refusals -------------------------------------------------------------------------------------------------


def patient(inside: str, attributes: str = "") -> bytes:
    return f'<Patient xmlns="{FHIR}"{attributes}>{inside}</Patient>'.encode()


def narrative(inside: str, attributes: str = "") -> bytes:
    return patient(f'<text><status value="generated"/><div xmlns="{XHTML}"{attributes}>{inside}</div></text>')


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"<Patient/>", "Resource"),
        (b'<Patient xmlns="urn:other"/>', "Resource"),
        (f'<Nonsense xmlns="{FHIR}"/>'.encode(), "Resource"),
        (f'<DomainResource xmlns="{FHIR}"/>'.encode(), "Resource"),
        (f'<HumanName xmlns="{FHIR}"/>'.encode(), "Resource"),
        (f'<Boolean xmlns="{FHIR}"/>'.encode(), "Resource"),
        (patient("<name/>"), "Resource.name[0]"),
        (patient(f"<{MARK}/>"), "Resource"),
        (patient(f'<x:active xmlns:x="urn:x" value="{MARK}"/>'), "Resource"),
        (patient(MARK), "Resource"),
        (patient(f'<active value="true"/>{MARK}'), "Resource"),
        (patient(f'<active value="true">{MARK}</active>'), "Resource.active"),
        (patient(f'<active value="{MARK}"/>'), "Resource.active"),
        (patient('<active value="1"/>'), "Resource.active"),
        (patient("<active/>"), "Resource.active"),
        (patient('<active id="a"/>'), "Resource.active"),
        (patient(f'<active value="true" also="{MARK}"/>'), "Resource.active"),
        (patient('<active value="true"/><active value="false"/>'), "Resource.active"),
        (patient('<birthDate value="1961-07-23"/><birthDate value="1961-07-24"/>'), "Resource.birthDate"),
        (patient('<birthDate value=" "/>'), "Resource.birthDate"),
        (patient('<multipleBirthInteger value="1.5"/>'), "Resource.multipleBirthInteger"),
        (patient(f'<multipleBirthInteger value="{"9" * 5000}"/>'), "Resource.multipleBirthInteger"),
        (
            patient('<extension url="u"><valueDecimal value="1e99999"/></extension>'),
            "Resource.extension[0].valueDecimal",
        ),
        (
            patient('<extension url="u"><valueDecimal value="NaN"/></extension>'),
            "Resource.extension[0].valueDecimal",
        ),
        (patient('<extension url=""/>'), "Resource.extension[0].url"),
        (patient('<extension><url value="u"/></extension>'), "Resource.extension[0]"),
        (patient("", f' id="{MARK}"'), "Resource"),
        (patient('<name id="a"><id value="b"/></name>'), "Resource.name[0]"),
        (
            patient('<name><family value="a"/></name><active value="true"/><name><family value="b"/></name>'),
            "Resource.name",
        ),
        (patient('<name><given value="a"/><given/></name>'), "Resource.name[0].given[1]"),
        (patient("<contained/>"), "Resource.contained[0]"),
        (patient("<contained><Patient/><Patient/></contained>"), "Resource.contained[0]"),
        (patient(f"<contained><{MARK}/></contained>"), "Resource.contained[0]"),
        (patient(f'<contained id="{MARK}"><Patient/></contained>'), "Resource.contained[0]"),
        (patient(f'<text><status value="generated"/><div>{MARK}</div></text>'), "Resource.text"),
        (narrative(f"<script>{MARK}</script>"), "Resource.text.div"),
        (narrative(f'<p onclick="{MARK}">x</p>'), "Resource.text.div"),
        (narrative("x", f' onload="{MARK}"'), "Resource.text.div"),
        (narrative('<a href="java&#10;script:x">x</a>'), "Resource.text.div"),
        (narrative('<img src="data:text/html,x"/>'), "Resource.text.div"),
        (narrative('<img src="data:image/svg+xml,x"/>'), "Resource.text.div"),
        (narrative('<p style="background: u\\72l(x)">x</p>'), "Resource.text.div"),
        (narrative("<iframe/>"), "Resource.text.div"),
        (narrative("<form/>"), "Resource.text.div"),
        (narrative(f'<svg xmlns="http://www.w3.org/2000/svg">{MARK}</svg>'), "Resource.text.div"),
        (narrative("x" * 100_001), "Resource.text.div"),
    ],
)
def test_what_is_no_fhir_xml(body: bytes, path: str) -> None:
    with pytest.raises(GatewayError) as refused:
        decode_xml(body)
    assert refused.value.path == path
    assert MARK not in str(refused.value)
    outcome = ADAPTER.write_error(refused.value, in_xml("create", body))
    assert etree.fromstring(outbound_body(outcome)).tag == f"{{{FHIR}}}OperationOutcome"


def outbound_body(outcome: Any) -> bytes:
    assert outcome.content_type.startswith(XML)
    body: bytes = outcome.body
    return body


DOCTYPE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (DOCTYPE.encode() + patient('<active value="&e;"/>'), ErrorCode.HOSTILE),
        (("\ufeff" + DOCTYPE + patient("").decode()).encode("utf-16-le"), ErrorCode.HOSTILE),
        (b"<?php x?>" + patient(""), ErrorCode.HOSTILE),
        (patient("<?php x?>"), ErrorCode.HOSTILE),
        (patient('<extension url="u">' * 70 + "</extension>" * 70), ErrorCode.HOSTILE),
        (patient("<active value='&lol;'/>"), None),
        (patient(f'<active value="{"x" * 11_000_000}"/>'), None),
        (patient("<name/>" * 250_001), None),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x>' + patient(""), None),
        (b"", ErrorCode.MALFORMED),
        (patient("")[:-3], ErrorCode.MALFORMED),
    ],
    ids=[
        "doctype",
        "utf-16",
        "instruction",
        "inside",
        "depth",
        "entity",
        "huge",
        "many",
        "utf-7",
        "empty",
        "cut",
    ],
)
def test_hostile_documents(body: bytes, code: ErrorCode | None) -> None:
    started = time.monotonic()
    with pytest.raises(GatewayError) as refused:
        ADAPTER.read(in_xml("create", body))
    assert 400 <= refused.value.status < 500
    assert code is None or refused.value.code is code
    assert time.monotonic() - started < 5


def test_what_is_tolerated() -> None:
    body = patient(
        '\n <!-- a --><birthDate value="1961-07-23"/>\n <active value=" true "/>',
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
    )
    assert decode_xml(body).value == {"resourceType": "Patient", "birthDate": "1961-07-23", "active": True}


def test_a_narrative_is_kept() -> None:
    (div,) = [decode_xml(narrative('<p>a &lt; <b>b</b><br/>c</p><a href="#r1">d</a>')).value["text"]["div"]]
    assert div == f'<div xmlns="{XHTML}"><p>a &lt; <b>b</b><br/>c</p><a href="#r1">d</a></div>'


def test_reading_grows_with_the_length_alone() -> None:
    def seconds(names: int) -> float:
        body = patient('<name><given value="a"/></name>' * names)
        started = time.process_time()
        decode_xml(body)
        return time.process_time() - started

    seconds(100)
    assert seconds(20_000) < 40 * max(min(seconds(2_000) for _ in range(3)), 0.005)


def test_the_same_history_in_both_formats_for_a_client() -> None:
    asked = ADAPTER.read(in_xml("pdmp-history", to_xml(parameters())))
    assert isinstance(asked, LookupRequest)
    answer = an_answer(dispensations=dispensations())
    assert decode_xml(ADAPTER.write(answer, in_xml("pdmp-history", b"")).body).kind == "Parameters"
