"""Extensions and DetectedIssues of a partner's answer -> Analysis.

What a partner reckoned is kept as it says it. An answer without any figure or alert has no analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from adapters.fhir import uris
from adapters.fhir.datatypes import codings
from adapters.fhir.tree import Node
from gateway.model import (
    Alert,
    AlertCategory,
    AlertFact,
    AlertSeverity,
    Analysis,
    FactorSet,
    Measure,
    NotCounted,
    NotCountedReason,
)
from gateway.terminology import codes

_Word = TypeVar("_Word", bound=StrEnum)


def read_analysis(
    report: Node | None,
    dispensations: Sequence[Node],
    issues: Sequence[Node],
    resolve: Callable[[Node], Node | None],
    *,
    as_of: date,
) -> Analysis | None:
    """The analysis in an answer; None when it has none.

    :param report: the extension of the report as a whole.
    :param dispensations: the MedicationDispenses, in the answer's order.
    :param issues: its DetectedIssues.
    :param as_of: the day that counts where the answer names none.
    :raises MessageError: naming the element.
    """
    mme = tuple(_figure(node, uris.EXT_MME) for node in dispensations)
    lme = tuple(_figure(node, uris.EXT_LME) for node in dispensations)
    place = {node: n for n, node in enumerate(dispensations)}
    alerts = tuple(alert for node in issues if (alert := _alert(node, place, resolve)) is not None)
    if report is None and not alerts and not any(f is not None for f in (*mme, *lme)):
        return None
    stated = report.extension("as-of") if report is not None else None
    return Analysis(
        as_of=(stated.full_date("valueDate") if stated is not None else None) or as_of,
        factor_sets=tuple(_factor_sets(report)),
        mme=mme,
        lme=lme,
        active_mme=_figure(report, "active-mme") or Decimal(0),
        active_lme=_figure(report, "active-lme") or Decimal(0),
        not_counted=tuple(one for n, node in enumerate(dispensations) for one in _not_counted(n, node)),
        alerts=alerts,
    )


def _figure(node: Node | None, url: str) -> Decimal | None:
    found = node.extension(url) if node is not None else None
    return found.number("valueDecimal") if found is not None else None


def _factor_sets(report: Node | None) -> Iterator[FactorSet]:
    for node in _all(report, "factor-set"):
        measure = _word(Measure, _part(node, "measure", "valueCode"))
        name = _part(node, "name", "valueString")
        if measure is not None and name is not None:
            source = _part(node, "source", "valueString") or ""
            yield FactorSet(measure=measure, name=name, source=source)


def _not_counted(n: int, dispensation: Node) -> Iterator[NotCounted]:
    for node in _all(dispensation, uris.EXT_NOT_COUNTED):
        measure = _word(Measure, _part(node, "measure", "valueCode"))
        reason = _word(NotCountedReason, _part(node, "reason", "valueCode"))
        if measure is not None and reason is not None:
            yield NotCounted(dispensation=n, measure=measure, reason=reason)


def _alert(node: Node, place: Mapping[Node, int], resolve: Callable[[Node], Node | None]) -> Alert | None:
    """The alert in a DetectedIssue; None of a category that is not reckoned here."""
    code = node.get("code")
    coded = [c.text("code") for c in codings(code, uris.PMIX_ALERT)] if code is not None else []
    value = next((v for c in coded if c and (v := codes("alert-category").decode(c, "fhir"))), None)
    if value is None:
        return None
    formula = node.extension(uris.EXT_FORMULA)
    referred = (resolve(reference) for reference in node.items("implicated"))
    return Alert(
        category=AlertCategory(value),
        severity=_word(AlertSeverity, node.text("severity")) or AlertSeverity.MODERATE,
        detail=node.text("detail") or codes("alert-category").display(value),
        formula=(formula.text("valueString") if formula is not None else None) or "",
        facts=tuple(
            AlertFact(name=name, value=told)
            for fact in _all(node, uris.EXT_FACT)
            if (name := _part(fact, "name", "valueString")) and (told := _part(fact, "value", "valueString"))
        ),
        dispensations=tuple(place[found] for found in referred if found is not None and found in place),
    )


def _all(node: Node | None, url: str) -> Iterator[Node]:
    for extension in node.items("extension") if node is not None else ():
        if extension.text("url") == url:
            yield extension


def _part(node: Node, name: str, kind: str) -> str | None:
    part = node.extension(name)
    return part.text(kind) if part is not None else None


def _word(kind: type[_Word], text: str | None) -> _Word | None:
    return kind(text) if text in set(kind) else None
