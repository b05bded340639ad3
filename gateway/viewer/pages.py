"""The pages, from their templates; every value is escaped."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.model import (
    Address,
    Answer,
    Dispensation,
    Dispenser,
    Drug,
    FieldEvidence,
    Person,
    PersonName,
    Practitioner,
    Prescriber,
    Requester,
)
from gateway.terminology import codes

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


def report_page(answer: Answer, requester: Requester) -> str:
    """The whole report; fills newest first, as the answer has them."""
    return _render("report.html", answer=answer, requester=requester)


def door_page() -> str:
    """A button that opens the report. It names nobody."""
    return _render("door.html")


def notice_page(title: str, text: str, remedy: str | None) -> str:
    """Why there is no report."""
    return _render("notice.html", title=title, text=text, remedy=remedy)


# --- words ----------------------------------------------------------------------------------------------------


def _name(name: PersonName | None) -> str:
    if name is None:
        return "not reported"
    return " ".join(filter(None, (name.prefix, *name.given, name.family, name.suffix)))


def _address(address: Address | None) -> str:
    if address is None:
        return "not reported"
    region = " ".join(filter(None, (address.state, address.postal_code)))
    return ", ".join(filter(None, (*address.lines, address.city, region, address.country))) or "not reported"


def _ids(party: Prescriber | Dispenser | Practitioner) -> str:
    found = (("NPI", party.npi), ("DEA", party.dea))
    return ", ".join(f"{kind} {value}" for kind, value in found if value)


def _drug(drug: Drug) -> str:
    if drug.name:
        return drug.name
    if drug.ingredients:
        return " / ".join(i.name for i in drug.ingredients)
    return f"NDC {drug.ndc11}" if drug.ndc11 else "not reported"


def _strength(drug: Drug) -> str:
    strengths = (f"{_number(i.strength)} {i.unit or ''}".strip() for i in drug.ingredients if i.strength)
    return " / ".join(strengths) or "not known"


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _instant(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


def _fill(dispensation: Dispensation) -> str:
    part = f", part {dispensation.partial_fill}" if dispensation.partial_fill else ""
    which = "first fill" if dispensation.fill_number == 0 else f"refill {dispensation.fill_number}"
    return f"{dispensation.fill_number} ({which}{part})"


def _who(person: Person) -> str:
    return "; ".join(_name(name) for name in person.names)


def _evidence(field: FieldEvidence) -> str:
    return f"{field.field.replace('_', ' ')}: {field.level.replace('_', ' ').replace('-', ' ')}"


def _word(value: str, table: str) -> str:
    return codes(table).display(value)


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("gateway.viewer"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "name": _name,
    "address": _address,
    "ids": _ids,
    "drug": _drug,
    "strength": _strength,
    "number": _number,
    "instant": _instant,
    "fill": _fill,
    "who": _who,
    "evidence": _evidence,
    "word": _word,
}


def _render(template: str, **values: object) -> str:
    return _ENVIRONMENT.get_template(template).render(values)
