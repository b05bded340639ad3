"""Makers of ASAP files for the tests: counts are right unless a test breaks them."""

from __future__ import annotations

import io
from collections.abc import Sequence

from adapters.asap.read import AsapFile, open_file
from gateway.model import IntakeRecord, Reported

PHA = "PHA*1234567893*1234567*BC6486054*HARBOR PHARMACY*12 ELM ST**HARTFORD*CT*06103*8605550100"
PAT = "PAT*******QUILLFEATHER*ODESSA****7 OAK LN**HARTFORD*CT*06103*8605550199*19710409*F*01"
DSP = "DSP*00*7001234*20260901*0*20260902*00*01*00093007401*30*30*01*05*00***04*20260902"
PRE = "PRE*1023011178*AD1111119***PELL*ROWAN"


def header(
    version: str = "4.2B", kind: str = "P", sent: str = "01", control: str = "C1", end: str = "~"
) -> str:
    return f"TH*{version}*{control}*{sent}**20260903*0215*{kind}**{end}"


def pharmacy(*segments: str, pha: str = PHA, count: int | None = None) -> list[str]:
    """PHA, the segments, and a TP that agrees."""
    return [pha, *segments, f"TP*{len(segments) + 2 if count is None else count}"]


def text(
    *pharmacies: Sequence[str],
    head: str | None = None,
    information: str = "IS*1234567893*HARBOR*",
    count: int | None = None,
    end: str = "~",
) -> str:
    """A whole file."""
    lines = [head or header(end=end), information, *(segment for one in pharmacies for segment in one)]
    lines.append(f"TT*C1*{len(lines) + 1 if count is None else count}")
    return "".join(f"{line}{end}\n" for line in lines)


def opened(content: str | bytes) -> AsapFile:
    """The file; it is one."""
    raw = content if isinstance(content, bytes) else content.encode()
    file = open_file(io.BytesIO(raw))
    assert file is not None
    return file


def reported(content: str | bytes) -> list[Reported]:
    """What the file reports."""
    return list(opened(content).records())


def only(content: str | bytes) -> IntakeRecord:
    """The one record of a file."""
    (one,) = reported(content)
    assert isinstance(one, IntakeRecord)
    return one


def report(content: str | bytes, content_type: str = "application/json") -> bytes:
    """The report of a file of which nothing is taken in."""
    file = opened(content)
    out = io.BytesIO()
    written = file.report(out, content_type)
    list(file.records())
    written.finish()
    return out.getvalue()
