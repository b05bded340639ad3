"""Requests for a history and for a match that cannot be answered: one fault in each.

The resources are those of `adapters/fhir/samples`; a message has its Parameters at `entry[1].resource`.
"""

from __future__ import annotations

from tests.contract.malformed.changes import Change, Drop, Put, Swap

_MODIFIER = [{"url": "http://example.org/not", "valueBoolean": True}]
_PERIOD = "http://hl7.org/fhir/us/pdmp/StructureDefinition/pdmp-activity-period-extension"
_PATIENT = "parameter[0].resource"

HISTORY: dict[str, Change] = {
    "no parameters": Drop("parameter"),
    "no patient": Put("parameter[0].name", "sibling", at="parameter"),
    "parameter without a name": Drop("parameter[1].name"),
    "patient without a resource": Drop(_PATIENT),
    "patient who is a practitioner": Put(_PATIENT, {"resourceType": "Practitioner", "id": "p"}, at=f"{_PATIENT}.resourceType"),
    "practitioner who is a patient": Put("parameter[1].resource", {"resourceType": "Patient", "id": "p"}, at="parameter[1].resource.resourceType"),
    "role that is a practitioner": Put("parameter[2].resource", {"resourceType": "Practitioner", "id": "p"}, at="parameter[2].resource.resourceType"),
    "organisation that is a place": Put("parameter[3].resource", {"resourceType": "Location", "id": "p"}, at="parameter[3].resource.resourceType"),
    "patient named twice": Put("parameter[1].name", "patient", at="parameter[1]"),
    "practitioner named twice": Put("parameter[2].name", "authorized-practitioner", at="parameter[2]"),
    "patient who is referred to and not there": Put("parameter[0]", {"name": "patient", "valueReference": {"reference": "Patient/nobody"}}, at="parameter[0].valueReference.reference"),
    "patient who is referred to by no reference": Put("parameter[0]", {"name": "patient", "valueReference": {"display": "x"}}, at="parameter[0].valueReference.reference"),
    "patient without a name": Drop(f"{_PATIENT}.name"),
    "patient without a family name": Drop(f"{_PATIENT}.name[0].family"),
    "patient without a given name": Drop(f"{_PATIENT}.name[0].given"),
    "name without letters": Put(f"{_PATIENT}.name[0]", {"family": "---", "given": ["..."]}),
    "patient without a birth date": Drop(f"{_PATIENT}.birthDate"),
    "birth date that never was": Put(f"{_PATIENT}.birthDate", "1971-02-29"),
    "birth date that has not come": Put(f"{_PATIENT}.birthDate", "2199-01-01"),
    "year of birth": Put(f"{_PATIENT}.birthDate", "1971"),
    "gender of none": Put(f"{_PATIENT}.gender", "F"),
    "period that begins on no day": Put("parameter[0].extension[0].valuePeriod.start", "2025-02-30"),
    "period that ends in no month": Put("parameter[0].extension[0].valuePeriod.end", "2026-13"),
    "extension of the period without a period": Drop("parameter[0].extension[0].valuePeriod"),
    "two periods in one place": Put("parameter[0].extension[1]", {"url": _PERIOD, "valuePeriod": {"start": "2024-01-01"}}),
    "two periods in two places": Put("parameter[1].extension", [{"url": _PERIOD, "valuePeriod": {"start": "2024-01-01"}}], at="parameter[1].extension[0].valuePeriod"),
    "modifier of the patient": Put(f"{_PATIENT}.modifierExtension", _MODIFIER),
    "modifier of the practitioner's licence": Put("parameter[1].resource.qualification", [{"code": {"text": "x"}, "modifierExtension": _MODIFIER}], at="parameter[1].resource.qualification[0].modifierExtension"),
    "implicit rules": Put("implicitRules", "http://example.org/rules"),
    "implicit rules of the organisation": Put("parameter[3].resource.implicitRules", "http://example.org/rules"),
}  # fmt: skip

