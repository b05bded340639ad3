"""Roles: nineteen names whose letters count, and what the states' policies call them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from lxml.etree import _Element

from adapters._wire import path_of, text
from adapters.pmpgateway.names import CODES
from gateway.errors import ErrorCode, MessageError
from gateway.terminology import CodeTable, codes

_POLICY: Final = "policy"


def spoken() -> tuple[str, ...]:
    """The roles as they have to be sent."""
    return _table().spellings(CODES)


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
    value, spelled = _table().decode(told, CODES), _table().spelled(told, CODES)
    if value is not None and spelled == told:
        return value
    where = path_of(element) if element is not None else f"{parent}/Role"
    if spelled is not None:
        raise MessageError(
            "Role has the letters of a role in another case.", path=where, remedy=f"Send {spelled}."
        )
    raise MessageError("Role is not one of the PMP Gateway's roles.", path=where, remedy=_hint(told))


def role_of(role: str | None) -> str | None:
    """The role to send for what a policy, or another format, calls it; None when there is none.

    Of two roles that a policy does not tell apart it is the one with less authority.
    """
    if role is None:
        return None
    value = _table().decode(role, _POLICY)
    return _table().spelled(role, CODES) or (_table().encode(value, CODES) if value else None)


def _table() -> CodeTable:
    return codes("pmpgateway-role")


def _hint(told: str) -> str:
    """The roles that begin as what was sent, else the one that other formats call so, else the one that is near."""
    letters = told.casefold()[:100]
    by_letters = {role.casefold(): role for role in spoken()}
    near = [role for known, role in by_letters.items() if known.startswith(letters)]
    if not near and (same := role_of(told)):
        near = [same]
    if not near:
        near = [by_letters[known] for known in get_close_matches(letters, by_letters, n=1)]
    return f"Send {' or '.join(near)}." if near else f"Send one of: {'; '.join(spoken())}."
