"""MedicationDispenses that cannot be recorded, and Bundles of them: one fault in each.

`WRONG` holds in JSON and in XML alike; `WRONG_JSON` is what only JSON can say; `_BUNDLE` is about the Bundle itself.
"""

from __future__ import annotations

from typing import Any

from tests.contract.malformed.changes import Change, Drop, Put, Swap
from tests.unit.fhir.bundles import url

_MODIFIER = [{"url": "http://example.org/not", "valueBoolean": True}]
_FILL = {
    "url": "http://hl7.org/fhir/us/pdmp/StructureDefinition/pdmp-extension-rx-fill-number",
    "valuePositiveInt": 5,
}
_PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "other", "name": [{"family": "Umberfold"}]}

WRONG: dict[str, Change] = {
    # dates
    "day that never was": Put("whenPrepared", "2026-02-30"),
    "thirteenth month": Put("whenPrepared", "2026-13-01"),
    "date in the manner of speech": Put("whenPrepared", "09/02/2026"),
    "year where a day is needed": Put("whenPrepared", "2026"),
    "hour twenty-five": Put("whenHandedOver", "2026-09-03T25:15:00-04:00"),
    "time without a zone": Put("whenHandedOver", "2026-09-03T10:15:00"),
    "moment of no day": Put("meta", {"lastUpdated": "yesterday"}, at="meta.lastUpdated"),
    "birth date that never was": Put("contained[0].birthDate", "1971-02-29"),
    "birth date with a time": Put("contained[0].birthDate", "1971-04-09T00:00:00Z"),
    "month of birth": Put("contained[0].birthDate", "1971-04"),
    "written on a day that never was": Put("contained[3].authoredOn", "2026-06-31"),
    # what is missing
    "no status": Drop("status"),
    "no drug": Drop("medicationCodeableConcept"),
    "no patient": Drop("subject"),
    "no pharmacy": Drop("performer"),
    "performer without an actor": Put("performer", [{"function": {"text": "x"}}], at="performer[0].actor"),
    "no fill date": Drop("whenPrepared"),
    "no quantity": Drop("quantity"),
    "quantity without a value": Drop("quantity.value"),
    "quantity without a unit": Drop("quantity.unit"),
    "no days supply": Drop("daysSupply"),
    "days supply without a value": Put("daysSupply", {"unit": "d"}, at="daysSupply.value"),
    "no prescription number": Drop("authorizingPrescription[0].identifier"),
    "patient without a name": Drop("contained[0].name"),
    "patient without a family name": Drop("contained[0].name[0].family"),
    "patient without a given name": Drop("contained[0].name[0].given"),
    "patient without a birth date": Drop("contained[0].birthDate"),
    "prescription without an intent": Drop("contained[3].intent"),
    "prescription without a patient": Drop("contained[3].subject"),
    "extension without a url": Drop("extension[0].url"),
    "extension without a value": Drop("extension[0].valuePositiveInt"),
    # codes
    "status of none": Put("status", "zzyzx"),
    "not yet handed over": Put("status", "preparation"),
    "gender of none": Put("contained[0].gender", "F"),
    "status of the prescription of none": Put("contained[3].status", "zzyzx"),
    "intent of none": Put("contained[3].intent", "zzyzx"),
    "use of a name of none": Put("contained[0].name[0].use", "former"),
    "system of a telephone of none": Put("contained[0].telecom[0].system", "telephone"),
    "use of an address of none": Put("contained[0].address[0].use", "house"),
    "use of an identifier of none": Put("contained[1].identifier[0].use", "first"),
    "unit of none": Put("quantity.unit", "furlongs"),
    "payment of none": Put("extension[1].valueCoding.code", "77"),
    "days supply in weeks": Put("daysSupply.unit", "weeks"),
    "days supply in coded weeks": Put("daysSupply.code", "wk"),
    # numbers
    "at most so many": Put("quantity.comparator", "<="),
    "days supply that is a bound": Put("daysSupply.comparator", ">"),
    "comparator of none": Put("quantity.comparator", "about"),
    "more digits than there are": Put("quantity.value", 0.1234567891),
    "more than there is": Put("quantity.value", 12345678901),
    "half a day": Put("daysSupply.value", 2.5),
    "nothing was dispensed": Put("quantity.value", 0, status=422),
    "less than nothing was dispensed": Put("quantity.value", -3, status=422),
    "no days at all": Put("daysSupply.value", 0, status=422),
    "days before the day": Put("daysSupply.value", -2, status=422),
    "fill number nought": Put("extension[0].valuePositiveInt", 0),
    "fill number below nought": Put("extension[0].valuePositiveInt", -1),
    "fill number that is a word": Put("extension[0].valuePositiveInt", "first"),
    "fill number beyond all": Put("extension[0].valuePositiveInt", 1000, at="extension.value", status=422),
    "refills below nought": Put("contained[3].dispenseRequest.numberOfRepeatsAllowed", -1),
    "days beyond all": Put("daysSupply.value", 5000, status=422),
    "refills that are a fraction": Put("contained[3].dispenseRequest.numberOfRepeatsAllowed", 1.5),
    "two fill numbers": Put("extension[2]", _FILL),
    # wrong kinds of value that XML can hold as well
    "quantity in words": Put("quantity.value", "ten"),
    "user selected, in words": Put("medicationCodeableConcept.coding[0].userSelected", "yes"),
    "rank in words": Put("contained[0].telecom[0].rank", "high"),
    # references
    "patient who is not there": Put("subject.reference", "#nobody", at="subject"),
    "patient who is a pharmacy": Put("subject.reference", "#pharmacy", at="subject"),
    "pharmacy that is not there": Put("performer[0].actor.reference", "#nowhere"),
    "pharmacy that is the patient": Put("performer[0].actor.reference", "#patient"),
    "prescription that is not there": Put("authorizingPrescription[0].reference", "#nowhere"),
    "prescription that is a pharmacy": Put("authorizingPrescription[0].reference", "#pharmacy"),
    "prescriber who is not there": Put("contained[3].requester.reference", "#nobody"),
    "prescriber who is the patient": Put("contained[3].requester.reference", "#patient"),
    "drug that is not there": Put("supportingInformation", [{"reference": "#nowhere"}], at="supportingInformation[0].reference"),
    "two contained under one id": Put("contained[2].id", "pharmacy"),
    "contained in what is contained": Put("contained[0].contained", [_PATIENT]),
    "id that is none": Put("contained[1].id", "not an id!"),
    # how many
    "two pharmacies": Put("performer[1]", {"actor": {"reference": "#pharmacy"}}, at="performer"),
    "two prescriptions": Put("authorizingPrescription[1]", {"reference": "#prescription"}, at="authorizingPrescription"),
    # what may not be passed over
    "modifier": Put("modifierExtension", _MODIFIER),
    "modifier of the patient": Put("contained[0].modifierExtension", _MODIFIER),
    "modifier of the performer": Put("performer[0].modifierExtension", _MODIFIER),
    "modifier of a part of the prescription": Put("contained[3].dispenseRequest.modifierExtension", _MODIFIER),
    "implicit rules": Put("implicitRules", "http://example.org/rules"),
    "implicit rules of the pharmacy": Put("contained[1].implicitRules", "http://example.org/rules"),
    "prescription that forbids": Put("contained[3].doNotPerform", True),
    # names and identifiers
    "name without letters": Put("contained[0].name[0]", {"family": "---", "given": ["..."]}),
    "character that nobody sees": Put("contained[0].name[0].family", "Quill\u007ffeather"),
    "name longer than any": Put("contained[0].name[0].family", "Q" * 1001),
}  # fmt: skip

