"""The quick constructor makes what that of dataclasses makes, and refuses what that refuses."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from gateway.model import Dispensation, Person
from gateway.model.making import made_quickly
from tests.factory import a_dispensation, a_person


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    one: int
    two: tuple[str, ...] = ()
    three: list[int] = field(default_factory=list)
    four: str | None = field(default=None, repr=False, compare=False)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    one: int
    two: tuple[str, ...] = ()
    three: list[int] = field(default_factory=list)
    four: str | None = field(default=None, repr=False, compare=False)


@pytest.mark.parametrize("given", [{"one": 1}, {"one": 2, "two": ("a",), "three": [3], "four": "4"}])
def test_the_same_is_made(given: dict[str, Any]) -> None:
    quick, usual = Quick(**given), Usual(**given)
    assert type(quick) is Quick
    assert repr(quick) == repr(usual).replace("Usual", "Quick")
    assert [getattr(quick, f.name) for f in fields(quick)] == [getattr(usual, f.name) for f in fields(usual)]
    assert quick == Quick(**given)
    assert replace(quick, one=9) == Quick(**{**given, "one": 9})


def test_each_has_a_list_of_its_own() -> None:
    first, second = Quick(one=1), Quick(one=1)
    first.three.append(1)
    assert second.three == []


@pytest.mark.parametrize("given", [{}, {"one": 1, "five": 5}])
def test_what_is_left_out_or_unknown_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Usual(**given)
    with pytest.raises(TypeError):
        Quick(**given)
    with pytest.raises(TypeError):
        Quick(1)  # type: ignore[misc]


def test_it_stays_frozen() -> None:
    one = Quick(one=1)
    with pytest.raises(FrozenInstanceError):
        one.one = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del one.one


@pytest.mark.parametrize("one", [a_dispensation(), a_person()])
def test_records_are_copied_and_packed_as_before(one: Dispensation | Person) -> None:
    assert copy.copy(one) == one == pickle.loads(pickle.dumps(one))
    assert replace(one) == one
    assert hash(replace(one)) == hash(one)
    names = [f.name for f in fields(one)]
    assert [*inspect.signature(type(one)).parameters] == names


def test_what_it_is_not_for_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Checked:
        one: int

        def __post_init__(self) -> None: ...

    @dataclass(frozen=True)
    class Loose:
        one: int

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Below(Usual):
        five: int = 5

    for cls in (Checked, Loose, Below):
        with pytest.raises(TypeError):
            made_quickly(cls)
