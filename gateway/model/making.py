"""A constructor for frozen dataclasses that are made by the hundred in one answer.

The one that :mod:`dataclasses` writes sets each field of a frozen object by a call of `object.__setattr__`: 24 of
them are most of what it costs to read a dispensation from the record. Here the object is of an open twin of its class
while it is filled, whose fields are set as those of any object, and of its own class when the constructor returns.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

T = TypeVar("T")


def made_quickly(cls: type[T]) -> type[T]:
    """Give a frozen, slotted, keyword-only dataclass without bases the quick constructor, and change nothing else.

    :raises TypeError: the class is none of that, has a `__post_init__`, or fields that its constructor does not take.
    """
    made = fields(cls)  # type: ignore[arg-type]  # it raises TypeError for what is no dataclass
    is_plain = cls.__bases__ == (object,) and "__slots__" in vars(cls) and not hasattr(cls, "__post_init__")
    if not is_plain or not all(one.kw_only and one.init for one in made):
        raise TypeError(f"{cls.__name__} cannot be made quickly.")
    twin = type(f"_Open{cls.__name__}", (), {"__slots__": vars(cls)["__slots__"]})
    known: dict[str, Any] = {"_put": object.__setattr__, "_Open": twin, "_Closed": cls, "_LEFT_OUT": object()}
    parameters = [_parameter(one, known) for one in made]
    lines = [
        f"def __init__(self, *, {', '.join(parameters)}):",
        "    _put(self, '__class__', _Open)",
        *(f"    self.{one.name} = {_value(one)}" for one in made),
        "    self.__class__ = _Closed",
    ]
    exec("\n".join(lines), known)  # noqa: S102  # of names that stand in our own classes, as dataclasses does it
    known["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    known["__init__"].__annotations__ = {one.name: one.type for one in made} | {"return": None}
    cls.__init__ = known["__init__"]  # type: ignore[method-assign]  # it takes what the one before took
    return cls


def _parameter(one: Field[Any], known: dict[str, Any]) -> str:
    if one.default is not MISSING:
        known[f"_default_{one.name}"] = one.default
        return f"{one.name}=_default_{one.name}"
    if one.default_factory is not MISSING:
        known[f"_factory_{one.name}"] = one.default_factory
        return f"{one.name}=_LEFT_OUT"
    return one.name


def _value(one: Field[Any]) -> str:
    if one.default_factory is MISSING:
        return one.name
    return f"_factory_{one.name}() if {one.name} is _LEFT_OUT else {one.name}"
