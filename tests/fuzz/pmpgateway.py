"""Looks for bytes that the PMP Gateway's readers take neither for a message nor for a refusal, by what they cover.

    python -m tests.fuzz.pmpgateway patient|report|answer [-runs=N] [-max_total_time=SECONDS] [FOLDER]

It begins with the adapter's samples and the words in them; FOLDER keeps what led further, for the next time. Options
are libFuzzer's. What fails is left in a file that it names.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris
from lxml import etree

with atheris.instrument_imports(include=["adapters.pmpgateway", "adapters._wire"]):
    from tests.unit.mutations import mutated
    from tests.unit.pmpgateway.helpers import SAMPLES
    from tests.unit.pmpgateway.whatever import asked, read_for_whom, said

_READERS = {"patient": asked, "report": read_for_whom, "answer": said}
_SEEDS = {"patient": "[!r]*.request.xml", "report": "report*.request.xml", "answer": "[!r]*.answer.xml"}
_NONSENSE = ["", "CT", "1971-02-30", "physician", "no-data: x", "9" * 200, "\u0661", "javascript:x"]
_LONGEST = 8_000  # bytes of an input: the longest sample has fewer
_TREES = 0.7  # of the changes
_WORD = re.compile(rb"</?[A-Za-z0-9]+>|\"[^\"]+\"|>[^<>\s][^<>]{0,40}<")


def main(reader: str, options: list[str]) -> None:
    """Does not return: libFuzzer ends the process, with 0 when nothing was found."""
    with tempfile.TemporaryDirectory(prefix="fuzz") as name:
        folder = Path(name)
        (folder / "seeds").mkdir()
        words = set()
        for path in sorted(SAMPLES.glob(f"*/{_SEEDS[reader]}")):
            body = path.read_bytes()
            (folder / "seeds" / f"{path.parent.name}-{path.name}").write_bytes(body)
            words.update(_WORD.findall(body))
        lines = ["".join(f"\\x{byte:02x}" for byte in word) for word in sorted(words)]
        (folder / "words").write_text("".join(f'"{line}"\n' for line in lines))
        given = [option for option in options if option.startswith("-")]
        kept = [option for option in options if not option.startswith("-")]
        arguments = [
            f"-dict={folder / 'words'}",
            f"-max_len={_LONGEST}",
            *given,
            *kept,
            str(folder / "seeds"),
        ]
        atheris.Setup([sys.argv[0], *arguments], _READERS[reader], custom_mutator=_mutated)
        atheris.Fuzz()


def _mutated(data: bytes, longest: int, seed: int) -> bytes:
    """Mostly a message with other elements or texts, since few changes of bytes leave a document; else what libFuzzer
    makes of the bytes."""
    if Random(seed).random() < _TREES:
        try:
            return etree.tostring(mutated(etree.fromstring(data), seed, _NONSENSE))[:longest]
        except etree.XMLSyntaxError:
            pass
    return atheris.Mutate(data, longest)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
