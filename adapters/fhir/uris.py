"""The URIs of FHIR, US Core and the US PDMP implementation guide that are written and read here. Constants only.

Sources: FHIR R4 (4.0.1) "terminologies-systems" and "identifier-registry", US Core 6.1.0, US PDMP IG 1.0.0. Those
that begin with `urn:x-pmpbridge:` are this gateway's own; docs/wire/fhir.md defines them.
"""

from __future__ import annotations

from typing import Final

_PDMP: Final = "http://hl7.org/fhir/us/pdmp/StructureDefinition/"
_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/"
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"

# --- profiles -------------------------------------------------------------------------------------------------

PROFILE_REQUEST: Final = _PDMP + "pdmp-parameters-request"
PROFILE_RESPONSE: Final = _PDMP + "pdmp-parameters-response"
PROFILE_HISTORY: Final = _PDMP + "pdmp-bundle-history-result"
PROFILE_RESPONSE_MESSAGE: Final = _PDMP + "pdmp-bundle-response-message"
PROFILE_RESPONSE_HEADER: Final = _PDMP + "pdmp-messageheader-response"
PROFILE_DISPENSE: Final = _PDMP + "pdmp-medicationdispense"
PROFILE_PATIENT: Final = _PDMP + "pdmp-patient"
PROFILE_PHARMACY: Final = _PDMP + "pdmp-organization-pharmacy"
PROFILE_MEDICATION: Final = _CORE + "us-core-medication"
PROFILE_MEDICATION_REQUEST: Final = _CORE + "us-core-medicationrequest"
PROFILE_PRACTITIONER: Final = _CORE + "us-core-practitioner"
PROFILE_PRACTITIONER_ROLE: Final = _CORE + "us-core-practitionerrole"
PROFILE_ORGANIZATION: Final = _CORE + "us-core-organization"
PROFILE_PROVENANCE: Final = _CORE + "us-core-provenance"
PROFILE_RELATED_PERSON: Final = _CORE + "us-core-relatedperson"

# --- operations and events ------------------------------------------------------------------------------------

OPERATION_HISTORY: Final = "http://hl7.org/fhir/us/pdmp/OperationDefinition/pdmp-history"
OPERATION_MATCH: Final = "http://hl7.org/fhir/OperationDefinition/Patient-match"
OPERATION_PROCESS_MESSAGE: Final = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"
IMPLEMENTATION_GUIDE: Final = "http://hl7.org/fhir/us/pdmp/ImplementationGuide/hl7.fhir.us.pdmp"
RFC_3986: Final = "urn:ietf:rfc:3986"

# --- extensions -----------------------------------------------------------------------------------------------

EXT_FILL_NUMBER: Final = _PDMP + "pdmp-extension-rx-fill-number"
EXT_RX_ORIGIN: Final = _PDMP + "pdmp-extension-rx-transmission-method"
EXT_PAYMENT: Final = _PDMP + "pdmp-extension-method-of-payment"
EXT_TREATMENT_TYPE: Final = _PDMP + "pdmp-extension-opioid-treatment-code"
EXT_MME: Final = _PDMP + "pdmp-extension-mme"
EXT_LME: Final = _PDMP + "pdmp-extension-lme"
EXT_TIMESTAMP: Final = _PDMP + "pdmp-header-timestamp-extension"
EXT_PERIOD: Final = _PDMP + "pdmp-activity-period-extension"
EXT_JURISDICTION: Final = _CORE + "us-core-jurisdiction"
EXT_ANIMAL: Final = "http://hl7.org/fhir/StructureDefinition/patient-animal"
EXT_MATCH_GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
EXT_DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
EXT_DISCLAIMER: Final = "urn:x-pmpbridge:disclaimer"
EXT_ANALYSIS: Final = "urn:x-pmpbridge:analysis"
EXT_NOT_COUNTED: Final = "urn:x-pmpbridge:not-counted"
EXT_FORMULA: Final = "urn:x-pmpbridge:formula"
EXT_FACT: Final = "urn:x-pmpbridge:fact"
EXT_AGREEMENT: Final = "urn:x-pmpbridge:agreement"
EXT_LINE: Final = "urn:x-pmpbridge:line"
EXT_VERDICT: Final = "urn:x-pmpbridge:verdict"
EXT_RECORDED: Final = "urn:x-pmpbridge:recorded"

