"""The samples are what the adapter reads and writes, and valid."""

from __future__ import annotations

import pytest
from lxml import etree

from adapters.soap import ADAPTER
from adapters.soap.names import META_DATA
from gateway.errors import GatewayError
from gateway.model import Person, PersonName, Species
from gateway.ports import Outbound
from tests.unit.soap.helpers import FOLDER, SAMPLES, SCHEMA, inbound
from tests.unit.soap.outcomes import ANSWERS

NAMES = sorted(path.name.removesuffix(".request.xml") for path in SAMPLES.glob("*.request.xml"))
HEADER = etree.XMLSchema(etree.parse(FOLDER / "wsdl" / "metadata.xsd"))


def answered(name: str) -> Outbound:
    message = inbound((SAMPLES / f"{name}.request.xml").read_bytes())
    try:
        ADAPTER.read(message)
    except GatewayError as error:
        return ADAPTER.write_error(error, message)
    return ADAPTER.write(ANSWERS["no-data" if name == "bare" else name], message)


def test_there_is_a_pair_for_every_outcome() -> None:
    assert set(NAMES) == {*ANSWERS, "bare", "fault"}
    assert {path.name for path in SAMPLES.iterdir()} == {
        f"{n}.{k}.xml" for n in NAMES for k in ("request", "answer")
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_the_sample(name: str) -> None:
    sample = (SAMPLES / f"{name}.answer.xml").read_text(encoding="utf-8")
    assert etree.canonicalize(sample, strip_text=True) == etree.canonicalize(
        answered(name).body.decode(), strip_text=True
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name != "fault"])
def test_the_request_is_read_and_valid(name: str) -> None:
    body = (SAMPLES / f"{name}.request.xml").read_bytes()
    asked = ADAPTER.read(inbound(body))
    given = ("Marigold",) if name == "ambiguous" else ("Marigold", "Ann")
    human = Person(names=(PersonName(family="Quillfeather", given=given),))
    assert asked.person is not None
    named = asked.person.owner if name == "veterinary" else asked.person
    assert named is not None
    assert named.names == human.names
    assert (asked.person.species is Species.VETERINARY) is (name == "veterinary")
    assert asked.states == {"bare": (), "partial": ("CT", "MA"), "partial-empty": ("CT", "MA")}.get(
        name, ("CT",)
    )
    root = etree.fromstring(body)
    for schema, tag in ((SCHEMA, "{http://xml.ijis.org/niem/2.0/}PMPRequest"), (HEADER, META_DATA)):
        for element in root.iter(tag):
            schema.assertValid(etree.ElementTree(etree.fromstring(etree.tostring(element))))