WRONG_JSON: dict[str, Change] = {
    # the wrong kind of value
    "status that is a number": Put("status", 1),
    "status that is an array": Put("status", ["completed"]),
    "quantity that is a number": Put("quantity", 10.5),
    "quantity that is an array": Put("quantity", [{"value": 10.5, "unit": "each"}]),
    "quantity value that is a string": Put("quantity.value", "10.5"),
    "quantity value that is true": Put("quantity.value", True),
    "days supply that is an object": Put("daysSupply.value", {"value": 2}),
    "fill number that is a string": Put("extension[0].valuePositiveInt", "1"),
    "performer that is an object": Put("performer", {"actor": {"reference": "#pharmacy"}}),
    "contained that is an object": Put("contained", _PATIENT),
    "name that is an object": Put("contained[0].name", {"family": "Quillfeather", "given": ["Ann"]}),
    "name that is a string": Put("contained[0].name[0]", "Marigold Quillfeather"),
    "given name that is a string": Put("contained[0].name[0].given", "Marigold"),
    "family name that is an array": Put("contained[0].name[0].family", ["Quillfeather"]),
    "birth date that is a number": Put("contained[0].birthDate", 19710409),
    "address line that is a string": Put("contained[0].address[0].line", "14 Larkspur Ln"),
    "reference that is a string": Put("subject", "#patient"),
    "literal that is an object": Put("subject.reference", {"id": "patient"}),
    "extension that is an object": Put("extension", _FILL),
    "forbids, in words": Put("contained[3].doNotPerform", "no"),
    # nothing
    "null as a status": Put("status", None),
    "null in an array": Put("performer[0]", None),
    "null as what is contained": Put("contained[1]", None),
    "null as a quantity": Put("quantity", None),
    "empty array": Put("contained[0].telecom", []),
    "empty object": Put("contained[0].name[0]", {}),
    "empty string": Put("contained[0].birthDate", ""),
    # what R4 does not know
    "unknown member": Put("zzyzxworth", "1971-04-09", at=""),
    "unknown member of the quantity": Put("quantity.amount", 3, at="quantity"),
    "unknown member of the patient": Put("contained[0].surname", "Quillfeather", at="contained[0]"),
    "unknown member of the patient's name": Put("contained[0].name[0].middle", "Ann", at="contained[0].name[0]"),
    "kind that R4 does not know": Put("contained[1].resourceType", "Pharmacy"),
    "contained without a kind": Drop("contained[1].resourceType"),
    "kind that is a number": Put("contained[1].resourceType", 7),
    "another kind of resource": Put("resourceType", "Patient", at="Resource.resourceType"),
    "kind of another standard": Put("resourceType", "Dispense", at="Resource.resourceType"),
    "no kind": Drop("resourceType", at="Resource"),
    "two kinds of medication": Put("medicationReference", {"reference": "#drug"}),
    # what JSON can say twice, or not at all
    "birth date twice": Swap('"birthDate":', '"birthDate":"1950-02-03","birthDate":', "contained[0].birthDate"),
    "quantity twice": Swap('"quantity":', '"quantity":{"value":1},"quantity":', "quantity"),
    "value of the quantity twice": Swap('"value":10.5', '"value":1,"value":10.5', "quantity.value"),
    "unknown member twice": Swap('"quantity":', '"zzyzx":1,"zzyzx":2,"quantity":', ""),
    "no number": Swap('"value":10.5', '"value":NaN', "quantity.value"),
    "infinitely many": Swap('"value":10.5', '"value":Infinity', "quantity.value"),
    "beyond all measure": Swap('"value":10.5', '"value":1e99999999999999999999', "quantity.value"),
    "birth date twice, then cut off": Swap('"birthDate":"1971-04-09",', '"birthDate":"1950-02-03","birthDate":"1971-04-09"},', "Resource"),
    "birth date twice, then too deep": Swap('"birthDate":"1971-04-09",', '"birthDate":"1950-02-03","birthDate":"1971-04-09","x":' + "[" * 9000 + "]" * 9000 + ",", "Resource"),
    "cut off": Swap('"whenPrepared":"2026-09-02"', '"whenPrepared":"2026', "Resource"),
    "half a character": Swap("Quillfeather", "\\ud800", "contained[0].name[0].family"),
}  # fmt: skip