# --- code systems ---------------------------------------------------------------------------------------------

NDC: Final = "http://hl7.org/fhir/sid/ndc"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
UCUM: Final = "http://unitsofmeasure.org"
GENDER: Final = "http://hl7.org/fhir/administrative-gender"
USPS: Final = "https://www.usps.com/"
NCI_THESAURUS: Final = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
NULL_FLAVOR: Final = _TERMINOLOGY + "v3-NullFlavor"
ACT_CODE: Final = _TERMINOLOGY + "v3-ActCode"
IDENTIFIER_TYPE: Final = _TERMINOLOGY + "v2-0203"
PDMP_STATUS: Final = "http://hl7.org/fhir/us/pdmp/CodeSystem/temporary-pdmp-response-status"
PMP_FIELD: Final = "urn:x-pmpbridge:field"
PMIX_STATUS: Final = _TERMINOLOGY + "PMIXStatusCode"
PMIX_PAYMENT: Final = _TERMINOLOGY + "PMIXMethodofPayment"
PMIX_RX_ORIGIN: Final = _TERMINOLOGY + "PMIXTransmissionFormRxOriginCodeType"
PMIX_TREATMENT_TYPE: Final = _TERMINOLOGY + "PMIXOpioidTreatmentCode"
PMIX_ALERT: Final = _TERMINOLOGY + "PMIXPatientAlertCatCode"
PMIX_SPECIES: Final = _TERMINOLOGY + "PMIXSpeciesTypeCode"
PARTICIPANT: Final = _TERMINOLOGY + "provenance-participant-type"
CORE_PARTICIPANT: Final = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"
DATA_OPERATION: Final = _TERMINOLOGY + "v3-DataOperation"
SECURITY_SERVICE: Final = _TERMINOLOGY + "restful-security-service"

# --- identifiers ----------------------------------------------------------------------------------------------

AUDIT_TYPE: Final = _TERMINOLOGY + "audit-event-type"
AUDIT_ACTION: Final = "http://hl7.org/fhir/audit-event-action"
AUDIT_OUTCOME: Final = "http://hl7.org/fhir/audit-event-outcome"
AUDIT_ENTITY_TYPE: Final = _TERMINOLOGY + "audit-entity-type"
AUDIT_SUBTYPE: Final = "urn:x-pmpbridge:audit"
OBJECT_ROLE: Final = _TERMINOLOGY + "object-role"
DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
ACT_REASON: Final = _TERMINOLOGY + "v3-ActReason"
CLIENT: Final = "urn:x-pmpbridge:client"
REPORT: Final = "urn:x-pmpbridge:report"
REQUEST: Final = "urn:x-pmpbridge:request"
NPI: Final = "http://hl7.org/fhir/sid/us-npi"
DEA: Final = "http://terminology.hl7.org/NamingSystem/usdeanumber"
NCPDP_ID: Final = _TERMINOLOGY + "NCPDPProviderIdentificationNumber"
SSN: Final = "http://hl7.org/fhir/sid/us-ssn"
DRIVER_LICENCE: Final = "urn:oid:2.16.840.1.113883.4.3."
"""Followed by the FIPS number of the state that issued it (HL7 OID registry)."""
DEA_SUFFIX: Final = "urn:x-pmpbridge:dea-suffix"
LICENCE: Final = "urn:x-pmpbridge:licence"
PERSON: Final = "urn:x-pmpbridge:person"
STATE: Final = "urn:x-pmpbridge:state:"
"""Followed by the two-letter code of the state whose PMP holds the record: `meta.source`."""

# --- coded extensions of a dispensation -----------------------------------------------------------------------

CODED_EXTENSIONS: Final = {
    "rx_origin": (EXT_RX_ORIGIN, PMIX_RX_ORIGIN, "rx-origin"),
    "payment": (EXT_PAYMENT, PMIX_PAYMENT, "payment"),
    "treatment_type": (EXT_TREATMENT_TYPE, PMIX_TREATMENT_TYPE, "treatment-type"),
}
"""Field of the dispensation: extension, code system, code table."""
