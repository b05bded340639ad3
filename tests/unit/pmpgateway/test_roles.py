"""Roles by their exact letters: what is read of them, and what a wrong one is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from adapters.pmpgateway.roles import read_role, role_of, spoken
from gateway.errors import MessageError
from gateway.model import (
    PersonName,
)
from tests.unit.pmpgateway.helpers import (
    LOCATION,
    PROVIDER,
    asked,
    patient_request,
    refused,
)

# --- roles --------------------------------------------------------------------------------------------------------


def test_the_roles_are_those_of_the_list(shared: Path) -> None:
    listed = (shared / "standards/pmpgateway/roles.txt").read_text().splitlines()
    assert sorted(spoken()) == sorted(role for role in listed if role)


@pytest.mark.parametrize("role", spoken())
def test_every_role_is_read_in_its_own_letters_only(role: str) -> None:
    element = etree.Element("Role")
    element.text = role
    policy_role = read_role(element, parent="Provider")
    assert role_of(role) == role
    assert role_of(policy_role) is not None
    for other in {role.lower(), role.upper()} - {role}:
        element.text = other
        with pytest.raises(MessageError) as caught:
            read_role(element, parent="Provider")
        assert caught.value.remedy == f"Send {role}."
        assert caught.value.path == "Role"


@pytest.mark.parametrize(
    ("sent", "hinted"),
    [
        ("Physican", "Send Physician."),
        ("Physician Assistant", "Send Physician Assistant with prescriptive authority."),
        ("Nurse-Practitioner", "Send Nurse Practitioner."),
        ("Resident", "Send Medical Resident with no independent prescriptive authority."),
        ("Prescriber Delegate", "Send Prescriber Delegate - Licensed or Prescriber Delegate - Unlicensed."),
        ("Quillfeather", "Send one of: Physician; "),
    ],
)
def test_the_right_role_is_hinted(sent: str, hinted: str) -> None:
    error = refused(patient_request().replace("Physician<", f"{sent}<"))
    assert (error.remedy or "").startswith(hinted)
    assert (error.path or "").endswith("Provider/Role")
    assert "Quillfeather" not in str(error)


def test_a_delegate() -> None:
    role = "Pharmacist's Delegate - Unlicensed"
    alone = asked(patient_request(requester=PROVIDER.replace("Physician", role) + LOCATION)).requester
    assert alone.practitioner is None
    assert alone.delegate is not None
    assert alone.delegate.role == "Pharmacist Delegate"
    delegate = f"<Delegate><Role>{role}</Role><FirstName>Del</FirstName><LastName>Egate</LastName></Delegate>"
    both = asked(patient_request(requester=delegate + PROVIDER + LOCATION)).requester
    assert both.practitioner is not None
    assert both.practitioner.role == "Physician"
    assert both.delegate is not None
    assert both.delegate.name == PersonName(family="Egate", given=("Del",))
