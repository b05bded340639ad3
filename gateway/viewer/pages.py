"""The pages, from their templates; every value is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.model import Analysis, Answer, Measure, Requester
from gateway.viewer.words import FILTERS, MEASURES, REASONS

HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex, nofollow, noarchive"),
)
"""The headers of each page: it loads nothing, is kept nowhere, and leads nobody here. The style is in the page."""

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("gateway.viewer"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= FILTERS


def report_page(answer: Answer, requester: Requester) -> str:
    """The whole report; fills newest first, as the answer has them, numbered from 1."""
    return _render(
        "report.html",
        answer=answer,
        requester=requester,
        figures=list(_figures(answer)),
        prescribers=list(dict.fromkeys(d.prescriber for d in answer.dispensations)),
        dispensers=list(dict.fromkeys(d.dispenser for d in answer.dispensations)),
    )


def door_page() -> str:
    """A button that opens the report. It names nobody."""
    return _render("door.html")


def notice_page(title: str, text: str, remedy: str | None) -> str:
    """Why there is no report."""
    return _render("notice.html", title=title, text=text, remedy=remedy)


def _figures(answer: Answer) -> Iterator[list[str]]:
    """Of each dispensation its figures in words, in the order of `MEASURES`."""
    analysis = answer.analysis
    for n in range(len(answer.dispensations)):
        yield [_figure(analysis, n, measure) if analysis else "not reckoned" for measure in MEASURES]


def _figure(analysis: Analysis, n: int, measure: Measure) -> str:
    value = (analysis.mme if measure is Measure.MME else analysis.lme)[n]
    if value is not None:
        return f"{value:f}"
    reasons = [
        REASONS[one.reason] for one in analysis.not_counted if (one.dispensation, one.measure) == (n, measure)
    ]
    return f"not counted: {', '.join(reasons)}" if reasons else "none"


def _render(template: str, **values: object) -> str:
    return _ENVIRONMENT.get_template(template).render(values)
