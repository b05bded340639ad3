"""A parsed JSON resource, read element by element; whatever is wrong is named by its FHIRPath.

    bytes -> parse -> Node -> text, date, number ... of its elements

Reading is narrow: only what is asked for is looked at, so a resource may hold anything else. Nothing is guessed, and
no value that was sent ever stands in an error: it may be a patient's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec
import orjson

from adapters.fhir.places import Place, follow, of_resource, unreadable_in
from gateway.errors import ErrorCode, MessageError

MAX_TEXT: Final = 1000
"""Longer than any name, address or code; longer texts are no facts of a dispensation."""
MAX_ITEMS: Final = 10_000
"""Of any array; a Bundle has some three entries for each dispensation."""
MAX_DIGITS: Final = 9
"""Before and after the decimal point of a number."""

ROOTS: Final = frozenset({"Parameters", "Bundle", "MedicationDispense", "OperationOutcome"})
"""The resources that come as a body; a path begins with one of these or with `Resource`, never with what was sent."""

_MODIFIERS: Final = ("modifierExtension", "implicitRules", "doNotPerform")
_MODIFIERS_IN_UTF_8: Final = tuple(name.encode() for name in _MODIFIERS)
_WHOLE: Final = "Resource"
"""The path of a body of which no more can be said."""

_SPACED = re.compile(rb'": |\n')
_BEGINNING: Final = 100  # of a body: where it shows whether white space stands between the words
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?", re.DOTALL)
_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Resolve: TypeAlias = Callable[["Node"], "Node | None"]
"""Finds the resource that a Reference leads to; None when it is not in the message."""


def parse(body: bytes, whole: str = "body") -> Node:
    """The resource in the body of a message.

    :param whole: what holds the resource, in the words of an error: `body`, or `line` of a file.
    :raises MessageError: not UTF-8, not JSON, a name twice in one object, nested too deeply, not a resource, or one
        with a modifier that nobody here understands.
    """
    node = decode(body, whole)
    refuse_modifiers(node)
    return node


def decode(body: bytes, whole: str = "body") -> Node:
    """As :func:`parse`, but for modifiers: where the resources of a message are answered one by one."""
    if not body.strip():
        raise MessageError(
            f"The {whole} is empty.",
            code=ErrorCode.MALFORMED,
            path=_WHOLE,
            remedy="Send one FHIR resource in JSON.",
        )
    try:
        value = _quickly_decoded(body)
        if value is None:
            value = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise MessageError(
            f"The {whole} is not UTF-8.",
            code=ErrorCode.MALFORMED,
            path=_WHOLE,
            remedy="Send JSON encoded in UTF-8.",
        ) from None
    except json.JSONDecodeError as error:
        raise MessageError(
            f"The {whole} is not JSON: it stops making sense at line {error.lineno}, column {error.colno}.",
            code=ErrorCode.MALFORMED,
            path=_WHOLE,
            remedy="Send one FHIR resource in JSON.",
        ) from None
    except RecursionError:
        raise MessageError(
            f"The {whole} is nested too deeply.",
            code=ErrorCode.HOSTILE,
            path=_WHOLE,
            remedy="Send the resource as FHIR R4 defines it.",
        ) from None
    except (ValueError, ArithmeticError):  # from the hooks below, and for a number beyond all measure
        raise MessageError(
            f"The {whole} has an object with one name twice, or a number that is none.",
            code=ErrorCode.MALFORMED,
            path=unreadable_in(body.decode("utf-8-sig"), ROOTS, _WHOLE),
            remedy="Send each name once in an object, and numbers of ordinary size.",
        ) from None
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise MessageError(
            f"The {whole} is not a FHIR resource: it has no resourceType.",
            code=ErrorCode.REQUIRED,
            path=_WHOLE,
            remedy="Send one FHIR resource in JSON.",
        )
    kind = value["resourceType"] if value["resourceType"] in ROOTS else _WHOLE
    return Node(value, None, kind)


def _quickly_decoded(body: bytes) -> Any:
    """The value of JSON as programs write it, without white space and needless escapes; None for any other.

    What is read and written again and is the same to the byte has no name twice in one object, since what was read of
    it cannot, and no number that was read as another. That takes half as long as looking at each object (7 and 15 ms
    for 1.4 MB).
    """
    if _SPACED.search(body, 0, _BEGINNING):
        return None
    try:
        value = _QUICK_DECODER.decode(body)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        return None
    return value if content_of(value) == body else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: two readers must not see two birth dates."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def content_of(value: Any) -> bytes | None:
    """What an element says, as the bytes of its JSON; None when it has numbers, texts or depths beyond all measure.

    A number has its own digits: 5 and 5.0 are not the same, nor are a number and a string.
    """
    try:
        return orjson.dumps(value, default=_digits)
    except orjson.JSONEncodeError:
        return None


class Contents:
    """What elements of one message say, as :func:`content_of` has it, worked out once for each."""

    def __init__(self) -> None:
        self._found: dict[
            int, tuple[Any, bytes | None]
        ] = {}  # with the value, whose id is its own while it is held

    def of(self, value: Any) -> bytes | None:
        """As :func:`content_of`."""
        found = self._found.get(id(value))
        if found is None:
            found = self._found[id(value)] = value, content_of(value)
        return found[1]


def _digits(number: Any) -> orjson.Fragment:
    return orjson.Fragment(str(number))


def names_modifiers(body: bytes) -> bool:
    """False for JSON in which no modifier can stand: none of their names does, plain or with escapes."""
    return has_escapes(body) or any(name in body for name in _MODIFIERS_IN_UTF_8)


def has_escapes(body: bytes) -> bool:
    """True for JSON in which a letter may stand as its number."""
    return b"\\" in body and b"\\u" in body  # one byte is found fifty times as fast as two


def refuse_modifiers(node: Node) -> None:
    """Who does not know a modifier may not read what it modifies, wherever it stands (FHIR R4, "extensibility").

    :raises MessageError: there is one in this element, or inside of it.
    """
    waiting = [node.value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting += here
        elif isinstance(here, dict):
            if any(here.get(name) for name in _MODIFIERS):
                raise _modified(node)
            waiting += here.values()


def _modified(node: Node) -> MessageError:
    """The error of the first modifier in the element: looked for a second time, now with its place."""
    waiting = [node.place]
    name, path = _MODIFIERS[0], node.path
    while waiting:
        here = waiting.pop()
        found = [n for n in _MODIFIERS if isinstance(here.value, dict) and here.value.get(n)]
        if found:
            name, path = found[0], here.child(found[0], None).path
            break
        waiting += reversed([*here.children()])
    return MessageError(
        f"An element has {name}, which changes its meaning in a way that is not known here.",
        code=ErrorCode.UNKNOWN_OPERATION,
        path=path,
        remedy=f"Send what can be understood without {name}.",
    )


def _no_constant(_: str) -> None:
    raise ValueError  # NaN and Infinity, which JSON does not have


_QUICK_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_float=Decimal, parse_constant=_no_constant)


class Node:
    """One element: its value, and how to say where it stands."""

    __slots__ = ("_parent", "_step", "value")

    def __init__(self, value: Any, parent: Node | None, step: str) -> None:
        self.value = value
        self._parent = parent
        self._step = step

    @property
    def path(self) -> str:
        """The FHIRPath from the message's root: `Parameters.parameter[0].resource.birthDate`."""
        if self._parent is None:
            return self._step
        return f"{self._parent.path}{'' if self._step.startswith('[') else '.'}{self._step}"

    @property
    def place(self) -> Place:
        """The same for what stands inside, whoever named it."""
        steps: list[str | int] = []
        root = self
        while root._parent is not None:
            steps.append(int(root._step[1:-1]) if root._step.startswith("[") else root._step)
            root = root._parent
        return follow(of_resource(root.value, root._step), steps[::-1])

    @property
    def kind(self) -> str | None:
        """The `resourceType`, for a resource."""
        kind = self.value.get("resourceType") if isinstance(self.value, dict) else None
        return kind if isinstance(kind, str) else None

    @property
    def container(self) -> Node:
        """The outermost resource that this element stands in, which holds what is contained: the body itself, or the
        resource of an entry or of a parameter."""
        here = self
        while here._parent is not None and here._step != "resource":
            here = here._parent
        return here

    # --- children ---------------------------------------------------------------------------------------------

    def get(self, name: str) -> Node | None:
        """The child of that name; None when it is absent. :raises MessageError: this is no object."""
        if not isinstance(self.value, dict):
            raise self.invalid("an object")
        value = self.value.get(name)
        return None if value is None else Node(value, self, name)

    def need(self, name: str) -> Node:
        """The child of that name. :raises MessageError: it is absent."""
        child = self.get(name)
        if child is None:
            raise self.missing(name)
        return child

    def items(self, name: str, *, nulls: bool = False, most: int = MAX_ITEMS) -> Iterator[Node]:
        """The items of a repeating child; none when it is absent.

        :param nulls: pass over `null`, which FHIR has in the arrays of primitive elements and nowhere else.
        :raises MessageError: it is no array, has too many items, or a `null` that it may not have.
        """
        child = self.get(name)
        if child is None:
            return
        if not isinstance(child.value, list):
            raise child.invalid("an array")
        if len(child.value) > most:
            raise child.invalid(f"an array of at most {most} items")
        for index, value in enumerate(child.value):
            if value is not None or not nulls:
                item = Node(value, child, f"[{index}]")
                if value is None:
                    raise item.invalid("an element", "Leave out what is empty.")
                yield item

    def first(self, name: str) -> Node | None:
        """The first item of a repeating child."""
        return next(self.items(name), None)

    def extension(self, url: str) -> Node | None:
        """The extension of that URL. :raises MessageError: it is there twice, and nobody knows which one counts."""
        found = [e for e in self.items("extension") if e.get_value("url") == url]
        if len(found) > 1:
            raise found[1].invalid("the only one of its url", "Send it once.")
        return found[0] if found else None

    def get_value(self, name: str) -> Any:
        """The raw value of a child, to be compared and never kept."""
        return self.value.get(name) if isinstance(self.value, dict) else None

    # --- values -----------------------------------------------------------------------------------------------

    def text(self, name: str) -> str | None:
        """A string child without surrounding white space; None when absent or blank."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        if isinstance(value, str) and len(value) <= MAX_TEXT and value.isascii() and value.isprintable():
            return value.strip() or None  # what is ordinary needs no place
        child = self.get(name)
        return child.as_text() if child is not None else None

    def need_text(self, name: str) -> str:
        """:raises MessageError: the string is absent or blank."""
        text = self.text(name)
        if text is None:
            raise self.missing(name)
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of a repeating child, blank ones left out."""
        return tuple(text for item in self.items(name, nulls=True, most=50) if (text := item.as_text()))

    def as_text(self) -> str | None:
        """This element as a string. :raises MessageError: no string, too long, or with control characters."""
        if not isinstance(self.value, str):
            raise self.invalid("a string")
        if len(self.value) > MAX_TEXT or _FORBIDDEN.search(self.value):
            raise self.invalid(f"a string of at most {MAX_TEXT} printable characters")
        return self.value.strip() or None

    def full_date(self, name: str) -> date | None:
        """A `date` child with year, month and day. :raises MessageError: partial, impossible or no date."""
        text = self.text(name)
        if text is None:
            return None
        try:
            if _FULL_DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.need(name).invalid("a date", "Use YYYY-MM-DD, a day that exists.")

    def day(self, name: str) -> date | None:
        """The day of a `dateTime` child, as written there, whatever the time zone."""
        text = self.text(name)
        if text is None:
            return None
        first, last = days_of(text) or (None, None)
        if first is None or first != last:
            raise self.need(name).invalid("a day", "Use YYYY-MM-DD, a day that exists.")
        return first

    def instant(self, name: str) -> datetime | None:
        """An `instant` or a `dateTime` with time and zone; None when absent or less precise than that."""
        text = self.text(name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise self.need(name).invalid("an instant", "Use YYYY-MM-DDThh:mm:ssZ.") from None
        return found if found.tzinfo is not None else None

    def number(self, name: str) -> Decimal | None:
        """A numeric child, exactly as written."""
        child = self.get(name)
        if child is None:
            return None
        if isinstance(child.value, bool) or not isinstance(child.value, int | float | Decimal):
            raise child.invalid("a number")
        number = child.value if isinstance(child.value, Decimal) else Decimal(repr(child.value))
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -MAX_DIGITS or number.adjusted() >= MAX_DIGITS:
            raise child.invalid(f"a number of at most {MAX_DIGITS} digits before and after the point")
        return number

    def integer(self, name: str) -> int | None:
        """A whole number."""
        number = self.number(name)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise self.need(name).invalid("a whole number")
        return int(number)

    # --- errors -----------------------------------------------------------------------------------------------

    def missing(self, name: str, remedy: str | None = None) -> MessageError:
        """The error of a child that must be there."""
        return MessageError(
            f"{name} is missing.",
            code=ErrorCode.REQUIRED,
            path=f"{self.path}.{name}",
            remedy=remedy or f"Send {self.path}.{name}.",
        )

    def invalid(self, expected: str, remedy: str | None = None) -> MessageError:
        """The error of an element whose value cannot be, with the expected form in words."""
        name = self._step if self._parent is None or not self._step.startswith("[") else self._parent._step
        return MessageError(
            f"{name} is not {expected}.",
            code=ErrorCode.INVALID,
            path=self.path,
            remedy=remedy or f"Send {expected}.",
        )


def days_of(text: str) -> tuple[date, date] | None:
    """The first and last day that a FHIR date or dateTime of any precision stands for; None when it is none.

    >>> days_of("2024-02")
    (datetime.date(2024, 2, 1), datetime.date(2024, 2, 29))
    >>> days_of("2023-02-29") is None
    True
    """
    match = _PARTIAL_DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        if day is not None:
            if "T" in text:
                datetime.fromisoformat(text)
            return (exact := date(int(year), int(month), int(day))), exact
        if month is not None:
            return date(int(year), int(month), 1), _last_day(int(year), int(month))
        return date(int(year), 1, 1), date(int(year), 12, 31)
    except ValueError:
        return None


def _last_day(year: int, month: int) -> date:
    return date(year, 12, 31) if month == 12 else date.fromordinal(date(year, month + 1, 1).toordinal() - 1)
