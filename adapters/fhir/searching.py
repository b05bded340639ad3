r"""What may be searched for, as data, and a search as it was sent -> :class:`Query`.

A kind of resource declares its :class:`Parameter`\ s in a :class:`Searched`; from it come the CapabilityStatement's
`searchParam` and everything that is checked here. Repeated parameters mean and, a comma means or. A parameter that is
not known is ignored, or refused with `Prefer: handling=strict`; a modifier that is not known, and a value that cannot
be, is always refused: nobody may get more than was asked for and take it for what was asked for.

Source: FHIR R4 "search", US Core 6.1.0 "FHIR RESTful search API requirements".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, urlencode

from adapters.fhir import search_values as values
from adapters.fhir.datatypes import Element
from adapters.fhir.media import preference
from adapters.fhir.search_values import Value
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat
from gateway.ports import Inbound

ParameterType = Literal["token", "date", "reference", "string", "number", "uri"]

MOST_ON_A_PAGE: Final = 1000
PAGE: Final = "_page"
"""The parameter of a next link that says where the page begins."""

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_PARAMETERS: Final = 100
_MOST_VALUES: Final = 100  # of one parameter, by commas
_HARMLESS: Final = frozenset({"_format", "_pretty"})
_SUMMARIES: Final = ("true", "text", "data", "count", "false")
_TOTALS: Final = ("none", "estimate", "accurate")
_FORMS: Final[Mapping[ParameterType, str]] = {
    "token": "CODE, SYSTEM|CODE, |CODE or SYSTEM|",
    "date": f"YYYY, YYYY-MM, YYYY-MM-DD or a dateTime, with one of the prefixes {', '.join(values.PREFIXES)}",
    "reference": "ID, KIND/ID or the URL of this server",
    "string": "words",
    "number": f"a number, with one of the prefixes {', '.join(values.PREFIXES)}",
    "uri": "a URI",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter by which a kind of resource is searched.

    `targets` are the kinds that a reference may name; `chained` marks one that follows a reference
    (`patient.identifier`), which no CapabilityStatement can list; `definition` is the URL of its SearchParameter.
    """

    name: str
    type: ParameterType
    documentation: str
    modifiers: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    chained: bool = False
    definition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """How a kind of resource is searched. `page` is how many entries come when `_count` does not say."""

    kind: str
    parameters: tuple[Parameter, ...]
    sorts: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    revincludes: tuple[str, ...] = ()
    page: int = 100

    def statement(self) -> Element:
        """`searchParam`, `searchInclude` and `searchRevInclude` of the CapabilityStatement."""
        lists = {
            "searchParam": [_told(one) for one in self.parameters if not one.chained],
            "searchInclude": list(self.includes),
            "searchRevInclude": list(self.revincludes),
        }
        return {name: some for name, some in lists.items() if some}


def _told(parameter: Parameter) -> Element:
    definition = {"definition": parameter.definition} if parameter.definition else {}
    return {
        "name": parameter.name,
        **definition,
        "type": parameter.type,
        "documentation": parameter.documentation,
    }


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter as it was sent: any of the values will do."""

    name: str
    modifier: str | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search as it was understood. All `criteria` are to be met.

    `count` is the most entries of a page; `summary` is what `_summary` asks for (`_count=0` is `count`), None for all
    of a resource; `sort` are names with whether they descend; `used` is what a self link repeats, in the order sent.
    """

    searched: Searched
    criteria: tuple[Criterion, ...]
    used: tuple[tuple[str, str], ...]
    count: int
    summary: str | None = None
    elements: tuple[str, ...] = ()
    total: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    includes: frozenset[str] = frozenset()
    revincludes: frozenset[str] = frozenset()
    page: str | None = None

    @property
    def is_count(self) -> bool:
        """True when nothing but the total is wanted."""
        return self.summary == "count"

    def named(self, *names: str) -> tuple[Criterion, ...]:
        """The criteria of these names."""
        return tuple(one for one in self.criteria if one.name in names)

    def url(self, base_url: str, page: str | None = None) -> str:
        """The URL of this search, or of the page of it with that token."""
        used = [*self.used, *([(PAGE, page)] if page is not None else [])]
        return f"{base_url}/{self.searched.kind}" + (f"?{urlencode(used)}" if used else "")