HISTORY_JSON: dict[str, Change] = {
    "another kind of resource": Put("resourceType", "Patient", at="Resource.resourceType"),
    "parameter that is an object": Put("parameter", {"name": "patient"}),
    "parameter that is a string": Put("parameter[1]", "authorized-practitioner"),
    "null as a parameter": Put("parameter[1]", None),
    "parameter's name that is a number": Put("parameter[1].name", 7),
    "resource that is a string": Put(_PATIENT, "Patient/1", at=f"{_PATIENT}.resourceType"),
    "resource that is an array": Put(_PATIENT, [{"resourceType": "Patient"}], at=f"{_PATIENT}.resourceType"),
    "resource without a kind": Drop(f"{_PATIENT}.resourceType"),
    "name that is an object": Put(f"{_PATIENT}.name", {"family": "Quillfeather"}),
    "name that is a string": Put(f"{_PATIENT}.name[0]", "Marigold Quillfeather"),
    "null as a name": Put(f"{_PATIENT}.name[0]", None),
    "family name that is an array": Put(f"{_PATIENT}.name[0].family", ["Quillfeather"]),
    "given name that is a string": Put(f"{_PATIENT}.name[0].given", "Marigold"),
    "given name that is a number": Put(f"{_PATIENT}.name[0].given[0]", 7),
    "birth date that is a number": Put(f"{_PATIENT}.birthDate", 19710409),
    "birth date that is an object": Put(f"{_PATIENT}.birthDate", {"value": "1971-04-09"}),
    "gender that is true": Put(f"{_PATIENT}.gender", True),
    "telecom that is a string": Put(f"{_PATIENT}.telecom", "8605550142"),
    "telephone that is a number": Put(f"{_PATIENT}.telecom[0].value", 8605550142),
    "address that is an object": Put(f"{_PATIENT}.address", {"city": "Hartford"}),
    "address line that is a string": Put(f"{_PATIENT}.address[0].line", "14 Larkspur Ln"),
    "state that is a number": Put(f"{_PATIENT}.address[0].state", 9),
    "identifier that is an object": Put("parameter[1].resource.identifier", {"value": "1023011178"}),
    "role that is a string": Put("parameter[2].resource.code", "Physician"),
    "period that is a string": Put("parameter[0].extension[0].valuePeriod", "2025"),
    "start that is a number": Put("parameter[0].extension[0].valuePeriod.start", 2025),
    "to be pre-staged, in words": Put("parameter[4].valueBoolean", "no"),
    "birth date twice": Swap('"birthDate":', '"birthDate":"1950-02-03","birthDate":', f"{_PATIENT}.birthDate"),
    "kind twice": Swap('"resourceType":"Organization"', '"resourceType":"Patient","resourceType":"Organization"', "parameter[3].resource.resourceType"),
    "parameters twice": Swap('"parameter":', '"parameter":[],"parameter":', "parameter"),
    "cut off": Swap('"birthDate":"1971-04-09"', '"birthDate":"1971', "Resource"),
}  # fmt: skip

MESSAGE: dict[str, Change] = {
    "no type": Drop("type"),
    "Bundle of another type": Put("type", "batch"),
    "no entries": Drop("entry"),
    "no header": Drop("entry[0]", at="entry[0].resource.resourceType"),
    "entry without a resource": Drop("entry[1].resource"),
    "header without an event": Drop("entry[0].resource.eventCoding"),
    "event of another sort": Put("entry[0].resource.eventCoding.code", "http://example.org/event", at="entry[0].resource.eventCoding"),
    "event by another URI": Put("entry[0].resource", {"resourceType": "MessageHeader", "id": "m-1", "eventUri": "http://example.org/event", "source": {"endpoint": "http://example.org"}}, at="entry[0].resource.eventUri"),
    "header without an id": Drop("entry[0].resource.id"),
    "header whose id is none": Put("entry[0].resource.id", "not an id!"),
    "nothing in focus": Drop("entry[1]", at="entry"),
    "birth date that never was": Put(f"entry[1].resource.{_PATIENT}.birthDate", "1971-02-29"),
    "patient without a family name": Drop(f"entry[1].resource.{_PATIENT}.name[0].family"),
    "no patient": Put("entry[1].resource.parameter[0].name", "sibling", at="entry[1].resource.parameter"),
    "modifier of the header": Put("entry[0].resource.modifierExtension", _MODIFIER),
}  # fmt: skip

