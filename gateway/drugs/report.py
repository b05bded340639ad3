"""What became of each line of a list: accepted, with a remark or without, or skipped; by reason, line by line."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field


class ListError(Exception):
    """A file cannot be used as a list of products; the text says why, and nothing of it is loaded."""


@dataclass(slots=True)
class Lines:
    """The lines of one file for which one reason holds."""

    file: str
    reason: str
    is_skipped: bool
    numbers: array[int] = field(default_factory=lambda: array("L"))


class LoadReport:
    """Counts and lines. A line is a few bytes, so that a directory of any size can be reported whole."""

    def __init__(self) -> None:
        self.accepted = 0  # codes in the list
        self.whole = 0  # of these, codes of products without a remark
        self._lines: dict[tuple[str, str], Lines] = {}

    def accept(self, *, is_whole: bool) -> None:
        """One more code, of a product that was read whole or with a remark."""
        self.accepted += 1
        self.whole += is_whole

    def skip(self, file: str, line: int, reason: str) -> None:
        """Nothing of this line is in the list."""
        self._note(file, line, reason, is_skipped=True)

    def remark(self, file: str, line: int, reason: str) -> None:
        """The line is in the list, and something of it is not."""
        self._note(file, line, reason, is_skipped=False)

    @property
    def skipped(self) -> int:
        """Lines of which nothing is in the list."""
        return sum(len(lines.numbers) for lines in self if lines.is_skipped)

    def __iter__(self) -> Iterator[Lines]:
        """Reasons to skip first, and of each kind the most frequent first."""
        return iter(sorted(self._lines.values(), key=lambda r: (not r.is_skipped, -len(r.numbers), r.reason)))

    def _note(self, file: str, line: int, reason: str, *, is_skipped: bool) -> None:
        if (file, reason) not in self._lines:
            self._lines[file, reason] = Lines(file, reason, is_skipped)
        self._lines[file, reason].numbers.append(line)
