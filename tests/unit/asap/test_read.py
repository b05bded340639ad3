from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.model import (
    IdentifierKind,
    IntakeAction,
    IntakeRecord,
    IssueCode,
    QuantityUnit,
    Sex,
    Species,
    ZeroReport,
)
from tests.unit.asap.files import DSP, PAT, PHA, PRE, header, only, opened, pharmacy, reported, text


def _dsp(**fields: str) -> str:
    """DSP with some of its fields (d06="01") changed."""
    parts = DSP.split("*")
    parts += [""] * (26 - len(parts))
    for name, value in fields.items():
        parts[int(name[1:])] = value
    return "*".join(parts).rstrip("*")


def _one(
    dsp: str = DSP, *, pat: str = PAT, version: str = "4.2B", more: tuple[str, ...] = ()
) -> IntakeRecord:
    return only(text(pharmacy(pat, dsp, PRE, *more), head=header(version)))


def test_a_record_in_full() -> None:
    record = _one()
    d = record.dispensation
    assert d is not None
    assert (record.action, record.issues, record.path) == (IntakeAction.NEW, (), "5:DSP")
    assert (d.rx_number, d.written, d.filled, d.sold) == (
        "7001234",
        date(2026, 9, 1),
        date(2026, 9, 2),
        date(2026, 9, 2),
    )
    assert (d.fill_number, d.refills_authorised, d.partial_fill) == (0, 0, 0)
    assert (d.quantity, d.unit, d.days_supply) == (Decimal(30), QuantityUnit.EACH, 30)
    assert (d.drug.ndc11, d.rx_origin, d.payment) == ("00093007401", "05", "04")
    assert (d.dispenser.npi, d.dispenser.ncpdp_id, d.dispenser.dea) == ("1234567893", "1234567", "BC6486054")
    assert (d.prescriber.npi, d.prescriber.dea) == ("1023011178", "AD1111119")
    assert d.person.names[0].family == "QUILLFEATHER"
    assert (d.person.birth_date, d.person.sex, d.person.phones) == (
        date(1971, 4, 9),
        Sex.FEMALE,
        ("8605550199",),
    )
    assert d.person.addresses[0].postal_code == "06103"


@pytest.mark.parametrize(
    ("version", "code", "part"),
    [
        ("4.2", "00", 0),
        ("4.2A", "01", 1),
        ("5.0", "03", 3),
        ("4.2b", "", 0),
        ("4.1", "01", 1),
        ("4.0", "02", 0),
    ],
)
def test_dsp13_by_version(version: str, code: str, part: int) -> None:
    d = _one(_dsp(d13=code), version=version).dispensation
    assert d is not None
    assert d.partial_fill == part


@pytest.mark.parametrize(("code", "action"), [("00", "new"), ("01", "revise"), ("02", "void"), ("", "new")])
def test_reporting_status(code: str, action: str) -> None:
    assert _one(_dsp(d01=code)).action == action


def test_a_void_needs_only_what_names_the_fill() -> None:
    record = _one("DSP*02*7001234***20260902*00")
    assert record.dispensation is not None
    assert record.issues == ()


@pytest.mark.parametrize(
    ("over", "field", "code"),
    [
        ({"d01": "07"}, "DSP01", IssueCode.UNKNOWN_CODE),
        ({"d05": ""}, "DSP05", IssueCode.MISSING),
        ({"d05": "20260231"}, "DSP05", IssueCode.MALFORMED),
        ({"d05": "2026902"}, "DSP05", IssueCode.MALFORMED),
        ({"d06": ""}, "DSP06", IssueCode.MISSING),
        ({"d06": "x"}, "DSP06", IssueCode.MALFORMED),
        ({"d08": ""}, "DSP08", IssueCode.MISSING),
        ({"d07": "02"}, "DSP07", IssueCode.UNSUPPORTED),
        ({"d07": "06"}, "DSP07", IssueCode.MISSING),
        ({"d09": "1e3"}, "DSP09", IssueCode.MALFORMED),
        ({"d09": "-1"}, "DSP09", IssueCode.MALFORMED),
        ({"d10": ""}, "DSP10", IssueCode.MISSING),
        ({"d11": "07"}, "DSP11", IssueCode.UNKNOWN_CODE),
        ({"d13": "N"}, "DSP13", IssueCode.MALFORMED),
    ],
)
def test_what_cannot_be_recorded(over: dict[str, str], field: str, code: IssueCode) -> None:
    record = _one(_dsp(**over))
    assert record.dispensation is None
    assert [(i.path, i.code) for i in record.issues if i.is_error] == [(f"5:{field}", code)]


