"""FHIR R4 by the US PDMP implementation guide 1.0.0: `$pdmp-history`, messages, MedicationDispense.

adapter.py        the contract               routes.py, described.py     where, and what is said of it
conformance.py    what the server offers     offered
read.py           wire -> canonical          read_request, read_search, read_dispensation
    reports                                  read_report, read_bundle (bundle_entry, bundle_read), read_import,
                                             read_condition (If-None-Exist), validation
write.py          canonical -> wire          history, standalone, write_dispensation, outcomes, out
    of reports                               write_receipt, verdicts; report of a file
    figures of a history                     read_analysis, write_analysis
    searches                                 searching, search_values (grammar), searched_dispensations (finding),
                                             searchset (pages), write_search, provenance
    of people                                read_people, write_people
    of the audit                             read_audit, write_audit, audit_codes
both directions   datatypes, patients, parties, medications
body.py tree.py references.py media.py uris.py   the body with FHIRPaths, what it refers to, HTTP, constants
places.py json_kinds.py                          where a fault is, by R4's own names; what R4 has there
xml_read.py xml_write.py (xml_types, xhtml)      the same as XML
parts.py          _summary and _elements
later.py          report links, staging, losses on request, both directions
client.py         the same protocol as an outbound partner
"""

from adapters.fhir.adapter import FhirAdapter

ADAPTER = FhirAdapter()

__all__ = ["ADAPTER"]
