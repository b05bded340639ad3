"""Messages that are refused, each with what it is refused with. A case is written, not found out."""

from __future__ import annotations

import codecs
from html import escape
from typing import NamedTuple

from tests.factory import a_dispensation, a_person
from tests.unit.ncpdp.helpers import NAMESPACE, REQUESTS, V10_6, V2017071
from tests.unit.ncpdp.rxfills import DISPENSED, rxfill

OLD, NEW = REQUESTS[V10_6], REQUESTS[V2017071]
P_OLD, P_NEW = "RxHistoryRequest/Patient", "RxHistoryRequest/Patient/HumanPatient"
PERSON = "<Name><LastName>Quillfeather</LastName><FirstName>Marigold</FirstName></Name>"
BORN = "<DateOfBirth><Date>1971-04-09</Date></DateOfBirth>"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


class Refused(NamedTuple):
    """A message, and the status, Code, DescriptionCode and path of its Error."""

    body: bytes
    status: int
    code: str
    description_code: str | None
    path: str | None


def old(*changes: tuple[str, str]) -> bytes:
    return _changed(OLD, changes)


def new(*changes: tuple[str, str]) -> bytes:
    return _changed(NEW, changes)


def _changed(message: str, changes: tuple[tuple[str, str], ...]) -> bytes:
    for before, after in changes:
        assert before in message, f"nothing to replace: {before}"
        message = message.replace(before, after)
    return message.encode()


def _in(
    body: bytes, status: int, description_code: str | None, path: str | None, code: str = "900"
) -> Refused:
    return Refused(body, status, code, description_code, path)


def malformed(body: bytes, path: str | None) -> Refused:
    return _in(body, 400, None, path)


def invalid(body: bytes, description_code: str | None, path: str) -> Refused:
    return _in(body, 400, description_code, path)


def too_large(body: bytes, path: str | None = None) -> Refused:
    return _in(body, 413, None, path)


def inside(text: str) -> bytes:
    """The request with something more in its patient."""
    return new(("<Gender>F</Gender>", f"<Gender>F</Gender>{text}"))


NOT_XML = {
    "nothing": malformed(b"", None),
    "white space": malformed(b" \n\t ", None),
    "text": malformed(b"Message", "line 1, column 1"),
    "JSON": malformed(b'{"Message": {}}', "line 1, column 1"),
    "EDIFACT": malformed(b"UNA:+./*'UIB+UNOA:0++110072+++", "line 1, column 1"),
    "a start tag alone": malformed(b"<Message>", "line 1, column 10"),
    "cut off in the middle": malformed(NEW.encode()[:900], "line 21, column 26"),
    "cut off before the end": malformed(OLD.encode().rstrip()[:-1], "line 32, column 10"),
    "two roots": malformed(NEW.encode() + b"<Message/>", "line 44, column 1"),
    "an end tag that is another's": malformed(new(("</Gender>", "</Sex>")), "line 25, column 24"),
    "an attribute twice": malformed(
        new(("<Message ", '<Message ECLVersion="20170715" ')), "line 3, column 85"
    ),
    "a bare ampersand": malformed(new(("Hospital</Fac", "Hospital & Sons</Fac")), "line 20, column 45"),
    "an undeclared prefix": malformed(
        new(("<Gender>F</Gender>", "<p:Gender>F</p:Gender>")), "line 25, column 18"
    ),
    "a character that is none": malformed(new(("Marigold", "Mari&#0;gold")), "line 24, column 67"),
    "a null byte": malformed(new(("Marigold", "Mari\0gold")), "line 24, column 63"),
    "binary": malformed(bytes(range(1, 256)) * 20, "line 2, column 118"),
    "a picture": malformed(b"\x89PNG\r\n\x1a\n" + bytes(500), "line 1, column 1"),
    "gzip": malformed(b"\x1f\x8b\x08\0\0\0\0\0" + bytes(range(128, 256)), "line 1, column 2"),
}

