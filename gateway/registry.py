"""Which adapters there are: the folders under `adapters/`, further folders, and installed packages.

An adapter is a package that exports `ADAPTER`. It comes from a folder beside the others, from a folder named in the
configuration, or from a distribution that registers it in the entry-point group `pmpbridge.adapters`. Nothing else
has to be edited for a new one. An adapter that cannot be loaded stops the start by name, unless it is disabled.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from gateway.ports import Adapter

ENTRY_POINT_GROUP = "pmpbridge.adapters"


class RegistryError(Exception):
    """An adapter cannot be used; the text names it, says why, and how to start without it."""


class Registry:
    """The adapters in use, by name.

    >>> Registry([]).names
    ()
    """

    def __init__(self, adapters: Sequence[Adapter]) -> None:
        self._adapters: dict[str, Adapter] = {}
        prefixes: dict[str, str] = {}
        for adapter in adapters:
            if adapter.name in self._adapters:
                raise RegistryError(f"Two adapters are named {adapter.name!r}; rename or disable one.")
            if adapter.prefix in prefixes:
                raise RegistryError(
                    f"Adapters {prefixes[adapter.prefix]!r} and {adapter.name!r} both claim {adapter.prefix}."
                )
            self._adapters[adapter.name] = adapter
            prefixes[adapter.prefix] = adapter.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of loading."""
        return tuple(self._adapters)

    def __iter__(self) -> Iterator[Adapter]:
        return iter(self._adapters.values())

    def __len__(self) -> int:
        return len(self._adapters)

    def __getitem__(self, name: str) -> Adapter:
        """:raises KeyError: no adapter of that name."""
        return self._adapters[name]

    def for_path(self, path: str) -> Adapter | None:
        """The adapter under whose prefix a URL path lies; where one prefix lies within another, the longer one's."""
        under = [
            adapter
            for adapter in self._adapters.values()
            if path == adapter.prefix or path.startswith(adapter.prefix + "/")
        ]
        return max(under, key=lambda adapter: len(adapter.prefix), default=None)


def load_registry(*, disabled: Collection[str] = (), folders: Sequence[Path] = ()) -> Registry:
    """Every adapter that is there and not disabled.

    :param disabled: names that are not even imported.
    :param folders: further folders whose packages are adapters.
    :raises RegistryError: a folder is not there, or an adapter does not import, exports no usable `ADAPTER`, or
        clashes with another.
    """
    found: list[Adapter] = []
    for name, module in _modules(disabled, folders):
        adapter = getattr(module, "ADAPTER", None)
        if not isinstance(adapter, Adapter):
            raise RegistryError(
                f"Adapter {name!r} exports no ADAPTER that is a gateway.ports.Adapter; "
                f"mend it or add it to adapters.disabled."
            )
        found.append(adapter)
    return Registry(found)


def _modules(disabled: Collection[str], folders: Sequence[Path]) -> Iterator[tuple[str, ModuleType]]:
    home = Path(importlib.import_module("adapters").__path__[0])
    for name in _packages(home):
        if name not in disabled:
            yield name, _guarded(name, partial(importlib.import_module, f"adapters.{name}"))
    for folder in folders:
        if not folder.is_dir():
            raise RegistryError(f"adapters.folders: {folder} is not a folder; mend it or take it out.")
        for name in _packages(folder):
            if name not in disabled:
                yield name, _guarded(name, partial(_import_from, folder, name))
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name not in disabled:
            yield point.name, _guarded(point.name, point.load)


def _packages(folder: Path) -> list[str]:
    return sorted(p.parent.name for p in folder.glob("*/__init__.py") if not p.parent.name.startswith("_"))


def _import_from(folder: Path, name: str) -> ModuleType:
    """Import a package from a folder that is on no search path, under a name of its own."""
    qualified = f"pmpbridge_adapter_{name}"
    package = folder / name
    spec = importlib.util.spec_from_file_location(
        qualified, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{package} is not a package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[qualified] = module
    spec.loader.exec_module(module)
    return module


def _guarded(name: str, load: Callable[[], object]) -> ModuleType:
    try:
        module = load()
    except Exception as error:
        raise RegistryError(
            f"Adapter {name!r} cannot be loaded ({type(error).__name__}: {error}); "
            "mend it or add it to adapters.disabled."
        ) from error
    if not isinstance(module, ModuleType):
        raise RegistryError(f"Entry point {name!r} must name a package that exports ADAPTER.")
    return module
