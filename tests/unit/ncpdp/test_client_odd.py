"""The client: prescriptions, what was administered, and what real answers say oddly. Noted, never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Failure
from gateway.model import Outcome, QuantityUnit
from tests.factory import a_lookup
from tests.unit.ncpdp.helpers import V10_6, VERSIONS
from tests.unit.ncpdp.partners import FILL, Partner, message, response

PRESCRIBED = FILL.replace("MedicationDispensed>", "MedicationPrescribed>")
ADMINISTERED = FILL.replace("MedicationDispensed>", "MedicationDispensedAdministered>")
OTHER = FILL.replace("MedicationDispensed>", "MedicationOfNextYear>")


def states(*named: tuple[str, str]) -> str:
    listed = "".join(
        f"<PDMPStates><StateProvince>{state}</StateProvince><ReasonCode>{code}</ReasonCode></PDMPStates>"
        for state, code in named
    )
    return f"<PDMPStatesResponded>{listed}</PDMPStatesResponded>"


def in_version(version: str, rest: str) -> str:
    """An approved answer with these medications in that version."""
    if version != V10_6:
        return response("<Approved/>", rest)
    unit = "<QuantityUnitOfMeasure><Code>C48542</Code></QuantityUnitOfMeasure>"
    rest = rest.replace(unit, "<PotencyUnitCode>C48542</PotencyUnitCode>")
    body = f"<RxHistoryResponse><Response><Approved/></Response>{rest}</RxHistoryResponse>"
    return message(body, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_prescriptions_alone_are_not_an_answer_without_records(partner: Partner, version: str) -> None:
    partner.says(in_version(version, PRESCRIBED * 3))
    answer = partner.ask(version=version)
    assert answer.outcome is Outcome.PARTIAL
    assert answer.dispensations == ()
    assert answer.detail == "Prescriptions are not shown: 3; they may not have been dispensed."


def test_prescriptions_alone_leave_no_state_with_an_answer(partner: Partner) -> None:
    partner.says(response("<Approved/>", PRESCRIBED + states(("CT", "DJ"))))
    answer = partner.ask(a_lookup(states=("CT",)))
    assert answer.outcome is Outcome.PARTIAL
    assert [(s.state, s.outcome) for s in answer.states] == [("CT", Outcome.PARTIAL)]


@pytest.mark.parametrize("version", VERSIONS)
def test_prescriptions_beside_dispensations_are_said_to_be_left_out(partner: Partner, version: str) -> None:
    partner.says(in_version(version, PRESCRIBED + FILL))
    answer = partner.ask(version=version)
    assert answer.outcome is Outcome.COMPLETE
    assert [d.rx_number for d in answer.dispensations] == ["77"]
    assert "Prescriptions are not shown: 1" in str(answer.detail)


def test_what_was_administered_is_a_record_and_said_to_be_so(partner: Partner) -> None:
    partner.says(response("<Approved/>", ADMINISTERED * 2))
    answer = partner.ask()
    assert answer.outcome is Outcome.COMPLETE
    assert len(answer.dispensations) == 2
    assert answer.detail == "Administered, as far as the partner says: 2 of its records."


def test_the_administered_sample_is_read_as_the_other(partner: Partner, shared: Path) -> None:
    samples = shared / "standards/ncpdp/samples"
    partner.says((samples / "rxhistoryresponse_approved_administered_2017071.xml").read_bytes())
    administered = partner.ask()
    partner.says((samples / "rxhistoryresponse_approved_2017071.xml").read_bytes())
    dispensed = partner.ask()
    assert administered.dispensations == dispensed.dispensations[:1]
    assert dispensed.detail is None


def test_medication_of_an_unknown_kind_makes_an_answer_partial(partner: Partner) -> None:
    for beside in (FILL, PRESCRIBED):
        partner.says(response("<Approved/>", beside + OTHER * 2))
        answer = partner.ask()
        assert answer.outcome is Outcome.PARTIAL
        assert "Medications of an unknown kind are not shown: 2." in str(answer.detail)
    partner.says(response("<Approved/>", OTHER))
    with pytest.raises(Failure, match="unknown kind"):
        partner.ask()


@pytest.mark.parametrize("rest", [f"<Medications>{FILL}</Medications>", f"<x><y/></x><x><y>{FILL}</y></x>"])
def test_medication_where_none_is_looked_for_is_not_no_records(partner: Partner, rest: str) -> None:
    partner.says(response("<Approved/>", rest))
    with pytest.raises(Failure, match="where none are looked for"):
        partner.ask()


@pytest.mark.parametrize("consent", ["N", "n", "P", "Z"])
def test_consent_that_is_refused_on_an_approved_answer_is_noted(partner: Partner, consent: str) -> None:
    stated = f"<BenefitsCoordination><Consent>{consent}</Consent></BenefitsCoordination>"
    partner.says(response("<Approved/>", stated + FILL))
    answer = partner.ask()
    assert answer.outcome is Outcome.COMPLETE
    assert answer.detail == "The partner approves, and states a consent that does not permit it."


@pytest.mark.parametrize(
    ("named", "code", "outcome"),
    [
        ("Connecticut", "DJ", Outcome.PARTIAL),  # not Colorado
        ("Ontario", "DM", Outcome.PARTIAL),
        ("C", "DJ", Outcome.PARTIAL),
        ("", "DJ", Outcome.PARTIAL),
        ("ct", "DJ", Outcome.COMPLETE),
    ],
)
def test_a_state_is_known_by_its_code_alone(
    partner: Partner, named: str, code: str, outcome: Outcome
) -> None:
    partner.says(response("<Approved/>", FILL + states((named, code))))
    answer = partner.ask(a_lookup(states=("CT",)))
    assert answer.outcome is outcome
    assert {s.state for s in answer.states} == ({"CT"} if named == "ct" else {"??", "CT"})
    assert ("States that are not named by a code: 1." in str(answer.detail)) is (named != "ct")


def test_of_several_states_without_a_code_none_hides_another(partner: Partner) -> None:
    partner.says(response("<Approved/>", FILL + states(("Ontario", "DM"), ("Quebec", "DJ"))))
    answer = partner.ask()
    assert answer.outcome is Outcome.PARTIAL
    assert [s.outcome for s in answer.states] == [Outcome.ERROR, Outcome.COMPLETE]


@pytest.mark.parametrize("source", ["Connecticut", "CT HISP", "ct", "Ontario PMP", "C"])
def test_a_source_that_is_no_states_code_is_left_out_and_noted(partner: Partner, source: str) -> None:
    told = f"<HistorySource><Source><SourceDescription>{source}</SourceDescription></Source>"
    partner.says(response("<Approved/>", FILL.replace("<HistorySource>", told)))
    answer = partner.ask()
    assert answer.dispensations[0].source_state is None
    assert answer.detail == "A source that is not a state's code (left out) in 1 of the partner's records."


@pytest.mark.parametrize("unit", ["Unspecified", "C38046", "C99999"])
def test_a_unit_that_is_not_known_is_noted(partner: Partner, unit: str) -> None:
    partner.says(response("<Approved/>", FILL.replace("C48542", unit)))
    answer = partner.ask()
    assert answer.dispensations[0].unit is QuantityUnit.EACH
    assert answer.detail == (
        "A quantity unit that is not known (shown as each) in 1 of the partner's records."
    )
