"""The templates of `blocks/`, those of whole documents once for each version."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters._wire import Block
from adapters.pmpgateway.names import Version

_FOLDER: Final = Path(__file__).parent / "blocks"


def part(name: str) -> Block:
    """The template of a part, which has no namespace of its own."""
    return Block.load(_FOLDER / f"{name}.xml")


def document(name: str) -> dict[Version, Block]:
    """The template of a document in the namespace of each version."""
    return {
        version: Block.load(_FOLDER / f"{name}.xml", fixed={"namespace": version.namespace})
        for version in Version
    }


destination: Final = part("destination")
