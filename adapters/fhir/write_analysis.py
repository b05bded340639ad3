"""Analysis -> extensions of the dispensations and of the report, and a DetectedIssue for each alert.

    MedicationDispense   pdmp-extension-mme, -lme; `urn:x-pmpbridge:not-counted` where a figure was to be expected
    first parameter      `urn:x-pmpbridge:analysis`: the day, the factors' names and sources, what is active together
    DetectedIssue        PMIX alert category, the dispensations behind it, facts and formula

Source: US PDMP IG 1.0.0, pdmp-medicationdispense and pdmp-bundle-history-result (slice alert).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.fhir import uris
from adapters.fhir.datatypes import Element, exact
from gateway.model import Alert, Analysis, Answer
from gateway.terminology import codes


def figure_extensions(analysis: Analysis) -> list[list[Element]]:
    """The extensions of each dispensation, in their order."""
    found: list[list[Element]] = [[] for _ in analysis.mme]
    for url, figures in ((uris.EXT_MME, analysis.mme), (uris.EXT_LME, analysis.lme)):
        for written, figure in zip(found, figures, strict=True):
            if figure is not None:
                written.append({"url": url, "valueDecimal": exact(figure)})
    for one in analysis.not_counted:
        found[one.dispensation].append(
            _complex(
                uris.EXT_NOT_COUNTED,
                ("measure", "valueCode", one.measure.value),
                ("reason", "valueCode", one.reason.value),
            )
        )
    return found


def report_extension(analysis: Analysis) -> Element:
    """What holds for the report as a whole."""
    sets = [
        {
            "url": "factor-set",
            **_parts(
                ("measure", "valueCode", one.measure.value),
                ("name", "valueString", one.name),
                ("source", "valueString", one.source),
            ),
        }
        for one in analysis.factor_sets
    ]
    written = _complex(
        uris.EXT_ANALYSIS,
        ("as-of", "valueDate", analysis.as_of),
        ("active-mme", "valueDecimal", exact(analysis.active_mme)),
        ("active-lme", "valueDecimal", exact(analysis.active_lme)),
    )
    written["extension"] += sets
    return written


def detected_issues(
    answer: Answer, analysis: Analysis, dispensations: Sequence[Element], urls: Sequence[str], source: str
) -> list[Element]:
    """One for each alert.

    :param dispensations: the MedicationDispenses as written, `urls` where each of them stands.
    :param source: `meta.source`: whose reckoning it is.
    """
    return [_detected(answer, alert, dispensations, urls, source) for alert in analysis.alerts]


def _detected(
    answer: Answer, alert: Alert, dispensations: Sequence[Element], urls: Sequence[str], source: str
) -> Element:
    table = codes("alert-category")
    value = alert.category.value
    coding = {
        "system": uris.PMIX_ALERT,
        "code": table.encode(value, "fhir"),
        "display": table.display(value),
    }
    written: Element = {
        "resourceType": "DetectedIssue",
        "meta": {"source": source},
        "extension": [
            {"url": uris.EXT_FORMULA, "valueString": alert.formula},
            *(
                _complex(uris.EXT_FACT, ("name", "valueString", f.name), ("value", "valueString", f.value))
                for f in alert.facts
            ),
        ],
        "status": "final",
        "code": {"coding": [coding]},
        "severity": alert.severity.value,
        "identifiedDateTime": answer.generated_at,
        "detail": alert.detail,
    }
    if alert.dispensations:
        written["patient"] = dispensations[alert.dispensations[0]]["subject"]
        written["implicated"] = [{"reference": urls[n]} for n in alert.dispensations]
    return written


def _complex(url: str, *parts: tuple[str, str, Any]) -> Element:
    return {"url": url, **_parts(*parts)}


def _parts(*parts: tuple[str, str, Any]) -> Element:
    return {"extension": [{"url": name, kind: value} for name, kind, value in parts]}
