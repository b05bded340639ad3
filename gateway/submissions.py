"""Files of reported dispensations: opened by the adapter that knows them, taken in as they are read, reported on.

A file goes the way of a message (read, intake, report, audit), but record by record, so that its size does not
matter. Two audit events frame it: one before its first record, one with the counts before the report ends. What is in
the report as accepted is on disk; a file that was cut off by a crash is submitted again, and nothing is recorded
twice.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from gateway.errors import ErrorCode, GatewayError, MessageError
from gateway.intake import Intake
from gateway.model import IntakeVerdict
from gateway.model.audit import AuditAction, AuditEvent
from gateway.ports import Adapter, AuditLog, Clock, FileReport, SubmittedFile
from gateway.registry import Registry

_TAKEN = (IntakeVerdict.CREATED, IntakeVerdict.REVISED, IntakeVerdict.VOIDED, IntakeVerdict.UNCHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What became of a file. `whole` is False where the file itself has errors, or intake ended before it did."""

    verdicts: Counter[IntakeVerdict]
    whole: bool

    @property
    def is_accepted(self) -> bool:
        """Nothing of it was rejected or left over."""
        return self.whole and not self.verdicts[IntakeVerdict.REJECTED]

    @property
    def taken(self) -> int:
        """How many records the record now holds as the file says, or would hold if it were not a test."""
        return sum(self.verdicts[one] for one in _TAKEN)


class Submissions:
    """Takes files in."""

    def __init__(self, *, registry: Registry, intake: Intake, audit: AuditLog, clock: Clock) -> None:
        self._registry = registry
        self._intake = intake
        self._audit = audit
        self._clock = clock

    def take(self, file: BinaryIO, *, submitter: str, reports: Sequence[tuple[BinaryIO, str]]) -> Submission:
        """Take in the whole file and write its reports.

        :param file: at its beginning and seekable.
        :param submitter: who hands it in, for the audit.
        :param reports: where to write, and `application/json` or `text/plain`.
        :raises MessageError: no adapter knows the file; nothing was written.
        :raises gateway.errors.Unavailable: the record or the audit cannot be written now. What the reports have as
            accepted stands, and they say that intake ended early; the file is to be submitted again.
        """
        adapter, opened = self._open(file)
        request_id = uuid.uuid4().hex
        self._note(adapter, opened, submitter, request_id, "begun", 0)
        written = [opened.report(out, content_type) for out, content_type in reports]
        verdicts: Counter[IntakeVerdict] = Counter()
        try:
            self._go_through(opened, written, verdicts)
            submission = Submission(verdicts=verdicts, whole=not any(i.is_error for i in opened.issues))
            outcome = ",".join(sorted(verdict.value for verdict in verdicts)) or "empty"
            self._note(adapter, opened, submitter, request_id, outcome, submission.taken)
        except GatewayError as error:
            for report in written:
                report.finish(error)
            raise
        for report in written:
            report.finish()
        return submission

    def _open(self, file: BinaryIO) -> tuple[Adapter, SubmittedFile]:
        for adapter in self._registry:
            file.seek(0)
            opened = adapter.open_file(file)
            if opened is not None:
                return adapter, opened
        raise MessageError(
            "The file is of no format that is known here.",
            code=ErrorCode.UNSUPPORTED_MEDIA,
            remedy="Submit an ASAP file, beginning with its TH segment, or FHIR resources as NDJSON.",
        )

    def _go_through(
        self, opened: SubmittedFile, reports: Sequence[FileReport], verdicts: Counter[IntakeVerdict]
    ) -> None:
        results = self._intake.stream(opened.records(), message=opened.message, is_test=opened.is_test)
        for result in results:
            verdicts[result.verdict] += 1
            for report in reports:
                report.add(result)

    def _note(
        self,
        adapter: Adapter,
        opened: SubmittedFile,
        submitter: str,
        request_id: str,
        outcome: str,
        count: int,
    ) -> None:
        self._audit.record(
            AuditEvent(
                action=AuditAction.DISPENSATION_REPORTED,
                at=self._clock(),
                request_id=request_id,
                protocol=adapter.name,
                operation="file",
                status=200,
                client_id=submitter,
                outcome=f"test: {outcome}" if opened.is_test else outcome,
                count=0 if opened.is_test else count,
            )
        )
