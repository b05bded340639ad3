"""Who asks: Provider, Delegate and Location, in both messages. Their order, and that of what is in them, is free.

    Provider     Role, FirstName, LastName, and one of DEANumber, NPINumber, ProfessionalLicenseNumber
    Location     one of DEANumber, NPINumber, NCPDPNumber, and Address/StateCode
    Delegate     who acts for the Provider (inferred; no public sample has one)

A Provider whose role is a delegate's is the delegate; for whom it acts is then known from the client's registration
or not at all, and the policy refuses it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from lxml.etree import _Element

from adapters._wire import child, children, path_of, single, text
from adapters.pmpgateway.roles import read_role
from gateway.errors import ErrorCode, MessageError
from gateway.model import Address, Licence, Organisation, PersonName, Practitioner, Requester

STATE = re.compile(r"[A-Za-z]{2}", re.ASCII)


def read_requester(root: _Element) -> Requester:
    """Who asks.

    :raises MessageError: with the path of what is missing or impossible.
    """
    requester = required(root, "Requester")
    provider = _practitioner(required(requester, "Provider"))
    organisation = _organisation(required(requester, "Location"))
    element = single(requester, "Delegate")
    delegate = _delegate(element) if element is not None else None
    is_delegate = delegate is None and "delegate" in (provider.role or "").casefold()
    return Requester(
        practitioner=None if is_delegate else provider,
        organisation=organisation,
        delegate=provider if is_delegate else delegate,
        state=organisation.address.state if organisation.address else None,
    )


def address(element: _Element | None) -> Address | None:
    """An Address; None when nothing is in it. ZipPlusFour is put behind the ZipCode."""
    lines = tuple(filter(None, (text(street) for street in children(element, "Street"))))
    zip_code, plus_four = text(element, "ZipCode"), text(element, "ZipPlusFour")
    read = Address(
        lines=lines,
        city=text(element, "City"),
        state=text(element, "StateCode"),
        postal_code=f"{zip_code}-{plus_four}" if zip_code and plus_four and len(zip_code) == 5 else zip_code,
    )
    return None if read == Address() else read


def state_code(element: _Element | None) -> str | None:
    """A state's two-letter code in capitals; None when nothing is there.

    :raises MessageError: it is something else.
    """
    told = text(element)
    if told is None or element is None:
        return None
    if STATE.fullmatch(told) is None:
        raise MessageError(
            "A state is not told by its two-letter code.", path=path_of(element), remedy="Send the USPS code."
        )
    return told.upper()


def required(parent: _Element, name: str) -> _Element:
    """The only child of that name, which has to be there.

    :raises MessageError: it is missing, or there twice.
    """
    found = single(parent, name)
    if found is None:
        missing(f"{path_of(parent)}/{name}", name)
    return found


def missing(path: str, what: str, remedy: str | None = None) -> NoReturn:
    """:raises MessageError: always."""
    raise MessageError(
        f"{what} is missing or empty.", path=path, remedy=remedy or f"Send {what}.", code=ErrorCode.REQUIRED
    )


def _practitioner(provider: _Element) -> Practitioner:
    path = path_of(provider)
    role = read_role(single(provider, "Role"), parent=path)
    for name in ("FirstName", "LastName"):
        if text(single(provider, name)) is None:
            missing(f"{path}/{name}", name, "Send the provider's first and last name.")
    read = _named(provider, role)
    if not (read.dea or read.npi or read.licence):
        missing(path, "The provider's DEANumber, NPINumber or ProfessionalLicenseNumber", "Send one of them.")
    return read


def _delegate(element: _Element) -> Practitioner:
    return _named(element, read_role(single(element, "Role"), parent=path_of(element)))


def _named(element: _Element, role: str) -> Practitioner:
    licence = child(element, "ProfessionalLicenseNumber")
    number = text(licence, "Value")
    family = text(element, "LastName")
    given = (text(element, "FirstName"), text(element, "MiddleName") or text(element, "Middle"))
    return Practitioner(
        name=PersonName(family=family, given=tuple(filter(None, given))) if family else None,
        npi=text(element, "NPINumber"),
        dea=text(element, "DEANumber"),
        licence=Licence(number=number, state=text(licence, "StateCode")) if number else None,
        role=role,
    )


def _organisation(location: _Element) -> Organisation:
    path = path_of(location)
    read = Organisation(
        name=text(location, "Name"),
        npi=text(location, "NPINumber"),
        dea=text(location, "DEANumber"),
        ncpdp_id=text(location, "NCPDPNumber"),
        address=address(single(location, "Address")),
    )
    if not (read.npi or read.dea or read.ncpdp_id):
        missing(path, "The location's DEANumber, NPINumber or NCPDPNumber", "Send one of them.")
    state = state_code(child(location, "Address", "StateCode"))
    if state is None or read.address is None:
        missing(f"{path}/Address/StateCode", "StateCode", "Send the state in which the location is.")
    return replace(read, address=replace(read.address, state=state))
