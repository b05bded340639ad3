"""The client: the histories that a partner answers with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.errors import ErrorCode, MessageError
from gateway.model import (
    Outcome,
    PartyKind,
    PersonName,
    QuantityUnit,
    Schedule,
)
from tests.factory import NOW, a_lookup
from tests.unit.ncpdp.partners import FILL, Partner, response


def test_a_whole_answer(partner: Partner) -> None:
    state = "<PDMPStates><StateProvince>CT</StateProvince><ReasonCode>DJ</ReasonCode></PDMPStates>"
    rest = f"{FILL}<PDMPStatesResponded>{state}</PDMPStatesResponded>"
    partner.says(response("<Approved><Note>A note.</Note></Approved>", rest))
    answer = partner.ask(a_lookup(states=("CT",)))
    assert (answer.outcome, answer.report_id, answer.detail) == (Outcome.COMPLETE, "P-1", "A note.")
    assert answer.generated_at == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert [(s.state, s.outcome) for s in answer.states] == [("CT", Outcome.COMPLETE)]
    (d,) = answer.dispensations
    assert (d.drug.name, d.quantity, d.unit, d.days_supply, d.fill_number) == (
        "Zolpidem 10 mg tablet", Decimal(30), QuantityUnit.EACH, 30, 0,
    )  # fmt: skip
    assert d.person == answer.persons[0]
    assert d.person.name.family == "Quillfeather"


SAMPLES = {
    "approved": (Outcome.COMPLETE, 2),
    "approved_empty": (Outcome.NO_DATA, 0),
    "approved_more_AQ": (Outcome.PARTIAL, 2),
    "denied": (Outcome.AMBIGUOUS, 0),
}


def test_newest_first_whatever_the_partners_order(partner: Partner) -> None:
    older = FILL.replace("2026-02-01", "2025-02-01").replace(
        "MedicationDispensed>", "MedicationDispensedAdministered>"
    )
    partner.says(response("<Approved/>", older + FILL))
    assert [d.filled.year for d in partner.ask().dispensations] == [2026, 2025]


@pytest.mark.parametrize(
    "name",
    [
        *(f"{name}_{version}" for name in SAMPLES for version in ("10_6", "2017071")),
        "approved_administered_2017071",
    ],
)
def test_published_samples(partner: Partner, shared: Path, name: str) -> None:
    path = shared / f"standards/ncpdp/samples/rxhistoryresponse_{name}.xml"
    partner.says(path.read_bytes())
    answer = partner.ask()
    kind = name.removesuffix("_10_6").removesuffix("_2017071")
    outcome, count = SAMPLES.get(kind, (Outcome.COMPLETE, 1))
    assert (answer.outcome, len(answer.dispensations)) == (outcome, count)
    if count:
        d = answer.dispensations[0]
        assert (d.rx_number, d.fill_number, d.quantity, d.days_supply) == ("12456", 0, Decimal(10), 2)
        assert (d.drug.ndc11, d.drug.schedule) == ("00228298311", Schedule.CII)
        assert (d.prescriber.dea, d.dispenser.npi, d.source_state) == ("AD1111119", "1234567893", "CT")
        assert d.person.name == PersonName(family="Testpatient", given=("Bob",))


def test_status_and_error_samples(partner: Partner, shared: Path) -> None:
    samples = shared / "standards/ncpdp/samples"
    for suffix in ("10_6", "2017071"):
        partner.says((samples / f"status_{suffix}.xml").read_bytes())
        assert partner.ask().outcome is Outcome.DEFERRED
    for suffix, code in (("10_6", ErrorCode.CONSENT), ("2017071", ErrorCode.DATE_RANGE)):
        partner.says((samples / f"error_{suffix}.xml").read_bytes())
        with pytest.raises(MessageError) as caught:
            partner.ask()
        assert caught.value.code is code


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("<Approved/>", Outcome.NO_DATA),
        ("<Approved><Note>No answer from NY.</Note></Approved>", Outcome.PARTIAL),
        ("<Approved><Note>Not complete: something.</Note></Approved>", Outcome.PARTIAL),
        ("<Approved><ReasonCode>AQ</ReasonCode></Approved>", Outcome.PARTIAL),
        ("<Approved><ReasonCode>DK</ReasonCode></Approved>", Outcome.NO_DATA),
        ("<Denied><ReasonCode>AA</ReasonCode><DenialReason>Who?</DenialReason></Denied>", Outcome.AMBIGUOUS),
        ("<Denied><ReasonCode>AB</ReasonCode><ReasonCode>AA</ReasonCode></Denied>", Outcome.AMBIGUOUS),
        ("<Denied><ReasonCode>GV</ReasonCode></Denied>", Outcome.DISALLOWED),
        ("<Denied><DenialReason>No.</DenialReason></Denied>", Outcome.DISALLOWED),
        ("<Denied/>", Outcome.DISALLOWED),
    ],
)
def test_verdicts(partner: Partner, verdict: str, outcome: Outcome) -> None:
    partner.says(response(verdict))
    answer = partner.ask()
    assert answer.outcome is outcome
    assert answer.dispensations == ()


@pytest.mark.parametrize(
    ("states", "responded", "outcome", "silent"),
    [
        (("CT", "NY"), "CT:DJ NY:DJ", Outcome.NO_DATA, set()),
        (("CT", "NY"), "CT:DJ", Outcome.PARTIAL, {"NY"}),
        (("CT", "NY"), "CT:DJ NY:DM", Outcome.PARTIAL, {"NY"}),
        (("CT", "NY"), "CT:DJ NY:", Outcome.PARTIAL, {"NY"}),
        (("CT", "NY"), None, Outcome.PARTIAL, {"CT", "NY"}),
        (("CT",), None, Outcome.NO_DATA, set()),
        ((), None, Outcome.NO_DATA, set()),
        (("CT",), "", Outcome.PARTIAL, {"CT"}),
    ],
)
def test_a_state_that_is_silent_never_looks_like_no_records(
    partner: Partner, states: tuple[str, ...], responded: str | None, outcome: Outcome, silent: set[str]
) -> None:
    rest = ""
    if responded is not None:
        listed = "".join(
            f"<PDMPStates><StateProvince>{s}</StateProvince><ReasonCode>{c}</ReasonCode></PDMPStates>"
            for s, _, c in (one.partition(":") for one in responded.split())
        )
        rest = f"<PDMPStatesResponded>{listed}</PDMPStatesResponded>"
    partner.says(response("<Approved/>", rest))
    answer = partner.ask(a_lookup(states=states))
    assert answer.outcome is outcome
    assert {s.state for s in answer.states if s.outcome is Outcome.ERROR} == silent


def test_odd_records_are_read_and_said_to_be_odd(partner: Partner) -> None:
    source = "<Source><SourceDescription>Connecticut</SourceDescription></Source>"
    odd = FILL.replace("C48542", "Unspecified").replace("<SourceReference>77</SourceReference>", source)
    odd = odd.replace("<Value>30</Value>", "").replace("<FillNumber>00</FillNumber>", "")
    bare = odd.replace("<DaysSupply>30</DaysSupply>", "")
    nameless = bare.replace("<DrugDescription>Zolpidem 10 mg tablet</DrugDescription>", "")
    fraction = odd.replace("<DaysSupply>30", "<DaysSupply>2.5")
    partner.says(response("<Approved/>", bare + nameless + fraction))
    answer = partner.ask()
    assert answer.outcome is Outcome.COMPLETE
    one, two, three = answer.dispensations
    assert (one.unit, one.days_supply, one.quantity, one.rx_number, one.source_state, one.fill_number) == (
        QuantityUnit.EACH, 0, Decimal(0), "", None, 0,
    )  # fmt: skip
    assert two.drug.name is None
    assert three.days_supply == 2
    assert answer.detail is not None
    for remark in (
        "No prescription number in 3", "No fill number (shown as 0) in 3", "No quantity (shown as 0) in 3",
        "A quantity unit that is not known (shown as each) in 3", "No days supply (shown as 0) in 2",
        "A days supply with a fraction (left out) in 1",
    ):  # fmt: skip
        assert remark in answer.detail


def test_oddities_of_real_answers(partner: Partner) -> None:
    rest = (
        "<BenefitsCoordination><Consent>N</Consent></BenefitsCoordination>"
        + FILL.replace("<HistorySource>", "<Vendor/><HistorySource>").replace("2026-02-01", "20260201")
        + "<RequestedDates><StartDate><Date>soon</Date></StartDate></RequestedDates>"
    )
    spoken = response("<Approved/>", rest).replace("2026-11-20T10:00:00-05:00", "yesterday")
    partner.says(spoken.replace('"20170715"', '"2017-07-15"'))
    answer = partner.ask()
    assert answer.outcome is Outcome.COMPLETE
    assert answer.dispensations[0].filled == date(2026, 2, 1)
    assert answer.generated_at == NOW
    assert answer.period == a_lookup().period


def test_a_prescribers_suffix_and_a_veterinarian_are_read(partner: Partner) -> None:
    prescriber = (
        "<Prescriber><Veterinarian><Identification><StateLicenseNumber>VET.77</StateLicenseNumber>"
        "<DEANumber>AD1111119-A12</DEANumber></Identification><Specialty/></Veterinarian></Prescriber>"
    )
    partner.says(response("<Approved/>", FILL.replace("<HistorySource>", f"{prescriber}<HistorySource>")))
    (d,) = partner.ask().dispensations
    assert (d.prescriber.dea, d.prescriber.dea_suffix, d.prescriber.kind) == (
        "AD1111119",
        "A12",
        PartyKind.VETERINARY,
    )
