"""Messages with a part missing, doubled, moved or filled with nonsense, for every adapter that reads XML."""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy

from lxml import etree


def mutated(root: etree._Element, seed: int, nonsense: Sequence[str]) -> etree._Element:
    """A copy with one to three changes; `nonsense` is what texts are replaced by."""
    r = random.Random(seed)
    root = deepcopy(root)
    for _ in range(r.randint(1, 3)):
        elements = [e for e in root.iter(etree.Element) if e is not root]
        if not elements:
            break
        element = r.choice(elements)
        parent = element.getparent()
        assert parent is not None
        match r.randrange(5):
            case 0:
                parent.remove(element)
            case 1:
                parent.append(deepcopy(element))
            case 2:
                parent.insert(0, element)
            case 3:
                element.text = r.choice(nonsense)
            case _:
                element.tag = r.choice(elements).tag
    return root
