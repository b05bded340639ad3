"""Roles: nineteen names whose letters count, and what the states' policies call them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from lxml.etree import _Element

from adapters._wire import path_of, text
from adapters.pmpgateway.names import CODES
from gateway.errors import ErrorCode, MessageError
from gateway.terminology import CodeTable, codes

TABLE: Final = "pmpgateway-role"
_POLICY: Final = "policy"


def spoken() -> tuple[str, ...]:
    """The roles as they have to be sent."""
    return tuple(_spelled(value) for value in _table())


def read_role(element: _Element | None, *, parent: str) -> str:
    """What the states' policies call this role.

    :param parent: the path of what has to have a role, for the error.
    :raises MessageError: there is none, or one that is not exactly one of :func:`spoken`; the nearest is named.
    """
    told = text(element)
    if told is None:
        raise MessageError(
            "Role is missing or empty.",
            path=f"{parent}/Role",
            remedy="Send one of the PMP Gateway's roles, as Physician.",
            code=ErrorCode.REQUIRED,
        )
    value = _table().decode(told, CODES)
    if value is not None and _spelled(value) == told:
        return _table().encode(value, _POLICY) or told
    where = path_of(element) if element is not None else f"{parent}/Role"
    if value is not None:
        raise MessageError(
            "Role has the letters of a role in another case.", path=where, remedy=f"Send {_spelled(value)}."
        )
    raise MessageError("Role is not one of the PMP Gateway's roles.", path=where, remedy=_hint(told))


def role_of(policy_role: str | None) -> str | None:
    """The role to send for what a policy, or another format, calls it; None when there is none."""
    if policy_role is None:
        return None
    value = _table().decode(policy_role, CODES) or _table().decode(policy_role, _POLICY)
    return _spelled(value) if value else None


def _table() -> CodeTable:
    return codes(TABLE)


def _spelled(value: str) -> str:
    return _table().encode(value, CODES) or value


def _hint(told: str) -> str:
    by_letters = {role.casefold(): role for role in spoken()}
    near = get_close_matches(told.casefold()[:100], by_letters, n=1, cutoff=0.6)
    if near:
        return f"Send {by_letters[near[0]]}, if that is meant."
    return f"Send one of: {'; '.join(spoken())}."
