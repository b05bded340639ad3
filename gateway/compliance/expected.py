"""The operator's list of dispensers that must report: a CSV file, one dispenser a line.

    ncpdp_id, npi, dea   at least one of them
    name                 as staff know it
    kind, schedule       pharmacy (the default), practitioner, veterinary, otp; and daily or weekly, where that is not
                         as the state's rules have it for the kind
    from                 the first day it must report of
    exempt               yes for one that need not report
    closed               the last day it must report of

Days are written as 2026-03-01. A column may be left out, but for `from`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, TextIO

from gateway.model import Dispenser, ExpectedDispenser, PartyKind, ReportingSchedule
from gateway.model.identifiers import dea, ncpdp_id, npi

_COLUMNS: Final = ("ncpdp_id", "npi", "dea", "name", "kind", "schedule", "from", "exempt", "closed")
_YES_OR_NO: Final = {"yes": True, "true": True, "1": True, "": False, "no": False, "false": False, "0": False}
_CHECKS: Final = {"ncpdp_id": ncpdp_id, "npi": npi, "dea": dea}
_NCPDP_ID_LENGTH: Final = 7
_YEARS: Final = range(1970, 3000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """What a list says. With a problem it is not to be used; each of both kinds names its line."""

    dispensers: tuple[ExpectedDispenser, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def read_expected(file: TextIO) -> ExpectedFile:
    """The list. Never raises for anything the file holds, but for text that is not UTF-8 (`UnicodeDecodeError`)."""
    return _Reading().read(file)


class _Reading:
    def __init__(self) -> None:
        self._dispensers: list[ExpectedDispenser] = []
        self._problems: list[str] = []
        self._warnings: list[str] = []
        self._seen: dict[
            tuple[object, ...], int
        ] = {}  # identifiers of one shop alone, and the line they are on

    def read(self, file: TextIO) -> ExpectedFile:
        try:
            self._rows(csv.reader(file))
        except csv.Error as error:
            self._problems.append(f"The file is not CSV: {error}.")
        return ExpectedFile(
            dispensers=tuple(self._dispensers),
            problems=tuple(self._problems),
            warnings=tuple(self._warnings),
        )

    def _rows(self, rows: Iterator[list[str]]) -> None:
        header = [name.strip().lower().removeprefix("\ufeff") for name in next(rows, [])]
        unknown = [name for name in header if name not in _COLUMNS]
        if unknown or len(set(header)) != len(header) or "from" not in header:
            expected = ", ".join(_COLUMNS)
            self._problems.append(f"line 1: expected a header of columns out of {expected}, with from.")
            return
        for line, row in enumerate(rows, 2):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(header):
                self._problems.append(f"line {line}: more cells than the header has columns.")
                continue
            cells = dict.fromkeys(_COLUMNS, "") | dict(zip(header, map(str.strip, row), strict=False))
            self._row(line, cells)

    def _row(self, line: int, cells: dict[str, str]) -> None:
        problems = len(self._problems)
        dispenser = self._dispenser(line, cells)
        schedule = cells["schedule"].lower()
        if schedule and schedule not in set(ReportingSchedule):
            self._problems.append(f"line {line}, schedule: expected daily or weekly, or nothing.")
        exempt = _YES_OR_NO.get(cells["exempt"].lower())
        if exempt is None:
            self._problems.append(f"line {line}, exempt: expected yes or no.")
        since, closed = self._day(line, "from", cells), self._day(line, "closed", cells)
        if since is None and not cells["from"]:
            self._problems.append(f"line {line}, from: the first day it must report of is missing.")
        if since is not None and closed is not None and closed < since:
            self._problems.append(f"line {line}, closed: lies before from.")
        if len(self._problems) == problems and since is not None:
            self._dispensers.append(
                ExpectedDispenser(
                    dispenser=dispenser,
                    since=since,
                    schedule=ReportingSchedule(schedule) if schedule else None,
                    exempt=bool(exempt),
                    closed=closed,
                )
            )

    def _dispenser(self, line: int, cells: dict[str, str]) -> Dispenser:
        told = {kind: cells[kind].upper() for kind in _CHECKS}
        number = told["ncpdp_id"]
        if number.isdigit() and len(number) < _NCPDP_ID_LENGTH:
            told["ncpdp_id"] = number.zfill(_NCPDP_ID_LENGTH)  # zeros that a spreadsheet has eaten
        for kind, module in _CHECKS.items():
            if told[kind] and not module.is_valid(told[kind]):
                self._warnings.append(f"line {line}, {kind}: not of the form, or fails its check digit.")
        kind = cells["kind"].lower() or PartyKind.PHARMACY.value
        if kind not in set(PartyKind):
            self._problems.append(f"line {line}, kind: expected one of {', '.join(PartyKind)}, or nothing.")
            kind = PartyKind.PHARMACY.value
        dispenser = Dispenser(
            ncpdp_id=told["ncpdp_id"] or None,
            npi=told["npi"] or None,
            dea=told["dea"] or None,
            name=cells["name"] or None,
            kind=PartyKind(kind),
        )
        if not any(told.values()):
            self._problems.append(f"line {line}: an NCPDP id, an NPI or a DEA number is needed.")
            return dispenser
        own = {dispenser.identity, *(("dea", one) for one in [dispenser.dea] if one)}
        before = {self._seen[one] for one in own if one in self._seen}
        if before:
            self._problems.append(f"line {line}: the same dispenser as on line {min(before)}.")
        for one in own:
            self._seen.setdefault(one, line)
        return dispenser

    def _day(self, line: int, column: str, cells: dict[str, str]) -> date | None:
        if not cells[column]:
            return None
        try:
            day = date.fromisoformat(cells[column])
        except ValueError:
            day = date.min
        if day.year not in _YEARS:
            self._problems.append(f"line {line}, {column}: expected a day as 2026-03-01.")
            return None
        return day
