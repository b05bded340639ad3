"""An ASAP file -> what it reports, record by record.

    TH IS  (PHA (PAT (DSP [PRE] [CDI ...] [AIR])...)... TP)...  TT

A PAT holds for the DSPs after it until the next PAT or PHA; PRE, CDI and AIR belong to the DSP before them. Nothing
in a file raises: what is wrong with a record rejects that record, and what is wrong with a segment that several
records need (a PAT, a PHA) rejects all of those, never leaves them to the segment before.
A pharmacy that is not whole (`scan.py`) is rejected record by record.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import BinaryIO

from adapters.asap import values
from adapters.asap.dispensations import Told, is_compound, record
from adapters.asap.layout import LENGTHS
from adapters.asap.parties import Notes, dispenser, person, prescriber
from adapters.asap.report import open_report
from adapters.asap.scan import Scan, scan
from adapters.asap.segments import Marks, Segment, find_marks, segments
from gateway.errors import ErrorCode, MessageError
from gateway.model import (
    Dispenser,
    IntakeBatch,
    IntakeIssue,
    IntakeRecord,
    IssueCode,
    Person,
    Prescriber,
    Reported,
    ZeroReport,
)
from gateway.ports import FileReport, Inbound

_ZERO_PERIOD = re.compile(r"#\s*(\d{8})\s*#\s*-\s*#\s*(\d{8})\s*#")
_ZERO_NAMES = {"ZERO", "REPORT"}
_PRESCRIBERS_KEPT = 10_000


def read(message: Inbound) -> IntakeBatch:
    """The file that is the body.

    :raises MessageError: it is no ASAP file.
    """
    file = open_file(io.BytesIO(message.body))
    if file is None:
        raise MessageError(
            "The body is not an ASAP file.",
            path="TH",
            code=ErrorCode.MALFORMED,
            remedy="Send a file that begins with a TH segment, of which the third character is the separator.",
        )
    return IntakeBatch(
        records=tuple(file.records()), message=file.message, is_test=file.is_test, issues=file.issues
    )


def open_file(file: BinaryIO) -> AsapFile | None:
    """The file, gone through once; None when it is not an ASAP file."""
    marks = find_marks(file)
    return None if marks is None else AsapFile(file, marks)


class AsapFile:
    """Implements :class:`gateway.ports.SubmittedFile`."""

    def __init__(self, file: BinaryIO, marks: Marks) -> None:
        self._file = file
        self._marks = marks
        self.scan = scan(file, marks)
        self.message = f"asap:{self.scan.digest}"
        self.is_test = self.scan.is_test
        self.issues = tuple(self.scan.issues)

    def records(self) -> Iterator[Reported]:
        """See the port."""
        if self.scan.refused:
            return iter(())
        return _Records(self.scan).of(segments(self._file, self._marks))

    def report(self, out: BinaryIO, content_type: str) -> FileReport:
        """See the port."""
        return open_report(self.scan, out, content_type)


class _Records:
    """Goes through the segments and hands out each record when the next one begins."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._zero: re.Match[str] | None = None  # of IS03
        self._prescribers: dict[tuple[str, ...], Prescriber] = {}
        self._open: Told | None = None
        self._leave_pharmacy()

    def _leave_pharmacy(self) -> None:
        self._dispenser: Dispenser | None = None
        self._unsound: IntakeIssue | None = None
        self._pha: Segment | None = None
        self._has_records = False
        self._leave_patient()

    def _leave_patient(self) -> None:
        self._person: Person | None = None
        self._person_issues: tuple[IntakeIssue, ...] = ()
        self._is_zero = False

    def of(self, all_segments: Iterator[Segment]) -> Iterator[Reported]:
        take = {
            "IS": self._information,
            "PHA": self._pharmacy,
            "PAT": self._patient,
            "DSP": self._dispensation,
            "PRE": self._with_prescriber,
            "CDI": self._ingredient,
            "TP": self._end_of_pharmacy,
            "AIR": self._addition,
        }
        next(all_segments, None)  # TH, which the scan has read
        for segment in all_segments:
            if segment.name == "TT":
                break
            yield from take.get(segment.name, self._unknown)(segment)
        yield from self._leave()

    def _leave(self) -> Iterator[Reported]:
        """What is open ends here: the record, and a pharmacy that had none."""
        yield from self._flush()
        if self._pha is not None and not self._has_records and (self._zero is not None or self._is_zero):
            yield self._zero_report(self._pha)
        self._leave_pharmacy()

    def _flush(self) -> Iterator[IntakeRecord]:
        told, self._open = self._open, None
        if told is not None:
            if self._unsound is not None:
                told.notes.issues.append(self._unsound)
            yield record(told, self._scan.version)

    # --- segments ---------------------------------------------------------------------------------------------

    def _information(self, segment: Segment) -> Iterator[Reported]:
        if self._pha is not None:
            return self._unknown(segment)
        self._zero = _ZERO_PERIOD.search(segment.fields[3])
        return iter(())

    def _pharmacy(self, segment: Segment) -> Iterator[Reported]:
        yield from self._leave()
        self._pha = segment
        self._dispenser = dispenser(segment)
        self._unsound = self._scan.unsound.get(segment.number)

    def _end_of_pharmacy(self, segment: Segment) -> Iterator[Reported]:
        yield from self._leave()

    def _patient(self, segment: Segment) -> Iterator[Reported]:
        yield from self._flush()
        self._leave_patient()
        self._is_zero = {segment.fields[7].upper(), segment.fields[8].upper()} == _ZERO_NAMES
        if self._is_zero:
            return
        notes = Notes()
        told = person(segment, notes)
        self._person_issues = tuple(notes.issues)
        if not any(issue.is_error for issue in notes.issues):
            self._person = told

    def _dispensation(self, segment: Segment) -> Iterator[Reported]:
        yield from self._flush()
        if not segment.fields[
            2
        ]:  # of a zero report, or a segment of another name: no DSP is without its number
            yield from self._out_of_place(segment)
            return
        self._has_records = True
        self._open = Told(
            dsp=segment,
            dispenser=self._dispenser,
            person=self._person,
            person_issues=self._person_issues,
        )

    def _with_prescriber(self, segment: Segment) -> Iterator[Reported]:
        told = self._open
        if told is None or told.prescriber is not None or not _has_its_length(segment):
            return self._out_of_place(segment)
        content = tuple(segment.fields)
        known = self._prescribers.get(content)
        if known is None:
            known = prescriber(segment)
            if len(self._prescribers) < _PRESCRIBERS_KEPT:
                self._prescribers[content] = known
        told.prescriber = known
        return iter(())

    def _ingredient(self, segment: Segment) -> Iterator[Reported]:
        told = self._open
        if told is None or not is_compound(told.dsp) or not _has_its_length(segment):
            return self._out_of_place(segment)
        told.parts.append(segment)
        return iter(())

    def _addition(self, segment: Segment) -> Iterator[Reported]:
        """AIR: who brought the prescription and fetched the drug. Nothing of it is kept."""
        if self._open is None or not _has_its_length(segment):
            return self._out_of_place(segment)
        return iter(())

    def _out_of_place(self, segment: Segment) -> Iterator[Reported]:
        """In a zero report, segments without content stand for those of a record."""
        return iter(()) if self._is_zero and self._open is None else self._unknown(segment)

    def _unknown(self, segment: Segment) -> Iterator[Reported]:
        """A segment that is none of the standard's, or not where it can be, may have been any: a record, which is
        then lost and rejected here, or a patient, so that it is not known whose the records after it are until the
        next PAT."""
        yield from self._flush()
        issue = IntakeIssue(
            path=f"{segment.number}:?",
            code=IssueCode.UNSUPPORTED,
            message=f"The segment is not one of {', '.join(LENGTHS)}, or not where it can be; neither it nor the "
            "records after it up to the next PAT were recorded.",
            is_error=True,
        )
        self._leave_patient()
        self._person_issues = (issue,)
        yield IntakeRecord(path=issue.path, dispensation=None, issues=(issue,))

    def _zero_report(self, pha: Segment) -> ZeroReport:
        notes = Notes()
        first = last = None
        if self._zero is not None:
            first, last = map(partial(_zero_day, notes, pha), self._zero.groups())
        else:
            message = "The zero report has no period; write it as #CCYYMMDD#-#CCYYMMDD#."
            notes.add(f"{pha.number}:IS03", IssueCode.MISSING, message, is_error=True)
        if self._unsound is not None:
            notes.issues.append(self._unsound)
        return ZeroReport(
            path=f"{pha.number}:PHA",
            dispenser=dispenser(pha),
            first=first,
            last=last,
            issues=tuple(notes.issues),
        )


def _zero_day(notes: Notes, pha: Segment, text: str) -> date | None:
    try:
        return values.day(text)
    except ValueError as error:
        path = f"{pha.number}:IS03"
        notes.add(path, IssueCode.MALFORMED, f"The period of the zero report has not {error}.", is_error=True)
        return None


def _has_its_length(segment: Segment) -> bool:
    """False for a segment with content beyond the fields of its longest version."""
    return not any(part.strip() for part in segment.fields[LENGTHS[segment.name] + 1 :])
