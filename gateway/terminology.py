"""The tables that every part may use, loaded once and typed: the code tables and the field map of `mappings/`.

Code tables (`mappings/codes.toml`) have a row for each canonical value and a column for each wire format; `encode`
and `decode` are the two directions. The field map (`mappings/fields.toml`) says which canonical field each format
carries and where; the losses of an answer come from it. Nothing here does input or output after the first load. The
tables of one part alone (drugs, matching, synth) are typed in that part, which reads them by :func:`load_table`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from operator import attrgetter
from typing import Any

from gateway.model import Answer, Dispensation

NOT_CARRIED = "none"


def load_table(name: str) -> dict[str, Any]:
    """The parsed TOML file `mappings/<name>.toml`."""
    return tomllib.loads(files("mappings").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


# --- code tables ----------------------------------------------------------------------------------------------


class CodeTable:
    """One code table: canonical values against the codes of the wire formats.

    >>> sex = codes("sex")
    >>> sex.encode("female", "script")
    'F'
    >>> sex.decode("F", "script")
    'female'
    >>> sex.decode("Z", "script") is None
    True
    """

    def __init__(self, name: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
        self.name = name
        self._display = {value: str(row.get("display", value)) for value, row in rows.items()}
        self._encode: dict[tuple[str, str], str] = {}
        self._decode: dict[tuple[str, str], str] = {}
        self._spelled: dict[tuple[str, str], str] = {}
        for value, row in rows.items():
            for column, code in row.items():
                if column in {"display", "read"}:
                    continue
                self._encode[column, value] = str(code)
                self._decode.setdefault((column, str(code).casefold()), value)
                self._spelled.setdefault((column, str(code).casefold()), str(code))
        for value, row in rows.items():
            for column, spellings in row.get("read", {}).items():
                for code in spellings:
                    self._decode.setdefault((column, str(code).casefold()), value)
                    self._spelled.setdefault((column, str(code).casefold()), str(code))

    def encode(self, value: str, column: str) -> str | None:
        """The code of that format, or None when the format has none for this value."""
        return self._encode.get((column, value))

    def decode(self, code: str, column: str) -> str | None:
        """The canonical value of that format's code, letter case aside, or None when the table lacks it."""
        return self._decode.get((column, code.strip().casefold()))

    def spelled(self, code: str, column: str) -> str | None:
        """That format's code as the table writes it, for formats in which letter case counts."""
        return self._spelled.get((column, code.strip().casefold()))

    def spellings(self, column: str) -> tuple[str, ...]:
        """All codes of that format that are understood, as the table writes them."""
        return tuple(code for (of, _), code in self._spelled.items() if of == column)

    def display(self, value: str) -> str:
        """The words a person reads for that canonical value."""
        return self._display.get(value, value)

    def carries(self, value: str, column: str) -> bool:
        """True when the value comes back as itself from that format."""
        code = self.encode(value, column)
        return code is not None and self.decode(code, column) == value

    def __iter__(self) -> Iterator[str]:
        return iter(self._display)


@cache
def codes(name: str) -> CodeTable:
    """The code table of that name. :raises KeyError: no such table."""
    return CodeTable(name, load_table("codes")[name])


# --- field map ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One row of the field map.

    `name` is a dotted path from a :class:`~gateway.model.Dispensation`; `kind` says how its text is read
    (text, postal-code, date, instant, decimal, integer, code); `table` names the code table of a code; `absent` is
    what it means when the field is not there. `paths` has a column a format. `most` holds the greatest number that a
    format brings over, for formats that have such a limit; `conditional` says, for formats that have no place for the
    field in some records, in which.
    """

    name: str
    kind: str
    table: str | None
    absent: Any
    paths: Mapping[str, str]
    column: Mapping[str, str]
    most: Mapping[str, int]
    conditional: Mapping[str, str]

    def value(self, dispensation: Dispensation) -> Any:
        """What the dispensation holds there; None when a step on the way is absent or empty.

        A step `names.0` indexes; `given.rest` is everything after the first, joined by a space.
        """
        here: Any = dispensation
        for step in self.steps:
            if here is None:
                return None
            if step == "rest":
                here = " ".join(here[1:]) or None
            elif step.isdigit():
                here = here[int(step)] if len(here) > int(step) else None
            else:
                here = getattr(here, step)
        return here if here not in ("", ()) else None

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The steps of the path."""
        return tuple(self.name.split("."))

    def same(self, one: Any, other: Any) -> bool:
        """True when two values of this field mean the same; of a postal code the letters and digits count."""
        if self.kind == "postal-code" and one is not None and other is not None:
            return bool(re.sub(r"[\W_]", "", one) == re.sub(r"[\W_]", "", other))
        return bool(one == other)

    def is_none(self, format: str) -> bool:
        """True when that format has no place for this field at all."""
        return self.paths[format] == NOT_CARRIED

    def carried(self, value: Any, format: str) -> bool:
        """True when that format brings this value over unchanged; also by leaving it out, when that means it."""
        if value == self.absent:
            return True
        if self.is_none(format) or (format in self.most and value > self.most[format]):
            return False
        if self.table is None:
            return True
        return codes(self.table).carries(str(value), self.column.get(format, format))


