"""The `Policy` port: whether a requester may see a history under one state's rules.

What is judged: the purpose, the role, and that a delegate acts for somebody who is named. Roles are compared by
letters and digits only: "Pharmacist's Delegate - Licensed" is "pharmacists delegate licensed".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.model import Practitioner, Purpose, Requester

_FOR_WHOM: Final = (
    "A delegate looks up for a prescriber or pharmacist: name that practitioner in the request."
)


class StatePolicy:
    """One state's rules.

    :param state: the state's name, for the sentences.
    :param roles: the roles that may look a patient up; empty when the state lists none.
    :param delegates: whether a delegate may ask for a practitioner.
    :param purposes: the purposes of use that are admitted.
    """

    def __init__(
        self, *, state: str, roles: Iterable[str], delegates: bool, purposes: Iterable[str | Purpose]
    ) -> None:
        """:raises ValueError: a purpose is none of :class:`~gateway.model.Purpose`."""
        self._state = state
        self._roles = frozenset(_compared(role) for role in roles)
        self._delegates = delegates
        self._purposes = frozenset(Purpose(purpose) for purpose in purposes)

    def refusal(self, requester: Requester) -> str | None:
        """Why this requester may not see a history, as a sentence for the caller; None when it may."""
        if requester.purpose not in self._purposes:
            return f"{self._state} does not admit look-ups for this purpose of use."
        if requester.delegate is not None:
            return self._refusal_of_delegate(requester)
        return self._refusal_of_role(requester.practitioner)

    def _refusal_of_delegate(self, requester: Requester) -> str | None:
        if not self._delegates:
            return f"{self._state} does not admit look-ups by delegates."
        if not _is_named(requester.practitioner):
            return _FOR_WHOM
        delegate = requester.delegate
        if delegate is not None and delegate.role and not self._admits(delegate.role):
            return f"The delegate's role is not one that may look a patient up in {self._state}."
        return self._refusal_of_role(requester.practitioner)

    def _refusal_of_role(self, practitioner: Practitioner | None) -> str | None:
        role = practitioner.role if practitioner else None
        if role and _is_delegates(role):
            return _FOR_WHOM
        if not self._roles:
            return None
        if not role:
            return "The requester's role is not known: name it in the request, or have it registered for the client."
        if not self._admits(role):
            return f"The requester's role is not one that may look a patient up in {self._state}."
        return None

    def _admits(self, role: str) -> bool:
        return not self._roles or _compared(role) in self._roles


def _is_named(practitioner: Practitioner | None) -> bool:
    return practitioner is not None and bool(practitioner.npi or practitioner.dea or practitioner.name)


def _is_delegates(role: str) -> bool:
    """True for "Prescriber Delegate" and the like: whoever has it is not the one a look-up is made for."""
    return "delegate" in _compared(role)


def _compared(role: str) -> str:
    return "".join(character for character in role.casefold() if character.isalnum())