MESSAGE_JSON: dict[str, Change] = {
    "entry that is an object": Put("entry", {}),
    "focus that is an object": Put("entry[0].resource.focus", {"reference": "Parameters/one"}),
    "event that is a string": Put("entry[0].resource.eventCoding", "pdmp-history"),
    "fullUrl that is a number": Put("entry[0].fullUrl", 7),
    "resource that is a string": Put("entry[0].resource", "MessageHeader/1", at="entry[0].resource.resourceType"),
}  # fmt: skip

MATCH: dict[str, Change] = {
    "nobody to match": Drop("parameter[0]", at="parameter"),
    "parameter without a name": Drop("parameter[0].name"),
    "patient named twice": Put("parameter[1].name", "resource", at="parameter[1]"),
    "patient who is a practitioner": Put("parameter[0].resource", {"resourceType": "Practitioner", "id": "p"}, at="parameter[0].resource.resourceType"),
    "patient without a resource": Drop("parameter[0].resource"),
    "patient without a name": Drop("parameter[0].resource.name"),
    "birth date that never was": Put("parameter[0].resource.birthDate", "1971-02-29"),
    "gender of none": Put("parameter[0].resource.gender", "F"),
    "certain, without saying": Drop("parameter[1].valueBoolean"),
    "certain, in words": Put("parameter[1].valueBoolean", "certainly"),
    "none at most": Put("parameter[2].valueInteger", 0),
    "fewer than none": Put("parameter[2].valueInteger", -1),
    "as many as there are": Put("parameter[2].valueInteger", "all"),
    "count without a number": Drop("parameter[2].valueInteger"),
    "modifier of the patient": Put("parameter[0].resource.modifierExtension", _MODIFIER),
}  # fmt: skip

SEARCHES: dict[str, tuple[str, str, int]] = {
    "no patient": ("MedicationDispense", "patient", 400),
    "day that never was": ("MedicationDispense?patient=abc&whenprepared=2026-02-30", "whenprepared", 400),
    "prefix of none": ("MedicationDispense?patient=abc&whenprepared=zz2026-02-03", "whenprepared", 400),
    "modifier of none": ("MedicationDispense?patient:zzyzx=abc", "patient", 400),
    "two patients": ("MedicationDispense?patient=abc&patient=abd", "patient", 400),
    "patient who is a pharmacy": ("MedicationDispense?patient=Organization/abc", "patient", 400),
    "withdrawn": ("MedicationDispense?patient=abc&status=entered-in-error", "status", 400),
    "count in words": ("MedicationDispense?patient=abc&_count=all", "_count", 400),
    "count below nought": ("MedicationDispense?patient=abc&_count=-1", "_count", 400),
    "page of none": ("MedicationDispense?patient=abc&_page=zzyzx", "_page", 400),
    "order of none": ("MedicationDispense?patient=abc&_sort=zzyzx", "_sort", 400),
    "with what is not there": ("MedicationDispense?patient=abc&_include=MedicationDispense:zzyzx", "_include", 400),
    "summary of none": ("MedicationDispense?patient=abc&_summary=zzyzx", "_summary", 400),
    "format of none": ("MedicationDispense?patient=abc&_format=zzyzx", "_format", 406),
    "people by name alone": ("Patient?family=Quillfeather", "birthdate", 400),
    "people of a year": ("Patient?birthdate=1971", "birthdate", 400),
    "people of no day": ("Patient?birthdate=1971-02-29&family=Quillfeather", "birthdate", 400),
    "people of another gender": ("Patient?birthdate=1971-04-09&name=Quill&gender=F", "gender", 400),
    "people by another's number": ("Patient?identifier=http://hl7.org/fhir/sid/us-ssn|900123456", "identifier", 400),
    "mode of none": ("metadata?mode=zzyzx", "mode", 400),
}  # fmt: skip
