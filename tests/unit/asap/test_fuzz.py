"""Whatever is in a file, reading it ends in a report; and no fill gets to another patient than it was sent for."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from adapters.asap.read import open_file
from gateway.model import IntakeRecord
from tests.unit.asap.files import DSP, PAT, PRE, pharmacy, reported, text

_FAMILIES = ("ALDER", "BIRCH", "CEDAR", "DOGWOOD")


def _file() -> str:
    """Each fill's prescription number tells whose it is."""
    first, second = (
        pharmacy(
            *(
                segment
                for family in families
                for segment in (
                    PAT.replace("QUILLFEATHER", family),
                    DSP.replace("7001234", family),
                    PRE,
                    DSP.replace("7001234", family).replace("*00*01*", "*01*01*"),
                    PRE,
                )
            )
        )
        for families in (_FAMILIES[:2], _FAMILIES[2:])
    )
    return text(first, second)


WHOLE = _file()
LINES = WHOLE.splitlines(keepends=True)


_PIECES = [b"~", b"*", b"\n", b"PAT*", b"TP*3~", b"TT*C1*3~", b"\xff"]
_NAMES = st.text("ADPRST*X", max_size=4) | st.sampled_from(["PRE", "CDI", "AIR", "IS", "TH"])


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    content = bytearray(WHOLE.encode())
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.integers(0, 60))
        new = draw(st.binary(max_size=8) | st.sampled_from(_PIECES))
        content[place : place + length] = new
    return bytes(content)


@given(content=_mutated() | st.binary(max_size=400).map(lambda rest: b"TH*4.2B*" + rest))
def test_reading_always_ends_in_a_report(content: bytes) -> None:
    file = open_file(io.BytesIO(content))
    if file is None:
        return
    out = io.BytesIO()
    report = file.report(out, "application/json")
    for record in file.records():
        assert record.path
        if isinstance(record, IntakeRecord) and record.dispensation is None:
            assert any(issue.is_error for issue in record.issues)
    report.finish()
    assert json.loads(out.getvalue())["summary"]["status"]


@given(lost=st.sets(st.integers(0, len(LINES) - 1), min_size=1, max_size=4))
def test_lost_segments_move_no_fill_to_somebody_else(lost: set[int]) -> None:
    rest = "".join(line for n, line in enumerate(LINES) if n not in lost)
    if not rest.startswith("TH"):
        return
    _each_is_its_own(rest)


@given(
    garbled=st.sets(st.integers(1, len(LINES) - 1), min_size=1, max_size=4),
    name=_NAMES,
)
def test_segments_with_another_name_move_no_fill_to_somebody_else(garbled: set[int], name: str) -> None:
    lines = [f"{name}{line[3:]}" if n in garbled else line for n, line in enumerate(LINES)]
    _each_is_its_own("".join(lines))


def _each_is_its_own(content: str) -> None:
    for record in reported(content):
        if isinstance(record, IntakeRecord) and record.dispensation and record.dispensation.person.names:
            assert record.dispensation.person.names[0].family == record.dispensation.rx_number


def test_ten_megabytes_of_nothing() -> None:
    for filler in (b"x" * 10_000_000, b"~" * 10_000_000, b"TH*" * 3_000_000):
        file = open_file(io.BytesIO(b"TH*4.2B*C1*01**20260903*0215*P**~~" + filler))
        assert file is not None
        assert sum(1 for _ in file.records()) <= 1