_LAST = "entry[4]"
_PERFORMER = f"{_LAST}.resource.performer[0].actor.reference"
_REQUESTER = "entry[3].resource.requester.reference"
BUNDLE: dict[str, Change] = {
    "no type": Drop("type"),
    "type of none": Put("type", "collection"),
    "entry without a resource": Drop("entry[1].resource", also=(_PERFORMER,)),
    "entry without a request": Drop("entry[1].request", also=(f"{_LAST}.resource",)),
    "request without a method": Drop(f"{_LAST}.request.method"),
    "request without a url": Drop(f"{_LAST}.request.url"),
    "method of none": Put(f"{_LAST}.request.method", "FETCH"),
    "deletion": Put(f"{_LAST}.request.method", "DELETE"),
    "url of another kind": Put(f"{_LAST}.request.url", "Patient"),
    "POST to an id": Put(f"{_LAST}.request.url", "MedicationDispense/1"),
    "PUT to a kind": Put(f"{_LAST}.request.method", "PUT", at=f"{_LAST}.request.url"),
    "two under one fullUrl": Put("entry[1].fullUrl", url(0)),
    "kind that is not taken": Put("entry[1].resource", {"resourceType": "Account", "status": "active"}, at="entry[1].resource.resourceType", also=(_PERFORMER,)),
    "Bundle in the Bundle": Put("entry[1].resource", {"resourceType": "Bundle", "type": "batch"}, at="entry[1].resource", also=(_PERFORMER,)),
    "pharmacy that is not in the Bundle": Put(f"{_LAST}.resource.performer[0].actor.reference", url(99)),
    "drug that is not in the Bundle": Put(f"{_LAST}.resource.supportingInformation", [{"reference": url(98)}], at=f"{_LAST}.resource.supportingInformation[0].reference"),
    "birth date that never was": Put("entry[0].resource.birthDate", "1971-02-29", also=(f"{_LAST}.resource",)),
    "quantity in words": Put(f"{_LAST}.resource.quantity.value", "ten"),
    "modifier of the Bundle": Put("implicitRules", "http://example.org/rules"),
    "modifier of an entry": Put(f"{_LAST}.modifierExtension", _MODIFIER),
    "modifier of a patient": Put("entry[0].resource.modifierExtension", _MODIFIER, also=(f"{_LAST}.resource",)),
}  # fmt: skip

