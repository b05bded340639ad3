"""Who reported a dispensation, who passes it on, and when: Provenance (us-core-provenance of US Core 6.1.0).

The id is that of the dispensation. Nothing here is about the patient.
"""

from __future__ import annotations

from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import DATA_ABSENT, Element
from adapters.fhir.parties import best_identifier
from gateway.model import Dispensation, DispensationStatus

_AUTHOR: Final[Element] = {"coding": [{"system": uris.PARTICIPANT, "code": "author", "display": "Author"}]}
_TRANSMITTER: Final[Element] = {
    "coding": [{"system": uris.CORE_PARTICIPANT, "code": "transmitter", "display": "Transmitter"}]
}


def provenance(dispensation: Dispensation, base_url: str) -> Element:
    """The Provenance of the revision of the dispensation that stands.

    :param base_url: the source where the record's state is not known.
    """
    state = dispensation.source_state
    record = uris.STATE + state if state else base_url
    written: Element = {
        "resourceType": "Provenance",
        "id": dispensation.id,
        "meta": {"source": record, "profile": [uris.PROFILE_PROVENANCE]},
        "target": [{"reference": f"MedicationDispense/{dispensation.id}/_history/{dispensation.revision}"}],
    }
    if dispensation.reported_at is not None:
        written["recorded"] = dispensation.reported_at
    else:
        written["_recorded"] = DATA_ABSENT
    written["activity"] = {"coding": [{"system": uris.DATA_OPERATION, "code": _activity(dispensation)}]}
    written["agent"] = [
        {"type": _AUTHOR, "who": _dispenser(dispensation)},
        {"type": _TRANSMITTER, "who": {"identifier": {"system": uris.RFC_3986, "value": record},
                                       "display": "Prescription Monitoring Program"}},
    ]  # fmt: skip
    return written


def _dispenser(dispensation: Dispensation) -> Element:
    """The dispenser as the resource names it: an Organization, known by its identifier."""
    who: Element = {"type": "Organization"}
    if (best := best_identifier(dispensation.dispenser)) is not None:
        who["identifier"] = best
    if dispensation.dispenser.name:
        who["display"] = dispensation.dispenser.name
    return who


def _activity(dispensation: Dispensation) -> str:
    if dispensation.status is DispensationStatus.VOID:
        return "NULLIFY"
    return "CREATE" if dispensation.revision <= 1 else "UPDATE"
