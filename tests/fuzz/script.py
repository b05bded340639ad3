"""Looks for bytes that the readers of SCRIPT take neither for a message nor for a refusal, led by what they cover.

    python -m tests.fuzz.script request|answer [-runs=N] [-max_total_time=SECONDS] [FOLDER]

What must hold is in tests/unit/ncpdp/whatever.py. It begins with the adapter's samples and the words in them; FOLDER
keeps what led further, for the next time. Options are libFuzzer's. What fails is left in a file that it names.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris
from lxml import etree

with atheris.instrument_imports(include=["adapters.ncpdp", "adapters._wire"]):
    from tests.unit.ncpdp.samples import FOLDER as SAMPLES
    from tests.unit.ncpdp.test_mutations import changed
    from tests.unit.ncpdp.whatever import said, sent

_READERS = {"request": sent, "answer": said}
_LONGEST = 20_000  # bytes of an input: the longest sample has fewer
_TREES = 0.7  # of the changes
_WORD = re.compile(rb"</?[A-Za-z0-9]+>|\"[^\"]+\"|>[^<>\s][^<>]{0,40}<")


def main(reader: str, options: list[str]) -> None:
    """Does not return: libFuzzer ends the process, with 0 when nothing was found."""
    read = _READERS[reader]
    with tempfile.TemporaryDirectory(prefix="fuzz") as name:
        folder = Path(name)
        (folder / "seeds").mkdir()
        words = set()
        for path in sorted(SAMPLES.glob("*/*.xml")):
            body = path.read_bytes()
            (folder / "seeds" / f"{path.parent.name}-{path.name}").write_bytes(body)
            words.update(_WORD.findall(body))
        lines = ["".join(f"\\x{byte:02x}" for byte in word) for word in sorted(words)]
        (folder / "words").write_text("".join(f'"{line}"\n' for line in lines))
        kept = [option for option in options if not option.startswith("-")]
        given = [option for option in options if option.startswith("-")]
        atheris.Setup(
            [
                sys.argv[0],
                f"-dict={folder / 'words'}",
                f"-max_len={_LONGEST}",
                *given,
                *kept,
                str(folder / "seeds"),
            ],
            read,
            custom_mutator=_mutated,
        )
        atheris.Fuzz()


def _mutated(data: bytes, longest: int, seed: int) -> bytes:
    """Mostly a message with other elements or texts, since few changes of bytes leave a document; else what libFuzzer
    makes of the bytes."""
    random = Random(seed)
    if random.random() < _TREES:
        try:
            return changed(data, random)[:longest]
        except etree.XMLSyntaxError:
            pass
    return atheris.Mutate(data, longest)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
