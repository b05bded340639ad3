"""Wire -> canonical: who is asked for.

patient-read      the URL                  -> PersonQuery by person key
patient-search    the URL, or a form       -> PersonQuery by plain facts
match             Parameters               -> PersonQuery by demographics

Source: FHIR R4 Patient (search parameters, `$match`), US Core 6.1.0 Patient. A search names people by key, or
says enough that only those of one birth date have to be read: docs/wire/fhir.md says what is refused, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal

from adapters.fhir import uris
from adapters.fhir.body import body_of
from adapters.fhir.patients import read_patient, require_kind
from adapters.fhir.search_values import ID, Moment, Text, Token
from adapters.fhir.searching import Criterion, Parameter, Query, Searched, read_query
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode, MessageError, NotFound
from gateway.model import Sex
from gateway.model.people import PersonFacts, PersonQuery, TextFact, TextTest
from gateway.ports import Inbound
from gateway.terminology import codes

_CORE: Final = "http://hl7.org/fhir/us/core/SearchParameter/us-core-patient-"
_BASE: Final = "http://hl7.org/fhir/SearchParameter/individual-"
_TEXT: Final = ("exact", "contains")
_TELECOM: Final = frozenset({None, "phone", "http://hl7.org/fhir/contact-point-system|phone"})

PATIENT: Final = Searched(
    kind="Patient",
    parameters=(
        Parameter(
            name="_id", type="token", documentation="The person key; of one merged into another, both."
        ),
        Parameter(
            name="identifier",
            type="token",
            documentation=f"{uris.PERSON}|KEY, or KEY alone. Not by other identifiers.",
            definition=f"{_CORE}identifier",
        ),
        Parameter(
            name="birthdate",
            type="date",
            documentation="One day, YYYY-MM-DD; with a name, an address-postalcode or a phone.",
            definition=f"{_CORE}birthdate",
        ),
        Parameter(
            name="name",
            type="string",
            documentation="Any part of a name; with birthdate or a key.",
            modifiers=_TEXT,
            definition=f"{_CORE}name",
        ),
        Parameter(
            name="family",
            type="string",
            documentation="With birthdate or a key.",
            modifiers=_TEXT,
            definition=f"{_CORE}family",
        ),
        Parameter(
            name="given",
            type="string",
            documentation="With birthdate or a key.",
            modifiers=_TEXT,
            definition=f"{_CORE}given",
        ),
        Parameter(
            name="gender",
            type="token",
            documentation="With birthdate and a name, or with a key.",
            definition=f"{_CORE}gender",
        ),
        Parameter(
            name="address-postalcode",
            type="string",
            documentation="With birthdate or a key.",
            modifiers=_TEXT,
            definition=f"{_BASE}address-postalcode",
        ),
        Parameter(
            name="phone",
            type="token",
            documentation="With birthdate or a key.",
            definition=f"{_BASE}phone",
        ),
    ),
    page=20,
)

_TEXTS: Final[dict[str, Literal["name", "family", "given", "postal_code"]]] = {
    "name": "name",
    "family": "family",
    "given": "given",
    "address-postalcode": "postal_code",
}


def read_patient_by_key(message: Inbound) -> PersonQuery:
    """`GET Patient/ID`. :raises NotFound: that is no key."""
    key = message.arguments["id"]
    if not ID.fullmatch(key):
        raise NotFound("There is no such Patient.")
    return PersonQuery(key=key)


# --- search -----------------------------------------------------------------------------------------------------


def read_patient_query(message: Inbound) -> Query:
    """The search as it was sent. :raises MessageError: as :func:`adapters.fhir.searching.read_query`."""
    return read_query(message, PATIENT)


def read_patient_search(message: Inbound) -> PersonQuery:
    """`GET Patient?...` and `POST Patient/_search`.

    :raises MessageError: a parameter cannot be, or would need everybody in the record to be read.
    """
    query = read_patient_query(message)
    facts = PersonFacts(
        keys=_keys(query),
        birth_date=_birth_date(query.named("birthdate")),
        texts=tuple(_text(one) for one in query.criteria if one.name in _TEXTS),
        sexes=_sexes(query.named("gender")),
        phones=tuple(_numbers(one) for one in query.named("phone")),
    )
    if (
        facts.keys is None and facts.birth_date is None
    ):  # as the core has it, which does not know the parameter
        raise MessageError(
            "People are not searched for without a key or a birth date.",
            code=ErrorCode.TOO_COSTLY,
            path="birthdate",
            remedy="Add birthdate, or match the patient by demographics.",
        )
    return PersonQuery(facts=facts)


def _keys(query: Query) -> tuple[str, ...] | None:
    """The keys that `_id` and `identifier` have in common; None when neither is there."""
    found: list[Sequence[str]] = []
    for one in query.named("_id", "identifier"):
        tokens = [value for value in one.values if isinstance(value, Token)]
        if one.name == "identifier":
            _require_keys(tokens)
        found.append([value.code or "" for value in tokens])
    if not found:
        return None
    return tuple(key for key in found[0] if all(key in others for others in found[1:]))


def _require_keys(tokens: Iterable[Token]) -> None:
    """Other identifiers are kept sealed with the person whose they are, and nothing leads from them to her."""
    if any(one.system not in {None, uris.PERSON} or one.code is None for one in tokens):
        raise MessageError(
            "People are not searched for by identifiers of others.",
            code=ErrorCode.TOO_COSTLY,
            path="identifier",
            remedy=f"Send {uris.PERSON}|KEY, or match the patient by demographics.",
        )


def _birth_date(criteria: Sequence[Criterion]) -> date | None:
    days = {_day(one) for one in criteria}
    if len(days) > 1:
        raise _not_one_day()
    return days.pop() if days else None


def _day(criterion: Criterion) -> date:
    (*_, value) = criterion.values
    if not isinstance(value, Moment) or len(criterion.values) > 1 or value.prefix != "eq":
        raise _not_one_day()
    first, last = value.days
    if first != last:
        raise _not_one_day()
    return first


def _not_one_day() -> MessageError:
    return MessageError(
        "birthdate is not one day.",
        code=ErrorCode.TOO_COSTLY,
        path="birthdate",
        remedy="Send one full date of birth, YYYY-MM-DD, without a prefix.",
    )


def _text(criterion: Criterion) -> TextFact:
    return TextFact(
        of=_TEXTS[criterion.name],
        how=TextTest(criterion.modifier) if criterion.modifier else TextTest.STARTS,
        any_of=tuple(one.value for one in criterion.values if isinstance(one, Text)),
    )


def _sexes(criteria: Sequence[Criterion]) -> frozenset[Sex] | None:
    if not criteria:
        return None
    wanted = [
        frozenset(_sex(one) for one in criterion.values if isinstance(one, Token)) for criterion in criteria
    ]
    return frozenset.intersection(*wanted)


def _sex(token: Token) -> Sex:
    found = codes("sex").decode(token.code, "fhir") if token.code else None
    if found is None or token.system not in {None, uris.GENDER}:
        raise MessageError(
            "gender is not known.", path="gender", remedy="Send female, male, other or unknown."
        )
    return Sex(found)


def _numbers(criterion: Criterion) -> tuple[str, ...]:
    tokens = [one for one in criterion.values if isinstance(one, Token)]
    if any(one.system not in _TELECOM or not one.code for one in tokens):
        raise MessageError("phone is no number.", path="phone", remedy="Send the ten digits.")
    return tuple(one.code or "" for one in tokens)


# --- $match -----------------------------------------------------------------------------------------------------


def read_match(message: Inbound) -> PersonQuery:
    """Parameters of `Patient/$match`: `resource`, `onlyCertainMatches`, `count`.

    :raises MessageError: naming the element that is missing or cannot be.
    """
    node = require_kind(body_of(message), "Parameters")
    given: dict[str, Node] = {}
    for parameter in node.items("parameter"):
        name = parameter.need_text("name")
        if name in given:
            raise parameter.invalid("the only one of its name", "Send each parameter once.")
        given[name] = parameter
    if "resource" not in given:
        raise node.missing("parameter", "Send a parameter named resource with a Patient as its resource.")
    patient = require_kind(given["resource"].need("resource"), "Patient")
    return PersonQuery(
        person=read_patient(patient),
        only_certain=_only_certain(given.get("onlyCertainMatches")),
        most=_most(given.get("count")),
    )


def _only_certain(parameter: Node | None) -> bool:
    if parameter is None:
        return False
    value = parameter.need("valueBoolean")
    if not isinstance(value.value, bool):
        raise value.invalid("true or false")
    return value.value


def _most(parameter: Node | None) -> int | None:
    if parameter is None:
        return None
    most = parameter.integer("valueInteger")
    if most is None:
        raise parameter.missing("valueInteger")
    if most < 1:
        raise parameter.need("valueInteger").invalid("1 or more")
    return most