ENCODINGS = {
    "UTF-16 without its mark": _in(NEW.encode("utf-16-le"), 415, None, None),
    "UTF-32": _in(codecs.BOM_UTF32_LE + NEW.encode("utf-32-le"), 415, None, None),
    "EBCDIC": malformed(NEW.encode("cp037"), "line 1, column 3"),
    "UTF-7": _in(new(("UTF-8", "UTF-7")), 415, None, "XML declaration or Content-Type charset"),
    "an encoding that nobody has": _in(
        new(("UTF-8", "x-none")), 415, None, "XML declaration or Content-Type charset"
    ),
    "Latin-1 that calls itself UTF-8": malformed(
        NEW.replace("Marigold", "Pérégrine").encode("latin-1"), "line 24, column 60"
    ),
    "UTF-8 with the mark of UTF-16": malformed(codecs.BOM_UTF16_LE + NEW.encode(), "line 1, column 1"),
    "half a character": malformed(
        new(("Marigold", "Mari")).replace(b"Mari<", b"Mari\xc3<"), "line 24, column 63"
    ),
}

HOSTILE = {
    "a document type": malformed(new((HEAD, f"{HEAD}<!DOCTYPE Message>")), "line 2, column 1"),
    "a document type from elsewhere": malformed(
        new((HEAD, f'{HEAD}<!DOCTYPE Message SYSTEM "http://127.0.0.1:1/x.dtd">')), "line 2, column 1"
    ),
    "a file as an entity": malformed(
        new(
            (HEAD, f'{HEAD}<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            (">Marigold<", ">&x;<"),
        ),
        "line 2, column 1",
    ),
    "a bomb of entities": malformed(
        new((HEAD, f'{HEAD}<!DOCTYPE Message [<!ENTITY e0 "ha">{_BOMB}]>'), (">Marigold<", ">&e9;<")),
        "line 2, column 1",
    ),
    "one entity many times": malformed(
        new(
            (HEAD, f'{HEAD}<!DOCTYPE Message [<!ENTITY e "{"x" * 50_000}">]>'),
            (">Marigold<", f">{'&e;' * 50_000}<"),
        ),
        "line 2, column 1",
    ),
    "a parameter entity": malformed(
        new((HEAD, f'{HEAD}<!DOCTYPE Message [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>')),
        "line 2, column 1",
    ),
    "a document type after a comment": malformed(
        new((HEAD, f"{HEAD}<!-- x --><!DOCTYPE Message>")), "line 2, column 11"
    ),
    "a document type in the body": malformed(inside("<!DOCTYPE x>"), "line 25, column 28"),
    "a processing instruction": malformed(inside("<?run this?>"), "line 25"),
    "a style sheet": malformed(new((HEAD, f'{HEAD}<?xml-stylesheet href="x.xsl"?>')), "line 2, column 1"),
    "an inclusion": malformed(
        inside('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'), "line 25"
    ),
    "sixty-five deep": malformed(inside("<a>" * 60 + "</a>" * 60), "line 25"),
    "three thousand deep": malformed(inside("<a>" * 3_000 + "</a>" * 3_000), "line 25, column 782"),
    "a hundred thousand deep": too_large(inside("<a>" * 100_000 + "</a>" * 100_000)),
    "a hundred thousand elements": too_large(inside("<a/>" * 100_000)),
    "ten thousand names": too_large(inside("".join(f"<n{n}/>" for n in range(10_001)))),
    "a thousand attributes": too_large(
        inside(f"<a {' '.join(f'a{n}=' + chr(34) * 2 for n in range(1_000))}/>"), "line 25"
    ),
    "a hundred thousand elements in a string": too_large(
        b'<string xmlns="http://tempuri.org/">'
        + escape(inside("<a/>" * 70_000).decode()).encode()
        + b"</string>"
    ),
    "a bomb of entities in a string": malformed(
        b'<string xmlns="http://tempuri.org/">'
        + escape(f'<!DOCTYPE Message [<!ENTITY e0 "ha">{_BOMB}]><Message>&e9;</Message>').encode()
        + b"</string>",
        "line 1, column 1",
    ),
    "strings in strings": malformed(
        b'<string xmlns="http://tempuri.org/"><string>&lt;string/&gt;</string></string>', "/"
    ),
    "a hundred thousand comments": too_large(inside("<!-- -->" * 50_000)),
    "ten megabytes of text": too_large(inside(f"<a>{'x' * 10_000_000}</a>")),
    "a megabyte of references": too_large(inside(f"<a>{'&#65;' * 250_000}</a>")),
    "ten megabytes of nothing": too_large(bytes(10_000_001)),
    "a hundred thousand patients": too_large(new(("</Patient>", "</Patient>" + "<Patient/>" * 99_000))),
}

NOT_SCRIPT = {
    "another root": malformed(b"<html><body/></html>", "/"),
    "another namespace": malformed(old((NAMESPACE, "urn:example")), "/"),
    "an answer of SOAP": malformed(
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>', "/"
    ),
    "no version": invalid(b"<Message/>", "021", "Message/@version"),
    "10.5": invalid(old(('release="006"', 'release="005"')), "022", "Message/@release"),
    "10.11": invalid(old(('release="006"', 'release="011"')), "022", "Message/@release"),
    "8.1": invalid(
        old(('version="010"', 'version="008"'), ('release="006"', 'release="001"')), "021", "Message/@version"
    ),
    "a version in words": invalid(old(('version="010"', 'version="ten"')), "021", "Message/@version"),
    "no release": invalid(old((' release="006"', "")), "022", "Message/@release"),
    "2013101": invalid(new(("20170715", "20131001")), "021", "Message/@TransactionVersion"),
    "2022011": invalid(new(("20170715", "20220115")), "021", "Message/@TransactionVersion"),
    "a version in Arabic digits": invalid(
        new(("20170715", "٢٠١٧٠٧١٥")), "021", "Message/@TransactionVersion"
    ),
    "no body": malformed(new(("<Body>", "<Corpus>"), ("</Body>", "</Corpus>")), "Message/Body"),
    "an empty body": malformed(b'<Message TransactionVersion="20170715"><Body/></Message>', "Message/Body"),
    "text for a body": malformed(
        b'<Message TransactionVersion="20170715"><Body>Hello</Body></Message>', "Message/Body"
    ),
    "two transactions": malformed(new(("</Body>", "<Status/></Body>")), "Message/Body"),
    "two bodies": malformed(new(("</Body>", "</Body><Body><Status/></Body>")), "Message/Body"),
    "a transaction of others": _in(
        new(("RxHistoryRequest>", "NewRx>")), 400, None, "Message/Body", code="601"
    ),
    "a transaction of nobody": _in(
        old(("RxHistoryRequest>", "RxHistoryWish>")), 400, None, "Message/Body", code="601"
    ),
}

REQUESTED = {
    "no patient": invalid(new(("<Patient>", "<X>"), ("</Patient>", "</X>")), "204", P_OLD),
    "an empty patient": invalid(
        b'<Message TransactionVersion="20170715"><Body><RxHistoryRequest><Patient/></RxHistoryRequest></Body>'
        b"</Message>",
        "204",
        P_OLD,
    ),
    "two patients": invalid(new(("</Patient>", "</Patient><Patient/>")), "204", P_OLD),
    "two people in a patient": invalid(
        new(("</HumanPatient>", "</HumanPatient><HumanPatient/>")), "204", f"{P_OLD}/HumanPatient"
    ),
    "no name": invalid(new((PERSON, "")), "081", f"{P_NEW}/Name/LastName"),
    "no last name": invalid(old(("<LastName>Quillfeather</LastName>", "")), "081", f"{P_OLD}/Name/LastName"),
    "an empty last name": invalid(old((">Quillfeather<", "> \u200b <")), "081", f"{P_OLD}/Name/LastName"),
    "no first name": invalid(new(("<FirstName>Marigold</FirstName>", "")), "082", f"{P_NEW}/Name/FirstName"),
    "two first names": invalid(
        old(("<FirstName>Marigold<", "<FirstName>Ann</FirstName><FirstName>Marigold<")),
        "082",
        f"{P_OLD}/Name/FirstName",
    ),
    "a name without letters": invalid(
        new((">Quillfeather<", ">---<"), (">Marigold<", ">...<")), "081", f"{P_NEW}/Name/LastName"
    ),
    "two names": invalid(new((PERSON, PERSON * 2)), None, f"{P_NEW}/Name"),
    "an element for a name": invalid(
        old((">Quillfeather<", "><b>Quillfeather</b><")), "081", f"{P_OLD}/Name/LastName"
    ),
    "no date of birth": invalid(old((BORN, "")), "080", f"{P_OLD}/DateOfBirth"),
    "a date of birth of February 30": invalid(
        new(("1971-04-09", "1971-02-30")), "080", f"{P_NEW}/DateOfBirth"
    ),
    "a date of birth as Americans write it": invalid(
        old(("1971-04-09", "04/09/1971")), "080", f"{P_OLD}/DateOfBirth"
    ),
    "a date of birth to come": invalid(new(("1971-04-09", "2071-04-09")), "080", f"{P_NEW}/DateOfBirth"),
    "a date of birth in the year 0": invalid(
        new(("1971-04-09", "0000-04-09")), "080", f"{P_NEW}/DateOfBirth"
    ),
    "two dates of birth": invalid(new((BORN, BORN + BORN)), "080", f"{P_NEW}/DateOfBirth"),
    "two genders": invalid(
        new(("<Gender>F</Gender>", "<Gender>F</Gender><Gender>M</Gender>")), "086", f"{P_NEW}/Gender"
    ),
    "a gender that is none": invalid(old((">F<", ">X<")), "086", f"{P_OLD}/Gender"),
    "a postal code of four digits": invalid(new((">06103<", ">6103<")), "092", f"{P_NEW}/Address/PostalCode"),
    "a ZIP code in letters": invalid(old((">06103<", ">ABCDE<")), "092", f"{P_OLD}/Address/ZipCode"),
    "consent refused": invalid(new((">Y<", ">N<")), "219", "RxHistoryRequest/BenefitsCoordination/Consent"),
    "consent for the prescriber's own": invalid(
        old((">Y<", ">P<")), "219", "RxHistoryRequest/BenefitsCoordination/Consent"
    ),
    "consent given and refused": invalid(
        new(
            (
                "<Consent>Y</Consent>",
                "<Consent>Y</Consent></BenefitsCoordination><BenefitsCoordination><Consent>N</Consent>",
            )
        ),
        "219",
        "RxHistoryRequest/BenefitsCoordination/Consent",
    ),
    "a consent that is none": invalid(
        old((">Y<", ">maybe<")), None, "RxHistoryRequest/BenefitsCoordination/Consent"
    ),
    "an end before the start": invalid(
        new(("2026-11-20</Date>", "2024-12-31</Date>")), "217", "RxHistoryRequest/RequestedDates/EndDate"
    ),
    "an expiration before the start": invalid(
        old(("2026-11-20</Date>", "2024-12-31</Date>")),
        "217",
        "RxHistoryRequest/BenefitsCoordination/ExpirationDate",
    ),
    "a start that is no date": invalid(
        new(("2025-01-01", "last year")), None, "RxHistoryRequest/RequestedDates/StartDate"
    ),
    "two starts": invalid(
        new(
            (
                "<StartDate><Date>2025-01-01</Date></StartDate>",
                "<StartDate><Date>2025-01-01</Date></StartDate>" * 2,
            )
        ),
        None,
        "RxHistoryRequest/RequestedDates/StartDate",
    ),
    "a state in words": invalid(
        new((">CT</StateProvince></PDMP", ">Connecticut</StateProvince></PDMP")),
        None,
        "RxHistoryRequest/PDMPStatesRequested/StateProvince",
    ),
}

_WHOLE = rxfill(
    a_dispensation(person=a_person(key=None), refills_authorised=0),
    V2017071,
    DISPENSED,
    message_id="FILL0001",
)
_PHARMACY = "RxFill/Pharmacy"
_DRUG = "RxFill/MedicationDispensed"


def fill(*changes: tuple[str, str]) -> bytes:
    return _changed(_WHOLE, changes)


def without(name: str, *, inside: str = "") -> bytes:
    """The fill without the first element of that name behind the start of `inside`."""
    start = _WHOLE.index(f"<{name}>", _WHOLE.index(f"<{inside}>") if inside else 0)
    end = _WHOLE.index(f"</{name}>", start) + len(name) + 3
    return (_WHOLE[:start] + _WHOLE[end:]).encode()


REPORTED = {
    "a fill without a status": invalid(without("FillStatus"), None, "RxFill/FillStatus"),
    "a fill of two statuses": invalid(
        fill(("<FillStatus>", "<FillStatus><NotDispensed/>")), None, "RxFill/FillStatus"
    ),
    "a status that is none": invalid(
        fill(("<FillStatus><Dispensed/>", "<FillStatus><Lost/>")),
        None,
        "RxFill/FillStatus",
    ),
    "a fill of nobody": invalid(without("Patient"), "204", "RxFill/Patient"),
    "a fill of nothing": invalid(without("MedicationDispensed"), "206", _DRUG),
    "a fill by nobody": invalid(without("Pharmacy"), "203", _PHARMACY),
    "two pharmacies": invalid(fill(("</Pharmacy>", "</Pharmacy><Pharmacy/>")), "203", _PHARMACY),
    "a fill without a number": invalid(
        without("RxReferenceNumber"), None, "Message/Header/RxReferenceNumber"
    ),
    "a fill without a date": invalid(without("LastFillDate"), None, f"{_DRUG}/LastFillDate"),
    "a fill without a quantity": invalid(without("Quantity"), None, f"{_DRUG}/Quantity/Value"),
    "a quantity in words": invalid(fill(("<Value>10<", "<Value>ten<")), None, f"{_DRUG}/Quantity/Value"),
    "a quantity below zero": invalid(fill(("<Value>10<", "<Value>-10<")), None, f"{_DRUG}/Quantity/Value"),
    "a quantity without end": invalid(fill(("<Value>10<", "<Value>1e99<")), None, f"{_DRUG}/Quantity/Value"),
    "two quantities": invalid(
        fill(("<Value>10<", "<Value>1</Value><Value>10<")), None, f"{_DRUG}/Quantity/Value"
    ),
    "what remains": invalid(
        fill(("<CodeListQualifier>38<", "<CodeListQualifier>40<")),
        None,
        f"{_DRUG}/Quantity/CodeListQualifier",
    ),
    "a unit that is unknown": invalid(fill(("C48542", "C99999")), None, f"{_DRUG}/Quantity"),
    "a fill without days": invalid(without("DaysSupply"), None, f"{_DRUG}/DaysSupply"),
    "half a day": invalid(fill(("<DaysSupply>2<", "<DaysSupply>2.5<")), None, f"{_DRUG}/DaysSupply"),
    "a fill on no day": invalid(fill(("2026-09-02", "2026-09-31")), None, f"{_DRUG}/LastFillDate"),
}

CASES: dict[str, Refused] = NOT_XML | ENCODINGS | HOSTILE | NOT_SCRIPT | REQUESTED | REPORTED
