"""Prescribers whose NPI was not reported: 2017071 identifies a prescriber by it, or not at all.

A fill that was reported with the DEA number alone gets the NPI that another fill of the same history tells: of the
same number and the same family name, since the number of an institution is many people's. None is taken that two
fills contradict, nor for a number with an institution's suffix.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.model import Dispensation, Prescriber


class KnownPrescribers:
    """The NPIs that these fills tell."""

    def __init__(self, dispensations: Iterable[Dispensation] = ()) -> None:
        told: dict[tuple[str, str], set[str]] = {}
        for prescriber in {id(d.prescriber): d.prescriber for d in dispensations}.values():
            key = _key(prescriber)
            if key is not None and prescriber.npi:
                told.setdefault(key, set()).add(prescriber.npi)
        self._npis = {key: npi for key, (npi, *others) in told.items() if not others}

    def npi_of(self, prescriber: Prescriber) -> str | None:
        """The NPI of one who was reported without; None when nothing tells it."""
        key = _key(prescriber)
        return self._npis.get(key) if key is not None and not prescriber.npi else None


def _key(prescriber: Prescriber) -> tuple[str, str] | None:
    """DEA number and family name; None where either is missing or the number is an institution's."""
    name = prescriber.name.family if prescriber.name else None
    if not prescriber.dea or not name or prescriber.dea_suffix:
        return None
    return prescriber.dea.strip().upper(), " ".join(name.casefold().split())
