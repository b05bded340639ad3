"""Who prescribed, who dispensed, who asks."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.codes import PartyKind, Purpose
from gateway.model.person import Address, PersonName


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A state licence: its number and, where known, the two-letter code of the state that issued it."""

    number: str
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescriber:
    """The practitioner who wrote the prescription, as the dispenser reported him or her."""

    name: PersonName | None = None
    npi: str | None = None
    dea: str | None = None
    dea_suffix: str | None = None
    licence: Licence | None = None
    address: Address | None = None
    phone: str | None = None
    kind: PartyKind = PartyKind.PRACTITIONER


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispenser:
    """The pharmacy, or the practitioner or veterinarian who dispensed, as reported."""

    name: str | None = None
    npi: str | None = None
    dea: str | None = None
    ncpdp_id: str | None = None
    licence: Licence | None = None
    address: Address | None = None
    phone: str | None = None
    kind: PartyKind = PartyKind.PHARMACY

    @property
    def identity(self) -> tuple[object, ...]:
        """What it is known by: the first identifier that there is, the most local one first. A chain's pharmacies may
        share an NPI, never an NCPDP id, and they do number their prescriptions alike."""
        for kind, value in (("ncpdp_id", self.ncpdp_id), ("npi", self.npi), ("dea", self.dea)):
            if value:
                return kind, value.strip().upper()
        if self.licence:
            return "licence", self.licence.number.strip().upper(), self.licence.state
        if self.name:
            return "name", " ".join(self.name.casefold().split())
        return "dispenser", self


@dataclass(frozen=True, slots=True, kw_only=True)
class Practitioner:
    """A person who asks, or for whom a delegate asks."""

    name: PersonName | None = None
    npi: str | None = None
    dea: str | None = None
    licence: Licence | None = None
    role: str | None = None  # as the caller names it; the policy knows which names it admits


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Where the practitioner works: hospital, practice, pharmacy, another state's PMP."""

    name: str | None = None
    npi: str | None = None
    dea: str | None = None
    ncpdp_id: str | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks. What the message leaves out is filled from the client's registration, never guessed."""

    practitioner: Practitioner | None = None
    organisation: Organisation | None = None
    delegate: Practitioner | None = None  # acts for `practitioner`
    state: str | None = None
    purpose: Purpose = Purpose.TREATMENT
    client_id: str | None = None  # set by the gateway from the credentials, whatever the message says
