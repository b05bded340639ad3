"""JSON as programs write it is read the quick way, and that way never reads anything else than the careful one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.fhir import tree
from gateway.errors import MessageError

_BOUNDS = (2**63, 2**64 - 1, 2**64, -(2**63) - 1)  # of what 64 bits hold
NUMBERS = st.sampled_from(
    [
        *(
            "0",
            "-0",
            "7",
            "-0.0",
            "1.50",
            "1e5",
            "1E400",
            "1E-7",
            "0.0000001",
            "01",
            "1.",
            "NaN",
            "-Infinity",
        ),
        *("9" * 400, "1.0" + "0" * 30),
        *map(str, _BOUNDS),
    ]
)
TEXTS = st.sampled_from(
    [
        '"a"',
        '""',
        '"\\u0061"',
        '"\\/"',
        '"é"',
        '"\\u00e9"',
        '"\\ud800"',
        '"\t"',
        '"\\t"',
        '"\x7f"',
        '"\\u0001"',
        '"?"',
    ]
)
NAMES = st.sampled_from(['"a"', '"b"', '"c"', '"\\u0061"', '""'])
SPACES = st.sampled_from(["", "", "", " ", "\n"])


def _array(items: list[str], space: str) -> str:
    return f"[{space}{f',{space}'.join(items)}]"


def _object(members: list[tuple[str, str]], space: str) -> str:
    return f"{{{f',{space}'.join(f'{name}:{space}{value}' for name, value in members)}}}"


VALUES = st.recursive(
    NUMBERS | TEXTS | st.sampled_from(["true", "false", "null", "", "]"]),
    lambda inner: (
        st.builds(_array, st.lists(inner, max_size=3), SPACES)
        | st.builds(_object, st.lists(st.tuples(NAMES, inner), max_size=3), SPACES)
    ),
    max_leaves=8,
)


def _careful(body: bytes) -> Any:
    return tree._DECODER.decode(body.decode("utf-8-sig"))


def _exactly(value: Any) -> str:
    """With the types and the digits of numbers, which are equal where they differ in those."""
    return repr(value)


@given(VALUES)
@example('{"a":1,"a":1}')
@example('{"a":[{"b":2,"c":3,"b":2}]}')
@example('{"a":18446744073709551616}')
def test_what_is_read_quickly_is_what_is_read_carefully(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    quick = tree._quickly_decoded(body)
    if quick is not None:
        assert _exactly(quick) == _exactly(_careful(body))


@given(st.dictionaries(st.text(), st.integers(-(2**63), 2**63 - 1) | st.text() | st.booleans(), min_size=1))
def test_what_programs_write_is_read_quickly(value: dict[str, Any]) -> None:
    body = tree.content_of(value)
    if body is not None and not tree._SPACED.search(body, 0, tree._BEGINNING):
        assert tree._quickly_decoded(body) == value


@pytest.mark.parametrize("start", ['{"resourceType":"Bundle",', '{ "resourceType": "Bundle", '])
def test_a_name_twice_is_refused_however_it_is_written(start: str) -> None:
    with pytest.raises(MessageError, match="one name twice") as caught:
        tree.decode((start + '"entry":[{"fullUrl":"a","fullUrl":"a"}]}').encode())
    assert caught.value.path == "Bundle.entry[0].fullUrl"


@pytest.mark.parametrize("depth", [100, 300])
def test_what_is_deeper_than_the_quick_way_goes_is_still_read(depth: int) -> None:
    nested: Any = {"resourceType": "Bundle"}
    for _ in range(depth):
        nested = {"resourceType": "Bundle", "entry": nested}
    assert tree.decode(json.dumps(nested, separators=(",", ":")).encode()).value == nested
