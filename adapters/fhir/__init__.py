"""FHIR R4 by the US PDMP implementation guide 1.0.0: `$pdmp-history`, messages, MedicationDispense.

adapter.py        the contract               routes.py, conformance.py   where, and what is offered
read.py           wire -> canonical          read_request, read_search, read_dispensation
write.py          canonical -> wire          history, write_dispensation, outcomes
both directions   datatypes, patients, parties, medications
tree.py media.py uris.py                     JSON with FHIRPaths, HTTP media types, constants
client.py         the same protocol as an outbound partner
"""

from adapters.fhir.adapter import FhirAdapter

ADAPTER = FhirAdapter()

__all__ = ["ADAPTER"]
