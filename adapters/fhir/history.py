"""The answer to `$pdmp-history`: Parameters with history Bundle and OperationOutcome, and the message around them.

Source: US PDMP IG 1.0.0, OperationDefinition pdmp-history and its seven output examples. "No data" has no Bundle.
"""

from __future__ import annotations

import uuid
from typing import Final

from orjson import Fragment

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.later import link_parameter, staged_parameters, with_losses
from adapters.fhir.outcomes import outcome_of
from adapters.fhir.write_analysis import detected_issues, figure_extensions, report_extension
from adapters.fhir.write_dispensation import DispensationWriter
from gateway.model import Answer, Outcome

_META_RESPONSE: Final[Element] = {"profile": [uris.PROFILE_RESPONSE]}
_META_HISTORY: Final[Element] = {"profile": [uris.PROFILE_HISTORY]}
_META_MESSAGE: Final[Element] = {"profile": [uris.PROFILE_RESPONSE_MESSAGE]}
_META_HEADER: Final[Element] = {"profile": [uris.PROFILE_RESPONSE_HEADER]}
_EVENT: Final[Element] = {"system": uris.RFC_3986, "code": uris.OPERATION_HISTORY, "display": "pdmp-history"}


class BundleShelf:
    """Puts resources into a Bundle, each under a `urn:uuid:` of its own.

    The UUIDs are made from the report's: the same answer written again has the same ones, another answer others.
    """

    def __init__(self, report_id: str) -> None:
        self._stem = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, report_id)}"[:-12]
        self.entries: list[Element] = []

    def put(self, resource: Element, json: Fragment | None = None) -> str:
        """Add an entry, of the resource's JSON where that is ready; returns its fullUrl."""
        url = f"{self._stem}{len(self.entries):012x}"
        self.entries.append({"fullUrl": url, "resource": json or resource})
        return url


def history_parameters(answer: Answer, base_url: str, losses: tuple[str, ...] = ()) -> Element:
    """The Parameters that `$pdmp-history` returns, whatever the outcome; `losses` are told in `outcome`."""
    parameters: list[Element] = []
    if answer.outcome in {Outcome.COMPLETE, Outcome.PARTIAL} and answer.dispensations:
        parameters.append({"name": "pdmp-history-data", "resource": _bundle(answer, base_url)})
    parameters += link_parameter(answer)
    if answer.retrieval_key is not None:
        parameters += staged_parameters(answer)
    elif (outcome := with_losses(outcome_of(answer), losses, answer.report_id)) is not None:
        parameters.append({"name": "outcome", "resource": outcome})
    parameters[0]["extension"] = _extensions(answer)
    return {
        "resourceType": "Parameters",
        "id": answer.report_id,
        "meta": _META_RESPONSE,
        "parameter": parameters,
    }


def _bundle(answer: Answer, base_url: str) -> Element:
    """The history Bundle: dispensations newest first, then alerts, then what the dispensations refer to."""
    shelf = BundleShelf(answer.report_id)
    writer = DispensationWriter(shelf, source=base_url)
    dispensations = [writer.write(d) for d in answer.dispensations]
    if answer.analysis is not None:
        for dispensation, figures in zip(dispensations, figure_extensions(answer.analysis), strict=True):
            if figures:
                dispensation["extension"] = dispensation.get("extension", []) + figures
    referred = shelf.entries[:]
    urls = [shelf.put(dispensation) for dispensation in dispensations]
    if answer.analysis is not None:
        for issue in detected_issues(answer, answer.analysis, dispensations, urls, base_url):
            shelf.put(issue)
    return {
        "resourceType": "Bundle",
        "meta": _META_HISTORY,
        "type": "collection",
        "timestamp": answer.generated_at,
        "entry": shelf.entries[len(referred) :] + referred,
    }


def _extensions(answer: Answer) -> list[Element]:
    """Report time, period and disclaimers, on the first parameter: a Parameters resource itself has no extensions."""
    period: Element = {}
    if answer.period.start:
        period["start"] = answer.period.start
    if answer.period.end:
        period["end"] = answer.period.end
    written: list[Element] = [{"url": uris.EXT_TIMESTAMP, "valueDateTime": answer.generated_at}]
    if period:
        written.append({"url": uris.EXT_PERIOD, "valuePeriod": period})
    written += [{"url": uris.EXT_DISCLAIMER, "valueString": text} for text in answer.disclaimers]
    if answer.analysis is not None:
        written.append(report_extension(answer.analysis))
    return written


def response_message(
    answer: Answer, base_url: str, *, request_id: str, losses: tuple[str, ...] = ()
) -> Element:
    """The response message Bundle around the same Parameters.

    :param request_id: `MessageHeader.id` of the request, the one thing of it that is repeated.
    """
    parameters = history_parameters(answer, base_url, losses)
    header_url = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{answer.report_id}/header')}"
    parameters_url = f"urn:uuid:{answer.report_id}"
    is_passing = answer.outcome in {Outcome.DEFERRED, Outcome.ERROR} and answer.retrieval_key is None
    header: Element = {
        "resourceType": "MessageHeader",
        "id": header_url.removeprefix("urn:uuid:"),
        "meta": _META_HEADER,
        "eventCoding": _EVENT,
        "source": {"name": "PMP Bridge", "endpoint": f"{base_url}/$process-message"},
        "response": {"identifier": request_id, "code": "transient-error" if is_passing else "ok"},
        "focus": [{"reference": parameters_url}],
    }
    return {
        "resourceType": "Bundle",
        "meta": _META_MESSAGE,
        "type": "message",
        "timestamp": answer.generated_at,
        "entry": [
            {"fullUrl": header_url, "resource": header},
            {"fullUrl": parameters_url, "resource": parameters},
        ],
    }
