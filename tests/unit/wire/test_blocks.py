import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters._wire import Block, Xml, parse, to_bytes
from adapters._wire.escaping import escape_attribute, escape_text

PRESCRIBER = """
<!-- for the reader: {{ }} must be a whole slot, this comment stands outside of the root -->
<Prescriber>
  <Identification>
    <DEANumber>{dea}</DEANumber>
    <NPI>{npi}</NPI>
  </Identification>
  <!-- for the reader -->
  <Name>
    <LastName>{last_name}</LastName>
  </Name>
  <Kind>practitioner</Kind>
  <Quantity unit="{unit}" kind="fixed">{quantity}</Quantity>
  <!-- {{addresses}} -->
</Prescriber>
"""
NOTHING = dict.fromkeys(["dea", "npi", "last_name", "unit", "quantity", "addresses"])


def illegal(character: str) -> bool:
    """XML 1.0 section 2.2, production 2, turned round."""
    code = ord(character)
    return not (
        code in {0x9, 0xA, 0xD} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
    )


def without_illegal(value: str) -> str:
    return "".join(character for character in value if not illegal(character))


def test_values_go_where_their_names_stand_and_layout_is_not_emitted() -> None:
    block = Block(PRESCRIBER)
    assert block.names == NOTHING.keys()
    address = Xml("<Address/>")
    filled = {
        "dea": "BC6486054",
        "npi": "1234567893",
        "last_name": "O'Neil & <Son>",
        "unit": "EA",
        "quantity": "30",
    }
    assert block.render({**filled, "addresses": address}) == (
        "<Prescriber><Identification><DEANumber>BC6486054</DEANumber><NPI>1234567893</NPI></Identification>"
        "<Name><LastName>O'Neil &amp; &lt;Son&gt;</LastName></Name><Kind>practitioner</Kind>"
        '<Quantity unit="EA" kind="fixed">30</Quantity><Address/></Prescriber>'
    )


@pytest.mark.parametrize(
    ("given", "rendered"),
    [
        ({}, ""),
        (
            {"npi": "1"},
            "<Prescriber><Identification><NPI>1</NPI></Identification><Kind>practitioner</Kind></Prescriber>",
        ),
        (
            {"last_name": "A"},
            "<Prescriber><Name><LastName>A</LastName></Name><Kind>practitioner</Kind></Prescriber>",
        ),
        (
            {"quantity": "30"},
            '<Prescriber><Kind>practitioner</Kind><Quantity kind="fixed">30</Quantity></Prescriber>',
        ),
        (
            {"unit": "EA"},
            '<Prescriber><Kind>practitioner</Kind><Quantity unit="EA" kind="fixed"></Quantity></Prescriber>',
        ),
        (
            {"addresses": [Xml("<A/>"), Xml("<B/>")]},
            "<Prescriber><Kind>practitioner</Kind><A/><B/></Prescriber>",
        ),
        ({"addresses": []}, ""),
        ({"addresses": Xml("")}, ""),
        ({"npi": "", "last_name": "\x00\ud800"}, ""),
        (
            {"quantity": "0"},
            '<Prescriber><Kind>practitioner</Kind><Quantity kind="fixed">0</Quantity></Prescriber>',
        ),
    ],
)
def test_what_is_empty_vanishes_with_everything_in_it(given: dict[str, object], rendered: str) -> None:
    assert Block(PRESCRIBER).render({**NOTHING, **given}) == rendered


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("<a/>", "<a/>"),
        ("<a>\n  <b> literal </b>\n</a>", "<a><b>literal</b></a>"),
        ("<a>100 % &amp; %s &lt;</a>", "<a>100 % &amp; %s &lt;</a>"),
        ("<a><b>{v}</b><c/></a>", "<a><b>1</b><c/></a>"),
        ("<a>soap:{v}</a>", "<a>soap:1</a>"),
        ("<a>{v} 5 % {w}</a>", "<a>1 5 % </a>"),
        ('<a x="{v}-{w}" y="{w}"/>', '<a x="1-"/>'),
        ('<a x="&quot;&#10;%"><b>{v}</b></a>', '<a x="&quot;&#10;%"><b>1</b></a>'),
        ("<a><b><c><d>{v}</d></c></b></a>", "<a><b><c><d>1</d></c></b></a>"),
        ("<a><b><c>{w}</c></b>{v}</a>", "<a>1</a>"),
        ("<a>{v}{v}</a>", "<a>11</a>"),
        ("<a><![CDATA[<]]>{v}</a>", "<a>&lt;1</a>"),
        ("<a xml:lang='en'>{v}</a>", '<a xml:lang="en">1</a>'),
        ("<block><a>{v}</a><b>{w}</b><c/></block>", "<a>1</a><c/>"),
        ("<block><c/><!-- {{slot}} --></block>", "<c/><z/>"),
        ("<block><!--{{slot}}--></block>", "<z/>"),
        ('<p:a xmlns:p="urn:p" p:x="{v}"><p:b/></p:a>', '<p:a xmlns:p="urn:p" p:x="1"><p:b/></p:a>'),
        ('<p:a xmlns:p="urn:p"><b>{v}</b></p:a>', '<p:a xmlns:p="urn:p"><b>1</b></p:a>'),
        ('<a xmlns="urn:d"><b>{v}</b></a>', '<a xmlns="urn:d"><b>1</b></a>'),
        ('<a xmlns="urn:d"><b xmlns="">{v}</b></a>', '<a xmlns="urn:d"><b xmlns="">1</b></a>'),
        ('<block xmlns:p="urn:p" xmlns="urn:d"><p:a><b>{v}</b></p:a></block>', "<p:a><b>1</b></p:a>"),
    ],
)
def test_templates(template: str, rendered: str) -> None:
    block = Block(template)
    assert block.render({name: {"v": "1", "slot": Xml("<z/>")}.get(name) for name in block.names}) == rendered


