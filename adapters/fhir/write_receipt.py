"""IntakeReceipt -> wire: one dispensation, the entries of a Bundle, the lines of an import.

    create, update   201 or 200 and the MedicationDispense as recorded; for a void an OperationOutcome
    bundle           Bundle of type transaction-response or batch-response; an OperationOutcome when a transaction was
                     not recorded
    import           an OperationOutcome a line, as NDJSON; or a Bundle of type batch-response

What is shown of a dispensation is what its reporter has sent: of a void nothing, of an update nobody's name, and
nothing of one that has been revised since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from adapters.fhir import uris
from adapters.fhir.body import body_of
from adapters.fhir.bundle_entry import Entry
from adapters.fhir.bundle_read import entry_of
from adapters.fhir.datatypes import Element
from adapters.fhir.media import NDJSON, answer_type, preference, wants_ndjson
from adapters.fhir.out import outbound, to_json
from adapters.fhir.outcomes import information, outcome_of_error, outcome_of_issues, status_of_error
from adapters.fhir.read_bundle import ReportBundle, bundle_of
from adapters.fhir.read_report import is_withdrawn, revision_of
from adapters.fhir.report import line_of, place_of
from adapters.fhir.standalone import location_of, standalone, version_headers, without_person
from adapters.fhir.verdicts import Told, told
from gateway.errors import MessageError
from gateway.model import (
    DispensationStatus,
    IntakeIssue,
    IntakeReceipt,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
)
from gateway.ports import Inbound, Outbound

_ALONG: Final = (
    "Taken along with the dispensations that refer to it, as far as they are made of it; it is not kept as a "
    "resource of its own."
)
_CONFLICTS: Final = {409, 412}
_NOT_ALONG: Final = (
    "Not taken: no dispensation that refers to it was recorded. "
    "Correct the dispensation, and send both again."
)


def write_receipt(receipt: IntakeReceipt, request: Inbound) -> Outbound:
    """The answer to whatever reported dispensations."""
    match request.operation:
        case "bundle":
            return write_bundle(receipt, (), request)
        case "import":
            return _import(receipt, request)
        case _:
            return _one(receipt.results[0], request)


# --- one dispensation -----------------------------------------------------------------------------------------


def _one(result: IntakeResult, request: Inbound) -> Outbound:
    """`Prefer: return=` chooses what comes back when it was recorded."""
    by_id = request.operation == "update"
    seen = by_id and revision_of(request.headers.get("if-match"), "If-Match") is not None
    what = told(result, by_id=by_id, seen=seen, overtaken=_is_overtaken(result, request))
    recorded = what.recorded
    if recorded is None:
        allow = (("Allow", "GET"),) if what.status == 405 else ()
        return outbound(what.outcome, request, status=what.status, headers=allow)
    headers = (("Location", location_of(recorded, request.base_url)), *version_headers(recorded))
    wanted = preference(request, "return")
    if wanted == "minimal":
        return Outbound(body=b"", content_type=answer_type(request), status=what.status, headers=headers)
    shown = None if wanted == "operationoutcome" else _shown(what, request.base_url, by_id=by_id)
    return outbound(shown or what.outcome, request, status=what.status, headers=headers)


def _is_overtaken(result: IntakeResult, request: Inbound) -> bool:
    """True for a report that came again while the record has gone on, and does not stand as it asks. A new
    dispensation that has been revised since is there all the same."""
    if not _is_superseded(result.issues):
        return False
    held = result.dispensation
    is_there = held is not None and held.status is DispensationStatus.ACTIVE
    return request.operation == "update" or is_withdrawn(body_of(request)) or not is_there


def _shown(what: Told, base_url: str, *, by_id: bool) -> Element | None:
    """The dispensation for who has reported it; None where something else of it is recorded than was sent."""
    recorded = what.recorded
    if recorded is None or recorded.status is DispensationStatus.VOID or _is_other(what.issues):
        return None
    return standalone(without_person(recorded) if by_id else recorded, base_url)


def _is_other(issues: Iterable[IntakeIssue]) -> bool:
    """True where the record says something else than what was sent."""
    return any(issue.code in {IssueCode.SUPERSEDED, IssueCode.PRESENT} for issue in issues)


def _is_superseded(issues: Iterable[IntakeIssue]) -> bool:
    return any(issue.code is IssueCode.SUPERSEDED for issue in issues)


# --- a Bundle -------------------------------------------------------------------------------------------------


def write_bundle(receipt: IntakeReceipt | None, read: Sequence[Outbound], request: Inbound) -> Outbound:
    """The answer to a transaction or a batch: of what it reports, and of what it reads, in the order of its entries.

    A transaction of which nothing was recorded says so, and shows nothing.
    """
    bundle = bundle_of(request)
    answers = _Answers(bundle, receipt or IntakeReceipt(results=()), read, request)
    if bundle.is_transaction and (refusal := answers.refusal()) is not None:
        status, outcome = refusal
        return outbound(outcome, request, status=status)
    written: Element = {
        "resourceType": "Bundle",
        "type": "transaction-response" if bundle.is_transaction else "batch-response",
    }
    if entries := [answers.of(entry) for entry in bundle.entries]:
        written["entry"] = entries
    return outbound(written, request)


class _Answers:
    """The answers to the entries of one Bundle."""

    def __init__(
        self, bundle: ReportBundle, receipt: IntakeReceipt, read: Sequence[Outbound], request: Inbound
    ) -> None:
        self._read = iter(read)
        self._request = request
        self._bundle = bundle
        self._base_url = request.base_url
        self._preference = preference(request, "return")
        results = {result.path: result for result in receipt.results}
        self._told = {
            entry.number: _told_of(entry, results[path])
            for entry in bundle.entries
            if (path := f"{entry.path}.resource") in results
        }

    def refusal(self) -> tuple[int, Element] | None:
        """Status and OperationOutcome of a transaction of which nothing was recorded; None when all of it was."""
        refused = [what for what in self._told.values() if what.recorded is None]
        issues = [issue for what in refused for issue in what.issues if issue.code is not IssueCode.WITHHELD]
        if not refused:
            return None
        return max({what.status for what in refused} & _CONFLICTS, default=422), outcome_of_issues(issues)

    def of(self, entry: Entry) -> Element:
        """The entry of the response."""
        if entry.is_read:
            return self._of_read(entry)
        what = self._told.get(entry.number)
        if what is None:
            return {"response": self._without_result(entry)}
        written: Element = {"response": what.response(self._base_url)}
        if what.recorded is not None and self._preference == "representation":
            shown = _shown(what, self._base_url, by_id=entry.method == "PUT")
            written |= {"resource": shown} if shown is not None else {}
        if self._preference == "operationoutcome":
            written["response"]["outcome"] = what.outcome
        return written

    def _of_read(self, entry: Entry) -> Element:
        try:
            self._bundle.read(entry, self._request)
        except MessageError as error:
            return {"response": {"status": str(status_of_error(error)), "outcome": outcome_of_error(error)}}
        return entry_of(next(self._read), entry.path)

    def _without_result(self, entry: Entry) -> Element:
        """Of an entry that was refused, or is taken along."""
        try:
            record = self._bundle.record(entry)
        except MessageError as error:
            return {"status": str(status_of_error(error)), "outcome": outcome_of_error(error)}
        if record is not None:
            raise LookupError("a dispensation of the Bundle without a result")
        with_it = [
            self._told[one.number]
            for one in self._bundle.dispensations_with(entry)
            if one.number in self._told
        ]
        if any(what.recorded is not None for what in with_it):
            return {"status": "200", "outcome": information([_ALONG])}
        status = 503 if any(what.verdict is IntakeVerdict.DEFERRED for what in with_it) else 422
        issue = IntakeIssue(
            path=f"{entry.path}.resource", code=IssueCode.WITHHELD, message=_NOT_ALONG, is_error=True
        )
        return {"status": str(status), "outcome": outcome_of_issues([issue])}


def _told_of(entry: Entry, result: IntakeResult) -> Told:
    by_id = entry.method == "PUT"
    return told(result, by_id=by_id, seen=by_id and entry.expected_revision() is not None)


# --- an import ------------------------------------------------------------------------------------------------


def _import(receipt: IntakeReceipt, request: Inbound) -> Outbound:
    if wants_ndjson(request):
        lines = (to_json(_line(result, request.base_url)) + b"\n" for result in receipt.results)
        return Outbound(body=b"".join(lines), content_type=f"{NDJSON}; charset=utf-8")
    entries = list(_line_entries(receipt.results, request.base_url))
    return outbound({"resourceType": "Bundle", "type": "batch-response", "entry": entries}, request)


def _line(result: IntakeResult, base_url: str) -> Element:
    """The OperationOutcome of a line: verdict and place in extensions, what is wrong or odd as its issues."""
    what = _told_of_line(result)
    extensions: list[Element] = [
        {"url": uris.EXT_LINE, "valuePositiveInt": line_of(result.path)},
        {"url": uris.EXT_VERDICT, "valueCode": what.verdict.value},
    ]
    if what.recorded is not None:
        reference = {"reference": location_of(what.recorded, base_url)}
        extensions.append({"url": uris.EXT_RECORDED, "valueReference": reference})
    return {**what.outcome, "id": f"line-{line_of(result.path)}", "extension": extensions}


def _line_entries(results: Iterable[IntakeResult], base_url: str) -> Iterable[Element]:
    for result in results:
        yield {
            "id": f"line-{line_of(result.path)}",
            "response": _told_of_line(result).response(base_url),
        }


def _told_of_line(result: IntakeResult) -> Told:
    """With the issues at their places in the resource of the line, and the line in their words."""
    what = told(result)
    is_unreadable = what.recorded is None and any(": " in issue.path for issue in result.issues)
    number = line_of(result.path)
    issues = tuple(
        replace(issue, path=place_of(issue), field=None, message=f"Line {number}: {issue.message}")
        for issue in result.issues
    )
    return what._replace(status=400 if is_unreadable else what.status, issues=issues)