@pytest.mark.parametrize(
    ("over", "field", "canonical"),
    [
        ({"d03": "20261301"}, "DSP03", "written"),
        ({"d04": "many"}, "DSP04", "refills_authorised"),
        ({"d12": "77"}, "DSP12", "rx_origin"),
        ({"d16": "55"}, "DSP16", "payment"),
        ({"d17": "soon"}, "DSP17", "sold"),
        ({"d24": "88"}, "DSP24", "treatment_type"),
    ],
)
def test_what_is_left_out_with_a_remark(over: dict[str, str], field: str, canonical: str) -> None:
    record = _one(_dsp(**over))
    assert record.dispensation is not None
    assert getattr(record.dispensation, canonical) is None
    assert [(i.path, i.is_error) for i in record.issues] == [(f"5:{field}", False)]


def test_a_compound() -> None:
    cdi = ("CDI*01*01*00228298311*600*03", "CDI*02*01*0093-0074-01*1.5*02")
    d = _one(_dsp(d07="06", d08="99999999999"), more=cdi).dispensation
    assert d is not None
    assert d.drug.ndc11 is None
    assert [(p.sequence, p.ndc11, p.quantity, p.unit) for p in d.compound] == [
        (1, "00228298311", Decimal(600), QuantityUnit.GRAM),
        (2, "00093007401", Decimal("1.5"), QuantityUnit.MILLILITRE),
    ]


def test_an_animal_and_its_owner() -> None:
    pat = PAT.replace("*F*01", "*F*02***BISCUIT")
    d = _one(pat=pat).dispensation
    assert d is not None
    assert d.person.species is Species.VETERINARY
    assert (d.person.names[0].given, d.person.birth_date) == (("BISCUIT",), None)
    assert d.person.owner is not None
    assert (d.person.owner.names[0].given, d.person.owner.birth_date) == (("ODESSA",), date(1971, 4, 9))


def test_identifiers_of_the_patient() -> None:
    pat = PAT.replace("PAT*******", "PAT*CT*06*123456789*CT*07*987654320*")
    d = _one(pat=pat).dispensation
    assert d is not None
    assert [(i.kind, i.value, i.issuer) for i in d.person.identifiers] == [
        (IdentifierKind.DRIVER_LICENCE, "123456789", "CT"),
        (IdentifierKind.SSN, "987654320", None),
    ]


@pytest.mark.parametrize(("separator", "end"), [("*", "~"), ("|", "\\"), ("^", "!"), ("*", "\n"), (";", "~")])
@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_marks_are_detected(separator: str, end: str, line_end: str) -> None:
    content = text(pharmacy(PAT, DSP, PRE), head=header(end="~")).replace("*", separator)
    content = content.replace("~\n", "~").replace("~", end + line_end if end != "\n" else "\n")
    assert only(content).dispensation == _one().dispensation


def test_a_terminator_that_is_left_out_at_the_end_of_a_line() -> None:
    content = text(pharmacy(PAT, DSP, PRE)).replace("TP*5~\n", "TP*5\n")
    assert only(content).dispensation == _one().dispensation


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
def test_encodings(encoding: str) -> None:
    content = text(pharmacy(PAT.replace("ODESSA", "ZOË"), DSP, PRE)).encode(encoding)
    d = only(content).dispensation
    assert d is not None
    assert d.person.names[0].given == ("ZOË",)


# --- whose record it is -----------------------------------------------------------------------------------------


OTHER = PAT.replace("QUILLFEATHER*ODESSA", "MARSH*IVO")


def _whose(content: str) -> list[str | None]:
    return [
        r.dispensation.person.names[0].family if r.dispensation else None
        for r in reported(content)
        if isinstance(r, IntakeRecord)
    ]


def test_a_patient_holds_until_the_next() -> None:
    second = _dsp(d02="2")
    content = text(pharmacy(PAT, DSP, PRE, second, PRE, OTHER, _dsp(d02="3"), PRE))
    assert _whose(content) == ["QUILLFEATHER", "QUILLFEATHER", "MARSH"]


@pytest.mark.parametrize(
    "broken",
    [
        OTHER.replace("19710409", "1971"),  # a date of birth that is none
        OTHER.replace("*F*01", "*F*09"),  # a species that is none
        OTHER.replace("PAT*", "PXT*"),  # a segment that is none
        OTHER.replace("PAT*", "*"),
    ],
)
def test_records_after_a_patient_who_cannot_be_told_are_not_the_one_before(broken: str) -> None:
    content = text(pharmacy(PAT, DSP, PRE, broken, _dsp(d02="2"), PRE, _dsp(d02="3"), PRE))
    whose = _whose(content)
    assert whose[0] == "QUILLFEATHER"
    assert set(whose[1:]) == {None}
    assert len(whose) >= 3