def test_a_fragment_without_values_is_nothing() -> None:
    block = Block("<block><a>{v}</a><c/></block>")
    assert block.render({"v": None}) == ""
    assert Block("<block><c/></block>").render({}) == "<c/>"


def test_fixed_values_are_literals() -> None:
    block = Block('<p:a xmlns:p="{ns}"><p:b kind="{ns}"/><p:c>{v}</p:c></p:a>', fixed={"ns": "urn:a&b"})
    assert block.names == {"v"}
    assert block.render({"v": "1"}) == (
        '<p:a xmlns:p="urn:a&amp;b"><p:b kind="urn:a&amp;b"/><p:c>1</p:c></p:a>'
    )
    assert block.render({"v": None}) == ""


def test_the_same_names_may_be_there_once_and_absent_the_next_time() -> None:
    block = Block("<a><b>{v}</b><c>{w}</c></a>")
    for _ in range(2):
        assert block.render({"v": "1", "w": None}) == "<a><b>1</b></a>"
        assert block.render({"v": None, "w": "%s"}) == "<a><c>%s</c></a>"
        assert block.render({"v": "1", "w": "2"}) == "<a><b>1</b><c>2</c></a>"


@pytest.mark.parametrize("values", [{}, {"v": "1"}, {"v": "1", "w": None, "x": None}, {"v": "1", "x": None}])
def test_a_name_forgotten_or_unknown_is_an_error(values: dict[str, str | None]) -> None:
    with pytest.raises(KeyError, match=r"[wx]"):
        Block("<a><b>{v}</b><c>{w}</c></a>").render(values)


@pytest.mark.parametrize("value", [0, 1, 3.5, b"x", b"x y", ["x"], [Xml("<x/>")]])
def test_a_placeholder_takes_text_only(value: object) -> None:
    with pytest.raises(TypeError):
        Block("<a><b>{v}</b></a>").render({"v": value})  # type: ignore[dict-item]  # that is the point


def test_the_number_nought_is_refused_and_not_left_out() -> None:
    with pytest.raises(TypeError, match=r"fill_number takes text.* not int"):
        Block("<a><b>{fill_number}</b></a>").render({"fill_number": 0})  # type: ignore[dict-item]  # the point


@pytest.mark.parametrize("value", ["<x/>", "x", ["<x/>"], [Xml("<x/>"), "<y/>"], 0])
def test_a_slot_takes_rendered_blocks_only(value: object) -> None:
    with pytest.raises(TypeError, match="slot"):
        Block("<a><!-- {{slot}} --></a>").render({"slot": value})  # type: ignore[dict-item]  # that is the point


