"""Who may look a patient up under a state's rules."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.model import PersonName, Practitioner, Purpose, Requester
from gateway.security.policy import StatePolicy

PHYSICIAN = Practitioner(npi="1023011178", role="Physician")


def _policy(**over: Any) -> StatePolicy:
    values: dict[str, Any] = {
        "state": "Connecticut",
        "roles": ("Physician", "Nurse Practitioner", "Pharmacist's Delegate - Licensed"),
        "delegates": True,
        "purposes": ("TREAT",),
    }
    return StatePolicy(**{**values, **over})


@pytest.mark.parametrize(
    "role", ["Physician", "physician", " PHYSICIAN ", "nurse-practitioner", "Nurse Practitioner"]
)
def test_roles_are_admitted_however_they_are_spelt(role: str) -> None:
    assert _policy().refusal(Requester(practitioner=Practitioner(role=role))) is None


@pytest.mark.parametrize("role", ["Receptionist", "Physician Assistant", "Phys", "---"])
def test_a_role_that_is_not_listed_is_refused(role: str) -> None:
    refusal = _policy().refusal(Requester(practitioner=Practitioner(role=role)))
    assert refusal == "The requester's role is not one that may look a patient up in Connecticut."


@pytest.mark.parametrize("practitioner", [None, Practitioner(), Practitioner(role="")])
def test_a_role_that_is_not_known_is_refused(practitioner: Practitioner | None) -> None:
    refusal = _policy().refusal(Requester(practitioner=practitioner))
    assert refusal is not None
    assert "not known" in refusal


def test_a_state_without_a_list_admits_every_role() -> None:
    policy = _policy(roles=())
    assert policy.refusal(Requester(practitioner=Practitioner(role="Receptionist"))) is None
    assert policy.refusal(Requester()) is None
    assert policy.refusal(Requester(practitioner=PHYSICIAN, delegate=Practitioner(role="Clerk"))) is None


@pytest.mark.parametrize(
    "practitioner",
    [
        PHYSICIAN,
        Practitioner(dea="AD1111119", role="Physician"),
        Practitioner(name=PersonName(family="Okonkwo"), role="Physician"),
    ],
)
def test_a_delegate_looks_up_for_somebody_who_is_named(practitioner: Practitioner) -> None:
    for role in (None, "Pharmacist's Delegate - Licensed", "Pharmacists Delegate (licensed)"):
        requester = Requester(practitioner=practitioner, delegate=Practitioner(role=role))
        assert _policy().refusal(requester) is None


@pytest.mark.parametrize("practitioner", [None, Practitioner(role="Physician")])
def test_a_delegate_of_nobody_is_refused(practitioner: Practitioner | None) -> None:
    refusal = _policy().refusal(Requester(practitioner=practitioner, delegate=Practitioner(npi="1")))
    assert refusal is not None
    assert "name that practitioner" in refusal


@pytest.mark.parametrize("delegate", [None, Practitioner(npi="1")])
def test_a_delegate_in_the_practitioner_s_place_is_refused(delegate: Practitioner | None) -> None:
    asking = Practitioner(npi="1023011178", role="Pharmacist's Delegate - Licensed")
    assert "name that practitioner" in str(
        _policy().refusal(Requester(practitioner=asking, delegate=delegate))
    )


def test_a_delegate_does_not_lend_a_role_to_whom_it_acts_for() -> None:
    requester = Requester(
        practitioner=Practitioner(npi="1", role="Receptionist"),
        delegate=Practitioner(role="Physician"),
    )
    assert _policy().refusal(requester)


def test_a_delegate_of_a_role_that_is_not_listed_is_refused() -> None:
    requester = Requester(practitioner=PHYSICIAN, delegate=Practitioner(role="Receptionist"))
    assert "delegate's role" in str(_policy().refusal(requester))


def test_a_state_may_do_without_delegates() -> None:
    requester = Requester(practitioner=PHYSICIAN, delegate=Practitioner(npi="1"))
    assert "delegates" in str(_policy(delegates=False).refusal(requester))
    assert _policy(delegates=False).refusal(Requester(practitioner=PHYSICIAN)) is None


def test_purposes_are_those_of_the_state() -> None:
    requester = Requester(practitioner=PHYSICIAN, purpose=Purpose.OPERATIONS)
    assert "purpose" in str(_policy().refusal(requester))
    assert _policy(purposes=("HOPERAT",)).refusal(requester) is None
    with pytest.raises(ValueError, match="FUN"):
        _policy(purposes=("FUN",))
