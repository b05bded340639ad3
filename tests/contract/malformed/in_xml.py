"""What only XML can say wrong, each as a piece of text put in place of another."""

from __future__ import annotations

from tests.contract.malformed.changes import Change, Swap

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_STATUS = '<status value="completed"/>'
_DOCTYPE = f'{_HEAD}<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

REPORT: dict[str, Change] = {
    "status twice": Swap(f"{_STATUS}<med", f'<status value="entered-in-error"/>{_STATUS}<med', "status"),
    "quantity twice": Swap("<quantity>", '<quantity><value value="1"/></quantity><quantity>', "quantity"),
    "element of no kind": Swap("<quantity>", '<zzyzxworth value="1"/><quantity>', ""),
    "element of another kind": Swap("<quantity>", "<quantity><start value='2026-01-01'/>", "quantity"),
    "element of another namespace": Swap("<quantity>", '<quantity xmlns="urn:example">', ""),
    "attribute of none": Swap("<quantity>", '<quantity amount="3">', "quantity"),
    "attribute of a value": Swap(f"{_STATUS}<med", '<status value="completed" code="x"/><med', "status"),
    "value as text": Swap(f"{_STATUS}<med", "<status>completed</status><med", "status"),
    "text between elements": Swap("<quantity>", "<quantity>some", "quantity"),
    "no value": Swap(f"{_STATUS}<med", "<status/><med", "status"),
    "value that is empty": Swap(f"{_STATUS}<med", '<status value=""/><med', "status"),
    "element that is empty": Swap("<daysSupply><value value=\"2\"/></daysSupply>", "<daysSupply/>", "daysSupply"),
    "quantity by a comma": Swap('<value value="10.5"/>', '<value value="10,5"/>', "quantity.value"),
    "quantity in Arabic digits": Swap('<value value="10.5"/>', '<value value="\u0661\u0660"/>', "quantity.value"),
    "quantity without end": Swap('<value value="10.5"/>', '<value value="INF"/>', "quantity.value"),
    "contained that holds two": Swap("</Patient></contained>", "</Patient><Patient/></contained>", "contained[0]"),
    "contained that holds nothing": Swap("</Patient></contained>", "</Patient></contained><contained/>", "contained[1]"),
    "contained of no kind": Swap("Organization>", "Zzyzx>", "contained[1]"),
    "birth date twice": Swap("<birthDate value", '<birthDate value="1950-02-03"/><birthDate value', "contained[0].birthDate"),
    "another root": Swap("MedicationDispense", "Zzyzx", "Resource"),
    "document type": Swap(_HEAD, _DOCTYPE, "Resource"),
    "instruction": Swap("<quantity>", "<?run this?><quantity>", "Resource"),
    "cut off": Swap("</MedicationDispense>", "", "Resource"),
}  # fmt: skip

HISTORY: dict[str, Change] = {
    "birth date twice": Swap("<birthDate value", '<birthDate value="1950-02-03"/><birthDate value', "parameter[0].resource.birthDate"),
    "patient twice": Swap("</Patient></resource>", "</Patient></resource><resource><Patient/></resource>", "parameter[0].resource"),
    "name twice, apart": Swap("<birthDate value", '<name><family value="Umberfold"/></name><birthDate value', "parameter[0].resource.name"),
    "family name as text": Swap('<family value="Quillfeather"/>', "<family>Quillfeather</family>", "parameter[0].resource.name[0].family"),
    "element of no kind": Swap("<birthDate value", '<surname value="x"/><birthDate value', "parameter[0].resource"),
    "to be pre-staged, in words": Swap('<valueBoolean value="false"/>', '<valueBoolean value="no"/>', "parameter[4].valueBoolean"),
    "document type": Swap(_HEAD, _DOCTYPE, "Resource"),
    "cut off": Swap("</Parameters>", "", "Resource"),
}  # fmt: skip
