"""Figures and alerts of a history as Scores, which 2017071 has and 10.6 has not.

They are the open analysis of the answer and nothing else: no score is sent whose formula the reader cannot see, and
none of a partner's is read. One Scores for each measure, named by its factors, with the sum that is active and how
many dispensations have no figure; one for the alerts, each with its formula and its severity as value.
"""

from __future__ import annotations

from decimal import Decimal

from adapters._wire import Xml
from adapters.ncpdp.fit import Fit
from adapters.ncpdp.layout import SOFTWARE, block
from adapters.ncpdp.version import Version
from gateway.model import Alert, Analysis, FactorSet, Measure
from gateway.terminology import codes

_NAME_LIMIT = 255  # characters, of ScoreSource and ScoreName
_VALUE_LIMIT = 10
_MORE = ">9999999"  # a figure has two decimals: what is longer is more


def scores(version: Version, analysis: Analysis | None, link: str | None) -> list[Xml]:
    """The Scores of an answer. The first has the link to the report, where there is one."""
    if analysis is None:
        return []
    links = [link, *[None] * len(analysis.factor_sets)]
    measures = [
        _scores(version, f"{factors.name}: {factors.source}", url, _of_measure(analysis, factors))
        for factors, url in zip(analysis.factor_sets, links, strict=False)
    ]
    alerts = [(_sentence(alert), alert.severity.value) for alert in analysis.alerts]
    return [*measures, _scores(version, f"{SOFTWARE}: alerts", None, alerts)] if alerts else measures


def _scores(version: Version, source: str, url: str | None, named: list[tuple[str, str]]) -> Xml:
    fit = Fit(ascii_only=False)  # of its own: a figure is no fact of the record
    return block(version, "scores").render(
        {
            "source": fit.sentence(source, _NAME_LIMIT),
            "url": url,
            "scores": [
                block(version, "score").render({"name": fit.sentence(name, _NAME_LIMIT), "value": value})
                for name, value in named
            ],
        }
    )


def _of_measure(analysis: Analysis, factors: FactorSet) -> list[tuple[str, str]]:
    measure = factors.measure.value.upper()
    active = analysis.active_mme if factors.measure is Measure.MME else analysis.active_lme
    missing = sum(one.measure is factors.measure for one in analysis.not_counted)
    return [
        (f"{measure} a day: sum of all supplies that cover {analysis.as_of}", _written(active)),
        (f"Dispensations that this {measure} does not count", _written(Decimal(missing))),
    ]


def _written(figure: Decimal) -> str:
    """A figure in ten characters; one that has no room there is told as larger than what has."""
    return f"{figure:f}" if len(f"{figure:f}") <= _VALUE_LIMIT else _MORE


def _sentence(alert: Alert) -> str:
    display = codes("alert-category").display(alert.category.value)
    return f"{display}. {alert.detail} Formula: {alert.formula}."
