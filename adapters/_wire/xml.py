"""The one parser for XML from outside. Every adapter and every partner client reads through it.

What it lets in is a well-formed document of one root, and of that nothing that could reach out or blow up:

* a cap on bytes, elements, attributes and depth
* no DOCTYPE at all, internal or external, hence no entities beyond the five of XML itself
* no network, no XInclude, no processing instructions (SOAP 1.1 section 3 forbids both, SCRIPT uses neither)
* five encodings, decoded before anything is looked at (see `encoding.py`)

Comments are dropped and the text on both sides is joined: `12<!-- -->34` reads 1234, not 12. Errors name line
and column and what to correct, and nothing of the document.

Two lines of defence, where one alone can be led astray: the characters before the root element are looked at
before the parser runs, and what the parser made of the document is looked at again afterwards.

lxml remembers every element and attribute name that a thread has ever parsed, until the thread ends. Names
made up by an attacker therefore cost memory (about their own length) that only a new worker gives back: let
the server replace its workers now and then, or above a memory limit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn

from lxml import etree

from adapters._wire import encoding, syntax
from gateway.errors import ErrorCode, MessageError, TooLarge

MAX_BYTES = 10_000_000  # libxml2 itself takes no text longer than that
MAX_DEPTH = 64  # the deepest message we speak, a FHIR Bundle, stays below 20; libxml2 itself stops at 256
MAX_ELEMENTS = 250_000  # 300 SCRIPT medications have 13,000; an element costs some 200 bytes of memory
MAX_ATTRIBUTES = 64  # of one element

_DECLARATION = re.compile(r"<\?xml[ \t\r\n]", re.IGNORECASE)
_PROLOG = re.compile(r"(?:<\?xml[ \t\r\n].*?\?>)?(?:[ \t\r\n]+|<!--.*?-->)*", re.DOTALL)
_XINCLUDE = "http://www.w3.org/2001/XInclude"
_TOO_MANY_ATTRIBUTES = etree.XPath(f"(//@*[{MAX_ATTRIBUTES + 1}]/..)[1]")


def parse(
    body: bytes,
    *,
    charset: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_elements: int = MAX_ELEMENTS,
) -> etree._Element:
    """The root element of an XML document that came from outside.

    :param charset: the `charset` of the Content-Type, where the transport has one.
    :raises TooLarge: a limit on bytes, elements or attributes is exceeded.
    :raises UnsupportedFormat: the encoding is not one that is read here.
    :raises MessageError: `ErrorCode.MALFORMED` when it is no XML, `ErrorCode.HOSTILE` when it is XML that
        holds what is never let in. Line and column are in `path` where they are known.
    """
    if len(body) > max_bytes:
        raise TooLarge(f"The message is larger than {max_bytes} bytes.", remedy="Send less in one message.")
    text, utf8 = encoding.decode(body, charset)
    _check_prolog(text)
    _check_amount(text, max_elements)
    root = _parse(utf8)
    _check_tree(root, max_depth)
    return root


def _parse(utf8: bytes) -> etree._Element:
    # A parser of its own for each document: cheap, and no document's error log outlives it.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=False,  # kept until _check_tree has refused them
        collect_ids=False,
    )
    try:
        return etree.fromstring(utf8, parser)
    except etree.XMLSyntaxError as error:
        fault = syntax.fault(error)
    raise fault  # outside of the handler: lxml's error quotes the document and must not travel along


def _check_prolog(text: str) -> None:
    """Only white space and comments may stand between the XML declaration and the root element."""
    prolog = _PROLOG.match(text)
    position = prolog.end() if prolog else 0
    where = encoding.place(text, position)
    if text.startswith("<!--", position) or _DECLARATION.match(text, position):
        return  # a comment without end, a declaration in the wrong place: the parser tells
    if text.startswith("<!", position):
        _refuse_doctype(where)
    elif text.startswith("<?", position):
        _refuse_instruction(where)
    elif position == len(text):
        _refuse_malformed("The body is empty: it holds no XML element.", None)
    elif text[position] in "{[":
        _refuse_malformed("The body looks like JSON and is read as XML.", where)
    elif text[position] != "<":
        _refuse_malformed("The body does not begin with an XML element.", where)


def _check_amount(text: str, max_elements: int) -> None:
    """Count before the tree is built, where it costs little: no element without '<', no attribute without '='."""
    if len(text) <= max_elements:
        return
    if text.count("<") - text.count("</") > max_elements or text.count("=") > max_elements:
        raise TooLarge(
            f"The message has more than {max_elements} elements or attributes.",
            remedy="Send less in one message.",
        )


def _check_tree(root: etree._Element, max_depth: int) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        _refuse_doctype(None)
    for node in (*root.itersiblings(preceding=True), root, *root.itersiblings()):
        for instruction in node.iter(etree.ProcessingInstruction):
            _refuse_instruction(f"line {instruction.sourceline}")
    for included in root.iter(f"{{{_XINCLUDE}}}*"):
        raise MessageError(
            "The document asks for another document to be included (XInclude).",
            path=f"line {included.sourceline}",
            remedy="Send the content itself.",
            code=ErrorCode.HOSTILE,
        )
    for deep in _deeper_than(max_depth)(root):
        raise MessageError(
            f"Elements are nested more than {max_depth} deep.",
            path=f"line {deep.sourceline}",
            remedy="Send the message as its standard defines it.",
            code=ErrorCode.HOSTILE,
        )
    for crowded in _TOO_MANY_ATTRIBUTES(root):
        raise TooLarge(
            f"An element has more than {MAX_ATTRIBUTES} attributes.",
            path=f"line {crowded.sourceline}",
            remedy="Send the message as its standard defines it.",
        )


@lru_cache(maxsize=16)
def _deeper_than(max_depth: int) -> etree.XPath:
    return etree.XPath(f"({'/*' * (max_depth + 1)})[1]")


def _refuse_doctype(where: str | None) -> NoReturn:
    raise MessageError(
        "The document has a DOCTYPE; document types and entities are not accepted.",
        path=where,
        remedy="Remove the DOCTYPE and write every character itself.",
        code=ErrorCode.HOSTILE,
    )


def _refuse_instruction(where: str) -> NoReturn:
    raise MessageError(
        "The document has a processing instruction, which no message that is read here uses.",
        path=where,
        remedy="Remove it; only the XML declaration may begin with '<?'.",
        code=ErrorCode.HOSTILE,
    )


def _refuse_malformed(what: str, where: str | None) -> NoReturn:
    raise MessageError(
        what, path=where, remedy="Send an XML document with one root element.", code=ErrorCode.MALFORMED
    )