class FieldMap:
    """The rows of `mappings/fields.toml`.

    `columns` are all formats of the map, `formats` those in which histories are answered. `same` names the format
    whose column another one shares.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.columns: tuple[str, ...] = tuple(table["formats"])
        self.same = {format: row["same"] for format, row in table["formats"].items() if "same" in row}
        self.formats = tuple(f for f, row in table["formats"].items() if not row.get("reports", False))
        self._fitted = {format for format, row in table["formats"].items() if row.get("fits", False)}
        columns = {format: row["codes"] for format, row in table["formats"].items()}
        self.fields = tuple(
            Field(
                name=row["field"],
                kind=row["kind"],
                table=row.get("table"),
                absent=row.get("absent"),
                paths={format: row[self.same.get(format, format)] for format in self.columns},
                column=columns,
                most=self._shared(row.get("most", {})),
                conditional=self._shared(row.get("conditional", {})),
            )
            for row in table["dispensation"]
        )
        self._doubtful = {
            format: _Step.root(
                f for f in self.fields if f.is_none(format) or f.table is not None or format in f.most
            )
            for format in self.formats
        }

    def _shared(self, by_format: Mapping[str, Any]) -> dict[str, Any]:
        """What is said of a format, said of those that share its column too."""
        shared = {one: by_format[other] for one, other in self.same.items() if other in by_format}
        return {**by_format, **shared}

    def may_declare(self, field: Field, format: str) -> bool:
        """True when an answer in that format may lose the field for its own reasons, if it says so: the format has
        limits of length and characters, or no place for the field in some records."""
        return format in self._fitted or format in field.conditional

    def losses(self, answer: Answer, format: str) -> tuple[str, ...]:
        """Names of the fields that the answer holds and that this format cannot carry, in the map's order."""
        lost: set[str] = set()
        self._doubtful[format].add_lost(answer.dispensations, format, lost)
        return tuple(f.name for f in self.fields if f.name in lost)


class _Step:
    """A step of the paths of some fields: the fields below it are looked at together, for all objects at once.

    What is not there has nothing below it, and most of what could be lost is not there.
    """

    def __init__(self, name: str) -> None:
        self._field: Field | None = None
        self._below: dict[str, _Step] = {}
        self._get = _getter(name)

    @classmethod
    def root(cls, fields: Iterable[Field]) -> _Step:
        """The step that stands before the first of every path."""
        root = cls("")
        for field in fields:
            here = root
            for step in field.steps:
                here = here._below.setdefault(step, cls(step))
            here._field = field
        return root

    def add_lost(self, objects: Iterable[Any], format: str, lost: set[str]) -> None:
        """Add the names of the fields below that are lost of any of these objects."""
        for step in self._below.values():
            if step._below:  # a history names the same people and drugs again and again
                found = {id(value): value for value in map(step._get, objects) if value}
                if found:
                    step.add_lost(found.values(), format, lost)
            elif (field := step._field) is not None:
                values = set(map(step._get, objects)) - _NOTHING
                if not all(field.carried(value, format) for value in values):
                    lost.add(field.name)


_NOTHING = frozenset({None, "", ()})


def _getter(step: str) -> Callable[[Any], Any]:
    """What takes a step, as :meth:`Field.value` has it."""
    if step == "rest":
        return lambda values: " ".join(values[1:])
    if step.isdigit():
        position = int(step)
        return lambda values: values[position] if len(values) > position else None
    return attrgetter(step) if step else lambda here: here


@cache
def field_map() -> FieldMap:
    """The field map."""
    return FieldMap(load_table("fields"))