@pytest.mark.parametrize(
    "template",
    [
        "<a>{</a>",
        "<a>{v</a>",
        "<a>{ v }</a>",
        "<a>{{v}}</a>",
        "<a>{1}</a>",
        "<a><!-- {{v}} and --></a>",
        '<a x="}"/>',
    ],
)
def test_a_slip_in_a_template_is_found_when_it_is_compiled(template: str) -> None:
    with pytest.raises(ValueError, match=r"\{name\}"):
        Block(template)


@pytest.mark.parametrize("template", ["<a>", "", "<p:a/>", '<p:a xmlns:p="{v}"/>'])
def test_a_template_that_is_not_xml_is_found_when_it_is_compiled(template: str) -> None:
    with pytest.raises(etree.XMLSyntaxError):
        Block(template)


def test_load_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "name.xml"
    path.write_text("<Name>\n  <First>{first}</First> \u00e9\n</Name>\n", encoding="utf-8")
    assert Block.load(path).render({"first": "\u00e9"}) == "<Name><First>\u00e9</First>\u00e9</Name>"


def test_to_bytes_makes_a_document() -> None:
    document = to_bytes(Block("<a>{v}</a>").render({"v": "\u00e9"}))
    assert document == '<?xml version="1.0" encoding="UTF-8"?>\n<a>\u00e9</a>'.encode()
    with pytest.raises(ValueError, match="no document"):
        to_bytes(Xml(""))


def test_every_character_is_escaped_so_that_it_reads_back() -> None:
    for start in range(0, sys.maxunicode + 1, 0x1000):
        everything = "".join(map(chr, range(start, start + 0x1000)))
        root = parse(f'<a x="{escape_attribute(everything)}">{escape_text(everything)}</a>'.encode())
        assert root.text == without_illegal(everything)
        assert root.get("x") == without_illegal(everything)
        # and one by one, since a value of letters alone takes a shorter way
        assert all(escape_text(character) == "" for character in everything if illegal(character))


# Not only what is well-formed Unicode: JSON input can carry lone surrogates and control characters.
anything = st.text(st.characters(exclude_categories=()), max_size=60)


@given(anything, anything)
def test_any_text_reads_back_equal(value: str, other: str) -> None:
    block = Block('<a x="{other}"><b>{value}</b>!</a>')
    rendered = block.render({"value": value, "other": other})
    if not without_illegal(value) and not without_illegal(other):
        assert rendered == ""
        return
    root = parse(to_bytes(rendered), max_bytes=10**6)
    assert (root.findtext("b") or "") == without_illegal(value)
    assert (root.get("x") or "") == without_illegal(other)
    assert [child.tag for child in root] == (["b"] if without_illegal(value) else [])


@given(st.dictionaries(st.sampled_from(sorted(NOTHING.keys() - {"addresses"})), st.text("ab<&%", max_size=4)))
def test_the_rendering_is_what_the_rule_says(given: dict[str, str]) -> None:
    """The rule, applied naively to the template's tree, as the reference."""
    values = {**NOTHING, **given}
    template = etree.fromstring(PRESCRIBER, etree.XMLParser(remove_comments=True, remove_blank_text=True))
    for element in reversed(list(template.iter())):
        keys = [v.strip("{}") for v in (element.text or "", *element.attrib.values()) if v.startswith("{")]
        element.set("filled", "")
        if any(values[key] for key in keys) or any(child.get("filled") == "yes" for child in element):
            element.set("filled", "yes")
        elif keys or any(child.get("filled") == "no" for child in element):
            element.set("filled", "no")
        for child in [child for child in element if child.get("filled") == "no"]:
            element.remove(child)
        if (element.text or "").startswith("{"):
            element.text = values[element.text.strip("{}")] or None
        for name, value in element.attrib.items():
            if value.startswith("{"):
                filled = values[value.strip("{}")]
                element.set(name, filled) if filled else element.attrib.pop(name)
    expected = b""
    if template.get("filled") == "yes":
        for element in template.iter():
            del element.attrib["filled"]
        expected = etree.tostring(template, method="c14n")
    rendered = Block(PRESCRIBER).render(values)
    assert (etree.tostring(etree.fromstring(rendered), method="c14n") if rendered else b"") == expected