def read_query(message: Inbound, searched: Searched) -> Query:
    """The search that a URL, or a form posted to `_search`, asks for.

    :raises MessageError: `path` is the parameter's name.
    :raises UnsupportedFormat: what was posted is no form.
    """
    strict = preference(message, "handling") == "strict"
    return query_of(pairs(parameters(message)), searched, message.base_url, strict=strict)


def query_of(
    given: Iterable[tuple[str, str]], searched: Searched, base_url: str, *, strict: bool = False
) -> Query:
    """The search of these names and values. :raises MessageError: as :func:`read_query`."""
    reading = _Reading(searched, base_url, strict)
    for name, value in given:
        reading.add(name, value)
    return reading.query()


def pairs(given: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[str, str]]:
    """Each name with each of its values."""
    return ((name, value) for name, some in given.items() for value in some)


def parameters(message: Inbound) -> Mapping[str, tuple[str, ...]]:
    """The parameters of the URL and those of a form posted to `_search`.

    :raises UnsupportedFormat: what was posted is no form.
    :raises MessageError: it is not UTF-8, or too many.
    """
    given: dict[str, tuple[str, ...]] = dict(message.query)
    if message.method == "POST":
        if message.content_type != _FORM:
            raise UnsupportedFormat(
                "A search is posted as a form.", path="Content-Type", remedy=f"Send {_FORM}."
            )
        for name, some in _form(message.body).items():
            given[name] = (*given.get(name, ()), *some)
    if sum(map(len, given.values())) > _MOST_PARAMETERS:
        raise MessageError(
            f"The search has more than {_MOST_PARAMETERS} parameters.", code=ErrorCode.TOO_LARGE
        )
    return given


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        raise MessageError("The body is not a form in UTF-8.", code=ErrorCode.MALFORMED) from None


