"""Which of a patient's dispensations a search finds, and in which order.

All criteria are to be met, each by one of its values. Source: FHIR R4 "search", MedicationDispense.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from adapters.fhir import uris
from adapters.fhir.parties import write_dispenser
from adapters.fhir.search_values import Amount, Moment, Target, Token, Value
from adapters.fhir.searching import Criterion, Query
from adapters.fhir.write_dispensation import fill_type, status_of
from gateway.model import Dispensation
from gateway.model.identifiers import ndc

_STATUS: Final = "http://hl7.org/fhir/CodeSystem/medicationdispense-status"

Codings = Iterable[tuple[str | None, str]]


def chosen(query: Query, held: Iterable[Dispensation]) -> Sequence[Dispensation]:
    """Those that the search finds, in its order; without one, as they come (newest fill first)."""
    found = [one for one in held if all(_meets(criterion, one) for criterion in query.criteria)]
    for name, descends in reversed(query.sort):
        found.sort(key=lambda one: _place(_SORTED[name](one)), reverse=descends)
    return found


def _meets(criterion: Criterion, one: Dispensation) -> bool:
    test = _TESTS.get("identifier" if criterion.name == "prescription" else criterion.name)
    if test is None:  # whose it is: by that it was looked up
        return True
    found = any(test(value, one) for value in criterion.values)
    return not found if criterion.modifier == "not" else found


def _place(value: date | datetime | None) -> tuple[bool, Any]:
    """What is not known comes first."""
    return value is not None, value


def _token(codings: Callable[[Dispensation], Codings]) -> Callable[[Value, Dispensation], bool]:
    return lambda value, one: (
        isinstance(value, Token) and any(value.fits(system, code) for system, code in codings(one))
    )


def _day(day_of: Callable[[Dispensation], date | None]) -> Callable[[Value, Dispensation], bool]:
    def test(value: Value, one: Dispensation) -> bool:
        day = day_of(one)
        return isinstance(value, Moment) and day is not None and value.fits_day(day)

    return test


def _is_it(value: Value, one: Dispensation) -> bool:
    id = value.code if isinstance(value, Token) else value.id if isinstance(value, Target) else None
    return id == one.id


def _is_updated(value: Value, one: Dispensation) -> bool:
    return isinstance(value, Moment) and one.reported_at is not None and value.fits_instant(one.reported_at)


def _is_drug(value: Value, one: Dispensation) -> bool:
    if not isinstance(value, Token):
        return False
    product = value.code
    if product is not None and value.system != uris.RXNORM:
        product = ndc.compact(product)
    by_ndc = Token(value.system, product).fits(uris.NDC, one.drug.ndc11) and one.drug.ndc11 is not None
    return by_ndc or (value.fits(uris.RXNORM, one.drug.rxcui) and one.drug.rxcui is not None)


def _is_number(value: Value, one: Dispensation) -> bool:
    return isinstance(value, Amount) and value.fits(Decimal(one.fill_number))


def is_performer(value: Value, one: Dispensation) -> bool:
    """True when it is an identifier of the dispenser."""
    return _TESTS["performer"](value, one)


def _performers(one: Dispensation) -> Codings:
    for identifier in write_dispenser(one.dispenser).get("identifier", ()):
        yield identifier.get("system"), identifier["value"]


_TESTS: Final[Mapping[str, Callable[[Value, Dispensation], bool]]] = {
    "_id": _is_it,
    "target": _is_it,
    "_lastUpdated": _is_updated,
    "status": _token(lambda one: [(_STATUS, status_of(one))]),
    "type": _token(lambda one: [(c["system"], c["code"]) for c in fill_type(one)["coding"]]),
    "identifier": _token(lambda one: [(None, one.rx_number)]),
    "code": _is_drug,
    "fill-number": _is_number,
    "whenprepared": _day(lambda one: one.filled),
    "whenhandedover": _day(lambda one: one.sold),
    "performer": _token(_performers),
}
_SORTED: Final[Mapping[str, Callable[[Dispensation], date | datetime | None]]] = {
    "whenprepared": lambda one: one.filled,
    "whenhandedover": lambda one: one.sold,
    "_lastUpdated": lambda one: one.reported_at,
}
