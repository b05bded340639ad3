"""Who the patient is: names, addresses, identifiers, and the owner behind a veterinary patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from gateway.model.codes import IdentifierKind, NameUse, Sex, Species
from gateway.model.making import made_quickly


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """A human name (or an animal's: `family` is then the owner's). `given` holds first and middle names in order."""

    family: str
    given: tuple[str, ...] = ()
    prefix: str | None = None
    suffix: str | None = None
    use: NameUse = NameUse.OFFICIAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; `state` is a two-letter USPS code, `postal_code` five or nine digits as sent."""

    lines: tuple[str, ...] = ()
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier of a person. It is never shown by `repr`, so that it cannot reach a log by accident."""

    kind: IdentifierKind
    value: str = field(repr=False)
    issuer: str | None = None  # a state's code for a driver licence, a system URI for a record number


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person, or one *appearance*: the demographics as one dispenser reported them.

    `key` and `appearance` are the store's, opaque, and None on what a caller sends. `repr` shows nothing but
    those two, because everything else is about a patient.
    """

    key: str | None = None
    appearance: int | None = None
    names: tuple[PersonName, ...] = field(default=(), repr=False)  # the first is the one in use
    birth_date: date | None = field(default=None, repr=False)  # None only for a veterinary patient
    sex: Sex = field(default=Sex.UNKNOWN, repr=False)
    addresses: tuple[Address, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    species: Species = Species.HUMAN
    owner: Person | None = field(default=None, repr=False)  # of a veterinary patient
    deceased: date | None = field(default=None, repr=False)

    @property
    def name(self) -> PersonName:
        """The name in use. :raises IndexError: for a person without any name, which no reader lets through."""
        return self.names[0]

    @property
    def address(self) -> Address | None:
        """The first address, if there is one."""
        return self.addresses[0] if self.addresses else None

    def identifier(self, kind: IdentifierKind) -> str | None:
        """The value of the first identifier of that kind, if there is one."""
        return next((i.value for i in self.identifiers if i.kind is kind), None)