class _Reading:
    """Parameter by parameter."""

    def __init__(self, searched: Searched, base_url: str, strict: bool) -> None:
        self._searched = searched
        self._base_url = base_url
        self._strict = strict
        self._known = {one.name: one for one in searched.parameters}
        self._criteria: list[Criterion] = []
        self._used: list[tuple[str, str]] = []
        self._controls: dict[str, str] = {}
        self._sets: dict[str, set[str]] = {"_include": set(), "_revinclude": set()}

    def add(self, sent: str, value: str) -> None:
        name, colon, modifier = sent.partition(":")
        name, modifier = _chain(name, modifier)
        parameter = self._known.get(name)
        if parameter is not None:
            if colon and modifier and modifier not in parameter.modifiers:
                raise self._unknown(name, "modifier")
            self._criteria.append(self._criterion(parameter, modifier or None, value))
        elif name in self._sets:
            if colon:
                raise self._unknown(name, "modifier")
            self._sets[name].add(self._included(name, value))
        elif name in _CONTROLS:
            if colon:
                raise self._unknown(name, "modifier")
            if name in self._controls and self._controls[name] != value:
                raise MessageError(f"{name} is there twice.", path=name, remedy=f"Send {name} once.")
            self._controls[name] = value
        elif sent in _HARMLESS:
            return
        elif self._strict:
            raise self._unknown(None, "parameter")
        else:
            return
        if name != PAGE:
            self._used.append((sent, value))

    def query(self) -> Query:
        controls = self._controls
        count = self._count(controls.get("_count"))
        summary = _one_of("_summary", controls.get("_summary"), _SUMMARIES)
        elements = tuple(name.strip() for name in controls.get("_elements", "").split(",") if name.strip())
        return Query(
            searched=self._searched,
            criteria=tuple(self._criteria),
            used=tuple(self._used),
            count=min(count or self._searched.page, MOST_ON_A_PAGE),
            summary="count" if count == 0 else summary if summary != "false" else None,
            elements=elements,
            total=_one_of("_total", controls.get("_total"), _TOTALS),
            sort=self._sort(controls.get("_sort")),
            includes=frozenset(self._sets["_include"]),
            revincludes=frozenset(self._sets["_revinclude"]),
            page=controls.get(PAGE),
        )

    def _criterion(self, parameter: Parameter, modifier: str | None, value: str) -> Criterion:
        parts = values.split(value, ",")
        if len(parts) > _MOST_VALUES:
            raise MessageError(
                f"{parameter.name} has more than {_MOST_VALUES} values.",
                code=ErrorCode.TOO_LARGE,
                path=parameter.name,
            )
        found = [self._value(parameter, modifier, part) for part in parts]
        return Criterion(parameter.name, modifier, tuple(found))

    def _value(self, parameter: Parameter, modifier: str | None, text: str) -> Value:
        kind: ParameterType = "token" if modifier == "identifier" else parameter.type
        found: Value | None
        match kind:
            case "token":
                found = values.token(text)
            case "date":
                found = values.moment(text)
            case "number":
                found = values.amount(text)
            case "reference":
                found = self._target(parameter, modifier, text)
            case _:
                found = values.Text(values.unescape(text)) if text else None
        if found is None:
            raise MessageError(
                f"{parameter.name} has a value that cannot be.",
                path=parameter.name,
                remedy=f"Send {_FORMS[kind]}. {parameter.documentation}",
            )
        return found

    def _target(self, parameter: Parameter, modifier: str | None, text: str) -> values.Target | None:
        found = values.target(text, self._base_url)
        if found is None:
            return None
        kind = found.kind or modifier
        fits = kind is None or (kind in parameter.targets and modifier in {None, kind})
        return values.Target(kind, found.id) if fits else None

    def _included(self, name: str, value: str) -> str:
        """`Kind:parameter`, of which a kind of target may follow."""
        offered = self._searched.includes if name == "_include" else self._searched.revincludes
        asked = ":".join(value.split(":")[:2])
        if asked not in offered:
            raise MessageError(
                f"{name} asks for something that is not offered.",
                code=ErrorCode.UNKNOWN_OPERATION,
                path=name,
                remedy=f"Send one of {', '.join(offered)}." if offered else f"Leave {name} out.",
            )
        return asked

    def _sort(self, text: str | None) -> tuple[tuple[str, bool], ...]:
        found = []
        for one in text.split(",") if text is not None else ():
            name, descends = one.strip().removeprefix("-"), one.strip().startswith("-")
            if name not in self._searched.sorts:
                raise MessageError(
                    "_sort names something by which is not sorted.",
                    code=ErrorCode.UNKNOWN_OPERATION,
                    path="_sort",
                    remedy=f"Sort by {', '.join(self._searched.sorts)}, with a minus to begin with the last."
                    if self._searched.sorts
                    else "Leave _sort out.",
                )
            found.append((name, descends))
        return tuple(found)

    def _count(self, text: str | None) -> int | None:
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise MessageError("_count is not a whole number.", path="_count", remedy="Send 0 or more.")
        return int(text)

    def _unknown(self, name: str | None, what: str) -> MessageError:
        known = ", ".join(self._known)
        return MessageError(
            f"A search {what} is not known here.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path=name,
            remedy=f"Search {self._searched.kind} by {known}; what each may have stands in the CapabilityStatement.",
        )


def _chain(name: str, modifier: str) -> tuple[str, str]:
    """`patient:Patient.identifier` is `patient.identifier`: a type where there is but one says nothing."""
    kind, dot, rest = modifier.partition(".")
    return (f"{name}.{rest}", "") if dot and kind == "Patient" else (name, modifier)


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> str | None:
    if value is not None and value not in allowed:
        raise MessageError(
            f"{name} has a value that is not known.", path=name, remedy=f"Send one of {', '.join(allowed)}."
        )
    return value


_CONTROLS: Final = frozenset({"_count", "_summary", "_elements", "_total", "_sort", PAGE})
