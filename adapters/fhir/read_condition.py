"""`If-None-Exist`, and `ifNoneExist` of an entry: the search that has to find nothing -> Unless.

A condition has to name the fill: the prescription number (`identifier`) and the day (`whenprepared`) of the resource
that comes with it. It is judged among what the dispenser of that resource has reported, so `performer:identifier` can
be said and must be that dispenser's; `fill-number`, `patient` and `status` narrow it. Anything else is refused, since
what is passed over would let the condition find more than was meant, and a dispensation go missing.

Sources: FHIR R4 "http" (conditional create), docs/decisions/0015-conditional-create.md.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

from adapters.fhir.read_search import DISPENSES, WITHDRAWN, patient_of
from adapters.fhir.search_values import Amount, Moment, Token, Value
from adapters.fhir.searched_dispensations import is_performer
from adapters.fhir.searching import Criterion, Query, query_of
from gateway.errors import ErrorCode, MessageError
from gateway.model import Dispensation, Unless

_NAMES: Final = ("identifier", "whenprepared")
_NARROWS: Final = ("fill-number", "patient", "subject", "patient.identifier", "performer", "status")
_REMEDY: Final = (
    "Send identifier=NUMBER&whenprepared=YYYY-MM-DD as the resource has them, and fill-number where several fills of "
    "a day are possible; or send the resource without a condition: what is recorded is not recorded again."
)


class NotSelective(MessageError):
    """The condition does not name the fill that comes with it."""

    code = ErrorCode.CONFLICT
    status = 412


def read_condition(text: str, sent: Dispensation, *, path: str, base_url: str) -> Unless:
    """On what the dispensation is not to be recorded.

    :param text: the search, with `MedicationDispense?` before it or without.
    :param path: of the header or the element.
    :raises NotSelective: it does not name the fill, or says something that is not judged.
    """
    try:
        query = query_of(_pairs(text), DISPENSES, base_url, strict=True)
        key = patient_of(query)
    except MessageError as error:
        raise NotSelective(
            f"The condition cannot be judged: {error.message}", path=path, remedy=_REMEDY
        ) from None
    _require_known(query, path)
    _require(
        _says(query, "identifier", lambda v: isinstance(v, Token) and v.fits(None, sent.rx_number)), path
    )
    _require(_says(query, "whenprepared", lambda v: _is_day(v, sent)), path)
    if not all(_is_said(one, lambda v: is_performer(v, sent)) for one in query.named("performer")):
        raise NotSelective(
            "The condition names another dispenser than the resource.", path=path, remedy=_REMEDY
        )
    if not all(_finds_completed(one) for one in query.named("status")):
        raise NotSelective(
            "The condition asks for others than completed dispensations.", path=path, remedy=_REMEDY
        )
    return Unless(person_key=key, fill_number=_fill_number(query, path))


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            text.removeprefix(f"{DISPENSES.kind}?").removeprefix("?"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=50,
        )
    except ValueError:
        raise MessageError("It is not a search.") from None


def _require_known(query: Query, path: str) -> None:
    known = {*_NAMES, *_NARROWS}
    for name, _ in query.used:
        if name.partition(":")[0] not in known and name not in known:
            raise NotSelective(
                "The condition has a parameter that is not judged.",
                path=path,
                remedy=f"{_REMEDY} Beside these {', '.join(_NARROWS)} may narrow it.",
            )


def _require(is_named: bool, path: str) -> None:
    if not is_named:
        raise NotSelective(
            "The condition does not name the prescription number and the fill date of the resource.",
            path=path,
            remedy=_REMEDY,
        )


def _says(query: Query, name: str, test: Callable[[Value], bool]) -> bool:
    criteria = query.named(name)
    return bool(criteria) and all(_is_said(one, test) for one in criteria)


def _is_said(criterion: Criterion, test: Callable[[Value], bool]) -> bool:
    """True when there is one value, and it is that."""
    return (
        len(criterion.values) == 1
        and criterion.modifier in {None, "identifier"}
        and test(criterion.values[0])
    )


def _is_day(value: Value, sent: Dispensation) -> bool:
    return isinstance(value, Moment) and value.prefix == "eq" and value.days == (sent.filled, sent.filled)


def _finds_completed(criterion: Criterion) -> bool:
    codes = {value.code for value in criterion.values if isinstance(value, Token)}
    return WITHDRAWN in codes if criterion.modifier == "not" else codes == {"completed"}


def _fill_number(query: Query, path: str) -> int | None:
    named = {value for one in query.named("fill-number") for value in one.values}
    if not named:
        return None
    value = named.pop()
    if named or not isinstance(value, Amount) or value.prefix != "eq" or value.value % 1 != Decimal(0):
        raise NotSelective("The condition does not name one fill number.", path=path, remedy=_REMEDY)
    return int(value.value)
