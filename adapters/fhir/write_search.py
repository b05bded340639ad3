"""Answer -> Bundle of type searchset: a page of dispensations, or of their Provenance, and what is included.

A dispensation contains what it refers to, as a read has it. What `_include` asks for is an entry instead, under a
`urn:uuid:` made from its content, once for all that refer to it; the patient is an entry under its URL.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final, NamedTuple

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.later import with_losses
from adapters.fhir.out import to_json
from adapters.fhir.outcomes import information, outcome_of
from adapters.fhir.patients import write_patient
from adapters.fhir.provenance import provenance
from adapters.fhir.read_search import query_for
from adapters.fhir.searched_dispensations import chosen
from adapters.fhir.searching import Query
from adapters.fhir.searchset import Page, searchset, turned
from adapters.fhir.standalone import standalone
from gateway.model import Answer, Dispensation, Outcome
from gateway.ports import Inbound

_KINDS: Final = {
    "MedicationDispense:performer": {"Organization"},
    "MedicationDispense:medication": {"Medication", "MedicationKnowledge"},
    "MedicationDispense:prescription": {"MedicationRequest", "Practitioner"},
}
"""What is no longer contained when it is included; what a MedicationRequest refers to goes with it."""
_PATIENT: Final = frozenset({"MedicationDispense:patient", "MedicationDispense:subject"})


class Found(NamedTuple):
    """The Bundle, and how many dispensations it shows."""

    bundle: Element
    shown: int


def write_search(answer: Answer, request: Inbound, losses: tuple[str, ...] = ()) -> Found:
    """The page that is asked for.

    :param losses: of which the caller wants to be told.
    :raises MessageError: its token is none of this search.
    """
    query, base_url = query_for(request), request.base_url
    found = chosen(query, answer.dispensations)
    here, following = turned(query, found, lambda one: one.id or "")
    here = () if query.is_count else here
    page = (
        Page(matches=[provenance(one, base_url) for one in here], total=len(found), next=following)
        if query.searched.kind == "Provenance"
        else _dispensations(query, here, base_url, total=len(found), following=following)
    )
    remarks = outcome_of(answer) if answer.outcome is Outcome.PARTIAL else None
    if remarks is None and answer.disclaimers:
        remarks = information(answer.disclaimers)
    remarks = with_losses(remarks, losses, answer.report_id)
    bundle = searchset(query, page, base_url, at=answer.generated_at, id=answer.report_id, outcome=remarks)
    return Found(bundle, len(here))


def _dispensations(
    query: Query, here: Sequence[Dispensation], base_url: str, *, total: int, following: str | None
) -> Page:
    kinds = frozenset(kind for include in query.includes for kind in _KINDS.get(include, ()))
    referred: dict[str, Element] = {}

    def put(resource: Element) -> str | None:
        if resource["resourceType"] not in kinds:
            return None
        url = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, to_json(resource).decode())}"
        referred[url] = resource
        return url

    matches = [standalone(one, base_url, beside=put) for one in here]
    included: list[Element] = []
    if query.includes & _PATIENT:
        included += _patients(here)
    if "Provenance:target" in query.revincludes:
        included += [provenance(one, base_url) for one in here]
    return Page(matches=matches, included=included, referred=referred, total=total, next=following)


def _patients(here: Sequence[Dispensation]) -> list[Element]:
    """Each patient once, as the last of the dispensations shown has her."""
    shown: dict[str, Element] = {}
    for one in sorted(here, key=lambda one: one.filled, reverse=True):
        key = one.person.key or ""
        if key not in shown:
            patient = write_patient(one.person)
            shown[key] = {**patient, "id": key, "meta": {"profile": [uris.PROFILE_PATIENT]}}
    return list(shown.values())
