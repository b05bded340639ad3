"""A message as nested dictionaries of local names, made in one pass.

SCRIPT is read by local names alone: senders put one version's message into the namespace of another. A leaf is
its trimmed text, anything else a dictionary. Of children that share a name the first stands under that name, and
all of them in a list under `*name`.
"""

from __future__ import annotations

from typing import Any

from lxml.etree import _Element

Tree = dict[str, Any]


def to_tree(element: _Element, *, kept: frozenset[str] = frozenset()) -> Tree:
    """The children of an element. An element without children is an empty dictionary, whatever its text.

    :param kept: names of elements that stay elements, for who looks at them only when they differ.
    """
    tag = str(element.tag)
    return _tree(element, tag[: tag.rfind("}") + 1], kept)


def _tree(element: _Element, namespace: str, kept: frozenset[str]) -> Tree:
    found: Tree = {}
    skip = len(namespace)
    for child in element:
        tag = str(child.tag)
        name = tag[skip:] if tag.startswith(namespace) else tag
        if name.startswith("{"):  # a namespace other than its parent's
            name = name.rpartition("}")[2]
        value: Any = child
        if name not in kept:
            value = _tree(child, namespace, kept) if len(child) else (child.text or "").strip()
        if name in found:
            found.setdefault(f"*{name}", [found[name]]).append(value)
        else:
            found[name] = value
    return found


def text(tree: Tree, *path: str) -> str | None:
    """The text at the end of the path; None when it is absent, empty or no leaf."""
    here: Any = tree
    for name in path:
        if not isinstance(here, dict):
            return None
        here = here.get(name)
    return here if isinstance(here, str) and here else None


def sub(tree: Tree, *path: str) -> Tree:
    """The element at the end of the path; empty when it is absent or a leaf."""
    here: Any = tree
    for name in path:
        here = here.get(name)
        if not isinstance(here, dict):
            return {}
    return here if isinstance(here, dict) else {}


def repeated(tree: Tree, *names: str) -> str | None:
    """The first of these names that several children share; None when each is there once at most."""
    return next((name for name in names if f"*{name}" in tree), None)


def every(tree: Tree, name: str) -> list[Any]:
    """All children of that name, in document order: texts and dictionaries."""
    return tree.get(f"*{name}") or ([tree[name]] if name in tree else [])


def texts(tree: Tree, name: str) -> list[str]:
    """The texts of all children of that name, those without one left out."""
    return [value for value in every(tree, name) if isinstance(value, str) and value]


def subs(tree: Tree, name: str) -> list[Tree]:
    """All children of that name that are no leaves."""
    return [value for value in every(tree, name) if isinstance(value, dict)]