@pytest.mark.parametrize("lost", range(1, 7))
def test_a_lost_segment_rejects_the_pharmacy_whose_count_it_was_in(lost: int) -> None:
    first = pharmacy(PAT, DSP, PRE, OTHER, _dsp(d02="2"), PRE)
    second = pharmacy(PAT, _dsp(d02="9"), PRE, pha=PHA.replace("1234567*", "7654321*"))
    del first[lost]
    whose = _whose(text(first, second))
    assert set(whose[:-1]) <= {None}
    assert whose[-1] == "QUILLFEATHER"


def test_a_file_that_is_cut_says_so_and_gives_what_is_whole() -> None:
    whole = text(pharmacy(PAT, DSP, PRE), pharmacy(OTHER, _dsp(d02="2"), PRE))
    cut = whole[: whole.index("PRE*", whole.index("MARSH"))]
    assert _whose(cut) == ["QUILLFEATHER", None]
    assert {i.path.partition(":")[2] for i in opened(cut).issues} == {"TP01", "TT"}


def test_a_count_of_the_file_that_does_not_agree_is_said_and_takes_nothing() -> None:
    content = text(pharmacy(PAT, DSP, PRE), count=99)
    assert _whose(content) == ["QUILLFEATHER"]
    assert [(i.path, i.is_error) for i in opened(content).issues] == [("8:TT02", True)]


def test_a_record_without_a_pharmacy_is_rejected() -> None:
    assert _whose(text([PAT, DSP, PRE])) == [None]


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "field"),
    [
        (header(version="3.0"), "TH01"),
        (header(sent="02"), "TH03"),
        (header(kind="X"), "TH07"),
        (header(kind=""), "TH07"),
    ],
)
def test_a_file_that_is_not_read(head: str, field: str) -> None:
    file = opened(text(pharmacy(PAT, DSP, PRE), head=head))
    assert list(file.records()) == []
    assert [i.path for i in file.issues if i.is_error] == [f"1:{field}"]


def test_a_test_file_says_so() -> None:
    assert opened(text(pharmacy(PAT, DSP, PRE), head=header(kind="T"))).is_test


def test_the_same_bytes_are_the_same_message() -> None:
    content = text(pharmacy(PAT, DSP, PRE))
    assert opened(content).message == opened(content).message != opened(content + "\n").message


ZERO = ("PAT*******REPORT*ZERO************", "DSP*****20260902", "PRE*", "CDI*", "AIR*")
PERIOD = "IS*1234567893*HARBOR*#20260901#-#20260902#"


@pytest.mark.parametrize("count", [None, 0])
@pytest.mark.parametrize("segments", [ZERO, ()])
def test_a_zero_report(count: int | None, segments: tuple[str, ...]) -> None:
    content = text(pharmacy(*segments, count=count), information=PERIOD, count=count)
    file = opened(content)
    (one,) = file.records()
    assert isinstance(one, ZeroReport)
    assert (one.first, one.last, one.issues, file.issues) == (date(2026, 9, 1), date(2026, 9, 2), (), ())
    assert one.dispenser.ncpdp_id == "1234567"


@pytest.mark.parametrize("information", ["IS*1*HARBOR*", "IS*1*HARBOR*#2026-09-01#-#2026-09-02#"])
def test_a_zero_report_without_its_period_is_an_error(information: str) -> None:
    (one,) = reported(text(pharmacy(*ZERO), information=information))
    assert isinstance(one, ZeroReport)
    assert [(i.path, i.code, i.is_error) for i in one.issues] == [("3:IS03", IssueCode.MISSING, True)]
    assert (one.first, one.last) == (None, None)


def test_a_pharmacy_with_records_has_no_zero_report() -> None:
    (one,) = reported(text(pharmacy(PAT, DSP, PRE), information=PERIOD))
    assert isinstance(one, IntakeRecord)


# --- samples ----------------------------------------------------------------------------------------------------


def test_the_published_sample(shared: Any) -> None:
    content = Path(shared / "standards/asap/synthetic_ct_batch_4_2B.txt").read_bytes()
    file = opened(content)
    records = [r for r in file.records() if isinstance(r, IntakeRecord)]
    assert file.issues == ()
    assert [r.action.value for r in records] == ["new", "revise", "void", "new"]
    assert all(r.dispensation and not r.issues for r in records)
    revised, compound = records[1].dispensation, records[3].dispensation
    assert revised is not None
    assert (revised.fill_number, revised.partial_fill) == (1, 1)
    assert compound is not None
    assert (compound.person.species, len(compound.compound)) == (Species.VETERINARY, 1)


def test_the_sample_inside_the_clearinghouse_message(shared: Any) -> None:
    message = (shared / "standards/soap/pmpclearinghouse_realtime_request.xml").read_text()
    content = message.partition("<Request>")[2].partition("</Request>")[0]
    file = opened(content)
    (one,) = file.records()
    assert isinstance(one, IntakeRecord)
    assert one.dispensation is not None
    assert one.dispensation.person.birth_date == date(1952, 10, 11)
    assert file.issues == ()