BUNDLE_JSON: dict[str, Change] = {
    "entry that is an object": Put("entry", {"resource": _PATIENT}),
    "entry that is a string": Put("entry[2]", "Practitioner"),
    "null as an entry": Put("entry[2]", None),
    "resource that is an array": Put("entry[2].resource", [_PATIENT], at="entry[2].resource.resourceType", also=(_REQUESTER,)),
    "resource without a kind": Drop("entry[2].resource.resourceType", also=(_REQUESTER,)),
    "request that is a string": Put(f"{_LAST}.request", "POST MedicationDispense"),
    "method that is a number": Put(f"{_LAST}.request.method", 7),
    "url that is an object": Put(f"{_LAST}.request.url", {"url": "MedicationDispense"}),
    "fullUrl that is a number": Put("entry[1].fullUrl", 7),
    "type that is an array": Put("type", ["transaction"]),
    "resource twice": Swap('"resource":{"resourceType":"Organization"', '"resource":{},"resource":{"resourceType":"Organization"', "entry[1].resource"),
}  # fmt: skip

UPDATE: dict[str, Change] = {
    "id of another": Put("id", "another-one"),
    "no id": Drop("id"),
    "id that is none": Put("id", "not an id!"),
    "subject that is nobody": Drop("subject.reference", at="subject"),
    "subject of another server": Put("subject.identifier.system", "urn:example:person", at="subject"),
    "status of none": Put("status", "zzyzx"),
    "quantity in words": Put("quantity.value", "ten"),
    "day that never was": Put("whenPrepared", "2026-02-30"),
}
