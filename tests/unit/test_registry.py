from __future__ import annotations

import pytest

from gateway.ports import Adapter
from gateway.registry import Registry, RegistryError


def an_adapter(name_: str, prefix_: str) -> Adapter:
    class Made(Adapter):
        name, prefix, formats = name_, prefix_, ()
        read = write = write_error = routes = None  # type: ignore[assignment] # no message gets there

    return Made()


@pytest.mark.parametrize("turned", [False, True])
def test_the_longer_prefix_has_the_path_whatever_the_order(turned: bool) -> None:
    adapters = [an_adapter("outer", "/a"), an_adapter("inner", "/a/b")]
    registry = Registry(adapters[::-1] if turned else adapters)
    found = {path: registry.for_path(path) for path in ("/a", "/a/c", "/a/bc", "/a/b", "/a/b/c", "/", "/ab")}
    assert {path: adapter and adapter.name for path, adapter in found.items()} == {
        "/a": "outer", "/a/c": "outer", "/a/bc": "outer", "/a/b": "inner", "/a/b/c": "inner", "/": None, "/ab": None,
    }  # fmt: skip


def test_two_adapters_of_one_name_or_prefix_are_refused() -> None:
    with pytest.raises(RegistryError, match="named 'x'"):
        Registry([an_adapter("x", "/a"), an_adapter("x", "/b")])
    with pytest.raises(RegistryError, match="both claim /a"):
        Registry([an_adapter("x", "/a"), an_adapter("y", "/a")])
