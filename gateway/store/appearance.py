"""A person's demographics as one dispenser reported them, on their way into the record: what matching needs in
clear, identifiers sealed and found again by their fingerprints.

The digest that makes two reports one appearance goes over the fingerprints too, never over an identifier itself: it
lies beside the demographics, and a social security number could be guessed from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model import Identifier, Person
from gateway.ports import Vault
from gateway.store import codec
from gateway.store.codec import Columns
from gateway.store.keys import digest


@dataclass(frozen=True, slots=True)
class _Fingerprinted:
    identifier: Identifier
    of_owner: bool
    fingerprint: bytes


class Reported:
    """Demographics ready to be recorded. Nothing is sealed yet.

    :raises gateway.errors.MessageError: the vault cannot use an identifier.
    """

    def __init__(self, person: Person, vault: Vault) -> None:
        self._vault = vault
        self._columns = codec.appearance_columns(person)
        self._identifiers = [
            _Fingerprinted(one, of_owner, vault.fingerprint(one.kind.value, one.value))
            for holder, of_owner in ((person, False), (person.owner, True))
            if holder is not None
            for one in holder.identifiers
        ]
        beside = [(one.of_owner, one.fingerprint, one.identifier.issuer) for one in self._identifiers]
        self.digest = digest(self._columns, beside)
        self.shown = codec.without_identifiers(person)

    def row(self, person_key: int, appearance: int) -> Columns:
        """The row of table `appearance`."""
        return {
            "person_key": person_key,
            "appearance": appearance,
            "digest": self.digest,
            **self._columns,
        }

    def identifier_rows(self, person_key: int, appearance: int) -> list[Columns]:
        """The rows of table `identifier`."""
        return [
            {
                "person_key": person_key,
                "appearance": appearance,
                "position": position,
                "of_owner": one.of_owner,
                "kind": one.identifier.kind.value,
                "fingerprint": one.fingerprint,
                "sealed": self._vault.seal(one.identifier.value),
                "issuer": one.identifier.issuer,
            }
            for position, one in enumerate(self._identifiers)
        ]
