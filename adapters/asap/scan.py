"""The first pass over a file: is it whole?

A lost segment may put a fill on the wrong patient, so a pharmacy's records are recorded only when its own count
(TP01, the segments PHA to TP) agrees. TT02 counts the segments TH to TT; when it does not agree although every
pharmacy's count does, whole pharmacies may be missing, which the report says. Zero reports whose counts are 0 are
seen and tolerated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO

from adapters.asap.layout import ENCODING_VERSIONS
from adapters.asap.segments import Marks, Segment, decoded, segment, split
from gateway.model import IntakeIssue, IssueCode

_REQUEST = {"", "01"}
_TEST = "T"


@dataclass(slots=True)
class Scan:
    """What holds for the file as a whole.

    `digest` is that of all its bytes. `refused` says that nothing of it can be read; then `issues` say why. `unsound`
    has the pharmacies that are not whole, by the number of their first segment.
    """

    digest: str
    version: str = ""
    control_number: str = ""
    is_test: bool = False
    refused: bool = False
    issues: list[IntakeIssue] = field(default_factory=list)
    unsound: dict[int, IntakeIssue] = field(default_factory=dict)

    def add(self, path: str, code: IssueCode, message: str, *, is_error: bool = True) -> None:
        """An issue of the file."""
        self.issues.append(IntakeIssue(path=path, code=code, message=message, is_error=is_error))

    def refuse(self, path: str, code: IssueCode, message: str) -> None:
        """An issue that keeps the whole file from being read."""
        self.refused = True
        self.add(path, code, message)


class _Counting:
    """Counts on the way through the segments."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._number = 0
        self._first = 0  # of the pharmacy that is open; 0: none is
        self._is_zero = False
        self._trailer = 0

    def take(self, name: bytes, fields: list[bytes]) -> None:
        self._number += 1
        if self._trailer:
            self._after_the_end(name)
        elif name == b"PHA":
            self._close(None)
            self._first = self._number
        elif name == b"TP":
            self._close(fields)
        elif name == b"TT":
            self._close(None)
            self._trailer = self._number
            self._check_trailer(fields)
        elif name == b"IS":
            self._is_zero = len(fields) > 3 and b"#" in fields[3]

    def finish(self) -> None:
        self._close(None)
        if not self._trailer and not self._scan.refused:
            self._scan.add(
                f"{self._number}:TT",
                IssueCode.MISSING,
                "The file ends without TT, so it may not be whole. Send the whole file again.",
            )

    def _close(self, trailer: list[bytes] | None) -> None:
        """The end of a pharmacy, by its TP or without one."""
        first, self._first = self._first, 0
        if trailer is None:
            if first:
                self._unsound(
                    first,
                    IssueCode.MISSING,
                    "The pharmacy ends without TP, so segments may be missing; nothing of it was recorded. "
                    "Send it again, whole.",
                )
            return
        if not first:
            self._scan.add(
                f"{self._number}:TP",
                IssueCode.INCONSISTENT,
                "There is a TP without the PHA that it belongs to; what stands before it was not recorded.",
            )
            return
        declared, counted = _count(trailer, 1), self._number - first + 1
        if declared == counted or (declared == 0 and self._is_zero):
            return
        self._unsound(
            first,
            IssueCode.INCONSISTENT,
            f"TP01 does not agree with the segments PHA to TP, which are {counted}; nothing of the pharmacy was "
            "recorded. Send it again, whole.",
        )

    def _unsound(self, first: int, code: IssueCode, message: str) -> None:
        issue = IntakeIssue(path=f"{self._number}:TP01", code=code, message=message, is_error=True)
        self._scan.unsound[first] = issue
        self._scan.issues.append(issue)

    def _check_trailer(self, fields: list[bytes]) -> None:
        path = f"{self._number}:TT"
        control = decoded(fields[1]).strip() if len(fields) > 1 else ""
        if control != self._scan.control_number:
            self._scan.add(f"{path}01", IssueCode.INCONSISTENT, "TT01 is not the control number of TH02.")
        declared = _count(fields, 2)
        if declared != self._number and not (declared == 0 and self._is_zero):
            self._scan.add(
                f"{path}02",
                IssueCode.INCONSISTENT,
                f"TT02 does not agree with the segments TH to TT, which are {self._number}. Pharmacies may be "
                "missing: send the whole file again.",
            )

    def _after_the_end(self, name: bytes) -> None:
        if self._number == self._trailer + 1:
            what = "another TH" if name == b"TH" else "more segments"
            self._scan.add(
                f"{self._number}:{'TH' if name == b'TH' else 'TT'}",
                IssueCode.UNSUPPORTED,
                f"There is {what} after TT, and nothing from there on was read. Send it as a file of its own.",
            )


def scan(file: BinaryIO, marks: Marks) -> Scan:
    """Go through the whole file once."""
    found = Scan(digest=_digest(file))
    counting = _Counting(found)
    for number, raw in enumerate(split(file, marks), 1):
        end = raw.find(marks.separator)
        name = (raw if end < 0 else raw[:end]).strip().upper()
        fields = raw.split(marks.separator) if name in _COUNTED else []
        if number == 1:
            _read_header(found, segment(1, [decoded(part) for part in fields]))
            if found.refused:
                break
        counting.take(name, fields)
    counting.finish()
    return found


_COUNTED = {b"TH", b"IS", b"TP", b"TT"}


def _read_header(found: Scan, header: Segment) -> None:
    found.control_number = header.fields[2]
    found.version = header.fields[1].upper()
    if found.version not in ENCODING_VERSIONS:
        found.refuse(
            "1:TH01",
            IssueCode.UNSUPPORTED,
            f"The version is not one that is read here. Send one of {', '.join(ENCODING_VERSIONS)}.",
        )
    if header.fields[3] not in _REQUEST:
        found.refuse("1:TH03", IssueCode.UNSUPPORTED, "Only files to be recorded are taken. Send TH03 = 01.")
    file_type = header.fields[7].upper()
    if file_type not in {"P", _TEST}:
        found.refuse(
            "1:TH07",
            IssueCode.UNKNOWN_CODE if file_type else IssueCode.MISSING,
            "It is not said whether the file is to be recorded. Send TH07 = P (production) or T (test).",
        )
    found.is_test = file_type == _TEST


def _count(fields: list[bytes], position: int) -> int | None:
    """The count that is declared; None when there is no number."""
    text = fields[position].strip() if position < len(fields) else b""
    if not text:
        return 0
    return int(text) if text.isdigit() and len(text) < 10 else None


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = sha256()
    while piece := file.read(1 << 18):
        digest.update(piece)
    return digest.hexdigest()
