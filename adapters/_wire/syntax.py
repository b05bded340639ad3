"""What is wrong with a document that is not well-formed, without a word of the document.

libxml2's own messages quote the tag, the entity or the text at fault, which may be a patient's. So its error
*codes* are translated, and its messages are dropped.
"""

from __future__ import annotations

from lxml import etree

from gateway.errors import ErrorCode, MessageError, TooLarge

_Codes = etree.ErrorTypes

_ESCAPE = "Write a literal '<' as &lt; and a literal '&' as &amp;."
_QUOTES = 'Write every attribute as name="value", separated by white space.'
_REFERENCE = ("A character reference is not well-formed.", "Write &#decimal; or &#xhexadecimal;.")
_WHOLE = "Send the whole document: every element that is opened must be closed."

# libxml2's error code -> what is wrong, what to do
_SENTENCES: dict[int, tuple[str, str]] = {
    _Codes.ERR_DOCUMENT_EMPTY: (
        "There is no root element.",
        "Send one XML document with one root element.",
    ),
    _Codes.ERR_DOCUMENT_END: (
        "There is something after the end of the root element, or the document ends inside it.",
        "Send one XML document with one root element and nothing after it.",
    ),
    _Codes.ERR_INVALID_CHAR: (
        "There is a character that XML 1.0 does not allow (a control character, or U+FFFE, U+FFFF).",
        "Remove it; a reference such as &#1; does not make it allowed.",
    ),
    _Codes.ERR_INVALID_HEX_CHARREF: _REFERENCE,
    _Codes.ERR_INVALID_DEC_CHARREF: _REFERENCE,
    _Codes.ERR_INVALID_CHARREF: _REFERENCE,
    _Codes.ERR_UNDECLARED_ENTITY: (
        "An entity is used that XML does not define.",
        "Only &amp; &lt; &gt; &quot; &apos; are defined; write any other character itself.",
    ),
    _Codes.ERR_ENTITYREF_SEMICOL_MISSING: ("An '&' begins no complete entity.", _ESCAPE),
    _Codes.ERR_NAME_REQUIRED: ("A '<' or '&' is not followed by a name.", _ESCAPE),
    _Codes.ERR_LT_IN_ATTRIBUTE: ("There is a '<' in an attribute's value.", _ESCAPE),
    _Codes.ERR_ATTRIBUTE_NOT_STARTED: ("An attribute's value is not in quotes.", _QUOTES),
    _Codes.ERR_ATTRIBUTE_NOT_FINISHED: ("An attribute's value has no closing quote.", _QUOTES),
    _Codes.ERR_ATTRIBUTE_WITHOUT_VALUE: ("An attribute has no value.", _QUOTES),
    _Codes.ERR_SPACE_REQUIRED: (
        "White space is missing between two attributes, or the XML declaration is not closed.",
        _QUOTES,
    ),
    _Codes.ERR_ATTRIBUTE_REDEFINED: (
        "An element has the same attribute twice.",
        "Keep one of the two.",
    ),
    _Codes.ERR_COMMENT_NOT_FINISHED: ("A comment is not closed.", "Close it with -->."),
    _Codes.ERR_HYPHEN_IN_COMMENT: ("There is '--' in a comment.", "Remove the comment."),
    _Codes.ERR_CDATA_NOT_FINISHED: ("A CDATA section is not closed.", "Close it with ]]>."),
    _Codes.ERR_MISPLACED_CDATA_END: ("There is ']]>' outside of a CDATA section.", "Write it as ]]&gt;."),
    _Codes.ERR_RESERVED_XML_NAME: (
        "The XML declaration does not stand at the very beginning.",
        "Remove whatever precedes it, white space and empty lines too.",
    ),
    _Codes.ERR_GT_REQUIRED: ("A tag is not closed with '>'.", _WHOLE),
    _Codes.ERR_TAG_NAME_MISMATCH: (
        "An end tag does not match the start tag that is open.",
        "Close the elements in the reverse order in which they were opened.",
    ),
    _Codes.ERR_TAG_NOT_FINISHED: ("The document ends before all elements are closed.", _WHOLE),
    _Codes.ERR_UNKNOWN_VERSION: ("The XML version is not 1.0.", 'Declare version="1.0".'),
    _Codes.ERR_STANDALONE_VALUE: ("The XML declaration is not well-formed.", "Leave out standalone."),
    _Codes.ERR_NAME_TOO_LONG: ("A name is too long.", "Use the names that the message's standard defines."),
    _Codes.NS_ERR_UNDEFINED_NAMESPACE: (
        "A namespace prefix is used that is not declared.",
        'Declare it on the element or above: xmlns:prefix="namespace".',
    ),
    _Codes.NS_ERR_XML_NAMESPACE: (
        "A namespace declaration is not allowed: a prefix without a namespace, or a reserved prefix.",
        'Declare it as xmlns:prefix="namespace"; the prefixes xml and xmlns are reserved.',
    ),
    _Codes.WAR_NS_URI: (
        "A namespace is not a valid URI.",
        "Use the namespace that the message's standard defines.",
    ),
    _Codes.NS_ERR_QNAME: ("A name has more than one colon.", "Write names as prefix:name."),
    _Codes.NS_ERR_ATTRIBUTE_REDEFINED: (
        "An element has the same attribute twice, under two prefixes of one namespace.",
        "Keep one of the two.",
    ),
}
_OTHERWISE = ("The document is not well-formed XML.", "Correct the XML at the place that is named.")


def fault(error: etree.XMLSyntaxError) -> MessageError:
    """The same error in our words: what and where, never what stood there."""
    line, column = error.position
    where = f"line {line}, column {column}" if line else None
    if error.code == _Codes.ERR_RESOURCE_LIMIT:
        # One code for two limits; only libxml2's text tells which, and only its first words are looked at.
        if str(error.msg).startswith("Excessive depth"):
            what, remedy = "Elements are nested too deeply.", "Send the message as its standard defines it."
            return MessageError(what, path=where, remedy=remedy, code=ErrorCode.HOSTILE)
        return TooLarge(
            "A text or an attribute's value is too long.", path=where, remedy="Send less in one message."
        )
    what, remedy = _SENTENCES.get(error.code, _OTHERWISE)
    return MessageError(what, path=where, remedy=remedy, code=ErrorCode.MALFORMED)
