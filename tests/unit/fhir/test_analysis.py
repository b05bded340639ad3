"""Figures and alerts in a FHIR answer, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from fhir.resources.R4B.parameters import Parameters

from adapters.fhir import ADAPTER, uris
from adapters.fhir.read_answer import read_answer
from adapters.fhir.tree import parse
from gateway.clinical import Analyst
from gateway.model import AlertCategory, Answer
from tests.factory import an_answer
from tests.unit.clinical.cases import DAY, THRESHOLDS, drug, fill
from tests.unit.clinical.test_analysis import LORAZEPAM, OXYCODONE, visits
from tests.unit.fhir.cases import BASE, inbound, written
from tests.unit.fhir.test_history import of_type


def answer() -> Answer:
    """Everything that an analysis may hold, with every alert."""
    buprenorphine = drug(("buprenorphine", "8", "mg"), form="Sublingual Tablet")
    since = DAY - timedelta(days=4)
    fills = [
        fill(OXYCODONE, rx_number="1", filled=since),
        fill(OXYCODONE, filled=since),
        fill(LORAZEPAM, filled=since),
        fill(buprenorphine, filled=since),
        *visits(3, 3),
    ]
    history = tuple(
        replace(d, id=f"A-{n}") for n, d in enumerate(sorted(fills, key=lambda d: d.filled, reverse=True))
    )
    analyst = Analyst(version="cdc-2022", thresholds=THRESHOLDS)
    return an_answer(dispensations=history, analysis=analyst(history, as_of=DAY))


def test_the_client_reads_back_the_whole_analysis() -> None:
    told = answer()
    assert told.analysis is not None
    assert {a.category for a in told.analysis.alerts} == set(AlertCategory)
    assert told.analysis.not_counted
    body = ADAPTER.write(told, inbound()).body
    read = read_answer(parse(body))
    assert read.analysis == told.analysis
    Parameters.model_validate_json(body)


def test_a_figure_is_on_its_dispensation() -> None:
    told = answer()
    assert told.analysis is not None
    for dispense, mme, lme in zip(
        of_type(written(told), "MedicationDispense"), told.analysis.mme, told.analysis.lme, strict=True
    ):
        found = {e["url"]: e.get("valueDecimal") for e in dispense["extension"]}
        assert (found.get(uris.EXT_MME), found.get(uris.EXT_LME)) == (mme, lme)


def test_an_alert_refers_to_what_is_in_the_bundle() -> None:
    parameters = written(answer())
    entries = {e["fullUrl"]: e["resource"] for e in parameters["parameter"][0]["resource"]["entry"]}
    issues = of_type(parameters, "DetectedIssue")
    assert {i["code"]["coding"][0]["code"] for i in issues} == {"03", "04", "05"}
    for issue in issues:
        assert issue["code"]["coding"][0]["system"] == uris.PMIX_ALERT
        assert entries[issue["patient"]["reference"]]["resourceType"] == "Patient"
        assert issue["implicated"]
        for reference in issue["implicated"]:
            assert entries[reference["reference"]]["resourceType"] == "MedicationDispense"
        assert (issue["status"], issue["meta"]["source"]) == ("final", BASE)
        assert issue["severity"] in {"high", "moderate", "low"}


def test_the_factors_are_named_in_the_answer() -> None:
    assert "cdc-2022" in json.dumps(written(answer())["parameter"][0]["extension"], default=str)


def test_without_an_analysis_nothing_is_said_of_one() -> None:
    told = replace(answer(), analysis=None)
    assert "analysis" not in str(written(told))
    assert read_answer(parse(ADAPTER.write(told, inbound()).body)).analysis is None
