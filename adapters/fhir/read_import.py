"""NDJSON, one MedicationDispense a line -> its records, from the body of `$import` or from a file of any size.

A line is judged by itself: what is wrong with it rejects it and nothing else. Its path is `line N`, counted from 1
with the empty ones; a place inside of its resource is `line N: FHIRPath`. Source: the media type
application/fhir+ndjson of the FHIR Bulk Data Access guide, and ndjson.org.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, Final

from adapters.fhir.media import require_ndjson_body, wants_ndjson
from adapters.fhir.outcomes import faults_of
from adapters.fhir.read_report import Reports, require_report
from adapters.fhir.report import open_report
from adapters.fhir.tree import parse
from gateway.errors import ErrorCode, MessageError, TooLarge
from gateway.model import IntakeBatch, IntakeIssue, IntakeRecord, IssueCode, Reported
from gateway.ports import FileReport, Inbound

MAX_LINE: Final = 1_000_000
"""Bytes; a MedicationDispense with everything it contains has some four thousand."""

_BOM: Final = b"\xef\xbb\xbf"
_START: Final = 65_536  # bytes in which a file shows what it is
_CODES: Final = {
    ErrorCode.REQUIRED: IssueCode.MISSING,
    ErrorCode.UNKNOWN_OPERATION: IssueCode.UNSUPPORTED,
    ErrorCode.UNSUPPORTED_VERSION: IssueCode.UNSUPPORTED,
}


def read_import(message: Inbound) -> IntakeBatch:
    """The lines of the body.

    :raises MessageError: it is not NDJSON, or the answer is wanted in a form that is not written.
    """
    wants_ndjson(message)
    require_ndjson_body(message)
    file = NdjsonFile(io.BytesIO(message.body))
    records = tuple(file.records())
    if not records:
        raise MessageError(
            "The body holds no lines of NDJSON.",
            code=ErrorCode.MALFORMED,
            remedy="Send one MedicationDispense a line, each a JSON object without a line break.",
        )
    return IntakeBatch(records=records, message=file.message)


def open_file(file: BinaryIO) -> NdjsonFile | None:
    """The file; None when no line at its beginning looks like an object of JSON."""
    start = file.read(_START).removeprefix(_BOM)
    if not any(line.lstrip().startswith(b"{") for line in start.splitlines()):
        return None
    return NdjsonFile(file)


class NdjsonFile:
    """Implements :class:`gateway.ports.SubmittedFile`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.is_test = False  # FHIR has no way to say so
        self.message = f"fhir:{_digest(file)}"
        self.issues: tuple[IntakeIssue, ...] = (_NOT_A_LINE,) if _is_one_document(file) else ()

    def records(self) -> Iterator[Reported]:
        """See the port."""
        if not self.issues:
            self._file.seek(0)
            for number, line in _lines(self._file):
                yield _record(number, line)

    def report(self, out: BinaryIO, content_type: str) -> FileReport:
        """See the port."""
        return open_report(self.issues, out, content_type)


_NOT_A_LINE: Final = IntakeIssue(
    path="line 1",
    code=IssueCode.MALFORMED,
    message="The first line holds no whole object: the file is one JSON document and not NDJSON. Write each "
    "MedicationDispense on a line of its own.",
    is_error=True,
)


def _is_one_document(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(_START).removeprefix(_BOM).lstrip().partition(b"\n")[0].strip() == b"{"


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    found = sha256()
    while chunk := file.read(_START):
        found.update(chunk)
    return found.hexdigest()


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines that hold anything, with their numbers; None in place of one that is too long."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield number, None
        elif line.removeprefix(_BOM).strip():
            yield number, line


def _record(number: int, line: bytes | None) -> IntakeRecord:
    path = f"line {number}"
    try:
        if line is None:
            raise TooLarge(f"The line is longer than {MAX_LINE} bytes.", remedy="Send one resource a line.")
        return Reports().created(require_report(parse(line, "line")), path)
    except MessageError as error:
        return IntakeRecord(path=path, dispensation=None, issues=tuple(_issues(error, path)))


def _issues(error: MessageError, path: str) -> Iterator[IntakeIssue]:
    for fault in faults_of(error, "Resource"):
        yield IntakeIssue(
            path=f"{path}: {fault.path}",
            code=_CODES.get(fault.code, IssueCode.MALFORMED),
            message=" ".join(filter(None, [fault.message, fault.remedy])),
            is_error=True,
        )
