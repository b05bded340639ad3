"""The rules of the guide's profiles, held against a record that has everything."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from adapters.fhir import uris
from gateway.clinical import Analyst
from tests.factory import a_dispensation, an_answer
from tests.unit.clinical.cases import DAY, THRESHOLDS
from tests.unit.fhir.cases import written
from tests.unit.fhir.paths import value
from tests.unit.fhir.test_history import of_type

PROFILES = {
    "PdmpMedicationDispense": ("MedicationDispense", uris.PROFILE_DISPENSE),
    "PdmpOrganizationPharmacy": ("Organization", uris.PROFILE_PHARMACY),
    "PdmpPatient": ("Patient", uris.PROFILE_PATIENT),
}
# What this record does not hold: an opioid has no lorazepam equivalent, instructions are not reported, the count
# "each" has no code, and a human is no animal.
NOT_HELD = {
    "rx-lme",
    "dosageInstruction",
    "quantity.system",
    "quantity.code",
    "patient-animal",
}


def rules(shared: Path, profile: str) -> dict[str, tuple[str, str]]:
    """Element -> cardinality and must-support mark."""
    found: dict[str, tuple[str, str]] = {}
    with (shared / "standards/fhir-pdmp/profile-rules.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["profile"] == profile:
                cardinality, mark = found.get(row["element"], ("", ""))
                found[row["element"]] = (cardinality or row["cardinality"], mark or row["mustSupport"])
    return found


def path_of(element: str) -> str:
    """The FHIRPath of an element as the table names it."""
    extension, named, _ = element.partition(" named ")
    if named:
        return f"extension.where(url.endsWith('{extension.lstrip('$')}')).url"
    return element.replace("[x]", "")


@pytest.mark.parametrize("profile", PROFILES)
def test_what_the_profile_wants_is_there(shared: Path, profile: str) -> None:
    kind, url = PROFILES[profile]
    held = (a_dispensation(fill_number=1),)
    analysis = Analyst(version="cdc-2022", thresholds=THRESHOLDS)(held, as_of=DAY)
    answer = an_answer(dispensations=held, analysis=analysis)
    resource: dict[str, Any] = of_type(written(answer), kind)[0]
    assert resource["meta"]["profile"] == [url]
    wanted = {
        element: cardinality
        for element, (cardinality, mark) in rules(shared, profile).items()
        if (mark or cardinality.startswith("1")) and element.rpartition(" ")[2] not in NOT_HELD
    }
    assert wanted
    for element in wanted:
        path = path_of(element)
        assert value(resource, path) is not None or value(resource, f"{path}.exists()") == "True", element
